#pragma once

#include <memory>
#include <string_view>

#include <QString>
#include <QStringList>

namespace argali::gui {

/// Sends the engine's and Qt's messages to a file under $XDG_STATE_HOME/argali from here on; the
/// file of the last session is kept beside it, and a file that has grown to largestLog is rotated.
/// The log never holds what the user wrote or received. Returns the file's name; empty when none
/// can be written (then messages go to stderr).
QString openLog();

/// Of the log that is being written; empty when there is none.
QString logFileName();
/// Removes what was logged so far and begins anew. Returns paths of what could not be removed.
QStringList clearLog();

inline constexpr qint64 largestLog = 1 << 20; ///< bytes

/// Writes one line, from any thread.
void logLine(std::string_view kind, std::string_view message);

} // namespace argali::gui
