#include "engine/cpu/linear.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/cpu/gemm.h"
#include "engine/cpu/norm.h"
#include "engine/error.h"

namespace argali::cpu {

namespace {

// Rows of an input that are multiplied at once: as many as make packing a panel cheap, in few
// megabytes.
constexpr int64_t chunkRows = 512;
constexpr int64_t chunkBytes = 8 << 20;
// Weights that one slice of a product of few rows reads.
constexpr int64_t sliceBytes = 192 << 10;
// ... and about how fast a thread reads them.
constexpr int64_t weightBytesPerNanosecond = 8;

/// The host's values as one tensor of another type; copied as in LinearSource.
Tensor converted(const Kernels& kernels, const std::vector<Tensor>& parts, Element element,
                 const Shape& shape,
                 const std::function<void(std::span<const std::byte>)>& copied = {})
{
    Tensor result = hostTensor(typeOf(element), shape);
    std::byte* out = result.raw();
    constexpr int64_t piece = 4096;
    constexpr int64_t piecesBetweenWords = 2048;
    float values[piece];
    for (const Tensor& part : parts) {
        const Element from = elementOf(part.type());
        const int64_t count = part.count();
        int64_t told = 0;
        for (int64_t i = 0; i < count; i += piece) {
            const int64_t n = std::min(piece, count - i);
            kernels.load(values, part.raw() + i * sizeOf(from), from, n);
            kernels.store(out, element, values, n);
            out += n * sizeOf(element);
            const int64_t done = i + n;
            if (copied && (done == count || done - told == piece * piecesBetweenWords)) {
                const std::byte* const first = part.raw() + told * sizeOf(from);
                copied({first, static_cast<size_t>((done - told) * sizeOf(from))});
                told = done;
            }
        }
    }
    return result;
}

/// One product under way.
struct Product {
    Context& context;
    Tensor& out;
    const Tensor& x;
    const Norm* norm;
    const CpuLinear& w;
    const Finish& finish;

    const Kernels& kernels = context.kernels;
    bool gated = finish.kind == Finish::Kind::Gated;
    int64_t outputs = gated ? w.outputs() / 2 : w.outputs();
    /// Both factors in BF16, for the instruction that multiplies those.
    bool pairs = w.compute() == DType::BF16 && kernels.bf16 != nullptr;
    Element inputElement = pairs ? Element::BF16 : Element::F32;
    /// Off powers of two, which would put all rows into the same few sets of the cache.
    int64_t inputStride = roundUp(w.inputs(), 64) + 32;

    std::byte* inputRow(std::byte* input, int64_t row) const
    {
        return input + row * inputStride * sizeOf(inputElement);
    }

