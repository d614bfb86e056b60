#include "cuda/graph.h"

#include "cuda/check.h"

namespace argali::cuda {

Graph::~Graph()
{
    if (m_executable != nullptr)
        cudaGraphExecDestroy(m_executable);
}

void Graph::capture(cudaStream_t stream, const std::function<void()>& operations,
                    const std::function<bool()>& keep)
{
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capturing a graph");
    cudaGraph_t graph = nullptr;
    try {
        operations();
    } catch (...) {
        cudaStreamEndCapture(stream, &graph);
        if (graph != nullptr)
            cudaGraphDestroy(graph);
        throw;
    }
    check(cudaStreamEndCapture(stream, &graph), "capturing a graph");
    if (keep()) {
        const cudaError_t status = cudaGraphInstantiate(&m_executable, graph, 0);
        cudaGraphDestroy(graph);
        check(status, "making a graph");
    } else {
        cudaGraphDestroy(graph);
    }
}

void Graph::replay(cudaStream_t stream) const
{
    check(cudaGraphLaunch(m_executable, stream), "starting a graph");
}

} // namespace argali::cuda
