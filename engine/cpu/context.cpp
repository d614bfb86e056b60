#include "engine/cpu/context.h"

#include <string>

#include "engine/error.h"

namespace argali::cpu {

std::byte* Buffer::reserve(int64_t bytes)
{
    if (bytes > m_bytes) {
        m_memory.reset(); // first, so that both are never there at once
        m_bytes = 0;
        constexpr int64_t alignment = 64;
        const int64_t rounded = roundUp(bytes, alignment);
        m_memory.reset(
            static_cast<std::byte*>(std::aligned_alloc(alignment, static_cast<size_t>(rounded))));
        if (!m_memory)
            throw Error(Error::Code::OutOfMemory,
                        "no scratch memory: " + std::to_string(rounded) + " bytes");
        m_bytes = rounded;
    }
    return m_memory.get();
}

Element elementOf(DType type)
{
    switch (type) {
    case DType::F32:
        return Element::F32;
    case DType::F16:
        return Element::F16;
    case DType::BF16:
        return Element::BF16;
    default:
        throw Error(Error::Code::Internal,
                    std::string("elements of ") + nameOf(type) + " in arithmetic");
    }
}

DType typeOf(Element element)
{
    switch (element) {
    case Element::F32:
        return DType::F32;
    case Element::F16:
        return DType::F16;
    case Element::BF16:
        return DType::BF16;
    }
    throw Error(Error::Code::Internal, "no such element type");
}

const float* readFloats(const Kernels& kernels, const Tensor& x, int64_t offset, int64_t n,
                        float* temporary)
{
    if (x.type() == DType::F32)
        return x.as<float>() + offset;
    kernels.load(temporary, x.raw() + offset * sizeOf(x.type()), elementOf(x.type()), n);
    return temporary;
}

float* placeFloats(const Tensor& x, int64_t offset, float* temporary)
{
    return x.type() == DType::F32 ? x.as<float>() + offset : temporary;
}

void writeFloats(const Kernels& kernels, const Tensor& x, int64_t offset, int64_t n,
                 const float* values)
{
    if (x.type() == DType::F32 && values == x.as<float>() + offset)
        return;
    kernels.store(x.raw() + offset * sizeOf(x.type()), elementOf(x.type()), values, n);
}

} // namespace argali::cpu
