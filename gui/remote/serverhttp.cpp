#include "gui/remote/serverhttp.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <QNetworkRequest>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslError>

#include "engine/error.h"
#include "engine/remote/failurereading.h"
#include "gui/background.h"

namespace argali::gui {
namespace {

using remote::FailureKind;
using remote::TransportError;

constexpr std::array ours{"authorization", "proxy-authorization", "accept", "accept-encoding",
                          "content-type"};

bool isOfHttp(QNetworkReply::NetworkError error)
{
    // A status that is no success: the reply is whole all the same. Qt calls 400 an operation.
    return error == QNetworkReply::ProtocolInvalidOperationError ||
           (error >= QNetworkReply::ContentAccessDenied &&
            error <= QNetworkReply::UnknownContentError) ||
           (error >= QNetworkReply::InternalServerError &&
            error <= QNetworkReply::UnknownServerError) ||
           error == QNetworkReply::ProtocolInvalidOperationError; // status 400
}

TransportError transportErrorOf(QNetworkReply::NetworkError error, bool hasHead)
{
    switch (error) {
    case QNetworkReply::ConnectionRefusedError:
        return TransportError::Refused;
    case QNetworkReply::HostNotFoundError:
        return TransportError::NameNotFound;
    case QNetworkReply::TimeoutError:
        return TransportError::TimedOut;
    case QNetworkReply::SslHandshakeFailedError:
        return TransportError::Tls;
    case QNetworkReply::RemoteHostClosedError:
        return TransportError::Closed;
    case QNetworkReply::TemporaryNetworkFailureError:
    case QNetworkReply::NetworkSessionFailedError:
    case QNetworkReply::UnknownNetworkError: // what the system says of a way it does not know
        return hasHead ? TransportError::Closed : TransportError::Unreachable;
    case QNetworkReply::ProxyConnectionRefusedError:
    case QNetworkReply::ProxyConnectionClosedError:
    case QNetworkReply::ProxyNotFoundError:
    case QNetworkReply::ProxyTimeoutError:
    case QNetworkReply::ProxyAuthenticationRequiredError:
    case QNetworkReply::UnknownProxyError:
        return TransportError::Proxy;
    default:
        return TransportError::Other;
    }
}

remote::Failure broken(const std::string& words)
{
    return {FailureKind::BadRequest, words};
}

} // namespace

HttpExchange::HttpExchange(const ServerAccess& access, QObject* parent)
    : QObject(parent), m_key(access.key), m_silenceLimit(access.silenceLimit)
{
    m_limit.setSingleShot(true);
    m_limit.setInterval(access.connectLimit);
    connect(&m_limit, &QTimer::timeout, this, [this] {
        fail(remote::failureFromTransport(TransportError::TimedOut,
                                          m_isReached ? "the server sent nothing for too long"
                                                      : "the server could not be reached in time"));
    });
    m_limit.start();
}

HttpExchange::~HttpExchange()
{
    drop();
}

void HttpExchange::abort()
{
    drop();
}

void HttpExchange::follow(QNetworkReply* reply, bool isByProxy)
{
    m_reply = reply;
    m_isByProxy = isByProxy;
    connect(reply, &QNetworkReply::encrypted, this, &HttpExchange::reached);
    connect(reply, &QNetworkReply::requestSent, this, &HttpExchange::reached);
    connect(reply, &QNetworkReply::uploadProgress, this, [this](qint64 bytes, qint64 total) {
        if (bytes <= 0 || total <= 0)
            return;
        reached();
        emit uploaded(bytes, total);
    });
    connect(reply, &QNetworkReply::sslErrors, this, [this](const QList<QSslError>& errors) {
        if (!errors.isEmpty())
            m_tlsWords = errors.first().errorString();
    });
    connect(reply, &QNetworkReply::metaDataChanged, this, &HttpExchange::readHead);
    connect(reply, &QNetworkReply::readyRead, this, &HttpExchange::read);
    connect(reply, &QNetworkReply::finished, this, &HttpExchange::end);
}

void HttpExchange::failLater(const remote::Failure& failure)
{
    QMetaObject::invokeMethod(
        this, [this, failure] { fail(failure); }, Qt::QueuedConnection);
}

void HttpExchange::reached()
{
    if (m_isOver)
        return;
    m_isReached = true;
    m_limit.start(m_silenceLimit);
}

void HttpExchange::readHead()
{
    const QVariant status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute);
    if (m_isOver || m_hasHead || !status.isValid())
        return;
    reached();
    m_hasHead = true;
    remote::HttpReply head;
    head.status = status.toInt();
    for (const auto& [name, value] : m_reply->rawHeaderPairs())
        head.headers.emplace_back(name.toStdString(), value.toStdString());
    if (const auto refusal = refusalOf(head))
        fail(*refusal);
    else
        emit headArrived(head);
}

