#include "engine/families/joinedweights.h"

#include <algorithm>

namespace argali {

JoinedWeights::JoinedWeights(std::shared_ptr<const WeightSource> first,
                             std::shared_ptr<const WeightSource> second, std::string prefix)
    : m_first(std::move(first)), m_second(std::move(second)), m_prefix(std::move(prefix))
{
}

const WeightSource& JoinedWeights::of(std::string_view name) const
{
    return name.starts_with(m_prefix) && !m_first->describe(name) ? *m_second : *m_first;
}

std::vector<std::string> JoinedWeights::names() const
{
    std::vector<std::string> all = m_first->names();
    for (std::string& name : m_second->names())
        if (name.starts_with(m_prefix) && !m_first->describe(name))
            all.push_back(std::move(name));
    return all;
}

std::vector<std::filesystem::path> JoinedWeights::files() const
{
    std::vector<std::filesystem::path> all = m_first->files();
    const std::vector<std::filesystem::path> others = m_second->files();
    all.insert(all.end(), others.begin(), others.end());
    return all;
}

void JoinedWeights::requireWhole() const
{
    m_first->requireWhole();
    m_second->requireWhole();
}

std::optional<Tensor> PublishedSpelling::find(std::string_view name) const
{
    const bool has = std::ranges::any_of(
        m_prefixes, [&](const std::string& prefix) { return name.starts_with(prefix); });
    return has ? std::optional<Tensor>(Tensor()) : std::nullopt;
}

} // namespace argali
