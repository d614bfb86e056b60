#pragma once

#include <cstdint>
#include <functional>

namespace argali::emulator {

/// What was asked of the emulated card.
struct Counters {
    int64_t kernels = 0; ///< run, those of graphs included
    int64_t allocations = 0;
    int64_t synchronisations = 0; ///< waits of the host
    int64_t graphs = 0;           ///< started
    int64_t bytesInUse = 0;
    int64_t mostBytesInUse = 0;
};

Counters& counters();

/// Bytes that can be allocated in all; more is refused as a full card refuses it.
void setCapacity(int64_t bytes);
/// Cards that the runtime lists; 0: as without a driver.
void setCards(int count);
/// Called before each kernel with its number in counters(); empty: nothing.
void onKernel(std::function<void(int64_t)> hook);
/// Every call fails from the n-th kernel on, as after an illegal access; 0: none.
void failAtKernel(int64_t n);

} // namespace argali::emulator
