#include "cuda/cudabackend.h"

#include <algorithm>
#include <string>

#include "cuda/cardlinear.h"
#include "cuda/check.h"
#include "cuda/kernels/argmax.h"
#include "cuda/kernels/attention.h"
#include "cuda/kernels/gemv.h"
#include "cuda/kernels/likeliest.h"
#include "cuda/kernels/norm.h"
#include "cuda/kernels/rope.h"
#include "cuda/kernels/rows.h"
#include "cuda/kernels/softmax.h"
#include "cuda/kernels/vision.h"
#include "cuda/recovery.h"
#include "engine/error.h"
#include "engine/operationchecks.h"

namespace argali::cuda {

namespace {

const CardLinear& mine(const LinearWeight& w)
{
    const auto* const linear = dynamic_cast<const CardLinear*>(&w);
    if (linear == nullptr)
        throw Error(Error::Code::Internal, "weights of another backend");
    return *linear;
}

In in(const Tensor& x)
{
    return {x.raw(), x.type()};
}
Out out(Tensor& x)
{
    return {x.raw(), x.type()};
}

NormWeights weightsOf(const Norm& norm)
{
    if (norm.weight.isEmpty())
        return {};
    const bool layer = norm.kind == Norm::Kind::Layer;
    return {layer, norm.weight.as<float>(), layer ? norm.bias.as<float>() : nullptr, norm.epsilon};
}

AttentionShape shapeOf(const Tensor& q, const KvLayer& cache)
{
    return {q.dim(0), q.dim(1), cache.keys.dim(0), q.dim(2), cache.keys.dim(1)};
}

bool isFloating(DType type)
{
    return type == DType::F32 || type == DType::F16 || type == DType::BF16;
}

int64_t roundUp(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

} // namespace

CudaBackend::CudaBackend(int card)
    : m_card(card), m_memory(card), m_matmul(card, m_memory.stream()), m_runAhead(m_memory.stream())
{
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, card), "the card's properties");
    m_cardName = properties.name;
}

CudaBackend::~CudaBackend() = default;

std::string CudaBackend::name() const
{
    return "cuda:" + std::to_string(m_card) + " " + m_cardName + ", " + m_matmul.name();
}

void CudaBackend::begin(std::stop_token stop)
{
    m_stop = std::move(stop);
    m_memory.makeCurrent(); // the engine's thread may be another one than before
}

bool CudaBackend::goesOn()
{
    m_memory.makeCurrent();
    if (m_capturing)
        return true;
    if (m_stop.stop_requested())
        return false;
    m_runAhead.count();
    return true;
}

void CudaBackend::runRecorded(Recording& recording, const std::function<void()>& operations)
{
    if (!recording)
        recording = std::make_unique<Graph>();
    auto& graph = dynamic_cast<Graph&>(*recording);
    if (!graph.isWarm()) {
        operations(); // makes what the operations keep, and what they need to be chosen
        if (!m_stop.stop_requested())
            graph.setWarm();
        return;
    }
    if (!graph.isCaptured()) {
        m_capturing = true;
        m_memory.setFixed(true);
        const auto release = [this] {
            m_capturing = false;
            m_memory.setFixed(false);
        };
        try {
            graph.capture(m_memory.stream(), operations,
                          [this] { return !m_stop.stop_requested(); });
        } catch (...) {
            release();
            throw;
        }
        release();
        // A larger pass makes room of its own; this graph goes on with what it was captured with.
        graph.hold({m_stepScratch, m_stepCounters});
    }
    if (graph.isCaptured() && !m_stop.stop_requested())
        graph.replay(m_memory.stream());
}

void CudaBackend::upload(Tensor& target, const Tensor& host)
{
    checks::upload(target, host);
    check(cudaMemcpyAsync(target.raw(), host.raw(), static_cast<size_t>(host.bytes()),
                          cudaMemcpyHostToDevice, m_memory.stream()),
          "copying to the card");
}

Tensor CudaBackend::download(const Tensor& x)
{
    const DType type = isFloating(x.type()) ? DType::F32 : x.type();
    const Tensor source = inType(x, type);
    Tensor result = m_memory.allocateHost(type, x.shape());
    check(cudaMemcpyAsync(result.raw(), source.raw(), static_cast<size_t>(result.bytes()),
                          cudaMemcpyDeviceToHost, m_memory.stream()),
          "copying from the card");
    m_memory.wait();
    return result;
}

Tensor CudaBackend::inType(const Tensor& x, DType type)
{
    if (x.type() == type)
        return x;
    Tensor converted = m_memory.allocate(type, x.shape());
    convertElements(out(converted), in(x), x.count(), m_memory.stream());
    return converted;
}

