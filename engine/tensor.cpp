#include "engine/tensor.h"

#include <cstdlib>

#include "engine/error.h"

namespace argali {

int64_t sizeOf(DType type)
{
    switch (type) {
    case DType::I64:
    case DType::F64:
        return 8;
    case DType::F32:
    case DType::I32:
        return 4;
    case DType::F16:
    case DType::BF16:
    case DType::I16:
        return 2;
    case DType::I8:
    case DType::U8:
    case DType::Bool:
        return 1;
    }
    throw Error(Error::Code::Internal, "no such element type");
}

const char* nameOf(DType type)
{
    switch (type) {
    case DType::F32:
        return "f32";
    case DType::F16:
        return "f16";
    case DType::BF16:
        return "bf16";
    case DType::I64:
        return "i64";
    case DType::I32:
        return "i32";
    case DType::I8:
        return "int8";
    case DType::U8:
        return "uint8";
    case DType::Bool:
        return "bool";
    case DType::F64:
        return "f64";
    case DType::I16:
        return "i16";
    }
    throw Error(Error::Code::Internal, "no such element type");
}

Shape::Shape(std::initializer_list<int64_t> dims)
{
    for (const int64_t dim : dims)
        append(dim);
}

void Shape::append(int64_t dim)
{
    if (m_rank == maxRank || dim < 0)
        throw Error(Error::Code::Internal,
                    "impossible shape: dimension " + std::to_string(dim) + " after " + text());
    m_dims[static_cast<size_t>(m_rank++)] = dim;
}

int64_t Shape::count() const
{
    int64_t product = 1;
    for (int i = 0; i < m_rank; ++i)
        if (__builtin_mul_overflow(product, m_dims[static_cast<size_t>(i)], &product))
            throw Error(Error::Code::Internal, "shape " + text() + " overflows");
    return product;
}

std::string Shape::text() const
{
    std::string result = "[";
    for (int i = 0; i < m_rank; ++i)
        result += (i > 0 ? ", " : "") + std::to_string(dim(i));
    return result + "]";
}

Tensor::Tensor(DType type, const Shape& shape, std::byte* data, std::shared_ptr<const void> memory)
    : m_type(type), m_shape(shape), m_data(data), m_memory(std::move(memory))
{
}

Tensor Tensor::rows(int64_t begin, int64_t rows) const
{
    if (m_shape.rank() < 1 || begin < 0 || rows < 0 || begin > dim(0) - rows)
        throw Error(Error::Code::Internal, "rows " + std::to_string(begin) + " to " +
                                               std::to_string(begin + rows) + " of " +
                                               m_shape.text());
    Shape shape{rows};
    int64_t rowCount = 1;
    for (int i = 1; i < m_shape.rank(); ++i) {
        shape.append(dim(i));
        rowCount *= dim(i);
    }
    return Tensor(m_type, shape, m_data + begin * rowCount * sizeOf(m_type), m_memory);
}

Tensor Tensor::view(const Shape& shape) const
{
    if (shape.count() != count())
        throw Error(Error::Code::Internal, "view " + shape.text() + " of " + m_shape.text());
    return Tensor(m_type, shape, m_data, m_memory);
}

void Tensor::requireElementSize(size_t size) const
{
    if (static_cast<int64_t>(size) != sizeOf(m_type))
        throw Error(Error::Code::Internal, std::string("elements of ") + nameOf(m_type) +
                                               " read as " + std::to_string(size) + " bytes each");
}

Tensor hostTensor(DType type, const Shape& shape)
{
    constexpr int64_t alignment = 64;
    const int64_t bytes = shape.count() * sizeOf(type);
    const int64_t rounded = (bytes / alignment + 1) * alignment;
    std::shared_ptr<std::byte> memory(
        static_cast<std::byte*>(std::aligned_alloc(alignment, static_cast<size_t>(rounded))),
        std::free);
    if (!memory)
        throw Error(Error::Code::OutOfMemory, "no memory for a tensor " + shape.text() + ": " +
                                                  std::to_string(bytes) + " bytes");
    std::byte* const data = memory.get();
    return Tensor(type, shape, data, std::move(memory));
}

} // namespace argali
