#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include <QDialog>
#include <QImage>
#include <QList>
#include <QRectF>

class QLabel;

namespace argali::gui {

class Button;
class PictureCanvas;

/// The pictures of a chat one at a time, as large as one likes: the wheel and + and - zoom,
/// dragging and the scroll keys move, 0 fits the picture to the window and 1 shows its own pixels,
/// Left and Right go to the next one, Esc closes. The file is read away from this thread; its
/// thumbnail stands there until then. Thread: GUI.
class PictureViewer final : public QDialog {
    Q_OBJECT
public:
    struct Picture {
        QString path;
        QString name;
        QImage thumbnail;
    };

    explicit PictureViewer(QWidget* parent = nullptr);
    ~PictureViewer() override;

    void setPictures(const QList<Picture>& pictures, int index);
    /// A place in the picture that is shown, in parts of its size; without size for a point.
    void setMark(const std::optional<QRectF>& place, const QString& name);
    void go(int step);

    int index() const { return m_index; }
    PictureCanvas* canvas() const { return m_canvas; }

signals:
    void loaded();
    void failed(const QString& sentence);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void load();
    void showNames();

    QList<Picture> m_pictures;
    int m_index = -1;
    PictureCanvas* const m_canvas;
    QLabel* const m_name;
    QLabel* const m_place;
    Button* const m_back;
    Button* const m_next;
    Button* const m_fit;
    Button* const m_actual;
    std::stop_source m_stop;
    quint64 m_ticket = 0;
};

} // namespace argali::gui
