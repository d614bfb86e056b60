#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "engine/cpu/kernels.h"
#include "engine/cpu/threadpool.h"
#include "engine/tensor.h"

namespace argali::cpu {

/// Scratch memory that grows to what was needed once and stays; 64-byte aligned.
class Buffer final {
public:
    /// At least count values, not initialised. Throws: Error::Code::OutOfMemory
    template <typename T> T* get(int64_t count)
    {
        return reinterpret_cast<T*>(reserve(count * static_cast<int64_t>(sizeof(T))));
    }

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::byte* reserve(int64_t bytes);

    std::unique_ptr<std::byte, Free> m_memory;
    int64_t m_bytes = 0;
};

/// What the operations share. Thread: engine.
struct Context {
    /// Scratch of one thread of the pool.
    struct Worker {
        Buffer panel;
        Buffer tile;
        Buffer rows;
        Buffer row;
        Buffer pointers;
        Buffer state;
    };

    const Kernels& kernels;
    ThreadPool& pool;
    std::vector<Worker> workers;
    Buffer input;
    Buffer logits;
    Buffer parts;

    Context(const Kernels& kernels_, ThreadPool& pool_)
        : kernels(kernels_), pool(pool_), workers(static_cast<size_t>(pool_.threads()))
    {
    }
    Worker& worker(int i) { return workers[static_cast<size_t>(i)]; }
};

inline int64_t roundUp(int64_t value, int64_t step)
{
    return (value + step - 1) / step * step;
}
inline int64_t divideUp(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

/// Throws: Error::Code::Internal for a type that is not floating
Element elementOf(DType type);
DType typeOf(Element element);
inline int64_t sizeOf(Element element)
{
    return element == Element::F32 ? 4 : 2;
}

/// Elements [offset, offset + n) of a floating tensor of this backend: in place when they are f32,
/// else converted into temporary.
const float* readFloats(const Kernels& kernels, const Tensor& x, int64_t offset, int64_t n,
                        float* temporary);
/// Where to put n values that writeFloats() then brings to their place.
float* placeFloats(const Tensor& x, int64_t offset, float* temporary);
void writeFloats(const Kernels& kernels, const Tensor& x, int64_t offset, int64_t n,
                 const float* values);

} // namespace argali::cpu
