#pragma once

#include "gui/chat/conversation.h"

namespace argali::gui {

// What exported files say of turns and media, in the user's words; plain text.

/// "7 Jan 2026, 14:05"
QString dateWords(qint64 time);
/// Why and how an answer ended: model, statistics, device; empty parts are left out.
QString answerWords(const Turn& turn);
/// What stands in the place of an answer that failed or was cut; empty when it ended by itself.
QString endWords(const Turn& turn);
/// "Thinking · 12 tokens"
QString thinkingWords(const Answer& answer);
/// The times of a film's frames, "Frames at 00:00.0, 00:01.5"; empty when they are not known.
QString frameWords(const MediaFile& film);
/// The names of the models that answered in these turns, each once.
QStringList modelsOf(const std::vector<Turn>& turns);
/// That the file named here is not there any more.
QString missingWords(const QString& name);
/// That there are versions of questions or answers that this file does not have.
QString branchWords();

} // namespace argali::gui
