#include "engine/families/ovis25config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/families/joinedweights.h"

namespace argali::ovis25 {

namespace {

constexpr const char* family = "Ovis2.5";

[[noreturn]] void refuse(const Config& config, const std::string& what)
{
    throw Error(Error::Code::Unsupported,
                config.file() + ": " + what + " is not supported for Ovis2.5");
}

void refuseScaledRope(const Config& config)
{
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (!config.has(key))
            continue;
        const Config rope = config.object(key);
        const std::string type = rope.string("rope_type", rope.string("type", "default"));
        if (type != "default")
            refuse(config, std::string(key) + " of type \"" + type + "\"");
    }
}

double ropeTheta(const Config& config, double fallback)
{
    if (config.has("rope_parameters"))
        return config.object("rope_parameters").number("rope_theta", 1, 1e12, fallback);
    return config.number("rope_theta", 1, 1e12, fallback);
}

TextConfig readText(const Config& config)
{
    refuseScaledRope(config);
    TextConfig text =
        readTextConfig(config, {.headWidth = 128, .epsilon = 1e-6, .theta = 1e6}, family);
    text.headNorms = true;
    return text;
}

/// Blocks with window attention are in no published checkpoint: all must attend to the whole frame.
void refuseWindows(const Config& config, int64_t layers)
{
    if (config.has("fullatt_block_indexes"))
        refuse(config, "window attention (fullatt_block_indexes)");
    if (!config.has("layer_types"))
        return;
    const nlohmann::json& types = config.json().at("layer_types");
    const bool allFull = types.is_array() && static_cast<int64_t>(types.size()) == layers &&
                         std::all_of(types.begin(), types.end(), [](const nlohmann::json& type) {
                             return type == "full_attention";
                         });
    if (!allFull)
        refuse(config, "layer_types other than full_attention in every block");
}

VisionConfig readVision(const Config& config)
{
    requireText(config, "hidden_act", "gelu_pytorch_tanh", family);
    for (const char* key : {"preserve_original_pe", "use_rope"})
        if (!config.boolean(key, true))
            refuse(config, std::string(key) + " false");
    refuseScaledRope(config);
    if (config.integer("temporal_patch_size", 1, 64, 1) != 1)
        refuse(config, "temporal_patch_size above 1");
    if (config.integer("num_channels", 1, 64, 3) != 3)
        refuse(config, "num_channels other than 3");
    VisionConfig vision;
    vision.layers = config.integer("num_hidden_layers", 1, mostOf::layers);
    vision.width = config.integer("hidden_size", 1, mostOf::width);
    vision.heads = config.integer("num_attention_heads", 1, mostOf::heads);
    vision.feedForward = config.integer("intermediate_size", 1, mostOf::width);
    vision.epsilon = static_cast<float>(config.number("layer_norm_eps", 0, 1, 1e-6));
    vision.ropeTheta = static_cast<float>(ropeTheta(config, 1e4));
    vision.merge = config.has("hidden_stride") ? config.integer("hidden_stride", 1, 8)
                                               : config.integer("spatial_merge_size", 1, 8);
    if (vision.width % vision.heads != 0 || vision.width / vision.heads % 4 != 0)
        throw Error(Error::Code::BadModel,
                    config.file() + ": vision width " + std::to_string(vision.width) + " over " +
                        std::to_string(vision.heads) + " heads: must divide into widths that are " +
                        "multiples of 4");
    refuseWindows(config, vision.layers);
    return vision;
}

} // namespace

int64_t Dimensions::softRows() const
{
    return visualVocabulary - indicators;
}

Dimensions readDimensions(const Config& config)
{
    if (config.has("quantization_config"))
        refuse(config, "a quantised checkpoint (quantization_config)");
    const bool hub = config.has("llm_config");
    const Config text = config.object(hub ? "llm_config" : "text_config");
    const Config vision = config.object(hub ? "vit_config" : "vision_config");
    requireText(text, "model_type", "qwen3", family);

    Dimensions d;
    d.language = readText(text);
    d.text = d.language.decoder;
    d.vision = readVision(vision);
    // The published 9B file lacks the key; the default of its text model is an untied head.
    d.language.tiedHead =
        text.boolean("tie_word_embeddings", config.boolean("tie_word_embeddings", false));
    d.patch = vision.integer("patch_size", 1, 256);
    d.visualVocabulary =
        config.has("visual_vocab_size")
            ? config.integer("visual_vocab_size", indicators + 1, mostOf::vocabulary)
            : vision.integer("vocab_size", indicators + 1, mostOf::vocabulary);
    return d;
}

Normalization readPreprocessing(const Config& config, const Dimensions& d)
{
    constexpr int64_t bilinear = 2; // as Pillow counts its filters
    requireInteger(config, "resample", bilinear, family);
    requireInteger(config, "patch_size", d.patch, family);
    for (const char* key : {"hidden_stride", "merge_size", "spatial_merge_size"})
        requireInteger(config, key, d.vision.merge, family);
    requireInteger(config, "temporal_patch_size", 1, family);
    return readNormalization(config, {}, family);
}

