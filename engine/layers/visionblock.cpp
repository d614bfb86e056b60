#include "engine/layers/visionblock.h"

#include <algorithm>

namespace argali {

namespace {
// The MLP goes by rows of this many patches: its inner width would otherwise be the largest buffer.
constexpr int64_t mlpRows = 1024;
} // namespace

VisionScratch::VisionScratch(Backend& op, const VisionConfig& config, int64_t patches, DType activation,
                             DType compute)
    : m_qkv(op.allocate(compute, {patches, 3 * config.width})),
      m_heads(op.allocate(activation, {patches, config.width})),
      m_inner(op.allocate(activation, {std::min(patches, mlpRows), config.feedForward}))
{
}

int64_t VisionScratch::bytes(const VisionConfig& config, int64_t patches, DType activation, DType compute)
{
    return sizeOf(compute) * patches * 3 * config.width
        + sizeOf(activation) * (patches * config.width + std::min(patches, mlpRows) * config.feedForward);
}

void visionBlock(Backend& op, const VisionBlock& w, const VisionConfig& c, int64_t rows, int64_t columns,
                 VisionScratch& s, Tensor& x)
{
    const int64_t patches = x.dim(0);
    Tensor qkv = s.m_qkv.rows(0, patches);
    Tensor heads = s.m_heads.rows(0, patches);

    op.normLinear(qkv, x, w.attentionNorm, *w.qkv);                     // [P, 3 D]
    op.ropePatches(qkv, c.heads, rows, columns, c.merge, c.ropeTheta);  // q and k in place
    op.attendFrames(heads, qkv, c.heads, rows * columns);               // [P, D]
    op.linearAdd(x, heads, *w.output);
    for (int64_t begin = 0; begin < patches; begin += mlpRows) {
        const int64_t count = std::min(mlpRows, patches - begin);
        Tensor part = x.rows(begin, count);
        Tensor inner = s.m_inner.rows(0, count);
        op.normLinear(inner, part, w.mlpNorm, *w.up, Activation::GeluTanh); // [rows, F]
        op.linearAdd(part, inner, *w.down);
    }
}

} // namespace argali