std::optional<remote::Failure> HttpExchange::refusalOf(const remote::HttpReply& head) const
{
    if (const auto target = head.header("location"); target && head.status / 100 == 3) {
        remote::Failure failure{FailureKind::Other, "the server sends us on to another address, " +
                                                        std::string(target->substr(0, 300)) +
                                                        "; enter that one if it is the right one"};
        failure.status = head.status;
        return failure;
    }
    const auto encoding = head.header("content-encoding");
    if (encoding && !encoding->empty() && *encoding != "identity")
        return remote::Failure{FailureKind::Malformed,
                               "the reply is compressed, which was not asked for"};
    return std::nullopt;
}

void HttpExchange::read()
{
    const QPointer<HttpExchange> self(this); // who listens may delete it
    readHead();
    if (!self || m_isOver || !m_hasHead)
        return;
    reached();
    if (const QByteArray bytes = m_reply->readAll(); !bytes.isEmpty())
        emit bytesArrived(bytes);
}

void HttpExchange::end()
{
    const QPointer<HttpExchange> self(this);
    read();
    if (!self || m_isOver)
        return;
    const QNetworkReply::NetworkError error = m_reply->error();
    if (m_hasHead && (error == QNetworkReply::NoError || isOfHttp(error))) {
        drop();
        emit finished();
    } else {
        fail(failureOf(error));
    }
}

remote::Failure HttpExchange::failureOf(QNetworkReply::NetworkError error) const
{
    QString words = m_tlsWords.isEmpty() ? m_reply->errorString() : m_tlsWords;
    if (error == QNetworkReply::InsecureRedirectError ||
        error == QNetworkReply::TooManyRedirectsError)
        return {FailureKind::Other, "the server sends us on to another address; enter that one "
                                    "if it is the right one"};
    const TransportError kind = transportErrorOf(error, m_hasHead);
    const bool isNoHttp =
        error == QNetworkReply::ProtocolFailure || error == QNetworkReply::ProtocolUnknownError;
    if (isNoHttp && !m_hasHead)
        return {FailureKind::NotOpenAiStyle, "what answers does not speak HTTP"};
    if (kind == TransportError::Closed && !m_hasHead) // Qt says no more of what is no HTTP
        words = QStringLiteral("the connection was closed before a reply in HTTP came; check that "
                               "the port is that of the server");
    const bool isBefore = kind == TransportError::Refused || kind == TransportError::NameNotFound ||
                          kind == TransportError::Unreachable;
    return remote::failureFromTransport(m_isByProxy && isBefore ? TransportError::Proxy : kind,
                                        words.toStdString());
}

void HttpExchange::fail(const remote::Failure& failure)
{
    if (m_isOver)
        return;
    drop();
    remote::Failure clean = failure;
    clean.detail = remote::without(std::move(clean.detail), m_key);
    emit failed(clean);
}

void HttpExchange::drop()
{
    m_isOver = true;
    m_limit.stop();
    if (!m_reply)
        return;
    m_reply->disconnect(this);
    // Not from within its own signals, where it has more to do.
    QTimer::singleShot(0, m_reply, [reply = m_reply.data()] {
        if (reply->isRunning())
            reply->abort();
        reply->deleteLater();
    });
    m_reply.clear();
}

ServerHttp::ServerHttp(ServerAccess access, QObject* parent)
    : QObject(parent), m_access(std::move(access)), m_tls(QSslConfiguration::defaultConfiguration())
{
    try {
        prepare();
    } catch (const Error& error) {
        m_broken = broken(error.what());
    }
    const QUrl url(QString::fromStdString(m_access.url.text()));
    if (const auto proxy = proxyFor(m_access.proxy, url)) {
        useProxy(*proxy);
        return;
    }
    inBackground(
        this, [url] { return desktopProxyFor(url); },
        [this](const QNetworkProxy& proxy) {
            useProxy(proxy);
            emit prepared();
        });
}

void ServerHttp::useProxy(const QNetworkProxy& proxy)
{
    m_proxy = proxy;
    m_manager.setProxy(proxy);
}

ServerHttp::~ServerHttp()
{
    qDeleteAll(findChildren<HttpExchange*>(Qt::FindDirectChildrenOnly)); // before the manager
}

