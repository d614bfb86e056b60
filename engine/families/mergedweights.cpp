#include "engine/families/mergedweights.h"

#include <algorithm>
#include <thread>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/numbers.h"

namespace argali {
namespace {

constexpr std::string_view weightSuffix = ".weight";
constexpr std::string_view biasSuffix = ".bias";

/// [columns, rows] of [rows, columns], f32.
Tensor transposed(const Tensor& matrix)
{
    const int64_t rows = matrix.dim(0);
    const int64_t columns = matrix.dim(1);
    Tensor result = hostTensor(DType::F32, {columns, rows});
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
            result.as<float>()[c * rows + r] = matrix.as<float>()[r * columns + c];
    return result;
}

/// Rows [begin, end) of sums += scale left right, f32. Shape:  left [N, R], right [R, K]
void addProduct(Tensor& sums, const Tensor& left, const Tensor& right, double scale, int64_t begin,
                int64_t end, const std::stop_token& stop)
{
    const int64_t rank = left.dim(1);
    const int64_t width = right.dim(1);
    std::vector<float> row(static_cast<size_t>(width));
    for (int64_t n = begin; n < end && !stop.stop_requested(); ++n) {
        std::ranges::fill(row, 0.0F);
        for (int64_t r = 0; r < rank; ++r) {
            const float factor = left.as<float>()[n * rank + r];
            const float* const from = right.as<float>() + r * width;
            for (int64_t k = 0; k < width; ++k)
                row[static_cast<size_t>(k)] += factor * from[k];
        }
        float* const out = sums.as<float>() + n * width;
        for (int64_t k = 0; k < width; ++k)
            out[k] += static_cast<float>(scale) * row[static_cast<size_t>(k)];
    }
}

} // namespace

void addPair(Tensor& sums, const LoraPair& pair, const std::stop_token& stop)
{
    // Of an embedding E'[v] = E[v] + scale B A[:, v]: the same with the two turned round.
    const Tensor a = floatsOf(pair.a);
    const Tensor b = floatsOf(pair.b);
    const Tensor left = pair.isEmbedding ? transposed(a) : b;
    const Tensor right = pair.isEmbedding ? transposed(b) : a;
    const int64_t rows = sums.dim(0);
    const int64_t threads = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, 64);
    const int64_t share = (rows + threads - 1) / threads;
    std::vector<std::jthread> workers;
    for (int64_t begin = share; begin < rows; begin += share)
        workers.emplace_back([&, begin] {
            addProduct(sums, left, right, pair.scale, begin, std::min(rows, begin + share), stop);
        });
    addProduct(sums, left, right, pair.scale, 0, std::min(rows, share), stop);
}

MergedWeights::MergedWeights(std::shared_ptr<const WeightSource> base,
                             std::shared_ptr<const FittedAdapter> adapter, Changes changes,
                             std::stop_token stop)
    : m_base(std::move(base)),
      m_adapter(std::move(adapter)),
      m_changes(changes),
      m_stop(std::move(stop))
{
    for (const auto& [name, pair] : m_adapter->pairs) {
        const std::string bias =
            name.substr(0, name.size() - weightSuffix.size()) + std::string(biasSuffix);
        if (m_changes != Changes::Replacements && pair.bias && !m_base->describe(bias))
            throw Error(Error::Code::Unsupported,
                        m_adapter->path.string() + ": module " + inQuotes(pair.module) +
                            " has a bias and the model has none there, which cannot be merged; use "
                            "the adapter unmerged");
    }
}

const LoraPair* MergedWeights::pairOf(std::string_view name) const
{
    if (m_changes == Changes::Replacements)
        return nullptr;
    const auto found = m_adapter->pairs.find(name);
    return found == m_adapter->pairs.end() ? nullptr : &found->second;
}

const LoraPair* MergedWeights::pairWithBias(std::string_view name) const
{
    if (!name.ends_with(biasSuffix))
        return nullptr;
    name.remove_suffix(biasSuffix.size());
    const LoraPair* const pair = pairOf(std::string(name) + std::string(weightSuffix));
    return pair && pair->bias ? pair : nullptr;
}

bool MergedWeights::isChanged(std::string_view name) const
{
    return m_adapter->replaced.contains(name) || pairOf(name) || pairWithBias(name);
}

std::optional<TensorKind> MergedWeights::describe(std::string_view name) const
{
    std::optional<TensorKind> kind = m_base->describe(name);
    if (!kind || m_changes == Changes::Rounded || !isChanged(name))
        return kind;
    const auto replaced = m_adapter->replaced.find(name);
    kind->type = pairOf(name) || pairWithBias(name) ? DType::F32 : replaced->second.type();
    return kind;
}

std::optional<Tensor> MergedWeights::find(std::string_view name) const
{
    if (!isChanged(name))
        return m_base->find(name);
    const DType own = m_base->describe(name).value().type;
    const auto rounded = [&](const Tensor& floats) {
        return m_changes == Changes::Rounded ? roundedTo(floats, own) : floats;
    };
    const auto replaced = m_adapter->replaced.find(name);
    const LoraPair* const withBias = pairWithBias(name);
    if (replaced != m_adapter->replaced.end() && !withBias)
        return m_changes == Changes::Rounded && replaced->second.type() != own
                   ? rounded(floatsOf(replaced->second))
                   : replaced->second;
    Tensor sums = floatsOf(replaced != m_adapter->replaced.end() ? replaced->second
                                                                 : m_base->find(name).value());
    if (withBias) {
        const Tensor bias = floatsOf(*withBias->bias);
        for (int64_t i = 0; i < sums.count(); ++i)
            sums.as<float>()[i] += static_cast<float>(withBias->scale) * bias.as<float>()[i];
    } else {
        addPair(sums, *pairOf(name), m_stop);
    }
    return rounded(sums);
}

void MergedWeights::requireWhole() const
{
    m_base->requireWhole();
    m_adapter->requireWhole();
}

std::string MergedWeights::origin(std::string_view name) const
{
    return m_adapter->replaced.contains(name) ? m_adapter->path.string() : m_base->origin(name);
}

} // namespace argali
