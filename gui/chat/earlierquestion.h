#pragma once

#include <QCoreApplication>

#include "gui/chat/attachment.h"

namespace argali::gui {

class Composer;

/// An earlier question that is written anew in the composer, and what stood there before: none of
/// the two is lost while the other one is there.
/// Thread: GUI.
class EarlierQuestion final {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::EarlierQuestion)
public:
    explicit EarlierQuestion(Composer& composer) : m_composer(composer) {}

    quint64 turn() const { return m_turn; } ///< whose question it is; 0: none
    void begin(quint64 turn, const Draft& question);
    /// What stood in the composer before is there again.
    void end();
    /// The composer holds another chat's draft by now, or will at once.
    void forget() { m_turn = 0; }
    /// All that was written and not sent, in one.
    Draft unsent() const;
    /// Goes on where that of another window is; what is written has been handed on already.
    void takeOver(const EarlierQuestion& old);

private:
    void say();

    Composer& m_composer;
    quint64 m_turn = 0;
    Draft m_asItWas;
    Draft m_setAside; ///< what stood in the composer before
};

} // namespace argali::gui
