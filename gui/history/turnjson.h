#pragma once

#include <QJsonObject>

#include "gui/chat/conversation.h"

namespace argali::gui {

// What the database and exported files say of turns and media beside their texts. Whatever is read
// is held to its range; what is missing keeps its default.

/// Kind, size, frames; neither path nor thumbnail.
QJsonObject mediaDetails(const MediaFile& file);
void readMediaDetails(MediaFile& file, const QJsonObject& details);

/// Options, numbers and failure; no texts.
/// withThinking: also what is known of the thinking
QJsonObject turnDetails(const Turn& turn, bool withThinking = true);
void readTurnDetails(Turn& turn, const QJsonObject& details);

} // namespace argali::gui
