#pragma once

#include <functional>
#include <vector>

#include <QString>

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"

namespace argali::test {

/// A stream of the card, for one test.
cudaStream_t stream();

/// An array in the card's memory. What is not written is NaN. An emulated card's array is exactly
/// as long as it says, so that the sanitizer sees the first element behind it; on a card, bytes
/// behind it are looked at.
class CardArray final {
public:
    CardArray(DType type, int64_t count);
    /// Values rounded to the type.
    CardArray(DType type, const std::vector<float>& values);
    explicit CardArray(const std::vector<int32_t>& values);
    explicit CardArray(const std::vector<uint8_t>& values);
    ~CardArray();
    CardArray(const CardArray&) = delete;
    CardArray& operator=(const CardArray&) = delete;

    operator cuda::In() const { return {m_data, m_type}; }
    operator cuda::Out() const { return {m_data, m_type}; }
    /// For kernels: the processor cannot look there.
    template <typename T> T* as() const { return static_cast<T*>(m_data); }
    /// Waits for the stream.
    /// Throws: std::runtime_error when something was written behind the array
    std::vector<float> values() const { return values(0, m_count); }
    std::vector<float> values(int64_t begin, int64_t count) const;
    void fill(const std::vector<float>& values);
    void fill(const std::vector<int32_t>& values) const { write(values.data()); }

private:
    /// All of the array.
    void write(const void* values) const;

    DType m_type;
    int64_t m_count;
    void* m_data = nullptr;
};

/// Runs f with the threads of a block in forward, reverse and two random orders, and one warp after
/// another with copies that arrive at once; the first complaint, named by its order. On a card:
/// three times.
QString inEveryOrder(const std::function<QString()>& f);

/// Bytes behind each array that have to stay as they are.
int64_t guardBytes();

} // namespace argali::test
