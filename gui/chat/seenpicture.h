#pragma once

#include <optional>

#include <QDialog>
#include <QImage>

#include "engine/engine.h"
#include "gui/chat/attachment.h"
#include "gui/failure.h"

class QLabel;

namespace argali::gui {

class MediaLoader;
class ToggleSwitch;

/// What the model sees of a picture, or of a frame of a film: the pixels it gets, and the grid of
/// tokens over them. It follows what is made of the file while it is open.
class SeenPicture final : public QDialog {
    Q_OBJECT
public:
    /// aspectRatio: how the picture is made square, as asFed()
    SeenPicture(MediaLoader& loader, const MediaFile& file, const VisualCost& cost, double seconds,
                QWidget* parent = nullptr, const QString& aspectRatio = {});
    ~SeenPicture() override;

    const MediaFile& file() const { return m_file; }
    void setCost(const VisualCost& cost, const QString& aspectRatio);

    const QImage& picture() const; ///< null until it has been read
    /// Tokens across and down.
    QSize grid() const;
    QString text() const;

protected:
    void changeEvent(QEvent* event) override;

private:
    class View;
    void read();
    void showWords();

    MediaLoader& m_loader;
    quint64 m_ticket = 0;
    const MediaFile m_file;
    const double m_seconds;
    VisualCost m_cost;
    QString m_ratio;
    std::optional<Failure> m_failure;
    View* const m_view;
    QLabel* const m_words;
    ToggleSwitch* const m_lines;
};

} // namespace argali::gui
