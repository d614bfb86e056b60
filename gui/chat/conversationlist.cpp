#include "gui/chat/conversationlist.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {

constexpr int iconRole = Qt::UserRole + 1;

class RowDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override
    {
        return {60, option.fontMetrics.height() + 14};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override
    {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QPalette& colours = option.palette;
        const bool on = option.state & QStyle::State_Selected;
        const bool hot = option.state & QStyle::State_MouseOver;
        const QRectF ground = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5);
        if (on || hot) {
            QColor colour =
                colours.color(QPalette::Active, on ? QPalette::Midlight : QPalette::Mid);
            if (!on)
                colour.setAlpha(90);
            painter->setPen(Qt::NoPen);
            painter->setBrush(colour);
            painter->drawRoundedRect(ground, 7, 7);
        }
        if ((option.state & QStyle::State_HasFocus) &&
            (option.state & QStyle::State_KeyboardFocusChange)) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(colours.color(QPalette::Active, QPalette::Highlight), 2));
            painter->drawRoundedRect(ground.adjusted(1, 1, -1, -1), 7, 7);
        }
        const auto place = [&](const QRect& r) {
            return QStyle::visualRect(option.direction, option.rect, r);
        };
        const QRect row = option.rect.adjusted(9, 0, -8, 0);
        const QColor ink =
            colours.color(QPalette::Active, on ? QPalette::Link : QPalette::WindowText);
        const QColor mark =
            colours.color(QPalette::Active, on ? QPalette::Highlight : QPalette::PlaceholderText);
        painter->drawPixmap(
            place(QRect(row.left(), row.top() + (row.height() - 16) / 2, 16, 16)).topLeft(),
            iconPixmap(index.data(iconRole).toString(), 16, mark,
                       painter->device()->devicePixelRatioF()));
        painter->setFont(on ? scaledFont(option.font, 1, QFont::Medium) : option.font);
        painter->setPen(ink);
        const QRect words(row.left() + 24, row.top(), row.width() - 24, row.height());
        painter->drawText(place(words), Qt::AlignVCenter | Qt::AlignLeading | Qt::TextSingleLine,
                          QFontMetrics(painter->font())
                              .elidedText(index.data().toString(), Qt::ElideRight, words.width()));
        painter->restore();
    }
};

} // namespace

ConversationList::ConversationList(ConversationBook& book, QWidget* parent)
    : QWidget(parent),
      m_book(book),
      m_new(new Button(Button::Kind::Outlined, QStringLiteral("plus"), tr("New chat"), this)),
      m_list(new QListWidget(this))
{
    auto* mark = new QLabel(this);
    mark->setPixmap(iconPixmap(QStringLiteral("argali"), 24, Qt::black, devicePixelRatioF()));
    auto* name = new QLabel(QStringLiteral("Argali"), this);
    name->setFont(scaledFont(font(), 1.12, QFont::DemiBold));
    auto* brand = new QHBoxLayout;
    brand->setContentsMargins(4, 0, 4, 2);
    brand->setSpacing(9);
    brand->addWidget(mark);
    brand->addWidget(name, 1);

    m_new->setFillsRow(true);
    m_new->setKeyHint(QKeySequence(QKeySequence::New).toString(QKeySequence::NativeText));
    m_new->setToolTip(tr("Start another chat"));
    auto* group = new QLabel(tr("This session"), this);
    group->setFont(scaledFont(font(), 0.85));
    group->setForegroundRole(QPalette::PlaceholderText);
    group->setContentsMargins(6, 8, 6, 0);

    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setItemDelegate(new RowDelegate(m_list));
    m_list->setMouseTracking(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setAccessibleName(tr("Chats"));
    m_list->viewport()->setAutoFillBackground(false);
    QPalette clear;
    clear.setColor(QPalette::Base, Qt::transparent);
    m_list->setPalette(clear);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 12, 10, 10);
    column->setSpacing(10);
    column->addLayout(brand);
    column->addWidget(m_new);
    column->addWidget(group);
    column->addWidget(m_list, 1);

    connect(m_new, &Button::clicked, this, &ConversationList::newRequested);
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
        if (row >= 0)
            emit opened(row);
    });
    connect(m_list, &QListWidget::customContextMenuRequested, this, &ConversationList::showMenu);
    connect(&book, &ConversationBook::listChanged, this, &ConversationList::fill);
    connect(&book, &ConversationBook::switched, this, &ConversationList::fill);
    connect(&book, &ConversationBook::changed, this, &ConversationList::fill);
    fill();
}

void ConversationList::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), palette().color(QPalette::AlternateBase));
}

void ConversationList::fill()
{
    const QSignalBlocker block(m_list);
    while (m_list->count() > m_book.count())
        delete m_list->takeItem(m_list->count() - 1);
    while (m_list->count() < m_book.count())
        m_list->addItem(new QListWidgetItem);
    for (int i = 0; i < m_book.count(); ++i) {
        const Conversation& chat = m_book.at(i);
        const QString title = chat.isEmpty() ? tr("New chat") : chat.title();
        const auto media = chat.firstMedia();
        QListWidgetItem* item = m_list->item(i);
        item->setText(title);
        item->setData(iconRole, !media                            ? QStringLiteral("text")
                                : *media == MediaFile::Kind::Film ? QStringLiteral("film")
                                                                  : QStringLiteral("picture"));
    }
    m_list->setCurrentRow(m_book.currentIndex());
}

void ConversationList::showMenu(const QPoint& at)
{
    const int row = m_list->row(m_list->itemAt(at));
    if (row < 0)
        return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction* erase = menu->addAction(icon(QStringLiteral("trash")), tr("Remove"));
    connect(erase, &QAction::triggered, this, [this, row] { emit removeRequested(row); });
    menu->popup(m_list->viewport()->mapToGlobal(at));
}

} // namespace argali::gui
