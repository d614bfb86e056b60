#pragma once

#include <memory>
#include <string>
#include <vector>

#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>

#include "gui/remote/serverconnection.h"

namespace argali::gui {

class ProfileStore;
class Settings;

/// One model of one server, as it is offered to be chosen.
struct RemoteChoice {
    QString profile; ///< its id
    remote::RemoteModel model;
    QString shown; ///< one line; with the name of the server where two would be alike
};

/// What was typed into the form of a server and not saved.
struct ServerDraft {
    ConnectionProfile before;
    ConnectionProfile typed;
    remote::Secret key;
    bool forgetsKey = false;
};

/// A connection for each server of the user's, and all their models in one list. One of them is the
/// current one and looked at all the time, with those that answer for it; the others only when
/// somebody asks.
/// Thread: GUI.
class ServerBook final : public QObject {
    Q_OBJECT
public:
    ServerBook(ProfileStore& store, KeyKeeper& keys, QObject* parent = nullptr,
               const remote::HealthIntervals& intervals = {});
    ~ServerBook() override;

    /// The one that belongs to these settings; theirs, and made when it is first asked for, with
    /// the keys in the system's keychain.
    static ServerBook& of(Settings& settings);

    ProfileStore& store() { return m_store; }
    KeyKeeper& keys() { return m_keys; }
    QList<ServerConnection*> connections() const;         ///< in the order of the profiles
    ServerConnection* find(const QString& profile) const; ///< Null when there is none.

    /// The server that answers what goes to this one; empty: there is none.
    QString standInFor(const QString& profile) const;
    /// The server that answers come from, or who stands in for it, with those of its group; empty:
    /// none, all is local.
    void setCurrent(const QString& profile);
    const QString& current() const { return m_current; }
    void setHidden(bool hidden); ///< Nobody sees the window.
    /// Looks at every server once, for a list that somebody opens.
    void checkAll();

    /// Those of all servers that were reached, in the order of the profiles.
    QList<RemoteChoice> models() const;
    /// Keeps a key in the keychain and uses it. done: whether it outlives the program
    void setKey(const QString& profile, const remote::Secret& key, QObject* context,
                const std::function<void(bool keeps)>& done);
    /// A server that was removed, to be had back.
    struct Removed {
        int index = -1;
        ConnectionProfile profile;
        remote::Secret key;
    };
    // Each returns a sentence that says why nothing was changed, or nothing.
    QString remove(const QString& profile, Removed& removed); ///< with its key
    QString putBack(const Removed& removed);
    /// In memory, until the form is there again.
    std::optional<ServerDraft> draft;

signals:
    /// A server wants a key that nobody has: once for each, until the program ends.
    void keyWanted(const QString& profile);
    void changed();       ///< connections() are others
    void modelsChanged(); ///< ... or models()
    void currentChanged();
    void statusChanged(const QString& profile);

private:
    void takeProfiles();
    void noteReady(const QString& profile);
    bool isWatched(const ConnectionProfile& profile) const;
    std::unique_ptr<ServerConnection> connectionTo(const ConnectionProfile& profile);

    ProfileStore& m_store;
    KeyKeeper& m_keys;
    const remote::HealthIntervals m_intervals;
    std::vector<std::unique_ptr<ServerConnection>> m_connections;
    QString m_wanted;  ///< as setCurrent() said
    QString m_current; ///< ... and who stands in for it
    bool m_isHidden = false;
    QStringList m_asked; ///< for their keys
};

} // namespace argali::gui
