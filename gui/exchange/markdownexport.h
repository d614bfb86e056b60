#pragma once

#include <stop_token>

#include "gui/exchange/exchangedchat.h"

namespace argali::gui {

class MediaFolder;

/// The shown branch of a chat as Markdown: answers as the model wrote them, questions as text,
/// media as links into the folder named here. Throws: ExportError, when media cannot be written
/// Thread: any one.
QString toMarkdown(const ExchangedChat& chat, const ExportOptions& options, MediaFolder& media,
                   const QString& mediaName, const std::stop_token& stop);

/// Markdown that shows this text as it is, line for line.
QString literalMarkdown(const QString& text);

/// The line that closes a block of code which is still open at the end; empty when none is.
QString closingFence(const QString& markdown);

} // namespace argali::gui
