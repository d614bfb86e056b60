#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <vector>

#include <QThread>

#include "engine/remote/router.h"
#include "gui/chat/replysource.h"
#include "gui/remote/remoteanswer.h"

namespace argali::gui {

/// Answers from a server, or from one of a group: a question that fails before anything of its
/// answer has come goes on to the next member.
/// Thread: GUI.
class RemoteReplySource final : public ReplySource {
    Q_OBJECT
public:
    explicit RemoteReplySource(QObject* parent = nullptr);
    ~RemoteReplySource() override;

    /// Where the next questions go, the first choice first. An answer under way goes on.
    /// What is known of the members' failures stays as long as they are the same.
    void setTargets(std::vector<RemoteTarget> targets,
                    remote::Router::Policy policy = remote::Router::Policy::Ordered);
    /// What the checks of a server say; unhealthy members of a group are passed over.
    void setHealthy(const QString& profile, bool isHealthy);

    void start(quint64 turn, const ChatRequest& request) override;
    void cancel() override;
    bool canAnswerNow() const override;
    void answerNow() override;
    /// sizeReady() follows instead of costReady(): tokens are the server's affair.
    void estimate(quint64 question, const ChatRequest& request) override;
    bool canResume() const override;
    void resume(quint64 turn, const ChatRequest& request, const AnswerSoFar& soFar) override;

signals:
    /// This server refuses that part of a request, also from now on.
    void partRefused(const QString& profile, argali::remote::RequestPart part);
    void answering(const QString& profile, bool isAnswering); ///< nothing else is to be asked of it

private:
    struct Question;

    void begin(quint64 turn, const ChatRequest& request,
               std::optional<remote::Continuation> continuation);
    void prepare();
    void ask(const SharedMessages& messages);
    void connectAnswer();
    void takeOver();
    void takeFailure(const remote::Failure& failure);
    void goOnAtNext(const QString& before);
    void sendSmaller();
    void tellRemarks();
    void dropAnswer();
    void finish(const Failure& failure);
    void drop();
    const RemoteTarget& target() const;
    void tellSize(const std::vector<remote::RemoteMessage>& messages);

    QThread m_thread;
    RemotePreparer* const m_preparer; // lives in m_thread, which deletes it at its end
    std::vector<RemoteTarget> m_targets;
    remote::Router::Policy m_policy = remote::Router::Policy::Ordered;
    std::shared_ptr<remote::Router> m_router;
    std::unique_ptr<Question> m_question; ///< under way
    quint64 m_estimate = 0;               ///< question whose size is asked for
    quint64 m_estimateNumber = 0;
    std::stop_source m_estimateStop;
};

} // namespace argali::gui
