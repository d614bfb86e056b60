#include "gui/film/regioncard.h"

#include <algorithm>
#include <cmath>

#include <QCursor>
#include <QPainter>

#include "gui/theme.h"

namespace argali::gui {
namespace {
constexpr int padding = 6;
constexpr int margin = 16; // to the edges of the chat
constexpr QSize largest(300, 240);
constexpr qsizetype mostRegions = 500;
} // namespace

PictureRegions PictureRegions::of(const QString& kind, const QList<double>& numbers)
{
    PictureRegions regions;
    const qsizetype each = kind == QLatin1String("box")     ? 4
                           : kind == QLatin1String("point") ? 2
                                                            : 0;
    if (each == 0)
        return regions;
    const auto held = [&](qsizetype i) { return std::clamp(numbers.at(i), 0.0, 1.0); };
    for (qsizetype at = 0; at + each <= std::min(numbers.size(), each * mostRegions); at += each) {
        const bool finite = std::all_of(numbers.begin() + at, numbers.begin() + at + each,
                                        [](double number) { return std::isfinite(number); });
        if (!finite)
            continue;
        if (each == 2)
            regions.points.append(QPointF(held(at), held(at + 1)));
        else
            regions.boxes.append(
                QRectF(QPointF(held(at), held(at + 1)), QPointF(held(at + 2), held(at + 3)))
                    .normalized());
    }
    return regions;
}

void paintRegions(QPainter& painter, const QRectF& picture, const PictureRegions& regions,
                  const QColor& colour)
{
    painter.setRenderHint(QPainter::Antialiasing);
    const auto place = [&](const QPointF& point) {
        return QPointF(picture.left() + point.x() * picture.width(),
                       picture.top() + point.y() * picture.height());
    };
    // A light line around the coloured one is seen on every picture.
    for (const QPen& pen : {QPen(QColor(255, 255, 255, 210), 4), QPen(colour, 2)}) {
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        for (const QRectF& box : regions.boxes)
            painter.drawRect(QRectF(place(box.topLeft()), place(box.bottomRight())));
        for (const QPointF& point : regions.points) {
            painter.drawEllipse(place(point), 6, 6);
            painter.drawLine(place(point) - QPointF(10, 0), place(point) + QPointF(10, 0));
            painter.drawLine(place(point) - QPointF(0, 10), place(point) + QPointF(0, 10));
        }
    }
}

RegionCard::RegionCard(QWidget* parent) : QWidget(parent)
{
    setAttribute(Qt::WA_TransparentForMouseEvents); // what is pointed at lies beneath
    setAccessibleName(tr("Places in the picture"));
    hide();
}

QSize RegionCard::sizeHint() const
{
    const QSize shown = m_picture.size().scaled(largest, Qt::KeepAspectRatio);
    return shown.boundedTo(m_picture.size()) + QSize(2 * padding, 2 * padding);
}

void RegionCard::showRegions(const MediaFile& picture, const PictureRegions& regions)
{
    m_regions = regions;
    m_picture = picture.thumbnail;
    setVisible(!regions.isEmpty() && !m_picture.isNull());
    if (isHidden())
        return;
    const QRect room = parentWidget()->rect().adjusted(margin, margin, -margin, -margin);
    resize(sizeHint().boundedTo(room.size().expandedTo(QSize(1, 1))));
    // In the half where the words that are pointed at are not.
    const QPoint pointer = parentWidget()->mapFromGlobal(QCursor::pos());
    const bool below = pointer.y() < parentWidget()->height() / 2;
    const int x = isRightToLeft() ? room.left() : room.right() + 1 - width();
    move(x, below ? room.bottom() + 1 - height() : room.top());
    raise();
    update();
}

void RegionCard::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const Theme theme = Theme::of(palette());
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(theme.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 11, 11);
    const QRectF room = QRectF(rect()).adjusted(padding, padding, -padding, -padding);
    QRectF picture(QPointF(0, 0),
                   QSizeF(m_picture.size()).scaled(room.size(), Qt::KeepAspectRatio));
    picture.moveCenter(room.center());
    painter.drawImage(picture, m_picture);
    paintRegions(painter, picture, m_regions, theme.accent);
}

} // namespace argali::gui
