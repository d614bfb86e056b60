#include "cuda/memory.h"

#include <algorithm>
#include <string>

#include "cuda/check.h"
#include "engine/error.h"

namespace argali::cuda {

namespace {

std::string mebibytes(size_t bytes)
{
    return std::to_string((bytes + (size_t{1} << 20) - 1) >> 20) + " MiB";
}

} // namespace

Memory::Pool::Pool(int chosen) : card(chosen)
{
    check(cudaSetDevice(card), "choosing the card");
    int pools = 0;
    check(cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, card),
          "asking for memory pools");
    if (pools == 0)
        throw Error(Error::Code::Device,
                    "cuda:" + std::to_string(card) +
                        ": this driver has no memory pools; a newer one has them");
    cudaMemPool_t pool = nullptr;
    check(cudaDeviceGetDefaultMemPool(&pool, card), "the card's memory pool");
    uint64_t keepAll = UINT64_MAX; // given back when the model goes, not after every pass
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keepAll),
          "the card's memory pool");
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream");
}

Memory::Pool::~Pool()
{
    // What fails here fails because the card has failed: the next call that can throw says so.
    cudaSetDevice(card);
    cudaStreamSynchronize(stream);
    for (const auto& [bytes, block] : hostBlocks)
        cudaFreeHost(block);
    cudaStreamDestroy(stream);
    cudaMemPool_t pool = nullptr;
    if (cudaDeviceGetDefaultMemPool(&pool, card) == cudaSuccess)
        cudaMemPoolTrimTo(pool, 0);
}

Memory::Memory(int card) : m_pool(std::make_shared<Pool>(card)) {}

Memory::~Memory() = default;

void Memory::makeCurrent() const
{
    check(cudaSetDevice(m_pool->card), "choosing the card");
}

Tensor Memory::allocate(DType type, const Shape& shape)
{
    const int64_t bytes = shape.count() * sizeOf(type);
    if (m_fixed)
        throw Error(Error::Code::Internal,
                    "memory for " + shape.text() + " is asked for while a graph is captured");
    void* data = nullptr;
    const cudaError_t status =
        cudaMallocAsync(&data, static_cast<size_t>(std::max<int64_t>(bytes, 1)), stream());
    if (status == cudaErrorMemoryAllocation) {
        cudaGetLastError(); // it does not stay: the next, smaller, request may succeed
        size_t free = 0;
        size_t total = 0;
        cudaMemGetInfo(&free, &total);
        throw Error(
            Error::Code::OutOfMemory,
            "cuda:" + std::to_string(m_pool->card) + ": " + mebibytes(static_cast<size_t>(bytes)) +
                " more are needed, " + mebibytes(free) + " of " + mebibytes(total) +
                " are free; use a smaller context, fewer or smaller pictures, or the processor");
    }
    check(status, "allocating");
    std::shared_ptr<const void> memory(data, [pool = m_pool](void* block) {
        cudaSetDevice(pool->card);
        cudaFreeAsync(block, pool->stream); // fails only with the card, which the next call reports
    });
    return Tensor(type, shape, static_cast<std::byte*>(data), std::move(memory));
}

Tensor Memory::allocateHost(DType type, const Shape& shape)
{
    const auto bytes = static_cast<size_t>(std::max<int64_t>(shape.count() * sizeOf(type), 1));
    void* data = nullptr;
    size_t size = bytes;
    {
        const std::lock_guard lock(m_pool->mutex);
        const auto kept = m_pool->hostBlocks.lower_bound(bytes);
        if (kept != m_pool->hostBlocks.end() && kept->first <= 2 * bytes) {
            size = kept->first;
            data = kept->second;
            m_pool->hostBlocks.erase(kept);
        }
    }
    makeCurrent();
    if (data == nullptr)
        check(cudaHostAlloc(&data, bytes, cudaHostAllocDefault), "page-locked memory");
    std::shared_ptr<const void> memory(data, [pool = m_pool, size](void* block) {
        const std::lock_guard lock(pool->mutex);
        pool->hostBlocks.emplace(size, block);
    });
    return Tensor(type, shape, static_cast<std::byte*>(data), std::move(memory));
}

void Memory::wait()
{
    check(cudaStreamSynchronize(stream()), "waiting for the card");
}

} // namespace argali::cuda
