#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include <QByteArray>
#include <QNetworkAccessManager>
#include <QNetworkProxy>
#include <QNetworkReply>
#include <QObject>
#include <QPointer>
#include <QTimer>

#include "engine/remote/failure.h"
#include "engine/remote/headerlist.h"
#include "engine/remote/httpreply.h"
#include "gui/remote/serveraccess.h"

namespace argali::gui {

/// One request to a server and its reply, in the pieces it comes. It ends in one finished() or one
/// failed(), unless abort() comes first. Whoever asked deletes it when it is over; else it goes
/// with its ServerHttp.
/// Thread: GUI.
class HttpExchange final : public QObject {
    Q_OBJECT
public:
    ~HttpExchange() override;

    /// Ends it at once; no signal follows.
    void abort();
    bool isOver() const { return m_isOver; }

signals:
    void uploaded(qint64 bytes, qint64 total);
    void headArrived(const argali::remote::HttpReply& head); ///< status and headers, no body
    void bytesArrived(const QByteArray& bytes);              ///< never before the head
    void finished(); ///< the reply is whole, whatever its status
    void failed(const argali::remote::Failure& failure);

private:
    friend class ServerHttp;
    HttpExchange(const ServerAccess& access, QObject* parent);
    void follow(QNetworkReply* reply, bool isByProxy);
    void failLater(const remote::Failure& failure);
    void reached();
    void readHead();
    void read();
    void end();
    void fail(const remote::Failure& failure);
    void drop();
    std::optional<remote::Failure> refusalOf(const remote::HttpReply& head) const;
    remote::Failure failureOf(QNetworkReply::NetworkError error) const;

    const remote::Secret m_key;
    const std::chrono::milliseconds m_silenceLimit;
    QPointer<QNetworkReply> m_reply;
    QTimer m_limit; ///< of connecting, then of silence
    QString m_tlsWords;
    bool m_isReached = false;
    bool m_hasHead = false;
    bool m_isOver = false;
    bool m_isByProxy = false;
};

/// Requests to one server. The key goes to that server alone: a redirection to another host,
/// scheme or port is a failure. A broken certificate is one, too, and so are compressed replies,
/// which are not asked for. What is wrong with the access itself fails every request.
/// Thread: GUI.
class ServerHttp final : public QObject {
    Q_OBJECT
public:
    explicit ServerHttp(ServerAccess access, QObject* parent = nullptr);
    ~ServerHttp() override;

    const ServerAccess& access() const { return m_access; }
    HttpExchange* get(const std::string& path); ///< "/v1/models"
    HttpExchange* post(const std::string& path, const std::string& json);
    HttpExchange* remove(const std::string& path); ///< By the method DELETE.

signals:
    void prepared(); ///< The proxy is known.

private:
    void prepare();
    void useProxy(const QNetworkProxy& proxy);
    HttpExchange* start(const std::function<QNetworkReply*()>& begin);
    QNetworkRequest requestFor(const std::string& path) const;

    const ServerAccess m_access;
    remote::HeaderList m_headers;
    std::optional<remote::Failure> m_broken; ///< why no request can be made
    QSslConfiguration m_tls;
    std::optional<QNetworkProxy> m_proxy; ///< nothing: the desktop is being asked
    QNetworkAccessManager m_manager;
};

/// Whether a header of this name is set by ServerHttp, and by nobody else.
bool isOwnHeader(const QByteArray& name);

/// A whole reply, or why there is none.
using Collected = std::variant<remote::HttpReply, remote::Failure>;
/// Gathers a reply of at most limit bytes, calls back once, and deletes the exchange; a longer one
/// is given up. Nothing is called after the context is gone or the exchange is aborted.
void collect(HttpExchange* exchange, qint64 limit, QObject* context,
             std::function<void(const Collected&)> callback);

} // namespace argali::gui
