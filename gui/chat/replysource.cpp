#include "gui/chat/replysource.h"

namespace argali::gui {

ReplySource::ReplySource(QObject* parent) : QObject(parent)
{
    qRegisterMetaType<Progress>();
    qRegisterMetaType<ChatResult>();
    qRegisterMetaType<RequestCost>();
    qRegisterMetaType<Failure>();
}

void ReplySource::resume(quint64 turn, const ChatRequest& request, const AnswerSoFar&)
{
    start(turn, request);
}

} // namespace argali::gui
