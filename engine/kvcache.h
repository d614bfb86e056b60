#pragma once

#include <cstdint>
#include <vector>

#include "engine/backend.h"

namespace argali {

/// Cached keys and values of all layers of a decoder.
class KvCache {
public:
    /// Throws: Error::Code::OutOfMemory
    KvCache(Backend& op, int64_t layers, int64_t groups, int64_t capacity, int64_t headWidth, DType type);

    int64_t capacity() const { return m_capacity; }
    int64_t length() const { return m_length; } ///< tokens
    KvLayer& layer(int64_t i) { return m_layers[static_cast<size_t>(i)]; }
    const DecodeState& state() const { return m_state; }
    int64_t bytes() const;

    /// Rows written past length() count from here on.
    void advance(int64_t tokens);
    /// Forgets all tokens from length on.
    void truncate(int64_t length);

private:
    Backend& m_op;
    int64_t m_capacity;
    int64_t m_length = 0;
    DecodeState m_state;
    std::vector<KvLayer> m_layers;
};

} // namespace argali
