#include "engine/cli/countingbackend.h"

namespace argali::cli {

namespace {

/// What the operations of a recorded pass cost when they were counted, so that a repetition, in
/// which nobody calls them, counts too.
struct CountedPass final : RecordedPass {
    Recording inner;
    Work work;           ///< at this length
    Work growth;         ///< for each position more
    int64_t length = 0;  ///< tokens in the cache before
    int64_t advance = 0; ///< tokens that the pass adds
};

} // namespace

void CountingBackend::runRecorded(Recording& recording, const std::function<void()>& operations)
{
    if (!recording)
        recording = std::make_unique<CountedPass>();
    auto& pass = dynamic_cast<CountedPass&>(*recording);
    bool called = false;
    op().runRecorded(pass.inner, [&] {
        called = true;
        const Work before = m_work;
        m_growth = {};
        pass.length = m_length;
        operations();
        pass.work = m_work - before;
        pass.growth = m_growth;
        pass.advance = m_length - pass.length;
    });
    if (called)
        return;
    const auto more = static_cast<double>(m_length - pass.length);
    m_work.operations += pass.work.operations + more * pass.growth.operations;
    m_work.bytes += pass.work.bytes + more * pass.growth.bytes;
    m_length += pass.advance;
}

void CountingBackend::countProduct(const Tensor& x, const LinearWeight& w)
{
    m_work.operations += 2.0 * static_cast<double>(x.dim(0)) * static_cast<double>(w.outputs()) *
                         static_cast<double>(w.inputs());
    m_work.bytes += static_cast<double>(w.bytes());
}

void CountingBackend::gather(Tensor& out, const Tensor& table, const Tensor& ids)
{
    m_work.bytes += static_cast<double>(ids.count()) * static_cast<double>(table.dim(1)) *
                    static_cast<double>(sizeOf(table.type()));
    op().gather(out, table, ids);
}

void CountingBackend::linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                             Activation activation)
{
    countProduct(x, w);
    op().linear(out, x, w, activation);
}

void CountingBackend::linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w)
{
    countProduct(x, w);
    op().linearAdd(out, x, w);
}

void CountingBackend::normLinear(Tensor& out, const Tensor& x, const Norm& norm,
                                 const LinearWeight& w, Activation activation)
{
    countProduct(x, w);
    op().normLinear(out, x, norm, w, activation);
}

void CountingBackend::normGateUp(Tensor& out, const Tensor& x, const Norm& norm,
                                 const LinearWeight& w)
{
    countProduct(x, w);
    op().normGateUp(out, x, norm, w);
}

void CountingBackend::attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                             const DecodeState& state)
{
    // Query t of T sees length + t + 1 keys: T length + T (T + 1) / 2 pairs for each head.
    const auto tokens = static_cast<double>(q.dim(0));
    const double pairs = tokens * static_cast<double>(m_length) + tokens * (tokens + 1) / 2;
    const auto width = static_cast<double>(q.dim(1) * q.dim(2));
    m_work.operations += 4 * pairs * width;
    m_growth.operations += 4 * tokens * width;
    const auto row =
        static_cast<double>(cache.keys.dim(0) * cache.keys.dim(2) * sizeOf(cache.keys.type()));
    m_work.bytes += 2 * (static_cast<double>(m_length) + tokens) * row;
    m_growth.bytes += 2 * row;
    op().attend(out, q, cache, state);
}

void CountingBackend::setLength(DecodeState& state, int32_t value)
{
    m_length = value;
    op().setLength(state, value);
}

void CountingBackend::advance(DecodeState& state, int32_t tokens)
{
    m_length += tokens;
    op().advance(state, tokens);
}

void CountingBackend::attendFrames(Tensor& out, const Tensor& qkv, int64_t heads,
                                   int64_t framePatches)
{
    m_work.operations += 4.0 * static_cast<double>(qkv.dim(0)) * static_cast<double>(framePatches) *
                         static_cast<double>(out.dim(1));
    op().attendFrames(out, qkv, heads, framePatches);
}

void CountingBackend::softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w,
                                const Norm& norm, const Tensor& table)
{
    countProduct(x, w);
    const double rows = static_cast<double>(w.outputs()) * static_cast<double>(table.dim(1));
    m_work.operations += 2.0 * static_cast<double>(x.dim(0)) * rows;
    m_work.bytes += rows * static_cast<double>(sizeOf(table.type()));
    op().softEmbed(out, x, w, norm, table);
}

} // namespace argali::cli
