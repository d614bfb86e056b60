#include "gui/remote/sourceswitch.h"

namespace argali::gui {

SourceSwitch::SourceSwitch(ReplySource& local, ReplySource& remote, QObject* parent)
    : ReplySource(parent), m_local(local), m_remote(remote), m_chosen(&local), m_answering(&local)
{
    forward(local);
    forward(remote);
}

void SourceSwitch::forward(ReplySource& source)
{
    connect(&source, &ReplySource::thinkingReady, this, &ReplySource::thinkingReady);
    connect(&source, &ReplySource::textReady, this, &ReplySource::textReady);
    connect(&source, &ReplySource::textTakenBack, this, &ReplySource::textTakenBack);
    connect(&source, &ReplySource::progressed, this, &ReplySource::progressed);
    connect(&source, &ReplySource::finished, this, &ReplySource::finished);
    connect(&source, &ReplySource::failed, this, &ReplySource::failed);
    connect(&source, &ReplySource::costReady, this, &ReplySource::costReady);
    connect(&source, &ReplySource::costFailed, this, &ReplySource::costFailed);
    connect(&source, &ReplySource::sizeReady, this, &ReplySource::sizeReady);
    connect(&source, &ReplySource::uploaded, this, &ReplySource::uploaded);
    connect(&source, &ReplySource::remarked, this, &ReplySource::remarked);
    connect(&source, &ReplySource::sourceChanged, this, &ReplySource::sourceChanged);
}

/// A new question ends the one before, also where that was asked elsewhere.
void SourceSwitch::choose()
{
    if (m_answering != m_chosen)
        m_answering->cancel();
    m_answering = m_chosen;
}

void SourceSwitch::start(quint64 turn, const ChatRequest& request)
{
    choose();
    m_chosen->start(turn, request);
}

void SourceSwitch::resume(quint64 turn, const ChatRequest& request, const AnswerSoFar& soFar)
{
    choose();
    m_chosen->resume(turn, request, soFar);
}

void SourceSwitch::cancel()
{
    m_answering->cancel();
}

void SourceSwitch::estimate(quint64 question, const ChatRequest& request)
{
    m_chosen->estimate(question, request);
}

} // namespace argali::gui
