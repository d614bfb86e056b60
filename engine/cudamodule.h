#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/devices.h"

namespace argali {

/// What the module for NVIDIA cards, libargali_cuda.so, offers. Module and programs are built
/// together: the module is only asked after it has confirmed their version.
struct CudaModule {
    /// Cards that can be used; problem says, in one sentence, why there are none or fewer than
    /// there are.
    std::vector<Device> (*listCards)(std::string& problem);
    /// Throws: Error::Code::Device, Error::Code::OutOfMemory
    std::unique_ptr<Backend> (*makeBackend)(int card);
    /// Throws: Error::Code::Device, Error::Code::OutOfMemory
    MachineLimits (*measureLimits)(int card);
};

/// The module's one entry point, under the name "argaliCudaModule"; null for another version than
/// its own.
using CudaModuleEntry = const CudaModule* (*)(const char* version);

} // namespace argali
