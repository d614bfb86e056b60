#pragma once

#include <QAbstractButton>
#include <QImage>

#include "gui/chat/samples.h"

namespace argali::gui {

/// A sample picture with a question under it; a click asks it.
class SampleCard final : public QAbstractButton {
    Q_OBJECT
public:
    explicit SampleCard(const Sample& sample, QWidget* parent = nullptr);
    const Sample& sample() const { return m_sample; }
    void setPicture(const QImage& picture);

    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {110, heightForWidth(160)}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int pictureHeight() const;
    const Sample m_sample;
    QImage m_picture;
};

} // namespace argali::gui
