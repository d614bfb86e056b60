#include "gui/remote/serverbook.h"

#include <algorithm>
#include <utility>

#include <QMap>
#include <QSet>

#include "gui/displayname.h"
#include "gui/remote/keychainkeys.h"
#include "gui/remote/profilestore.h"
#include "gui/settings/settings.h"

namespace argali::gui {

ServerBook::ServerBook(ProfileStore& store, KeyKeeper& keys, QObject* parent,
                       const remote::HealthIntervals& intervals)
    : QObject(parent), m_store(store), m_keys(keys), m_intervals(intervals)
{
    connect(&store, &ProfileStore::changed, this, &ServerBook::takeProfiles);
    connect(&store, &ProfileStore::learnt, this, [this](const QString& id) {
        if (ServerConnection* connection = find(id))
            connection->setProfile(*m_store.find(id));
    });
    connect(&store, &ProfileStore::erased, this, [this](const QStringList& ids) {
        for (const QString& id : ids)
            m_keys.remove(id, this, [](const KeyKeeper::Answer&) {});
    });
    takeProfiles();
}

ServerBook::~ServerBook() = default;

ServerBook& ServerBook::of(Settings& settings)
{
    auto* book = settings.findChild<ServerBook*>({}, Qt::FindDirectChildrenOnly);
    if (book)
        return *book;
    auto* const keys = new KeychainKeys(QStringLiteral("Argali"), &settings);
    return *new ServerBook(ProfileStore::of(settings), *keys, &settings);
}

std::unique_ptr<ServerConnection> ServerBook::connectionTo(const ConnectionProfile& profile)
{
    auto connection =
        std::make_unique<ServerConnection>(profile, m_store, m_keys, nullptr, m_intervals);
    const QString id = profile.id;
    connect(connection.get(), &ServerConnection::statusChanged, this,
            [this, id] { emit statusChanged(id); });
    connect(connection.get(), &ServerConnection::ready, this, [this, id] { noteReady(id); });
    connect(connection.get(), &ServerConnection::factsChanged, this, &ServerBook::modelsChanged);
    connection->setHidden(m_isHidden);
    return connection;
}

void ServerBook::takeProfiles()
{
    const QString current = standInFor(m_wanted);
    const bool isOther = std::exchange(m_current, current) != current;
    std::vector<std::unique_ptr<ServerConnection>> before = std::exchange(m_connections, {});
    for (const ConnectionProfile& profile : m_store.profiles()) {
        const auto same = std::find_if(before.begin(), before.end(), [&](const auto& connection) {
            return connection && connection->profile().isReachedLike(profile);
        });
        if (same != before.end()) {
            m_connections.push_back(std::move(*same));
            m_connections.back()->setProfile(profile);
        } else {
            m_connections.push_back(connectionTo(profile));
        }
        m_connections.back()->setActive(isWatched(profile));
    }
    for (auto& gone : before) {
        if (gone) { // it may be what has just said something
            gone->setActive(false);
            gone->disconnect(this);
            gone.release()->deleteLater();
        }
    }
    if (isOther)
        emit currentChanged();
    emit changed();
    emit modelsChanged();
}

/// Whether answers may come from there.
bool ServerBook::isWatched(const ConnectionProfile& profile) const
{
    const ConnectionProfile* const current = m_store.find(m_current);
    return profile.id == m_current ||
           (current && !current->group.isEmpty() && current->group == profile.group);
}

void ServerBook::noteReady(const QString& profile)
{
    const ServerConnection* const connection = find(profile);
    if (connection && connection->isKeyMissing() && !m_asked.contains(profile)) {
        m_asked.append(profile);
        emit keyWanted(profile);
    }
    emit statusChanged(profile);
}

QList<ServerConnection*> ServerBook::connections() const
{
    QList<ServerConnection*> all;
    for (const auto& connection : m_connections)
        all.append(connection.get());
    return all;
}

ServerConnection* ServerBook::find(const QString& profile) const
{
    const auto found = std::find_if(m_connections.begin(), m_connections.end(),
                                    [&](const auto& c) { return c->profile().id == profile; });
    return found == m_connections.end() ? nullptr : found->get();
}

QString ServerBook::standInFor(const QString& profile) const
{
    const ConnectionProfile* const standIn = m_store.standInFor(profile);
    return standIn ? standIn->id : QString();
}

void ServerBook::setCurrent(const QString& profile)
{
    m_wanted = profile;
    const QString chosen = standInFor(profile);
    if (chosen == m_current)
        return;
    m_current = chosen;
    for (const auto& connection : m_connections)
        connection->setActive(isWatched(connection->profile()));
    emit currentChanged();
}

void ServerBook::setHidden(bool hidden)
{
    m_isHidden = hidden;
    for (const auto& connection : m_connections)
        connection->setHidden(hidden);
}

void ServerBook::checkAll()
{
    for (const auto& connection : m_connections)
        connection->checkNow();
}

QList<RemoteChoice> ServerBook::models() const
{
    QList<RemoteChoice> all;
    QMap<QString, QSet<QString>> owners; // of models that are called so; a group is one owner
    for (const auto& connection : m_connections) {
        const ConnectionProfile& profile = connection->profile();
        for (const remote::RemoteModel& model : connection->facts().models) {
            const QString name = displayName(QString::fromStdString(model.shown));
            all.append({profile.id, model, name});
            owners[name].insert((profile.group.isEmpty() ? QLatin1Char('s') + profile.id
                                                         : QLatin1Char('g') + profile.group) +
                                QLatin1Char('\n') + QString::fromStdString(model.id));
        }
    }
    for (RemoteChoice& choice : all) {
        if (owners.value(choice.shown).size() < 2)
            continue;
        const ConnectionProfile& profile = find(choice.profile)->profile();
        //: a model and the name of its server
        choice.shown = tr("%1 (%2)").arg(
            choice.shown,
            displayName(profile.group.isEmpty() ? profile.shownName() : profile.group));
    }
    return all;
}

void ServerBook::setKey(const QString& profile, const remote::Secret& key, QObject* context,
                        const std::function<void(bool keeps)>& done)
{
    if (ServerConnection* connection = find(profile))
        connection->setKey(key);
    m_keys.write(profile, key, context, [done](const KeyKeeper::Answer& answer) {
        done(answer.outcome == KeyKeeper::Outcome::Done);
    });
}

QString ServerBook::remove(const QString& profile, Removed& removed)
{
    const ServerConnection* const connection = find(profile);
    if (!connection)
        return tr("This server is not there any more.");
    removed = {m_store.indexOf(profile), connection->profile(), connection->key()};
    const QString refusal = m_store.remove(profile);
    if (refusal.isEmpty() && removed.profile.hasKey)
        m_keys.remove(profile, this, [](const KeyKeeper::Answer&) {});
    return refusal;
}

QString ServerBook::putBack(const Removed& removed)
{
    const QString refusal = m_store.insert(removed.index, removed.profile);
    if (refusal.isEmpty() && !removed.key.isEmpty())
        setKey(removed.profile.id, removed.key, this, [](bool) {});
    return refusal;
}

} // namespace argali::gui
