#pragma once

#include <array>

#include <cuda_runtime.h>

namespace argali::cuda {

/// Keeps the host from enqueuing much more than the card has done, so that a stop is felt soon.
/// Thread: the engine's.
class RunAhead final {
public:
    explicit RunAhead(cudaStream_t stream);
    ~RunAhead();
    RunAhead(const RunAhead&) = delete;
    RunAhead& operator=(const RunAhead&) = delete;

    /// Counts an operation; now and then waits for the operations before the last few dozen.
    /// Throws: Error::Code::Device
    void count();

private:
    static constexpr int operationsPerMark = 32;

    cudaStream_t m_stream;
    std::array<cudaEvent_t, 2> m_marks{};
    int m_operations = 0;
    int m_passed = 0; ///< marks
};

} // namespace argali::cuda
