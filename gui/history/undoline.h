#pragma once

#include <functional>

#include <QTimer>

#include "gui/widgets/noticeline.h"

namespace argali::gui {

class Button;

/// A line that says what was deleted and offers to undo it, until some seconds have passed in which
/// neither pointer nor focus was on it.
class UndoLine final : public NoticeLine {
    Q_OBJECT
public:
    explicit UndoLine(QWidget* parent = nullptr);

    /// Shows a sentence; the one before it cannot be undone any more.
    /// undo, forget: exactly one of them is called, once
    void offer(const QString& sentence, std::function<void()> undo, std::function<void()> forget);
    void undo();   ///< As the button; nothing when nothing is offered.
    void forget(); ///< As when the time is over.
    bool isOffering() const { return bool(m_undo); }

    static constexpr std::chrono::milliseconds time{12'000};

private:
    void dismiss() override;

    Button* const m_button;
    QTimer m_timer;
    std::function<void()> m_undo;
    std::function<void()> m_forget;
};

} // namespace argali::gui
