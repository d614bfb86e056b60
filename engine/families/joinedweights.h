#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace argali {

/// The weights of two folders as one; the first one's tensor where both have a name.
class JoinedWeights final : public WeightSource {
public:
    /// Of the second only names with this prefix.
    JoinedWeights(std::shared_ptr<const WeightSource> first,
                  std::shared_ptr<const WeightSource> second, std::string prefix);

    std::optional<Tensor> find(std::string_view name) const override { return of(name).find(name); }
    std::optional<TensorKind> describe(std::string_view name) const override
    {
        return of(name).describe(name);
    }
    std::vector<std::string> names() const override;
    void forget(std::string_view name) const override { of(name).forget(name); }
    void forgetPart(std::span<const std::byte> part) const override
    {
        m_first->forgetPart(part);
        m_second->forgetPart(part);
    }
    std::vector<std::filesystem::path> files() const override;
    void requireWhole() const override;
    std::string origin(std::string_view name) const override { return of(name).origin(name); }

private:
    const WeightSource& of(std::string_view name) const;

    std::shared_ptr<const WeightSource> m_first;
    std::shared_ptr<const WeightSource> m_second;
    std::string m_prefix;
};

/// A source that has every name with one of these prefixes, without a shape: for the names of a
/// published layout where there are no files.
class PublishedSpelling final : public WeightSource {
public:
    explicit PublishedSpelling(std::vector<std::string> prefixes) : m_prefixes(std::move(prefixes))
    {
    }
    std::optional<Tensor> find(std::string_view name) const override;
    std::vector<std::string> names() const override { return {}; }

private:
    std::vector<std::string> m_prefixes;
};

} // namespace argali
