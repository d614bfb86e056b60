#include "engine/server/chatcall.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/remote/jsonfields.h"
#include "engine/server/apifailure.h"
#include "engine/server/chatfields.h"
#include "engine/server/dataurl.h"

namespace argali::server {

namespace {

constexpr size_t mostTexts = size_t(15) << 20; ///< of all messages; tokenizers take 16 MiB
constexpr size_t mostMessages = 2000;
constexpr size_t mostParts = 2000;
constexpr size_t mostPictures = 256; ///< and films, in one request
constexpr int64_t mostTokens = 1'000'000;
constexpr int64_t mostLogprobs = 20; ///< as OpenAI's
constexpr int64_t mostPixels = int64_t(1) << 32;

/// The pictures, films and texts of a request's messages.
class ContentReader final {
public:
    ContentReader(ChatCall& call, MediaVault& vault, const MediaFetch& fetch, const Fields& body)
        : m_call(call), m_vault(vault), m_fetch(fetch)
    {
        if (const auto kwargs = body.object("media_io_kwargs"))
            if (const auto video = kwargs->object("video"))
                m_frames = int(video->integer("num_frames", 0, 1024).value_or(8));
    }
    std::vector<ContentItem> read(const nlohmann::json& content, const std::string& path)
    {
        std::vector<ContentItem> items;
        if (content.is_string()) {
            addText(items, content.get_ref<const std::string&>());
            return items;
        }
        if (!content.is_array() || content.size() > mostParts)
            throw ApiFailure(400, "invalid_value",
                             path + "content must be a text or a list of parts", path + "content");
        for (const nlohmann::json& part : content)
            addPart(items, Fields(part, path + "content."));
        return items;
    }

private:
    void addText(std::vector<ContentItem>& items, const std::string& text)
    {
        m_textBytes += text.size();
        if (text.size() > mostText || m_textBytes > mostTexts)
            throw ApiFailure(400, "text_too_long", "the texts of the messages are too long",
                             "messages");
        ContentItem item;
        item.text = text;
        items.push_back(std::move(item));
    }
    void addPart(std::vector<ContentItem>& items, const Fields& part)
    {
        const std::string type = part.text("type", 64).value_or("");
        if (type == "text" || type == "input_text") {
            addText(items, part.text("text", mostText).value_or(""));
        } else if (type == "image_url") {
            ContentItem item;
            item.type = ContentItem::Type::Picture;
            item.picture.path = keep(addressOf(part, "image_url"));
            items.push_back(std::move(item));
        } else if (type == "video_url") {
            ContentItem item;
            item.type = ContentItem::Type::Film;
            item.film.path = keep(addressOf(part, "video_url"));
            item.film.frameCount = m_frames;
            items.push_back(std::move(item));
        } else {
            part.refuse("type", "\"text\", \"image_url\" or \"video_url\"");
        }
    }
    static std::string_view addressOf(const Fields& part, std::string_view name)
    {
        const nlohmann::json* value = part.find(name);
        if (value && value->is_object()) {
            const auto url = value->find("url");
            value = url == value->end() ? nullptr : &*url;
        }
        if (!value || !value->is_string())
            part.refuse(name, "{\"url\": \"data:...\"}");
        return value->get_ref<const std::string&>();
    }
    std::filesystem::path keep(std::string_view url)
    {
        if (!isDataUrl(url) && !m_fetch)
            throw ApiFailure(
                400, "url_not_allowed",
                "this server does not fetch addresses; send pictures and films as data URLs",
                "messages");
        if (m_call.media.size() >= mostPictures)
            throw ApiFailure(400, "too_many_pictures",
                             "at most " + std::to_string(mostPictures) +
                                 " pictures and films in one request",
                             "messages");
        m_call.media.push_back(
            m_vault.keep(isDataUrl(url) ? decodeDataUrl(url) : m_fetch(std::string(url))));
        return m_call.media.back()->path();
    }

