#pragma once

#include <memory>

#include <QList>
#include <QObject>
#include <QPointer>
#include <QProcess>
#include <QStringList>
#include <QTimer>

#include "gui/chat/engineworker.h"
#include "gui/remote/serverhttp.h"
#include "gui/serving/servedrequest.h"

namespace argali::gui {

/// How a model is served.
struct ServingOptions {
    QString address = QStringLiteral("127.0.0.1"); ///< to listen at
    int port = 8000;                               ///< 0: one that is free
    QString key{};                                 ///< empty: none is asked for

    bool isLocal() const; ///< Only programs of this computer reach it.
    bool operator==(const ServingOptions&) const = default;
};

/// The server of this window, argali-cli serve as a program of its own: it is started and stopped
/// here, and never outlives the window, since it ends with its standard input. Its key goes there,
/// too, so that no list of processes has it.
/// Thread: GUI; nothing waits, but for a moment in the destructor.
class ServerProcess final : public QObject {
    Q_OBJECT
public:
    enum class State {
        Off,
        Starting,
        Running,
        Finishing, ///< the answers that are under way
        Stopping,
        Failed
    };
    enum class Trouble {
        None,
        NoProgram,
        PortTaken,
        PortNotAllowed,
        NoAddress, ///< it is none of this computer
        NoMemory,
        BadModel,
        NoDevice,
        Died, ///< by itself, after it had started
        Other
    };

    /// program: path of argali-cli
    explicit ServerProcess(const QString& program, QObject* parent = nullptr);
    /// Stops what runs: by the end of its input, and after a moment hard.
    ~ServerProcess() override;

    /// Beside the window's own program.
    static QString usualProgram();

    /// Without an effect while it runs.
    void start(const LoadedModel& model, const ServingOptions& options);
    /// Finishes the answers that are under way; the second time it stops them.
    void stop();
    void stopRequest(const QString& id);

    State state() const { return m_state; }
    bool isOn() const { return m_state != State::Off && m_state != State::Failed; }
    Trouble trouble() const { return m_trouble; }      ///< why it is Failed
    QString details() const { return m_details; }      ///< ... in the server's words; may be empty
    double progress() const { return m_progress; }     ///< of Starting; negative: not known
    bool isSilent() const { return m_isSilent; }       ///< Running, and it does not answer us.
    const QString& served() const { return m_served; } ///< name of the model
    const ServingOptions& options() const { return m_options; } ///< as it was last started
    int port() const { return m_port; }                         ///< Where it listens; 0: not yet.
    const QList<ServedRequest>& requests() const { return m_requests; }
    const QStringList& log() const { return m_log; } ///< its last lines, cut
    qint64 processId() const { return m_process ? m_process->processId() : 0; }

    static constexpr int mostLines = 300;
    static constexpr qsizetype longestLine = 1000;

signals:
    void changed(); ///< state, progress, whether it is silent
    void requestsChanged();
    void logged();

private:
    static QStringList adapterWords(const LoadedModel& model);
    QStringList words(const LoadedModel& model) const;
    void readLog();
    void takeLine(const QString& line);
    void poll();
    void pollHealth();
    void pollRequests();
    void takeFailure(const QString& code);
    void end();
    void retire();
    QString lastWarning() const;
    void ended(int status, QProcess::ExitStatus how);
    void setState(State state);
    void fail(Trouble trouble, const QString& details);
    void setRequests(const QList<ServedRequest>& requests);
    Trouble troubleOf(const QString& line) const;

    const QString m_program;
    State m_state = State::Off;
    Trouble m_trouble = Trouble::None;
    QString m_details;
    QString m_served;
    ServingOptions m_options;
    int m_port = 0;
    double m_progress = -1;
    bool m_isSilent = false;
    QList<ServedRequest> m_requests;
    QStringList m_log;
    QByteArray m_unread; ///< of a line that has not ended
    std::unique_ptr<QProcess> m_process;
    std::unique_ptr<ServerHttp> m_http; ///< while it listens
    QPointer<HttpExchange> m_asked;
    QTimer m_clock;
    QTimer m_limit;          ///< of Stopping
    bool m_hasInput = false; ///< it may go on
};

} // namespace argali::gui
