#pragma once

#include <QPair>
#include <QStyledItemDelegate>

class QListWidgetItem;

namespace argali::gui {

/// What a row of the list of chats is.
enum class ChatRowKind { Heading, Folder, Chat, Hit };

/// What a row holds beside its text.
enum ChatRowRole {
    KindRole = Qt::UserRole + 1,
    IdRole,      ///< of the chat or folder
    TurnRole,    ///< of a hit
    IconRole,    ///< name
    OpenRole,    ///< the chat is the one that is open, the folder is
    ExcerptRole, ///< plain text under the title
    MarksRole,   ///< QList<QPair<int, int>>: what was searched in it
    IndentRole,  ///< steps
};

ChatRowKind kindOf(const QListWidgetItem* item);
quint64 idOf(const QListWidgetItem* item); ///< of the chat or folder

/// Draws the rows of the list of chats and lets their titles be edited. All texts are plain.
class ChatRowDelegate final : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model,
                      const QModelIndex& index) const override;

signals:
    void renamed(const QModelIndex& index, const QString& name) const;

private:
    void paintExcerpt(QPainter* painter, const QStyleOptionViewItem& option, const QRect& place,
                      const QModelIndex& index) const;
};

} // namespace argali::gui
