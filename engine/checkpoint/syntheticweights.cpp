#include "engine/checkpoint/syntheticweights.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <random>

#include "engine/error.h"

namespace argali {

namespace {

// Values repeat after a prime number of elements, so that no two rows of a matrix are alike.
constexpr int64_t patternLength = 1'000'003;

std::vector<std::byte> makePattern(DType type)
{
    std::mt19937 random(20251124);
    std::normal_distribution<float> normal(0, 0.02F);
    std::vector<std::byte> pattern(static_cast<size_t>(patternLength * sizeOf(type)));
    for (int64_t i = 0; i < patternLength; ++i) {
        const float value = normal(random);
        const auto bits = std::bit_cast<uint32_t>(value);
        if (type == DType::F32) {
            std::memcpy(pattern.data() + i * 4, &bits, 4);
            continue;
        }
        // Rounding does not matter here: upper half of the f32, or sign, 5 bits of exponent and 10
        // of fraction. Values of this size are normal numbers in f16 or so small that zero does as
        // well.
        const int exponent = static_cast<int>(bits >> 23 & 0xFF) - 127 + 15;
        const auto half = static_cast<uint16_t>(
            exponent <= 0 ? 0
                          : (bits >> 16 & 0x8000) | (static_cast<uint32_t>(exponent) << 10) |
                                (bits >> 13 & 0x3FF));
        const auto brain = static_cast<uint16_t>(bits >> 16);
        const uint16_t element = type == DType::F16 ? half : brain;
        std::memcpy(pattern.data() + i * 2, &element, 2);
    }
    return pattern;
}

class SyntheticWeights final : public WeightSource {
public:
    SyntheticWeights(std::vector<std::pair<std::string, Shape>> shapes, DType stored,
                     std::stop_token stop)
        : m_stored(stored), m_stop(std::move(stop)), m_pattern(makePattern(stored))
    {
        for (auto& [name, shape] : shapes)
            m_shapes.emplace(std::move(name), shape);
    }

    std::optional<Tensor> find(std::string_view name) const override
    {
        const auto shape = m_shapes.find(name);
        if (shape == m_shapes.end())
            return std::nullopt;
        auto [made, isNew] = m_made.try_emplace(shape->first);
        if (isNew)
            made->second = fill(shape->second);
        return made->second;
    }

    std::optional<TensorKind> describe(std::string_view name) const override
    {
        const auto shape = m_shapes.find(name);
        return shape == m_shapes.end() ? std::nullopt
                                       : std::optional(TensorKind{m_stored, shape->second});
    }

    std::vector<std::string> names() const override
    {
        std::vector<std::string> names;
        for (const auto& [name, shape] : m_shapes)
            names.push_back(name);
        return names;
    }

    void forget(std::string_view name) const override
    {
        if (const auto made = m_made.find(name); made != m_made.end())
            m_made.erase(made);
    }

private:
    Tensor fill(const Shape& shape) const
    {
        Tensor tensor = hostTensor(m_stored, shape);
        const int64_t bytes = tensor.bytes();
        const auto length = static_cast<int64_t>(m_pattern.size());
        for (int64_t at = 0; at < bytes && !m_stop.stop_requested(); at += length)
            std::memcpy(tensor.raw() + at, m_pattern.data(),
                        static_cast<size_t>(std::min(length, bytes - at)));
        return tensor;
    }

    DType m_stored;
    std::stop_token m_stop;
    std::vector<std::byte> m_pattern;
    std::map<std::string, Shape, std::less<>> m_shapes;
    mutable std::map<std::string, Tensor, std::less<>> m_made;
};

} // namespace

std::unique_ptr<WeightSource> syntheticWeights(std::vector<std::pair<std::string, Shape>> shapes,
                                               DType stored, std::stop_token stop)
{
    if (stored != DType::F32 && stored != DType::F16 && stored != DType::BF16)
        throw Error(Error::Code::BadRequest,
                    std::string("random weights can be f32, f16 or bf16, not ") + nameOf(stored));
    return std::make_unique<SyntheticWeights>(std::move(shapes), stored, std::move(stop));
}

} // namespace argali
