#pragma once

#include <QAbstractButton>

namespace argali::gui {

/// A captioned on/off switch that fills its row: caption at the start, switch at the end.
class ToggleSwitch final : public QAbstractButton {
    Q_OBJECT
public:
    explicit ToggleSwitch(const QString& caption, QWidget* parent = nullptr);
    /// Drawn before the caption.
    void setIconName(const QString& name);
    int trackWidth() const { return trackSize().width(); } ///< *Units*: px of the switch itself

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QSize trackSize() const;
    QString m_iconName;
};

} // namespace argali::gui
