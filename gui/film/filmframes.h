#pragma once

#include <QImage>
#include <QList>
#include <QWidget>

namespace argali::gui {

class RemoveButton;

/// The chosen frames of a film, side by side. One is current: the arrow keys move it in time, Up
/// and Down go to the others.
class FilmFrames final : public QWidget {
    Q_OBJECT
public:
    struct Frame {
        double seconds = 0;
        QImage image;        ///< null until something is there
        bool exact = false;  ///< else the key frame before it
        bool broken = false; ///< it cannot be decoded
    };

    explicit FilmFrames(QWidget* parent = nullptr);
    void setFrames(const QList<Frame>& frames);
    void setFrame(int place, const Frame& frame);
    int count() const { return int(m_frames.size()); }
    const Frame& frame(int place) const { return m_frames.at(place); }
    int current() const { return m_current; }
    void setCurrent(int place);
    QRect placeRect(int place) const;
    int frameHeight() const;
    /// Pixels that the picture of a frame needs.
    QSize pictureSize() const;

    QString tip(int place) const; ///< What the tooltip of a frame says.

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    void currentChanged(int place);
    void nudged(int place, qint64 frames);
    void removeRequested(int place);
    void openRequested(int place); ///< to look at it in the film

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    int placeAt(const QPoint& point) const;
    void showRemove(int place);
    void paintFrame(QPainter& painter, int place);

    QList<Frame> m_frames;
    int m_current = 0;
    int m_hovered = -1;
    RemoveButton* const m_remove;
};

} // namespace argali::gui
