#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/families/fittedadapter.h"

namespace argali {

/// The weights of a model with an adapter in them, made when they are asked for.
class MergedWeights final : public WeightSource {
public:
    enum class Changes {
        All,         ///< W + scale B A is summed in f32 and stays so
        Rounded,     ///< the same, rounded once to the type of the model's own tensor
        Replacements ///< only whole tensors
    };
    /// stop: sums that are under way hold nothing of use once stopped.
    /// Throws: Error::Code::Unsupported for a bias where the model has none
    MergedWeights(std::shared_ptr<const WeightSource> base,
                  std::shared_ptr<const FittedAdapter> adapter, Changes changes,
                  std::stop_token stop = {});

    std::optional<Tensor> find(std::string_view name) const override;
    std::optional<TensorKind> describe(std::string_view name) const override;
    std::vector<std::string> names() const override { return m_base->names(); }
    std::vector<std::filesystem::path> files() const override { return m_base->files(); }
    void requireWhole() const override;
    std::string origin(std::string_view name) const override;
    void forget(std::string_view name) const override { m_base->forget(name); }
    void forgetPart(std::span<const std::byte> part) const override { m_base->forgetPart(part); }

    /// Whether the tensor of that name is another one than the model's.
    bool isChanged(std::string_view name) const;

private:
    const LoraPair* pairOf(std::string_view name) const;
    /// The pair whose bias is added to this one.
    const LoraPair* pairWithBias(std::string_view name) const;

    std::shared_ptr<const WeightSource> m_base;
    std::shared_ptr<const FittedAdapter> m_adapter;
    Changes m_changes;
    std::stop_token m_stop;
};

/// sums += scale B A. Shape:  sums f32 [outputs, inputs], of an embedding [V, D]
void addPair(Tensor& sums, const LoraPair& pair, const std::stop_token& stop);

} // namespace argali
