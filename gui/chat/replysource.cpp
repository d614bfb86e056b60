#include "gui/chat/replysource.h"

namespace argali::gui {

ReplySource::ReplySource(QObject* parent) : QObject(parent)
{
    qRegisterMetaType<Progress>();
    qRegisterMetaType<ChatResult>();
    qRegisterMetaType<RequestCost>();
    qRegisterMetaType<Failure>();
}

} // namespace argali::gui
