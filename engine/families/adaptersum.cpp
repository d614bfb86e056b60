#include "engine/families/adaptersum.h"

#include <algorithm>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/numbers.h"

namespace argali {
namespace {

[[noreturn]] void refuse(const FittedAdapter& one, const FittedAdapter& other,
                         const std::string& what)
{
    throw Error(Error::Code::BadRequest, one.path.string() + " and " + other.path.string() + " " +
                                             what + "; use one of them at a time");
}

/// B of both side by side, with their scales in it, behind A of both one below the other.
LoraPair joined(const LoraPair& one, const LoraPair& other)
{
    LoraPair sum = one;
    const int64_t inputs = one.a.dim(1);
    const int64_t outputs = one.b.dim(0);
    const int64_t rank = one.rank() + other.rank();
    sum.a = hostTensor(DType::F32, {rank, inputs});
    sum.b = hostTensor(DType::F32, {outputs, rank});
    sum.alpha = sum.scale = 1;
    sum.bias.reset();
    if (one.bias || other.bias) {
        sum.bias = hostTensor(DType::F32, {outputs});
        std::fill_n(sum.bias->as<float>(), outputs, 0.0F);
    }
    int64_t column = 0;
    for (const LoraPair* const pair : {&one, &other}) {
        const Tensor a = floatsOf(pair->a);
        const Tensor b = floatsOf(pair->b);
        std::copy_n(a.as<float>(), a.count(), sum.a.as<float>() + column * inputs);
        for (int64_t n = 0; n < outputs; ++n)
            for (int64_t r = 0; r < pair->rank(); ++r)
                sum.b.as<float>()[n * rank + column + r] =
                    static_cast<float>(pair->scale * b.as<float>()[n * pair->rank() + r]);
        if (pair->bias) {
            const Tensor bias = floatsOf(*pair->bias);
            for (int64_t n = 0; n < outputs; ++n)
                sum.bias->as<float>()[n] += static_cast<float>(pair->scale * bias.as<float>()[n]);
        }
        column += pair->rank();
    }
    return sum;
}

void add(FittedAdapter& sum, const FittedAdapter& other)
{
    if (sum.prefix && other.prefix)
        refuse(sum, other, "are both prefixes, of which one can stand before a conversation");
    for (const auto& [name, tensor] : other.replaced) {
        if (sum.pairs.contains(name))
            refuse(sum, other, "change and replace the same tensor " + inQuotes(name));
        if (!sum.replaced.emplace(name, tensor).second)
            refuse(sum, other, "both replace the tensor " + inQuotes(name));
    }
    for (const auto& [name, pair] : other.pairs) {
        if (sum.replaced.contains(name))
            refuse(sum, other, "replace and change the same tensor " + inQuotes(name));
        const auto [own, isNew] = sum.pairs.emplace(name, pair);
        if (isNew)
            continue;
        if (own->second.isEmbedding != pair.isEmbedding)
            refuse(sum, other,
                   "change " + inQuotes(name) +
                       ", one as an embedding and the other as an output head");
        own->second = joined(own->second, pair);
    }
    sum.prefix = sum.prefix ? sum.prefix : other.prefix;
    sum.weights.insert(sum.weights.end(), other.weights.begin(), other.weights.end());
    sum.path += " + " + other.path.string();
}

} // namespace

std::shared_ptr<const FittedAdapter> sumOf(
    const std::vector<std::shared_ptr<const FittedAdapter>>& adapters)
{
    if (adapters.size() == 1)
        return adapters.front();
    auto sum = std::make_shared<FittedAdapter>(*adapters.front());
    for (size_t i = 1; i < adapters.size(); ++i)
        add(*sum, *adapters[i]);
    return sum;
}

} // namespace argali
