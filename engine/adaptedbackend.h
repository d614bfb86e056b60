#pragma once

#include <memory>
#include <unordered_map>

#include "engine/backend.h"

namespace argali {

/// What an adapter changes on one backend, by what it changes there: the LinearWeight, or the first
/// element of a tensor.
struct AdapterParts {
    /// y += B (A x)
    struct Side {
        Linear a; ///< [R, K], of all matrices of a product that are changed, one behind the other
        Linear b; ///< [N, R], the scale in it, zero where a matrix has no part in a row
    };
    /// y += B a[id]
    struct RowSide {
        Tensor a; ///< a table [V, R]
        Linear b; ///< [D, R]
    };
    std::unordered_map<const void*, Side> sides;
    std::unordered_map<const void*, RowSide> rowSides;
    std::unordered_map<const void*, Linear> products; ///< that take the place of others
    std::unordered_map<const void*, Tensor> tensors;
};

/// Hands every operation on, with what the adapter in use adds to it or puts into its place. The
/// weights stay as they are, so that another adapter, or none, is a matter of one pointer.
/// Thread: as Backend
class AdaptedBackend final : public Backend {
public:
    explicit AdaptedBackend(std::unique_ptr<Backend> op) : m_op(std::move(op)) {}

    /// From the next operation on; null for none. They must outlive their use.
    void use(const AdapterParts* parts) { m_parts = parts; }

    std::string name() const override { return m_op->name(); }
    DType activationType(DType compute) const override { return m_op->activationType(compute); }
    DType residualType(DType compute) const override { return m_op->residualType(compute); }
    void begin(std::stop_token stop) override { m_op->begin(std::move(stop)); }
    void wait() override { m_op->wait(); }
    /// What an adapter adds takes memory of its own each time, so that it is not recorded.
    void runRecorded(Recording& recording, const std::function<void()>& operations) override;

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

    void gather(Tensor& out, const Tensor& table, const Tensor& ids) override;
    void copy(Tensor& out, const Tensor& x) override { m_op->copy(out, current(x)); }
    void linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                Activation activation) override;
    void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) override;
    void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                    Activation activation) override;
    void norm(Tensor& out, const Tensor& x, const Norm& norm) override;

    void normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w) override;
    void headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv, const HeadNorms& norms,
                            const Rope& rope, const DecodeState& state) override;
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
        m_op->addPositions(x, current(positions));
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
                   const Tensor& table) override;

    bool hasSidePaths() const override { return m_op->hasSidePaths(); }
    void activate(Tensor& x, Activation activation) override { m_op->activate(x, activation); }
    void gateUp(Tensor& out, const Tensor& gateUp) override { m_op->gateUp(out, gateUp); }

private:
    const LinearWeight& current(const LinearWeight& w) const;
    const Tensor& current(const Tensor& tensor) const;
    Norm current(const Norm& norm) const;
    const AdapterParts::Side* sideOf(const LinearWeight& w) const;
    /// out += B (A x)
    void addSide(Tensor& out, const Tensor& x, const AdapterParts::Side& side);
    /// f32 x w^T + bias + B (A x)
    Tensor sum(const Tensor& x, const LinearWeight& w, const AdapterParts::Side& side);
    Tensor normalised(const Tensor& x, const Norm& norm, const LinearWeight& w);

    std::unique_ptr<Backend> m_op;
    const AdapterParts* m_parts = nullptr;
};

} // namespace argali
