#include "gui/history/chatrow.h"

#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QTextLayout>

#include "gui/chat/conversationbook.h"
#include "gui/theme.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {

ChatRowKind kindOf(const QModelIndex& index)
{
    return ChatRowKind(index.data(KindRole).toInt());
}

QFont excerptFont(const QFont& base)
{
    return scaledFont(base, 0.88);
}

} // namespace

ChatRowKind kindOf(const QListWidgetItem* item)
{
    return ChatRowKind(item->data(KindRole).toInt());
}

quint64 idOf(const QListWidgetItem* item)
{
    return item->data(IdRole).toULongLong();
}

QSize ChatRowDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const int line = option.fontMetrics.height();
    if (kindOf(index) == ChatRowKind::Heading)
        return {60, line + 12};
    if (!index.data(ExcerptRole).toString().isEmpty())
        return {60, line + 2 * QFontMetrics(excerptFont(option.font)).lineSpacing() + 16};
    return {60, line + 14};
}

void ChatRowDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QPalette& colours = option.palette;
    const auto colour = [&](QPalette::ColorRole role) {
        return colours.color(QPalette::Active, role);
    };
    const auto place = [&](const QRect& r) {
        return QStyle::visualRect(option.direction, option.rect, r);
    };
    const ChatRowKind kind = kindOf(index);
    QRect row = option.rect.adjusted(9, 0, -8, 0);
    if (kind == ChatRowKind::Heading) {
        painter->setFont(scaledFont(option.font, 0.85));
        painter->setPen(colour(QPalette::PlaceholderText));
        painter->drawText(place(row.adjusted(-3, 4, 0, 0)),
                          Qt::AlignVCenter | Qt::AlignLeading | Qt::TextSingleLine,
                          index.data().toString());
        painter->restore();
        return;
    }
    const bool on = kind != ChatRowKind::Folder && index.data(OpenRole).toBool();
    const bool focused = option.state & QStyle::State_HasFocus;
    const QRectF ground = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5);
    if (on || (option.state & QStyle::State_MouseOver)) {
        QColor fill = colour(on ? QPalette::Midlight : QPalette::Mid);
        if (!on)
            fill.setAlpha(90);
        painter->setPen(Qt::NoPen);
        painter->setBrush(fill);
        painter->drawRoundedRect(ground, 7, 7);
    }
    if (focused && (option.state & QStyle::State_KeyboardFocusChange)) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(colour(QPalette::Highlight), 2));
        painter->drawRoundedRect(ground.adjusted(1, 1, -1, -1), 7, 7);
    }
    row.adjust(14 * index.data(IndentRole).toInt(), 0, 0, 0);
    const QColor ink = colour(on ? QPalette::Link : QPalette::WindowText);
    const QColor mark = colour(on ? QPalette::Highlight : QPalette::PlaceholderText);
    const bool tall = !index.data(ExcerptRole).toString().isEmpty();
    const int line = option.fontMetrics.height();
    const int lineTop = tall ? row.top() + 7 : row.top() + (row.height() - line) / 2;
    const int iconTop = lineTop + (line - 16) / 2;
    painter->drawPixmap(place(QRect(row.left(), iconTop, 16, 16)).topLeft(),
                        iconPixmap(index.data(IconRole).toString(), 16, mark,
                                   painter->device()->devicePixelRatioF()));
    QRect words(row.left() + 24, lineTop, row.width() - 24, line);
    painter->setFont(on ? scaledFont(option.font, 1, QFont::Medium) : option.font);
    painter->setPen(ink);
    painter->drawText(place(words), Qt::AlignVCenter | Qt::AlignLeading | Qt::TextSingleLine,
                      QFontMetrics(painter->font())
                          .elidedText(index.data().toString(), Qt::ElideRight, words.width()));
    if (tall) {
        words.setTop(lineTop + line + 2);
        words.setBottom(option.rect.bottom() - 5);
        paintExcerpt(painter, option, place(words), index);
    }
    painter->restore();
}

/// Two lines at most, with what was searched in the accent's colour and bold.
void ChatRowDelegate::paintExcerpt(QPainter* painter, const QStyleOptionViewItem& option,
                                   const QRect& place, const QModelIndex& index) const
{
    QTextLayout layout(index.data(ExcerptRole).toString(), excerptFont(option.font));
    QList<QTextLayout::FormatRange> formats;
    for (const QPair<int, int>& mark : index.data(MarksRole).value<QList<QPair<int, int>>>()) {
        QTextLayout::FormatRange range;
        range.start = mark.first;
        range.length = mark.second;
        range.format.setForeground(option.palette.color(QPalette::Active, QPalette::Link));
        range.format.setFontWeight(QFont::DemiBold);
        formats.append(range);
    }
    layout.setFormats(formats);
    QTextOption wrap;
    wrap.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    wrap.setTextDirection(option.direction);
    layout.setTextOption(wrap);
    layout.beginLayout();
    qreal top = 0;
    for (int i = 0; i < 2; ++i) {
        QTextLine line = layout.createLine();
        if (!line.isValid())
            break;
        line.setLineWidth(place.width());
        line.setPosition({0, top});
        top += line.height();
    }
    layout.endLayout();
    painter->setClipRect(place);
    painter->setPen(option.palette.color(QPalette::Active, QPalette::PlaceholderText));
    layout.draw(painter, place.topLeft());
}

QWidget* ChatRowDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                       const QModelIndex& index) const
{
    auto* editor = new QLineEdit(parent);
    editor->setMaxLength(ConversationBook::longestName);
    editor->setAccessibleName(kindOf(index) == ChatRowKind::Folder ? tr("Name of the folder")
                                                                   : tr("Title of the chat"));
    return editor;
}

void ChatRowDelegate::setModelData(QWidget* editor, QAbstractItemModel*,
                                   const QModelIndex& index) const
{
    if (const auto* line = qobject_cast<const QLineEdit*>(editor))
        emit renamed(index, line->text());
}

} // namespace argali::gui
