#include "engine/cpu/cpubackend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "engine/cpu/attention.h"
#include "engine/cpu/linear.h"
#include "engine/cpu/norm.h"
#include "engine/cpu/rope.h"
#include "engine/cpu/softembed.h"
#include "engine/cpu/vision.h"
#include "engine/error.h"
#include "engine/operationchecks.h"

namespace argali::cpu {

namespace {

const CpuLinear& mine(const LinearWeight& w)
{
    const auto* const linear = dynamic_cast<const CpuLinear*>(&w);
    if (linear == nullptr)
        throw Error(Error::Code::Internal, "weights of another backend");
    return *linear;
}

/// The tokens in the cache, after whose rows q's have to fit.
int64_t lengthBefore(const char* operation, const Tensor& q, const KvLayer& cache,
                     const DecodeState& state)
{
    checks::length(state);
    const int64_t length = *state.length.as<int32_t>();
    if (length < 0 || q.dim(0) > cache.keys.dim(1) - length)
        throw Error(Error::Code::Internal, std::string(operation) + ": " +
                                               std::to_string(q.dim(0)) + " tokens after " +
                                               std::to_string(length) + " in a cache of " +
                                               std::to_string(cache.keys.dim(1)));
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
    checks::upload(out, host);
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
    checks::table(host);
    return host;
}

int32_t CpuBackend::best(const Tensor& logits)
{
    checks::logits(logits);
    const std::span all(logits.as<float>(), static_cast<size_t>(logits.count()));
    if (!areLogits(all))
        return -1;
    return static_cast<int32_t>(std::ranges::max_element(all) - all.begin());
}

Candidates CpuBackend::likeliest(const Tensor& logits, int64_t count)
{
    checks::logits(logits);
    const std::span values(logits.as<float>(), static_cast<size_t>(logits.count()));
    return areLogits(values) ? likeliestOf(values, count) : Candidates();
}

Linear CpuBackend::makeLinear(const LinearSource& source)
{
    checks::linearSource(source);
    return CpuLinear::make(m_context.kernels, source);
}

void CpuBackend::gather(Tensor& out, const Tensor& table, const Tensor& idTensor)
{
    checks::gather(out, table, idTensor);
    const int64_t width = table.dim(1);
    const std::span ids(idTensor.as<int32_t>(), static_cast<size_t>(idTensor.count()));
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
    checks::copy(out, x);
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
    checks::linear("linear", out, x, w, w.outputs());
    multiply(m_context, out, x, nullptr, mine(w), {Finish::Kind::Store, activation});
}

void CpuBackend::linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w)
{
    checks::linear("linearAdd", out, x, w, w.outputs());
    multiply(m_context, out, x, nullptr, mine(w), {Finish::Kind::Add, Activation::None});
}

void CpuBackend::normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                            Activation activation)
{
    checks::linear("normLinear", out, x, w, w.outputs());
    checks::normLinear("normLinear", x, norm, w);
    multiply(m_context, out, x, &norm, mine(w), {Finish::Kind::Store, activation});
}

void CpuBackend::norm(Tensor& out, const Tensor& x, const Norm& norm)
{
    checks::norm(out, x, norm);
    const int64_t width = norm.weight.count();
    const Shape rows{x.count() / width, width};
    Tensor target = out.view(rows);
    normRows(m_context, target, x.view(rows), norm);
}

void CpuBackend::normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w)
{
    checks::normGateUp(out, x, norm, w);
    multiply(m_context, out, x, &norm, mine(w), {Finish::Kind::Gated, Activation::None});
}

void CpuBackend::headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv,
                                    const HeadNorms& norms, const Rope& rope,
                                    const DecodeState& state)
{
    checks::headNormRopeAppend(q, cache, qkv, norms, rope);
    const int64_t length = lengthBefore("headNormRopeAppend", q, cache, state);
    cpu::headNormRopeAppend(m_context, q, cache, qkv, norms, rope, length);
}

void CpuBackend::attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                        const DecodeState& state)
{
    checks::attend(out, q, cache);
    const int64_t length = lengthBefore("attend", q, cache, state);
    if (q.count() > 0)
        cpu::attend(m_context, out, q, cache, length);
}

void CpuBackend::setLength(DecodeState& state, int32_t value)
{
    checks::length(state);
    *state.length.as<int32_t>() = value;
}

void CpuBackend::advance(DecodeState& state, int32_t tokens)
{
    checks::length(state);
    *state.length.as<int32_t>() += tokens;
}

void CpuBackend::patchify(Tensor& out, const Tensor& image, const PatchLayout& layout)
{
    checks::patchify(out, image, layout);
    cpu::patchify(m_context, out, image, layout);
}

void CpuBackend::resizePositions(Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                                 int64_t merge)
{
    const int64_t side = checks::resizePositions(out, table, rows, columns, merge);
    cpu::resizePositions(m_context, out, table, side, {rows, columns, merge});
}

void CpuBackend::addPositions(Tensor& x, const Tensor& positions)
{
    checks::addPositions(x, positions);
    cpu::addPositions(m_context, x, positions);
}

void CpuBackend::ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns,
                             int64_t merge, float theta)
{
    checks::ropePatches(qkv, heads, rows, columns, merge);
    cpu::ropePatches(m_context, qkv, heads, {rows, columns, merge}, theta);
}

void CpuBackend::attendFrames(Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches)
{
    checks::attendFrames(out, qkv, heads, framePatches);
    cpu::attendFrames(m_context, out, qkv, heads, framePatches);
}

void CpuBackend::softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                           const Tensor& table)
{
    checks::softEmbed(out, x, w, norm, table);
    cpu::softEmbed(m_context, out, x, mine(w), norm, table);
}

void CpuBackend::activate(Tensor& x, Activation activation)
{
    checks::activate(x);
    constexpr int64_t piece = 8192;
    const int64_t count = x.count();
    m_pool.run(divideUp(count, piece), [&](int64_t slice, int) {
        activateValues(m_context.kernels, activation, x.as<float>() + slice * piece,
                       std::min(piece, count - slice * piece));
    });
}

void CpuBackend::gateUp(Tensor& out, const Tensor& gateUp)
{
    checks::gateUp(out, gateUp);
    const Kernels& kernels = m_context.kernels;
    const int64_t width = gateUp.dim(1) / 2;
    m_pool.run(gateUp.dim(0), [&](int64_t row, int worker) {
        const float* const gate = gateUp.as<float>() + row * 2 * width;
        float* const values = m_context.worker(worker).row.get<float>(width);
        std::copy_n(gate, width, values);
        kernels.siluTimes(values, gate + width, width);
        writeFloats(kernels, out, row * width, width, values);
    });
}

} // namespace argali::cpu
