#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"

namespace argali::cli {

/// What the options of a chat say about all of its turns.
struct ChatSettings {
    ChatRequest request; ///< without messages
    std::string system;  ///< empty: none
    int filmFrames = 8;
    std::vector<double> filmTimes;
    bool json = false;
};

/// Looks at the file's headers only, so that a mistyped name is found before anything long begins.
/// Throws: Error::Code::Missing, BadMedia; BadRequest for a film in the place of a picture or the
/// reverse
ContentItem pictureItem(const std::string& path);
ContentItem filmItem(const std::string& path, const ChatSettings& settings);

/// A conversation on the command line: the answer streams to standard output, thinking and
/// statistics go to standard error.
class ChatSession final {
public:
    ChatSession(Model& model, ChatSettings settings);

    /// Pictures and films of the next question.
    void attach(ContentItem item) { m_attachments.push_back(std::move(item)); }
    /// Asks, prints the answer and keeps both for the next turn. Returns the exit status: done or
    /// interrupted.
    /// Throws: as Model::generate(); the turn is then forgotten
    int ask(const std::string& question);
    /// Questions and commands from standard input, to its end. Returns the exit status. Where
    /// nobody types, the first failure ends it. Throws: as ask()
    int converse();

private:
    enum class Next { Go, Quit };
    Next command(const std::string& line);
    /// One alone, all or none. Throws: Error::Code::BadRequest for another name
    void changeAdapter(const std::string& name);
    void forget();
    void printStatistics(const ChatResult& result) const;
    void printResult(const ChatResult& result) const;

    Model& m_model;
    ChatSettings m_settings;
    std::vector<Message> m_messages;
    std::vector<ContentItem> m_attachments;
};

} // namespace argali::cli
