#pragma once

#include <string>

#include "engine/engine.h"

namespace argali::cli {

inline ContentItem textItem(std::string text)
{
    ContentItem item;
    item.text = std::move(text);
    return item;
}

inline Message textMessage(Message::Role role, std::string text)
{
    Message message;
    message.role = role;
    message.content.push_back(textItem(std::move(text)));
    return message;
}

} // namespace argali::cli
