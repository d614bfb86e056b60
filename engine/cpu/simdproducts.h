#pragma once

// A part of kernelssimd.h.

namespace argali::cpu {
namespace {

// Products that read their weights once

/// Some rows meet xRows rows: each vector of weights is read and widened once. Four rows are four
/// streams that are on their way from memory at once, where at the end of a single one everything
/// waits; steps sums of each hide the latency of an addition.
template <Element element, int count, int xRows, int steps>
void dotBlock(float* out, int64_t outStride, const std::byte* const* rows, int64_t k,
              const float* x, int64_t xStride)
{
    constexpr int64_t size = element == Element::F32 ? 4 : 2;
    Floats sums[count][xRows][steps];
    for (int r = 0; r < count; ++r)
        for (int t = 0; t < xRows; ++t)
            for (int s = 0; s < steps; ++s)
                sums[r][t][s] = Vector::zero();
    const auto step = [&](int64_t i, int s, const Floats* weights) {
        for (int t = 0; t < xRows; ++t) {
            const Floats values = Vector::load(x + t * xStride + i);
            for (int r = 0; r < count; ++r)
                sums[r][t][s] = Vector::fma(weights[r], values, sums[r][t][s]);
        }
    };
    Floats weights[count];
    int64_t i = 0;
    for (; i + steps * lanes <= k; i += steps * lanes)
        for (int s = 0; s < steps; ++s) {
            for (int r = 0; r < count; ++r)
                weights[r] = Vector::loadAs<element>(rows[r] + (i + s * lanes) * size);
            step(i + s * lanes, s, weights);
        }
    for (; i < k; i += lanes) {
        for (int r = 0; r < count; ++r) {
            const std::byte* const place = rows[r] + i * size;
            weights[r] = i + lanes <= k ? Vector::loadAs<element>(place)
                                        : Vector::loadPartAs<element>(place, k - i);
        }
        step(i, 0, weights);
    }
    for (int r = 0; r < count; ++r)
        for (int t = 0; t < xRows; ++t) {
            for (int s = 1; s < steps; ++s)
                sums[r][t][0] = Vector::add(sums[r][t][0], sums[r][t][s]);
            out[t * outStride + r] = Vector::total(sums[r][t][0]);
        }
}

template <Element element, int xRows>
void dotAll(float* out, int64_t outStride, const std::byte* const* rows, int64_t count, int64_t k,
            const float* x, int64_t xStride)
{
    constexpr int atOnce = Vector::dotRowsAtOnce(xRows);
    constexpr int steps = xRows * atOnce >= 8 ? 1 : xRows * atOnce >= 4 ? 2 : 4;
    int64_t r = 0;
    for (; r + atOnce <= count; r += atOnce)
        dotBlock<element, atOnce, xRows, steps>(out + r, outStride, rows + r, k, x, xStride);
    for (; r < count; ++r)
        dotBlock<element, 1, xRows, steps>(out + r, outStride, rows + r, k, x, xStride);
}

template <Element element>
void dotRowsOf(float* out, int64_t outStride, const std::byte* const* rows, int64_t count,
               int64_t k, const float* x, int64_t xStride, int xRows)
{
    using Function =
        void (*)(float*, int64_t, const std::byte* const*, int64_t, int64_t, const float*, int64_t);
    static constexpr Function byRows[Kernels::rowLimit] = {
        dotAll<element, 1>, dotAll<element, 2>, dotAll<element, 3>, dotAll<element, 4>,
        dotAll<element, 5>, dotAll<element, 6>, dotAll<element, 7>, dotAll<element, 8>};
    byRows[xRows - 1](out, outStride, rows, count, k, x, xStride);
}

void dotRows(float* out, int64_t outStride, const std::byte* const* rows, int64_t count,
             Element type, int64_t k, const float* x, int64_t xStride, int xRows)
{
    if (type == Element::F32)
        dotRowsOf<Element::F32>(out, outStride, rows, count, k, x, xStride, xRows);
    else if (type == Element::BF16)
        dotRowsOf<Element::BF16>(out, outStride, rows, count, k, x, xStride, xRows);
    else
        dotRowsOf<Element::F16>(out, outStride, rows, count, k, x, xStride, xRows);
}

/// Some columns of all rows, weighed for xRows sums at once. part: columns of the last vector, 0
/// for all.
template <Element element, int xRows, int vectors>
void weighColumns(float* out, int64_t outStride, const float* weights, int64_t weightStride,
                  const std::byte* rows, int64_t stride, int64_t count, int64_t part)
{
    constexpr int64_t size = element == Element::F32 ? 4 : 2;
    Floats sums[xRows][vectors];
    for (int t = 0; t < xRows; ++t)
        for (int v = 0; v < vectors; ++v)
            sums[t][v] = Vector::zero();
    for (int64_t s = 0; s < count; ++s) {
        Floats values[vectors];
        for (int v = 0; v < vectors; ++v) {
            const std::byte* const place = rows + s * stride + v * lanes * size;
            values[v] = part == 0 ? Vector::loadAs<element>(place)
                                  : Vector::loadPartAs<element>(place, part);
        }
        for (int t = 0; t < xRows; ++t) {
            const Floats weight = Vector::set(weights[t * weightStride + s]);
            for (int v = 0; v < vectors; ++v)
                sums[t][v] = Vector::fma(weight, values[v], sums[t][v]);
        }
    }
    for (int t = 0; t < xRows; ++t)
        for (int v = 0; v < vectors; ++v) {
            float* const place = out + t * outStride + v * lanes;
            if (part == 0)
                Vector::store(place, sums[t][v]);
            else
                Vector::storePart(place, sums[t][v], part);
        }
}

template <Element element, int xRows>
void weighRows(float* out, int64_t outStride, const float* weights, int64_t weightStride,
               const std::byte* rows, int64_t stride, int64_t count, int64_t n)
{
    constexpr int64_t size = element == Element::F32 ? 4 : 2;
    constexpr int wide = 4;
    int64_t i = 0;
    for (; i + wide * lanes <= n; i += wide * lanes)
        weighColumns<element, xRows, wide>(out + i, outStride, weights, weightStride,
                                           rows + i * size, stride, count, 0);
    for (; i < n; i += lanes)
        weighColumns<element, xRows, 1>(out + i, outStride, weights, weightStride, rows + i * size,
                                        stride, count, n - i < lanes ? n - i : 0);
}

template <Element element>
void weightedRowsOf(float* out, int64_t outStride, const float* weights, int64_t weightStride,
                    int xRows, const std::byte* rows, int64_t stride, int64_t count, int64_t n)
{
    constexpr int atOnce = Vector::weightedAtOnce;
    int t = 0;
    for (; t + atOnce <= xRows; t += atOnce)
        weighRows<element, atOnce>(out + t * outStride, outStride, weights + t * weightStride,
                                   weightStride, rows, stride, count, n);
    for (; t + 2 <= xRows; t += 2)
        weighRows<element, 2>(out + t * outStride, outStride, weights + t * weightStride,
                              weightStride, rows, stride, count, n);
    if (t < xRows)
        weighRows<element, 1>(out + t * outStride, outStride, weights + t * weightStride,
                              weightStride, rows, stride, count, n);
}

void weightedRows(float* out, int64_t outStride, const float* weights, int64_t weightStride,
                  int xRows, const std::byte* rows, int64_t stride, int64_t count, Element type,
                  int64_t n)
{
    if (type == Element::F32)
        weightedRowsOf<Element::F32>(out, outStride, weights, weightStride, xRows, rows, stride,
                                     count, n);
    else if (type == Element::BF16)
        weightedRowsOf<Element::BF16>(out, outStride, weights, weightStride, xRows, rows, stride,
                                      count, n);
    else
        weightedRowsOf<Element::F16>(out, outStride, weights, weightStride, xRows, rows, stride,
                                     count, n);
}

// Products of panels

template <Element element>
void packColumnsOf(float* panel, int width, const std::byte* const* columns, int count, int64_t k0,
                   int64_t k)
{
    constexpr int64_t size = element == Element::F32 ? 4 : 2;
    packWords(panel, width, count, k, [&](int column, int64_t i, int64_t n) {
        const std::byte* const place = columns[column] + (k0 + i) * size;
        return n == lanes ? Vector::loadAs<element>(place) : Vector::loadPartAs<element>(place, n);
    });
}

void packColumns(void* panel, int width, const std::byte* const* columns, int count, Element type,
                 int64_t k0, int64_t k)
{
    auto* const out = static_cast<float*>(panel);
    if (type == Element::F32)
        packColumnsOf<Element::F32>(out, width, columns, count, k0, k);
    else if (type == Element::BF16)
        packColumnsOf<Element::BF16>(out, width, columns, count, k0, k);
    else
        packColumnsOf<Element::F16>(out, width, columns, count, k0, k);
}

void packRows(void* panel, int width, const std::byte* rows, int64_t stride, int count,
              Element type, int64_t k)
{
    auto* const out = static_cast<float*>(panel);
    for (int64_t i = 0; i < k; ++i) {
        float* const row = out + i * width;
        load(row, rows + i * stride, type, count);
        for (int j = count; j < width; ++j)
            row[j] = 0;
    }
}

template <int vectors, int rows>
void multiplyTile(float* c, int64_t cStride, const float* a, int64_t aStride, const float* panel,
                  int64_t k, bool keep)
{
    Floats sums[rows][vectors];
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v)
            sums[r][v] = keep ? Vector::load(c + r * cStride + v * lanes) : Vector::zero();
    for (int64_t i = 0; i < k; ++i) {
        Floats right[vectors];
        for (int v = 0; v < vectors; ++v)
            right[v] = Vector::load(panel + (i * vectors + v) * lanes);
        for (int r = 0; r < rows; ++r) {
            const Floats left = Vector::set(a[r * aStride + i]);
            for (int v = 0; v < vectors; ++v)
                sums[r][v] = Vector::fma(left, right[v], sums[r][v]);
        }
    }
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v)
            Vector::store(c + r * cStride + v * lanes, sums[r][v]);
}

