#include "engine/numbers.h"

#include <cstdio>
#include <cstring>

#include "engine/cpu/halffloat.h"
#include "engine/error.h"

namespace argali {

std::string megabytes(int64_t bytes)
{
    char text[32];
    if (bytes >= 1'000'000'000)
        std::snprintf(text, sizeof text, "%.2f GB", static_cast<double>(bytes) / 1e9);
    else
        std::snprintf(text, sizeof text, "%.0f MB", static_cast<double>(bytes) / 1e6);
    return text;
}

bool holdsNonFinite(const Tensor& tensor)
{
    uint32_t exponent = 0; // all ones in an infinity and in what is not a number
    switch (tensor.type()) {
    case DType::F32:
        exponent = 0x7F800000;
        break;
    case DType::BF16:
        exponent = 0x7F80;
        break;
    case DType::F16:
        exponent = 0x7C00;
        break;
    default:
        return false;
    }
    const auto size = static_cast<size_t>(sizeOf(tensor.type()));
    for (int64_t i = 0; i < tensor.count(); ++i) {
        uint32_t bits = 0;
        std::memcpy(&bits, tensor.raw() + i * static_cast<int64_t>(size),
                    size); // mapped files may be unaligned
        if ((bits & exponent) == exponent)
            return true;
    }
    return false;
}

Tensor floatsOf(const Tensor& tensor)
{
    Tensor result = hostTensor(DType::F32, tensor.shape());
    auto* const out = result.as<float>();
    if (tensor.type() == DType::F32) {
        std::memcpy(out, tensor.raw(), static_cast<size_t>(tensor.bytes()));
        return result;
    }
    const bool isBf16 = tensor.type() == DType::BF16;
    if (!isBf16 && tensor.type() != DType::F16)
        throw Error(Error::Code::Internal,
                    std::string("no floating type: ") + nameOf(tensor.type()));
    for (int64_t i = 0; i < tensor.count(); ++i) {
        uint16_t bits = 0;
        std::memcpy(&bits, tensor.raw() + 2 * i, 2);
        out[i] = isBf16 ? cpu::floatOfBf16(bits) : cpu::floatOfF16(bits);
    }
    return result;
}

Tensor roundedTo(const Tensor& floats, DType type)
{
    if (type == DType::F32)
        return floats;
    if (type != DType::BF16 && type != DType::F16)
        throw Error(Error::Code::Internal, std::string("no floating type: ") + nameOf(type));
    Tensor result = hostTensor(type, floats.shape());
    const auto* const in = floats.as<float>();
    auto* const out = result.as<uint16_t>();
    for (int64_t i = 0; i < floats.count(); ++i)
        out[i] = type == DType::BF16 ? cpu::bf16OfFloat(in[i]) : cpu::f16OfFloat(in[i]);
    return result;
}

} // namespace argali
