#pragma once

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QSlider;

namespace argali::gui {

class Button;

/// A captioned slider for one real-valued parameter, moving in steps of Range::step. The number can
/// be typed too, also between the steps, and a small button takes it back to its default.
class ValueSlider final : public QWidget {
    Q_OBJECT
public:
    struct Range {
        double minimum = 0;
        double maximum = 1;
        double step = 1;
        int decimals = 0;
    };
    ValueSlider(const QString& caption, Range range, double defaultValue,
                QWidget* parent = nullptr);

    double value() const;
    /// Clamped to the range, or to what can be typed; signals only a change.
    void setValue(double value);
    /// The number may be larger than the range; the slider then stands at its end.
    void setTypedMaximum(double maximum);
    /// sentence: what the default button says it does, with %1 for the value
    void setDefault(double value, const QString& sentence);
    const Range& range() const { return m_range; }
    /// What the number 0 or another special value means, shown instead of the number at the
    /// minimum.
    void setSpecialValueText(const QString& text);
    /// A quiet line under the slider.
    void setHint(const QString& hint);
    void setDescription(const QString& description); ///< Tooltip and accessible description.
    QSlider* slider() const { return m_slider; }
    QDoubleSpinBox* number() const { return m_number; }

signals:
    void valueChanged(double value);

private:
    int stepOf(double value) const;
    double valueOf(int step) const;
    double rounded(double value) const;
    void showValue();

    const Range m_range;
    double m_default;
    double m_value;
    QLabel* const m_caption;
    QDoubleSpinBox* const m_number;
    Button* const m_reset;
    QSlider* const m_slider;
    QLabel* const m_hint;
};

/// A horizontal slider drawn as groove and ring; a click on the groove moves there.
QSlider* makeSlider(QWidget* parent);

} // namespace argali::gui
