#pragma once

#include <QLabel>

namespace argali::gui {

/// One line of plain text that ends in "…" where it does not fit; the tooltip then has all of it.
class ElidedLabel final : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(const QString& text = {}, QWidget* parent = nullptr);
    void setElideMode(Qt::TextElideMode mode);
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    bool isCut() const;
    Qt::TextElideMode m_mode = Qt::ElideRight;
};

} // namespace argali::gui
