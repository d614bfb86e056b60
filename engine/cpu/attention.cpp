#include "engine/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/cpu/gemm.h"

namespace argali::cpu {

namespace {

// A block of query rows meets a block of keys: scores, their exponentials and the sum over values
// stay in the cache. The more rows, the fewer times keys and values are packed; fewer where all
// threads would not get enough blocks.
constexpr int64_t mostQueryRows = 480;
constexpr int64_t leastQueryRows = 120;
constexpr int64_t keyRows = 128;
constexpr int64_t scoreStride = keyRows + 16; // off a power of two
// Keys that one slice of a decode step handles; the parts are put together afterwards.
constexpr int64_t decodeKeys = 256;
// Up to here keys and values are read as they are, once per token, instead of being packed.
constexpr int64_t decodeTokens = 4;

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Rows of keys or values, or of queries, of one head.
struct HeadRows {
    const std::byte* data = nullptr;
    int64_t stride = 0; ///< bytes
    Element element = Element::F32;
};

/// Where row i of a block comes from and goes to, and how many keys it sees.
struct QueryRow {
    int64_t offset = 0; ///< of its C elements in q and
    int64_t target = 0; ///< in out
    int64_t keys = 0;
};

/// Widths of the panels that cover columns: as even as whole vectors allow.
struct PanelSplit {
    PanelSplit(const PanelKernels& panels, int64_t columns)
        : vectors(divideUp(columns, panels.lanes)), count(divideUp(vectors, panels.maxVectors))
    {
    }
    int first(int64_t panel) const { return static_cast<int>(panel * vectors / count); }
    int vectorsOf(int64_t panel) const { return first(panel + 1) - first(panel); }
    int64_t vectors;
    int64_t count;
};

/// Rows of a block when each of heads has rows in all.
int64_t blockRows(const ThreadPool& pool, int64_t heads, int64_t rows)
{
    int64_t most = mostQueryRows;
    while (most > leastQueryRows && heads * divideUp(rows, most) < 4 * pool.threads())
        most /= 2;
    constexpr int64_t wholeTiles = 60; // of 4, 5 and 6 rows
    return std::min(rows, roundUp(divideUp(rows, divideUp(rows, most)), wholeTiles));
}

/// Attention of one block of rows over the keys of one head, a block of keys at a time, with the
/// running maximum and sum of each row. Keys and values of bf16 meet queries and weights rounded to
/// bf16, as those of a linear layer do; otherwise all is f32. Source: arXiv:1805.02867, algorithm
/// 3; arXiv:2205.14135, algorithm 1.
class BlockAttention final {
public:
    /// element: of the keys and values
    BlockAttention(Context& context, Context::Worker& worker, Element element, int64_t width,
                   int64_t rows);

    /// Rows of q, which are scaled by C^-0.5.
    void setQueries(const Tensor& q, const QueryRow* queries, int64_t rows);
    /// Goes through keys [0, keys). Returns false once stopped.
    bool run(const HeadRows& keyRows, const HeadRows& valueRows, int64_t keys);
    void write(Tensor& out);

private:
    void score(const HeadRows& keyRows, int64_t first, int64_t count);
    void weigh(int64_t first, int64_t count);
    void addValues(const HeadRows& valueRows, int64_t first, int64_t count);
    void multiplyTiles(float* c, int64_t cStride, const float* a, int64_t aFloats, int64_t k,
                       int vectors, bool add);
    void round(float* row, int64_t count);

