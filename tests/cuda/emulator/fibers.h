#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace argali::emulator {

/// In which order the threads of a block run between two barriers. A result that depends on it
/// lacks a barrier. WarpByWarp lets one warp run until it has to wait for others, so that it is far
/// ahead of them; the others let all threads take a step in turn.
enum class Order { Forward, Reverse, Random, WarpByWarp };

struct Index {
    unsigned x = 0;
    unsigned y = 0;
    unsigned z = 0;
};

/// What the running thread of a kernel knows about itself.
struct Thread {
    Index thread;
    Index block;
    Index blockSize;
    Index gridSize;
};

/// The thread of a kernel that runs now. Throws outside of kernels.
const Thread& thisThread();
/// The dynamic shared memory of the block that runs now, exactly as large as its launch said.
unsigned char* blockMemory();

/// Runs body once for every thread of every block, one thread at a time, switching only where a
/// thread waits for others. Shared memory starts as NaN in each block. Throws: std::logic_error
/// when threads wait for each other forever, what body throws
void runKernel(Index grid, unsigned threads, size_t sharedBytes, const std::function<void()>& body);

/// Waits for all threads of the block that have not ended.
void blockBarrier();

/// Lets the blocks of the grid that have not begun run to their end before the running thread goes
/// on, once at a time: a card runs blocks in any order and beside each other. Called where blocks
/// count each other.
void letOthersOvertake();

/// What one lane hands to the others.
struct alignas(16) Slot {
    unsigned char bytes[32];
};

/// Hands `value` to the other 31 lanes of the warp and returns those of all of them.
/// Throws: std::logic_error when a lane has ended: on a card, that is undefined
const std::array<Slot, 32>& exchange(const void* value, size_t bytes);

/// The order from now on; seed of Random.
void setOrder(Order order, unsigned seed = 1);

/// Whether asynchronous copies arrive as soon as they are started, or not before somebody waits for
/// them. A card may do either.
void setCopiesAtOnce(bool atOnce);
bool copiesAtOnce();

/// Copies that were started and not waited for; see tensorcore.h.
struct PendingCopy {
    unsigned char* to;
    std::array<unsigned char, 16> bytes;
};
/// Groups of copies of the running thread, the one still open last.
std::vector<std::vector<PendingCopy>>& pendingCopies();

} // namespace argali::emulator
