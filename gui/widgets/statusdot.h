#pragma once

#include <QWidget>

namespace argali::gui {

/// A coloured dot; always beside words that say the same.
class StatusDot final : public QWidget {
    Q_OBJECT
public:
    enum class State { Off, Waiting, Ready, Bad };
    explicit StatusDot(QWidget* parent = nullptr);
    State state() const { return m_state; }
    void setState(State state);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    State m_state = State::Off;
};

} // namespace argali::gui
