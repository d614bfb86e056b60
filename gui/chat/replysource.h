#pragma once

#include <QMetaType>
#include <QObject>

#include "engine/engine.h"
#include "gui/failure.h"

namespace argali::gui {

/// Where answers come from. Every start() ends in one finished() or failed() with its turn.
/// Thread: GUI.
class ReplySource : public QObject {
    Q_OBJECT
public:
    explicit ReplySource(QObject* parent = nullptr);

    virtual void start(quint64 turn, const ChatRequest& request) = 0;
    virtual void cancel() = 0; ///< Returns at once; finished(turn, Cancelled) follows.
    /// Whether answerNow() does something.
    virtual bool canAnswerNow() const { return false; }
    /// Ends the thinking of the answer under way, which goes on with its answer.
    virtual void answerNow() {}
    /// Asks what a request would cost; costReady() or costFailed() follows unless a later question
    /// comes first.
    virtual void estimate(quint64 question, const ChatRequest& request) = 0;

signals:
    /// tokens: sampled in this answer so far.
    void thinkingReady(quint64 turn, const QString& text, qint64 tokens);
    void textReady(quint64 turn, const QString& text, qint64 tokens);
    /// All text so far was thinking, which comes again as such.
    void textTakenBack(quint64 turn);
    void progressed(quint64 turn, const argali::Progress& progress);
    void finished(quint64 turn, const argali::ChatResult& result);
    void failed(quint64 turn, const argali::gui::Failure& failure);
    void costReady(quint64 question, const argali::RequestCost& cost);
    void costFailed(quint64 question, const argali::gui::Failure& failure);
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::Progress)
Q_DECLARE_METATYPE(argali::ChatResult)
Q_DECLARE_METATYPE(argali::RequestCost)
