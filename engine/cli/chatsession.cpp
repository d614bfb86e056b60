#include "engine/cli/chatsession.h"

#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/checkpoint/json.h"
#include "engine/cli/adapteroptions.h"
#include "engine/cli/advice.h"
#include "engine/cli/answerprinter.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/lines.h"
#include "engine/cli/messages.h"
#include "engine/cli/output.h"
#include "engine/cli/results.h"
#include "engine/error.h"
#include "engine/media/mediareader.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::cli {

namespace {

constexpr std::string_view conversationHelp =
    "/image FILE     a picture for the next question\n"
    "/video FILE     a film for the next question\n"
    "/think on|off   whether the model thinks before it answers\n"
    "/adapter NAME   answer with this adapter alone from here on; all: with all, none: without\n"
    "/new            forget the conversation\n"
    "/help           this list\n"
    "/quit           leave\n"
    "//TEXT          a question that begins with /\n"
    "Everything else is a question.\n";

std::string describeAttachment(const ContentItem& item)
{
    const bool film = item.type == ContentItem::Type::Film;
    const std::filesystem::path& path = film ? item.film.path : item.picture.path;
    return (film ? "film " : "picture ") + path.string() + " goes with the next question";
}

} // namespace

ContentItem pictureItem(const std::string& path)
{
    if (probeMedia(path).kind != MediaInfo::Kind::Picture)
        throw Error(Error::Code::BadRequest,
                    path +
                        " is a film, not a picture; give it as --video (/video in a conversation)");
    ContentItem item;
    item.type = ContentItem::Type::Picture;
    item.picture.path = path;
    return item;
}

ContentItem filmItem(const std::string& path, const ChatSettings& settings)
{
    if (probeMedia(path).kind != MediaInfo::Kind::Film)
        throw Error(Error::Code::BadRequest,
                    path +
                        " is a picture, not a film; give it as --image (/image in a conversation)");
    ContentItem item;
    item.type = ContentItem::Type::Film;
    item.film.path = path;
    item.film.frameCount = settings.filmFrames;
    item.film.times = settings.filmTimes;
    return item;
}

ChatSession::ChatSession(Model& model, ChatSettings settings)
    : m_model(model), m_settings(std::move(settings))
{
    forget();
}

void ChatSession::forget()
{
    m_messages.clear();
    m_attachments.clear();
    if (m_settings.system.empty())
        return;
    m_messages.push_back(textMessage(Message::Role::System, m_settings.system));
}

int ChatSession::ask(const std::string& question)
{
    Message message;
    message.content = std::exchange(m_attachments, {});
    if (!question.empty())
        message.content.push_back(textItem(question));
    ChatRequest request = m_settings.request;
    request.messages = m_messages;
    request.messages.push_back(std::move(message));

    AnswerPrinter printer(request.thinking);
    ProgressLine progress;
    const ProgressSink progressSink = progress.sink();
    const TextSink textSink = [&](const TextPiece& piece) {
        progress.clear();
        printer.push(piece);
    };
    const Interruptible work;
    const ChatResult result =
        m_model.generate(request, work.token(), m_settings.json ? TextSink() : textSink,
                         m_settings.json ? ProgressSink() : progressSink);
    progress.clear();
    if (m_settings.json) {
        printResult(result);
    } else {
        printer.finish(result.text);
        printStatistics(result);
    }
    const bool cancelled = result.finishReason == FinishReason::Cancelled;
    if (!cancelled || !result.text.empty()) {
        m_messages = std::move(request.messages);
        m_messages.push_back(textMessage(Message::Role::Assistant, result.text));
    }
    return cancelled ? statusInterrupted : statusDone;
}

