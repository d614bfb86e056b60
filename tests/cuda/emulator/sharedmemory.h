#pragma once

#include "fibers.h"

namespace argali::cuda {

template <typename T> T* sharedMemory()
{
    return reinterpret_cast<T*>(emulator::blockMemory());
}

} // namespace argali::cuda
