#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <QByteArray>
#include <QCoreApplication>
#include <QJsonObject>
#include <QMap>
#include <QString>

#include "engine/remote/dialect.h"
#include "engine/remote/remotemodel.h"
#include "engine/remote/requestbody.h"
#include "gui/remote/proxychoice.h"

namespace argali::gui {

/// What is known of a model that its server does not say: probed, or told by the user.
struct ModelAnswers {
    remote::Known seesPictures = remote::Known::Unknown;
    remote::Known seesFilms = remote::Known::Unknown;
    remote::Known thinks = remote::Known::Unknown;

    bool operator==(const ModelAnswers&) const = default;
};

/// Servers of one group answer for each other.
enum class GroupMode {
    Ordered,  ///< the first in the list that can
    Weighted, ///< by chance, as often as the weights say
};

/// One server as the user named it, and what was learnt of it. Its key is not here: a KeyKeeper has
/// that under the id.
struct ConnectionProfile {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ConnectionProfile)
public:
    using Header = std::pair<QByteArray, QByteArray>;

    QString id; ///< stays when the name changes
    QString name;
    QString url; ///< in the regular spelling of remote::ServerUrl
    std::vector<Header> headers;
    ProxyChoice proxy;
    QString certificateFile; ///< PEM; empty: none
    std::chrono::seconds connectLimit{10};
    std::chrono::seconds silenceLimit{120};
    bool hasKey = false;                      ///< it wants one, which is kept elsewhere
    QString group;                            ///< one line; empty: it answers alone
    GroupMode groupMode = GroupMode::Ordered; ///< the same in the whole group
    int weight = 1;                           ///< share of the questions of a weighted group
    bool sendsOriginals = false;              ///< pictures go as they are, not made smaller
    remote::RemoteOptions::FilmForm filmForm = remote::RemoteOptions::FilmForm::Frames;

    std::optional<remote::Dialect> dialect; ///< what was found
    remote::RequestParts refused;           ///< what the server does not take
    QMap<QString, ModelAnswers> models;     ///< by the id of a model

    bool operator==(const ConnectionProfile&) const = default;

    static QString newId();
    /// The name, or the address where there is none.
    QString shownName() const { return name.isEmpty() ? url : name; }
    /// Whether both are reached in the same way.
    bool isReachedLike(const ConnectionProfile& other) const;
    /// Forgets what was learnt of another server.
    void forgetFindings();
    /// What was learnt, as the other one has it.
    void takeFindings(const ConnectionProfile& other);

    QJsonObject toJson() const;
    /// Nothing for what is no whole and possible profile.
    static std::optional<ConnectionProfile> fromJson(const QJsonObject& object);

    static constexpr int longestName = 200;
    static constexpr int mostHeaders = 32;
    static constexpr int mostModels = 1000; ///< of which something is remembered
    static constexpr int largestWeight = 100;
    static constexpr std::chrono::seconds shortestLimit{1};
    static constexpr std::chrono::seconds longestLimit{3600};
};

// Why something of a profile cannot be, as a sentence, or nothing.
QString urlTrouble(const QString& url);
QString headerTrouble(const ConnectionProfile::Header& header);
QString proxyTrouble(const ProxyChoice& proxy);
QString profileTrouble(const ConnectionProfile& profile);

/// An address in its regular spelling; empty for what is none.
QString regularUrl(const QString& url);

} // namespace argali::gui
