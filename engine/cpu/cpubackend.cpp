#include "engine/cpu/cpubackend.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "engine/cpu/attention.h"
#include "engine/cpu/linear.h"
#include "engine/cpu/norm.h"
#include "engine/cpu/rope.h"
#include "engine/cpu/softembed.h"
#include "engine/cpu/vision.h"
#include "engine/error.h"

namespace argali::cpu {

namespace {

[[noreturn]] void disagree(const char* operation, std::initializer_list<const Tensor*> tensors)
{
    std::string text = std::string(operation) + ": shapes or types disagree:";
    for (const Tensor* tensor : tensors)
        text += std::string(" ") + nameOf(tensor->type()) + " " + tensor->shape().text();
    throw Error(Error::Code::Internal, text);
}

void require(bool agree, const char* operation, std::initializer_list<const Tensor*> tensors)
{
    if (!agree)
        disagree(operation, tensors);
}

/// Whether x is rows of width elements each, one per entry of its slowest dimension.
bool isRows(const Tensor& x, int64_t rows, int64_t width)
{
    return x.shape().rank() >= 1 && x.dim(0) == rows && x.count() == rows * width;
}

int64_t rowsOf(const Tensor& x)
{
    return x.shape().rank() >= 1 ? x.dim(0) : -1;
}

bool isFloats(const Tensor& x, int64_t count)
{
    return !x.isEmpty() && x.type() == DType::F32 && x.count() == count;
}

bool isNorm(const Norm& norm, int64_t width)
{
    return isFloats(norm.weight, width) &&
           (norm.kind == Norm::Kind::Rms || isFloats(norm.bias, width));
}

const CpuLinear& mine(const LinearWeight& w)
{
    const auto* const linear = dynamic_cast<const CpuLinear*>(&w);
    if (linear == nullptr)
        throw Error(Error::Code::Internal, "weights of another backend");
    return *linear;
}

/// Throws when out, x and w do not fit together.
const CpuLinear& checkLinear(const char* operation, const Tensor& out, const Tensor& x,
                             const LinearWeight& w, int64_t outputs)
{
    const int64_t rows = rowsOf(x);
    require(isRows(x, rows, w.inputs()) && isRows(out, rows, outputs), operation, {&out, &x});
    return mine(w);
}

int32_t& lengthOf(const DecodeState& state)
{
    require(state.length.type() == DType::I32 && !state.length.isEmpty() &&
                state.length.count() == 1,
            "length of a sequence", {&state.length});
    return *state.length.as<int32_t>();
}

/// Throws when q [T, H, C] and the cache [G, capacity, C] disagree or T tokens more do not fit.
int64_t checkCache(const char* operation, const Tensor& q, const KvLayer& cache,
                   const DecodeState& state)
{
    const Tensor& keys = cache.keys;
    require(q.shape().rank() == 3 && keys.shape().rank() == 3 &&
                cache.values.shape() == keys.shape() && cache.values.type() == keys.type() &&
                keys.dim(0) > 0 && q.dim(1) % keys.dim(0) == 0 && q.dim(2) == keys.dim(2) &&
                q.dim(2) > 0,
            operation, {&q, &keys, &cache.values});
    const int64_t length = lengthOf(state);
    if (length < 0 || q.dim(0) > keys.dim(1) - length)
        throw Error(Error::Code::Internal,
                    std::string(operation) + ": " + std::to_string(q.dim(0)) + " tokens after " +
                        std::to_string(length) + " in a cache of " + std::to_string(keys.dim(1)));
    return length;
}

} // namespace

CpuBackend::CpuBackend(Isa isa, int threads)
    : m_isa(isa), m_pool(threads), m_context(kernelsFor(isa), m_pool)
{
}

std::string CpuBackend::name() const
{
    const int threads = m_pool.threads();
    return std::string("cpu ") + nameOf(m_isa) + ", " + std::to_string(threads) +
           (threads == 1 ? " thread" : " threads");
}

void CpuBackend::upload(Tensor& out, const Tensor& host)
{
    require(out.bytes() == host.bytes(), "upload", {&out, &host});
    std::memcpy(out.raw(), host.raw(), static_cast<size_t>(host.bytes()));
}

Tensor CpuBackend::download(const Tensor& x)
{
    switch (x.type()) {
    case DType::F32:
    case DType::F16:
    case DType::BF16:
        return makeFloats(x);
    default:
        break;
    }
    Tensor result = hostTensor(x.type(), x.shape());
    std::memcpy(result.raw(), x.raw(), static_cast<size_t>(x.bytes()));
    return result;
}

Tensor CpuBackend::makeFloats(const Tensor& host)
{
    Tensor result = hostTensor(DType::F32, host.shape());
    m_context.kernels.load(result.as<float>(), host.raw(), elementOf(host.type()), host.count());
    return result;
}

Tensor CpuBackend::makeTable(const Tensor& host)
{
    elementOf(host.type()); // refuses what is not floating
    require(host.shape().rank() == 2, "table", {&host});
    return host;
}

Linear CpuBackend::makeLinear(const LinearSource& source)
{
    return CpuLinear::make(m_context.kernels, source);
}

void CpuBackend::gather(Tensor& out, const Tensor& table, std::span<const int32_t> ids)
{
    require(table.shape().rank() == 2 &&
                isRows(out, static_cast<int64_t>(ids.size()), table.dim(1)),
            "gather", {&out, &table});
    const int64_t width = table.dim(1);
    for (const int32_t id : ids)
        if (id < 0 || id >= table.dim(0))
            throw Error(Error::Code::Internal, "gather: no row " + std::to_string(id) +
                                                   " in a table of " +
                                                   std::to_string(table.dim(0)));
    const Kernels& kernels = m_context.kernels;
    const Element element = elementOf(table.type());
    m_pool.run(static_cast<int64_t>(ids.size()), [&](int64_t t, int worker) {
        float* const row =
            placeFloats(out, t * width, m_context.worker(worker).row.get<float>(width));
        kernels.load(row, table.raw() + ids[static_cast<size_t>(t)] * width * sizeOf(element),
                     element, width);
        writeFloats(kernels, out, t * width, width, row);
    });
}

void CpuBackend::copy(Tensor& out, const Tensor& x)
{
    require(out.count() == x.count(), "copy", {&out, &x});
    if (out.type() == x.type()) {
        std::memmove(out.raw(), x.raw(), static_cast<size_t>(x.bytes()));
        return;
    }
    const Kernels& kernels = m_context.kernels;
    constexpr int64_t piece = 8192;
    const int64_t count = x.count();
    m_pool.run(divideUp(count, piece), [&](int64_t slice, int worker) {
        float* const temporary = m_context.worker(worker).row.get<float>(piece);
        const int64_t n = std::min(piece, count - slice * piece);
        writeFloats(kernels, out, slice * piece, n,
                    readFloats(kernels, x, slice * piece, n, temporary));
    });
}

void CpuBackend::linear(Tensor& out, const Tensor& x, const LinearWeight& w, Activation activation)
{
    const CpuLinear& weight = checkLinear("linear", out, x, w, w.outputs());
    multiply(m_context, out, x, nullptr, weight, {Finish::Kind::Store, activation});
}

void CpuBackend::linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w)
{
    const CpuLinear& weight = checkLinear("linearAdd", out, x, w, w.outputs());
    multiply(m_context, out, x, nullptr, weight, {Finish::Kind::Add, Activation::None});
}

