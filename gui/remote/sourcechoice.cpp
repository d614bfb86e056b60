#include "gui/remote/sourcechoice.h"

#include <algorithm>
#include <limits>

#include "gui/displayname.h"
#include "gui/remote/remotereplysource.h"
#include "gui/remote/sourceswitch.h"

namespace argali::gui {
namespace {

/// Yes where one says so, no where all do.
remote::Known better(remote::Known one, remote::Known other)
{
    using remote::Known;
    if (one == Known::Yes || other == Known::Yes)
        return Known::Yes;
    return one == Known::No && other == Known::No ? Known::No : Known::Unknown;
}

} // namespace

bool OfferedModel::isFor(const AnswerSource& source) const
{
    return this->source() == source ||
           (!removed.isEmpty() && source.server == removed &&
            source.model == this->source().model) ||
           std::any_of(others.begin(), others.end(),
                       [&](const RemoteTarget& other) { return sourceOf(other) == source; });
}

std::vector<RemoteTarget> OfferedModel::targets() const
{
    std::vector<RemoteTarget> all{target};
    all.insert(all.end(), others.begin(), others.end());
    return all;
}

remote::RemoteModel OfferedModel::model() const
{
    remote::RemoteModel all = target.model;
    for (const RemoteTarget& other : others) {
        all.seesPictures = better(all.seesPictures, other.model.seesPictures);
        all.seesFilms = better(all.seesFilms, other.model.seesFilms);
        all.thinks = better(all.thinks, other.model.thinks);
        if (other.model.context && (!all.context || *other.model.context < *all.context))
            all.context = other.model.context; // what fits everywhere
    }
    return all;
}

const RemoteTarget& OfferedModel::firstUsable() const
{
    if (!broken.contains(target.profile))
        return target;
    const auto found = std::find_if(others.begin(), others.end(), [&](const RemoteTarget& other) {
        return !broken.contains(other.profile);
    });
    return found == others.end() ? target : *found;
}

void OfferedModel::aim(RemoteReplySource& source) const
{
    source.setTargets(targets(), policy);
    for (const RemoteTarget& each : targets())
        source.setHealthy(each.profile, !broken.contains(each.profile));
}

SourceChoice::SourceChoice(Settings& settings, ConversationBook& book, SourceSwitch& sources,
                           RemoteReplySource& remote, QObject* parent)
    : QObject(parent), m_settings(settings), m_book(book), m_sources(sources), m_remote(remote)
{
    connect(&book, &ConversationBook::switched, this, &SourceChoice::followChat);
    take({m_settings.value(settings::server), m_settings.value(settings::serverModel)});
}

/// A chat that was asked in before is asked where it was; a new one where the last one is.
void SourceChoice::followChat()
{
    if (const std::optional<AnswerSource> source = m_book.current().source())
        take(*source);
}

void SourceChoice::choose(const AnswerSource& source)
{
    m_book.current().chosenSource = source;
    m_settings.set(settings::server, source.server);
    m_settings.set(settings::serverModel, source.model);
    if (!source.isLocal()) {
        m_settings.set(settings::lastServer, source.server);
        m_settings.set(settings::lastServerModel, source.model);
    }
    take(source);
}

void SourceChoice::take(const AnswerSource& source)
{
    if (m_current == source)
        return;
    m_current = source;
    aim();
    emit changed();
}

ReplySource& SourceChoice::local() const
{
    return m_sources.local();
}

/// Where the next question goes. A model that no server offers now is asked for all the same where
/// its server is known: that says best what is wrong.
void SourceChoice::aim()
{
    m_sources.setRemote(!m_current.isLocal());
    if (m_current.isLocal())
        return;
    if (const OfferedModel* offered = find(m_current))
        offered->aim(m_remote);
    else
        m_remote.setTargets({});
}

const OfferedModel* SourceChoice::find(const AnswerSource& source) const
{
    const auto found = std::find_if(m_offered.begin(), m_offered.end(),
                                    [&](const OfferedModel& each) { return each.isFor(source); });
    return found == m_offered.end() ? nullptr : &*found;
}

void SourceChoice::setOffered(const QList<OfferedModel>& offered)
{
    m_offered = offered;
    aim();
    emit offeredChanged();
    if (!m_current.isLocal())
        emit changed();
}

const OfferedModel* SourceChoice::suggestedModel() const
{
    if (const OfferedModel* last = find(
            {m_settings.value(settings::lastServer), m_settings.value(settings::lastServerModel)}))
        return last;
    const auto usable = std::find_if(m_offered.begin(), m_offered.end(),
                                     [](const OfferedModel& each) { return each.isUsable; });
    if (usable != m_offered.end())
        return &*usable;
    return m_offered.isEmpty() ? nullptr : &m_offered.first();
}

std::optional<AnswerSource> SourceChoice::suggestedServer() const
{
    const OfferedModel* const model = suggestedModel();
    if (!model)
        return std::nullopt;
    const AnswerSource last{m_settings.value(settings::lastServer),
                            m_settings.value(settings::lastServerModel)};
    return model->isFor(last) ? last : model->source();
}

QString SourceChoice::connectedServer() const
{
    const OfferedModel* const offered = m_current.isLocal() ? nullptr : find(m_current);
    return offered ? offered->firstUsable().profile : m_current.server;
}

std::optional<LoadedModel> SourceChoice::remoteModel() const
{
    if (m_current.isLocal())
        return std::nullopt;
    LoadedModel model;
    model.source = m_current;
    model.info.name = m_current.model.toStdString();
    // What a server does not say is allowed: it refuses with its own words what it cannot do.
    model.info.seesPictures = model.info.seesFilms = model.info.thinks = true;
    model.info.mixesPicturesAndFilms = true;
    model.info.filmsAtMost = std::numeric_limits<int>::max();
    if (const OfferedModel* offered = find(m_current)) {
        const remote::RemoteModel known = offered->model();
        model.info.name = known.shown;
        model.info.seesPictures = known.seesPictures != remote::Known::No;
        model.info.seesFilms = model.info.seesPictures && offered->takesFilms; // as frames
        model.info.thinks = known.thinks != remote::Known::No;
        model.context = known.context.value_or(0);
        model.server = offered->place();
        model.device = deviceOf(offered->firstUsable());
    }
    return model;
}

} // namespace argali::gui
