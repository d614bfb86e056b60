#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/engine.h"
#include "engine/layers/decoder.h"
#include "engine/layers/ropescaling.h"

namespace argali {

/// A decoder with what lies before and behind it: from token ids and visual rows to logits.
/// Thread: engine.
class LanguageModel final {
public:
    LanguageModel() = default;
    /// The backends must outlive this object; the first one has the table, the last norm and the
    /// head.
    LanguageModel(const std::vector<LayerShare>& shares, const DecoderConfig& config,
                  const RopeScaling& scaling, DType compute);

    /// Where the blocks go, in order.
    Decoder& decoder() { return m_decoder; }
    /// finalNorm without weights: none.
    /// Shape:  table [V, D], head [V, D]
    void setEnds(Tensor embedding, Norm finalNorm, Linear head);

    std::unique_ptr<KvCache> makeCache(int64_t capacity) const
    {
        return m_decoder.makeCache(capacity);
    }
    /// As Family::usable(): those whose keys were turned as those of a sequence of this length are.
    int64_t usable(const KvCache& cache, int64_t positions) const
    {
        return cache.turnedBy(m_scaling.at(positions));
    }
    /// As Family::decode().
    Tensor decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                  const ProgressSink& progress, const std::stop_token& stop);

    /// Bytes that a chunk of a prompt takes on a backend that has layers.
    static int64_t layerWorkspace(const DecoderConfig& config);

private:
    /// What a pass over one token works on. It is kept, and with it what the backends recorded of
    /// the pass.
    struct Step {
        Tensor id;     // I32 [1]
        Tensor logits; // f32 [1, V]
        DecoderPass pass;
    };

    /// Rows of a chunk: embeddings of its ids, and rows of visual from firstVisual on for negative
    /// ones.
    void embed(Tensor& x, std::span<const int32_t> ids, const Tensor& visual, int64_t firstVisual);
    Tensor prefill(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                   const ProgressSink& progress, const std::stop_token& stop);
    /// The same for one id, always with the same tensors, so that the pass can be repeated.
    Tensor step(int32_t id, KvCache& cache, const std::stop_token& stop);
    void rotateFor(int64_t positions);
    /// Logits of the last row of the residual stream.
    void finish(Tensor& logits, const Tensor& x);

    Backend* m_op = nullptr; // of everything but later layers
    DecoderConfig m_config;
    RopeScaling m_scaling;
    Rope m_rope; // that the decoder has
    Decoder m_decoder;
    Tensor m_embedding; // [V, D]
    Norm m_finalNorm;
    Linear m_head; // [V, D]
    Step m_step;
};

} // namespace argali
