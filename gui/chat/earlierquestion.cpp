#include "gui/chat/earlierquestion.h"

#include <utility>

#include "gui/chat/composer.h"
#include "gui/shortcuts.h"

namespace argali::gui {

void EarlierQuestion::begin(quint64 turn, const Draft& question)
{
    if (!m_turn)
        m_setAside = m_composer.keptDraft();
    m_turn = turn;
    m_composer.setDraft(question);
    m_asItWas = m_composer.keptDraft();
    say();
    m_composer.focusText();
}

void EarlierQuestion::end()
{
    m_turn = 0;
    m_composer.setDraft(std::exchange(m_setAside, {}));
}

Draft EarlierQuestion::unsent() const
{
    Draft draft = m_composer.keptDraft();
    if (!m_turn)
        return draft;
    if (draft.text == m_asItWas.text)
        return m_setAside;
    if (!m_setAside.text.isEmpty())
        draft.text += QStringLiteral("\n\n") + m_setAside.text;
    draft.media += m_setAside.media;
    return draft;
}

void EarlierQuestion::takeOver(const EarlierQuestion& old)
{
    m_setAside = old.m_setAside;
    m_asItWas = old.m_asItWas;
    m_turn = old.m_turn;
    if (m_turn)
        say();
}

void EarlierQuestion::say()
{
    m_composer.showNote(
        tr("You are changing an earlier question; the old one stays beside it. %1 takes it back.")
            .arg(Shortcuts::text(Shortcut::Stop)));
}

} // namespace argali::gui