/// Finds the function made for rows <= limit of them.
template <int vectors, int limit>
void tileOfRows(float* c, int64_t cStride, const float* a, int64_t aStride, const float* panel,
                int rows, int64_t k, bool keep)
{
    if (rows == limit)
        multiplyTile<vectors, limit>(c, cStride, a, aStride, panel, k, keep);
    else if constexpr (limit > 1)
        tileOfRows<vectors, limit - 1>(c, cStride, a, aStride, panel, rows, k, keep);
}

template <int limit>
void tileOfVectors(float* c, int64_t cStride, const float* a, int64_t aStride, const float* panel,
                   int vectors, int rows, int64_t k, bool keep)
{
    if (vectors == limit)
        tileOfRows<limit, Vector::tileRows(limit)>(c, cStride, a, aStride, panel, rows, k, keep);
    else if constexpr (limit > 1)
        tileOfVectors<limit - 1>(c, cStride, a, aStride, panel, vectors, rows, k, keep);
}

void tile(float* c, int64_t cStride, const void* a, int64_t aStride, const void* panel, int vectors,
          int rows, int64_t k, bool keep)
{
    tileOfVectors<Vector::maxTileVectors>(c, cStride, static_cast<const float*>(a), aStride,
                                          static_cast<const float*>(panel), vectors, rows, k, keep);
}

constexpr PanelKernels panels{
    .element = Element::F32,
    .lanes = lanes,
    .vectors = Vector::tileVectors,
    .maxVectors = Vector::maxTileVectors,
    .depth = Vector::depth,
    .rows = {0, Vector::tileRows(1), Vector::tileRows(2), Vector::tileRows(3), Vector::tileRows(4),
             Vector::tileRows(5)},
    .packColumns = packColumns,
    .packRows = packRows,
    .tile = tile,
};

} // namespace
} // namespace argali::cpu
