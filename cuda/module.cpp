#include "engine/cudamodule.h"

#include <string_view>

#include "cuda/cards.h"
#include "cuda/cudabackend.h"
#include "cuda/limits.h"

extern "C" __attribute__((visibility("default"))) const argali::CudaModule* argaliCudaModule(
    const char* version)
{
    static const argali::CudaModule module{argali::cuda::listCards, argali::cuda::makeCudaBackend,
                                           argali::cuda::measureLimits};
    return std::string_view(version) == ARGALI_VERSION ? &module : nullptr;
}
