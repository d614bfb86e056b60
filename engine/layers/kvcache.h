#pragma once

#include <cstdint>
#include <vector>

#include "engine/backend.h"

namespace argali {

/// Cached keys and values of all layers of a decoder.
class KvCache final {
public:
    /// Throws: Error::Code::OutOfMemory
    KvCache(Backend& op, int64_t layers, int64_t groups, int64_t capacity, int64_t headWidth, DType type);

    /// Different for every cache that this process makes; what was recorded on one is of no use on another.
    uint64_t id() const { return m_id; }
    int64_t capacity() const { return m_capacity; }
    int64_t length() const { return m_length; } ///< tokens
    KvLayer& layer(int64_t i) { return m_layers[static_cast<size_t>(i)]; }
    const DecodeState& state() const { return m_state; }
    int64_t bytes() const;

    /// Rows written past length() count from here on.
    void advance(int64_t tokens);
    /// The two halves of advance(), for a recorded pass: what the backend does, and what is known here.
    void enqueueAdvance(int64_t tokens);
    void countAdvance(int64_t tokens);
    /// Forgets all tokens from length on.
    void truncate(int64_t length);

private:
    Backend& m_op;
    uint64_t m_id;
    int64_t m_capacity;
    int64_t m_length = 0;
    DecodeState m_state;
    std::vector<KvLayer> m_layers;
};

} // namespace argali
