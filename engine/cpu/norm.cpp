#include "engine/cpu/norm.h"

#include <algorithm>
#include <cmath>

namespace argali::cpu {

void normRow(const Kernels& kernels, float* out, const float* x, const Norm& norm, int64_t n)
{
    const auto count = static_cast<float>(n);
    const float* const weight = norm.weight.as<float>();
    if (norm.kind == Norm::Kind::Rms) {
        const float meanSquare = kernels.sumSquares(x, 0, n) / count;
        kernels.affine(out, x, 0, 1 / std::sqrt(meanSquare + norm.epsilon), weight, nullptr, n);
        return;
    }
    const float mean = kernels.sum(x, n) / count;
    const float variance = kernels.sumSquares(x, mean, n) / count;
    kernels.affine(out, x, mean, 1 / std::sqrt(variance + norm.epsilon), weight,
                   norm.bias.as<float>(), n);
}

void normRows(Context& context, Tensor& out, const Tensor& x, const Norm& norm)
{
    const Kernels& kernels = context.kernels;
    const int64_t rows = x.dim(0);
    const int64_t width = norm.weight.count();
    const int64_t rowsPerSlice = std::max<int64_t>(1, 16384 / width);
    context.pool.run(divideUp(rows, rowsPerSlice), [&](int64_t slice, int worker) {
        float* const temporary = context.worker(worker).row.get<float>(2 * width);
        const int64_t end = std::min(rows, (slice + 1) * rowsPerSlice);
        for (int64_t t = slice * rowsPerSlice; t < end; ++t) {
            const float* const row = readFloats(kernels, x, t * width, width, temporary);
            float* const target = placeFloats(out, t * width, temporary + width);
            normRow(kernels, target, row, norm, width);
            writeFloats(kernels, out, t * width, width, target);
        }
    });
}

} // namespace argali::cpu
