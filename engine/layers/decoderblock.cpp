#include "engine/layers/decoderblock.h"

namespace argali {

DecoderScratch::DecoderScratch(Backend& op, const DecoderConfig& config, int64_t tokens,
                               DType activation)
    : m_qkv(op.allocate(activation, {tokens, config.qkvColumns()})),
      m_query(op.allocate(activation, {tokens, config.heads, config.headWidth})),
      m_heads(op.allocate(activation, {tokens, config.heads, config.headWidth})),
      m_gated(op.allocate(activation, {tokens, config.feedForward}))
{
}

void decoderBlock(Backend& op, const DecoderBlock& w, const DecoderConfig& c,
                  const DecodeState& state, KvLayer& cache, DecoderScratch& s, Tensor& x)
{
    const int64_t tokens = x.dim(0);
    Tensor qkv = s.m_qkv.rows(0, tokens);
    Tensor query = s.m_query.rows(0, tokens);
    Tensor heads = s.m_heads.rows(0, tokens);
    Tensor gated = s.m_gated.rows(0, tokens);
    const Tensor joined = heads.view({tokens, c.heads * c.headWidth});

    op.normLinear(qkv, x, w.attentionNorm, *w.qkv);                       // [T, (H + 2 G) C]
    op.headNormRopeAppend(query, cache, qkv, w.headNorms, c.rope, state); // [T, H, C]
    op.attend(heads, query, cache, state);                                // [T, H, C]
    op.linearAdd(x, joined, *w.output);                                   // x += heads o^T
    op.normGateUp(gated, x, w.mlpNorm, *w.gateUp);                        // [T, F]
    op.linearAdd(x, gated, *w.down);                                      // x += gated d^T
}

} // namespace argali
