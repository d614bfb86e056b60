#pragma once

#include "gui/chat/replysource.h"

namespace argali::gui {

/// One of two places that answer: questions go to the one that is chosen, and an answer under way
/// goes on where it was asked for.
/// Thread: GUI.
class SourceSwitch final : public ReplySource {
    Q_OBJECT
public:
    /// Both must outlive this.
    SourceSwitch(ReplySource& local, ReplySource& remote, QObject* parent = nullptr);

    void setRemote(bool isRemote) { m_chosen = isRemote ? &m_remote : &m_local; }
    ReplySource& local() const { return m_local; }
    bool isRemote() const { return m_chosen == &m_remote; }

    void start(quint64 turn, const ChatRequest& request) override;
    void cancel() override;
    bool canAnswerNow() const override { return m_answering->canAnswerNow(); }
    void answerNow() override { m_answering->answerNow(); }
    bool canResume() const override { return m_chosen->canResume(); }
    void resume(quint64 turn, const ChatRequest& request, const AnswerSoFar& soFar) override;
    void estimate(quint64 question, const ChatRequest& request) override;

private:
    void forward(ReplySource& source);
    void choose();

    ReplySource& m_local;
    ReplySource& m_remote;
    ReplySource* m_chosen;
    ReplySource* m_answering; ///< who was asked last
};

} // namespace argali::gui
