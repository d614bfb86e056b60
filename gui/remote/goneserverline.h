#pragma once

#include "gui/chat/answersource.h"
#include "gui/widgets/noticeline.h"

namespace argali::gui {

class Button;
class ServerBook;
class SourceChoice;

/// Says that the server of the chat that is open was removed, where no other one of its group
/// answers for it, and offers who can: this computer, or another server. Thread: GUI.
class GoneServerLine final : public NoticeLine {
    Q_OBJECT
public:
    /// Both must outlive this.
    GoneServerLine(SourceChoice& sources, ServerBook& servers, QWidget* parent = nullptr);

    Button* hereButton() const { return m_here; }
    Button* otherButton() const { return m_other; } ///< hidden where there is no other server
    void dismiss() override;                        ///< Until something else is chosen.

private:
    void follow();

    SourceChoice& m_sources;
    ServerBook& m_servers;
    Button* const m_here;
    Button* const m_other;
    AnswerSource m_dismissed;
};

} // namespace argali::gui
