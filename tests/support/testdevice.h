#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <QByteArray>
#include <QMetaType>
#include <QString>

#include "engine/backend.h"

namespace argali::test {

struct NamedBackend {
    QByteArray name;
    std::shared_ptr<Backend> backend;
};

/// What a program's rows are about: it links one source that defines this, processorbackends.cpp or
/// the one of the emulated card.
std::vector<NamedBackend> backendsToTest();

/// A backend to test, with one type of weights.
class TestDevice final {
public:
    TestDevice() = default;
    TestDevice(std::shared_ptr<Backend> backend, DType compute)
        : m_backend(std::move(backend)), m_compute(compute)
    {
    }

    Backend& op() const { return *m_backend; }
    DType compute() const { return m_compute; }
    /// Relative error that rounding inputs to the compute type, in an unlucky direction, leaves in
    /// a result.
    float tolerance() const;
    /// The same for a result that was exact but for being stored as an activation.
    float storedTolerance(float exact) const;

    /// Whether the backend can look into its tensors, and so refuse what they hold.
    bool readsItsMemory() const { return op().name().starts_with("cpu"); }

    /// A tensor of the residual stream.
    Tensor upload(const Shape& shape, const std::vector<float>& values) const;
    /// What lies between two products.
    Tensor uploadActivation(const Shape& shape, const std::vector<float>& values) const;
    /// The same in another floating type.
    Tensor upload(const Shape& shape, const std::vector<float>& values, DType type) const;
    /// Not initialised, the same two types.
    Tensor make(const Shape& shape) const;
    Tensor makeActivation(const Shape& shape) const;
    std::vector<float> download(const Tensor& x) const;
    /// One matrix, stored in the compute type.
    Linear linear(const Shape& shape, const std::vector<float>& values,
                  const std::vector<float>& bias = {}) const;
    Norm rms(const std::vector<float>& weight, float epsilon = 0) const;
    Norm layer(const std::vector<float>& weight, const std::vector<float>& bias,
               float epsilon = 0) const;
    DecodeState state(int32_t length) const;
    Tensor ids(const std::vector<int32_t>& values) const;

private:
    std::shared_ptr<Backend> m_backend;
    DType m_compute = DType::F32;
};

/// A row for every device and instruction set here: "cpu scalar", ...; fills the column "device".
void addDevices();
/// A row for each of them and each type of weights: "cpu scalar f32", ...
void addDeviceRows();

/// Host values in a floating type, at an address that is a multiple of nothing when unaligned.
Tensor hostValues(const Shape& shape, const std::vector<float>& values, DType type,
                  bool unaligned = false);
/// What a value becomes when it is stored in that type.
float rounded(float value, DType type);
std::vector<float> rounded(std::vector<float> values, DType type);

std::vector<float> randomFloats(std::mt19937& random, int64_t count, float scale = 1);

/// Empty when all values agree within tolerance * (scale + |expected|), else where and how they
/// differ.
QString difference(const std::vector<float>& actual, const std::vector<float>& expected,
                   float tolerance, float scale = 1);

} // namespace argali::test

Q_DECLARE_METATYPE(argali::test::TestDevice)