Tensor CudaBackend::makeFloats(const Tensor& host)
{
    if (!isFloating(host.type()))
        throw Error(Error::Code::Internal, std::string("floats from ") + nameOf(host.type()));
    Tensor stored = m_memory.allocate(host.type(), host.shape());
    upload(stored, host);
    return inType(stored, DType::F32);
}

Tensor CudaBackend::makeTable(const Tensor& host)
{
    checks::table(host);
    Tensor table = m_memory.allocate(host.type(), host.shape());
    upload(table, host);
    return table;
}

int32_t CudaBackend::best(const Tensor& logits)
{
    checks::logits(logits);
    const Tensor scratch = m_memory.allocate(DType::F32, {argmaxScratch(logits.count())});
    const Tensor index = m_memory.allocate(DType::I32, {1});
    argmaxRow(index.as<int32_t>(), logits.as<float>(), logits.count(), scratch.as<float>(),
              m_memory.stream());
    return *download(index).as<int32_t>();
}

Candidates CudaBackend::likeliest(const Tensor& logits, int64_t count)
{
    checks::logits(logits);
    const int64_t kept = std::min(count, logits.count());
    if (kept > mostLikeliest) {
        const Tensor all = download(logits);
        const std::span values(all.as<float>(), static_cast<size_t>(all.count()));
        return areLogits(values) ? likeliestOf(values, kept) : Candidates();
    }
    if (kept < 1)
        return {};
    const Tensor found = m_memory.allocate(DType::F32, {2, kept}); // one copy: logits, then places
    const Tensor scratch =
        m_memory.allocate(DType::F32, {2 * likeliestScratch(logits.count(), kept)});
    likeliestOfRow(found.as<float>(), reinterpret_cast<int32_t*>(found.rows(1, 1).raw()),
                   logits.as<float>(), logits.count(), kept,
                   reinterpret_cast<uint64_t*>(scratch.raw()), m_memory.stream());
    const Tensor host = download(found);
    const float* const values = host.as<float>();
    const auto* const places = reinterpret_cast<const int32_t*>(host.rows(1, 1).raw());
    return *places < 0 ? Candidates()
                       : Candidates{{places, places + kept}, {values, values + kept}};
}

Linear CudaBackend::makeLinear(const LinearSource& source)
{
    checks::linearSource(source);
    if (!isFloating(source.compute))
        throw Error(Error::Code::Internal, std::string("products in ") + nameOf(source.compute));
    int64_t outputs = 0;
    for (const Tensor& matrix : source.matrices)
        outputs += matrix.dim(0);
    const auto stack = [&](const std::vector<Tensor>& parts, DType type, const Shape& shape) {
        Tensor all = m_memory.allocate(type, shape);
        int64_t row = 0;
        for (const Tensor& part : parts) {
            Tensor place = all.rows(row, part.dim(0));
            row += part.dim(0);
            if (part.type() == type) {
                upload(place, part);
                continue;
            }
            Tensor stored = m_memory.allocate(part.type(), part.shape());
            upload(stored, part);
            convertElements(out(place), in(stored), stored.count(), m_memory.stream());
        }
        return all;
    };
    Tensor matrix =
        stack(source.matrices, source.compute, {outputs, source.matrices.front().dim(1)});
    Tensor bias = source.biases.empty() ? Tensor() : stack(source.biases, DType::F32, {outputs});
    return std::make_unique<CardLinear>(std::move(matrix), std::move(bias));
}

void CudaBackend::gather(Tensor& target, const Tensor& table, const Tensor& ids)
{
    checks::gather(target, table, ids);
    if (goesOn())
        gatherRows(out(target), in(table), ids.as<int32_t>(), ids.count(), table.dim(1),
                   table.dim(0), m_memory.stream());
}

void CudaBackend::copy(Tensor& target, const Tensor& x)
{
    checks::copy(target, x);
    if (!goesOn())
        return;
    if (target.type() == x.type())
        check(cudaMemcpyAsync(target.raw(), x.raw(), static_cast<size_t>(x.bytes()),
                              cudaMemcpyDeviceToDevice, m_memory.stream()),
              "copying on the card");
    else
        convertElements(out(target), in(x), x.count(), m_memory.stream());
}

