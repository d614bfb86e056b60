#pragma once

// Included after Vector, as kernelssimd.h says.

namespace argali::cpu {
namespace {

constexpr int lanes = Vector::lanes;
using Floats = Vector::Type;

/// Transposes blocks of lanes x lanes words of 32 bits. read(column, i, n) gives words [i, i + n)
/// of a column, n <= lanes, padded with zeros.
template <typename Read>
void packWords(float* panel, int width, int count, int64_t words, const Read& read)
{
    for (int column = 0; column < width; column += lanes)
        for (int64_t i = 0; i < words; i += lanes) {
            const int64_t n = words - i < lanes ? words - i : lanes;
            Floats block[lanes];
            for (int j = 0; j < lanes; ++j)
                block[j] = column + j < count ? read(column + j, i, n) : Vector::zero();
            Vector::transpose(block);
            for (int j = 0; j < n; ++j)
                Vector::store(panel + (i + j) * width + column, block[j]);
        }
}

} // namespace
} // namespace argali::cpu
