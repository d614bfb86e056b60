#include "engine/families/fittedadapter.h"

#include <string_view>

#include "engine/checkpoint/json.h"
#include "engine/error.h"

namespace argali {
namespace {

using Spellings = std::vector<std::string_view>;

/// Spellings of one part of a model each, in checkpoints and in the adapters to them.
const std::vector<Spellings>& spellings()
{
    static const std::vector<Spellings> all{
        {"language_model.model.", "model.language_model.", "model."},
        {"language_model.lm_head.", "model.lm_head.", "lm_head."},
        {"model.vision_tower.vision_tower.vision_model.", "model.vision_tower.vision_model.",
         "vision_tower.vision_model.", "model.vision_tower.", "vision_tower.", "vision_model."},
        {"model.multi_modal_projector.linear_1.", "multi_modal_projector.linear_1.",
         "model.mm_projector.0.", "mm_projector.0.", "model.mm_projector."},
        {"model.multi_modal_projector.linear_2.", "multi_modal_projector.linear_2.",
         "model.mm_projector.2.", "mm_projector.2."}};
    return all;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what)
{
    throw Error(Error::Code::BadModel, path.string() + ": " + what);
}

[[noreturn]] void refuseTarget(const std::filesystem::path& path, const std::string& what,
                               const WeightSource& base)
{
    refuse(path, what + " is nothing that this model has (" + base.origin("") +
                     "); the adapter belongs to another one");
}

void fitPair(FittedAdapter& fitted, LoraPair pair, const WeightSource& base)
{
    const std::string what = "module " + inQuotes(pair.module);
    const std::optional<std::string> name = nameIn(base, pair.module + ".weight");
    if (!name)
        refuseTarget(fitted.path, what, base);
    const Shape shape = base.describe(*name)->shape;
    const Shape needed = pair.isEmbedding ? Shape{pair.a.dim(1), pair.b.dim(0)}
                                          : Shape{pair.b.dim(0), pair.a.dim(1)};
    if (shape != needed)
        refuse(fitted.path, what + " is for a weight " + needed.text() + ", but the model's is " +
                                shape.text() + " (" + *name + ")");
    if (!fitted.pairs.emplace(*name, std::move(pair)).second)
        refuse(fitted.path, what + " is there twice, in two spellings");
}

void fitReplacement(FittedAdapter& fitted, const std::string& path, const Tensor& tensor,
                    const WeightSource& base)
{
    const std::string what = "tensor " + inQuotes(path);
    const std::optional<std::string> name = nameIn(base, path);
    if (!name)
        refuseTarget(fitted.path, what, base);
    const Shape shape = base.describe(*name)->shape;
    if (shape != tensor.shape())
        refuse(fitted.path, what + " has the shape " + tensor.shape().text() +
                                ", but the model's is " + shape.text() + " (" + *name + ")");
    if (!fitted.replaced.emplace(*name, tensor).second)
        refuse(fitted.path, what + " is there twice, in two spellings");
}

} // namespace

void FittedAdapter::requireWhole() const
{
    for (const auto& file : weights)
        file->requireWhole();
}

std::optional<std::string> nameIn(const WeightSource& weights, const std::string& path)
{
    if (weights.describe(path))
        return path;
    for (const Spellings& ofPart : spellings())
        for (const std::string_view given : ofPart) {
            if (!path.starts_with(given))
                continue;
            for (const std::string_view other : ofPart) {
                std::string name(other);
                name += std::string_view(path).substr(given.size());
                if (weights.describe(name))
                    return name;
            }
        }
    return std::nullopt;
}

FittedAdapter fitAdapter(Adapter adapter, const WeightSource& base)
{
    FittedAdapter fitted;
    fitted.path = std::move(adapter.path);
    fitted.prefix = std::move(adapter.prefix);
    fitted.weights = std::move(adapter.weights);
    for (LoraPair& pair : adapter.pairs)
        fitPair(fitted, std::move(pair), base);
    for (const auto& [path, tensor] : adapter.replaced)
        fitReplacement(fitted, path, tensor, base);
    for (const auto& [name, tensor] : fitted.replaced)
        if (fitted.pairs.contains(name))
            refuse(fitted.path, "tensor " + inQuotes(name) + " is replaced and changed at once");
    return fitted;
}

} // namespace argali
