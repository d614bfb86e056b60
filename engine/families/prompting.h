#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/families/families.h"

namespace argali {

/// Without any of these words. They go until none is left, so that a text cannot make one out of
/// the pieces around another.
std::string withoutWords(std::string text, std::span<const std::string_view> words);

/// Throws: Error::Code::BadRequest for pictures outside a user's message and a last message that is
/// not the
///         user's
void requireChat(const ChatRequest& request);

/// Hands out the parts of a conversation in the order of its pictures and films.
class PartSequence final {
public:
    explicit PartSequence(std::span<const VisualPart> parts) : m_parts(parts) {}
    /// Throws: Error::Code::Internal when the next part is another kind or there is none
    const VisualPart& next(const ContentItem& item);
    /// Throws: Error::Code::Internal when parts are left
    void requireEnd() const;

private:
    std::span<const VisualPart> m_parts;
    size_t m_next = 0;
};

} // namespace argali
