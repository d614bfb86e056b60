#pragma once

#include <QProgressBar>

namespace argali::gui {

/// A progress bar of 4 px, without words of its own.
class ThinBar final : public QProgressBar {
    Q_OBJECT
public:
    explicit ThinBar(QWidget* parent = nullptr);
    /// An unknown total draws an empty track.
    void setProgress(qint64 done, qint64 total);
    QSize sizeHint() const override { return {160, 4}; }
    QSize minimumSizeHint() const override { return {40, 4}; }

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace argali::gui
