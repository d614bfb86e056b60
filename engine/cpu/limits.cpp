#include "engine/cpu/limits.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "engine/cpu/context.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/processor.h"

namespace argali::cpu {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct Loop {
    PeakLoop run;
    const char* instructions;
};

Loop peakLoop()
{
    switch (availableIsas().front()) {
#if defined(__x86_64__)
    case Isa::Avx512Bf16:
        return {avx512Bf16Peak, "vdpbf16ps zmm"};
    case Isa::Avx512:
        return {avx512Peak, "vfmadd231ps zmm"};
    case Isa::Avx2:
        return {avx2Peak, "vfmadd231ps ymm"};
#endif
    default:
        return {scalarPeak, "scalar multiplication and addition"};
    }
}

} // namespace

double measureRead(ThreadPool& pool)
{
    constexpr int64_t piece = 1 << 20;
    const int64_t bytes = roundUp(std::max<int64_t>(4 * lastLevelCacheBytes(), 128 << 20), piece);
    const int64_t pieces = bytes / piece;
    Buffer buffer;
    auto* const values = buffer.get<float>(bytes / 4);
    const Kernels& kernels = kernelsFor(availableIsas().front());
    pool.run(pieces, [&](int64_t slice, int) {
        std::fill_n(values + slice * (piece / 4), piece / 4, 1.0f);
    });
    std::vector<float> sums(static_cast<size_t>(pieces));
    double best = 0;
    for (int run = 0; run < 12; ++run) {
        const Clock::time_point begin = Clock::now();
        pool.run(pieces, [&](int64_t slice, int) {
            sums[static_cast<size_t>(slice)] = kernels.sum(values + slice * (piece / 4), piece / 4);
        });
        best = std::max(best, static_cast<double>(bytes) / secondsSince(begin));
    }
    return best;
}

PeakRate measurePeak(ThreadPool& pool)
{
    const Loop loop = peakLoop();
    // About 20 ms a thread, long enough for the clock to settle and for all threads to run at once.
    int64_t rounds = 1000;
    for (double seconds = 0; seconds < 0.02;) {
        rounds *= 2;
        const Clock::time_point begin = Clock::now();
        loop.run(rounds);
        seconds = secondsSince(begin);
    }
    const int threads = pool.threads();
    std::vector<double> operations(static_cast<size_t>(threads) * 4);
    PeakRate peak{0, loop.instructions};
    for (int run = 0; run < 5; ++run) {
        const Clock::time_point begin = Clock::now();
        pool.run(static_cast<int64_t>(operations.size()), [&](int64_t slice, int) {
            operations[static_cast<size_t>(slice)] = loop.run(rounds / 2);
        });
        const double seconds = secondsSince(begin);
        double total = 0;
        for (const double done : operations)
            total += done;
        peak.operationsPerSecond = std::max(peak.operationsPerSecond, total / seconds);
    }
    return peak;
}

} // namespace argali::cpu
