#include "engine/families/appliedadapter.h"

#include <algorithm>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/families/loading.h"
#include "engine/families/mergedweights.h"
#include "engine/numbers.h"

namespace argali {

namespace {

using Kind = LoadedWeight::Kind;
using Changes = MergedWeights::Changes;

/// Rows of a product with all its matrices.
int64_t rowsOf(const LinearPart& part)
{
    int64_t rows = 0;
    for (const RowRange& range : part.rows)
        rows += range.count;
    return part.rows.empty() ? part.shape.dim(0) : rows;
}

/// The ranks of the pairs of a product, one behind the other, and what B has for each row.
struct SideSource {
    std::vector<Tensor> a;
    Tensor b;    // f32 [N, R]
    Tensor bias; // f32 [N]; empty: none
};

} // namespace

class AppliedAdapter::Maker final {
public:
    Maker(AppliedAdapter& applied, std::shared_ptr<const WeightSource> base, DType compute)
        : m_applied(applied),
          m_adapter(*applied.m_adapter),
          m_compute(compute),
          m_replaced(base, applied.m_adapter, Changes::Replacements),
          m_merged(base, applied.m_adapter, Changes::All)
    {
    }

    /// Whether the adapter changes this.
    bool apply(const LoadedWeight& loaded);

private:
    [[noreturn]] void refuse(const std::string& tensor, const std::string& why) const
    {
        throw Error(Error::Code::Unsupported, m_adapter.path.string() + ": changes " +
                                                  inQuotes(tensor) + ", " + why +
                                                  "; merge it into the model (argali-cli merge)");
    }
    const LoraPair* pairOf(const LinearPart& part) const;
    bool applyToProduct(const LoadedWeight& loaded);
    bool applyToTensor(const LoadedWeight& loaded);
    AdapterParts::Side sideOf(const LoadedWeight& loaded) const;
    void fillRows(SideSource& side, const LinearPart& part, const LoraPair& pair, int64_t row,
                  int64_t column) const;
    AdapterParts::RowSide rowSideOf(Backend& op, const LoraPair& pair) const;
    WeightLoader loaderOf(const LoadedWeight& loaded, const WeightSource& weights) const
    {
        return {*loaded.op, weights, m_compute, 0, {}, {}};
    }
    AdapterParts& partsOf(const LoadedWeight& loaded) { return m_applied.m_parts[loaded.op]; }

