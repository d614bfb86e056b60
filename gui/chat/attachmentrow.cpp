#include "gui/chat/attachmentrow.h"

#include <utility>

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/chat/attachmenttile.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/flowlayout.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
AttachmentRow::AttachmentRow(QWidget* parent)
    : QWidget(parent),
      m_tiles(new QWidget(this)),
      m_flow(new FlowLayout(m_tiles)),
      m_problems(new QVBoxLayout),
      m_anchor(new QWidget(this)),
      m_mark(new QWidget(this)) // not in the row: shown there, it would lay out the tiles
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_tiles);
    column->addLayout(m_problems);
    m_problems->setSpacing(4);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    m_tiles->setSizePolicy(policy);
    m_mark->setAutoFillBackground(true);
    m_mark->setBackgroundRole(QPalette::Highlight);
    m_mark->hide();
    m_anchor->setFocusPolicy(Qt::TabFocus); // what takes no focus has no place
    m_anchor->hide();
    hide();
}

void AttachmentRow::setEntries(const QList<ComposerEntry>& entries)
{
    std::optional<quint64> focused;
    for (const AttachmentTile* tile : std::as_const(m_shown)) {
        if (window()->focusWidget() == tile)
            focused = tile->ticket();
    }
    m_shown.clear();
    m_mark->hide();
    while (QLayoutItem* item = m_flow->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater(); // its own button may be what called
        delete item;
    }
    while (QLayoutItem* item = m_problems->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    for (const ComposerEntry& entry : entries) {
        const bool film = entry.state == ComposerEntry::State::Ready && entry.file.isFilm();
        if (entry.state != ComposerEntry::State::Broken && !film)
            addTile(entry);
        if (!entry.problem.isEmpty())
            addProblem(entry);
    }
    orderTabs();
    m_tiles->setVisible(!m_shown.isEmpty());
    setVisible(!m_shown.isEmpty() || m_problems->count() > 0);
    for (AttachmentTile* tile : std::as_const(m_shown)) {
        if (tile->ticket() != focused)
            continue;
        tile->show();                         // what is hidden gets no focus
        tile->setFocus(Qt::OtherFocusReason); // the keyboard stays with what it moves
    }
    m_tiles->updateGeometry();
    updateGeometry();
}

/// What is made later would come last of the whole window.
void AttachmentRow::orderTabs()
{
    QWidget* before = m_anchor;
    const auto follow = [&before](QWidget* widget) {
        setTabOrder(before, widget);
        before = widget;
    };
    for (AttachmentTile* tile : std::as_const(m_shown)) {
        follow(tile);
        for (QAbstractButton* button : tile->findChildren<QAbstractButton*>())
            follow(button);
    }
    for (int i = 0; i < m_problems->count(); ++i) {
        for (Button* button : m_problems->itemAt(i)->widget()->findChildren<Button*>())
            follow(button);
    }
}

void AttachmentRow::setCost(quint64 ticket, const std::optional<VisualCost>& cost)
{
    for (AttachmentTile* tile : std::as_const(m_shown)) {
        if (tile->ticket() == ticket)
            tile->setCost(cost);
    }
}

void AttachmentRow::addTile(const ComposerEntry& entry)
{
    auto* tile = new AttachmentTile(entry, m_tiles);
    m_flow->addWidget(tile);
    m_shown.append(tile);
    const quint64 ticket = entry.ticket;
    connect(tile, &AttachmentTile::removeRequested, this,
            [this, ticket] { emit removeRequested(ticket); });
    connect(tile, &AttachmentTile::viewRequested, this,
            [this, ticket] { emit viewRequested(ticket); });
    connect(tile, &AttachmentTile::moveRequested, this,
            [this, tile](int by) { moveTile(*tile, m_shown.indexOf(tile) + by); });
    connect(tile, &AttachmentTile::dragged, this,
            [this, tile](const QPoint& middle) { showMark(placeAt(middle, *tile), tile); });
    connect(tile, &AttachmentTile::dropped, this, [this, tile] {
        m_mark->hide();
        m_flow->invalidate(); // back to its place, unless it gets another
        m_flow->activate();
        m_flow->setGeometry(m_tiles->rect());
        moveTile(*tile, m_mark->property("place").toInt());
    });
}

void AttachmentRow::moveTile(const AttachmentTile& tile, qsizetype place)
{
    if (place < 0 || place >= m_shown.size() || m_shown.at(place) == &tile)
        return;
    emit moveRequested(tile.ticket(), m_shown.at(place)->ticket());
}

/// How many of the other tiles come before a point, in reading order.
int AttachmentRow::placeAt(const QPoint& point, const AttachmentTile& dragged) const
{
    int place = 0;
    for (const AttachmentTile* tile : m_shown) {
        if (tile == &dragged)
            continue;
        const QRect rect = tile->geometry();
        const bool inRow = point.y() >= rect.top() && point.y() <= rect.bottom();
        const bool isBefore =
            isRightToLeft() ? rect.center().x() > point.x() : rect.center().x() < point.x();
        place += rect.bottom() < point.y() || (inRow && isBefore);
    }
    return place;
}

void AttachmentRow::showMark(int place, AttachmentTile* dragged)
{
    const qsizetype from = m_shown.indexOf(dragged);
    m_mark->setProperty("place", place);
    m_mark->setVisible(place != from);
    const QRect rect = m_shown.at(place)->geometry().translated(m_tiles->pos());
    const bool right = (place > from) != isRightToLeft();
    m_mark->setGeometry(right ? rect.right() + 2 : rect.left() - 4, rect.top(), 3, rect.height());
    m_mark->raise();
}

void AttachmentRow::addProblem(const ComposerEntry& entry)
{
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(7);
    const Theme theme = Theme::of(palette());
    auto* mark = new QLabel(line);
    mark->setPixmap(
        iconPixmap(QStringLiteral("document-broken"), 16, theme.bad, devicePixelRatioF()));
    auto* words = new QLabel(line);
    words->setTextFormat(Qt::RichText);
    words->setWordWrap(true);
    words->setText(QStringLiteral("<b>%1</b> – %2")
                       .arg(entry.name.toHtmlEscaped(), entry.problem.toHtmlEscaped()));
    words->setFont(scaledFont(font(), 0.92));
    if (!entry.details.isEmpty())
        words->setToolTip(QStringLiteral("<span>%1</span>").arg(entry.details.toHtmlEscaped()));
    auto* remove = new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, line);
    remove->setAccessibleName(tr("Remove %1").arg(entry.name));
    remove->setToolTip(tr("Remove"));
    const int side = fontMetrics().height() + 8;
    remove->setFixedSize(side, side);
    const quint64 ticket = entry.ticket;
    connect(remove, &Button::clicked, this, [this, ticket] { emit removeRequested(ticket); });
    mark->setFixedHeight(side); // in the middle of the first line, however many there are
    words->setMinimumHeight(side);
    row->addWidget(mark, 0, Qt::AlignTop);
    row->addWidget(words, 1);
    row->addWidget(remove, 0, Qt::AlignTop);
    m_problems->addWidget(line);
}

} // namespace argali::gui
