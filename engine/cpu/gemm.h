#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/cpu/context.h"

namespace argali::cpu {

/// Values that a packed panel of any columns of k rows needs, in elements of the panel.
inline int64_t panelCount(const PanelKernels& panels, int vectors, int64_t k)
{
    return roundUp(k, 2) * vectors * panels.lanes;
}

/// c [rows, columns] = a [rows, k] B [k, columns], as far as the pool is not stopped. The columns
/// are taken a panel at a time and k in pieces, so that a panel stays in the cache while all rows
/// meet it. pack(panel, width, column, count, k0, k) packs columns [column, column + count) of B
/// and its rows [k0, k0 + k). cStride >= columns rounded up to whole vectors; strides in elements.
/// panel has room for panelCount(panels, panels.vectors, panels.depth).
template <typename Pack>
void multiplyColumns(const ThreadPool& pool, const PanelKernels& panels, float* c, int64_t cStride,
                     const std::byte* a, int64_t aStride, int64_t rows, int64_t k, int64_t columns,
                     void* panel, const Pack& pack)
{
    const int64_t panelColumns = panels.vectors * panels.lanes;
    // Pieces of one size: a short last one would pay for loading and storing c with little work.
    const int64_t depth =
        std::min<int64_t>(panels.depth, roundUp(divideUp(k, divideUp(k, panels.depth)), 32));
    for (int64_t k0 = 0; k0 < k; k0 += depth) {
        const int64_t piece = std::min(depth, k - k0);
        for (int64_t column = 0; column < columns; column += panelColumns) {
            const auto count = static_cast<int>(std::min(panelColumns, columns - column));
            const auto vectors = static_cast<int>(divideUp(count, panels.lanes));
            pack(panel, vectors * panels.lanes, column, count, k0, piece);
            const int tileRows = panels.rows[vectors];
            for (int64_t row = 0; row < rows; row += tileRows) {
                if (pool.stopped())
                    return;
                panels.tile(c + row * cStride + column, cStride,
                            a + (row * aStride + k0) * sizeOf(panels.element), aStride, panel,
                            vectors, static_cast<int>(std::min<int64_t>(tileRows, rows - row)),
                            piece, k0 > 0);
            }
        }
    }
}

} // namespace argali::cpu
