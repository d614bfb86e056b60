#include "gui/history/undoline.h"

#include <utility>

#include "gui/shortcuts.h"
#include "gui/widgets/button.h"

namespace argali::gui {

UndoLine::UndoLine(QWidget* parent)
    : NoticeLine(parent), m_button(new Button(Button::Kind::Outlined, {}, tr("Undo"), this))
{
    m_button->setKeyHint(Shortcuts::text(Shortcut::UndoDelete));
    m_button->setToolTip(Shortcuts::tip(tr("Take back what was deleted"), Shortcut::UndoDelete));
    add(m_button);
    m_timer.setSingleShot(true);
    m_timer.setInterval(time);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        // Who is just reaching for it shall get it.
        if (underMouse() || m_button->hasFocus() || closeButton()->hasFocus())
            m_timer.start();
        else
            forget();
    });
    connect(m_button, &Button::clicked, this, &UndoLine::undo);
}

void UndoLine::offer(const QString& sentence, std::function<void()> undo,
                     std::function<void()> forget)
{
    this->forget();
    m_undo = std::move(undo);
    m_forget = std::move(forget);
    m_timer.start();
    say(sentence);
}

void UndoLine::undo()
{
    m_timer.stop();
    hide();
    m_forget = nullptr;
    if (const auto action = std::exchange(m_undo, nullptr))
        action();
}

void UndoLine::forget()
{
    m_timer.stop();
    hide();
    m_undo = nullptr;
    if (const auto action = std::exchange(m_forget, nullptr))
        action();
}

void UndoLine::dismiss()
{
    forget();
}

} // namespace argali::gui
