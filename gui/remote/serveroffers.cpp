#include "gui/remote/serveroffers.h"

#include <algorithm>

#include "gui/remote/profilestore.h"
#include "gui/remote/remotereplysource.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/sourcechoice.h"

namespace argali::gui {
namespace {

OfferedModel offeredBy(ServerConnection& connection, const remote::RemoteModel& model,
                       const QString& shown)
{
    const ConnectionProfile& profile = connection.profile();
    OfferedModel offered;
    offered.target.profile = profile.id;
    offered.target.server = profile.shownName();
    offered.target.access = connection.http().access();
    offered.target.dialect = connection.status().isUsable()
                                 ? connection.facts().dialect
                                 : profile.dialect.value_or(remote::Dialect::Plain);
    offered.target.model = model;
    offered.target.refused = profile.refused;
    offered.target.weight = profile.weight;
    offered.target.sendsOriginals = profile.sendsOriginals;
    offered.target.filmForm = profile.filmForm;
    offered.shown = shown;
    offered.isUsable = connection.status().isUsable();
    offered.group = profile.group;
    offered.policy = profile.groupMode == GroupMode::Weighted ? remote::Router::Policy::Weighted
                                                              : remote::Router::Policy::Ordered;
    if (!offered.isUsable && connection.status().kind != remote::ServerStatus::Kind::NotChecked)
        offered.broken.append(profile.id);
    offered.takesFilms =
        profile.models.value(QString::fromStdString(model.id)).seesFilms != remote::Known::No;
    return offered;
}

/// A model that several of a group have is offered once.
void add(QList<OfferedModel>& offered, OfferedModel&& one)
{
    const auto same = std::find_if(offered.begin(), offered.end(), [&](const OfferedModel& each) {
        return !one.group.isEmpty() && each.group == one.group &&
               each.target.model.id == one.target.model.id;
    });
    if (same == offered.end()) {
        const auto last = std::find_if(offered.rbegin(), offered.rend(), [&](const auto& each) {
            return !one.group.isEmpty() && each.group == one.group;
        });
        offered.insert(last == offered.rend() ? offered.end() : last.base(), std::move(one));
        return;
    }
    same->others.push_back(std::move(one.target));
    same->isUsable = same->isUsable || one.isUsable;
    same->takesFilms = same->takesFilms && one.takesFilms;
    same->broken += one.broken;
}

/// The model that is chosen, where its server does not list it now.
OfferedModel missing(ServerConnection& connection, const QString& id)
{
    remote::RemoteModel model;
    model.id = model.shown = id.toStdString();
    OfferedModel offered = offeredBy(connection, model, id);
    offered.isUsable = false;
    return offered;
}

/// What went to a server that was removed goes to the others of its group.
void replaceRemoved(QList<OfferedModel>& offered, const QString& removed, const QString& group)
{
    for (OfferedModel& each : offered)
        if (each.group == group)
            each.removed = removed;
}

} // namespace

ServerOffers::ServerOffers(ServerBook& servers, SourceChoice& choice, RemoteReplySource& remote,
                           QObject* parent)
    : QObject(parent), m_servers(servers), m_choice(choice)
{
    connect(&servers, &ServerBook::modelsChanged, this, &ServerOffers::offer);
    connect(&servers, &ServerBook::statusChanged, this, &ServerOffers::offer);
    connect(&servers, &ServerBook::changed, this, [this] {
        m_servers.checkAll(); // one may be new, or reached otherwise
        offer();
    });
    connect(&choice, &SourceChoice::changed, this, [this] {
        // Told to the servers once: they need not know it, and what is offered changes the choice
        // again.
        if (m_chosen == m_choice.current())
            return;
        m_chosen = m_choice.current();
        m_servers.setCurrent(m_chosen.server);
        offer();
    });
    connect(&remote, &RemoteReplySource::answering, this,
            [this](const QString& profile, bool isAnswering) {
                if (ServerConnection* connection = m_servers.find(profile))
                    connection->setAnswering(isAnswering);
            });
    connect(&remote, &RemoteReplySource::partRefused, this,
            [this](const QString& profile, remote::RequestPart part) {
                m_servers.store().learn(
                    profile, [part](ConnectionProfile& learnt) { learnt.refused.insert(part); });
            });
    m_chosen = choice.current();
    m_servers.setCurrent(m_chosen.server);
    m_servers.checkAll();
    offer();
}

void ServerOffers::offer()
{
    QList<OfferedModel> offered;
    for (const RemoteChoice& each : m_servers.models()) {
        ServerConnection* connection = m_servers.find(each.profile);
        if (connection && connection->isReady())
            add(offered, offeredBy(*connection, each.model, each.shown));
    }
    const AnswerSource& chosen = m_choice.current();
    ServerConnection* const standIn = m_servers.find(m_servers.standInFor(chosen.server));
    const bool isRemoved = standIn && standIn->profile().id != chosen.server;
    if (isRemoved)
        replaceRemoved(offered, chosen.server, standIn->profile().group);
    const bool isOffered =
        std::any_of(offered.begin(), offered.end(),
                    [&](const OfferedModel& each) { return each.isFor(chosen); });
    if (!isOffered && standIn && standIn->isReady()) {
        add(offered, missing(*standIn, chosen.model));
        if (isRemoved)
            replaceRemoved(offered, chosen.server, standIn->profile().group);
    }
    m_choice.setOffered(offered);
}

} // namespace argali::gui