void CudaBackend::product(Tensor& target, const Tensor& x, const Norm* norm, const CardLinear& w,
                          const Finish& finish)
{
    if (!goesOn())
        return;
    const ProductShape shape{x.dim(0), w.outputs(), w.inputs()};
    const NormWeights weights = norm != nullptr ? weightsOf(*norm) : NormWeights{};
    if (shape.rows <= stepRows) {
        gemv(out(target), in(x), weights, in(w.matrix()), shape, finish, m_memory.stream());
        return;
    }
    Tensor rows;
    if (norm != nullptr) {
        rows = m_memory.allocate(w.matrix().type(), {shape.rows, shape.inputs});
        normRows(out(rows), in(x), weights, shape.rows, shape.inputs, m_memory.stream());
    } else {
        rows = inType(x, w.matrix().type());
    }
    m_matmul.multiply(out(target), in(rows), in(w.matrix()), shape, finish, shape.outputs);
}

void CudaBackend::linear(Tensor& target, const Tensor& x, const LinearWeight& w,
                         Activation activation)
{
    checks::linear("linear", target, x, w, w.outputs());
    const CardLinear& weight = mine(w);
    product(target, x, nullptr, weight, {weight.bias(), activation, false});
}

void CudaBackend::linearAdd(Tensor& target, const Tensor& x, const LinearWeight& w)
{
    checks::linear("linearAdd", target, x, w, w.outputs());
    const CardLinear& weight = mine(w);
    product(target, x, nullptr, weight, {weight.bias(), Activation::None, true});
}

void CudaBackend::normLinear(Tensor& target, const Tensor& x, const Norm& norm,
                             const LinearWeight& w, Activation activation)
{
    checks::linear("normLinear", target, x, w, w.outputs());
    checks::normLinear("normLinear", x, norm, w);
    const CardLinear& weight = mine(w);
    product(target, x, &norm, weight, {weight.bias(), activation, false});
}

void CudaBackend::norm(Tensor& target, const Tensor& x, const Norm& norm)
{
    checks::norm(target, x, norm);
    const int64_t width = norm.weight.count();
    if (goesOn())
        normRows(out(target), in(x), weightsOf(norm), x.count() / width, width, m_memory.stream());
}

void CudaBackend::normGateUp(Tensor& target, const Tensor& x, const Norm& norm,
                             const LinearWeight& w)
{
    checks::normGateUp(target, x, norm, w);
    const CardLinear& weight = mine(w);
    const int64_t rows = x.dim(0);
    const int64_t inner = w.outputs() / 2;
    if (rows <= stepRows && weight.bias() == nullptr) {
        if (goesOn())
            gemvGateUp(out(target), in(x), weightsOf(norm), in(weight.matrix()),
                       {rows, inner, w.inputs()}, m_memory.stream());
        return;
    }
    Tensor both = m_memory.allocate(weight.matrix().type(), {rows, w.outputs()});
    product(both, x, &norm, weight, {weight.bias(), Activation::None, false});
    if (goesOn())
        gateRows(out(target), in(both), rows, inner, m_memory.stream());
}

void CudaBackend::headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv,
                                     const HeadNorms& norms, const Rope& rope,
                                     const DecodeState& state)
{
    checks::headNormRopeAppend(q, cache, qkv, norms, rope);
    checks::length(state);
    const AttentionShape s = shapeOf(q, cache);
    if (goesOn())
        cuda::headNormRopeAppend(out(q), out(cache.keys), out(cache.values), in(qkv),
                                 weightsOf(norms.query), weightsOf(norms.key), rope,
                                 {s.tokens, s.heads, s.groups, s.width, s.capacity},
                                 state.length.as<int32_t>(), m_memory.stream());
}

void CudaBackend::reserveStepScratch(const AttentionShape& shape)
{
    const int64_t floats = attendStepScratchFloats(shape);
    if (m_stepScratch.isEmpty() || m_stepScratch.count() < floats)
        m_stepScratch = m_memory.allocate(DType::F32, {floats});
    const int64_t counters = attendStepCounters(shape);
    if (!m_stepCounters.isEmpty() && m_stepCounters.count() >= counters)
        return;
    m_stepCounters = m_memory.allocate(DType::I32, {counters});
    check(cudaMemsetAsync(m_stepCounters.raw(), 0, static_cast<size_t>(m_stepCounters.bytes()),
                          m_memory.stream()),
          "clearing counters");
}

void CudaBackend::attend(Tensor& target, const Tensor& q, const KvLayer& cache,
                         const DecodeState& state)
{
    checks::attend(target, q, cache);
    checks::length(state);
    const AttentionShape shape = shapeOf(q, cache);
    if (!goesOn())
        return;
    const auto* const length = state.length.as<int32_t>();
    if (shape.tokens > stepRows) {
        attendPrompt(out(target), in(q), in(cache.keys), in(cache.values), shape, length,
                     m_memory.stream());
        return;
    }
    reserveStepScratch(shape);
    attendStep(out(target), in(q), in(cache.keys), in(cache.values), shape, length,
               m_stepScratch.as<float>(), m_stepCounters.as<uint32_t>(), m_memory.stream());
}

