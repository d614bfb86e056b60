#include "gui/widgets/valueslider.h"

#include <algorithm>
#include <cmath>

#include <QDoubleSpinBox>
#include <QFocusEvent>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QSlider>
#include <QStyle>
#include <QStyleOptionSlider>
#include <QVBoxLayout>
#include <QWheelEvent>

#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/focusring.h"

namespace argali::gui {
namespace {

class GrooveSlider final : public QSlider {
public:
    explicit GrooveSlider(QWidget* parent) : QSlider(Qt::Horizontal, parent)
    {
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
    }
    QSize sizeHint() const override { return {120, 2 * radius() + 4}; }
    QSize minimumSizeHint() const override { return {60, 2 * radius() + 4}; }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const auto group = isEnabled() ? QPalette::Active : QPalette::Disabled;
        const qreal r = radius();
        const qreal middle = height() / 2.0;
        const qreal x = centre();
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(group, QPalette::Mid));
        const QRectF groove(0, middle - 2, width(), 4);
        painter.drawRoundedRect(groove, 2, 2);
        QRectF filled = groove;
        if (isRightToLeft())
            filled.setLeft(x);
        else
            filled.setRight(x);
        painter.setBrush(palette().color(group, QPalette::Highlight));
        painter.drawRoundedRect(filled, 2, 2);
        const QColor ring =
            palette().color(group, isEnabled() ? QPalette::Highlight : QPalette::Mid);
        painter.setPen(QPen(ring, 1.5));
        painter.setBrush(isSliderDown() ? ring : palette().color(group, QPalette::Base));
        painter.drawEllipse(QPointF(x, middle), r - 0.75, r - 0.75);
        paintFocusRing(painter, *this, QRectF(x - r - 2, middle - r - 2, 2 * r + 4, 2 * r + 4),
                       r + 2);
    }
    void focusInEvent(QFocusEvent* event) override
    {
        noteFocusReason(*this, event->reason());
        QSlider::focusInEvent(event);
    }
    void mousePressEvent(QMouseEvent* event) override
    {
        if (event->button() != Qt::LeftButton)
            return;
        setSliderDown(true);
        moveTo(event->position().x());
        event->accept();
    }
    void mouseMoveEvent(QMouseEvent* event) override
    {
        if (isSliderDown())
            moveTo(event->position().x());
    }
    void mouseReleaseEvent(QMouseEvent* event) override
    {
        if (event->button() == Qt::LeftButton)
            setSliderDown(false);
    }
    void wheelEvent(QWheelEvent* event) override
    {
        // Scrolling the panel must not change what lies under the pointer.
        if (hasFocus())
            QSlider::wheelEvent(event);
        else
            event->ignore();
    }

private:
    int radius() const { return std::max(7, qRound(fontMetrics().height() * 0.42)); }
    qreal centre() const
    {
        const qreal room = width() - 2 * radius();
        const qreal span = std::max(1, maximum() - minimum());
        const qreal x = radius() + room * (value() - minimum()) / span;
        return isRightToLeft() ? width() - x : x;
    }
    void moveTo(qreal x)
    {
        if (isRightToLeft())
            x = width() - x;
        const qreal room = std::max(1, width() - 2 * radius());
        const qreal part = std::clamp((x - radius()) / room, 0.0, 1.0);
        setValue(minimum() + qRound(part * (maximum() - minimum())));
    }
};

} // namespace

QSlider* makeSlider(QWidget* parent)
{
    return new GrooveSlider(parent);
}

