#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.h"

namespace argali::remote {

/// Cuts bytes that come in any pieces into JSON objects that follow each other: one for each line
/// (NDJSON), or one over many lines. What it gives still has to be parsed.
class JsonDocuments final {
public:
    explicit JsonDocuments(int64_t documentBytes = int64_t(16) << 20) : m_limit(documentBytes) {}
    /// The objects that these bytes complete; none any more after a failure.
    std::vector<std::string> push(std::string_view bytes);
    /// Whether the bytes so far end within an object.
    bool isInside() const { return !m_document.empty(); }
    /// Error::Code::Network once an object was too large, or something else stood between two.
    const std::optional<Error>& failure() const { return m_failure; }

private:
    bool isWithinLimit(size_t bytes);

    const int64_t m_limit;
    std::string m_document;
    std::optional<Error> m_failure;
    int64_t m_depth = 0;
    bool m_inString = false;
    bool m_escaped = false;
};

} // namespace argali::remote
