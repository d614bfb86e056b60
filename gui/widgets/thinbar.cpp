#include "gui/widgets/thinbar.h"

#include <algorithm>

#include <QPainter>

namespace argali::gui {

ThinBar::ThinBar(QWidget* parent) : QProgressBar(parent)
{
    setRange(0, 1000);
    setValue(0);
    setTextVisible(false);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void ThinBar::setProgress(qint64 done, qint64 total)
{
    if (total <= 0) {
        setValue(0);
        return;
    }
    const double part = std::clamp(double(done) / double(total), 0.0, 1.0);
    setValue(int(part * 1000));
}

void ThinBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(palette().color(QPalette::Mid));
    const QRectF track(0, (height() - 4) / 2.0, width(), 4);
    painter.drawRoundedRect(track, 2, 2);
    if (value() == 0)
        return;
    QRectF bar = track;
    bar.setWidth(std::max<qreal>(4, track.width() * value() / 1000.0));
    if (isRightToLeft())
        bar.moveRight(track.right());
    painter.setBrush(palette().color(QPalette::Highlight));
    painter.drawRoundedRect(bar, 2, 2);
}

} // namespace argali::gui