/// Throws: Error::Code::BadRequest
void ServerHttp::prepare()
{
    for (const auto& [name, value] : m_access.headers) {
        if (isOwnHeader(name))
            throw Error(Error::Code::BadRequest,
                        "the header " + name.toStdString() + ": is set by Argali itself");
        m_headers.add(name.toStdString(), value.toStdString());
    }
    m_headers.addKey(m_access.key);
    if (m_access.proxy.kind == ProxyChoice::Kind::Url && !proxyAt(m_access.proxy.url, false))
        throw Error(Error::Code::BadRequest, "the proxy's address is none");
    if (!m_access.certificates.isEmpty()) {
        const auto authorities = QSslCertificate::fromData(m_access.certificates, QSsl::Pem);
        if (authorities.isEmpty())
            throw Error(Error::Code::BadRequest, "the certificate file holds no certificate");
        m_tls.addCaCertificates(authorities);
    }
}

QNetworkRequest ServerHttp::requestFor(const std::string& path) const
{
    QNetworkRequest request(QUrl(QString::fromStdString(m_access.url.endpoint(path))));
    request.setSslConfiguration(m_tls);
    request.setHeader(QNetworkRequest::UserAgentHeader, QByteArrayLiteral("Argali"));
    for (const auto& header : m_headers.headers()) {
        const auto value =
            header.secret.isEmpty() ? std::string_view(header.value) : header.secret.reveal();
        request.setRawHeader(QByteArray::fromStdString(header.name),
                             QByteArray(value.data(), qsizetype(value.size())));
    }
    request.setRawHeader("Accept", "application/json, text/event-stream");
    // Set by hand, Qt unpacks nothing: no reply grows in our memory, none is held back by a packer.
    request.setRawHeader("Accept-Encoding", "identity");
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false); // streams come as they are
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute,
                         QNetworkRequest::AlwaysNetwork);
    request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute,
                         QNetworkRequest::ManualRedirectPolicy);
    return request;
}

HttpExchange* ServerHttp::get(const std::string& path)
{
    return start([this, path] { return m_manager.get(requestFor(path)); });
}

HttpExchange* ServerHttp::post(const std::string& path, const std::string& json)
{
    return start([this, path, body = QByteArray::fromStdString(json)] {
        QNetworkRequest request = requestFor(path);
        request.setHeader(QNetworkRequest::ContentTypeHeader,
                          QByteArrayLiteral("application/json"));
        return m_manager.post(request, body);
    });
}

HttpExchange* ServerHttp::remove(const std::string& path)
{
    return start([this, path] { return m_manager.deleteResource(requestFor(path)); });
}

HttpExchange* ServerHttp::start(const std::function<QNetworkReply*()>& begin)
{
    auto* const exchange = new HttpExchange(m_access, this);
    const auto follow = [this, exchange, begin] {
        if (!exchange->isOver())
            exchange->follow(begin(), m_proxy->type() != QNetworkProxy::NoProxy);
    };
    if (m_broken)
        exchange->failLater(*m_broken);
    else if (m_proxy)
        follow();
    else
        connect(this, &ServerHttp::prepared, exchange, follow);
    return exchange;
}

bool isOwnHeader(const QByteArray& name)
{
    return std::find(ours.begin(), ours.end(), name.trimmed().toLower()) != ours.end();
}

void collect(HttpExchange* exchange, qint64 limit, QObject* context,
             std::function<void(const Collected&)> callback)
{
    const auto reply = std::make_shared<remote::HttpReply>();
    const auto done = [exchange, callback = std::move(callback)](const Collected& collected) {
        exchange->abort();
        exchange->deleteLater();
        callback(collected);
    };
    QObject::connect(exchange, &HttpExchange::headArrived, context,
                     [reply](const remote::HttpReply& head) { *reply = head; });
    QObject::connect(
        exchange, &HttpExchange::bytesArrived, context,
        [reply, limit, done](const QByteArray& bytes) {
            if (qint64(reply->body.size()) + bytes.size() > limit)
                done(remote::Failure{FailureKind::Malformed, "the reply is longer than " +
                                                                 std::to_string(limit) + " bytes"});
            else
                reply->body.append(bytes.constData(), size_t(bytes.size()));
        });
    QObject::connect(exchange, &HttpExchange::finished, context,
                     [reply, done] { done(std::move(*reply)); });
    QObject::connect(exchange, &HttpExchange::failed, context,
                     [done](const remote::Failure& failure) { done(failure); });
}

} // namespace argali::gui
