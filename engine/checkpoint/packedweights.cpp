#include "engine/checkpoint/packedweights.h"

#include <cstring>

#include "engine/checkpoint/json.h"
#include "engine/cpu/halffloat.h"
#include "engine/error.h"

namespace argali {

namespace {

constexpr const char* scaleSuffix = "_scale";

/// Element i of a tensor of a floating type, which need not be aligned.
float floatAt(const Tensor& tensor, int64_t i)
{
    if (tensor.type() == DType::F32) {
        float value = 0;
        std::memcpy(&value, tensor.raw() + i * 4, 4);
        return value;
    }
    uint16_t bits = 0;
    std::memcpy(&bits, tensor.raw() + i * 2, 2);
    return tensor.type() == DType::F16 ? cpu::floatOfF16(bits) : cpu::floatOfBf16(bits);
}

/// The product is exact: whole numbers of 8 bits times factors of 11 or 8 fit into a float.
void unpackRow(float* out, const std::byte* in, int64_t columns, int bits, float factor)
{
    const auto signedByte = [](unsigned value) {
        return static_cast<float>(static_cast<int8_t>(value));
    };
    if (bits == 8) {
        for (int64_t k = 0; k < columns; ++k)
            out[k] = signedByte(std::to_integer<unsigned>(in[k])) * factor;
        return;
    }
    constexpr float sixteenth = 0x1p-4F; // the number in the upper half of a byte, with its sign
    for (int64_t k = 0; k < columns; k += 2) {
        const auto pair = std::to_integer<unsigned>(in[k / 2]);
        out[k] = signedByte(pair & 0xF0) * sixteenth * factor;
        out[k + 1] = signedByte(pair << 4 & 0xF0) * sixteenth * factor;
    }
}

} // namespace

UnpackedWeights::UnpackedWeights(std::shared_ptr<const WeightSource> stored,
                                 const std::map<std::string, int64_t>& columns)
    : m_stored(std::move(stored))
{
    for (const auto& [name, count] : columns)
        if (const auto kind = m_stored->describe(name); kind && kind->type == DType::I8)
            addPacked(name, kind->shape, count);
}

void UnpackedWeights::addPacked(const std::string& name, const Shape& found, int64_t columns)
{
    const auto fail = [&](const std::string& what) {
        throw Error(Error::Code::BadModel,
                    m_stored->origin(name) + ": tensor " + inQuotes(name) + ": " + what);
    };
    const bool isMatrix = found.rank() == 2;
    const bool ofFour = isMatrix && columns % 2 == 0 && found.dim(1) == columns / 2;
    if (!ofFour && (!isMatrix || found.dim(1) != columns))
        fail(std::string("expected ") + nameOf(DType::I8) + " with rows of " +
             std::to_string(columns) + " numbers of 8 bits" +
             (columns % 2 == 0 ? ", or of 4 bits in " + std::to_string(columns / 2) + " bytes"
                               : "") +
             ", found " + found.text());
    const int bits = ofFour ? 4 : 8;
    if (m_bits != 0 && bits != m_bits)
        fail("has numbers of " + std::to_string(bits) + " bits, expected " +
             std::to_string(m_bits) + " as in the tensors before it");
    m_bits = bits;
    m_stored->requireKind(name + scaleSuffix, {found.dim(0)});
    m_packed.emplace(name, Shape{found.dim(0), columns});
}

std::optional<Tensor> UnpackedWeights::find(std::string_view name) const
{
    const auto packed = m_packed.find(name);
    if (packed == m_packed.end())
        return m_stored->find(name);
    const Shape& shape = packed->second;
    const int64_t columns = shape.dim(1);
    const Tensor numbers = m_stored->find(name).value();
    const Tensor factors = m_stored->require(packed->first + scaleSuffix, {shape.dim(0)});
    Tensor result = hostTensor(DType::F32, shape);
    for (int64_t row = 0; row < shape.dim(0); ++row)
        unpackRow(result.as<float>() + row * columns, numbers.raw() + row * numbers.dim(1), columns,
                  m_bits, floatAt(factors, row));
    return result;
}

std::optional<TensorKind> UnpackedWeights::describe(std::string_view name) const
{
    const auto packed = m_packed.find(name);
    return packed == m_packed.end() ? m_stored->describe(name)
                                    : std::optional(TensorKind{DType::F32, packed->second, m_bits});
}

std::vector<std::string> UnpackedWeights::names() const
{
    std::vector<std::string> names = m_stored->names();
    std::erase_if(names, [&](const std::string& name) {
        return name.ends_with(scaleSuffix) &&
               m_packed.contains(name.substr(0, name.size() - std::strlen(scaleSuffix)));
    });
    return names;
}

} // namespace argali
