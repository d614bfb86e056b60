#include "tests/cuda/productcase.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/testdevice.h"

namespace argali::test {

namespace {

std::vector<float> surrounded(const std::vector<float>& values, int64_t before, int64_t behind)
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> result(static_cast<size_t>(before), nan);
    result.insert(result.end(), values.begin(), values.end());
    result.resize(result.size() + static_cast<size_t>(behind), nan);
    return result;
}

double rowProduct(const ProductCase& c, const std::vector<float>& x, int64_t t, int64_t n)
{
    const auto& [rows, outputs, inputs] = c.shape;
    double sum = 0;
    for (int64_t k = 0; k < inputs; ++k)
        sum += static_cast<double>(x[static_cast<size_t>(t * inputs + k)]) *
               static_cast<double>(
                   c.w[static_cast<size_t>(c.table ? k * outputs + n : n * inputs + k)]);
    return sum;
}

std::vector<float> normalised(const ProductCase& c)
{
    std::vector<float> result = c.x;
    const auto width = static_cast<size_t>(c.shape.inputs);
    for (size_t begin = 0; begin < result.size(); begin += width) {
        double mean = 0;
        double squares = 0;
        for (size_t i = 0; i < width; ++i)
            mean += c.normed == ProductCase::Normed::Layer
                        ? c.x[begin + i] / static_cast<double>(width)
                        : 0;
        for (size_t i = 0; i < width; ++i)
            squares += std::pow(c.x[begin + i] - mean, 2) / static_cast<double>(width);
        for (size_t i = 0; i < width; ++i)
            result[begin + i] = static_cast<float>(
                (c.x[begin + i] - mean) / std::sqrt(squares + 1e-5) * c.normWeight[i] +
                (c.normed == ProductCase::Normed::Layer ? c.normBias[i] : 0));
    }
    return result;
}

} // namespace

Surrounded::Surrounded(DType type, const std::vector<float>& values, int64_t before, int64_t behind)
    : m_type(type),
      m_before(before),
      m_behind(behind),
      m_count(static_cast<int64_t>(values.size())),
      m_array(type, surrounded(values, before, behind))
{
}

void* Surrounded::address() const
{
    return m_array.as<unsigned char>() + m_before * sizeOf(m_type);
}

std::vector<float> Surrounded::values() const
{
    const std::vector<float> all = m_array.values();
    return {all.begin() + m_before, all.begin() + m_before + m_count};
}

void Surrounded::fill(const std::vector<float>& values)
{
    m_array.fill(surrounded(values, m_before, m_behind));
}

bool Surrounded::isSurroundingIntact() const
{
    const std::vector<float> all = m_array.values();
    const auto isNan = [](float value) { return std::isnan(value); };
    return std::all_of(all.begin(), all.begin() + m_before, isNan) &&
           std::all_of(all.begin() + m_before + m_count, all.end(), isNan);
}

void ProductCase::prepare(unsigned seed)
{
    const auto& [rows, outputs, inputs] = shape;
    std::mt19937 random(seed);
    const float scale = 1 / std::sqrt(static_cast<float>(inputs));
    x = randomFloats(random, rows * inputs, 2);
    if (normed != Normed::No)
        for (float& value : x)
            value += 1;
    x = rounded(x, inputType);
    w = rounded(randomFloats(random, outputs * inputs * (gated ? 2 : 1), 2 * scale), type);
    normWeight = randomFloats(random, inputs);
    normBias = randomFloats(random, inputs);
    biasValues = randomFloats(random, outputs);
    before = rounded(randomFloats(random, rows * outputs, 2), outType);
    const std::vector<float> input = rounded(normed == Normed::No ? x : normalised(*this), type);
    expected.clear();
    for (int64_t t = 0; t < rows; ++t) {
        for (int64_t n = 0; n < outputs; ++n) {
            double value = rowProduct(*this, input, t, n);
            if (gated)
                value = value / (1 + std::exp(-value)) * rowProduct(*this, input, t, outputs + n);
            if (bias)
                value += biasValues[static_cast<size_t>(n)];
            value = activated(activation, value);
            if (add)
                value += before[static_cast<size_t>(t * outputs + n)];
            expected.push_back(static_cast<float>(value));
        }
    }
}

double activated(Activation activation, double value)
{
    switch (activation) {
    case Activation::None:
        return value;
    case Activation::GeluTanh:
        return value * 0.5 *
               (1 + std::tanh(std::sqrt(2 / M_PI) * (value + 0.044715 * std::pow(value, 3))));
    case Activation::Gelu:
        return value * 0.5 * std::erfc(-value / std::sqrt(2));
    case Activation::QuickGelu:
        return value / (1 + std::exp(-1.702 * value));
    }
    return NAN;
}

float ProductCase::tolerance() const
{
    const auto precision = [](DType t) {
        return t == DType::F32 ? 1e-5f : t == DType::F16 ? 1e-3f : 8e-3f;
    };
    // A normalised value at the border between two neighbours may be rounded to either.
    const float input = normed == Normed::No ? 1e-5f : precision(type) / 2;
    return std::max(input, precision(outType));
}

} // namespace argali::test
