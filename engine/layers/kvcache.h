#pragma once

#include <cstdint>
#include <vector>

#include "engine/backend.h"

namespace argali {

/// A backend and how many of a decoder's layers it computes, one after another.
struct LayerShare {
    Backend* op = nullptr;
    int64_t layers = 0;
};

/// Sizes of a cache. C and G may differ from model to model, not from layer to layer.
struct CacheSize {
    int64_t groups = 0;    ///< G
    int64_t capacity = 0;  ///< positions
    int64_t headWidth = 0; ///< C
    DType type = DType::F32;
};

/// Keys and values that stand before every sequence: of each layer [G, P, C], on the backend that
/// computes it, turned as if they were the first positions of a sequence that goes on behind them.
/// Empty: none.
using KvPrefix = std::vector<KvLayer>;

/// Cached keys and values of all layers of a decoder, each on the backend that computes its layer.
/// What stands before the sequence is no token: it has rows, and neither capacity nor length count
/// it.
class KvCache final {
public:
    /// The backends must outlive the cache. Throws: Error::Code::OutOfMemory
    KvCache(const std::vector<LayerShare>& shares, const CacheSize& size,
            const KvPrefix& prefix = {});

    /// Different for every cache that this process makes; what was recorded on one is of no use on
    /// another.
    uint64_t id() const { return m_id; }
    int64_t capacity() const { return m_capacity; }
    int64_t length() const { return m_length; } ///< tokens
    KvLayer& layer(int64_t i) { return m_layers[static_cast<size_t>(i)]; }
    /// What the backend of this share knows of the sequence.
    const DecodeState& state(size_t share) const { return m_states[share].state; }
    int64_t bytes() const;

    /// How keys are turned from here on.
    void setRope(const Rope& rope);
    /// How many of the first tokens have keys that were turned so, and come behind no others.
    int64_t turnedBy(const Rope& rope) const;

    /// Rows written past length() count from here on, on every backend.
    void advance(int64_t tokens);
    /// The two halves of advance(), for recorded passes: what one backend does, and what is known
    /// here.
    void enqueueAdvance(size_t share, int64_t tokens);
    void countAdvance(int64_t tokens);
    /// Forgets all tokens from length on.
    void truncate(int64_t length);

private:
    struct State {
        Backend* op = nullptr;
        DecodeState state;
    };

    /// Puts a prefix into the first rows of a layer.
    static void begin(Backend& op, KvLayer& layer, const KvLayer& prefix);

    uint64_t m_id;
    int64_t m_capacity;
    int64_t m_prefix; ///< rows before the sequence
    int64_t m_length = 0;
    Rope m_rope;          ///< of the first tokens
    int64_t m_turned = 0; ///< how many of them: more than there are while nothing has changed
    std::vector<State> m_states; // one for each share
    std::vector<KvLayer> m_layers;
};

} // namespace argali
