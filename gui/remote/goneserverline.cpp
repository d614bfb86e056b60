#include "gui/remote/goneserverline.h"

#include "gui/displayname.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/sourcechoice.h"
#include "gui/widgets/button.h"

namespace argali::gui {

GoneServerLine::GoneServerLine(SourceChoice& sources, ServerBook& servers, QWidget* parent)
    : NoticeLine(parent),
      m_sources(sources),
      m_servers(servers),
      m_here(new Button(Button::Kind::Outlined, {}, tr("Ask this computer"), this)),
      m_other(new Button(Button::Kind::Outlined, {}, tr("Ask another server"), this))
{
    add(m_other);
    add(m_here);
    connect(m_here, &Button::clicked, this, [this] { m_sources.choose({}); });
    connect(m_other, &Button::clicked, this, [this] {
        if (const std::optional<AnswerSource> other = m_sources.suggestedServer())
            m_sources.choose(*other);
    });
    connect(&sources, &SourceChoice::changed, this, &GoneServerLine::follow);
    connect(&sources, &SourceChoice::offeredChanged, this, &GoneServerLine::follow);
    follow();
}

void GoneServerLine::follow()
{
    const AnswerSource& current = m_sources.current();
    if (current != m_dismissed)
        m_dismissed = {};
    if (current.isLocal() || current == m_dismissed ||
        !m_servers.standInFor(current.server).isEmpty()) {
        hide();
        return;
    }
    const OfferedModel* const other = m_sources.suggestedModel();
    m_other->setVisible(other);
    if (other)
        //: a model and the name of its server
        m_other->setToolTip(plainToolTip(
            tr("%1 (%2)").arg(displayName(other->shown), displayName(other->place()))));
    if (isHidden()) // said once to a screen reader
        say(tr("The server that this chat asked is not among yours any more."), true);
}

void GoneServerLine::dismiss()
{
    m_dismissed = m_sources.current();
    hide();
}

} // namespace argali::gui
