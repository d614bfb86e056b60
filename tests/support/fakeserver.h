#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QMap>
#include <QPointer>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>
#include <QTcpServer>
#include <QTimer>

/// A server on this machine that answers as a test says, byte by byte, and keeps what it was asked.
class FakeServer final : public QTcpServer {
public:
    struct Piece {
        QByteArray bytes;
        int delay = 0; ///< ms before it is sent
    };
    /// What comes for one request. Without a length or "chunked" among the headers the connection
    /// ends the body.
    struct Answer {
        int status = 200;
        QByteArray headers{}; ///< each with its CRLF
        QList<Piece> body{};
        bool cuts = false;   ///< the connection is reset after the last piece
        bool silent = false; ///< nothing is said at all, and the connection stays open
        QByteArray raw{};    ///< instead of all that
    };
    struct Request {
        QByteArray method;
        QByteArray target;
        QMap<QByteArray, QByteArray> headers; ///< names in lower case
        QByteArray body;
        QByteArray head; ///< as it came
    };

    FakeServer()
    {
        if (!listen(QHostAddress::LocalHost))
            qFatal("nothing can listen on this machine");
    }
    /// TLS from the first byte.
    FakeServer(const QSslCertificate& certificate, const QSslKey& key) : FakeServer()
    {
        m_certificate = certificate;
        m_key = key;
    }
    QByteArray url() const
    {
        return (m_key.isNull() ? "http://127.0.0.1:" : "https://127.0.0.1:") +
               QByteArray::number(serverPort());
    }

    static Answer json(const QByteArray& body, int status = 200)
    {
        return {status,
                "Content-Type: application/json\r\nContent-Length: " +
                    QByteArray::number(body.size()) + "\r\n",
                {{body}}};
    }
    static Answer events(const QList<Piece>& pieces)
    {
        return {200, "Content-Type: text/event-stream\r\n", pieces};
    }

    /// The next answers at that path ("*": any that has none of its own); the last one stays.
    void answers(const QByteArray& path, const QList<Answer>& answers) { m_script[path] = answers; }
    void answer(const QByteArray& path, const Answer& answer) { m_script[path] = {answer}; }
    /// Takes precedence over what was scripted.
    std::function<std::optional<Answer>(const Request&)> handler;

    const QList<Request>& requests() const { return m_requests; }
    int count(const QByteArray& path) const
    {
        return int(std::count_if(m_requests.begin(), m_requests.end(),
                                 [&](const Request& each) { return each.target == path; }));
    }
    int openConnections() const { return int(m_received.size()); }
    int mostAtOnce() const { return m_mostAtOnce; } ///< requests that were not answered whole
    int tlsFailures() const { return m_tlsFailures; }

    /// Listens no more, and every connection is cut; resume() takes the same port.
    void stop()
    {
        m_port = serverPort();
        close();
        for (QTcpSocket* socket : m_received.keys())
            socket->abort();
    }
    bool resume() { return listen(QHostAddress::LocalHost, m_port); }

protected:
    void incomingConnection(qintptr descriptor) override
    {
        auto* const socket = new QSslSocket(this);
        socket->setSocketDescriptor(descriptor);
        m_received.insert(socket, {});
        connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(socket); });
        connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
            m_received.remove(socket);
            socket->deleteLater();
        });
        if (m_key.isNull())
            return;
        connect(socket, &QSslSocket::errorOccurred, this, [this, socket] {
            if (!socket->isEncrypted())
                ++m_tlsFailures;
        });
        socket->setLocalCertificate(m_certificate);
        socket->setPrivateKey(m_key);
        socket->startServerEncryption();
    }

private:
    void read(QSslSocket* socket)
    {
        QByteArray& received = m_received[socket];
        received += socket->readAll();
        const qsizetype end = received.indexOf("\r\n\r\n");
        if (end < 0)
            return;
        Request request;
        request.head = received.left(end + 2);
        const QList<QByteArray> lines = received.left(end).split('\n');
        const QList<QByteArray> first = lines.first().trimmed().split(' ');
        request.method = first.value(0);
        request.target = first.value(1);
        for (const QByteArray& line : lines.mid(1)) {
            const qsizetype colon = line.indexOf(':');
            request.headers[line.left(colon).trimmed().toLower()] = line.mid(colon + 1).trimmed();
        }
        const qsizetype length = request.headers.value("content-length", "0").toLongLong();
        if (received.size() < end + 4 + length)
            return;
        request.body = received.mid(end + 4, length);
        received.remove(0, end + 4 + length);
        m_requests.append(request);
        m_mostAtOnce = std::max(m_mostAtOnce, ++m_running);
        say(socket, answerTo(request));
    }
    Answer answerTo(const Request& request)
    {
        if (handler)
            if (const auto made = handler(request))
                return *made;
        const QByteArray path = request.target;
        QList<Answer>& answers = m_script[m_script.contains(path) ? path : QByteArray("*")];
        if (answers.isEmpty())
            return json(R"({"error":{"message":"no such path"}})", 404);
        return answers.size() > 1 ? answers.takeFirst() : answers.first();
    }
    void say(QSslSocket* socket, const Answer& answer)
    {
        if (answer.silent)
            return;
        QList<Piece> pieces = answer.body;
        const QByteArray head =
            "HTTP/1.1 " + QByteArray::number(answer.status) + " Said\r\n" + answer.headers + "\r\n";
        pieces.prepend({answer.raw.isEmpty() ? head : answer.raw});
        const bool isWhole = answer.raw.isEmpty() && (answer.headers.contains("Content-Length") ||
                                                      answer.headers.contains("chunked"));
        go(socket, std::make_shared<QList<Piece>>(pieces), answer.cuts, isWhole);
    }
    void go(QPointer<QSslSocket> socket, const std::shared_ptr<QList<Piece>>& pieces, bool cuts,
            bool isWhole)
    {
        while (socket && !pieces->isEmpty()) {
            if (const int delay = std::exchange(pieces->first().delay, 0); delay > 0) {
                QTimer::singleShot(delay, this, [=, this] { go(socket, pieces, cuts, isWhole); });
                return;
            }
            socket->write(pieces->takeFirst().bytes);
            socket->flush();
        }
        --m_running;
        if (!socket)
            return;
        if (cuts) // after what has been written
            QTimer::singleShot(50, socket, [socket] { socket->abort(); });
        else if (!isWhole)
            socket->disconnectFromHost();
    }

    QSslCertificate m_certificate;
    QSslKey m_key;
    quint16 m_port = 0;
    QHash<QSslSocket*, QByteArray> m_received; ///< and not read yet
    QMap<QByteArray, QList<Answer>> m_script;
    QList<Request> m_requests;
    int m_running = 0;
    int m_mostAtOnce = 0;
    int m_tlsFailures = 0;
};
