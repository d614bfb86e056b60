#pragma once

#include "engine/backend.h"

namespace argali {

/// Sizes of a decoder with pre-normalisation, grouped heads and a gated MLP.
struct DecoderConfig {
    int64_t layers = 0;
    int64_t width = 0;       ///< D
    int64_t heads = 0;       ///< H
    int64_t groups = 0;      ///< G
    int64_t headWidth = 0;   ///< C
    int64_t feedForward = 0; ///< F
    int64_t vocabulary = 0;  ///< V
    float epsilon = 0;
    Rope rope;

    int64_t qkvColumns() const { return (heads + 2 * groups) * headWidth; }
    int64_t kvBytesPerToken(DType type) const
    {
        return 2 * layers * groups * headWidth * sizeOf(type);
    }
};

/// Weights of one block.
struct DecoderBlock {
    Norm attentionNorm;
    Linear qkv; ///< [(H + 2 G) C, D]
    HeadNorms headNorms;
    Linear output; ///< [D, H C]
    Norm mlpNorm;
    Linear gateUp; ///< [2 F, D]
    Linear down;   ///< [D, F]
};

/// What a pass over up to a fixed number of tokens needs beside its input.
class DecoderScratch final {
public:
    DecoderScratch() = default;
    /// Throws: Error::Code::OutOfMemory
    DecoderScratch(Backend& op, const DecoderConfig& config, int64_t tokens, DType activation);
    int64_t tokens() const { return m_qkv.isEmpty() ? 0 : m_qkv.dim(0); }
    int64_t bytes() const
    {
        return m_qkv.bytes() + m_query.bytes() + m_heads.bytes() + m_gated.bytes();
    }

private:
    friend void decoderBlock(Backend& op, const DecoderBlock& w, const DecoderConfig& c,
                             const DecodeState& state, KvLayer& cache, DecoderScratch& s,
                             Tensor& x);
    Tensor m_qkv;   // [T, (H + 2 G) C]
    Tensor m_query; // [T, H, C]
    Tensor m_heads; // [T, H, C]
    Tensor m_gated; // [T, F]
};

/// One pre-norm decoder block; x [T, D] is the residual stream, changed in place.
/// Thread: engine. Allocates nothing, so that a decode step can be captured.
void decoderBlock(Backend& op, const DecoderBlock& w, const DecoderConfig& c,
                  const DecodeState& state, KvLayer& cache, DecoderScratch& s, Tensor& x);

} // namespace argali
