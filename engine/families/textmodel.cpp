#include "engine/families/textmodel.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/families/refusal.h"

namespace argali {

namespace {

std::vector<float> factorsOf(const Config& scaling, const char* key, int64_t count)
{
    const nlohmann::json& list = scaling.json().value(key, nlohmann::json());
    const auto isGood = [](const nlohmann::json& value) {
        return value.is_number() && value.get<double>() > 1e-3 && value.get<double>() < 1e6;
    };
    if (!list.is_array() || static_cast<int64_t>(list.size()) != count ||
        !std::all_of(list.begin(), list.end(), isGood))
        throw Error(Error::Code::BadModel, scaling.file() + ": " + key + ": expected a list of " +
                                               std::to_string(count) + " positive numbers");
    std::vector<float> result;
    for (const nlohmann::json& value : list)
        result.push_back(value.get<float>());
    return result;
}

/// Source: Phi3SuScaledRotaryEmbedding of the published code
void readLongRope(const Config& config, const Config& scaling, TextConfig& text)
{
    RopeScaling& rope = text.rope;
    rope.kind = RopeScaling::Kind::Long;
    constexpr int64_t publishedLength = 4096;
    rope.length =
        scaling.integer("original_max_position_embeddings", 2, mostOf::context,
                        config.integer("original_max_position_embeddings", 2, mostOf::context,
                                       std::min(publishedLength, text.context)));
    rope.shortFactors = factorsOf(scaling, "short_factor", text.decoder.headWidth / 2);
    rope.longFactors = factorsOf(scaling, "long_factor", text.decoder.headWidth / 2);
    const double ratio = static_cast<double>(text.context) / static_cast<double>(rope.length);
    if (ratio > 1)
        rope.magnitude = static_cast<float>(
            std::sqrt(1 + std::log(ratio) / std::log(static_cast<double>(rope.length))));
}

void readRope(const Config& config, const TextDefaults& defaults, const std::string& family,
              TextConfig& text)
{
    RopeScaling& rope = text.rope;
    rope.headWidth = text.decoder.headWidth;
    rope.theta = config.number("rope_theta", 1, 1e12, defaults.theta);
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (!config.has(key))
            continue;
        const Config scaling = config.object(key);
        rope.theta = scaling.number("rope_theta", 1, 1e12, rope.theta);
        const std::string type = scaling.string("rope_type", scaling.string("type", "default"));
        if (type == "dynamic") {
            rope.kind = RopeScaling::Kind::Dynamic;
            rope.length = text.context;
            rope.factor = scaling.number("factor", 1, 1024);
            text.context =
                std::min(mostOf::context,
                         static_cast<int64_t>(static_cast<double>(text.context) * rope.factor));
        } else if (type == "su" || type == "longrope") {
            readLongRope(config, scaling, text);
        } else if (type != "default") {
            refuse(config, std::string(key) + " of type \"" + type + "\"", family);
        }
    }
    text.decoder.rope = rope.at(1);
}

/// A whole number from 1 on that must be there unless there is a default.
int64_t sizeFrom(const Config& config, const char* key, int64_t most, int64_t fallback)
{
    return fallback > 0 ? config.integer(key, 1, most, fallback) : config.integer(key, 1, most);
}

} // namespace

