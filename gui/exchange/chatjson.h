#pragma once

#include <stop_token>

#include <QByteArray>

#include "gui/exchange/exchangedchat.h"

namespace argali::gui {

class MediaFolder;

// One chat as a file of JSON, with its pictures and films in a folder beside it. Version 1:
//
//   format    "argali-chat"
//   version   1; a reader refuses larger ones, and leaves out keys that it does not know
//   title     given by the user; "" where the first question is the title
//   folder    name of the folder of chats it is in; "" for none
//   pinned    true or false
//   created, changed   ms since 1970, UTC
//   turns     a list, at least one, parents before their children:
//     id        a number from 1 on, of this file only
//     parent    the id of the turn it goes on from; 0: it is a first one
//     shown     true for the one among those with the same parent that is shown
//     created   ms since 1970, UTC
//     state     "finished", "failed" or "interrupted"
//     model     name of the model that answered
//     question, answer   texts; the answer is Markdown
//     thinking  text; only where thinking was exported
//     details   options and numbers, as turnDetails() writes them
//     media     a list:
//       name      of the original, without folder
//       file      "FOLDER/NAME" from the folder of this file on; "" when it was not there any more
//       sha256    of its content, in hexadecimal; "" without a file
//       details   kind, size, frames, as mediaDetails() writes them
//       thumbnail a JPEG of at most 384 x 288 in base64; may be left out

namespace chatjson {
inline constexpr int version = 1;
inline constexpr qint64 largestFile = 64 << 20;
inline constexpr int mostTurns = 20'000;
inline constexpr int mostMedia = 5'000;     ///< of a chat
inline constexpr int longestText = 8 << 20; ///< characters
} // namespace chatjson

/// Throws: ExportError, when media cannot be written or the chat is larger than can be read again
/// Thread: any one.
QByteArray toJson(const ExchangedChat& chat, const ExportOptions& options, MediaFolder& media,
                  const QString& mediaName, const std::stop_token& stop);

/// A picture or film of a chat that was read, before anybody has looked for its file.
struct NamedMedia {
    size_t turn = 0; ///< place among the turns
    qsizetype index = 0;
    QString folder; ///< both are plain names; empty where there is no file
    QString file;
    QString sha256;
};

/// A chat from a file. Turns are numbered from 1 on; the path of a medium is its name alone.
struct ReadChat {
    ExchangedChat chat;
    std::vector<NamedMedia> media;
    int repaired = 0; ///< places that did not fit together and do now
};

/// Reads what toJson() wrote, or anything else. name: of the file, for sentences
/// Thread: any one.
Result<ReadChat> readChat(const QByteArray& json, const QString& name, const std::stop_token& stop);

} // namespace argali::gui
