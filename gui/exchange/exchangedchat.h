#pragma once

#include <exception>
#include <set>
#include <vector>

#include "gui/chat/conversation.h"
#include "gui/failure.h"

namespace argali::gui {

/// One chat as it leaves the program or comes in: whole, and apart from any book.
struct ExchangedChat {
    ConversationHead head;
    QString folder;              ///< its name; empty: none
    std::vector<Turn> turns;     ///< all of them; later ones have larger numbers
    std::vector<quint64> chosen; ///< of each group of siblings the one that is shown
};

/// The turns of a loaded chat that are shown among their siblings.
std::set<quint64> chosenTurns(const Conversation& chat);
/// A chat that is loaded, as it is now. folder: its name
ExchangedChat exchangedChat(const Conversation& chat, const QString& folder);

/// How chats are exported.
struct ExportOptions {
    enum class Format { Markdown, Html, Json };
    Format format = Format::Markdown;
    bool thinking = false; ///< with what the model thought

    /// Ending of a file of this format, without its dot.
    QString ending() const;
};

/// What became of an export.
struct ExportResult {
    QString path; ///< of the file, or of the folder when there are several chats
    int chats = 0;
    int missing = 0; ///< pictures and films that were not there any more
    int unread = 0;  ///< chats that could not be read
};

/// Why an export cannot go on. Never leaves the thread that writes it.
class ExportError final : public std::exception {
public:
    explicit ExportError(Failure failure) : m_failure(std::move(failure)) {}
    const Failure& failure() const { return m_failure; }

private:
    Failure m_failure;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::ExportResult)
