#include "card.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "cuda_runtime.h"

struct EmulatedGraph {
    std::vector<std::pair<std::function<void()>, bool>> work; // and whether it is a kernel
};

struct EmulatedStream {
    int device = 0;
    std::vector<std::pair<std::function<void()>, bool>> waiting;
    bool capturing = false;
    EmulatedGraph captured;
};

struct EmulatedEvent {
    cudaStream_t stream = nullptr;
    std::chrono::steady_clock::time_point time;
};

namespace {

using argali::emulator::counters;

struct Block {
    size_t bytes = 0;
    int device = 0;
};

/// All cards: they differ in their numbers only, and share the memory.
struct Card {
    std::map<const void*, Block> blocks;
    std::map<const void*, size_t> hostBlocks;
    std::vector<cudaStream_t> streams;
    int64_t capacity = int64_t{1} << 40;
    int cards = 1;
    int64_t failAt = 0;
    std::function<void(int64_t)> onKernel;
    cudaError_t failed = cudaSuccess; // stays, as on a card
    cudaError_t last = cudaSuccess;
};

thread_local int currentDevice = 0;

Card& card()
{
    static Card& instance = *new Card; // never ends: a backend that goes at exit still uses it
    return instance;
}

cudaError_t remember(cudaError_t error)
{
    if (error != cudaSuccess)
        card().last = error;
    return error;
}

/// The error that stays, if there is one.
cudaError_t state()
{
    return remember(card().failed);
}

void runOne(const std::pair<std::function<void()>, bool>& work)
{
    if (card().failed != cudaSuccess)
        return;
    if (work.second) {
        ++counters().kernels;
        if (card().onKernel)
            card().onKernel(counters().kernels);
        if (counters().kernels == card().failAt) {
            card().failed = cudaErrorIllegalAddress;
            return;
        }
    }
    work.first();
}

void drain(cudaStream_t stream)
{
    const auto waiting = std::exchange(stream->waiting, {});
    for (const auto& work : waiting)
        runOne(work);
}

void requireNoCapture(const char* what)
{
    for (const EmulatedStream* stream : card().streams)
        if (stream->capturing)
            throw std::logic_error(std::string(what) + " while a graph is captured");
}

/// A real card answers such a call with an error, or reads what is not there.
void requireDevice(int device, const char* what)
{
    if (device != currentDevice)
        throw std::logic_error(std::string(what) + " for card " + std::to_string(device) +
                               " while card " + std::to_string(currentDevice) + " is current");
}

/// Throws for memory of another card than the stream's.
void requireOwn(const void* memory, const EmulatedStream& stream)
{
    auto after = card().blocks.upper_bound(memory);
    if (after == card().blocks.begin())
        return;
    --after;
    if (static_cast<const char*>(memory) <
            static_cast<const char*>(after->first) + after->second.bytes &&
        after->second.device != stream.device)
        throw std::logic_error("a copy in a stream of card " + std::to_string(stream.device) +
                               " with memory of card " + std::to_string(after->second.device));
}

bool isPinned(const void* memory)
{
    auto after = card().hostBlocks.upper_bound(memory);
    if (after == card().hostBlocks.begin())
        return false;
    --after;
    return static_cast<const char*>(memory) <
           static_cast<const char*>(after->first) + after->second;
}

} // namespace

namespace argali::emulator {

Counters& counters()
{
    static Counters instance;
    return instance;
}

void setCapacity(int64_t bytes)
{
    card().capacity = bytes;
}
void setCards(int count)
{
    card().cards = count;
}

void onKernel(std::function<void(int64_t)> hook)
{
    card().onKernel = std::move(hook);
}

void failAtKernel(int64_t n)
{
    card().failAt = n == 0 ? 0 : counters().kernels + n;
    card().failed = cudaSuccess;
    card().last = cudaSuccess;
}

cudaError_t enqueue(cudaStream_t stream, std::function<void()> work, bool isKernel)
{
    if (isKernel)
        requireDevice(stream->device, "a kernel");
    auto& queue = stream->capturing ? stream->captured.work : stream->waiting;
    queue.emplace_back(std::move(work), isKernel);
    return state();
}

} // namespace argali::emulator