void CudaBackend::setLength(DecodeState& state, int32_t value)
{
    checks::length(state);
    setValue(state.length.as<int32_t>(), value,
             m_memory.stream()); // also when stopped: it says what counts
}

void CudaBackend::advance(DecodeState& state, int32_t tokens)
{
    checks::length(state);
    addValue(state.length.as<int32_t>(), tokens, m_memory.stream());
}

void CudaBackend::patchify(Tensor& target, const Tensor& image, const PatchLayout& layout)
{
    checks::patchify(target, image, layout);
    if (goesOn())
        cuda::patchify(out(target), image.as<uint8_t>(), image.dim(0), image.dim(1), layout,
                       m_memory.stream());
}

void CudaBackend::resizePositions(Tensor& target, const Tensor& table, int64_t rows,
                                  int64_t columns, int64_t merge)
{
    const int64_t side = checks::resizePositions(target, table, rows, columns, merge);
    if (goesOn())
        cuda::resizePositions(target.as<float>(), table.as<float>(), side, rows, columns, merge,
                              table.dim(1), m_memory.stream());
}

void CudaBackend::addPositions(Tensor& x, const Tensor& positions)
{
    checks::addPositions(x, positions);
    if (goesOn())
        addRows(out(x), positions.as<float>(), x.dim(0), positions.dim(1), positions.dim(0),
                m_memory.stream());
}

void CudaBackend::ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns,
                              int64_t merge, float theta)
{
    checks::ropePatches(qkv, heads, rows, columns, merge);
    const int64_t patches = qkv.dim(0);
    if (goesOn())
        cuda::ropePatches(out(qkv), patches, heads, qkv.count() / patches / (3 * heads), rows,
                          columns, merge, theta, m_memory.stream());
}

void CudaBackend::attendFrames(Tensor& target, const Tensor& qkv, int64_t heads,
                               int64_t framePatches)
{
    checks::attendFrames(target, qkv, heads, framePatches);
    const int64_t patches = qkv.dim(0);
    if (goesOn())
        cuda::attendFrames(out(target), in(qkv), patches, heads,
                           qkv.count() / patches / (3 * heads), framePatches, m_memory.stream());
}

void CudaBackend::softEmbed(Tensor& target, const Tensor& x, const LinearWeight& w,
                            const Norm& norm, const Tensor& table)
{
    checks::softEmbed(target, x, w, norm, table);
    const CardLinear& weight = mine(w);
    // Tokens whose logits are in memory at once: as many as keep the tensor cores busy, 64 MiB for
    // 65,532.
    constexpr int64_t chunkTokens = 256;
    const int64_t tokens = x.dim(0);
    const int64_t stride =
        roundUp(w.outputs(), 8); // so that every row begins at a multiple of 16 bytes
    // The rows of the table are added up in the table's type; f32 products take a copy of it.
    const DType type = weight.compute() == DType::F32 ? DType::F32 : table.type();
    const Tensor rowsOfTable = inType(table, type);
    const int64_t chunk = std::min(tokens, chunkTokens);
    Tensor logits = m_memory.allocate(DType::F32, {chunk, stride});
    Tensor weights = m_memory.allocate(type, {chunk, stride});
    for (int64_t first = 0; first < tokens && goesOn(); first += chunk) {
        const int64_t rows = std::min(chunk, tokens - first);
        const Tensor input = inType(x.rows(first, rows), weight.matrix().type());
        Tensor part = target.rows(first, rows);
        m_matmul.multiply(out(logits), in(input), in(weight.matrix()),
                          {rows, w.outputs(), w.inputs()}, {weight.bias(), Activation::None, false},
                          stride);
        normSoftmaxRows(out(weights), logits.as<float>(), weightsOf(norm), rows, w.outputs(),
                        stride, m_memory.stream());
        m_matmul.multiplyTable(out(part), in(weights), in(rowsOfTable), rows, table.dim(1),
                               w.outputs(), stride);
    }
}

std::unique_ptr<Backend> makeCudaBackend(int card)
{
    try {
        return std::make_unique<CudaBackend>(card);
    } catch (const Error& error) {
        if (error.code() != Error::Code::Device || !recoverCard(card))
            throw;
    }
    return std::make_unique<CudaBackend>(card);
}

} // namespace argali::cuda
