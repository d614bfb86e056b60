#pragma once

#include <string>

#include "engine/checkpoint/config.h"

namespace argali {

/// What a configuration asks for that the code of the family does not do.
/// Throws: Error::Code::Unsupported
[[noreturn]] inline void refuse(const Config& config, const std::string& what,
                                const std::string& family)
{
    throw Error(Error::Code::Unsupported,
                config.file() + ": " + what + " is not supported for " + family);
}

} // namespace argali
