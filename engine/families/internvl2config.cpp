#include "engine/families/internvl2config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

namespace argali::internvl2 {

namespace {

constexpr int64_t mostSide = 4096; // of a tile in pixels
constexpr int64_t mostTilesEver = 1024;

/// Source: conversation.py of the published code
constexpr const char* publishedSystem = "你是由上海人工智能实验室联合商汤科技开发的书生多模态大模型"
                                        "，英文名叫InternVL, 是一个有用无害的人工智能助手。";
constexpr const char* laterSystem = "你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华"
                                    "大学及多家合作单位联合开发的多模态大语言模型。";

[[noreturn]] void refuse(const Config& config, const std::string& what)
{
    throw Error(Error::Code::Unsupported,
                config.file() + ": " + what + " is not supported for " + familyName);
}

/// A size that is written as a number or as a list of two equal ones.
int64_t squareSize(const Config& config, const char* key, int64_t most)
{
    if (!config.has(key) || !config.json().at(key).is_array())
        return config.integer(key, 1, most);
    const nlohmann::json& list = config.json().at(key);
    const bool isSquare = list.size() == 2 && list[0].is_number_integer() && list[0] == list[1];
    if (!isSquare || list[0] < 1 || list[0] > most)
        throw Error(Error::Code::BadModel,
                    config.file() + ": " + key + ": expected two equal numbers from 1 to " +
                        std::to_string(most) + ", found " + inQuotes(list.dump()));
    return list[0].get<int64_t>();
}

void readText(const Config& config, Dimensions& d)
{
    const std::string type = config.string("model_type", "");
    TextDefaults defaults{.groups = -1, .context = 2048};
    if (type == "internlm2") {
        d.packing = TextPacking::InternLm2;
    } else if (type == "phi3") {
        d.packing = TextPacking::Phi3;
        defaults.epsilon = 1e-5;
    } else if (type == "qwen2") {
        d.beginsText = false;
    } else if (type != "llama") {
        refuse(config, "a language model of model_type \"" + type +
                           "\" (only qwen2, internlm2, phi3 and llama)");
    }
    d.text = readTextConfig(config, defaults, familyName);
    d.text.qkvBias = type == "qwen2";
    // Phi-3 looks back no further than its window, in which all of the context has room.
    if (config.has("sliding_window") && type == "phi3")
        d.text.context =
            std::min(d.text.context, config.integer("sliding_window", 1, mostOf::context));
}

void readVision(const Config& config, Dimensions& d)
{
    const bool native = d.layout == Layout::Native;
    requireText(config, "hidden_act", "gelu", familyName);
    requireInteger(config, "num_channels", 3, familyName);
    VisionConfig& v = d.vision;
    d.visionLayers = config.integer("num_hidden_layers", 1, mostOf::layers);
    v.width = config.integer("hidden_size", 1, mostOf::width);
    v.heads = config.integer("num_attention_heads", 1, mostOf::heads);
    v.feedForward = config.integer("intermediate_size", 1, mostOf::width);
    v.epsilon = static_cast<float>(config.number("layer_norm_eps", 0, 1, 1e-6));
    v.activation = Activation::Gelu;
    // Defaults of InternVisionConfig and of InternVLVisionConfig.
    const std::string kind = config.string("norm_type", native ? "layer_norm" : "rms_norm");
    if (kind != "layer_norm" && kind != "rms_norm")
        refuse(config, "norm_type \"" + kind + "\" (only layer_norm and rms_norm)");
    d.rmsNorm = kind == "rms_norm";
    d.visionBias = config.boolean(native ? "attention_bias" : "qkv_bias", false);
    d.wholeNorms = config.boolean(native ? "use_qk_norm" : "qk_normalization", !native);
    if (native && !config.boolean("use_absolute_position_embeddings", true))
        refuse(config, "use_absolute_position_embeddings false");
    d.patch = squareSize(config, "patch_size", 256);
    d.side = squareSize(config, "image_size", mostSide);
    d.tableSide = d.side / d.patch;
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
    const int64_t index = config.integer(key, -layers - 1, layers, -1);
    return index < 0 ? layers + 1 + index : index;
}

void readFrame(const Config& config, Dimensions& d)
{
    const std::string name = config.string("template", "");
    d.system = publishedSystem;
    if (name == "internvl2_5") {
        d.frame = Frame::ChatMlLines;
        d.system = laterSystem;
    } else if (name == "phi3-chat") {
        d.frame = Frame::Phi3;
    } else if (name != "Hermes-2" && name != "internlm2-chat") {
        refuse(config, "template \"" + name +
                           "\" (only Hermes-2, internlm2-chat, phi3-chat and internvl2_5)");
    }
    d.system = config.string("system_message", d.system);
}

void readOriginal(const Config& config, Dimensions& d)
{
    readText(config.object("llm_config"), d);
    readVision(config.object("vision_config"), d);
    d.vision.layers = layersRun(config, "select_layer", d.visionLayers);
    d.side = config.integer("force_image_size", 1, mostSide, d.side);
    const std::string version = config.string("ps_version", "v1");
    if (version != "v1" && version != "v2")
        refuse(config, "ps_version \"" + version + "\" (only v1 and v2)");
    d.transposed = version == "v1";
    if (config.boolean("pad2square", false))
        refuse(config, "pad2square true");
    if (config.boolean("dynamic_image_size", false)) {
        d.leastTiles = config.integer("min_dynamic_patch", 1, mostTilesEver, 1);
        d.mostTiles = config.integer("max_dynamic_patch", d.leastTiles, mostTilesEver,
                                     std::max<int64_t>(6, d.leastTiles));
        d.thumbnail = config.boolean("use_thumbnail", false);
    }
    readFrame(config, d);
}

void readNative(const Config& config, const Config& preprocessor, Dimensions& d)
{
    readText(config.object("text_config"), d);
    readVision(config.object("vision_config"), d);
    d.vision.layers = layersRun(config, "vision_feature_layer", d.visionLayers);
    requireText(config, "vision_feature_select_strategy", "default", familyName);
    requireText(config, "projector_hidden_act", "gelu", familyName);
    constexpr int64_t published = 12;
    d.leastTiles = preprocessor.integer("min_patches", 1, mostTilesEver, 1);
    d.mostTiles = preprocessor.integer("max_patches", d.leastTiles, mostTilesEver,
                                       std::max(published, d.leastTiles));
    d.thumbnail = true;
    d.frame = Frame::ChatMlLines;
}

} // namespace

Dimensions readDimensions(const Config& config, const Config& preprocessor)
{
    if (config.has("quantization_config"))
        refuse(config, "a quantised checkpoint (quantization_config)");
    Dimensions d;
    d.layout = config.has("llm_config") ? Layout::Original : Layout::Native;
    if (d.layout == Layout::Original)
        readOriginal(config, d);
    else
        readNative(config, preprocessor, d);
    const double ratio = config.number("downsample_ratio", 0.1, 1, 0.5);
    d.vision.merge = std::llround(1 / ratio);
    if (std::abs(static_cast<double>(d.vision.merge) * ratio - 1) > 1e-6)
        refuse(config, "downsample_ratio " + nlohmann::json(ratio).dump() + " (only 1/N)");
    if (d.side % (d.patch * d.vision.merge) != 0)
        throw Error(Error::Code::BadModel, config.file() + ": tiles of " + std::to_string(d.side) +
                                               " pixels with patches of " +
                                               std::to_string(d.patch) + ", " +
                                               std::to_string(d.vision.merge) +
                                               " of them merged: must divide without a rest");
    if (config.has("image_seq_length"))
        requireInteger(config, "image_seq_length", d.tileTokens(), familyName);
    return d;
}

Names::Names(const WeightSource& weights, const Dimensions& d)
{
    m_native = d.layout == Layout::Native;
    TextNames probe{d.packing, "", ""};
    const std::string embedding = probe.embedding();
    const std::string body = publishedPrefix(
        weights, {"language_model.model.", "model.language_model."}, embedding.c_str());
    const char* head = d.packing == TextPacking::InternLm2 ? "language_model.output.weight"
                                                           : "language_model.lm_head.weight";
    m_text = {d.packing, body, body == "model.language_model." ? "lm_head.weight" : head};
    m_vision = m_native ? publishedPrefix(weights, {"vision_tower.", "model.vision_tower."},
                                          "embeddings.cls_token")
                        : publishedPrefix(weights, {"vision_model."}, "embeddings.class_embedding");
    m_projector =
        m_native
            ? publishedPrefix(weights, {"multi_modal_projector.", "model.multi_modal_projector."},
                              "linear_1.weight")
            : publishedPrefix(weights, {"mlp1."}, "1.weight");
}

std::string Names::classToken() const
{
    return m_vision + (m_native ? "embeddings.cls_token" : "embeddings.class_embedding");
}

std::string Names::positions() const
{
    return m_vision +
           (m_native ? "embeddings.position_embeddings" : "embeddings.position_embedding");
}

std::string Names::patchEmbedding(const std::string& suffix) const
{
    return m_vision +
           (m_native ? "embeddings.patch_embeddings.projection." : "embeddings.patch_embedding.") +
           suffix;
}

std::string Names::layer(int64_t i, const std::string& suffix) const
{
    return m_vision + (m_native ? "encoder.layer." : "encoder.layers.") + std::to_string(i) + "." +
           suffix;
}

std::vector<LinearPart> Names::qkv(int64_t i, const Dimensions& d) const
{
    const int64_t width = d.vision.width;
    const auto bias = [&](const std::string& name) {
        return d.visionBias ? layer(i, name + ".bias") : "";
    };
    std::vector<LinearPart> parts;
    for (int64_t part = 0; part < 3; ++part) {
        const char* native[] = {"attention.q_proj", "attention.k_proj", "attention.v_proj"};
        if (m_native)
            parts.push_back({layer(i, std::string(native[part]) + ".weight"),
                             {width, width},
                             bias(native[part])});
        else if (d.wholeNorms)
            parts.push_back({layer(i, "attn.qkv.weight"),
                             {3 * width, width},
                             bias("attn.qkv"),
                             {{part * width, width}}});
    }
    if (parts.empty())
        parts.push_back({layer(i, "attn.qkv.weight"), {3 * width, width}, bias("attn.qkv")});
    return parts;
}

std::string Names::attentionOutput(int64_t i) const
{
    return layer(i, m_native ? "attention.projection_layer" : "attn.proj");
}

std::string Names::norm(int64_t i, bool second) const
{
    return m_native ? layer(i, second ? "layernorm_after" : "layernorm_before")
                    : layer(i, second ? "norm2" : "norm1");
}

std::string Names::scale(int64_t i, bool second) const
{
    return m_native ? layer(i, second ? "lambda_2" : "lambda_1") : layer(i, second ? "ls2" : "ls1");
}

std::string Names::wholeNorm(int64_t i, bool key) const
{
    return layer(i, std::string(m_native ? "attention." : "attn.") +
                        (key ? "k_norm.weight" : "q_norm.weight"));
}

std::string Names::projector(int64_t i, const std::string& suffix) const
{
    const char* native[] = {"layer_norm.", "linear_1.", "linear_2."};
    const char* original[] = {"0.", "1.", "3."};
    return m_projector + (m_native ? native[i] : original[i]) + suffix;
}

std::vector<NamedShape> usedTensors(const Dimensions& d, const Names& names)
{
    std::vector<NamedShape> list = textTensors(d.text, names.text());
    const VisionConfig& v = d.vision;
    const auto add = [&](std::string name, Shape shape, bool changed = false) {
        list.push_back({std::move(name), shape, changed});
    };
    const auto both = [&](const std::string& name, Shape shape, bool changed = false) {
        add(name + ".weight", shape, changed);
        add(name + ".bias", {shape.dim(0)});
    };
    const auto norm = [&](const std::string& name) {
        add(name + ".weight", {v.width});
        if (!d.rmsNorm)
            add(name + ".bias", {v.width});
    };
    add(names.classToken(), {1, 1, v.width});
    add(names.positions(), {1, 1 + d.tableSide * d.tableSide, v.width});
    add(names.patchEmbedding("weight"), {v.width, 3, d.patch, d.patch});
    add(names.patchEmbedding("bias"), {v.width});
    for (int64_t i = 0; i < v.layers; ++i) {
        norm(names.norm(i, false));
        for (const LinearPart& part : names.qkv(i, d)) {
            if (!part.rows.empty() && part.rows.front().begin > 0)
                continue; // the matrix of before
            add(part.weight, part.shape);
            if (!part.bias.empty())
                add(part.bias, {part.shape.dim(0)});
        }
        if (d.wholeNorms)
            for (const bool key : {false, true})
                add(names.wholeNorm(i, key), {v.width});
        both(names.attentionOutput(i), {v.width, v.width}, true);
        add(names.scale(i, false), {v.width});
        norm(names.norm(i, true));
        both(names.layer(i, "mlp.fc1"), {v.feedForward, v.width});
        both(names.layer(i, "mlp.fc2"), {v.width, v.feedForward}, true);
        add(names.scale(i, true), {v.width});
    }
    const int64_t width = d.text.decoder.width;
    for (const char* suffix : {"weight", "bias"})
        add(names.projector(0, suffix), {d.mergedWidth()});
    add(names.projector(1, "weight"), {width, d.mergedWidth()});
    add(names.projector(1, "bias"), {width});
    add(names.projector(2, "weight"), {width, width});
    add(names.projector(2, "bias"), {width});
    return list;
}

namespace {

/// A published size.
struct Published {
    const char* name;
    const char* type;
    const char* frame;
    int64_t width, feedForward, layers, heads, groups, vocabulary;
    double theta;
    bool largeTower;
};

constexpr std::array sizes{
    Published{"internvl2-1b", "qwen2", "Hermes-2", 896, 4864, 24, 14, 2, 151655, 1e6, false},
    Published{"internvl2-2b", "internlm2", "internlm2-chat", 2048, 8192, 24, 16, 8, 92553, 1e6,
              false},
    Published{"internvl2-4b", "phi3", "phi3-chat", 3072, 8192, 32, 32, 32, 32020, 1e4, false},
    Published{"internvl2-8b", "internlm2", "internlm2-chat", 4096, 14336, 32, 32, 8, 92553, 1e6,
              false},
    Published{"internvl2-26b", "internlm2", "internlm2-chat", 6144, 16384, 48, 48, 8, 92553, 1e6,
              true},
};

} // namespace

std::optional<Config> publishedConfig(const std::string& name, int64_t layers)
{
    const auto* const size = std::find_if(sizes.begin(), sizes.end(),
                                          [&](const Published& p) { return name == p.name; });
    if (size == sizes.end())
        return std::nullopt;
    const bool large = size->largeTower;
    const int64_t visionLayers = large ? 45 : 24;
    const nlohmann::json value = {
        {"model_type", "internvl_chat"},
        {"torch_dtype", "bfloat16"},
        {"downsample_ratio", 0.5},
        {"ps_version", "v2"},
        {"force_image_size", 448},
        {"dynamic_image_size", true},
        {"use_thumbnail", true},
        {"max_dynamic_patch", 12},
        {"template", size->frame},
        {"llm_config",
         {{"model_type", size->type},
          {"hidden_size", size->width},
          {"intermediate_size", size->feedForward},
          {"num_hidden_layers", layers > 0 ? layers : size->layers},
          {"num_attention_heads", size->heads},
          {"num_key_value_heads", size->groups},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", size->theta},
          {"max_position_embeddings", 32768},
          {"vocab_size", size->vocabulary}}},
        {"vision_config",
         {{"hidden_size", large ? 3200 : 1024},
          {"intermediate_size", large ? 12800 : 4096},
          {"num_hidden_layers", layers > 0 ? std::min(layers, visionLayers) : visionLayers},
          {"num_attention_heads", large ? 25 : 16},
          {"image_size", 448},
          {"patch_size", 14},
          {"qkv_bias", !large},
          {"qk_normalization", large},
          {"norm_type", large ? "rms_norm" : "layer_norm"}}},
    };
    return Config(value, name);
}

} // namespace argali::internvl2
