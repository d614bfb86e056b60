#include "engine/cpu/softembed.h"

#include <algorithm>

#include "engine/cpu/gemm.h"
#include "engine/cpu/norm.h"

namespace argali::cpu {

namespace {

// Tokens whose logits are in memory at once: as many as make reading the weights cheap, 32 MB for
// 65,532.
constexpr int64_t chunkTokens = 128;

/// One chunk of logits, [tokens, count] f32, becomes weights of the table's rows in place: each row
/// holds them from its beginning on, in the type that panels meet.
class ChunkEmbedding final {
public:
    ChunkEmbedding(Context& context, const Tensor& table, DType compute, int64_t count)
        : m_context(context),
          m_table(table),
          m_count(count),
          m_rounded(compute == DType::BF16 && table.type() == DType::BF16),
          m_panels(m_rounded && context.kernels.bf16 != nullptr ? *context.kernels.bf16->panels
                                                                : *context.kernels.panels)
    {
    }
    void normalise(float* logits, int64_t tokens, const Norm& norm) const;
    void embed(const Tensor& out, const float* weights, int64_t tokens) const;

private:
    void round(float* row, std::byte* temporary) const;

    Context& m_context;
    const Tensor& m_table;
    int64_t m_count;
    bool m_rounded; ///< weights to bf16, as the table is
    const PanelKernels& m_panels;
};

void ChunkEmbedding::normalise(float* logits, int64_t tokens, const Norm& norm) const
{
    const Kernels& kernels = m_context.kernels;
    m_context.pool.run(tokens, [&](int64_t t, int worker) {
        float* const row = logits + t * m_count;
        normRow(kernels, row, row, norm, m_count);
        const float sum = kernels.expSum(row, kernels.maximum(row, m_count), m_count);
        kernels.scale(row, 1 / sum, m_count);
        if (m_rounded)
            round(row, m_context.worker(worker).row.get<std::byte>(roundUp(m_count, 2) * 2));
    });
}

void ChunkEmbedding::round(float* row, std::byte* temporary) const
{
    m_context.kernels.store(temporary, Element::BF16, row, m_count);
    if (m_panels.element == Element::F32) {
        m_context.kernels.load(row, temporary, Element::BF16, m_count);
        return;
    }
    std::fill_n(temporary + m_count * 2, m_count % 2 * 2, std::byte{0});
    std::copy_n(temporary, roundUp(m_count, 2) * 2, reinterpret_cast<std::byte*>(row));
}

void ChunkEmbedding::embed(const Tensor& out, const float* weights, int64_t tokens) const
{
    const int64_t width = m_table.dim(1);
    const Element element = elementOf(m_table.type());
    const int64_t rowBytes = width * sizeOf(element);
    const int64_t panelColumns = m_panels.vectors * m_panels.lanes;
    // Several panels in a slice, because a row of the table is a page of memory of its own.
    const int64_t panelsOfAll = divideUp(width, panelColumns);
    const int64_t perSlice =
        std::clamp<int64_t>(panelsOfAll / (2 * m_context.pool.threads()), 1, 8);
    const int64_t columnsOfSlice = perSlice * panelColumns;
    const int64_t aStride = m_count * 4 / sizeOf(m_panels.element);
    m_context.pool.run(divideUp(width, columnsOfSlice), [&](int64_t slice, int index) {
        Context::Worker& worker = m_context.worker(index);
        const int64_t first = slice * columnsOfSlice;
        const int64_t columns = std::min(columnsOfSlice, width - first);
        float* const c = worker.tile.get<float>(tokens * columnsOfSlice);
        std::byte* const panel = worker.panel.get<std::byte>(
            panelCount(m_panels, m_panels.vectors, m_panels.depth) * sizeOf(m_panels.element));
        multiplyColumns(
            m_context.pool, m_panels, c, columnsOfSlice,
            reinterpret_cast<const std::byte*>(weights), aStride, tokens, m_count, columns, panel,
            [&](void* packed, int panelWidth, int64_t column, int n, int64_t k0, int64_t k) {
                m_panels.packRows(packed, panelWidth,
                                  m_table.raw() + k0 * rowBytes +
                                      (first + column) * sizeOf(element),
                                  rowBytes, n, element, k);
            });
        if (m_context.pool.stopped())
            return;
        for (int64_t t = 0; t < tokens; ++t)
            writeFloats(m_context.kernels, out, t * width + first, columns, c + t * columnsOfSlice);
    });
}

} // namespace

void softEmbed(Context& context, Tensor& out, const Tensor& x, const CpuLinear& w, const Norm& norm,
               const Tensor& table)
{
    const int64_t tokens = x.dim(0);
    if (tokens == 0)
        return;
    const int64_t chunk = divideUp(tokens, divideUp(tokens, chunkTokens));
    const ChunkEmbedding embedding(context, table, w.compute(), w.outputs());
    for (int64_t first = 0; first < tokens && !context.pool.stopped(); first += chunk) {
        const int64_t rows = std::min(chunk, tokens - first);
        float* const values = context.logits.get<float>(chunk * w.outputs() + 1);
        Tensor logits(DType::F32, {rows, w.outputs()}, reinterpret_cast<std::byte*>(values),
                      nullptr);
        multiply(context, logits, x.rows(first, rows), nullptr, w, {});
        embedding.normalise(values, rows, norm);
        embedding.embed(out.rows(first, rows), values, rows);
    }
}

} // namespace argali::cpu
