#pragma once

#include <QComboBox>

namespace argali::gui {

/// A choice of one among several, drawn like the outlined buttons. The wheel scrolls what it stands
/// in and chooses nothing.
class ComboBox final : public QComboBox {
    Q_OBJECT
public:
    explicit ComboBox(QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
};

} // namespace argali::gui