TextConfig readTextConfig(const Config& config, const TextDefaults& defaults,
                          const std::string& family)
{
    if (const std::string value = config.string("hidden_act", "silu"); value != "silu")
        refuse(config, "hidden_act \"" + value + "\" (only \"silu\")", family);
    for (const char* key : {"attention_bias", "mlp_bias", "bias", "use_sliding_window"})
        if (config.boolean(key, false))
            refuse(config, std::string(key) + " true", family);
    if (config.number("partial_rotary_factor", 0, 1, 1) != 1)
        refuse(config, "partial_rotary_factor other than 1", family);
    TextConfig text;
    DecoderConfig& d = text.decoder;
    d.layers = sizeFrom(config, "num_hidden_layers", mostOf::layers, defaults.layers);
    d.width = sizeFrom(config, "hidden_size", mostOf::width, defaults.width);
    d.heads = sizeFrom(config, "num_attention_heads", mostOf::heads, defaults.heads);
    d.groups = sizeFrom(config, "num_key_value_heads", mostOf::heads,
                        defaults.groups < 0 ? d.heads : defaults.groups);
    d.headWidth = config.integer("head_dim", 2, mostOf::headWidth,
                                 defaults.headWidth > 0 ? defaults.headWidth
                                                        : std::max<int64_t>(2, d.width / d.heads));
    d.feedForward = sizeFrom(config, "intermediate_size", mostOf::width, defaults.feedForward);
    d.vocabulary = sizeFrom(config, "vocab_size", mostOf::vocabulary, defaults.vocabulary);
    d.epsilon = static_cast<float>(config.number("rms_norm_eps", 0, 1, defaults.epsilon));
    text.context = sizeFrom(config, "max_position_embeddings", mostOf::context, defaults.context);
    if (d.heads % d.groups != 0 || d.headWidth % 2 != 0)
        throw Error(
            Error::Code::BadModel,
            config.file() + ": " + std::to_string(d.heads) + " heads of " +
                std::to_string(d.headWidth) + " over " + std::to_string(d.groups) +
                " key/value heads: the first must be a multiple of the last, the width even");
    readRope(config, defaults, family, text);
    return text;
}

std::string TextNames::embedding() const
{
    return body + (packing == TextPacking::InternLm2  ? "tok_embeddings.weight"
                   : packing == TextPacking::ChatGlm2 ? "embedding.word_embeddings.weight"
                                                      : "embed_tokens.weight");
}

std::string TextNames::finalNorm() const
{
    return body +
           (packing == TextPacking::ChatGlm2 ? "encoder.final_layernorm.weight" : "norm.weight");
}

std::string TextNames::layer(int64_t i, const std::string& suffix) const
{
    return body + (packing == TextPacking::ChatGlm2 ? "encoder.layers." : "layers.") +
           std::to_string(i) + "." + suffix;
}

