#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/remote/failure.h"
#include "engine/remote/ssereader.h"

namespace argali::server {

/// Looks through an answer that comes from an upstream as a stream, on its way to the client: whole
/// events pass as they come, errors do not, and an end that is none is seen.
class RelayStream final {
public:
    struct Step {
        std::string pass; ///< for the client
        std::optional<remote::Failure> failure;
    };
    /// What these bytes complete; nothing after a failure or the mark of the end.
    Step push(std::string_view bytes);
    /// The connection ended.
    Step finish();

private:
    void take(const remote::SseEvent& event, Step& step);

    remote::SseReader m_reader;
    bool m_hasReason = false; ///< the answer said why it ends
    bool m_isOver = false;
};

} // namespace argali::server
