#include "cuda/limits.h"

#include <algorithm>
#include <functional>

#include <cuda_runtime.h>

#include "cuda/check.h"
#include "cuda/kernels/streamread.h"
#include "cuda/matmul.h"
#include "cuda/memory.h"

namespace argali::cuda {

namespace {

constexpr int measurements = 7;

/// Two moments on a stream.
class Stopwatch final {
public:
    explicit Stopwatch(cudaStream_t stream) : m_stream(stream)
    {
        check(cudaEventCreateWithFlags(&m_begin, 0), "an event");
        check(cudaEventCreateWithFlags(&m_end, 0), "an event");
    }
    ~Stopwatch()
    {
        cudaEventDestroy(m_begin);
        cudaEventDestroy(m_end);
    }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

    /// Seconds of the fastest of several runs, after one that is not counted.
    double best(const std::function<void()>& run)
    {
        double seconds = 0;
        run();
        for (int i = 0; i < measurements; ++i) {
            check(cudaEventRecord(m_begin, m_stream), "an event");
            run();
            check(cudaEventRecord(m_end, m_stream), "an event");
            check(cudaEventSynchronize(m_end), "waiting for the card");
            float milliseconds = 0;
            check(cudaEventElapsedTime(&milliseconds, m_begin, m_end), "a time");
            seconds = i == 0 ? milliseconds / 1e3 : std::min(seconds, milliseconds / 1e3);
        }
        return seconds;
    }

private:
    cudaStream_t m_stream;
    cudaEvent_t m_begin = nullptr;
    cudaEvent_t m_end = nullptr;
};

} // namespace

MachineLimits measureLimits(int card)
{
    Memory memory(card);
    Matmul matmul(card, memory.stream());
    Stopwatch stopwatch(memory.stream());
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, card), "the card's properties");
    size_t free = 0;
    size_t total = 0;
    check(cudaMemGetInfo(&free, &total), "the card's memory");

    MachineLimits limits;
    constexpr int64_t wanted = int64_t{1} << 30;
    const int64_t bytes =
        std::max<int64_t>(std::min<int64_t>(wanted, static_cast<int64_t>(free) / 4),
                          4 * int64_t{properties.l2CacheSize});
    {
        const Tensor data = memory.allocate(DType::U8, {bytes / 16 * 16});
        const Tensor result = memory.allocate(DType::I32, {1});
        check(cudaMemsetAsync(data.raw(), 1, static_cast<size_t>(data.bytes()), memory.stream()),
              "clearing memory");
        const double seconds = stopwatch.best([&] {
            streamRead(reinterpret_cast<uint32_t*>(result.raw()),
                       reinterpret_cast<const uint4*>(data.raw()), data.bytes() / 16,
                       properties.multiProcessorCount, memory.stream());
        });
        limits.readBytesPerSecond = static_cast<double>(data.bytes()) / seconds;
    }
    {
        // Large enough for every multiprocessor, small enough for a card of 4 GiB.
        const int64_t side = properties.multiProcessorCount >= 32 ? 8192 : 2048;
        const DType type = properties.major >= 8 ? DType::BF16 : DType::F16;
        const Tensor a = memory.allocate(type, {side, side});
        const Tensor b = memory.allocate(type, {side, side});
        Tensor c = memory.allocate(type, {side, side});
        // Zeros draw less power than numbers do, and with it the clock stays higher than it would.
        check(cudaMemsetAsync(a.raw(), 0x3c, static_cast<size_t>(a.bytes()), memory.stream()),
              "filling memory");
        check(cudaMemsetAsync(b.raw(), 0x3b, static_cast<size_t>(b.bytes()), memory.stream()),
              "filling memory");
        const double seconds = stopwatch.best([&] {
            matmul.multiply({c.raw(), type}, {a.raw(), type}, {b.raw(), type}, {side, side, side},
                            {}, side);
        });
        const auto n = static_cast<double>(side);
        limits.matrixOperationsPerSecond = 2 * n * n * n / seconds;
        limits.matrixInstructions = std::string(nameOf(type)) + " product of " +
                                    std::to_string(side) + " rows, " + matmul.name();
    }
    limits.isa = "sm_" + std::to_string(properties.major) + std::to_string(properties.minor);
    return limits;
}

} // namespace argali::cuda
