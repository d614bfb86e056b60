// Reading a reference case; everything in it is checked, since cases are exchanged between people.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/config.h"
#include "engine/cli/checkcase.h"
#include "engine/cli/messages.h"
#include "engine/error.h"
#include "engine/media/mediareader.h"

namespace argali::cli {

namespace {

/// One case folder being read.
class CaseReader final {
public:
    CaseReader(std::filesystem::path folder, std::stop_token stop)
        : m_folder(std::move(folder)),
          m_file((m_folder / "case.json").string()),
          m_stop(std::move(stop))
    {
    }

    ReferenceCase read(const nlohmann::json& value);

private:
    [[noreturn]] void refuse(const std::string& what, const nlohmann::json& found) const;
    const nlohmann::json& member(const nlohmann::json& object, const char* key) const;
    std::string text(const nlohmann::json& object, const char* key) const;
    void readOptions(const nlohmann::json& options, ChatRequest& request) const;
    Message message(const nlohmann::json& value) const;
    ContentItem item(const nlohmann::json& value) const;
    PictureSource picture(const std::string& path) const;

    std::filesystem::path m_folder;
    std::string m_file;
    std::stop_token m_stop;
};

void CaseReader::refuse(const std::string& what, const nlohmann::json& found) const
{
    throw Error(
        Error::Code::BadRequest,
        m_file + ": " + what + " expected, found " +
            found.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 80) +
            "; see the description of reference cases");
}

const nlohmann::json& CaseReader::member(const nlohmann::json& object, const char* key) const
{
    if (!object.is_object() || !object.contains(key))
        refuse(std::string("key \"") + key + "\"", object);
    return object[key];
}

std::string CaseReader::text(const nlohmann::json& object, const char* key) const
{
    const nlohmann::json& value = member(object, key);
    if (!value.is_string())
        refuse(std::string("a text as \"") + key + "\"", value);
    return value.get<std::string>();
}

void CaseReader::readOptions(const nlohmann::json& options, ChatRequest& request) const
{
    if (!options.is_object())
        refuse("an object as \"options\"", options);
    const auto integer = [&](const nlohmann::json& value, const std::string& key, int64_t largest) {
        if (!value.is_number_integer() || value.get<int64_t>() < 1 ||
            value.get<int64_t>() > largest)
            refuse("an integer from 1 to " + std::to_string(largest) + " as option " + key, value);
        return value.get<int64_t>();
    };
    constexpr int64_t mostTokens = 1'000'000;
    constexpr int64_t mostPixels = int64_t(1) << 32;
    for (const auto& [key, value] : options.items()) {
        if (value.is_null())
            continue;
        if (key == "enable_thinking" && value.is_boolean())
            request.thinking = value.get<bool>();
        else if (key == "thinking_budget")
            request.thinkingBudget = static_cast<int>(integer(value, key, mostTokens));
        else if (key == "max_new_tokens")
            request.maxNewTokens = static_cast<int>(integer(value, key, mostTokens));
        else if (key == "min_pixels")
            request.minPixels = integer(value, key, mostPixels);
        else if (key == "max_pixels")
            request.maxPixels = integer(value, key, mostPixels);
        else if (key == "max_tiles")
            request.maxTiles = static_cast<int>(integer(value, key, mostTokens));
        else if (key == "template" && value.is_string())
            request.promptTemplate = value.get<std::string>();
        else if (key == "image_aspect_ratio" && value.is_string())
            request.aspectRatio = value.get<std::string>();
        else
            refuse("a known option", nlohmann::json{{key, value}});
    }
    request.sampling = Sampling{}; // greedy, whatever the folder says
}

PictureSource CaseReader::picture(const std::string& path) const
{
    // canonical() follows links: what counts is where the file really is.
    std::error_code error;
    const auto file = std::filesystem::canonical(m_folder / path, error);
    if (error)
        throw Error(Error::Code::Missing, m_file + ": picture " + inQuotes(path) +
                                              " is not there; complete the case's folder");
    const auto [end, rest] = std::ranges::mismatch(m_folder, file);
    if (end != m_folder.end())
        throw Error(Error::Code::BadRequest, m_file + ": picture " + inQuotes(path) +
                                                 " lies outside the case's folder; move it inside");
    PictureSource source;
    source.path = file;
    source.pixels = std::make_shared<Image>(readPicture(file, Orientation::AsStored, m_stop));
    return source;
}

ContentItem CaseReader::item(const nlohmann::json& value) const
{
    const std::string type = text(value, "type");
    ContentItem result;
    if (type == "text") {
        result.text = text(value, "text");
    } else if (type == "image") {
        result.type = ContentItem::Type::Picture;
        result.picture = picture(text(value, "path"));
    } else if (type == "video") {
        result.type = ContentItem::Type::Film;
        const nlohmann::json& paths = member(value, "paths");
        if (!paths.is_array() || paths.empty())
            refuse("a list of frames as \"paths\"", paths);
        for (const nlohmann::json& path : paths) {
            if (!path.is_string())
                refuse("a list of texts as \"paths\"", paths);
            result.film.frames.push_back(picture(path.get<std::string>()));
        }
    } else {
        refuse("a content item of type text, image or video", value);
    }
    return result;
}

Message CaseReader::message(const nlohmann::json& value) const
{
    Message result;
    const std::string role = text(value, "role");
    if (role == "system")
        result.role = Message::Role::System;
    else if (role == "assistant")
        result.role = Message::Role::Assistant;
    else if (role != "user")
        refuse("role system, user or assistant", value);
    const nlohmann::json& content = member(value, "content");
    if (content.is_string()) {
        result.content.push_back(textItem(content.get<std::string>()));
        return result;
    }
    if (!content.is_array())
        refuse("a text or a list as \"content\"", content);
    for (const nlohmann::json& piece : content)
        result.content.push_back(item(piece));
    return result;
}

ReferenceCase CaseReader::read(const nlohmann::json& value)
{
    ReferenceCase result;
    const nlohmann::json& messages = member(value, "messages");
    if (!messages.is_array() || messages.empty())
        refuse("a list as \"messages\"", messages);
    readOptions(member(value, "options"), result.request);
    for (const nlohmann::json& m : messages)
        result.request.messages.push_back(message(m));
    result.expect = member(value, "expect");
    if (!result.expect.is_object())
        refuse("an object as \"expect\"", result.expect);
    result.tolerance = value.value("tolerance", nlohmann::json::object());
    if (!result.tolerance.is_object())
        refuse("an object as \"tolerance\"", result.tolerance);
    result.tensors = openSafetensors(m_folder / "expect.safetensors");
    return result;
}

/// A path of "model", relative to the folder that holds cases/.
std::filesystem::path partOfModel(const CaseFile& file, const char* key)
{
    const nlohmann::json& model = file.json["model"];
    const std::filesystem::path path =
        model.is_object() && model.contains(key) && model[key].is_string()
            ? model[key].get<std::string>()
            : std::string();
    if (path.empty() || path.is_absolute())
        throw Error(Error::Code::BadRequest, (file.folder / "case.json").string() + ": model." +
                                                 key + ": a relative path expected, found " +
                                                 inQuotes(model.dump().substr(0, 80)));
    return (file.model / path).lexically_normal();
}

/// The base and the adapter of a case that is not about a model of its own.
void readAdapterOf(CaseFile& file)
{
    AdapterSource source;
    source.path = partOfModel(file, "adapter");
    source.name = "adapter";
    const std::filesystem::path base = partOfModel(file, "base");
    const nlohmann::json& model = file.json["model"];
    if (model.contains("lora_alpha")) {
        const Config alphas =
            Config(model, (file.folder / "case.json").string()).object("lora_alpha");
        constexpr double largest = 1e6;
        if (alphas.has("language_model"))
            source.textAlpha = alphas.number("language_model", 0, largest);
        if (alphas.has("vision_model"))
            source.visionAlpha = alphas.number("vision_model", 0, largest);
    }
    file.adapter = std::move(source);
    file.model = base;
}

} // namespace

CaseFile openCase(const std::filesystem::path& folder)
{
    CaseFile result;
    std::error_code error;
    result.folder = std::filesystem::canonical(folder, error);
    if (error)
        throw Error(Error::Code::Missing, folder.string() + " is not there; give a case's folder");
    result.model = result.folder.parent_path().parent_path();
    result.name = (result.model.filename() / result.folder.filename()).string();
    const std::filesystem::path file = result.folder / "case.json";
    result.json = parseJson(readFile(file), file.string(), Error::Code::BadRequest);
    if (result.json.is_object() && result.json.contains("model") && !result.json["model"].is_null())
        readAdapterOf(result);
    return result;
}

ReferenceCase readCase(const CaseFile& file, std::stop_token stop)
{
    ReferenceCase result = CaseReader(file.folder, std::move(stop)).read(file.json);
    if (file.adapter)
        result.request.adapter = file.adapter->name;
    result.name = file.name;
    return result;
}

} // namespace argali::cli
