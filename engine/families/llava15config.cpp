#include "engine/families/llava15config.h"

#include <algorithm>
#include <iterator>

#include "engine/modellibrary.h"

#include <nlohmann/json.hpp>

namespace argali::llava15 {

namespace {

constexpr int64_t mostSide = 4096; // of a picture in pixels

[[noreturn]] void refuse(const Config& config, const std::string& what)
{
    throw Error(Error::Code::Unsupported,
                config.file() + ": " + what + " is not supported for " + familyName);
}

/// Source: LlamaConfig of transformers, which a sparse text_config relies on
constexpr TextDefaults llamaDefaults{.layers = 32,
                                     .width = 4096,
                                     .heads = 32,
                                     .groups = -1,
                                     .feedForward = 11008,
                                     .vocabulary = 32000,
                                     .context = 2048,
                                     .epsilon = 1e-6,
                                     .theta = 1e4};

Activation activationOf(const Config& config, const std::string& name)
{
    if (name == "quick_gelu")
        return Activation::QuickGelu;
    if (name == "gelu")
        return Activation::Gelu;
    if (name == "gelu_pytorch_tanh" || name == "gelu_new")
        return Activation::GeluTanh;
    refuse(config, "hidden_act \"" + name + "\" (only quick_gelu, gelu and gelu_pytorch_tanh)");
}

void readVision(const Config& config, Dimensions& d)
{
    VisionConfig& v = d.vision;
    d.visionLayers = config.integer("num_hidden_layers", 1, mostOf::layers);
    v.width = config.integer("hidden_size", 1, mostOf::width);
    v.heads = config.integer("num_attention_heads", 1, mostOf::heads);
    v.feedForward = config.integer("intermediate_size", 1, mostOf::width);
    v.epsilon = static_cast<float>(config.number("layer_norm_eps", 0, 1, 1e-5));
    v.activation = activationOf(config, config.string("hidden_act", "quick_gelu"));
    requireInteger(config, "num_channels", 3, familyName);
    d.patch = config.integer("patch_size", 1, 256);
    d.side = config.integer("image_size", 1, mostSide);
    if (v.width % v.heads != 0 || d.side % d.patch != 0)
        throw Error(Error::Code::BadModel,
                    config.file() + ": vision width " + std::to_string(v.width) + " over " +
                        std::to_string(v.heads) + " heads, " + std::to_string(d.side) +
                        " pixels over patches of " + std::to_string(d.patch) +
                        ": both must divide without a rest");
}

/// How many layers are run for the hidden states of this index, of which 0 is the embedding's
/// output.
int64_t layersRun(const Config& config, const char* key, int64_t layers)
{
    const int64_t index = config.integer(key, -layers - 1, layers, -2);
    return index < 0 ? layers + 1 + index : index;
}

void readNative(const Config& config, Dimensions& d)
{
    d.text = readTextConfig(config.object("text_config"), llamaDefaults, familyName);
    d.text.tiedHead =
        config.object("text_config")
            .boolean("tie_word_embeddings", config.boolean("tie_word_embeddings", false));
    requireText(config.object("text_config"), "model_type", "llama", familyName);
    readVision(config.object("vision_config"), d);
    if (config.has("vision_feature_layer") && config.json().at("vision_feature_layer").is_array())
        refuse(config, "a list as vision_feature_layer");
    d.vision.layers = layersRun(config, "vision_feature_layer", d.visionLayers);
    const std::string strategy = config.string("vision_feature_select_strategy", "default");
    if (strategy != "default" && strategy != "full")
        refuse(config,
               "vision_feature_select_strategy \"" + strategy + "\" (only default and full)");
    d.keepsClass = strategy == "full";
    requireText(config, "projector_hidden_act", "gelu", familyName);
    d.projectorBias = config.boolean("multimodal_projector_bias", true);
    const char* key = config.has("image_token_id") ? "image_token_id" : "image_token_index";
    constexpr int64_t published = 32000;
    d.placeholder = static_cast<int32_t>(config.integer(key, 0, mostOf::vocabulary, published));
    // Trained with padding; the processor of this layout crops, which is there on request.
    d.aspectRatio = "pad";
}

/// "linear", "identity" or "mlpNx_gelu".
int64_t projectorLayers(const Config& config)
{
    const std::string type = config.string("mm_projector_type", "linear");
    if (type == "linear")
        return 1;
    if (type == "identity")
        return 0;
    if (type.size() == 10 && type.starts_with("mlp") && type[3] >= '1' && type[3] <= '9' &&
        type.ends_with("x_gelu"))
        return type[3] - '0';
    refuse(config, "mm_projector_type \"" + type + "\" (only linear, identity and mlpNx_gelu)");
}

void readOriginal(const Config& config, const Config& tower, Dimensions& d)
{
    d.text = readTextConfig(config, llamaDefaults, familyName);
    d.text.tiedHead = config.boolean("tie_word_embeddings", false);
    readVision(tower.has("vision_config") ? tower.object("vision_config") : tower, d);
    d.vision.layers = layersRun(config, "mm_vision_select_layer", d.visionLayers);
    const std::string feature = config.string("mm_vision_select_feature", "patch");
    if (feature != "patch" && feature != "cls_patch")
        refuse(config, "mm_vision_select_feature \"" + feature + "\" (only patch and cls_patch)");
    d.keepsClass = feature == "cls_patch";
    d.projectorLayers = projectorLayers(config);
    requireInteger(config, "mm_hidden_size", d.vision.width, familyName);
    if (d.projectorLayers == 0 && d.vision.width != d.text.decoder.width)
        refuse(config, "an identity projector between different widths");
    if (config.has("mm_resampler_type"))
        refuse(config, "mm_resampler_type \"" + config.string("mm_resampler_type") + "\"");
    // What LLaVA-1.6 adds makes other positions of a picture.
    const std::string ratio = config.string("image_aspect_ratio", "square");
    if (ratio == "anyres" || ratio.starts_with("anyres_") ||
        config.string("mm_patch_merge_type", "flat") != "flat")
        refuse(config,
               "image_aspect_ratio \"" + ratio + "\" with several parts of a picture (LLaVA-1.6)");
    d.aspectRatio = ratio == "pad" ? "pad" : "crop";
    d.marksPictures = config.boolean("mm_use_im_start_end", false);
    constexpr int32_t reference = -200;
    d.placeholder = reference;
}

} // namespace

Layout layoutOf(const Config& config)
{
    return config.has("text_config") ? Layout::Native : Layout::Original;
}

Dimensions readDimensions(const Config& config, const Config& tower)
{
    if (config.has("quantization_config"))
        refuse(config, "a quantised checkpoint (quantization_config)");
    Dimensions d;
    d.layout = layoutOf(config);
    if (d.layout == Layout::Native)
        readNative(config, d);
    else
        readOriginal(config, tower, d);
    return d;
}

namespace {

/// A size that is written as a number, or as an object with one of these keys.
int64_t sizeFrom(const Config& config, const char* key, std::initializer_list<const char*> names,
                 int64_t fallback)
{
    if (!config.has(key) || config.json().at(key).is_number())
        return config.integer(key, 1, mostSide, fallback);
    const Config size = config.object(key);
    int64_t found = 0;
    for (const char* name : names) {
        if (!size.has(name))
            continue;
        const int64_t value = size.integer(name, 1, mostSide);
        if (found > 0 && value != found)
            refuse(config, std::string(key) + " of an oblong picture");
        found = value;
    }
    return found > 0 ? found : size.integer(*names.begin(), 1, mostSide);
}

} // namespace

Preprocessing readPreprocessing(const Config& config, const Dimensions& d)
{
    if (!config.boolean("do_center_crop", true))
        refuse(config, "do_center_crop false (only true)");
    constexpr int64_t bicubic = 3; // as Pillow counts its filters
    requireInteger(config, "resample", bicubic, familyName);
    const int64_t crop = sizeFrom(config, "crop_size", {"height", "width"}, d.side);
    const int64_t edge = sizeFrom(config, "size", {"shortest_edge", "height", "width"}, d.side);
    if (crop != d.side || edge < crop)
        throw Error(Error::Code::BadModel, config.file() + ": pictures of " + std::to_string(edge) +
                                               " pixels of which " + std::to_string(crop) +
                                               " are cut out; the vision tower takes " +
                                               std::to_string(d.side));
    const Normalization clip{{0.48145466F, 0.4578275F, 0.40821073F},
                             {0.26862954F, 0.26130258F, 0.27577711F}};
    return {readNormalization(config, clip, familyName), static_cast<int>(edge)};
}

Names::Names(const WeightSource& weights, const Dimensions& d)
{
    const std::string body =
        publishedPrefix(weights, {"language_model.model.", "model.language_model.", "model."},
                        "embed_tokens.weight");
    m_text = {TextPacking::Llama, body,
              body == "language_model.model." ? "language_model.lm_head.weight" : "lm_head.weight"};
    m_vision = publishedPrefix(weights,
                               {"model.vision_tower.vision_tower.vision_model.",
                                "model.vision_tower.vision_model.", "vision_tower.vision_model.",
                                "vision_model."},
                               "embeddings.class_embedding");
    if (d.projectorLayers == 0)
        return;
    m_single = d.projectorLayers == 1 && weights.describe("model.mm_projector.weight");
    m_projector =
        m_single
            ? "model.mm_projector."
            : publishedPrefix(weights,
                              {"model.mm_projector.0.", "model.multi_modal_projector.linear_1.",
                               "multi_modal_projector.linear_1."},
                              "weight");
    m_numbered = m_projector == "model.mm_projector.0.";
    if (!m_single)
        m_projector.erase(m_projector.size() - 2);
}

std::string Names::visionLayer(int64_t i, const std::string& suffix) const
{
    return m_vision + "encoder.layers." + std::to_string(i) + "." + suffix;
}

std::string Names::projector(int64_t i, const std::string& suffix) const
{
    if (m_single)
        return m_projector + suffix;
    return m_projector + std::to_string(m_numbered ? 2 * i : i + 1) + "." + suffix;
}

bool Names::isExpected(const std::string& name, const Dimensions& d) const
{
    if (name.ends_with("rotary_emb.inv_freq") || name.ends_with("position_ids") ||
        name == m_text.head)
        return true;
    if (name.starts_with(m_vision + "post_layernorm."))
        return true;
    for (int64_t i = d.vision.layers; i < d.visionLayers; ++i)
        if (name.starts_with(visionLayer(i, "")))
            return true;
    // A tower beside the one inside of the checkpoint.
    return m_vision != "vision_model." && name.starts_with("vision_model.");
}

std::vector<NamedShape> usedTensors(const Dimensions& d, const Names& names)
{
    std::vector<NamedShape> list = textTensors(d.text, names.text());
    const VisionConfig& v = d.vision;
    const auto add = [&](std::string name, Shape shape) {
        list.push_back({std::move(name), shape});
    };
    const auto both = [&](const std::string& name, Shape shape) {
        add(name + ".weight", shape);
        add(name + ".bias", {shape.dim(0)});
    };
    add(names.vision() + "embeddings.class_embedding", {v.width});
    add(names.vision() + "embeddings.patch_embedding.weight", {v.width, 3, d.patch, d.patch});
    add(names.vision() + "embeddings.position_embedding.weight", {1 + d.patches(), v.width});
    both(names.vision() + "pre_layrnorm", {v.width}); // spelled so in every file
    for (int64_t i = 0; i < v.layers; ++i) {
        both(names.visionLayer(i, "layer_norm1"), {v.width});
        for (const char* projection : {"q_proj", "k_proj", "v_proj", "out_proj"})
            both(names.visionLayer(i, std::string("self_attn.") + projection), {v.width, v.width});
        both(names.visionLayer(i, "layer_norm2"), {v.width});
        both(names.visionLayer(i, "mlp.fc1"), {v.feedForward, v.width});
        both(names.visionLayer(i, "mlp.fc2"), {v.width, v.feedForward});
    }
    for (int64_t i = 0; i < d.projectorLayers; ++i) {
        add(names.projector(i, "weight"),
            {d.text.decoder.width, i == 0 ? v.width : d.text.decoder.width});
        if (d.projectorBias)
            add(names.projector(i, "bias"), {d.text.decoder.width});
    }
    return list;
}

namespace {

std::string towerId(const Config& config)
{
    return config.string("mm_vision_tower", config.string("vision_tower", ""));
}

/// Where the tower may lie, in the order in which it is looked for.
std::vector<std::filesystem::path> towerPlaces(const std::filesystem::path& folder,
                                               const Config& config)
{
    const std::string id = towerId(config);
    const std::filesystem::path path(id);
    const std::string name = path.filename().string();
    std::vector<std::filesystem::path> places;
    if (path.is_absolute())
        places.push_back(path);
    // Where an adapter brings the configuration, its folder comes first.
    const std::filesystem::path ofConfig =
        std::filesystem::weakly_canonical(std::filesystem::path(config.file()).parent_path());
    std::vector<std::filesystem::path> folders{folder};
    if (!config.file().empty() && ofConfig != folder)
        folders.insert(folders.begin(), ofConfig);
    for (const std::filesystem::path& start : folders) {
        places.push_back(start / "vision_tower");
        if (!name.empty() && name != "." && name != "..")
            places.push_back(start.parent_path() / name);
        if (isModelId(id))
            places.push_back(start.parent_path().parent_path() / path);
    }
    if (const std::filesystem::path library = modelLibraryFolder();
        !library.empty() && isModelId(id))
        places.push_back(library / path);
    return places;
}

} // namespace

std::optional<std::filesystem::path> towerFolder(const std::filesystem::path& folder,
                                                 const Config& config)
{
    for (const std::filesystem::path& place : towerPlaces(folder, config))
        if (std::error_code failure; std::filesystem::exists(place / "config.json", failure))
            return place;
    return std::nullopt;
}

void refuseMissingTower(const std::filesystem::path& folder, const Config& config)
{
    std::string places;
    for (const std::filesystem::path& place : towerPlaces(folder, config))
        places += (places.empty() ? "" : ", ") + place.string();
    throw Error(
        Error::Code::Missing,
        folder.string() + ": the vision tower " + inQuotes(towerId(config)) +
            " is not part of this checkpoint, and its config.json in none of these folders: " +
            places + "; fetch it and put its folder there as " +
            (folder / "vision_tower").string());
}

std::optional<Config> publishedConfig(const std::string& name, int64_t layers)
{
    const bool large = name == "llava-1.5-13b";
    if (!large && name != "llava-1.5-7b")
        return std::nullopt;
    const int64_t textLayers = large ? 40 : 32;
    const int64_t visionLayers = 24;
    const nlohmann::json value = {
        {"model_type", "llava"},
        {"architectures", {"LlavaForConditionalGeneration"}},
        {"torch_dtype", "float16"},
        {"image_token_index", 32000},
        {"vision_feature_layer", -2},
        {"text_config",
         {{"model_type", "llama"},
          {"hidden_size", large ? 5120 : 4096},
          {"intermediate_size", large ? 13824 : 11008},
          {"num_hidden_layers", layers > 0 ? layers : textLayers},
          {"num_attention_heads", large ? 40 : 32},
          {"max_position_embeddings", 4096},
          {"rms_norm_eps", 1e-5},
          {"vocab_size", 32064}}},
        {"vision_config",
         {{"hidden_size", 1024},
          {"intermediate_size", 4096},
          {"num_hidden_layers", layers > 0 ? std::min(layers + 1, visionLayers) : visionLayers},
          {"num_attention_heads", 16},
          {"image_size", 336},
          {"patch_size", 14}}},
    };
    return Config(value, name);
}

} // namespace argali::llava15
