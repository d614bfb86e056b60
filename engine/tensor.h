#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

namespace argali {

enum class DType { F32, F16, BF16, I64, I32, I8, U8, Bool, F64, I16 };

/// Bytes of one element.
int64_t sizeOf(DType type);
/// "f32", "bf16", ... as options and reports spell it.
const char* nameOf(DType type);

/// Up to eight dimensions, slowest first.
class Shape final {
public:
    static constexpr int maxRank = 8;

    Shape() = default;
    /// Throws: Error::Code::Internal for more than maxRank or negative dimensions.
    Shape(std::initializer_list<int64_t> dims);
    int rank() const { return m_rank; }
    /// Size of dimension i; negative i counts from the last one.
    int64_t dim(int i) const { return m_dims[static_cast<size_t>(i < 0 ? m_rank + i : i)]; }
    /// Product of all dimensions; 1 for rank 0. Throws: Error::Code::Internal on overflow.
    int64_t count() const;
    void append(int64_t dim);
    /// "[3, 16, 16]"
    std::string text() const;
    bool operator==(const Shape&) const = default;

private:
    std::array<int64_t, maxRank> m_dims{};
    int m_rank = 0;
};

/// A typed, dense, row-major array in the memory of one backend or in a mapped file. Copies share
/// the memory: a view keeps the memory of the whole alive.
class Tensor final {
public:
    Tensor() = default;
    /// memory owns what data points into; a mapped file, an allocation of a backend.
    Tensor(DType type, const Shape& shape, std::byte* data, std::shared_ptr<const void> memory);

    bool isEmpty() const { return m_data == nullptr; }
    DType type() const { return m_type; }
    const Shape& shape() const { return m_shape; }
    int64_t dim(int i) const { return m_shape.dim(i); }
    int64_t count() const { return m_shape.count(); }
    int64_t bytes() const { return count() * sizeOf(m_type); }

    std::byte* raw() const { return m_data; }
    /// The elements as T. Throws: Error::Code::Internal when sizeof(T) is not the element size.
    template <typename T> T* as() const
    {
        requireElementSize(sizeof(T));
        return reinterpret_cast<T*>(m_data);
    }

    /// Rows [begin, begin + rows) of the slowest dimension.
    Tensor rows(int64_t begin, int64_t rows) const;
    Tensor lastRow() const { return rows(dim(0) - 1, 1); }
    /// The same elements in another shape of the same count.
    Tensor view(const Shape& shape) const;

private:
    void requireElementSize(size_t size) const;

    DType m_type = DType::F32;
    Shape m_shape;
    std::byte* m_data = nullptr;
    std::shared_ptr<const void> m_memory;
};

/// A tensor in ordinary memory, 64-byte aligned, not initialised.
/// Throws: Error::Code::OutOfMemory
Tensor hostTensor(DType type, const Shape& shape);

} // namespace argali