namespace {

/// The parts of one layer by name and shape.
struct LayerParts {
    std::string attentionNorm;
    std::string mlpNorm;
    std::vector<LinearPart> qkv;
    std::vector<LinearPart> output;
    std::vector<LinearPart> gateUp;
    std::vector<LinearPart> down;
};

/// The rows of a matrix packed by key heads in the order q, k, v.
/// Source: InternLM2Attention.forward of the published code
std::vector<RowRange> unpackedRows(const DecoderConfig& d)
{
    const int64_t queries = d.heads / d.groups;
    const int64_t group = (queries + 2) * d.headWidth;
    std::vector<RowRange> rows;
    for (int64_t g = 0; g < d.groups; ++g)
        rows.push_back({g * group, queries * d.headWidth});
    for (int64_t part = 0; part < 2; ++part)
        for (int64_t g = 0; g < d.groups; ++g)
            rows.push_back({g * group + (queries + part) * d.headWidth, d.headWidth});
    return rows;
}

/// The rows of ChatGLM2's matrix in the order q, k, v, and the heads of q and k in the order that a
/// backend turns them in: pair j is (2j, 2j + 1) of the first half of a head there, and (j, j +
/// C/2) here. Attention does not see in which order the values of a head come. Source:
/// apply_rotary_pos_emb and SelfAttention.forward of the published code
std::vector<RowRange> turnableRows(const TextConfig& config)
{
    const DecoderConfig& d = config.decoder;
    const int64_t quarter = d.headWidth / 4;
    std::vector<RowRange> rows;
    const auto addTurned = [&](int64_t begin) {
        for (const int64_t part : {0, 1}) {
            for (int64_t j = 0; j < quarter; ++j)
                rows.push_back({begin + 2 * j + part, 1});
            rows.push_back({begin + (2 + part) * quarter, quarter});
        }
    };
    if (config.headsApart) {
        for (const int64_t part : {0, 1})
            for (int64_t h = 0; h < d.heads; ++h)
                addTurned((3 * h + part) * d.headWidth);
        for (int64_t h = 0; h < d.heads; ++h)
            rows.push_back({(3 * h + 2) * d.headWidth, d.headWidth});
        return rows;
    }
    for (int64_t h = 0; h < d.heads + d.groups; ++h)
        addTurned(h * d.headWidth);
    rows.push_back({(d.heads + d.groups) * d.headWidth, d.groups * d.headWidth});
    return rows;
}

/// Source: SelfAttention, MLP and GLMBlock of the published code
LayerParts glmParts(const TextConfig& config, const TextNames& names, int64_t i)
{
    const DecoderConfig& d = config.decoder;
    const auto linear = [&](const std::string& name, const Shape& shape, bool bias,
                            std::vector<RowRange> rows = {}) {
        return std::vector{LinearPart{names.layer(i, name + ".weight"), shape,
                                      bias ? names.layer(i, name + ".bias") : "", std::move(rows)}};
    };
    LayerParts parts;
    parts.attentionNorm = names.layer(i, "input_layernorm.weight");
    parts.mlpNorm = names.layer(i, "post_attention_layernorm.weight");
    parts.qkv = linear("self_attention.query_key_value", {d.qkvColumns(), d.width}, config.qkvBias,
                       turnableRows(config));
    parts.output =
        linear("self_attention.dense", {d.width, d.heads * d.headWidth}, config.linearBias);
    parts.gateUp = linear("mlp.dense_h_to_4h", {2 * d.feedForward, d.width}, config.linearBias);
    parts.down = linear("mlp.dense_4h_to_h", {d.width, d.feedForward}, config.linearBias);
    return parts;
}

LayerParts partsOf(const TextConfig& config, const TextNames& names, int64_t i)
{
    if (names.packing == TextPacking::ChatGlm2)
        return glmParts(config, names, i);
    const DecoderConfig& d = config.decoder;
    const auto name = [&](const char* suffix) { return names.layer(i, suffix); };
    const Shape down{d.width, d.feedForward};
    const Shape inner{d.feedForward, d.width};
    const Shape output{d.width, d.heads * d.headWidth};
    const Shape all{d.qkvColumns(), d.width};
    LayerParts parts;
    if (names.packing == TextPacking::InternLm2) {
        parts.attentionNorm = name("attention_norm.weight");
        parts.mlpNorm = name("ffn_norm.weight");
        parts.qkv = {{name("attention.wqkv.weight"), all, "", unpackedRows(d)}};
        parts.output = {{name("attention.wo.weight"), output}};
        parts.gateUp = {{name("feed_forward.w1.weight"), inner},
                        {name("feed_forward.w3.weight"), inner}};
        parts.down = {{name("feed_forward.w2.weight"), down}};
        return parts;
    }
    parts.attentionNorm = name("input_layernorm.weight");
    parts.mlpNorm = name("post_attention_layernorm.weight");
    parts.output = {{name("self_attn.o_proj.weight"), output}};
    parts.down = {{name("mlp.down_proj.weight"), down}};
    if (names.packing == TextPacking::Phi3) {
        parts.qkv = {{name("self_attn.qkv_proj.weight"), all}};
        parts.gateUp = {{name("mlp.gate_up_proj.weight"), {2 * d.feedForward, d.width}}};
        return parts;
    }
    const Shape query{d.heads * d.headWidth, d.width};
    const Shape group{d.groups * d.headWidth, d.width};
    for (const auto& [projection, shape] :
         {std::pair{"q_proj", query}, {"k_proj", group}, {"v_proj", group}}) {
        const std::string tensor = std::string("self_attn.") + projection;
        parts.qkv.push_back({names.layer(i, tensor + ".weight"), shape,
                             config.qkvBias ? names.layer(i, tensor + ".bias") : ""});
    }
    parts.gateUp = {{name("mlp.gate_proj.weight"), inner}, {name("mlp.up_proj.weight"), inner}};
    return parts;
}

std::array<std::string, 2> headNormNames(const TextNames& names, int64_t i)
{
    return {names.layer(i, "self_attn.q_norm.weight"), names.layer(i, "self_attn.k_norm.weight")};
}

} // namespace