void CpuBackend::normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                            Activation activation)
{
    const CpuLinear& weight = checkLinear("normLinear", out, x, w, w.outputs());
    require(isNorm(norm, w.inputs()), "normLinear", {&norm.weight, &norm.bias, &x});
    multiply(m_context, out, x, &norm, weight, {Finish::Kind::Store, activation});
}

void CpuBackend::norm(Tensor& out, const Tensor& x, const Norm& norm)
{
    const int64_t width = norm.weight.count();
    require(isNorm(norm, width) && width > 0 && x.count() % width == 0 && out.count() == x.count(),
            "norm", {&out, &x, &norm.weight, &norm.bias});
    const Shape rows{x.count() / width, width};
    Tensor target = out.view(rows);
    normRows(m_context, target, x.view(rows), norm);
}

void CpuBackend::normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w)
{
    const CpuLinear& weight = checkLinear("normGateUp", out, x, w, w.outputs() / 2);
    require(w.outputs() % 2 == 0 && isNorm(norm, w.inputs()), "normGateUp",
            {&out, &norm.weight, &norm.bias, &x});
    multiply(m_context, out, x, &norm, weight, {Finish::Kind::Gated, Activation::None});
}

void CpuBackend::headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv,
                                    const HeadNorms& norms, const Rope& rope,
                                    const DecodeState& state)
{
    const int64_t length = checkCache("headNormRopeAppend", q, cache, state);
    const int64_t width = q.dim(2);
    require(width % 2 == 0 && isRows(qkv, q.dim(0), (q.dim(1) + 2 * cache.keys.dim(0)) * width),
            "headNormRopeAppend", {&q, &qkv, &cache.keys});
    for (const Norm* norm : {&norms.query, &norms.key})
        require(norm->weight.isEmpty() || isNorm(*norm, width), "headNormRopeAppend",
                {&norm->weight, &norm->bias, &q});
    cpu::headNormRopeAppend(m_context, q, cache, qkv, norms, rope, length);
}

