#pragma once

#include <QAbstractButton>

class QMimeData;

namespace argali::gui {

/// A dashed field that takes what is dropped on it; a click does the same by dialog.
class DropZone final : public QAbstractButton {
    Q_OBJECT
public:
    DropZone(const QString& iconName, const QString& caption, const QString& hint,
             QWidget* parent = nullptr);
    void setHot(bool hot); ///< Something is being dragged that it would take.
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {120, sizeHint().height()}; }

signals:
    void dropped(const QMimeData& data);

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    const QString m_iconName;
    const QString m_hint;
    bool m_hot = false;
};

/// What covers the window while a file is dragged over it.
class DropOverlay final : public QWidget {
    Q_OBJECT
public:
    explicit DropOverlay(QWidget* parent);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace argali::gui
