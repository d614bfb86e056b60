#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include <QByteArray>

#include "engine/remote/secret.h"
#include "engine/remote/serverurl.h"
#include "gui/remote/proxychoice.h"

namespace argali::gui {

/// How one server is reached.
struct ServerAccess {
    remote::ServerUrl url;
    remote::Secret key; ///< goes into the Authorization header and nowhere else
    /// Further ones; not those that belong to the transport or that ServerHttp sets.
    std::vector<std::pair<QByteArray, QByteArray>> headers{};
    ProxyChoice proxy{};
    QByteArray certificates{}; ///< PEM: authorities to trust besides the system's; empty: none
    std::chrono::milliseconds connectLimit{10'000};  ///< until the server is reached
    std::chrono::milliseconds silenceLimit{120'000}; ///< without a byte going either way
};

} // namespace argali::gui
