#include "engine/layers/visionblock.h"

#include <algorithm>

#include "engine/layers/ids.h"

namespace argali {

namespace {
// The MLP goes by rows of this many patches: its inner width would otherwise be the largest buffer.
constexpr int64_t mlpRows = 1024;
} // namespace

VisionScratch::VisionScratch(Backend& op, const VisionConfig& config, int64_t patches,
                             DType activation, DType compute)
    : m_qkv(op.allocate(compute, {patches, 3 * config.width})),
      m_heads(op.allocate(activation, {patches, config.width})),
      m_inner(op.allocate(activation, {std::min(patches, mlpRows), config.feedForward}))
{
}

int64_t VisionScratch::bytes(const VisionConfig& config, int64_t patches, DType activation,
                             DType compute)
{
    return sizeOf(compute) * patches * 3 * config.width +
           sizeOf(activation) *
               (patches * config.width + std::min(patches, mlpRows) * config.feedForward);
}

void VisionScratch::wholeQkv(Backend& op, const VisionBlock& w, VisionScratch& s, Tensor& qkv,
                             const Tensor& x)
{
    const int64_t patches = x.dim(0);
    const int64_t width = x.dim(1);
    const WholeNorms& norms = *w.wholeNorms;
    if (s.m_apart.isEmpty() || s.m_apart.dim(0) != 3 * patches) {
        s.m_apart = op.allocate(s.m_heads.type(), {3 * patches, width});
        std::vector<int32_t> order;
        for (int64_t p = 0; p < patches; ++p)
            for (int64_t part = 0; part < 3; ++part)
                order.push_back(static_cast<int32_t>(part * patches + p));
        s.m_order = uploadIds(op, order);
    }
    Tensor query = s.m_apart.rows(0, patches);
    Tensor key = s.m_apart.rows(patches, patches);
    Tensor value = s.m_apart.rows(2 * patches, patches);
    Tensor raw = s.m_heads.rows(0, patches); // free until attention
    op.normLinear(raw, x, w.attentionNorm, *norms.query);
    op.norm(query, raw, norms.queryNorm);
    op.normLinear(raw, x, w.attentionNorm, *norms.key);
    op.norm(key, raw, norms.keyNorm);
    op.normLinear(value, x, w.attentionNorm, *norms.value);
    Tensor rows = qkv.view({3 * patches, width});
    op.gather(rows, s.m_apart, s.m_order);
}

void visionBlock(Backend& op, const VisionBlock& w, const VisionConfig& c, int64_t rows,
                 int64_t columns, VisionScratch& s, Tensor& x)
{
    const int64_t patches = x.dim(0);
    Tensor qkv = s.m_qkv.rows(0, patches);
    Tensor heads = s.m_heads.rows(0, patches);

    if (w.wholeNorms)
        VisionScratch::wholeQkv(op, w, s, qkv, x);
    else
        op.normLinear(qkv, x, w.attentionNorm, *w.qkv); // [P, 3 D]
    if (c.ropeTheta > 0)
        op.ropePatches(qkv, c.heads, rows, columns, c.merge, c.ropeTheta); // q and k in place
    op.attendFrames(heads, qkv, c.heads, rows * columns);                  // [P, D]
    op.linearAdd(x, heads, *w.output);
    for (int64_t begin = 0; begin < patches; begin += mlpRows) {
        const int64_t count = std::min(mlpRows, patches - begin);
        Tensor part = x.rows(begin, count);
        Tensor inner = s.m_inner.rows(0, count);
        op.normLinear(inner, part, w.mlpNorm, *w.up, c.activation); // [rows, F]
        op.linearAdd(part, inner, *w.down);
    }
}

} // namespace argali
