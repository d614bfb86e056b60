#pragma once

#include "engine/cudamodule.h"

namespace argali {

/// The module for NVIDIA cards, opened at the first call; null with the reason where it is not
/// there or is of another version. It lies beside the program, or in ../lib/argali of an installed
/// one; ARGALI_CUDA_MODULE names another file, or is "off".
struct Cards {
    const CudaModule* module = nullptr;
    std::string problem; ///< one sentence without a full stop; empty when the module is there
};

/// Thread: any.
const Cards& cards();

} // namespace argali
