#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/checkpoint/checkpoint.h"

namespace argali {

/// Weights that are published as differences to those of another model: sums, rounded once to the
/// type of the difference. What the other model does not have is taken as it is. Source:
/// llava/model/apply_delta.py of LLaVA
class DeltaWeights final : public WeightSource {
public:
    /// Throws: Error::Code::BadModel when a tensor has another shape than the base's (a vocabulary
    /// may be larger), or
    ///         the base has nothing of it
    DeltaWeights(std::shared_ptr<const WeightSource> base,
                 std::shared_ptr<const WeightSource> delta);

    std::optional<Tensor> find(std::string_view name) const override;
    std::optional<TensorKind> describe(std::string_view name) const override
    {
        return m_delta->describe(name);
    }
    std::vector<std::string> names() const override { return m_delta->names(); }
    std::vector<std::filesystem::path> files() const override { return m_delta->files(); }
    void requireWhole() const override;
    std::string origin(std::string_view name) const override { return m_delta->origin(name); }
    void forget(std::string_view name) const override
    {
        m_base->forget(name);
        m_delta->forget(name);
    }

private:
    std::shared_ptr<const WeightSource> m_base;
    std::shared_ptr<const WeightSource> m_delta;
};

/// Weights with further tensors beside them, which take the place of those of the same name.
class OverlaidWeights final : public WeightSource {
public:
    OverlaidWeights(std::shared_ptr<const WeightSource> base, std::map<std::string, Tensor> tensors)
        : m_base(std::move(base)), m_tensors(tensors.begin(), tensors.end())
    {
    }

    std::optional<Tensor> find(std::string_view name) const override
    {
        const auto found = m_tensors.find(name);
        return found == m_tensors.end() ? m_base->find(name) : found->second;
    }
    std::optional<TensorKind> describe(std::string_view name) const override
    {
        const auto found = m_tensors.find(name);
        return found == m_tensors.end()
                   ? m_base->describe(name)
                   : std::optional(TensorKind{found->second.type(), found->second.shape()});
    }
    std::vector<std::string> names() const override;
    std::vector<std::filesystem::path> files() const override { return m_base->files(); }
    void requireWhole() const override { m_base->requireWhole(); }
    std::string origin(std::string_view name) const override { return m_base->origin(name); }
    void forget(std::string_view name) const override
    {
        if (!m_tensors.contains(name))
            m_base->forget(name);
    }
    void forgetPart(std::span<const std::byte> part) const override { m_base->forgetPart(part); }

private:
    std::shared_ptr<const WeightSource> m_base;
    std::map<std::string, Tensor, std::less<>> m_tensors;
};

} // namespace argali
