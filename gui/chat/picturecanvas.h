#pragma once

#include <optional>

#include <QImage>
#include <QPointF>
#include <QWidget>

namespace argali::gui {

/// A picture that can be zoomed and moved. Fits it to its own size until the user zooms.
class PictureCanvas final : public QWidget {
    Q_OBJECT
public:
    explicit PictureCanvas(QWidget* parent = nullptr);

    /// size: of the original, where the image is only its thumbnail. keepsView: the same picture,
    /// sharper
    void setImage(const QImage& image, QSize size, bool keepsView);
    void setMark(const std::optional<QRectF>& place, const QString& name);

    void fit();
    void showPixels(); ///< one pixel of the picture is one of the screen
    void zoomBy(double factor);
    void zoomBy(double factor, QPointF around);
    void moveBy(QPointF distance);

    bool isFitted() const { return m_isFitted; }
    /// Widget pixels for one of the picture.
    double scale() const { return m_scale; }
    /// Where the picture stands in the widget.
    QRectF pictureRect() const;

signals:
    void viewChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    double fittingScale() const;
    void setView(double scale, QPointF centre);

    QImage m_image;
    QSize m_size;
    std::optional<QRectF> m_mark;
    QString m_markName;
    double m_scale = 1;
    QPointF m_centre; ///< of the picture, in widget pixels
    bool m_isFitted = true;
    QPointF m_drag;
};

} // namespace argali::gui
