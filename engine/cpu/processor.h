#pragma once

#include <cstdint>
#include <string>

// What the system says about this machine.

namespace argali::cpu {

/// Cores this process may use: one for the threads of a core that has several.
int usableCores();
/// As the processor calls itself; "processor" when the system does not say.
std::string processorName();
/// The highest clock it may take, or the present one; 0 when the system does not say.
double clockMhz();
/// Bytes of the largest cache all over this machine; 32 MB when the system does not say.
int64_t lastLevelCacheBytes();

struct MemorySizes {
    int64_t total = 0;
    int64_t available = 0; ///< that can be allocated now, under the limit of a container too
};
MemorySizes memorySizes();

} // namespace argali::cpu
