#include "engine/families/chatglm2prefix.h"

#include <cmath>

#include "engine/checkpoint/json.h"

namespace argali::chatglm2 {

namespace {

constexpr int64_t mostPositions = 1 << 15;

/// [P, layers 2 G C] as it is stored.
TensorKind requireTable(const WeightSource& weights, int64_t width)
{
    const std::optional<TensorKind> kind = weights.describe(prefixTable);
    const bool isTable = kind && kind->shape.rank() == 2;
    const int64_t positions = isTable ? kind->shape.dim(0) : 0;
    if (isTable && (positions < 1 || positions > mostPositions || kind->shape.dim(1) != width))
        throw Error(Error::Code::BadModel,
                    weights.origin(prefixTable) + ": tensor " + inQuotes(prefixTable) +
                        ": expected 1 to " + std::to_string(mostPositions) + " rows of " +
                        std::to_string(width) + " numbers (keys and values of all layers), found " +
                        kind->shape.text());
    return weights.requireKind(prefixTable, {std::max<int64_t>(positions, 1), width});
}

/// What the two layers behind the table make of its rows, where there are any.
/// Shape:  table f32 [P, W] on the host -> the same
Tensor projected(const WeightSource& weights, Backend& op, const Tensor& table)
{
    const std::string name = "transformer.prefix_encoder.trans.";
    const std::optional<TensorKind> first = weights.describe(name + "0.weight");
    if (!first) // the flag of the configuration is true in one published form whatever is in the
                // files
        return table;
    const int64_t inner = first->shape.rank() == 2 ? first->shape.dim(0) : 0;
    const int64_t width = table.dim(1);
    const auto layer = [&](const char* number, int64_t outputs, int64_t inputs, const Tensor& x) {
        const Linear linear =
            op.makeLinear({{weights.require(name + number + ".weight", {outputs, inputs})},
                           {weights.require(name + number + ".bias", {outputs})},
                           DType::F32});
        Tensor out = op.allocate(DType::F32, {x.dim(0), outputs});
        op.begin({});
        op.linear(out, op.makeFloats(x), *linear);
        return op.download(out);
    };
    const Tensor hidden = layer("0", std::max<int64_t>(inner, 1), width, table);
    std::transform(hidden.as<float>(), hidden.as<float>() + hidden.count(), hidden.as<float>(),
                   [](float value) { return std::tanh(value); });
    return layer("2", width, inner, hidden);
}

/// One head of a key in the order of the backends, turned to this position: that of the first
/// token, which the reference counts as 0. What a token sees of it is then what the reference's
/// token sees of a key that is not turned, since only the difference of two positions counts.
void turn(float* out, const float* key, const TextConfig& text, int64_t position)
{
    const int64_t width = text.decoder.headWidth;
    const int64_t half = width / 2;
    const int64_t quarter = width / 4;
    const Rope& rope = text.decoder.rope;
    for (int64_t j = 0; j < quarter; ++j) {
        const double angle = static_cast<double>(position) *
                             std::pow(static_cast<double>(rope.theta),
                                      -2.0 * static_cast<double>(j) / static_cast<double>(width)) /
                             rope.factors[static_cast<size_t>(j)];
        const double a = key[2 * j];
        const double b = key[2 * j + 1];
        out[j] = static_cast<float>(a * std::cos(angle) - b * std::sin(angle));
        out[half + j] = static_cast<float>(b * std::cos(angle) + a * std::sin(angle));
    }
    std::copy_n(key + half, quarter, out + quarter);
    std::copy_n(key + half + quarter, quarter, out + half + quarter);
}

} // namespace

KvPrefix readPrefix(const WeightSource& weights, const TextConfig& text,
                    const std::vector<LayerShare>& shares)
{
    const DecoderConfig& d = text.decoder;
    const int64_t ofLayer = d.groups * d.headWidth;
    const int64_t width = 2 * d.layers * ofLayer;
    Backend& first = *shares.front().op;
    const TensorKind kind = requireTable(weights, width);
    const Tensor stored = weights.require(prefixTable, kind.shape);
    const Tensor rows = projected(weights, first, first.download(first.makeFloats(stored)));
    const int64_t positions = rows.dim(0);
    KvPrefix prefix;
    int64_t layer = 0;
    for (const LayerShare& share : shares)
        for (int64_t i = 0; i < share.layers; ++i, ++layer) {
            const Shape shape{d.groups, positions, d.headWidth};
            const Tensor keys = hostTensor(DType::F32, shape);
            const Tensor values = hostTensor(DType::F32, shape);
            for (int64_t t = 0; t < positions; ++t)
                for (int64_t g = 0; g < d.groups; ++g) {
                    const float* key =
                        rows.as<float>() + t * width + 2 * layer * ofLayer + g * d.headWidth;
                    const int64_t to = (g * positions + t) * d.headWidth;
                    turn(keys.as<float>() + to, key, text, positions);
                    std::copy_n(key + ofLayer, d.headWidth, values.as<float>() + to);
                }
            prefix.push_back({share.op->makeFloats(keys), share.op->makeFloats(values)});
        }
    return prefix;
}

} // namespace argali::chatglm2
