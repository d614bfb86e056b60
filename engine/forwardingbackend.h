#pragma once

#include <memory>

#include "engine/backend.h"

namespace argali {

/// Hands every operation on to another backend, for those that do so with all but some.
/// Thread: as Backend
class ForwardingBackend : public Backend {
public:
    explicit ForwardingBackend(std::unique_ptr<Backend> op) : m_op(std::move(op)) {}

    std::string name() const override { return m_op->name(); }
    DType activationType(DType compute) const override { return m_op->activationType(compute); }
    DType residualType(DType compute) const override { return m_op->residualType(compute); }
    void begin(std::stop_token stop) override { m_op->begin(std::move(stop)); }
    void wait() override { m_op->wait(); }
    void runRecorded(Recording& recording, const std::function<void()>& operations) override
    {
        m_op->runRecorded(recording, operations);
    }

    Tensor allocate(DType type, const Shape& shape) override { return m_op->allocate(type, shape); }
    void upload(Tensor& out, const Tensor& host) override { m_op->upload(out, host); }
    Tensor download(const Tensor& x) override { return m_op->download(x); }
    Tensor makeFloats(const Tensor& host) override { return m_op->makeFloats(host); }
    Tensor makeTable(const Tensor& host) override { return m_op->makeTable(host); }
    int32_t best(const Tensor& logits) override { return m_op->best(logits); }
    Candidates likeliest(const Tensor& logits, int64_t count) override
    {
        return m_op->likeliest(logits, count);
    }
    Linear makeLinear(const LinearSource& source) override { return m_op->makeLinear(source); }

    void gather(Tensor& out, const Tensor& table, const Tensor& ids) override
    {
        m_op->gather(out, table, ids);
    }
    void copy(Tensor& out, const Tensor& x) override { m_op->copy(out, x); }
    void linear(Tensor& out, const Tensor& x, const LinearWeight& w, Activation activation) override
    {
        m_op->linear(out, x, w, activation);
    }
    void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) override
    {
        m_op->linearAdd(out, x, w);
    }
    void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                    Activation activation) override
    {
        m_op->normLinear(out, x, norm, w, activation);
    }
    void norm(Tensor& out, const Tensor& x, const Norm& norm) override { m_op->norm(out, x, norm); }

    void normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w) override
    {
        m_op->normGateUp(out, x, norm, w);
    }
    void headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv, const HeadNorms& norms,
                            const Rope& rope, const DecodeState& state) override
    {
        m_op->headNormRopeAppend(q, cache, qkv, norms, rope, state);
    }
    void attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                const DecodeState& state) override
    {
        m_op->attend(out, q, cache, state);
    }
    void setLength(DecodeState& state, int32_t value) override { m_op->setLength(state, value); }
    void advance(DecodeState& state, int32_t tokens) override { m_op->advance(state, tokens); }

    void patchify(Tensor& out, const Tensor& image, const PatchLayout& layout) override
    {
        m_op->patchify(out, image, layout);
    }
    void resizePositions(Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                         int64_t merge) override
    {
        m_op->resizePositions(out, table, rows, columns, merge);
    }
    void addPositions(Tensor& x, const Tensor& positions) override
    {
        m_op->addPositions(x, positions);
    }
    void ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns, int64_t merge,
                     float theta) override
    {
        m_op->ropePatches(qkv, heads, rows, columns, merge, theta);
    }
    void attendFrames(Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches) override
    {
        m_op->attendFrames(out, qkv, heads, framePatches);
    }
    void softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                   const Tensor& table) override
    {
        m_op->softEmbed(out, x, w, norm, table);
    }

    bool hasSidePaths() const override { return m_op->hasSidePaths(); }
    void activate(Tensor& x, Activation activation) override { m_op->activate(x, activation); }
    void gateUp(Tensor& out, const Tensor& gateUp) override { m_op->gateUp(out, gateUp); }

protected:
    Backend& op() { return *m_op; }
    const Backend& op() const { return *m_op; }

private:
    std::unique_ptr<Backend> m_op;
};

} // namespace argali
