#pragma once

#include <QByteArray>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMap>
#include <QTcpSocket>

/// One connection to a server on this machine, byte by byte as a test wants it.
class HttpClient final {
public:
    struct Answer {
        int status = 0;                       ///< 0: the connection ended without one
        QMap<QByteArray, QByteArray> headers; ///< names in lower case
        QByteArray body;

        QJsonObject json() const { return QJsonDocument::fromJson(body).object(); }
        QString errorCode() const
        {
            return json()
                .value(QLatin1String("error"))
                .toObject()
                .value(QLatin1String("code"))
                .toString();
        }
    };

    explicit HttpClient(int port) : m_port(port)
    {
        m_socket.connectToHost(QStringLiteral("127.0.0.1"), quint16(port));
        m_socket.waitForConnected(patience);
    }
    QTcpSocket& socket() { return m_socket; }
    void send(const QByteArray& bytes)
    {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(patience)) {
        }
    }
    static QByteArray request(const QByteArray& method, const QByteArray& path,
                              const QByteArray& body = {}, const QByteArray& headers = {})
    {
        return method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers +
               (body.isEmpty() && method == "GET"
                    ? QByteArray()
                    : "Content-Type: application/json\r\nContent-Length: " +
                          QByteArray::number(body.size()) + "\r\n") +
               "\r\n" + body;
    }
    Answer get(const QByteArray& path, const QByteArray& headers = {})
    {
        send(request("GET", path, {}, headers));
        return read();
    }
    Answer post(const QByteArray& path, const QByteArray& body, const QByteArray& headers = {})
    {
        send(request("POST", path, body, headers));
        return read();
    }
    Answer post(const QByteArray& path, const QJsonObject& body)
    {
        return post(path, QJsonDocument(body).toJson(QJsonDocument::Compact));
    }
    /// The next answer, its chunks put together.
    Answer read(bool withoutBody = false)
    {
        Answer answer;
        const QByteArray status = line();
        if (!status.startsWith("HTTP/1."))
            return answer;
        answer.status = status.mid(9, 3).toInt();
        for (QByteArray field = line(); !field.isEmpty(); field = line()) {
            const qsizetype colon = field.indexOf(':');
            answer.headers[field.left(colon).toLower()] = field.mid(colon + 1).trimmed();
        }
        if (answer.status == 100)
            return read(withoutBody);
        if (withoutBody)
            return answer;
        if (answer.headers.value("transfer-encoding") == "chunked") {
            for (;;) {
                const qsizetype size = line().toLongLong(nullptr, 16);
                answer.body += bytes(size);
                line();
                if (size <= 0)
                    break;
            }
        } else if (answer.headers.contains("content-length")) {
            answer.body = bytes(answer.headers.value("content-length").toLongLong());
        } else {
            while (more()) {
            }
            answer.body = std::exchange(m_read, {});
        }
        return answer;
    }
    /// Waits for more; false when the other side has closed or nothing comes.
    bool more(int milliseconds = patience)
    {
        if (m_socket.bytesAvailable() == 0)
            m_socket.waitForReadyRead(milliseconds);
        const QByteArray got = m_socket.readAll();
        m_read += got;
        return !got.isEmpty();
    }
    const QByteArray& unread() const { return m_read; }
    bool isClosed(int milliseconds = patience)
    {
        return m_socket.state() == QAbstractSocket::UnconnectedState ||
               m_socket.waitForDisconnected(milliseconds) ||
               m_socket.state() == QAbstractSocket::UnconnectedState;
    }
    static constexpr int patience = 60'000; ///< ms

private:
    QByteArray line()
    {
        qsizetype end = -1;
        while ((end = m_read.indexOf("\r\n")) < 0)
            if (!more())
                return {};
        const QByteArray result = m_read.left(end);
        m_read.remove(0, end + 2);
        return result;
    }
    QByteArray bytes(qsizetype count)
    {
        while (m_read.size() < count)
            if (!more())
                break;
        const QByteArray result = m_read.left(count);
        m_read.remove(0, count);
        return result;
    }

    const int m_port;
    QTcpSocket m_socket;
    QByteArray m_read;
};
