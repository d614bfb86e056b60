#pragma once

#include <string>

#include "engine/cpu/threadpool.h"

namespace argali::cpu {

/// Bytes a second that all threads together read from memory, streaming; the best of several runs.
double measureRead(ThreadPool& pool);

struct PeakRate {
    double operationsPerSecond = 0; ///< a multiply-add counts two
    std::string instructions;
};
/// The best multiply-add instructions of this processor with f32 sums, out of registers, on all
/// threads.
PeakRate measurePeak(ThreadPool& pool);

} // namespace argali::cpu
