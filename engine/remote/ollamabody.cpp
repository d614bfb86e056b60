#include "engine/remote/requestbody.h"

#include <array>

#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/remote/jsonwriter.h"
#include "engine/remote/requestwriter.h"

namespace argali::remote {
namespace {

/// Texts, with the times of frames, and then all pictures in order.
void writeMessage(JsonWriter& out, const RemoteMessage& message)
{
    std::string text;
    std::vector<const RemotePicture*> pictures;
    const auto add = [&text](const std::string& line) {
        text += (text.empty() || line.empty() ? "" : "\n") + line;
    };
    for (const RemoteItem& item : message.content) {
        if (item.type == RemoteItem::Type::Text)
            add(item.text);
        else if (item.type == RemoteItem::Type::Picture)
            pictures.push_back(&item.picture);
        if (item.type == RemoteItem::Type::Film && item.film.frames.empty())
            throw Error(Error::Code::Unsupported,
                        "the conversation: Ollama takes no film as a file, and no frames of it "
                        "were chosen");
        for (const RemoteFilm::Frame& frame : item.film.frames) {
            add('[' + frameTime(frame.seconds) + ']');
            pictures.push_back(&frame.picture);
        }
    }
    out.beginObject();
    out.member("role", roleNames[static_cast<size_t>(message.role)]);
    out.member("content", text);
    if (!pictures.empty()) {
        out.key("images");
        out.beginList();
        for (const RemotePicture* const picture : pictures)
            out.base64(*picture->bytes);
        out.endList();
    }
    out.endObject();
}

void writeOptions(JsonWriter& out, const RemoteOptions& options)
{
    out.key("options");
    out.beginObject();
    if (options.maxTokens)
        out.member("num_predict", *options.maxTokens);
    if (options.temperature)
        out.member("temperature", *options.temperature);
    if (options.topP)
        out.member("top_p", *options.topP);
    if (options.topK)
        out.member("top_k", *options.topK);
    if (options.minP)
        out.member("min_p", *options.minP);
    if (options.repetitionPenalty)
        out.member("repeat_penalty", *options.repetitionPenalty);
    if (options.seed)
        out.member("seed", *options.seed);
    if (!options.stop.empty()) {
        out.key("stop");
        out.beginList();
        for (const std::string& stop : options.stop)
            out.text(stop);
        out.endList();
    }
    out.endObject();
}

} // namespace

RequestBody ollamaBody(const std::vector<RemoteMessage>& messages, const RemoteOptions& options,
                       const RequestParts& refused)
{
    checkMessages(messages);
    RequestBody body;
    JsonWriter out(expectedSize(messages));
    out.beginObject();
    out.member("model", options.model);
    out.key("messages");
    out.beginList();
    for (const RemoteMessage& message : messages)
        writeMessage(out, message);
    out.endList();
    out.member("stream", options.stream);
    if (options.thinking != RemoteOptions::Thinking::AsServer) {
        if (refused.contains(RequestPart::ThinkingSwitch)) {
            body.leftOut.insert(RequestPart::ThinkingSwitch);
        } else {
            body.sent.insert(RequestPart::ThinkingSwitch);
            if (options.thinking == RemoteOptions::Thinking::On && !options.effort.empty())
                out.member("think", options.effort);
            else
                out.member("think", options.thinking == RemoteOptions::Thinking::On);
        }
    }
    const std::initializer_list<std::pair<RequestPart, bool>> unknown{
        {RequestPart::ThinkingBudget, options.thinkingBudget.has_value()},
        {RequestPart::Continuation, options.continuation.has_value()},
        {RequestPart::MediaOptions, options.minPixels || options.maxPixels},
        {RequestPart::FilmFile, options.filmForm == RemoteOptions::FilmForm::File}};
    for (const auto& [part, isWanted] : unknown)
        if (isWanted)
            body.leftOut.insert(part);
    writeOptions(out, options);
    out.endObject();
    body.json = out.take();
    return body;
}

} // namespace argali::remote
