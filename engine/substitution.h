#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace argali {

/// A text that is shown as another one wherever it comes in an answer.
struct Substitution {
    std::string_view from; ///< not empty
    std::string_view to;
};

/// text with every occurrence shown as it should be.
std::string substituted(std::string_view text, const std::optional<Substitution>& rule);

/// The same for a text that comes piece by piece.
class SubstitutedStream final {
public:
    explicit SubstitutedStream(std::optional<Substitution> rule) : m_rule(rule) {}
    /// What can be shown now: all but an end with which an occurrence may begin.
    std::string push(std::string_view piece);
    /// The rest.
    std::string finish();

private:
    std::optional<Substitution> m_rule;
    std::string m_held;
};

} // namespace argali
