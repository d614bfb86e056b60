#pragma once

#include <QMetaType>
#include <QObject>

#include "engine/engine.h"
#include "gui/chat/answersource.h"
#include "gui/failure.h"

namespace argali::gui {

/// An answer that was broken off.
struct AnswerSoFar {
    QString thinking;
    bool thinkingIsOver = false;
    QString text;
};

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
    /// Whether resume() can go on from the text of an answer that was broken off.
    virtual bool canResume() const { return false; }
    /// As start(), from there; only what is new is signalled, and the result holds all of it.
    virtual void resume(quint64 turn, const ChatRequest& request, const AnswerSoFar& soFar);
    /// Asks what a request would cost; costReady(), sizeReady() or costFailed() follows unless a
    /// later question comes first.
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
    /// What would be sent to a server, in place of costReady().
    void sizeReady(quint64 question, int pictures, qint64 bytes);
    /// The question is on its way to a server; bytes == total: it waits for the answer.
    void uploaded(quint64 turn, qint64 bytes, qint64 total);
    /// Something to be said under the answer, in the user's language.
    void remarked(quint64 turn, const QString& sentence);
    /// Which server of several was asked, first and when another one takes the question over.
    void sourceChanged(quint64 turn, const QString& model, const QString& device,
                       const argali::gui::AnswerSource& source);
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::Progress)
Q_DECLARE_METATYPE(argali::ChatResult)
Q_DECLARE_METATYPE(argali::RequestCost)
