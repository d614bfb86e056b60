#include "engine/remote/requestwriter.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/remote/base64.h"

namespace argali::remote {
namespace {

void checkPicture(const RemotePicture& picture, const char* what)
{
    if (!picture.bytes || picture.bytes->empty() || picture.mime.empty())
        throw Error(Error::Code::BadRequest,
                    std::string("the conversation: ") + what + " without its bytes");
}

bool isPlainText(const RemoteMessage& message)
{
    return std::all_of(message.content.begin(), message.content.end(),
                       [](const RemoteItem& item) { return item.type == RemoteItem::Type::Text; });
}

} // namespace

void checkMessages(const std::vector<RemoteMessage>& messages)
{
    if (messages.empty() || messages.back().role != RemoteMessage::Role::User)
        throw Error(Error::Code::BadRequest,
                    "the conversation: expected a message of the user at its end");
    for (const RemoteMessage& message : messages)
        for (const RemoteItem& item : message.content) {
            if (item.type == RemoteItem::Type::Picture)
                checkPicture(item.picture, "a picture");
            if (item.type != RemoteItem::Type::Film)
                continue;
            if (item.film.frames.empty() && !item.film.file)
                throw Error(Error::Code::BadRequest, "the conversation: a film without frames");
            for (const RemoteFilm::Frame& frame : item.film.frames)
                checkPicture(frame.picture, "a frame");
        }
}

size_t expectedSize(const std::vector<RemoteMessage>& messages)
{
    size_t size = 2048;
    for (const RemoteMessage& message : messages)
        for (const RemoteItem& item : message.content) {
            size += 128 + item.text.size() + item.text.size() / 16;
            if (item.picture.bytes)
                size += base64Size(item.picture.bytes->size());
            for (const RemoteFilm::Frame& frame : item.film.frames)
                size += 192 + base64Size(frame.picture.bytes->size());
            if (item.film.file)
                size += base64Size(item.film.file->size());
        }
    return size;
}

std::string continuedText(const Continuation& continuation)
{
    if (continuation.thinking.empty() && !continuation.thinkingIsOver)
        return continuation.text;
    const std::string opened = "<think>\n" + continuation.thinking;
    return continuation.thinkingIsOver ? opened + "\n</think>\n\n" + continuation.text : opened;
}

RequestWriter::RequestWriter(const std::vector<RemoteMessage>& messages,
                             const RemoteOptions& options, Dialect dialect,
                             const RequestParts& refused)
    : m_messages(messages),
      m_options(options),
      m_dialect(dialect),
      m_traits(traitsOf(dialect)),
      m_refused(refused),
      m_out(expectedSize(messages))
{
}

RequestBody RequestWriter::write()
{
    m_out.beginObject();
    m_out.member("model", m_options.model);
    m_out.key("messages");
    m_out.beginList();
    for (const RemoteMessage& message : m_messages)
        writeMessage(message);
    const bool continues =
        m_options.continuation && takes(RequestPart::Continuation, m_traits.continues);
    if (continues)
        writeContinuation();
    m_out.endList();
    if (continues) {
        m_out.member("continue_final_message", true);
        m_out.member("add_generation_prompt", false);
    }
    writeStreaming();
    writeLimit();
    writeSampling();
    writeThinking();
    writeMediaOptions();
    m_out.endObject();
    m_body.json = m_out.take();
    return std::move(m_body);
}

/// Whether a part goes in; what does not is remembered.
bool RequestWriter::takes(RequestPart part, bool dialectDoes)
{
    const bool does = dialectDoes && !m_refused.contains(part);
    (does ? m_body.sent : m_body.leftOut).insert(part);
    return does;
}

void RequestWriter::writeMessage(const RemoteMessage& message)
{
    m_out.beginObject();
    m_out.member("role", roleNames[static_cast<size_t>(message.role)]);
    m_out.key("content");
    if (isPlainText(message)) {
        // One text: every server and every template takes that.
        std::string text;
        for (const RemoteItem& item : message.content)
            text += (text.empty() || item.text.empty() ? "" : "\n") + item.text;
        m_out.text(text);
    } else {
        m_out.beginList();
        for (const RemoteItem& item : message.content)
            writePart(item);
        m_out.endList();
    }
    m_out.endObject();
}

void RequestWriter::writePart(const RemoteItem& item)
{
    switch (item.type) {
    case RemoteItem::Type::Text:
        if (!item.text.empty())
            writeText(item.text);
        return;
    case RemoteItem::Type::Picture:
        writePicture(item.picture, false);
        return;
    case RemoteItem::Type::Film:
        writeFilm(item.film);
        return;
    }
}

void RequestWriter::writeText(std::string_view text)
{
    m_out.beginObject();
    m_out.member("type", "text");
    m_out.member("text", text);
    m_out.endObject();
}

void RequestWriter::writePicture(const RemotePicture& picture, bool isFrame)
{
    m_out.beginObject();
    m_out.member("type", "image_url");
    m_out.key("image_url");
    m_out.beginObject();
    m_out.key("url");
    m_out.dataUrl(picture.mime, *picture.bytes);
    if (isFrame && m_options.tilesPerFrame && m_dialect == Dialect::LmDeploy)
        m_out.member("max_dynamic_patch", *m_options.tilesPerFrame);
    m_out.endObject();
    m_out.endObject();
}

void RequestWriter::writeFilm(const RemoteFilm& film)
{
    const bool isWanted = m_options.filmForm == RemoteOptions::FilmForm::File && film.file;
    if ((!isWanted && !film.frames.empty()) || !takes(RequestPart::FilmFile, m_traits.takesVideo)) {
        if (film.frames.empty())
            throw Error(Error::Code::Unsupported,
                        std::string("the conversation: ") + nameOf(m_dialect) +
                            " takes no film as a file, and no frames of it were chosen");
        for (const RemoteFilm::Frame& frame : film.frames) {
            writeText('[' + frameTime(frame.seconds) + ']');
            writePicture(frame.picture, true);
        }
        return;
    }
    const char* const type = m_dialect == Dialect::LlamaServer ? "input_video" : "video_url";
    m_out.beginObject();
    m_out.member("type", type);
    m_out.key(type);
    m_out.beginObject();
    if (m_dialect == Dialect::LlamaServer) {
        m_out.key("data");
        m_out.base64(*film.file);
    } else {
        m_out.key("url");
        m_out.dataUrl(film.mime.empty() ? "video/mp4" : film.mime, *film.file);
    }
    m_out.endObject();
    m_out.endObject();
}

void RequestWriter::writeContinuation()
{
    m_out.beginObject();
    m_out.member("role", "assistant");
    m_out.member("content", continuedText(*m_options.continuation));
    m_out.endObject();
}

void RequestWriter::writeStreaming()
{
    m_out.member("stream", m_options.stream);
    if (!m_options.stream)
        return;
    if (takes(RequestPart::StreamOptions, true)) {
        m_out.key("stream_options");
        m_out.beginObject();
        m_out.member("include_usage", true);
        if (m_options.thinkingBudget && m_traits.countsAlong &&
            takes(RequestPart::CountAlong, true))
            m_out.member("continuous_usage_stats", true);
        m_out.endObject();
    }
    if (m_dialect == Dialect::LlamaServer)
        m_out.member("return_progress", true);
}

void RequestWriter::writeLimit()
{
    if (!m_options.maxTokens)
        return;
    const bool prefersNew = m_dialect == Dialect::Vllm || m_dialect == Dialect::LmDeploy ||
                            m_dialect == Dialect::Argali ||
                            m_refused.contains(RequestPart::PlainLimit);
    const bool isNew = prefersNew && !m_refused.contains(RequestPart::CompletionLimit);
    m_body.sent.insert(isNew ? RequestPart::CompletionLimit : RequestPart::PlainLimit);
    m_out.member(isNew ? "max_completion_tokens" : "max_tokens", *m_options.maxTokens);
}

void RequestWriter::writeSampling()
{
    if (m_options.temperature)
        m_out.member("temperature", *m_options.temperature);
    if (m_options.topP)
        m_out.member("top_p", *m_options.topP);
    if ((m_options.topK || m_options.minP || m_options.repetitionPenalty) &&
        takes(RequestPart::WideSampling, m_traits.samplesWidely)) {
        const bool isLlama = m_dialect == Dialect::LlamaServer || m_dialect == Dialect::LmStudio;
        if (m_options.topK)
            m_out.member("top_k", *m_options.topK);
        if (m_options.minP)
            m_out.member("min_p", *m_options.minP);
        if (m_options.repetitionPenalty)
            m_out.member(isLlama ? "repeat_penalty" : "repetition_penalty",
                         *m_options.repetitionPenalty);
    }
    if (m_options.seed && takes(RequestPart::Seed, true))
        m_out.member("seed", *m_options.seed);
    if (m_options.stop.empty())
        return;
    m_out.key("stop");
    m_out.beginList();
    for (const std::string& stop : m_options.stop)
        m_out.text(stop);
    m_out.endList();
}

void RequestWriter::writeThinking()
{
    const bool isOn = m_options.thinking == RemoteOptions::Thinking::On;
    if (m_options.thinking != RemoteOptions::Thinking::AsServer &&
        takes(RequestPart::ThinkingSwitch, true)) {
        const bool hasLevels = m_dialect == Dialect::Ollama || m_dialect == Dialect::LmStudio;
        if (hasLevels || (isOn && !m_options.effort.empty()))
            m_out.member("reasoning_effort", !isOn                      ? "none"
                                             : m_options.effort.empty() ? "medium"
                                                                        : m_options.effort);
        if (!hasLevels) {
            m_out.key("chat_template_kwargs");
            m_out.beginObject();
            m_out.member("enable_thinking", isOn);
            if (m_dialect == Dialect::Vllm)
                m_out.member("thinking", isOn); // some templates call it that
            m_out.endObject();
        }
        if (isOn && m_traits.endsThinking)
            m_out.member("reasoning_control", true);
    }
    if (m_options.thinkingBudget &&
        takes(RequestPart::ThinkingBudget, m_traits.takesThinkingBudget))
        m_out.member("thinking_token_budget", *m_options.thinkingBudget);
}

void RequestWriter::writeMediaOptions()
{
    const bool sizes = m_options.minPixels || m_options.maxPixels;
    const bool frames =
        (m_options.filmFrames || m_options.filmRate) && m_body.sent.contains(RequestPart::FilmFile);
    if ((!sizes && !frames) || !takes(RequestPart::MediaOptions, m_traits.takesMediaOptions))
        return;
    if (sizes) {
        m_out.key("mm_processor_kwargs");
        m_out.beginObject();
        m_out.key(m_dialect == Dialect::LmDeploy ? "image" : "images_kwargs");
        m_out.beginObject();
        if (m_options.minPixels)
            m_out.member("min_pixels", *m_options.minPixels);
        if (m_options.maxPixels)
            m_out.member("max_pixels", *m_options.maxPixels);
        m_out.endObject();
        m_out.endObject();
    }
    if (!frames)
        return;
    m_out.key("media_io_kwargs");
    m_out.beginObject();
    m_out.key("video");
    m_out.beginObject();
    if (m_options.filmFrames)
        m_out.member("num_frames", *m_options.filmFrames);
    if (m_options.filmRate)
        m_out.member("fps", *m_options.filmRate);
    m_out.endObject();
    m_out.endObject();
}

} // namespace argali::remote
