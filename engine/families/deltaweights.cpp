#include "engine/families/deltaweights.h"

#include <algorithm>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/numbers.h"

namespace argali {
namespace {

/// Whether rows may be there that the base has not: those of new tokens.
bool isVocabulary(std::string_view name)
{
    return name == "model.embed_tokens.weight" || name == "lm_head.weight";
}

/// Parts of the model that a language model has not.
bool isOwn(std::string_view name)
{
    return name.find("mm_projector") != name.npos || name.find("vision_") != name.npos;
}

bool fits(std::string_view name, const Shape& base, const Shape& delta)
{
    return base == delta || (isVocabulary(name) && base.rank() == 2 && delta.rank() == 2 &&
                             base.dim(0) <= delta.dim(0) && base.dim(1) <= delta.dim(1));
}

} // namespace

DeltaWeights::DeltaWeights(std::shared_ptr<const WeightSource> base,
                           std::shared_ptr<const WeightSource> delta)
    : m_base(std::move(base)), m_delta(std::move(delta))
{
    for (const std::string& name : m_delta->names()) {
        const std::optional<TensorKind> own = m_base->describe(name);
        const Shape shape = m_delta->describe(name)->shape;
        if (!own && !isOwn(name))
            throw Error(Error::Code::BadModel,
                        m_delta->origin(name) + ": tensor " + inQuotes(name) +
                            " is a difference to nothing in " + m_base->origin(name));
        if (own && !fits(name, own->shape, shape))
            throw Error(Error::Code::BadModel,
                        m_delta->origin(name) + ": tensor " + inQuotes(name) + " has the shape " +
                            shape.text() + ", but that in " + m_base->origin(name) + " has " +
                            own->shape.text());
    }
}

std::optional<Tensor> DeltaWeights::find(std::string_view name) const
{
    const std::optional<Tensor> delta = m_delta->find(name);
    const std::optional<Tensor> base = delta ? m_base->find(name) : std::nullopt;
    const auto isFloating = [](DType type) {
        return type == DType::F32 || type == DType::F16 || type == DType::BF16;
    };
    if (!base || !isFloating(base->type()) || !isFloating(delta->type()))
        return delta;
    Tensor sums = floatsOf(*delta);
    const Tensor added = floatsOf(*base);
    const int64_t columns = added.shape().rank() == 2 ? added.dim(1) : added.count();
    const int64_t width = sums.shape().rank() == 2 ? sums.dim(1) : sums.count();
    for (int64_t i = 0; i < added.count(); ++i)
        sums.as<float>()[i / columns * width + i % columns] += added.as<float>()[i];
    return roundedTo(sums, delta->type());
}

void DeltaWeights::requireWhole() const
{
    m_base->requireWhole();
    m_delta->requireWhole();
}

std::vector<std::string> OverlaidWeights::names() const
{
    std::vector<std::string> all = m_base->names();
    for (const auto& [name, tensor] : m_tensors)
        if (!m_base->describe(name))
            all.push_back(name);
    return all;
}

} // namespace argali