    /// Rows [first, first + rows) of x, normalised, rounded and padded.
    std::byte* prepareInput(int64_t first, int64_t rows) const;
    void multiplyFew() const;
    void multiplyMany() const;
    void multiplySlice(std::byte* input, int64_t row, int64_t rows, int64_t first, int64_t count,
                       Context::Worker& worker, float* c, int64_t width) const;
    /// Columns [first, first + count) of row t of the product, in gate (and up), go to out.
    void finishRow(float* gate, float* up, int64_t t, int64_t first, int64_t count,
                   float* temporary) const;
};

std::byte* Product::prepareInput(int64_t first, int64_t rows) const
{
    const int64_t width = w.inputs();
    std::byte* const input =
        context.input.get<std::byte>(rows * inputStride * sizeOf(inputElement));
    const int64_t rowsPerSlice = std::max<int64_t>(1, 16384 / width);
    const Element rounded = elementOf(w.compute());
    context.pool.run(divideUp(rows, rowsPerSlice), [&](int64_t slice, int worker) {
        float* const temporary = context.worker(worker).row.get<float>(2 * width);
        const int64_t end = std::min(rows, (slice + 1) * rowsPerSlice);
        for (int64_t t = slice * rowsPerSlice; t < end; ++t) {
            const float* row = readFloats(kernels, x, (first + t) * width, width, temporary);
            if (norm != nullptr) {
                normRow(kernels, temporary, row, *norm, width);
                row = temporary;
            }
            std::byte* const target = inputRow(input, t);
            if (rounded == inputElement) {
                kernels.store(target, inputElement, row, width);
            } else {
                auto* const bits = reinterpret_cast<std::byte*>(temporary + width);
                kernels.store(bits, rounded, row, width);
                kernels.load(reinterpret_cast<float*>(target), bits, rounded, width);
            }
            std::fill(target + width * sizeOf(inputElement), inputRow(input, t + 1), std::byte{0});
        }
    });
    return input;
}

void Product::finishRow(float* gate, float* up, int64_t t, int64_t first, int64_t count,
                        float* temporary) const
{
    if (w.bias() != nullptr) {
        kernels.add(gate, w.bias() + first, count);
        if (gated)
            kernels.add(up, w.bias() + outputs + first, count);
    }
    if (gated)
        kernels.siluTimes(gate, up, count);
    else
        activateValues(kernels, finish.activation, gate, count);
    const int64_t offset = t * outputs + first;
    if (finish.kind == Finish::Kind::Add) {
        readFloats(kernels, out, offset, count, temporary);
        float* const sum = placeFloats(out, offset, temporary);
        kernels.add(sum, gate, count);
        gate = sum;
    }
    writeFloats(kernels, out, offset, count, gate);
}

/// A slice reads some rows of weights once, as they are, and multiplies them with all rows of x.
void Product::multiplyFew() const
{
    const int64_t k = w.inputs();
    const auto rows = static_cast<int>(x.dim(0));
    const std::byte* const input = prepareInput(0, rows);
    if (context.pool.stopped())
        return;
    const int64_t bySize = sliceBytes / (k * sizeOf(w.element()));
    const int64_t byThreads = divideUp(outputs, 4 * context.pool.threads());
    const int64_t perSlice =
        roundUp(std::max<int64_t>(1, std::min({bySize, byThreads, int64_t{1024}})), 4);
    const int halves = gated ? 2 : 1;
    const int64_t nanoseconds = w.bytes() / weightBytesPerNanosecond;
    context.pool.run(divideUp(outputs, perSlice), nanoseconds, [&](int64_t slice, int index) {
        Context::Worker& worker = context.worker(index);
        const int64_t first = slice * perSlice;
        const int64_t count = std::min(perSlice, outputs - first);
        const auto** const addresses = worker.pointers.get<const std::byte*>(perSlice);
        float* const c = worker.tile.get<float>((halves * rows + 1) * perSlice);
        for (int half = 0; half < halves; ++half) {
            w.rows(addresses, half * outputs + first, count);
            float* const target = c + half * rows * perSlice;
            if (pairs)
                kernels.bf16->dotRows(target, perSlice, addresses, count, k,
                                      reinterpret_cast<const uint16_t*>(input), inputStride, rows);
            else
                kernels.dotRows(target, perSlice, addresses, count, w.element(), k,
                                reinterpret_cast<const float*>(input), inputStride, rows);
        }
        for (int t = 0; t < rows; ++t)
            finishRow(c + t * perSlice, c + (rows + t) * perSlice, t, first, count,
                      c + halves * rows * perSlice);
    });
}

/// c [rows, width] = the product's columns [first, first + count).
void Product::multiplySlice(std::byte* input, int64_t row, int64_t rows, int64_t first,
                            int64_t count, Context::Worker& worker, float* c, int64_t width) const
{
    const PanelKernels& panels = pairs ? *kernels.bf16->panels : *kernels.panels;
    const auto** const addresses = worker.pointers.get<const std::byte*>(width);
    std::byte* const panel = worker.panel.get<std::byte>(
        panelCount(panels, panels.vectors, panels.depth) * sizeOf(panels.element));
    multiplyColumns(
        context.pool, panels, c, width, inputRow(input, row), inputStride, rows, w.inputs(), count,
        panel, [&](void* packed, int panelWidth, int64_t column, int n, int64_t k0, int64_t k) {
            w.rows(addresses, first + column, n);
            panels.packColumns(packed, panelWidth, addresses, n, w.element(), k0, k);
        });
}

/// A slice packs a panel of weights and multiplies it with many rows of x.
void Product::multiplyMany() const
{
    const PanelKernels& panels = pairs ? *kernels.bf16->panels : *kernels.panels;
    const int64_t width = panels.vectors * panels.lanes;
    const int64_t tileRows = panels.rows[panels.vectors];
    const int64_t total = x.dim(0);
    const int64_t fitting =
        std::clamp<int64_t>(chunkBytes / (inputStride * sizeOf(inputElement)), 64, chunkRows);
    const int64_t chunk = roundUp(divideUp(total, divideUp(total, fitting)), tileRows);
    const int64_t panelsOfAll = divideUp(outputs, width);
    const int64_t wanted = divideUp(4 * context.pool.threads(), panelsOfAll);
    const int64_t splits =
        std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, chunk / (8 * tileRows)));
    const int64_t splitRows = roundUp(divideUp(chunk, splits), tileRows);
    const int halves = gated ? 2 : 1;

