#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <QHash>
#include <QLocalServer>
#include <QLockFile>
#include <QObject>
#include <QString>
#include <QStringList>

namespace argali::gui {

/// What a start asks for, on its way to the program that runs already.
struct StartRequest {
    QString modelFolder; ///< absolute; empty: none
    QStringList files;   ///< absolute, at most mostFiles
    QString activation;  ///< the desktop's leave to come to the front; empty: none

    static constexpr qsizetype mostFiles = 100; ///< more than a message takes, so that it is said

    QByteArray toMessage() const;
    /// Nothing when the bytes are no message. What is not an absolute path is left out.
    static std::optional<StartRequest> fromMessage(const QByteArray& message);
    /// What the desktop gave to this start. Read before the toolkit takes it.
    static QString activationOfEnvironment();
};

/// One program for one user and data folder. The first that starts holds a lock and listens at a
/// socket that only this user can reach; a later one hands over what it was asked for. Where the
/// first is stopped or hangs, the later one opens a window of its own: two windows on one history
/// are no harm, and a click without any window is.
/// Thread: GUI.
class SingleInstance final : public QObject {
    Q_OBJECT
public:
    enum class Role {
        First,      ///< nobody else runs
        HandedOver, ///< the one that runs has taken the request
        Alone,      ///< one runs and does not answer
    };

    /// runtimeFolder: where the socket lies; this user's alone. dataFolder: what is shared
    explicit SingleInstance(const QString& runtimeFolder, const QString& dataFolder,
                            QObject* parent = nullptr);
    ~SingleInstance() override;

    /// Settles who this is. Waits for another one's answer, so only before there is a window.
    Role claim(const StartRequest& request);
    /// Takes requests of others from now on; for the first one.
    bool listen();
    /// The next to start is the first.
    void release();
    QString socketPath() const { return m_path + QStringLiteral(".sock"); }

    static constexpr qsizetype longestMessage = 4 * 1024 * 1024; ///< bytes
    static constexpr int mostConnections = 8;
    /// For the answer of one that listens, and for one that is just starting to do so.
    static constexpr std::chrono::milliseconds answerTime{2000};
    static constexpr std::chrono::milliseconds startTime{10'000};
    static constexpr std::chrono::milliseconds messageTime{5000}; ///< for a message to arrive

signals:
    void requested(const argali::gui::StartRequest& request);

private:
    enum class Answer { Taken, Nobody, Silent };
    Answer handOver(const QByteArray& message) const;
    void accept();
    void read(QLocalSocket* socket);

    const QString m_path; ///< without an ending; empty: there is no place for it
    std::unique_ptr<QLockFile> m_lock;
    std::unique_ptr<QLocalServer> m_server;
    QHash<QLocalSocket*, QByteArray> m_received;
};

} // namespace argali::gui