    AppliedAdapter& m_applied;
    const FittedAdapter& m_adapter;
    DType m_compute;
    MergedWeights m_replaced;
    MergedWeights m_merged;
};

const LoraPair* AppliedAdapter::Maker::pairOf(const LinearPart& part) const
{
    const auto found = m_adapter.pairs.find(part.weight);
    if (found == m_adapter.pairs.end())
        return nullptr;
    if (found->second.isEmbedding)
        refuse(part.weight, "an embedding that is the output head too");
    return &found->second;
}

void AppliedAdapter::Maker::fillRows(SideSource& side, const LinearPart& part, const LoraPair& pair,
                                     int64_t row, int64_t column) const
{
    const Tensor b = floatsOf(pair.b);
    const Tensor bias = pair.bias ? floatsOf(*pair.bias) : Tensor();
    const Tensor scale =
        part.scale.empty() ? Tensor() : floatsOf(m_replaced.find(part.scale).value());
    const int64_t rank = pair.rank();
    const int64_t ranks = side.b.dim(1);
    const auto all = std::vector<RowRange>{{0, part.shape.dim(0)}};
    for (const RowRange& range : part.rows.empty() ? all : part.rows)
        for (int64_t n = range.begin; n < range.begin + range.count; ++n, ++row) {
            const double factor = pair.scale * (scale.isEmpty() ? 1 : scale.as<float>()[n]);
            float* const out = side.b.as<float>() + row * ranks + column;
            for (int64_t r = 0; r < rank; ++r)
                out[r] = static_cast<float>(factor * b.as<float>()[n * rank + r]);
            if (!bias.isEmpty())
                side.bias.as<float>()[row] = static_cast<float>(factor * bias.as<float>()[n]);
        }
}

AdapterParts::Side AppliedAdapter::Maker::sideOf(const LoadedWeight& loaded) const
{
    SideSource side;
    int64_t rows = 0;
    int64_t ranks = 0;
    bool hasBias = false;
    for (const LinearPart& part : loaded.parts) {
        rows += rowsOf(part);
        if (const LoraPair* const pair = pairOf(part)) {
            side.a.push_back(pair->a);
            ranks += pair->rank();
            hasBias = hasBias || pair->bias;
        }
    }
    if (side.a.empty())
        return {};
    const auto zeros = [](const Shape& shape) {
        Tensor tensor = hostTensor(DType::F32, shape);
        std::fill_n(tensor.as<float>(), tensor.count(), 0.0F);
        return tensor;
    };
    side.b = zeros({rows, ranks});
    side.bias = hasBias ? zeros({rows}) : Tensor();
    int64_t row = 0;
    int64_t column = 0;
    for (const LinearPart& part : loaded.parts) {
        if (const LoraPair* const pair = pairOf(part)) {
            fillRows(side, part, *pair, row, column);
            column += pair->rank();
        }
        row += rowsOf(part);
    }
    LinearSource a{side.a, {}, m_compute};
    LinearSource b{{side.b}, {}, m_compute};
    if (hasBias)
        b.biases.push_back(side.bias);
    return {loaded.op->makeLinear(a), loaded.op->makeLinear(b)};
}

bool AppliedAdapter::Maker::applyToProduct(const LoadedWeight& loaded)
{
    const bool isWhole = loaded.kind == Kind::WholeProduct;
    const MergedWeights& weights = isWhole ? m_merged : m_replaced;
    const auto isChanged = [&](const std::string& name) {
        return !name.empty() && weights.isChanged(name);
    };
    bool changed = false;
    if (std::ranges::any_of(loaded.parts, [&](const LinearPart& part) {
            return isChanged(part.weight) || isChanged(part.bias) || isChanged(part.scale);
        })) {
        partsOf(loaded).products[loaded.made] = loaderOf(loaded, weights).linear(loaded.parts);
        changed = true;
    }
    if (isWhole)
        return changed;
    if (AdapterParts::Side side = sideOf(loaded); side.a) {
        partsOf(loaded).sides[loaded.made] = std::move(side);
        changed = true;
    }
    return changed;
}

AdapterParts::RowSide AppliedAdapter::Maker::rowSideOf(Backend& op, const LoraPair& pair) const
{
    const int64_t rank = pair.rank();
    const int64_t rows = pair.a.dim(1);
    const Tensor a = floatsOf(pair.a);
    Tensor table = hostTensor(DType::F32, {rows, rank});
    for (int64_t r = 0; r < rank; ++r)
        for (int64_t v = 0; v < rows; ++v)
            table.as<float>()[v * rank + r] = a.as<float>()[r * rows + v];
    Tensor b = floatsOf(pair.b);
    for (int64_t i = 0; i < b.count(); ++i)
        b.as<float>()[i] *= static_cast<float>(pair.scale);
    return {op.makeTable(table), op.makeLinear({{b}, {}, m_compute})};
}

bool AppliedAdapter::Maker::applyToTensor(const LoadedWeight& loaded)
{
    const auto pair = m_adapter.pairs.find(loaded.name);
    if (pair != m_adapter.pairs.end()) {
        if (loaded.kind != Kind::Table)
            refuse(loaded.name, "which is no linear layer");
        if (!pair->second.isEmbedding)
            return false; // of the output head that shares its weights
        partsOf(loaded).rowSides[loaded.made] = rowSideOf(*loaded.op, pair->second);
        return true;
    }
    if (!m_replaced.isChanged(loaded.name))
        return false;
    if (loaded.kind == Kind::Derived)
        refuse(loaded.name, "which is made into something else when the model is loaded");
    WeightLoader loader = loaderOf(loaded, m_replaced);
    partsOf(loaded).tensors[loaded.made] = loaded.kind == Kind::Table
                                               ? loader.table(loaded.name, loaded.shape)
                                               : loader.floats(loaded.name, loaded.shape);
    return true;
}

bool AppliedAdapter::Maker::apply(const LoadedWeight& loaded)
{
    const bool isProduct = loaded.kind == Kind::Product || loaded.kind == Kind::WholeProduct;
    return isProduct ? applyToProduct(loaded) : applyToTensor(loaded);
}

AppliedAdapter::AppliedAdapter(std::shared_ptr<const FittedAdapter> adapter,
                               const LoadedWeights& loaded,
                               std::shared_ptr<const WeightSource> base, DType compute)
    : m_adapter(std::move(adapter))
{
    Maker maker(*this, std::move(base), compute);
    bool changesAnything = false;
    for (const LoadedWeight& weight : loaded) {
        if (!maker.apply(weight))
            continue;
        changesAnything = true;
        m_changesVision = m_changesVision || !weight.ofLanguage;
    }
    if (!changesAnything && !m_adapter->prefix)
        throw Error(Error::Code::BadModel,
                    m_adapter->path.string() + ": changes nothing that this model computes with");
}

const AdapterParts* AppliedAdapter::partsOn(const Backend& op) const
{
    const auto found = m_parts.find(&op);
    return found == m_parts.end() ? nullptr : &found->second;
}

} // namespace argali