void ChatSession::printStatistics(const ChatResult& result) const
{
    const Usage& usage = result.usage;
    std::string line = std::to_string(usage.promptTokens) + " tokens read";
    if (usage.visualTokens > 0)
        line += " (" + std::to_string(usage.visualTokens) + " visual)";
    line += ", " + std::to_string(usage.completionTokens) + " written";
    if (usage.thinkingTokens > 0)
        line += " (" + std::to_string(usage.thinkingTokens) + " thinking)";
    if (usage.completionTokens > 0)
        line += ", first after " + numberText(result.timings.firstToken.count() / 1000, 2) + " s";
    if (usage.completionTokens > 1)
        line += ", " + numberText(result.timings.decodeTokensPerSecond, 1) + " tokens/s";
    if (result.contextReached)
        line += "; cut: the context of " + std::to_string(m_model.context()) +
                " positions is full (--context)";
    else if (result.finishReason == FinishReason::Length)
        line += "; cut at " + std::to_string(m_settings.request.maxNewTokens) +
                " tokens (--max-new-tokens)";
    else if (result.finishReason == FinishReason::Cancelled)
        line += "; interrupted";
    note(line);
}

void ChatSession::printResult(const ChatResult& result) const
{
    printJson({{"text", result.text},
               {"thinking", result.thinking},
               {"finish_reason", nameOf(result.finishReason)},
               {"usage", usageJson(result.usage)},
               {"timings", timingsJson(result.timings)}});
}

int ChatSession::converse()
{
    const bool typed = isatty(STDIN_FILENO) != 0;
    if (typed)
        showWarnings();
    if (typed)
        note(m_model.info().name + " on " + m_model.deviceName() + "; /help lists the commands");
    LineReader lines(std::cin, "standard input");
    for (;;) {
        if (typed)
            printError("> ");
        const std::optional<std::string> line = lines.next();
        if (!line)
            break;
        try {
            const std::string_view text = stripped(*line);
            if (text.empty())
                continue;
            if (text.starts_with('/') && !text.starts_with("//")) {
                if (command(std::string(text)) == Next::Quit)
                    return statusDone;
                continue;
            }
            requireUtf8(*line, lines.where());
            const int status = ask(std::string(text.substr(text.starts_with("//") ? 1 : 0)));
            if (status != statusDone && !typed)
                return status;
        } catch (const Error& e) {
            if (!typed)
                throw;
            note(withAdvice(e, "chat"));
        }
    }
    if (typed)
        printError("\n");
    return statusDone;
}

void ChatSession::changeAdapter(const std::string& name)
{
    const std::vector<std::string> known = m_model.adapters();
    if (std::ranges::find(known, name) != known.end())
        return askForAll({name}, m_settings.request);
    if (name != "none" && name != "all") {
        std::string list;
        for (const std::string& other : known)
            list += inQuotes(other) + ", ";
        throw Error(Error::Code::BadRequest, "no adapter is called " + inQuotes(name) +
                                                 "; there is " + list + "all and none");
    }
    askForAll(name == "all" ? known : std::vector<std::string>(), m_settings.request);
}

ChatSession::Next ChatSession::command(const std::string& line)
{
    const size_t blank = line.find_first_of(" \t");
    const std::string word = line.substr(0, blank);
    const std::string rest = blank == std::string::npos
                                 ? ""
                                 : std::string(stripped(std::string_view(line).substr(blank)));
    if (word == "/quit" && rest.empty())
        return Next::Quit;
    if (word == "/image" && !rest.empty()) {
        attach(pictureItem(rest));
        note(describeAttachment(m_attachments.back()));
    } else if (word == "/video" && !rest.empty()) {
        attach(filmItem(rest, m_settings));
        note(describeAttachment(m_attachments.back()));
    } else if (word == "/think" && (rest == "on" || rest == "off")) {
        m_settings.request.thinking = rest == "on";
    } else if (word == "/adapter" && !rest.empty()) {
        changeAdapter(rest);
    } else if (word == "/new" && rest.empty()) {
        forget();
    } else if (word == "/help" && rest.empty()) {
        printError(conversationHelp);
    } else {
        throw Error(Error::Code::BadRequest,
                    inQuotes(line) +
                        " is not a command; /help lists them, // begins a question with /");
    }
    return Next::Go;
}

} // namespace argali::cli