    for (int64_t first = 0; first < total && !context.pool.stopped(); first += chunk) {
        const int64_t rows = std::min(chunk, total - first);
        std::byte* const input = prepareInput(first, rows);
        context.pool.run(panelsOfAll * splits, [&](int64_t slice, int index) {
            Context::Worker& worker = context.worker(index);
            const int64_t column = slice / splits * width;
            const int64_t columns = std::min(width, outputs - column);
            const int64_t row = slice % splits * splitRows;
            const int64_t sliceRows = std::min(splitRows, rows - row);
            if (sliceRows <= 0)
                return;
            float* const c = worker.tile.get<float>((halves * splitRows + 1) * width);
            for (int half = 0; half < halves; ++half)
                multiplySlice(input, row, sliceRows, half * outputs + column, columns, worker,
                              c + half * splitRows * width, width);
            if (context.pool.stopped())
                return;
            for (int64_t t = 0; t < sliceRows; ++t)
                finishRow(c + t * width, c + (splitRows + t) * width, first + row + t, column,
                          columns, c + halves * splitRows * width);
        });
    }
}

} // namespace

CpuLinear::CpuLinear(std::vector<Tensor> parts, Tensor bias, Element element, int64_t outputs,
                     int64_t inputs, DType compute)
    : LinearWeight(outputs, inputs, compute,
                   outputs * inputs * sizeOf(element) + (bias.isEmpty() ? 0 : bias.bytes())),
      m_parts(std::move(parts)),
      m_bias(std::move(bias)),
      m_element(element)
{
}

Linear CpuLinear::make(const Kernels& kernels, const LinearSource& source)
{
    const int64_t inputs = source.matrices.front().dim(-1);
    const Element compute = elementOf(source.compute);
    // For f32 any stored type is exact; otherwise only the type itself is what the input is rounded
    // to.
    const Element first = elementOf(source.matrices.front().type());
    Element element = compute == Element::F32 ? first : compute;
    int64_t outputs = 0;
    bool asStored = true;
    for (const Tensor& matrix : source.matrices) {
        if (elementOf(matrix.type()) != first && compute == Element::F32)
            element = Element::F32;
        outputs += matrix.dim(0);
    }
    for (const Tensor& matrix : source.matrices)
        asStored = asStored && elementOf(matrix.type()) == element;
    Tensor bias;
    if (!source.biases.empty())
        bias = converted(kernels, source.biases, Element::F32, {outputs});
    std::vector<Tensor> parts = source.matrices;
    if (!asStored)
        parts = {converted(kernels, source.matrices, element, {outputs, inputs}, source.copied)};
    return Linear(
        new CpuLinear(std::move(parts), std::move(bias), element, outputs, inputs, source.compute));
}

void CpuLinear::rows(const std::byte** out, int64_t first, int64_t count) const
{
    const int64_t rowBytes = inputs() * sizeOf(m_element);
    for (const Tensor& part : m_parts) {
        const int64_t end = std::min(first + count, part.dim(0));
        for (; first < end; ++first, --count)
            *out++ = part.raw() + first * rowBytes;
        if (count == 0)
            return;
        first -= part.dim(0);
    }
}

void activateValues(const Kernels& kernels, Activation activation, float* values, int64_t count)
{
    switch (activation) {
    case Activation::None:
        return;
    case Activation::GeluTanh:
        return kernels.geluTanh(values, count);
    case Activation::Gelu:
        return kernels.gelu(values, count);
    case Activation::QuickGelu:
        return kernels.quickGelu(values, count);
    }
}

void multiply(Context& context, Tensor& out, const Tensor& x, const Norm* norm, const CpuLinear& w,
              const Finish& finish)
{
    if (x.dim(0) == 0)
        return;
    const Product product{context, out, x, norm, w, finish};
    if (x.dim(0) <= Kernels::rowLimit)
        product.multiplyFew();
    else
        product.multiplyMany();
}

} // namespace argali::cpu