using argali::emulator::enqueue;

cudaError_t cudaGetDeviceCount(int* count)
{
    *count = card().cards;
    return remember(card().cards > 0 ? cudaSuccess : cudaErrorInsufficientDriver);
}

cudaError_t cudaSetDevice(int device)
{
    if (device < 0 || device >= card().cards)
        return remember(cudaErrorInvalidValue);
    currentDevice = device;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device)
{
    if (device < 0 || device >= card().cards)
        return remember(cudaErrorInvalidValue);
    *p = {"emulated card", static_cast<size_t>(card().capacity), 9, 0, 4, 1 << 20, 232448 - 1024};
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int)
{
    switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
        *value = 4;
        break;
    case cudaDevAttrClockRate:
    case cudaDevAttrMemoryClockRate:
        *value = 1'000'000;
        break;
    case cudaDevAttrL2CacheSize:
        *value = 1 << 20;
        break;
    case cudaDevAttrComputeCapabilityMajor:
        *value = 9;
        break;
    case cudaDevAttrComputeCapabilityMinor:
        *value = 0;
        break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = 232448 - 1024;
        break;
    case cudaDevAttrMemoryPoolsSupported:
        *value = 1;
        break;
    }
    return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device)
{
    std::snprintf(id, static_cast<size_t>(length), "0000:%02x:00.0", device);
    return state();
}

cudaError_t cudaDriverGetVersion(int* version)
{
    *version = card().cards > 0 ? 13000 : 0;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total)
{
    *total = static_cast<size_t>(card().capacity);
    *free = static_cast<size_t>(std::max<int64_t>(0, card().capacity - counters().bytesInUse));
    return state();
}

cudaError_t cudaGetLastError()
{
    const cudaError_t last = std::exchange(card().last, cudaSuccess);
    return card().failed != cudaSuccess ? card().failed : last;
}

cudaError_t cudaPeekAtLastError()
{
    return card().failed != cudaSuccess ? card().failed : card().last;
}

const char* cudaGetErrorString(cudaError_t error)
{
    switch (error) {
    case cudaSuccess:
        return "no error";
    case cudaErrorInvalidValue:
        return "invalid argument";
    case cudaErrorMemoryAllocation:
        return "out of memory";
    case cudaErrorInsufficientDriver:
        return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice:
        return "no CUDA-capable device is detected";
    case cudaErrorIllegalAddress:
        return "an illegal memory access was encountered";
    }
    return "unknown error";
}

cudaError_t cudaMalloc(void** memory, size_t bytes)
{
    requireNoCapture("cudaMalloc");
    if (state() != cudaSuccess)
        return state();
    if (counters().bytesInUse + static_cast<int64_t>(bytes) > card().capacity)
        return remember(cudaErrorMemoryAllocation);
    if (posix_memalign(memory, 256, bytes) != 0) // as aligned as a card's, and not a byte longer
        return remember(cudaErrorMemoryAllocation);
    std::memset(*memory, 0xff, bytes); // NaN in every floating type
    card().blocks[*memory] = {bytes, currentDevice};
    ++counters().allocations;
    counters().bytesInUse += static_cast<int64_t>(bytes);
    counters().mostBytesInUse = std::max(counters().mostBytesInUse, counters().bytesInUse);
    return cudaSuccess;
}

cudaError_t cudaFree(void* memory)
{
    if (memory == nullptr)
        return cudaSuccess;
    for (EmulatedStream* stream : card().streams)
        drain(stream);
    const auto block = card().blocks.find(memory);
    if (block == card().blocks.end())
        throw std::logic_error("cudaFree of what was not allocated");
    counters().bytesInUse -= static_cast<int64_t>(block->second.bytes);
    card().blocks.erase(block);
    std::free(memory);
    return state();
}

cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t stream)
{
    requireDevice(stream->device, "an allocation");
    return cudaMalloc(memory, bytes);
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream)
{
    const auto block = card().blocks.find(memory);
    if (block == card().blocks.end())
        throw std::logic_error("cudaFreeAsync of what was not allocated");
    counters().bytesInUse -= static_cast<int64_t>(block->second.bytes);
    card().blocks.erase(block);
    // It goes when its turn comes, or with the queue of a card that has failed.
    std::shared_ptr<void> last(memory, std::free);
    if (card().failed == cudaSuccess)
        stream->waiting.emplace_back([last]() mutable { last.reset(); }, false);
    return state();
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int)
{
    *pool = nullptr;
    return state();
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*)
{
    return state();
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t)
{
    return state();
}

cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned)
{
    requireNoCapture("cudaHostAlloc");
    *memory = std::malloc(bytes);
    card().hostBlocks[*memory] = bytes;
    return state();
}

cudaError_t cudaFreeHost(void* memory)
{
    for (EmulatedStream* stream : card().streams)
        drain(stream);
    card().hostBlocks.erase(memory);
    std::free(memory);
    return state();
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    requireOwn(to, *stream);
    requireOwn(from, *stream);
    if (kind == cudaMemcpyHostToDevice && !isPinned(from)) {
        // Pageable memory is read before the call returns.
        if (stream->capturing)
            throw std::logic_error("a copy from pageable memory while a graph is captured");
        const std::vector<char> copy(static_cast<const char*>(from),
                                     static_cast<const char*>(from) + bytes);
        return enqueue(
            stream, [copy, to] { std::memcpy(to, copy.data(), copy.size()); }, false);
    }
    enqueue(
        stream, [=] { std::memmove(to, from, bytes); }, false);
    if (kind == cudaMemcpyDeviceToHost && !isPinned(to)) {
        if (stream->capturing)
            throw std::logic_error("a copy to pageable memory while a graph is captured");
        ++counters().synchronisations;
        drain(stream);
    }
    return state();
}

cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream)
{
    return enqueue(
        stream, [=] { std::memset(memory, value, bytes); }, false);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned)
{
    if (state() != cudaSuccess)
        return state();
    *stream = new EmulatedStream;
    (*stream)->device = currentDevice;
    card().streams.push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    drain(stream);
    std::erase(card().streams, stream);
    delete stream;
    return state();
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    requireNoCapture("cudaStreamSynchronize");
    ++counters().synchronisations;
    drain(stream);
    return state();
}

cudaError_t cudaDeviceReset()
{
    if (!card().streams.empty())
        throw std::logic_error("a reset under a stream");
    card().failed = cudaSuccess;
    card().last = cudaSuccess;
    card().failAt = 0;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize()
{
    requireNoCapture("cudaDeviceSynchronize");
    ++counters().synchronisations;
    for (EmulatedStream* stream : card().streams)
        drain(stream);
    return state();
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned)
{
    *event = new EmulatedEvent;
    return state();
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return state();
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    requireNoCapture("cudaEventRecord");
    event->stream = stream;
    event->time = std::chrono::steady_clock::now();
    return state();
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    return cudaEventSynchronize(event);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    if (event->stream != nullptr)
        drain(event->stream);
    return state();
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end)
{
    *milliseconds =
        std::chrono::duration<float, std::milli>(end->time - begin->time).count() + 1e-3f;
    return state();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode)
{
    if (stream->capturing)
        return remember(cudaErrorInvalidValue);
    stream->capturing = true;
    stream->captured.work.clear();
    return state();
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph)
{
    if (!stream->capturing)
        return remember(cudaErrorInvalidValue);
    stream->capturing = false;
    *graph = new EmulatedGraph(std::move(stream->captured));
    return state();
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long)
{
    *executable = new EmulatedGraph(*graph);
    return state();
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream)
{
    requireDevice(stream->device, "a graph");
    ++counters().graphs;
    for (const auto& work : executable->work)
        stream->waiting.push_back(work);
    return state();
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return state();
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable)
{
    delete executable;
    return state();
}
