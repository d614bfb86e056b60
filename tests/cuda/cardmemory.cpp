#include "tests/cuda/cardmemory.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "cuda/check.h"
#include "engine/cpu/halffloat.h"
#include "tests/support/testdevice.h"

namespace argali::test {

using cuda::check;

namespace {

constexpr unsigned char untouched = 0xff; // NaN in every floating type

void copy(void* to, const void* from, int64_t bytes, cudaMemcpyKind kind)
{
    if (bytes > 0)
        check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), kind, stream()), "copying");
    check(cudaStreamSynchronize(stream()), "the kernels of a test");
}

float valueOf(const unsigned char* place, DType type)
{
    const auto as = [&](auto value) {
        std::memcpy(&value, place, sizeof value);
        return value;
    };
    switch (type) {
    case DType::F32:
        return as(float{});
    case DType::F16:
        return cpu::floatOfF16(as(uint16_t{}));
    case DType::BF16:
        return cpu::floatOfBf16(as(uint16_t{}));
    case DType::U8:
        return *place;
    default:
        return static_cast<float>(as(int32_t{}));
    }
}

} // namespace

cudaStream_t stream()
{
    static const cudaStream_t instance = [] {
        cudaStream_t made = nullptr;
        check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "stream");
        return made;
    }();
    return instance;
}

CardArray::CardArray(DType type, int64_t count) : m_type(type), m_count(count)
{
    const int64_t bytes = count * sizeOf(type) + guardBytes();
    check(cudaMalloc(&m_data, static_cast<size_t>(bytes)), "memory");
    if (bytes > 0)
        check(cudaMemsetAsync(m_data, untouched, static_cast<size_t>(bytes), stream()), "memory");
}

CardArray::CardArray(DType type, const std::vector<float>& values)
    : CardArray(type, static_cast<int64_t>(values.size()))
{
    fill(values);
}

CardArray::CardArray(const std::vector<int32_t>& values)
    : CardArray(DType::I32, static_cast<int64_t>(values.size()))
{
    write(values.data());
}

CardArray::CardArray(const std::vector<uint8_t>& values)
    : CardArray(DType::U8, static_cast<int64_t>(values.size()))
{
    write(values.data());
}

CardArray::~CardArray()
{
    cudaFree(m_data);
}

void CardArray::fill(const std::vector<float>& values)
{
    write(hostValues({static_cast<int64_t>(values.size())}, values, m_type).raw());
}

void CardArray::write(const void* values) const
{
    copy(m_data, values, m_count * sizeOf(m_type), cudaMemcpyHostToDevice);
}

std::vector<float> CardArray::values(int64_t begin, int64_t count) const
{
    const int64_t size = sizeOf(m_type);
    const auto* const data = static_cast<const unsigned char*>(m_data);
    std::vector<unsigned char> guard(static_cast<size_t>(guardBytes()));
    copy(guard.data(), data + m_count * size, guardBytes(), cudaMemcpyDeviceToHost);
    if (std::ranges::any_of(guard, [](unsigned char byte) { return byte != untouched; }))
        throw std::runtime_error("a kernel wrote behind an array of " + std::to_string(m_count) +
                                 " " + nameOf(m_type));
    std::vector<unsigned char> bytes(static_cast<size_t>(count * size));
    copy(bytes.data(), data + begin * size, count * size, cudaMemcpyDeviceToHost);
    std::vector<float> result;
    result.reserve(static_cast<size_t>(count));
    for (size_t at = 0; at < bytes.size(); at += static_cast<size_t>(size))
        result.push_back(valueOf(&bytes[at], m_type));
    return result;
}

} // namespace argali::test
