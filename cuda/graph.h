#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <cuda_runtime.h>

#include "engine/backend.h"

namespace argali::cuda {

/// One pass as a CUDA graph: run as it is the first time, which makes whatever it needs, captured
/// the second, replayed from then on.
class Graph final : public RecordedPass {
public:
    Graph() = default;
    ~Graph() override;
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    bool isCaptured() const { return m_executable != nullptr; }
    /// Counts a run as it is; true when the next one is to be captured.
    bool isWarm() const { return m_ran; }
    void setWarm() { m_ran = true; }

    /// Captures what operations enqueue on the stream. Nothing is kept when they throw or when
    /// keep() says so afterwards. Throws: Error::Code::Device, what operations throw
    void capture(cudaStream_t stream, const std::function<void()>& operations,
                 const std::function<bool()>& keep);
    /// Throws: Error::Code::Device
    void replay(cudaStream_t stream) const;
    /// Memory that the graph writes to beside the tensors of its operations; it lives as long as
    /// the graph.
    void hold(std::vector<Tensor> memory) { m_held = std::move(memory); }

private:
    cudaGraphExec_t m_executable = nullptr;
    bool m_ran = false;
    std::vector<Tensor> m_held;
};

} // namespace argali::cuda
