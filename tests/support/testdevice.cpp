#include "tests/support/testdevice.h"

#include <cmath>
#include <cstring>

#include <QtTest>

#include "engine/cpu/halffloat.h"
#include "engine/error.h"

namespace argali::test {

namespace {

const std::vector<NamedBackend>& backends()
{
    static const std::vector<NamedBackend> all = backendsToTest();
    return all;
}

} // namespace

float TestDevice::tolerance() const
{
    switch (m_compute) {
    case DType::BF16:
        return 1e-2f;
    case DType::F16:
        return 2e-3f;
    default:
        return 1e-5f;
    }
}

float TestDevice::storedTolerance(float exact) const
{
    switch (op().activationType(m_compute)) {
    case DType::BF16:
        return 4e-3f;
    case DType::F16:
        return 5e-4f;
    default:
        return exact;
    }
}

Tensor TestDevice::upload(const Shape& shape, const std::vector<float>& values) const
{
    return upload(shape, values, op().residualType(m_compute));
}

Tensor TestDevice::uploadActivation(const Shape& shape, const std::vector<float>& values) const
{
    return upload(shape, values, op().activationType(m_compute));
}

Tensor TestDevice::upload(const Shape& shape, const std::vector<float>& values, DType type) const
{
    Tensor x = op().allocate(type, shape);
    op().upload(x, hostValues(shape, values, type));
    return x;
}

Tensor TestDevice::make(const Shape& shape) const
{
    return op().allocate(op().residualType(m_compute), shape);
}

Tensor TestDevice::makeActivation(const Shape& shape) const
{
    return op().allocate(op().activationType(m_compute), shape);
}

std::vector<float> TestDevice::download(const Tensor& x) const
{
    const Tensor host = op().download(x);
    return {host.as<float>(), host.as<float>() + host.count()};
}

Linear TestDevice::linear(const Shape& shape, const std::vector<float>& values,
                          const std::vector<float>& bias) const
{
    LinearSource source;
    source.compute = m_compute;
    source.matrices = {hostValues(shape, values, m_compute)};
    if (!bias.empty())
        source.biases = {hostValues({shape.dim(0)}, bias, DType::F32)};
    return op().makeLinear(source);
}

Norm TestDevice::rms(const std::vector<float>& weight, float epsilon) const
{
    Norm norm;
    norm.weight =
        op().makeFloats(hostValues({static_cast<int64_t>(weight.size())}, weight, DType::F32));
    norm.epsilon = epsilon;
    return norm;
}

Norm TestDevice::layer(const std::vector<float>& weight, const std::vector<float>& bias,
                       float epsilon) const
{
    Norm norm = rms(weight, epsilon);
    norm.kind = Norm::Kind::Layer;
    norm.bias = op().makeFloats(hostValues({static_cast<int64_t>(bias.size())}, bias, DType::F32));
    return norm;
}

Tensor TestDevice::ids(const std::vector<int32_t>& values) const
{
    const Shape shape{static_cast<int64_t>(values.size())};
    Tensor host = hostTensor(DType::I32, shape);
    std::copy(values.begin(), values.end(), host.as<int32_t>());
    Tensor ids = op().allocate(DType::I32, shape);
    op().upload(ids, host);
    return ids;
}

DecodeState TestDevice::state(int32_t length) const
{
    DecodeState state{op().allocate(DType::I32, {1})};
    op().setLength(state, length);
    return state;
}

void addDevices()
{
    QTest::addColumn<TestDevice>("device");
    for (const NamedBackend& named : backends())
        QTest::newRow(named.name.constData()) << TestDevice(named.backend, DType::F32);
}

void addDeviceRows()
{
    QTest::addColumn<TestDevice>("device");
    for (const NamedBackend& named : backends())
        for (const DType type : {DType::F32, DType::BF16, DType::F16})
            QTest::newRow((named.name + ' ' + nameOf(type)).constData())
                << TestDevice(named.backend, type);
}

Tensor hostValues(const Shape& shape, const std::vector<float>& values, DType type, bool unaligned)
{
    if (static_cast<int64_t>(values.size()) != shape.count())
        throw Error(Error::Code::Internal, "a test's values do not fit " + shape.text());
    const int64_t size = sizeOf(type);
    const auto memory =
        std::make_shared<std::vector<std::byte>>(values.size() * static_cast<size_t>(size) + 1);
    std::byte* const data = memory->data() + (unaligned ? 1 : 0);
    for (size_t i = 0; i < values.size(); ++i) {
        std::byte* const place = data + i * static_cast<size_t>(size);
        if (type == DType::F32) {
            std::memcpy(place, &values[i], 4);
        } else {
            const uint16_t bits =
                type == DType::BF16 ? cpu::bf16OfFloat(values[i]) : cpu::f16OfFloat(values[i]);
            std::memcpy(place, &bits, 2);
        }
    }
    return Tensor(type, shape, data, memory);
}

float rounded(float value, DType type)
{
    switch (type) {
    case DType::BF16:
        return cpu::floatOfBf16(cpu::bf16OfFloat(value));
    case DType::F16:
        return cpu::floatOfF16(cpu::f16OfFloat(value));
    default:
        return value;
    }
}

std::vector<float> rounded(std::vector<float> values, DType type)
{
    for (float& value : values)
        value = rounded(value, type);
    return values;
}

std::vector<float> randomFloats(std::mt19937& random, int64_t count, float scale)
{
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) // the standard's distributions differ between libraries
        value = (static_cast<float>(random() >> 8) * 0x1p-23f - 1) * scale;
    return values;
}

QString difference(const std::vector<float>& actual, const std::vector<float>& expected,
                   float tolerance, float scale)
{
    if (actual.size() != expected.size())
        return QString("%1 values instead of %2").arg(actual.size()).arg(expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
        const float allowed = tolerance * (scale + std::abs(expected[i]));
        if (!(std::abs(actual[i] - expected[i]) <= allowed)) // also when one is NaN
            return QString("value %1 is %2 instead of %3, which may differ by %4")
                .arg(i)
                .arg(static_cast<double>(actual[i]), 0, 'g', 9)
                .arg(static_cast<double>(expected[i]), 0, 'g', 9)
                .arg(static_cast<double>(allowed));
    }
    return {};
}

} // namespace argali::test
