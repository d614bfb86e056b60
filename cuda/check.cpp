#include "cuda/check.h"

#include <string>

#include "engine/error.h"

namespace argali::cuda {

void check(cudaError_t status, const char* doing)
{
    if (status == cudaSuccess)
        return;
    const std::string reason = std::string(doing) + ": " + cudaGetErrorString(status);
    if (status == cudaErrorMemoryAllocation) {
        cudaGetLastError(); // this error does not stay; the next call may succeed
        throw Error(Error::Code::OutOfMemory,
                    "the card's memory is full (" + reason +
                        "); close other programs, or take a smaller context or model");
    }
    throw Error(Error::Code::Device,
                "the card failed (" + reason + "); open the model again, or use the processor");
}

} // namespace argali::cuda
