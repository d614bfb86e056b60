#include "cuda/recovery.h"

#include <atomic>

#include <cuda_runtime.h>

namespace argali::cuda {

namespace {
std::atomic<int> users = 0;
}

ContextUser::ContextUser()
{
    ++users;
}
ContextUser::~ContextUser()
{
    --users;
}

bool recoverCard(int card)
{
    if (users != 0)
        return false;
    cudaSetDevice(card); // says the old error
    return cudaDeviceReset() == cudaSuccess && cudaSetDevice(card) == cudaSuccess &&
           cudaFree(nullptr) == cudaSuccess;
}

} // namespace argali::cuda
