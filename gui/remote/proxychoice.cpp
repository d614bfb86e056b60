#include "gui/remote/proxychoice.h"

#include <initializer_list>

#include <QHostAddress>
#include <QNetworkProxyFactory>
#include <QNetworkProxyQuery>
#include <QStringList>

namespace argali::gui {
namespace {

QString environment(std::initializer_list<const char*> names)
{
    for (const char* name : names) {
        if (const QByteArray value = qgetenv(name); !value.isEmpty())
            return QString::fromLocal8Bit(value);
    }
    return {};
}

bool isThisMachine(const QString& host)
{
    return host == QLatin1String("localhost") || host.endsWith(QLatin1String(".localhost")) ||
           QHostAddress(host).isLoopback();
}

bool namesHost(QString entry, const QUrl& server)
{
    if (entry == QLatin1String("*"))
        return true;
    const QString host = server.host();
    if (const QHostAddress address(host); !address.isNull()) {
        if (entry == host || QHostAddress(entry) == address)
            return true;
        const auto subnet = QHostAddress::parseSubnet(entry);
        return entry.contains(QLatin1Char('/')) && subnet.second >= 0 && address.isInSubnet(subnet);
    }
    if (entry.startsWith(QLatin1Char('*')))
        entry.remove(0, 1);
    if (entry.startsWith(QLatin1Char('.')))
        entry.remove(0, 1);
    return !entry.isEmpty() && (host.compare(entry, Qt::CaseInsensitive) == 0 ||
                                host.endsWith(QLatin1Char('.') + entry, Qt::CaseInsensitive));
}

/// Nothing where the environment says nothing of proxies.
std::optional<QNetworkProxy> proxyOfEnvironment(const QUrl& server)
{
    const QString all = environment({"all_proxy", "ALL_PROXY"});
    QString address = server.scheme() == QLatin1String("https")
                          ? environment({"https_proxy", "HTTPS_PROXY"})
                          : environment({"http_proxy", "HTTP_PROXY"});
    if (address.isEmpty())
        address = all;
    if (isWithoutProxy(environment({"no_proxy", "NO_PROXY"}), server))
        return QNetworkProxy(QNetworkProxy::NoProxy);
    if (address.isEmpty())
        return std::nullopt;
    return proxyAt(address, true); // one that is none is left to the desktop
}

} // namespace

std::optional<QNetworkProxy> proxyAt(const QString& text, bool mayHavePassword)
{
    const QString trimmed = text.trimmed();
    const QUrl url(trimmed.contains(QLatin1String("://")) ? trimmed
                                                          : QStringLiteral("http://") + trimmed,
                   QUrl::StrictMode);
    const QString scheme = url.scheme();
    const bool isSocks = scheme == QLatin1String("socks5") || scheme == QLatin1String("socks5h");
    const bool isPlain = url.path().isEmpty() || url.path() == QLatin1String("/");
    if (!url.isValid() || url.host().isEmpty() || !isPlain || url.hasQuery() || url.hasFragment() ||
        (!isSocks && scheme != QLatin1String("http")))
        return std::nullopt;
    if (!mayHavePassword && !url.userInfo().isEmpty())
        return std::nullopt;
    return QNetworkProxy(isSocks ? QNetworkProxy::Socks5Proxy : QNetworkProxy::HttpProxy,
                         url.host(), quint16(url.port(isSocks ? 1080 : 80)), url.userName(),
                         url.password());
}

std::optional<QNetworkProxy> proxyFor(const ProxyChoice& choice, const QUrl& server)
{
    const QNetworkProxy none(QNetworkProxy::NoProxy);
    switch (choice.kind) {
    case ProxyChoice::Kind::None:
        return none;
    case ProxyChoice::Kind::Url:
        return proxyAt(choice.url, false).value_or(none);
    case ProxyChoice::Kind::System:
        break;
    }
    if (isThisMachine(server.host()))
        return none;
    return proxyOfEnvironment(server);
}

QNetworkProxy desktopProxyFor(const QUrl& server)
{
    const auto proxies = QNetworkProxyFactory::systemProxyForQuery(QNetworkProxyQuery(server));
    return proxies.isEmpty() ? QNetworkProxy(QNetworkProxy::NoProxy) : proxies.first();
}

bool isWithoutProxy(const QString& list, const QUrl& server)
{
    const int port = server.port(server.scheme() == QLatin1String("https") ? 443 : 80);
    for (const QString& each : list.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        QString entry = each.trimmed();
        const qsizetype colon = entry.lastIndexOf(QLatin1Char(':'));
        if (colon > 0 && entry.count(QLatin1Char(':')) == 1) { // an IPv6 address has more
            if (entry.mid(colon + 1) != QString::number(port))
                continue;
            entry.truncate(colon);
        }
        if (namesHost(entry, server))
            return true;
    }
    return false;
}

} // namespace argali::gui