    ChatCall& m_call;
    MediaVault& m_vault;
    const MediaFetch& m_fetch;
    int m_frames = 8;
    size_t m_textBytes = 0;
};

Message::Role roleOf(const Fields& message)
{
    const std::string role = message.text("role", 64).value_or("");
    if (role == "system" || role == "developer")
        return Message::Role::System;
    if (role == "user")
        return Message::Role::User;
    if (role == "assistant")
        return Message::Role::Assistant;
    if (role == "tool" || role == "function")
        throw ApiFailure(400, "tools_not_supported", "this server calls no tools", "messages");
    message.refuse("role", "\"system\", \"user\" or \"assistant\"");
}

void readMessages(const Fields& body, MediaVault& vault, const MediaFetch& fetch, ChatCall& call)
{
    const nlohmann::json* messages = body.list("messages", mostMessages);
    if (!messages || messages->empty())
        body.refuse("messages", "a list with at least one message");
    ContentReader reader(call, vault, fetch, body);
    for (const nlohmann::json& value : *messages) {
        const Fields fields(value, "messages.");
        Message message;
        message.role = roleOf(fields);
        if (fields.find("tool_calls"))
            throw ApiFailure(400, "tools_not_supported", "this server calls no tools", "messages");
        if (const nlohmann::json* content = fields.find("content"))
            message.content = reader.read(*content, "messages.");
        else if (message.role != Message::Role::Assistant)
            fields.refuse("content", "a text or a list of parts");
        call.request.messages.push_back(std::move(message));
    }
    if (call.request.messages.back().role != Message::Role::User)
        throw ApiFailure(400, "last_message_not_user", "the last message must be the user's",
                         "messages");
}

/// How the next token is chosen. Nothing given: as the model's own files say.
void readSampling(const Fields& body, ChatRequest& request)
{
    Sampling sampling;
    bool given = false;
    const auto take = [&](const char* name, double least, double most, float& value) {
        if (const auto number = body.number(name, least, most)) {
            value = float(*number);
            given = true;
        }
    };
    take("temperature", 0, 100, sampling.temperature);
    take("top_p", 0, 1, sampling.topP);
    take("min_p", 0, 1, sampling.minP);
    take("repetition_penalty", 0.01, 100, sampling.repetitionPenalty);
    if (const auto topK = body.integer("top_k", -1, mostTokens)) {
        sampling.topK = int(std::max<int64_t>(*topK, 0));
        given = true;
    }
    if (const auto seed = body.integer("seed", INT64_MIN, INT64_MAX)) {
        sampling.seed = uint64_t(*seed);
        given = true;
    }
    for (const char* name : {"presence_penalty", "frequency_penalty"})
        if (body.number(name, -2, 2).value_or(0) != 0)
            throw ApiFailure(400, "unsupported_parameter",
                             std::string(name) + " is not supported; use repetition_penalty", name);
    sampling.enabled = sampling.temperature > 0;
    if (!sampling.enabled)
        sampling.temperature = 1; // greedy; the field's own default
    if (given)
        request.sampling = sampling;
}

void readThinking(const Fields& body, ChatRequest& request)
{
    request.thinking = body.flag("enable_thinking").value_or(false);
    if (const auto effort = body.text("reasoning_effort", 32))
        request.thinking = *effort != "none";
    if (const auto kwargs = body.object("chat_template_kwargs")) {
        for (const char* name : {"enable_thinking", "thinking"})
            if (const auto on = kwargs->flag(name))
                request.thinking = *on;
        if (kwargs->find("thinking_token_budget"))
            kwargs->refuse("thinking_token_budget", "outside of chat_template_kwargs");
    }
    if (const auto budget = body.integer("thinking_token_budget", 1, mostTokens))
        request.thinkingBudget = int(*budget);
}

void readLengths(const Fields& body, ChatRequest& request)
{
    for (const char* name : {"max_tokens", "max_completion_tokens"})
        if (const auto most = body.integer(name, 1, mostTokens))
            request.maxNewTokens = int(*most);
    const auto readPixels = [&request](const Fields& sizes) {
        if (const auto least = sizes.integer("min_pixels", 1, mostPixels))
            request.minPixels = *least;
        if (const auto most = sizes.integer("max_pixels", 1, mostPixels))
            request.maxPixels = *most;
    };
    if (const auto kwargs = body.object("mm_processor_kwargs")) {
        readPixels(*kwargs);
        if (const auto pictures = kwargs->object("images_kwargs"))
            readPixels(*pictures);
    }
    if (request.minPixels && request.maxPixels && *request.minPixels > *request.maxPixels)
        throw ApiFailure(400, "invalid_value", "min_pixels must not be larger than max_pixels",
                         "mm_processor_kwargs");
}

void readStops(const Fields& body, ChatCall& call)
{
    const nlohmann::json* stop = body.find("stop");
    if (!stop)
        return;
    const nlohmann::json list = stop->is_array() ? *stop : nlohmann::json::array({*stop});
    if (list.size() > 16)
        body.refuse("stop", "at most 16 texts");
    for (const nlohmann::json& text : list) {
        if (!text.is_string() || text.get_ref<const std::string&>().empty() ||
            text.get_ref<const std::string&>().size() > 1024)
            body.refuse("stop", "a text, or a list of texts, of 1 to 1024 bytes each");
        call.stops.push_back(text.get<std::string>());
    }
}

void refuseWhatIsNotThere(const Fields& body)
{
    const auto refuse = [](const char* code, const std::string& sentence, const char* name) {
        throw ApiFailure(400, code, sentence, name);
    };
    if (body.integer("n", 1, 128).value_or(1) != 1)
        refuse("unsupported_parameter", "one answer at a time: n must be 1", "n");
    for (const char* name : {"tools", "functions"})
        if (const nlohmann::json* tools = body.list(name, 10'000); tools && !tools->empty())
            refuse("tools_not_supported", "this server calls no tools", name);
    if (const auto format = body.object("response_format");
        format && format->text("type", 64).value_or("") != "text")
        refuse("unsupported_parameter", "response_format must be {\"type\": \"text\"}",
               "response_format");
    if (const nlohmann::json* modalities = body.list("modalities", 16);
        modalities && *modalities != nlohmann::json::array({"text"}))
        refuse("unsupported_parameter", "answers are text: modalities must be [\"text\"]",
               "modalities");
    if (body.flag("continue_final_message").value_or(false))
        refuse("unsupported_parameter", "an answer that was begun is not continued",
               "continue_final_message");
}

void readRest(const Fields& body, ChatCall& call)
{
    call.model = body.text("model", 4096).value_or("");
    call.stream = body.flag("stream").value_or(false);
    if (const auto options = body.object("stream_options"))
        call.includeUsage = options->flag("include_usage").value_or(false);
    readSampling(body, call.request);
    readThinking(body, call.request);
    readLengths(body, call.request);
    readStops(body, call);
    refuseWhatIsNotThere(body);
}

Message textMessage(Message::Role role, std::string text)
{
    Message message;
    message.role = role;
    message.content.emplace_back().text = std::move(text);
    return message;
}

} // namespace

bool namesAddresses(const nlohmann::json& body)
{
    const auto isAddress = [](const nlohmann::json& part) {
        for (const char* name : {"image_url", "video_url"}) {
            const nlohmann::json* value = remote::member(part, name);
            if (value && value->is_object())
                value = remote::member(*value, "url");
            if (value && value->is_string() && !isDataUrl(value->get_ref<const std::string&>()))
                return true;
        }
        return false;
    };
    const nlohmann::json* messages = remote::member(body, "messages");
    if (!messages || !messages->is_array())
        return false;
    return std::ranges::any_of(*messages, [&](const nlohmann::json& message) {
        const nlohmann::json* content = remote::member(message, "content");
        return content && content->is_array() && std::ranges::any_of(*content, isAddress);
    });
}

ChatCall readChatCall(const nlohmann::json& body, MediaVault& vault, const MediaFetch& fetch)
{
    const Fields fields(body);
    ChatCall call;
    readRest(fields, call);
    const auto top = fields.integer("top_logprobs", 0, mostLogprobs);
    if (fields.flag("logprobs").value_or(false))
        call.logprobs = int(top.value_or(0));
    else if (top)
        throw ApiFailure(400, "invalid_value", "top_logprobs needs logprobs to be true",
                         "top_logprobs");
    readMessages(fields, vault, fetch, call);
    return call;
}

ChatCall readCompletionCall(const nlohmann::json& body)
{
    const Fields fields(body);
    ChatCall call;
    readRest(fields, call);
    if (const auto top = fields.integer("logprobs", 0, mostLogprobs))
        call.logprobs = int(*top);
    if (const auto suffix = fields.text("suffix", mostText); suffix && !suffix->empty())
        throw ApiFailure(400, "unsupported_parameter", "suffix is not supported", "suffix");
    if (fields.flag("echo").value_or(false))
        throw ApiFailure(400, "unsupported_parameter", "echo is not supported", "echo");
    const nlohmann::json* prompt = fields.find("prompt");
    if (prompt && prompt->is_array() && prompt->size() == 1)
        prompt = &prompt->front();
    if (!prompt || !prompt->is_string() || prompt->get_ref<const std::string&>().size() > mostText)
        fields.refuse("prompt", "one text");
    call.request.messages.push_back(textMessage(Message::Role::User, prompt->get<std::string>()));
    return call;
}

ChatCall readGlmCall(const nlohmann::json& body)
{
    const Fields fields(body);
    ChatCall call;
    const auto prompt = fields.text("prompt", mostText);
    if (!prompt)
        fields.refuse("prompt", "a text");
    if (const nlohmann::json* history = fields.list("history", mostMessages))
        for (const nlohmann::json& turn : *history) {
            if (!turn.is_array() || turn.size() != 2 || !turn[0].is_string() ||
                !turn[1].is_string())
                fields.refuse("history", "a list of pairs of texts, question and answer");
            call.request.messages.push_back(
                textMessage(Message::Role::User, turn[0].get<std::string>()));
            call.request.messages.push_back(
                textMessage(Message::Role::Assistant, turn[1].get<std::string>()));
        }
    call.request.messages.push_back(textMessage(Message::Role::User, *prompt));
    // The published defaults.
    Sampling sampling;
    sampling.topP = float(fields.number("top_p", 0, 1).value_or(0.7));
    const double temperature = fields.number("temperature", 0, 100).value_or(0.95);
    sampling.enabled = temperature > 0;
    sampling.temperature = sampling.enabled ? float(temperature) : 1;
    call.request.sampling = sampling;
    // Of the prompt and the answer, as in the published code.
    call.request.maxLength = fields.integer("max_length", 1, mostTokens).value_or(2048);
    call.request.maxNewTokens = int(*call.request.maxLength);
    return call;
}

} // namespace argali::server
