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
/// tokens over them.
class SeenPicture final : public QDialog {
    Q_OBJECT
public:
    SeenPicture(MediaLoader& loader, const MediaFile& file, const VisualCost& cost, double seconds,
                QWidget* parent = nullptr);
    ~SeenPicture() override;

    const QImage& picture() const; ///< null until it has been read
    /// Tokens across and down.
    QSize grid() const { return m_grid; }
    QString text() const;

protected:
    void changeEvent(QEvent* event) override;

private:
    class View;
    void showWords();

    MediaLoader& m_loader;
    quint64 m_ticket = 0;
    const QString m_name; ///< of the file
    const VisualCost m_cost;
    std::optional<Failure> m_failure;
    const QSize m_grid;
    View* const m_view;
    QLabel* const m_words;
    ToggleSwitch* const m_lines;
};

} // namespace argali::gui
