#pragma once

#include <optional>
#include <set>

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>

#include "engine/remote/answerstream.h"
#include "engine/remote/thinkingbudget.h"
#include "gui/remote/remotepreparer.h"
#include "gui/remote/remotetarget.h"
#include "gui/remote/serverhttp.h"

namespace argali::gui {

/// One answer by one server, from the request to its last word: repeats a request without a part
/// that the server refuses, holds the thinking to its budget, counts and measures what the server
/// does not. Until over() or failed() comes it is under way; after abort() neither comes.
/// Thread: GUI.
class RemoteAnswer final : public QObject {
    Q_OBJECT
public:
    /// Something about an answer that is said under it.
    enum class Remark {
        BudgetNotHeld,       ///< it thought for longer than it was asked to
        MediaOptionsRefused, ///< the server decides on the size of pictures
        ThinkingNotSwitched, ///< the server does not take the switch for thinking
        FilmAsFrames,        ///< the server takes no film as a file: its frames were sent
        PartsLeftOut,        ///< the answer had parts that are no text
        Filtered,            ///< the server ended it for what it is about
        EndedByServer,       ///< ... for another reason
        NoEnd,               ///< the server did not say why it ended
    };

    /// http and preparer must outlive this. messages: with their bytes
    RemoteAnswer(ServerHttp& http, RemotePreparer& preparer, const RemoteTarget& target,
                 SharedMessages messages, remote::RemoteOptions options, QObject* parent);

    const RemoteTarget& target() const { return m_target; }
    void start();
    void abort();
    /// Ends the thinking, and goes on with the answer where the server can.
    void endThinking();
    bool canEndThinking() const;
    /// Whether anything of the answer has come.
    bool hasArrived() const { return m_hasArrived; }
    /// What has come so far, with numbers; the finish reason is right once over() came.
    ChatResult result() const;
    const std::set<Remark>& remarks() const { return m_remarks; }

signals:
    void uploaded(qint64 bytes, qint64 total);
    void progressed(const argali::Progress& progress); ///< of the prompt, on the server
    void thinkingReady(const QString& text, qint64 tokens);
    void textReady(const QString& text, qint64 tokens);
    void textTakenBack();
    /// To be remembered: this server refuses that.
    void partRefused(argali::remote::RequestPart part);
    void over();
    void failed(const argali::remote::Failure& failure);
    void impossible(const argali::gui::Failure& failure); ///< no request can be made of it

private:
    void write();
    void post(const remote::RequestBody& body);
    void takeHead(const remote::HttpReply& head);
    void takeBytes(const QByteArray& bytes);
    void takeEnd();
    void takeFailure(const remote::Failure& failure);
    void take(const remote::AnswerDelta& delta);
    void takeText(const std::string& text);
    void takeThinking(const remote::ThinkingDelta& thinking);
    void takeFinish(const remote::FinishDelta& finish);
    void act(remote::ThinkingBudget::Action action);
    void goOnWithoutThinking();
    void askToEndThinking();
    void noteArrival();
    void end();
    void fail(const remote::Failure& failure);
    bool canContinue() const;
    std::string closedThinking(const std::string& thinking) const;
    qint64 answerTokens() const;

    ServerHttp& m_http;
    RemotePreparer& m_preparer;
    const RemoteTarget m_target;
    const SharedMessages m_messages;
    remote::RemoteOptions m_options;
    remote::RequestParts m_refused;
    std::optional<remote::ThinkingBudget> m_budget;
    QPointer<HttpExchange> m_exchange;
    std::optional<remote::AnswerStream> m_stream;
    remote::HttpReply m_reply; ///< head; body of one that is no answer
    remote::RequestParts m_sent;
    quint64 m_number = 0; ///< of the body that is being written
    bool m_isOver = false;
    bool m_hasArrived = false;
    bool m_hasFinish = false;
    bool m_isClosed = false; ///< the thinking was ended by us
    bool m_answeredNow = false;
    std::string m_thinking;
    std::string m_text;
    remote::UsageDelta m_usage;
    remote::TimingsDelta m_timings;
    qint64 m_pieces = 0; ///< of text
    qint64 m_thinkingPieces = 0;
    FinishReason m_reason = FinishReason::Cancelled;
    std::set<Remark> m_remarks;
    QElapsedTimer m_watch; ///< since start()
    qint64 m_firstMs = -1; ///< when the first piece came
    qint64 m_lastMs = 0;
};

} // namespace argali::gui
