#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <cuda_runtime.h>

#include "cuda/recovery.h"
#include "engine/tensor.h"

namespace argali::cuda {

/// A card's stream and the memory that is used in its order. Everything that the vision encoder
/// gives back serves the decoder next: the peak is the most that is in use at once, not a sum.
/// Thread: the engine's; tensors may go on any thread.
class Memory final {
public:
    /// Throws: Error::Code::Device
    explicit Memory(int card);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    /// Kernels, allocations and graphs go to the card that is current on a thread, and a model may
    /// lie on several cards. Throws: Error::Code::Device
    void makeCurrent() const;
    /// The stream of this card, which is current from here on.
    cudaStream_t stream() const
    {
        makeCurrent();
        return m_pool->stream;
    }
    /// Throws: Error::Code::OutOfMemory with the numbers; Error::Code::Internal while a graph is
    /// captured
    Tensor allocate(DType type, const Shape& shape);
    /// Page-locked memory of the host, which a copy reaches without a detour; used again when the
    /// tensor goes.
    Tensor allocateHost(DType type, const Shape& shape);
    /// While true, allocations are an error: a graph would replay them.
    void setFixed(bool fixed) { m_fixed = fixed; }
    /// Waits for everything that was enqueued.
    void wait();

private:
    struct Pool {
        explicit Pool(int card);
        ~Pool();
        Pool(const Pool&) = delete;
        Pool& operator=(const Pool&) = delete;

        ContextUser user;
        int card;
        cudaStream_t stream = nullptr;
        std::mutex mutex;
        std::multimap<size_t, void*> hostBlocks; ///< free ones
    };

    std::shared_ptr<Pool> m_pool; // kept by every tensor
    bool m_fixed = false;
};

} // namespace argali::cuda
