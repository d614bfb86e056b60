#include "gui/chat/attachmentrow.h"

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QVBoxLayout>

#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/flowlayout.h"
#include "gui/widgets/icon.h"
#include "gui/widgets/overlaytag.h"

namespace argali::gui {
namespace {

/// One picture with its size and a button that takes it out.
class Tile final : public QWidget {
public:
    Tile(const ComposerEntry& entry, AttachmentRow& row) : m_entry(entry)
    {
        setToolTip(QStringLiteral("<span>%1</span>").arg(entry.file.path.toHtmlEscaped()));
        auto* remove = new RemoveButton(this);
        remove->setAccessibleName(AttachmentRow::tr("Remove %1").arg(entry.name));
        remove->setToolTip(AttachmentRow::tr("Remove"));
        const quint64 ticket = entry.ticket;
        connect(remove, &QAbstractButton::clicked, &row,
                [&row, ticket] { emit row.removeRequested(ticket); });
        m_remove = remove;
        setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    }
    QSize sizeHint() const override
    {
        const int height = std::max(72, fontMetrics().height() * 4);
        const QSize picture = m_entry.file.thumbnail.size();
        if (picture.isEmpty())
            return {height * 4 / 3, height};
        const int width = height * picture.width() / std::max(1, picture.height());
        return {std::clamp(width, height * 3 / 4, height * 2), height};
    }

protected:
    void resizeEvent(QResizeEvent*) override
    {
        const int x = isRightToLeft() ? 4 : width() - m_remove->width() - 4;
        m_remove->move(x, 4);
    }
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
        QPainterPath path;
        path.addRoundedRect(frame, 9, 9);
        painter.fillPath(path, palette().color(QPalette::AlternateBase));
        painter.save();
        painter.setClipPath(path);
        if (m_entry.state == ComposerEntry::State::Ready)
            paintCovering(painter, rect(), m_entry.file.thumbnail);
        painter.restore();
        painter.setPen(QPen(palette().color(QPalette::Mid), 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(path);
        painter.setFont(scaledFont(font(), 0.82));
        if (m_entry.state == ComposerEntry::State::Reading) {
            painter.setPen(palette().color(QPalette::PlaceholderText));
            painter.drawText(rect().adjusted(8, 8, -8, -8), Qt::AlignCenter | Qt::TextWordWrap,
                             AttachmentRow::tr("Reading…"));
        } else {
            paintTag(painter, rect().adjusted(5, 5, -5, -5), m_entry.file.badge(),
                     layoutDirection());
        }
    }

private:
    const ComposerEntry m_entry;
    QAbstractButton* m_remove = nullptr;
};

} // namespace

AttachmentRow::AttachmentRow(QWidget* parent)
    : QWidget(parent),
      m_tiles(new QWidget(this)),
      m_flow(new FlowLayout(m_tiles)),
      m_problems(new QVBoxLayout)
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
    hide();
}

void AttachmentRow::setEntries(const QList<ComposerEntry>& entries)
{
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
    bool tiles = false;
    for (const ComposerEntry& entry : entries) {
        const bool film = entry.state == ComposerEntry::State::Ready && entry.file.isFilm();
        if (entry.state != ComposerEntry::State::Broken && !film) {
            m_flow->addWidget(new Tile(entry, *this));
            tiles = true;
        }
        if (!entry.problem.isEmpty())
            addProblem(entry);
    }
    m_tiles->setVisible(tiles);
    setVisible(tiles || m_problems->count() > 0);
    m_tiles->updateGeometry();
    updateGeometry();
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
