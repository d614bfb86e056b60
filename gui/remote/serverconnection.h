#pragma once

#include <memory>
#include <optional>
#include <string>

#include <QObject>
#include <QPointer>
#include <QTimer>

#include "engine/remote/healthmonitor.h"
#include "engine/remote/serverprobe.h"
#include "gui/remote/connectionprofile.h"
#include "gui/remote/keykeeper.h"
#include "gui/remote/serverhttp.h"

namespace argali::gui {

class ProfileStore;

/// A server of the user's: whether it can be reached, what it is and which models it has. It is
/// looked at while it is active, ever more seldom while it fails, never twice at once, and not
/// while an answer comes from it.
/// Thread: GUI.
class ServerConnection final : public QObject {
    Q_OBJECT
public:
    /// profile: in the store, which is told what was learnt
    ServerConnection(const ConnectionProfile& profile, ProfileStore& store, KeyKeeper& keys,
                     QObject* parent = nullptr, const remote::HealthIntervals& intervals = {});
    ~ServerConnection() override;

    const ConnectionProfile& profile() const { return m_profile; }
    /// The same server, by another name or with more learnt of it.
    void setProfile(const ConnectionProfile& profile);

    const remote::ServerStatus& status() const { return m_status; }
    /// What the last check that came through found, as the server said it.
    const remote::ServerFacts& said() const { return m_found; }
    /// The same, with what the profile knows of its models.
    const remote::ServerFacts& facts() const { return m_facts; }
    const remote::RemoteModel* model(const std::string& id) const;
    /// For requests of others; not before isReady().
    ServerHttp& http() { return *m_http; }
    /// The key has been looked up, found or not.
    bool isReady() const { return m_http != nullptr; }
    /// The profile wants a key that nobody has: the user has to be asked.
    bool isKeyMissing() const { return isReady() && m_profile.hasKey && m_key.isEmpty(); }
    /// A key for this session; the keeper is told by who asked for it.
    void setKey(const remote::Secret& key);
    const remote::Secret& key() const { return m_key; }

    /// Looked at on its own; otherwise only by checkNow().
    void setActive(bool active);
    bool isActive() const { return m_isActive; }
    void setHidden(bool hidden);
    void setAnswering(bool answering);
    void checkNow();
    bool isChecking() const { return m_probe.has_value(); }

    /// Asks with a tiny picture whether a model sees. sightProbed() follows; what is certain is
    /// remembered. Nothing happens while one is being asked.
    void probeSight(const std::string& model);
    bool isProbing() const { return !m_sightModel.isEmpty(); }
    void stopProbing(); ///< sightProbed() comes at once, and says nothing.

signals:
    void ready();
    void profileChanged(); ///< Its name, or what was learnt of it.
    void statusChanged(const argali::remote::ServerStatus& status);
    void checked(); ///< A check has ended, changed or not.
    void factsChanged(const argali::remote::ServerFacts& facts);
    void sightProbed(const QString& model, argali::remote::Known sees,
                     const argali::remote::Failure& failure);

private:
    void makeHttp();
    void go();
    void begin();
    void step();
    void endCheck();
    void dropCheck();
    void setStatus(const remote::ServerStatus& status);
    void takeFacts(const remote::ServerFacts& facts);
    remote::ServerFacts withAnswers(remote::ServerFacts facts) const;
    void takeSight(const QString& model, const Collected& collected);

    ConnectionProfile m_profile;
    ProfileStore& m_store;
    remote::Secret m_key;
    std::unique_ptr<ServerHttp> m_http;
    remote::HealthMonitor m_monitor;
    QTimer m_wake;
    bool m_isActive = false;
    bool m_isAsked = false; ///< by checkNow(), and not done yet
    std::optional<remote::ServerProbe> m_probe;
    QPointer<HttpExchange> m_exchange; ///< of the probe
    QString m_sightModel;              ///< that is being asked for; empty: none
    QPointer<HttpExchange> m_sightExchange;
    remote::ServerStatus m_status;
    remote::ServerFacts m_found; ///< as the server said it
    remote::ServerFacts m_facts;
};

/// What a reply to the tiny picture says of the model's sight.
remote::Known sightIn(const remote::HttpReply& reply);

} // namespace argali::gui
