#include "gui/widgets/segmentedcontrol.h"

#include <QAbstractButton>
#include <QFocusEvent>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>

#include "gui/widgets/focusring.h"

namespace argali::gui {
namespace {

class Segment final : public QAbstractButton {
public:
    Segment(const QString& caption, QWidget* parent) : QAbstractButton(parent)
    {
        setText(caption);
        setCheckable(true);
        setAutoExclusive(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    }
    QSize sizeHint() const override
    {
        return {fontMetrics().horizontalAdvance(text()) + 24, fontMetrics().height() + 12};
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const auto group = isEnabled() ? QPalette::Active : QPalette::Disabled;
        if (isChecked()) {
            painter.setPen(QPen(palette().color(group, QPalette::Mid), 1));
            painter.setBrush(palette().color(group, QPalette::Base));
            painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
        }
        const bool strong = isChecked() || underMouse();
        painter.setPen(
            palette().color(group, strong ? QPalette::WindowText : QPalette::PlaceholderText));
        painter.drawText(rect(), Qt::AlignCenter, text());
        paintFocusRing(painter, *this, QRectF(rect()), 7);
    }
    void focusInEvent(QFocusEvent* event) override
    {
        noteFocusReason(*this, event->reason());
        QAbstractButton::focusInEvent(event);
    }
};

} // namespace

SegmentedControl::SegmentedControl(const QStringList& captions, QWidget* parent) : QWidget(parent)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    for (int i = 0; i < captions.size(); ++i) {
        auto* segment = new Segment(captions.at(i), this);
        row->addWidget(segment);
        m_segments.append(segment);
        connect(segment, &QAbstractButton::toggled, this, [this, i](bool on) {
            if (on)
                setCurrentIndex(i);
        });
    }
    if (!m_segments.isEmpty())
        m_segments.first()->setChecked(true);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
}

int SegmentedControl::currentIndex() const
{
    return m_current;
}

void SegmentedControl::setCurrentIndex(int index)
{
    if (index < 0 || index >= m_segments.size() || index == m_current)
        return;
    m_current = index;
    m_segments.at(index)->setChecked(true);
    emit currentChanged(index);
}

void SegmentedControl::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(palette().color(QPalette::Mid), 1));
    painter.setBrush(palette().color(QPalette::Window));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

} // namespace argali::gui