    Context& m_context;
    const Kernels& m_kernels;
    bool m_rounded; ///< rows that meet panels are bf16, in place or as f32
    const PanelKernels& m_panels;
    const QueryRow* m_queries = nullptr;
    int64_t m_rows = 0;
    int64_t m_width;
    int64_t m_queryStride;
    int64_t m_outStride;
    // Rows of bf16 begin where those of f32 would.
    float* m_query;   ///< [rows, m_queryStride]
    float* m_scores;  ///< [rows, scoreStride]
    float* m_out;     ///< [rows, m_outStride]: values weighed so far
    float* m_maximum; ///< [rows]
    float* m_sum;     ///< [rows]
    float* m_narrow;  ///< a row of bf16
    float* m_panel;
    const std::byte** m_addresses;
};

BlockAttention::BlockAttention(Context& context, Context::Worker& worker, Element element,
                               int64_t width, int64_t rows)
    : m_context(context),
      m_kernels(context.kernels),
      m_rounded(element == Element::BF16),
      m_panels(m_rounded && m_kernels.bf16 != nullptr ? *m_kernels.bf16->panels
                                                      : *m_kernels.panels),
      m_width(width),
      m_queryStride(roundUp(width, 16) + 16),
      m_outStride(roundUp(width, m_panels.lanes))
{
    m_query = worker.rows.get<float>(rows * m_queryStride);
    m_scores = worker.tile.get<float>(rows * scoreStride);
    float* const state =
        worker.state.get<float>(rows * (m_outStride + 2) + std::max(scoreStride, m_queryStride));
    m_out = state;
    m_maximum = m_out + rows * m_outStride;
    m_sum = m_maximum + rows;
    m_narrow = m_sum + rows;
    m_panel = worker.panel.get<float>(
        panelCount(m_panels, m_panels.maxVectors, std::max(keyRows, width)));
    m_addresses = worker.pointers.get<const std::byte*>(keyRows);
}

void BlockAttention::setQueries(const Tensor& q, const QueryRow* queries, int64_t rows)
{
    m_queries = queries;
    m_rows = rows;
    const float factor = 1 / std::sqrt(static_cast<float>(m_width));
    for (int64_t r = 0; r < rows; ++r) {
        float* const target = m_query + r * m_queryStride;
        m_kernels.load(target, q.raw() + queries[r].offset * sizeOf(q.type()), elementOf(q.type()),
                       m_width);
        m_kernels.scale(target, factor, m_width);
        target[m_width] = 0; // the padding of an odd width
        round(target, m_width);
    }
    std::fill_n(m_out, rows * m_outStride, 0.0f);
    std::fill_n(m_maximum, rows, -infinity);
    std::fill_n(m_sum, rows, 0.0f);
}

/// In place, if this attention rounds; count is made even by the zero behind.
void BlockAttention::round(float* row, int64_t count)
{
    if (!m_rounded)
        return;
    auto* const narrow = reinterpret_cast<std::byte*>(m_narrow);
    m_kernels.store(narrow, Element::BF16, row, roundUp(count, 2));
    if (m_panels.element == Element::BF16)
        std::copy_n(narrow, roundUp(count, 2) * 2, reinterpret_cast<std::byte*>(row));
    else
        m_kernels.load(row, narrow, Element::BF16, count);
}

/// aFloats: f32 between the beginnings of two rows of a
void BlockAttention::multiplyTiles(float* c, int64_t cStride, const float* a, int64_t aFloats,
                                   int64_t k, int vectors, bool add)
{
    const int tileRows = m_panels.rows[vectors];
    const int64_t aStride = aFloats * 4 / sizeOf(m_panels.element);
    for (int64_t r = 0; r < m_rows && !m_context.pool.stopped(); r += tileRows)
        m_panels.tile(c + r * cStride, cStride, a + r * aFloats, aStride, m_panel, vectors,
                      static_cast<int>(std::min<int64_t>(tileRows, m_rows - r)), k, add);
}

void BlockAttention::score(const HeadRows& rows, int64_t first, int64_t count)
{
    const PanelSplit split(m_panels, count);
    for (int64_t panel = 0; panel < split.count; ++panel) {
        const int64_t column = static_cast<int64_t>(split.first(panel)) * m_panels.lanes;
        const int vectors = split.vectorsOf(panel);
        const int64_t columns = std::min<int64_t>(vectors * m_panels.lanes, count - column);
        for (int64_t i = 0; i < columns; ++i)
            m_addresses[i] = rows.data + (first + column + i) * rows.stride;
        m_panels.packColumns(m_panel, vectors * m_panels.lanes, m_addresses,
                             static_cast<int>(columns), rows.element, 0, m_width);
        multiplyTiles(m_scores + column, scoreStride, m_query, m_queryStride, m_width, vectors,
                      false);
    }
}

void BlockAttention::weigh(int64_t first, int64_t count)
{
    for (int64_t r = 0; r < m_rows; ++r) {
        float* const scores = m_scores + r * scoreStride;
        const int64_t seen = std::clamp<int64_t>(m_queries[r].keys - first, 0, count);
        std::fill(scores + seen, scores + count + 1, 0.0f);
        if (seen == 0)
            continue;
        const float largest = std::max(m_maximum[r], m_kernels.maximum(scores, seen));
        if (largest > m_maximum[r]) {
            const float factor = std::exp(m_maximum[r] - largest);
            m_kernels.scale(m_out + r * m_outStride, factor, m_outStride);
            m_sum[r] *= factor;
            m_maximum[r] = largest;
        }
        m_sum[r] += m_kernels.expSum(scores, m_maximum[r], seen);
        round(scores, count);
    }
}

void BlockAttention::addValues(const HeadRows& rows, int64_t first, int64_t count)
{
    const PanelSplit split(m_panels, m_width);
    for (int64_t panel = 0; panel < split.count; ++panel) {
        const int64_t column = static_cast<int64_t>(split.first(panel)) * m_panels.lanes;
        const int vectors = split.vectorsOf(panel);
        const int64_t columns = std::min<int64_t>(vectors * m_panels.lanes, m_width - column);
        m_panels.packRows(m_panel, vectors * m_panels.lanes,
                          rows.data + first * rows.stride + column * sizeOf(rows.element),
                          rows.stride, static_cast<int>(columns), rows.element, count);
        multiplyTiles(m_out + column, m_outStride, m_scores, scoreStride, count, vectors, true);
    }
}

bool BlockAttention::run(const HeadRows& keys, const HeadRows& values, int64_t count)
{
    for (int64_t first = 0; first < count; first += keyRows) {
        if (m_context.pool.stopped())
            return false;
        const int64_t block = std::min(keyRows, count - first);
        score(keys, first, block);
        weigh(first, block);
        addValues(values, first, block);
    }
    return true;
}

void BlockAttention::write(Tensor& out)
{
    for (int64_t r = 0; r < m_rows; ++r) {
        float* const row = m_out + r * m_outStride;
        m_kernels.scale(row, 1 / m_sum[r], m_width);
        writeFloats(m_kernels, out, m_queries[r].target, m_width, row);
    }
}

HeadRows rowsOfGroup(const Tensor& cache, int64_t group)
{
    const int64_t stride = cache.dim(2) * sizeOf(cache.type());
    return {cache.raw() + group * cache.dim(1) * stride, stride, elementOf(cache.type())};
}

/// The causal attention of many tokens: blocks of tokens with the query heads that share keys.
void attendBlocks(Context& context, Tensor& out, const Tensor& q, const KvLayer& cache,
                  int64_t length)
{
    const int64_t tokens = q.dim(0);
    const int64_t heads = q.dim(1);
    const int64_t width = q.dim(2);
    const int64_t groups = cache.keys.dim(0);
    const int64_t shared = heads / groups;
    const int64_t blockTokens =
        std::max<int64_t>(1, blockRows(context.pool, groups, tokens * shared) / shared);
    const int64_t blocks = divideUp(tokens, blockTokens);
    context.pool.run(groups * blocks, [&](int64_t slice, int index) {
        const int64_t group = slice / blocks;
        const int64_t firstToken = slice % blocks * blockTokens;
        const int64_t endToken = std::min(tokens, firstToken + blockTokens);
        std::vector<QueryRow> rows;
        rows.reserve(static_cast<size_t>(blockTokens * shared));
        for (int64_t t = firstToken; t < endToken; ++t)
            for (int64_t h = group * shared; h < (group + 1) * shared; ++h)
                rows.push_back({(t * heads + h) * width, (t * heads + h) * width, length + t + 1});
        const auto count = static_cast<int64_t>(rows.size());
        BlockAttention attention(context, context.worker(index), elementOf(cache.keys.type()),
                                 width, count);
        attention.setQueries(q, rows.data(), count);
        if (attention.run(rowsOfGroup(cache.keys, group), rowsOfGroup(cache.values, group),
                          length + endToken))
            attention.write(out);
    });
}

/// The attention of few tokens, bound by reading keys and values: slices of keys of one group, each
/// with its own maximum and sum, which are put together at the end.
void attendFew(Context& context, Tensor& out, const Tensor& q, const KvLayer& cache, int64_t length)
{
    const Kernels& kernels = context.kernels;
    const int64_t tokens = q.dim(0);
    const int64_t heads = q.dim(1);
    const int64_t width = q.dim(2);
    const int64_t groups = cache.keys.dim(0);
    const int64_t shared = heads / groups;
    const int64_t parts = divideUp(length + tokens, decodeKeys);
    const int64_t padded = roundUp(width, 64);
    const int64_t partStride = padded + 16; // values weighed, then maximum and sum
    float* const results = context.parts.get<float>(tokens * heads * parts * partStride);
    const float factor = 1 / std::sqrt(static_cast<float>(width));

    constexpr int64_t bytesPerNanosecond = 8; // of keys and values, about
    const int64_t nanoseconds = tokens * groups * (length + tokens) * width * 2 *
                                sizeOf(cache.keys.type()) / bytesPerNanosecond;
    context.pool.run(tokens * groups * parts, nanoseconds, [&](int64_t slice, int index) {
        const int64_t part = slice % parts;
        const int64_t group = slice / parts % groups;
        const int64_t token = slice / parts / groups;
        const int64_t first = part * decodeKeys;
        const int64_t count = std::min(decodeKeys, length + token + 1 - first);
        Context::Worker& worker = context.worker(index);
        float* const queries = worker.rows.get<float>(Kernels::rowLimit * padded);
        float* const scores = worker.tile.get<float>(Kernels::rowLimit * decodeKeys);
        const auto** const addresses = worker.pointers.get<const std::byte*>(decodeKeys);
        const HeadRows keys = rowsOfGroup(cache.keys, group);
        const HeadRows values = rowsOfGroup(cache.values, group);
        for (int64_t i = 0; i < count; ++i)
            addresses[i] = keys.data + (first + i) * keys.stride;
        for (int64_t head = group * shared; head < (group + 1) * shared;
             head += Kernels::rowLimit) {
            const auto n =
                static_cast<int>(std::min<int64_t>(Kernels::rowLimit, (group + 1) * shared - head));
            float* const result = results + ((token * heads + head) * parts + part) * partStride;
            if (count <= 0) { // this token sees none of these keys
                for (int h = 0; h < n; ++h) {
                    std::fill_n(result + h * parts * partStride, width, 0.0f);
                    result[h * parts * partStride + padded] = -infinity;
                    result[h * parts * partStride + padded + 1] = 0;
                }
                continue;
            }
            for (int h = 0; h < n; ++h) {
                float* const query = queries + h * padded;
                kernels.load(query, q.raw() + (token * heads + head + h) * width * sizeOf(q.type()),
                             elementOf(q.type()), width);
                kernels.scale(query, factor, width);
                std::fill_n(query + width, padded - width, 0.0f);
            }
            kernels.dotRows(scores, decodeKeys, addresses, count, keys.element, width, queries,
                            padded, n);
            for (int h = 0; h < n; ++h) {
                float* const row = scores + h * decodeKeys;
                const float largest = kernels.maximum(row, count);
                result[h * parts * partStride + padded] = largest;
                result[h * parts * partStride + padded + 1] = kernels.expSum(row, largest, count);
            }
            kernels.weightedRows(result, parts * partStride, scores, decodeKeys, n,
                                 values.data + first * values.stride, values.stride, count,
                                 values.element, width);
        }
    });
    if (context.pool.stopped())
        return;
    context.pool.run(tokens * heads, nanoseconds, [&](int64_t row, int) {
        float* const result = results + row * parts * partStride;
        float largest = -infinity;
        for (int64_t part = 0; part < parts; ++part)
            largest = std::max(largest, result[part * partStride + padded]);
        float total = 0;
        for (int64_t part = 0; part < parts; ++part) {
            float* const values = result + part * partStride;
            const float weight = std::exp(values[padded] - largest);
            total += weight * values[padded + 1];
            kernels.scale(values, weight, width);
            if (part > 0)
                kernels.add(result, values, width);
        }
        kernels.scale(result, 1 / total, width);
        writeFloats(kernels, out, row * width, width, result);
    });
}

} // namespace

void attend(Context& context, Tensor& out, const Tensor& q, const KvLayer& cache, int64_t length)
{
    if (q.dim(0) <= decodeTokens)
        attendFew(context, out, q, cache, length);
    else
        attendBlocks(context, out, q, cache, length);
}

void attendFrames(Context& context, Tensor& out, const Tensor& qkv, int64_t heads,
                  int64_t framePatches)
{
    const int64_t patches = qkv.dim(0);
    const int64_t model = qkv.count() / patches / 3;
    const int64_t width = model / heads;
    const int64_t frames = patches / framePatches;
    const int64_t perBlock = blockRows(context.pool, frames * heads, framePatches);
    const int64_t blocks = divideUp(framePatches, perBlock);
    const int64_t elementBytes = sizeOf(qkv.type());
    const int64_t stride = 3 * model * elementBytes;
    const Element element = elementOf(qkv.type());
    context.pool.run(frames * heads * blocks, [&](int64_t slice, int index) {
        const int64_t block = slice % blocks;
        const int64_t head = slice / blocks % heads;
        const int64_t firstPatch = slice / blocks / heads * framePatches;
        const int64_t first = firstPatch + block * perBlock;
        const int64_t count = std::min(perBlock, firstPatch + framePatches - first);
        std::vector<QueryRow> rows(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i)
            rows[static_cast<size_t>(i)] = {(first + i) * 3 * model + head * width,
                                            (first + i) * model + head * width, framePatches};
        const std::byte* const frame =
            qkv.raw() + firstPatch * stride + head * width * elementBytes;
        BlockAttention attention(context, context.worker(index), element, width, count);
        attention.setQueries(qkv, rows.data(), count);
        if (attention.run({frame + model * elementBytes, stride, element},
                          {frame + 2 * model * elementBytes, stride, element}, framePatches))
            attention.write(out);
    });
}

} // namespace argali::cpu