std::vector<NamedShape> textTensors(const TextConfig& config, const TextNames& names)
{
    const DecoderConfig& d = config.decoder;
    std::vector<NamedShape> list{{names.embedding(), {d.vocabulary, d.width}}};
    for (int64_t i = 0; i < d.layers; ++i) {
        const LayerParts parts = partsOf(config, names, i);
        list.push_back({parts.attentionNorm, {d.width}});
        for (const std::vector<LinearPart>* linear :
             {&parts.qkv, &parts.output, &parts.gateUp, &parts.down})
            for (const LinearPart& part : *linear) {
                list.push_back({part.weight, part.shape});
                if (!part.bias.empty())
                    list.push_back({part.bias, {part.shape.dim(0)}});
            }
        if (config.headNorms)
            for (const std::string& name : headNormNames(names, i))
                list.push_back({name, {d.headWidth}});
        list.push_back({parts.mlpNorm, {d.width}});
    }
    if (config.finalNorm)
        list.push_back({names.finalNorm(), {d.width}});
    if (!config.tiedHead)
        list.push_back({names.head, {d.vocabulary, d.width}});
    return list;
}

LanguageModel loadTextModel(WeightLoader& loader, const std::vector<LayerShare>& shares,
                            const TextConfig& config, const TextNames& names, DType compute)
{
    const DecoderConfig& d = config.decoder;
    LanguageModel model(shares, d, config.rope, compute);
    const auto rms = [&](const std::string& name, int64_t width) {
        return Norm{Norm::Kind::Rms, loader.floats(name, {width}), {}, d.epsilon};
    };
    const Shape ends{d.vocabulary, d.width};
    loader.setOfLanguage(true);
    Tensor embedding = loader.table(names.embedding(), ends);
    for (int64_t i = 0; i < d.layers && !loader.stopped(); ++i) {
        const LayerParts parts = partsOf(config, names, i);
        loader.setBackend(model.decoder().backendOfNext());
        DecoderBlock block;
        block.attentionNorm = rms(parts.attentionNorm, d.width);
        block.qkv = loader.linear(parts.qkv);
        if (config.headNorms) {
            const auto [query, key] = headNormNames(names, i);
            block.headNorms = {rms(query, d.headWidth), rms(key, d.headWidth)};
        }
        block.output = loader.linear(parts.output);
        block.mlpNorm = rms(parts.mlpNorm, d.width);
        block.gateUp = loader.linear(parts.gateUp);
        block.down = loader.linear(parts.down);
        model.decoder().append(std::move(block));
    }
    loader.setBackend(*shares.front().op);
    Norm last = config.finalNorm ? rms(names.finalNorm(), d.width) : Norm();
    model.setEnds(std::move(embedding), std::move(last),
                  loader.linear({{config.tiedHead ? names.embedding() : names.head, ends}}));
    loader.setOfLanguage(false);
    return model;
}

MemoryEstimate estimateOf(const WeightSource& weights, const std::vector<NamedShape>& used,
                          const TextConfig& config, const TextNames& names, DType compute,
                          int64_t context, int64_t visionWorkspace, int64_t visualRows)
{
    const DecoderConfig& d = config.decoder;
    MemoryEstimate estimate;
    for (const NamedShape& tensor : used) {
        const TensorKind stored = *weights.describe(tensor.name);
        // A table of rows keeps its type; as the head it is a matrix like the others.
        const bool table = tensor.name == names.embedding() && !config.tiedHead;
        const int64_t bytes =
            table ? stored.bytes() : bytesWhenLoaded(stored, compute, tensor.changed);
        estimate.weights += bytes;
        if (tensor.name.starts_with(names.layer(0, "")))
            estimate.weightsPerLayer += bytes;
    }
    estimate.layers = d.layers;
    estimate.kvPerToken = d.kvBytesPerToken(compute);
    estimate.layerWorkspace = LanguageModel::layerWorkspace(d);
    const int64_t text =
        estimate.layerWorkspace + sizeOf(DType::F32) * (2 * d.vocabulary + visualRows * d.width);
    estimate.workspace = std::max(visionWorkspace, text);
    estimate.total = estimate.weights + estimate.workspace + context * estimate.kvPerToken;
    return estimate;
}

} // namespace argali
