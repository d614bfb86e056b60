#include "tests/support/plainglm.h"

#include <cmath>
#include <random>

#include <nlohmann/json.hpp>

namespace argali::test {

namespace {

using Row = std::vector<double>;
using Weights = std::map<std::string, Tensor>;

constexpr double epsilon = 1e-5;

std::string layerName(int64_t i, const std::string& rest)
{
    return "transformer.encoder.layers." + std::to_string(i) + "." + rest;
}

Row normed(const Row& x, const Tensor& weight)
{
    double squares = 0;
    for (const double value : x)
        squares += value * value;
    Row result(x.size());
    for (size_t i = 0; i < x.size(); ++i)
        result[i] = x[i] / std::sqrt(squares / double(x.size()) + epsilon) * weight.as<float>()[i];
    return result;
}

/// The product with NAME.weight, and NAME.bias where it is there.
Row product(const Weights& weights, const std::string& name, const Row& x)
{
    const Tensor& matrix = weights.at(name + ".weight");
    const auto bias = weights.find(name + ".bias");
    Row result(size_t(matrix.dim(0)));
    for (int64_t n = 0; n < matrix.dim(0); ++n) {
        double sum = bias == weights.end() ? 0 : bias->second.as<float>()[n];
        for (size_t k = 0; k < x.size(); ++k)
            sum += x[k] * matrix.as<float>()[n * matrix.dim(1) + int64_t(k)];
        result[size_t(n)] = sum;
    }
    return result;
}

Row head(const Row& all, int64_t begin, int64_t width)
{
    return {all.begin() + begin, all.begin() + begin + width};
}

/// The pairs (2j, 2j + 1) of the first half.
Row turned(Row x, double position)
{
    const size_t half = x.size() / 2;
    for (size_t j = 0; j < half; j += 2) {
        const double angle = position * std::pow(10000.0, -double(j) / double(half));
        const double a = x[j];
        const double b = x[j + 1];
        x[j] = a * std::cos(angle) - b * std::sin(angle);
        x[j + 1] = b * std::cos(angle) + a * std::sin(angle);
    }
    return x;
}

/// Queries, keys and values of one token by heads.
struct Heads {
    std::vector<Row> q, k, v;
};

Heads headsOf(const GlmShape& s, const Row& all, int64_t position)
{
    const int64_t c = s.headWidth;
    const int64_t groups = s.multiQuery ? s.groups : s.heads;
    const double place = double(position) / s.ratio;
    Heads heads;
    for (int64_t h = 0; h < s.heads; ++h)
        heads.q.push_back(turned(head(all, (s.multiQuery ? h : 3 * h) * c, c), place));
    for (int64_t g = 0; g < groups; ++g) {
        heads.k.push_back(
            turned(head(all, (s.multiQuery ? s.heads + g : 3 * g + 1) * c, c), place));
        heads.v.push_back(head(all, (s.multiQuery ? s.heads + groups + g : 3 * g + 2) * c, c));
    }
    return heads;
}

Row attended(const GlmShape& s, const std::vector<Heads>& tokens, size_t t)
{
    Row result;
    const auto perGroup = size_t(s.heads / (s.multiQuery ? s.groups : s.heads));
    for (size_t h = 0; h < size_t(s.heads); ++h) {
        const size_t g = h / perGroup;
        Row weights(t + 1);
        double sum = 0;
        for (size_t i = 0; i <= t; ++i) {
            double score = 0;
            for (size_t c = 0; c < size_t(s.headWidth); ++c)
                score += tokens[t].q[h][c] * tokens[i].k[g][c];
            weights[i] = std::exp(score / std::sqrt(double(s.headWidth)));
            sum += weights[i];
        }
        for (size_t c = 0; c < size_t(s.headWidth); ++c) {
            double value = 0;
            for (size_t i = 0; i <= t; ++i)
                value += weights[i] / sum * tokens[i].v[g][c];
            result.push_back(value);
        }
    }
    return result;
}

void add(Row& x, const Row& y)
{
    for (size_t i = 0; i < x.size(); ++i)
        x[i] += y[i];
}

void runLayer(const GlmShape& s, const Weights& weights, int64_t layer, std::vector<Row>& x)
{
    const auto name = [&](const char* rest) { return layerName(layer, rest); };
    std::vector<Heads> tokens;
    for (size_t t = 0; t < x.size(); ++t)
        tokens.push_back(headsOf(s,
                                 product(weights, name("self_attention.query_key_value"),
                                         normed(x[t], weights.at(name("input_layernorm.weight")))),
                                 int64_t(t)));
    for (size_t t = 0; t < x.size(); ++t) {
        add(x[t], product(weights, name("self_attention.dense"), attended(s, tokens, t)));
        const Row both = product(weights, name("mlp.dense_h_to_4h"),
                                 normed(x[t], weights.at(name("post_attention_layernorm.weight"))));
        const size_t width = both.size() / 2;
        Row gated(width);
        for (size_t i = 0; i < width; ++i)
            gated[i] = both[i] / (1 + std::exp(-both[i])) * both[width + i];
        add(x[t], product(weights, name("mlp.dense_4h_to_h"), gated));
    }
}

} // namespace

nlohmann::json configOf(const GlmShape& s)
{
    return {{"model_type", "chatglm"},
            {"num_layers", s.layers},
            {"hidden_size", s.width},
            {"num_attention_heads", s.heads},
            {"multi_query_attention", s.multiQuery},
            {"multi_query_group_num", s.groups},
            {"kv_channels", s.headWidth},
            {"ffn_hidden_size", s.feedForward},
            {"padded_vocab_size", s.vocabulary},
            {"seq_length", 32768},
            {"layernorm_epsilon", epsilon},
            {"add_qkv_bias", s.qkvBias},
            {"add_bias_linear", s.linearBias},
            {"post_layer_norm", s.finalNorm},
            {"rope_ratio", s.ratio}};
}

std::map<std::string, Tensor> weightsOf(const GlmShape& s)
{
    std::mt19937 random(s.seed);
    std::map<std::string, Tensor> weights;
    const auto add = [&](const std::string& name, const Shape& shape, float mean, float deviation) {
        std::normal_distribution<float> values(mean, deviation);
        const Tensor tensor = hostTensor(DType::F32, shape);
        for (int64_t i = 0; i < tensor.count(); ++i)
            tensor.as<float>()[i] = values(random);
        weights.emplace(name, tensor);
    };
    const auto linear = [&](const std::string& name, int64_t out, int64_t in, bool bias) {
        add(name + ".weight", {out, in}, 0, 1 / std::sqrt(float(in)));
        if (bias)
            add(name + ".bias", {out}, 0, 0.5F);
    };
    const int64_t groups = s.multiQuery ? s.groups : s.heads;
    add("transformer.embedding.word_embeddings.weight", {s.vocabulary, s.width}, 0, 1);
    for (int64_t i = 0; i < s.layers; ++i) {
        for (const char* norm : {"input_layernorm.weight", "post_attention_layernorm.weight"})
            add(layerName(i, norm), {s.width}, 1, 0.2F);
        linear(layerName(i, "self_attention.query_key_value"), (s.heads + 2 * groups) * s.headWidth,
               s.width, s.qkvBias || s.linearBias);
        linear(layerName(i, "self_attention.dense"), s.width, s.heads * s.headWidth, s.linearBias);
        linear(layerName(i, "mlp.dense_h_to_4h"), 2 * s.feedForward, s.width, s.linearBias);
        linear(layerName(i, "mlp.dense_4h_to_h"), s.width, s.feedForward, s.linearBias);
    }
    if (s.finalNorm)
        add("transformer.encoder.final_layernorm.weight", {s.width}, 1, 0.2F);
    add("transformer.output_layer.weight", {s.vocabulary, s.width}, 0, 1);
    return weights;
}

std::vector<double> plainLogits(const GlmShape& s, const Weights& weights,
                                const std::vector<int32_t>& ids)
{
    std::vector<Row> x;
    const Tensor& embedding = weights.at("transformer.embedding.word_embeddings.weight");
    for (const int32_t id : ids)
        x.emplace_back(embedding.as<float>() + id * s.width,
                       embedding.as<float>() + (id + 1) * s.width);
    for (int64_t i = 0; i < s.layers; ++i)
        runLayer(s, weights, i, x);
    const Row last =
        s.finalNorm ? normed(x.back(), weights.at("transformer.encoder.final_layernorm.weight"))
                    : x.back();
    return product(weights, "transformer.output_layer", last);
}

} // namespace argali::test
