#include "gui/chat/picturecanvas.h"

#include <algorithm>
#include <cmath>

#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include "gui/theme.h"

namespace argali::gui {
namespace {

constexpr double largestScale = 32;
constexpr double zoomStep = 1.25; // of one notch of the wheel
constexpr int markRadius = 9;

} // namespace

PictureCanvas::PictureCanvas(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::OpenHandCursor);
    setMinimumSize(200, 150);
}

void PictureCanvas::setImage(const QImage& image, QSize size, bool keepsView)
{
    m_image = image;
    const double former = m_size.width();
    m_size = size.isEmpty() ? image.size() : size;
    if (keepsView && !m_isFitted && m_size.width() > 0)
        setView(m_scale * former / m_size.width(), m_centre);
    else
        fit();
}

void PictureCanvas::setMark(const std::optional<QRectF>& place, const QString& name)
{
    m_mark = place;
    m_markName = name;
    update();
}

double PictureCanvas::fittingScale() const
{
    if (m_size.isEmpty())
        return 1;
    const double whole =
        std::min(double(width()) / m_size.width(), double(height()) / m_size.height());
    // Small pictures are not blown up more than is of use.
    return std::min(whole, std::max(1 / devicePixelRatioF(), std::min(4.0, whole)));
}

QRectF PictureCanvas::pictureRect() const
{
    const QSizeF size = QSizeF(m_size) * m_scale;
    return {m_centre - QPointF(size.width() / 2, size.height() / 2), size};
}

void PictureCanvas::setView(double scale, QPointF centre)
{
    const double least = std::min(fittingScale(), 1 / devicePixelRatioF());
    m_scale = std::clamp(scale, std::min(least, largestScale), largestScale);
    // The picture never leaves the window; where it is smaller it stands in the middle.
    const auto held = [this](double at, double picture, double window) {
        if (picture <= window)
            return window / 2;
        return std::clamp(at, window - picture / 2, picture / 2);
    };
    m_centre = {held(centre.x(), m_size.width() * m_scale, width()),
                held(centre.y(), m_size.height() * m_scale, height())};
    update();
    emit viewChanged();
}

void PictureCanvas::fit()
{
    m_isFitted = true;
    setView(fittingScale(), rect().toRectF().center());
}

void PictureCanvas::showPixels()
{
    zoomBy(1 / devicePixelRatioF() / m_scale);
}

void PictureCanvas::zoomBy(double factor)
{
    zoomBy(factor, rect().toRectF().center());
}

void PictureCanvas::zoomBy(double factor, QPointF around)
{
    m_isFitted = false;
    const double former = m_scale;
    const QPointF distance = m_centre - around;
    const double least = std::min(fittingScale(), 1 / devicePixelRatioF());
    const double scale = std::clamp(former * factor, std::min(least, largestScale), largestScale);
    setView(scale, around + distance * (scale / former));
}

void PictureCanvas::moveBy(QPointF distance)
{
    setView(m_scale, m_centre + distance);
}

void PictureCanvas::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().window());
    if (m_image.isNull())
        return;
    painter.setRenderHint(QPainter::SmoothPixmapTransform, m_scale < 4);
    const QRectF target = pictureRect();
    painter.drawImage(target, m_image, QRectF(m_image.rect()));
    if (!m_mark)
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF place(target.x() + m_mark->x() * target.width(),
                       target.y() + m_mark->y() * target.height(), m_mark->width() * target.width(),
                       m_mark->height() * target.height());
    for (const auto& [colour, width] :
         {std::pair(QColor(Qt::white), 4.0), std::pair(Theme::of(palette()).accent, 2.0)}) {
        painter.setPen(QPen(colour, width));
        if (m_mark->isEmpty())
            painter.drawEllipse(place.topLeft(), markRadius, markRadius);
        else
            painter.drawRect(place);
    }
}

void PictureCanvas::resizeEvent(QResizeEvent*)
{
    if (m_isFitted)
        fit();
    else
        setView(m_scale, m_centre);
}

void PictureCanvas::wheelEvent(QWheelEvent* event)
{
    const double notches = event->angleDelta().y() / 120.0;
    zoomBy(std::pow(zoomStep, notches), event->position());
    event->accept();
}

void PictureCanvas::mousePressEvent(QMouseEvent* event)
{
    m_drag = event->position();
    setCursor(Qt::ClosedHandCursor);
}

void PictureCanvas::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & Qt::LeftButton))
        return;
    moveBy(event->position() - m_drag);
    m_drag = event->position();
}

void PictureCanvas::mouseReleaseEvent(QMouseEvent*)
{
    setCursor(Qt::OpenHandCursor);
}

void PictureCanvas::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (m_isFitted)
        zoomBy(std::max(2.0, 1 / devicePixelRatioF() / m_scale), event->position());
    else
        fit();
}

} // namespace argali::gui
