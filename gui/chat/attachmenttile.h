#pragma once

#include <QWidget>

#include "gui/chat/attachmentrow.h"

class QAbstractButton;

namespace argali::gui {

/// One picture in the composer with its size and a button that takes it out. It can be dragged to
/// another place among its neighbours, or moved there with Alt and the arrow keys.
class AttachmentTile final : public QWidget {
    Q_OBJECT
public:
    AttachmentTile(const ComposerEntry& entry, QWidget* parent);
    quint64 ticket() const { return m_entry.ticket; }
    void setCost(const std::optional<VisualCost>& cost);
    QSize sizeHint() const override;

signals:
    void removeRequested();
    void viewRequested();
    void moveRequested(int by);         ///< places on, by keyboard
    void dragged(const QPoint& middle); ///< of the tile, in the row
    void dropped();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void showToolTip();

    ComposerEntry m_entry;
    QAbstractButton* m_remove = nullptr;
    QPoint m_grip;
    bool m_pressed = false;
    bool m_dragging = false;
};

} // namespace argali::gui
