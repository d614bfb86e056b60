#include "engine/numbers.h"

#include <cstdio>
#include <cstring>

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
        std::memcpy(&bits, tensor.raw() + i * static_cast<int64_t>(size), size); // mapped files may be unaligned
        if ((bits & exponent) == exponent)
            return true;
    }
    return false;
}

} // namespace argali