void CpuBackend::attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                        const DecodeState& state)
{
    const int64_t length = checkCache("attend", q, cache, state);
    require(isRows(out, q.dim(0), q.dim(1) * q.dim(2)), "attend", {&out, &q});
    if (q.count() > 0)
        cpu::attend(m_context, out, q, cache, length);
}

void CpuBackend::setLength(DecodeState& state, int32_t value)
{
    lengthOf(state) = value;
}

void CpuBackend::advance(DecodeState& state, int32_t tokens)
{
    lengthOf(state) += tokens;
}

void CpuBackend::patchify(Tensor& out, const Tensor& image, const PatchLayout& layout)
{
    const int64_t unit = layout.patch * layout.merge;
    require(image.type() == DType::U8 && image.shape().rank() == 3 && image.dim(2) == 3 &&
                layout.patch > 0 && layout.merge > 0 && image.dim(0) % unit == 0 &&
                image.dim(1) % unit == 0 &&
                isRows(out, image.dim(0) / layout.patch * (image.dim(1) / layout.patch),
                       3 * layout.patch * layout.patch),
            "patchify", {&out, &image});
    cpu::patchify(m_context, out, image, layout);
}

void CpuBackend::resizePositions(Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                                 int64_t merge)
{
    int64_t side = 0;
    while (rowsOf(table) > 0 && side * side < table.dim(0))
        ++side;
    require(table.type() == DType::F32 && out.type() == DType::F32 && table.shape().rank() == 2 &&
                side > 0 && side * side == table.dim(0) && merge > 0 && rows % merge == 0 &&
                columns % merge == 0 && isRows(out, rows * columns, table.dim(1)),
            "resizePositions", {&out, &table});
    cpu::resizePositions(m_context, out, table, side, {rows, columns, merge});
}

void CpuBackend::addPositions(Tensor& x, const Tensor& positions)
{
    require(positions.type() == DType::F32 && positions.shape().rank() == 2 &&
                positions.dim(0) > 0 && rowsOf(x) % positions.dim(0) == 0 &&
                isRows(x, rowsOf(x), positions.dim(1)),
            "addPositions", {&x, &positions});
    cpu::addPositions(m_context, x, positions);
}

void CpuBackend::ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns,
                             int64_t merge, float theta)
{
    const int64_t patches = rowsOf(qkv);
    require(patches > 0 && heads > 0 && rows > 0 && columns > 0 && merge > 0 && rows % merge == 0 &&
                columns % merge == 0 && patches % (rows * columns) == 0 &&
                qkv.count() / patches % (3 * heads * 4) == 0,
            "ropePatches", {&qkv});
    cpu::ropePatches(m_context, qkv, heads, {rows, columns, merge}, theta);
}

void CpuBackend::attendFrames(Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches)
{
    const int64_t patches = rowsOf(qkv);
    require(patches > 0 && heads > 0 && framePatches > 0 && patches % framePatches == 0 &&
                qkv.count() / patches % (3 * heads) == 0 &&
                isRows(out, patches, qkv.count() / patches / 3),
            "attendFrames", {&out, &qkv});
    cpu::attendFrames(m_context, out, qkv, heads, framePatches);
}

void CpuBackend::softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                           const Tensor& table)
{
    const int64_t tokens = rowsOf(x);
    require(table.shape().rank() == 2 && table.dim(0) >= w.outputs() &&
                isRows(x, tokens, w.inputs()) && isRows(out, tokens, table.dim(1)) &&
                isNorm(norm, w.outputs()),
            "softEmbed", {&out, &x, &norm.weight, &table});
    cpu::softEmbed(m_context, out, x, mine(w), norm, table);
}

} // namespace argali::cpu