Names::Names(const WeightSource& weights)
    : m_text(
          publishedPrefix(weights, {"llm.model.", "model.language_model."}, "embed_tokens.weight")),
      m_outputHead(m_text == "llm.model." ? "llm.lm_head.weight" : "lm_head.weight"),
      m_embeddings(publishedPrefix(weights,
                                   {"visual_tokenizer.vit.vision_model.embeddings.",
                                    "model.vision_tower.transformer.embeddings.",
                                    "model.vision_tower.embeddings."},
                                   "patch_embedding.weight")),
      m_visionLayers(
          publishedPrefix(weights,
                          {"visual_tokenizer.vit.vision_model.encoder.layers.",
                           "model.vision_tower.transformer.encoder.layers.",
                           "model.vision_tower.layers.", "model.vision_tower.encoder.layers."},
                          "0.layer_norm1.weight")),
      m_postNorm(
          m_embeddings.substr(0, m_embeddings.size() - std::string_view("embeddings.").size()) +
          "post_layernorm."),
      m_headLinear(publishedPrefix(weights,
                                   {"visual_tokenizer.head.0.", "model.vision_tower.head_linear.",
                                    "model.visual_tokenizer.head_linear."},
                                   "weight")),
      m_headNorm(publishedPrefix(weights,
                                 {"visual_tokenizer.head.1.", "model.vision_tower.head_norm.",
                                  "model.visual_tokenizer.head_norm."},
                                 "weight")),
      m_table(publishedPrefix(weights, {"vte.", "model.visual_embeddings_table."}, "weight"))
{
}

std::string Names::patchEmbedding(const std::string& suffix) const
{
    return m_embeddings + "patch_embedding." + suffix;
}

std::string Names::visionLayer(int64_t layer, const std::string& suffix) const
{
    return m_visionLayers + std::to_string(layer) + "." + suffix;
}

namespace {

/// The same list for names of a checkpoint and for the published ones.
template <typename NamesLike>
std::vector<NamedShape> listTensors(const Dimensions& d, const NamesLike& names, int64_t side)
{
    std::vector<NamedShape> list = textTensors(d.language, names.language());
    const auto add = [&](std::string name, Shape shape) {
        list.push_back({std::move(name), shape});
    };
    const VisionConfig& v = d.vision;
    add(names.patchEmbedding("weight"), {v.width, 3, d.patch, d.patch});
    add(names.patchEmbedding("bias"), {v.width});
    add(names.positionTable(), {side * side, v.width});
    for (int64_t i = 0; i < v.layers; ++i) {
        const auto layer = [&](const std::string& suffix, Shape shape) {
            add(names.visionLayer(i, suffix + ".weight"), shape);
            add(names.visionLayer(i, suffix + ".bias"), {shape.dim(0)});
        };
        layer("layer_norm1", {v.width});
        for (const char* projection : {"q_proj", "k_proj", "v_proj", "out_proj"})
            layer(std::string("self_attn.") + projection, {v.width, v.width});
        layer("layer_norm2", {v.width});
        layer("mlp.fc1", {v.feedForward, v.width});
        layer("mlp.fc2", {v.width, v.feedForward});
    }
    add(names.visualHead(), {d.softRows(), d.mergedWidth()});
    add(names.visualHeadNorm("weight"), {d.softRows()});
    add(names.visualHeadNorm("bias"), {d.softRows()});
    add(names.visualTable(), {d.visualVocabulary, d.text.width});
    return list;
}

} // namespace

std::vector<NamedShape> usedTensors(const Dimensions& d, const Names& names, int64_t side)
{
    return listTensors(d, names, side);
}

std::vector<NamedShape> publishedTensors(const Dimensions& d)
{
    constexpr int64_t side = 32;
    return listTensors(d, Names(PublishedSpelling({"llm.", "visual_tokenizer.", "vte."})), side);
}

std::optional<Config> publishedConfig(const std::string& name, int64_t layers)
{
    const bool large = name == "ovis2.5-9b";
    if (!large && name != "ovis2.5-2b")
        return std::nullopt;
    const int64_t publishedLayers = large ? 36 : 28;
    const nlohmann::json value = {
        {"model_type", "ovis2_5"},
        {"torch_dtype", "bfloat16"},
        {"visual_vocab_size", 65536},
        {"llm_config",
         {{"model_type", "qwen3"},
          {"hidden_size", large ? 4096 : 2048},
          {"num_hidden_layers", layers > 0 ? layers : publishedLayers},
          {"num_attention_heads", large ? 32 : 16},
          {"num_key_value_heads", 8},
          {"head_dim", 128},
          {"intermediate_size", large ? 12288 : 6144},
          {"hidden_act", "silu"},
          {"rms_norm_eps", 1e-6},
          {"rope_theta", 1000000},
          {"max_position_embeddings", 40960},
          {"vocab_size", 151936},
          {"tie_word_embeddings", !large}}},
        {"vit_config",
         {{"model_type", "siglip2_navit"},
          {"hidden_size", 1152},
          {"num_hidden_layers", layers > 0 ? std::min<int64_t>(layers, 27) : 27},
          {"num_attention_heads", 16},
          {"intermediate_size", 4304},
          {"patch_size", 16},
          {"image_size", 512},
          {"hidden_stride", 2},
          {"hidden_act", "gelu_pytorch_tanh"},
          {"layer_norm_eps", 1e-6}}},
    };
    return Config(value, name);
}

} // namespace argali::ovis25
