#pragma once

#include <optional>

#include <QNetworkProxy>
#include <QString>
#include <QUrl>

namespace argali::gui {

/// Through which proxy a server is reached.
struct ProxyChoice {
    enum class Kind {
        System, ///< HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, without them the desktop's
        None,
        Url,
    };
    Kind kind = Kind::System;
    QString url; ///< of Url: "http://host:port", "socks5://host:port"

    bool operator==(const ProxyChoice&) const = default;
};

/// The proxy of an address as people type it; nothing for what is no such address. A name and
/// password are taken where they come from the environment only: a profile is a readable file.
std::optional<QNetworkProxy> proxyAt(const QString& url, bool mayHavePassword);

/// The proxy for requests to a server; nothing where the desktop has to be asked. This machine is
/// never reached through the system's.
std::optional<QNetworkProxy> proxyFor(const ProxyChoice& choice, const QUrl& server);
/// What the desktop says, which may have to fetch a script that says it. Thread: any but GUI.
QNetworkProxy desktopProxyFor(const QUrl& server);

/// Whether NO_PROXY names the server: "*", "host", ".domain", "host:port", "10.0.0.0/8".
bool isWithoutProxy(const QString& list, const QUrl& server);

} // namespace argali::gui