ValueSlider::ValueSlider(const QString& caption, Range range, double defaultValue, QWidget* parent)
    : QWidget(parent),
      m_range(range),
      m_default(defaultValue),
      m_value(defaultValue),
      m_caption(new QLabel(caption, this)),
      m_number(new QDoubleSpinBox(this)),
      m_reset(new Button(Button::Kind::Ghost, QStringLiteral("reset"), {}, this)),
      m_slider(makeSlider(this)),
      m_hint(new QLabel(this))
{
    m_caption->setTextFormat(Qt::PlainText);
    m_caption->setBuddy(m_number);
    m_number->setRange(range.minimum, range.maximum);
    m_number->setSingleStep(range.step);
    m_number->setDecimals(range.decimals);
    m_number->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_number->setAlignment(Qt::AlignRight);
    m_number->setKeyboardTracking(false); // half a number must not push the other slider
    m_number->setFocusPolicy(Qt::StrongFocus);
    m_number->setGroupSeparatorShown(false);
    m_number->setAccessibleName(caption);
    m_reset->setAccessibleName(tr("Default for %1").arg(caption));
    const int side = fontMetrics().height() + 8;
    m_reset->setFixedSize(side, side);
    QSizePolicy kept = m_reset->sizePolicy();
    kept.setRetainSizeWhenHidden(true); // nothing may jump when the value leaves its default
    m_reset->setSizePolicy(kept);
    m_slider->setRange(0, stepOf(range.maximum));
    m_slider->setPageStep(std::max(1, stepOf(range.maximum) / 10));
    m_slider->setAccessibleName(caption);
    m_hint->setTextFormat(Qt::PlainText);
    m_hint->setWordWrap(true);
    m_hint->setFont(scaledFont(font(), 0.85));
    m_hint->setForegroundRole(QPalette::PlaceholderText);
    m_hint->hide();

    auto* row = new QHBoxLayout;
    row->setSpacing(2);
    row->addWidget(m_caption, 1);
    row->addWidget(m_reset);
    row->addWidget(m_number);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(row);
    column->addWidget(m_slider);
    column->addWidget(m_hint);

    connect(m_slider, &QSlider::valueChanged, this, [this](int step) { setValue(valueOf(step)); });
    connect(m_number, &QDoubleSpinBox::valueChanged, this, [this](double v) { setValue(v); });
    connect(m_reset, &Button::clicked, this, [this] { setValue(m_default); });
    setTabOrder(m_reset, m_number); // as they stand
    setTabOrder(m_number, m_slider);
    setDefault(defaultValue, tr("Back to the default, %1"));
}

double ValueSlider::value() const
{
    return m_value;
}

int ValueSlider::stepOf(double value) const
{
    return int(std::lround((value - m_range.minimum) / m_range.step));
}

double ValueSlider::valueOf(int step) const
{
    return std::clamp(m_range.minimum + step * m_range.step, m_range.minimum, m_range.maximum);
}

void ValueSlider::setValue(double value)
{
    if (!std::isfinite(value))
        return;
    const double former = m_value;
    m_value = rounded(std::clamp(value, m_range.minimum, m_number->maximum()));
    showValue();
    if (m_value != former)
        emit valueChanged(m_value);
}

/// To the decimals that are shown.
double ValueSlider::rounded(double value) const
{
    const double scale = std::pow(10, m_range.decimals);
    return std::round(value * scale) / scale;
}

void ValueSlider::setTypedMaximum(double maximum)
{
    m_number->setMaximum(std::max(maximum, m_range.maximum));
}

void ValueSlider::setDefault(double value, const QString& sentence)
{
    m_default = rounded(value);
    const bool isSpecial = m_default <= m_range.minimum && !m_number->specialValueText().isEmpty();
    m_reset->setToolTip(sentence.arg(isSpecial
                                         ? m_number->specialValueText()
                                         : locale().toString(m_default, 'f', m_range.decimals)));
    showValue();
}

void ValueSlider::setSpecialValueText(const QString& text)
{
    m_number->setSpecialValueText(text);
}

void ValueSlider::setHint(const QString& hint)
{
    m_hint->setText(hint);
    m_hint->setVisible(!hint.isEmpty());
}

void ValueSlider::setDescription(const QString& description)
{
    for (QWidget* widget : {static_cast<QWidget*>(m_caption), static_cast<QWidget*>(m_number),
                            static_cast<QWidget*>(m_slider)}) {
        widget->setToolTip(description);
        widget->setAccessibleDescription(description);
    }
}

void ValueSlider::showValue()
{
    const QSignalBlocker sliderBlock(m_slider);
    const QSignalBlocker numberBlock(m_number);
    m_slider->setValue(stepOf(std::min(m_value, m_range.maximum)));
    if (m_number->value() != m_value) // else digits that are being typed would be lost
        m_number->setValue(m_value);
    m_reset->setVisible(m_value != m_default);
}

} // namespace argali::gui
