#include "gui/singleinstance.h"

#include <algorithm>
#include <utility>

#include <QCryptographicHash>
#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocalSocket>
#include <QLoggingCategory>
#include <QThread>
#include <QTimer>
#include <QtEndian>

#include <sys/socket.h>
#include <unistd.h>

namespace argali::gui {
namespace {

Q_LOGGING_CATEGORY(instanceLog, "argali.instance")

constexpr qsizetype headSize = sizeof(quint32); // the length of what follows, big-endian
constexpr qsizetype longestPath = 4096;
constexpr qsizetype longestActivation = 256;
constexpr auto pause = std::chrono::milliseconds(50); // between two tries
constexpr const char* taken = "taken\n";

/// The folder by any of its names; a link to it leads to the same history.
QString placeOf(const QString& runtimeFolder, const QString& dataFolder)
{
    constexpr qsizetype longestPlace = 70; // an address holds 107 bytes, and Qt adds some
    if (runtimeFolder.isEmpty() || QFile::encodeName(runtimeFolder).size() > longestPlace)
        return {};
    const QString canonical = QDir(dataFolder).canonicalPath();
    const QByteArray name =
        (canonical.isEmpty() ? QDir::cleanPath(dataFolder) : canonical).toUtf8();
    const QByteArray hash = QCryptographicHash::hash(name, QCryptographicHash::Sha256).toHex();
    return QDir(runtimeFolder)
        .filePath(QStringLiteral("argali-") + QString::fromLatin1(hash.left(16)));
}

bool isPath(const QString& text)
{
    return text.startsWith(QLatin1Char('/')) && text.size() <= longestPath &&
           !text.contains(QChar::Null);
}

/// The other end is this user, too, and not one who got hold of the name.
bool isOwn(const QLocalSocket& socket)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    return getsockopt(int(socket.socketDescriptor()), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == geteuid();
}

} // namespace

QByteArray StartRequest::toMessage() const
{
    QJsonArray paths;
    for (const QString& file : files.first(std::min(files.size(), mostFiles)))
        paths.append(file);
    const QByteArray body = QJsonDocument(QJsonObject{{QLatin1String("files"), paths},
                                                      {QLatin1String("model"), modelFolder},
                                                      {QLatin1String("activation"), activation}})
                                .toJson(QJsonDocument::Compact);
    QByteArray message(headSize, Qt::Uninitialized);
    qToBigEndian(quint32(body.size()), message.data());
    return message + body;
}

std::optional<StartRequest> StartRequest::fromMessage(const QByteArray& message)
{
    if (message.size() <= headSize)
        return std::nullopt;
    const QJsonDocument document = QJsonDocument::fromJson(message.mid(headSize));
    if (!document.isObject())
        return std::nullopt;
    const QJsonObject content = document.object();
    StartRequest request;
    for (const auto& each : content.value(QLatin1String("files")).toArray()) {
        if (isPath(each.toString()) && request.files.size() < mostFiles)
            request.files.append(each.toString());
    }
    const QString model = content.value(QLatin1String("model")).toString();
    if (isPath(model))
        request.modelFolder = model;
    const QString activation = content.value(QLatin1String("activation")).toString();
    const bool isPlain = std::all_of(activation.begin(), activation.end(), [](QChar c) {
        return c > QLatin1Char(' ') && c < QLatin1Char('\x7f');
    });
    if (isPlain && activation.size() <= longestActivation)
        request.activation = activation;
    return request;
}

QString StartRequest::activationOfEnvironment()
{
    const QByteArray token = qgetenv("XDG_ACTIVATION_TOKEN");
    return QString::fromLocal8Bit(token.isEmpty() ? qgetenv("DESKTOP_STARTUP_ID") : token);
}

SingleInstance::SingleInstance(const QString& runtimeFolder, const QString& dataFolder,
                               QObject* parent)
    : QObject(parent), m_path(placeOf(runtimeFolder, dataFolder))
{
}

SingleInstance::~SingleInstance()
{
    release();
}

SingleInstance::Role SingleInstance::claim(const StartRequest& request)
{
    if (m_path.isEmpty()) {
        qCWarning(
            instanceLog,
            "there is no runtime folder with a short name; another start will not find this one");
        return Role::First;
    }
    m_lock = std::make_unique<QLockFile>(m_path + QStringLiteral(".lock"));
    m_lock->setStaleLockTime(0); // only that of a process that is gone
    const QByteArray message = request.toMessage();
    QDeadlineTimer start(startTime);
    do {
        if (m_lock->tryLock(0))
            return Role::First;
        if (m_lock->error() != QLockFile::LockFailedError) {
            qCWarning(instanceLog, "the lock cannot be made (error %d)", int(m_lock->error()));
            return Role::First;
        }
        const Answer answer = handOver(message);
        if (answer == Answer::Taken)
            return Role::HandedOver;
        if (answer == Answer::Silent)
            break;
        QThread::msleep(pause.count()); // it is starting, or just going
    } while (!start.hasExpired());
    m_lock.reset();
    return Role::Alone;
}

SingleInstance::Answer SingleInstance::handOver(const QByteArray& message) const
{
    QLocalSocket socket;
    socket.connectToServer(socketPath());
    if (!socket.waitForConnected(int(answerTime.count())) || !isOwn(socket))
        return Answer::Nobody;
    QDeadlineTimer limit(answerTime);
    socket.write(message);
    while (socket.bytesToWrite() > 0) {
        if (!socket.waitForBytesWritten(int(limit.remainingTime())))
            return Answer::Silent;
    }
    while (socket.bytesAvailable() < qsizetype(qstrlen(taken))) {
        if (!socket.waitForReadyRead(int(limit.remainingTime())))
            return Answer::Silent;
    }
    return socket.readAll() == taken ? Answer::Taken : Answer::Silent;
}

bool SingleInstance::listen()
{
    if (!m_lock || !m_lock->isLocked())
        return false;
    QLocalServer::removeServer(socketPath()); // who held the lock before is gone
    m_server = std::make_unique<QLocalServer>();
    m_server->setSocketOptions(QLocalServer::UserAccessOption);
    connect(m_server.get(), &QLocalServer::newConnection, this, &SingleInstance::accept);
    if (m_server->listen(socketPath()))
        return true;
    qCWarning(instanceLog, "another start will not find this one: %s",
              qPrintable(m_server->errorString()));
    release(); // else others would wait for it
    return false;
}

void SingleInstance::release()
{
    const QList<QLocalSocket*> open = m_received.keys();
    m_received.clear();
    for (QLocalSocket* socket : open)
        socket->abort();
    m_server.reset();
    m_lock.reset();
}

void SingleInstance::accept()
{
    while (QLocalSocket* socket = m_server ? m_server->nextPendingConnection() : nullptr) {
        if (m_received.size() >= mostConnections || !isOwn(*socket)) {
            socket->abort();
            socket->deleteLater();
            continue;
        }
        m_received.insert(socket, {});
        socket->setReadBufferSize(64 * 1024);
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] { read(socket); });
        connect(socket, &QLocalSocket::disconnected, this, [this, socket] {
            m_received.remove(socket);
            socket->deleteLater();
        });
        QTimer::singleShot(messageTime, socket, [socket] { socket->abort(); });
        read(socket); // what came with it
    }
}

void SingleInstance::read(QLocalSocket* socket)
{
    const auto entry = m_received.find(socket);
    if (entry == m_received.end())
        return; // taken already; more is not listened to
    QByteArray& received = *entry;
    while (socket->bytesAvailable() > 0 && received.size() <= headSize + longestMessage)
        received += socket->read(headSize + longestMessage + 1 - received.size());
    if (received.size() < headSize)
        return;
    const qsizetype wanted = qFromBigEndian<quint32>(received.constData());
    if (wanted <= longestMessage && received.size() < headSize + wanted)
        return;
    const QByteArray message = std::exchange(received, {});
    m_received.erase(entry);
    const std::optional<StartRequest> request =
        wanted <= longestMessage && message.size() == headSize + wanted
            ? StartRequest::fromMessage(message)
            : std::nullopt;
    if (!request) {
        qCWarning(instanceLog, "what came to the socket is no request");
        socket->abort();
        return;
    }
    emit requested(*request);
    socket->write(taken);
    socket->disconnectFromServer(); // once it is written
}

} // namespace argali::gui
