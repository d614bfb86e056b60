#include "engine/remote/remotemodel.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "engine/remote/jsonfields.h"
#include "engine/tokenizer/unicode.h"

namespace argali::remote {
namespace {

using nlohmann::json;

constexpr size_t mostModels = 1000;
constexpr size_t idBytes = 512;
constexpr size_t shownBytes = 160;
constexpr int64_t longestContext = 1'000'000'000;

Known known(bool value)
{
    return value ? Known::Yes : Known::No;
}

/// Whether a list of texts holds one; unknown when it is no list.
Known listHolds(const json* list, std::string_view word)
{
    if (!list || !list->is_array())
        return Known::Unknown;
    return known(std::any_of(list->begin(), list->end(), [&](const json& item) {
        return item.is_string() && item.get_ref<const std::string&>() == word;
    }));
}

Known flag(const json& value, std::string_view path)
{
    const auto found = flagOf(value, path);
    return found ? known(*found) : Known::Unknown;
}

void learn(Known& what, Known news)
{
    if (news != Known::Unknown)
        what = news;
}

RemoteModel::State stateOf(const std::string& word)
{
    using State = RemoteModel::State;
    if (word == "loaded")
        return State::Loaded;
    if (word == "loading" || word == "downloading")
        return State::Loading;
    if (word == "not-loaded" || word == "unloaded")
        return State::Unloaded;
    if (word == "sleeping")
        return State::Sleeping;
    return word == "failed" ? State::Failed : State::Unknown;
}

std::optional<int64_t> contextOf(const json& item)
{
    for (const char* const path : {"loaded_context_length", "max_model_len", "max_context_length",
                                   "context_length", "meta.n_ctx", "meta.n_ctx_train"})
        if (const auto length = countOf(item, path); length && *length > 0)
            return std::min(*length, longestContext);
    return std::nullopt;
}

void addState(RemoteModel& model, const json& item)
{
    const auto word = textOf(item, "status.value");
    model.state = stateOf(word ? *word : textOf(item, "state").value_or(""));
    if (flagOf(item, "status.failed") == true)
        model.state = RemoteModel::State::Failed;
    if (const json* const loaded = member(item, "loaded_instances"); loaded && loaded->is_array())
        model.state = loaded->empty() ? RemoteModel::State::Unloaded : RemoteModel::State::Loaded;
    if (model.state != RemoteModel::State::Loading)
        return;
    for (const char* const path : {"status.progress", "progress", "load_progress"})
        if (const auto progress = amountOf(item, path)) {
            model.progress = std::min(*progress, 1.0);
            return;
        }
}

void addAbilities(RemoteModel& model, const json& item)
{
    const json* const modalities = member(item, "architecture.input_modalities");
    learn(model.seesPictures, listHolds(modalities, "image"));
    // "video" shows only once the model is loaded: that it is missing says nothing.
    if (listHolds(modalities, "video") == Known::Yes)
        model.seesFilms = Known::Yes;
    if (const json* const abilities = member(item, "capabilities")) {
        learn(model.seesPictures, listHolds(abilities, "vision"));
        if (listHolds(abilities, "multimodal") == Known::Yes)
            model.seesPictures = Known::Yes;
        learn(model.seesPictures, flag(*abilities, "vision"));
        learn(model.seesFilms, flag(*abilities, "video"));
        learn(model.thinks, flag(*abilities, "thinking"));
        if (const json* const reasoning = member(*abilities, "reasoning"))
            model.thinks = known(!reasoning->is_boolean() || reasoning->get<bool>());
    }
    if (const auto type = textOf(item, "type")) {
        if (*type == "vlm")
            model.seesPictures = Known::Yes;
        else if (*type == "llm" && model.seesPictures == Known::Unknown)
            model.seesPictures = Known::No;
    }
}

bool isEmbedding(const json& item)
{
    const std::string type = textOf(item, "type").value_or("");
    return type == "embeddings" || type == "embedding";
}

std::optional<RemoteModel> modelIn(const json& item)
{
    if (!item.is_object() || isEmbedding(item))
        return std::nullopt;
    RemoteModel model;
    for (const char* const field : {"id", "key", "model", "name"})
        if (const auto id = textOf(item, field); id && model.id.empty())
            model.id = *id;
    if (model.id.empty() || model.id.size() > idBytes || firstInvalidUtf8(model.id))
        return std::nullopt;
    // A path is a model's id on many servers; people know it by its last part.
    std::string_view name = model.id;
    while (name.ends_with('/'))
        name.remove_suffix(1);
    if (name.starts_with('/') || name.find(".gguf") != name.npos)
        name = name.substr(name.find_last_of('/') + 1);
    model.shown = cleanLine(name, shownBytes);
    if (model.shown.empty())
        return std::nullopt;
    model.context = contextOf(item);
    addState(model, item);
    addAbilities(model, item);
    return model;
}

} // namespace

bool RemoteModel::isOvis() const
{
    return holdsIgnoringCase(id, "ovis");
}

std::optional<std::vector<RemoteModel>> modelsIn(const json& value, Dialect dialect)
{
    const json* list = value.is_array() ? &value : member(value, "data");
    if (!list || !list->is_array())
        list = member(value, "models");
    // Ollama's /v1/models says null where there are none.
    if (!list && value.is_object() && textOf(value, "object") == "list")
        return std::vector<RemoteModel>();
    if (!list || !list->is_array())
        return std::nullopt;
    std::vector<RemoteModel> models;
    std::set<std::string> ids;
    for (const json& item : *list) {
        if (models.size() == mostModels)
            break;
        auto model = modelIn(item);
        if (!model || !ids.insert(model->id).second)
            continue;
        // What these have in memory answers at once; they offer nothing that is not loaded.
        if ((dialect == Dialect::Vllm || dialect == Dialect::LmDeploy) &&
            model->state == RemoteModel::State::Unknown)
            model->state = RemoteModel::State::Loaded;
        models.push_back(std::move(*model));
    }
    std::stable_partition(models.begin(), models.end(),
                          [](const RemoteModel& model) { return model.isOvis(); });
    return models;
}

void addProps(RemoteModel& model, const json& props)
{
    learn(model.seesPictures, flag(props, "modalities.vision"));
    learn(model.seesFilms, flag(props, "modalities.video"));
    if (const auto context = countOf(props, "default_generation_settings.n_ctx");
        context && *context > 0)
        model.context = std::min(*context, longestContext);
    if (const auto chat = textOf(props, "chat_template"))
        if (chat->find("enable_thinking") != chat->npos || chat->find("<think>") != chat->npos)
            model.thinks = Known::Yes;
}

void addOllamaShow(RemoteModel& model, const json& shown)
{
    const json* const abilities = member(shown, "capabilities");
    learn(model.seesPictures, listHolds(abilities, "vision"));
    learn(model.thinks, listHolds(abilities, "thinking"));
    model.seesFilms = Known::No; // as a file; frames are pictures
    const json* const info = member(shown, "model_info");
    if (!info || !info->is_object())
        return;
    for (const auto& [key, value] : info->items()) // "qwen3vl.context_length"
        if (key.ends_with(".context_length") && value.is_number_unsigned() && value > 0)
            model.context = std::min(value.get<int64_t>(), longestContext);
}

void addDetails(std::vector<RemoteModel>& models, const std::vector<RemoteModel>& details)
{
    for (RemoteModel& model : models) {
        const auto found =
            std::find_if(details.begin(), details.end(),
                         [&](const RemoteModel& other) { return other.id == model.id; });
        if (found == details.end())
            continue;
        learn(model.seesPictures, found->seesPictures);
        learn(model.seesFilms, found->seesFilms);
        learn(model.thinks, found->thinks);
        if (found->context)
            model.context = found->context;
        if (found->state != RemoteModel::State::Unknown) {
            model.state = found->state;
            model.progress = found->progress;
        }
    }
}

const RemoteModel* preferredModel(const std::vector<RemoteModel>& models)
{
    const auto rank = [](const RemoteModel& model) {
        const int sight = model.seesPictures == Known::Yes  ? 2
                          : model.seesPictures == Known::No ? 0
                                                            : 1;
        const int loaded = model.state == RemoteModel::State::Loaded ? 1 : 0;
        return sight * 4 + (model.isOvis() ? 2 : 0) + loaded;
    };
    const auto best = std::max_element(
        models.begin(), models.end(),
        [&](const RemoteModel& a, const RemoteModel& b) { return rank(a) < rank(b); });
    return best == models.end() ? nullptr : &*best;
}

} // namespace argali::remote
