#pragma once

#include <optional>

#include <QByteArray>
#include <QList>
#include <QString>

namespace argali::gui {

/// A request that the server of this window is at.
struct ServedRequest {
    enum class State { Waiting, Reading, Thinking, Answering };
    QString id;
    QString client; ///< as it calls itself, "curl/7.88.1"; may be empty
    State state = State::Waiting;
    bool isLocal = true;      ///< from this computer
    double seconds = 0;       ///< since it came
    qint64 promptTokens = -1; ///< negative: not known yet
    qint64 tokens = -1;

    bool operator==(const ServedRequest&) const = default;
};

constexpr int mostServedRequests = 200; ///< that are shown

/// The reply to GET /v1/requests; nothing where it is none.
std::optional<QList<ServedRequest>> servedRequestsIn(const QByteArray& reply);

/// How far the model of a server is.
struct ServedModelState {
    enum class Kind { Loading, Ready, Failed };
    Kind kind = Kind::Loading;
    double progress = -1; ///< of loading, 0 to 1; negative: not known
    QString failure;      ///< the server's code for why it failed
};

/// The first model in the reply to GET /health; nothing where it is none.
std::optional<ServedModelState> servedModelIn(const QByteArray& reply);

} // namespace argali::gui
