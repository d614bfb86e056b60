#pragma once

#include <memory>

#include "engine/backend.h"

namespace argali::cli {

/// Work of the matrix units and traffic of the memory that operations ask for.
struct Work {
    double operations = 0; ///< a multiply-add counts two; products and attention only
    double bytes = 0;      ///< weights, tables and cached keys and values, once for each use

    Work operator-(const Work& other) const
    {
        return {operations - other.operations, bytes - other.bytes};
    }
};

/// Hands every operation on and counts what it costs from its shapes, so that the counts of a bench
/// hold for every family. The formulas are those that `argali-cli bench --help` prints. Thread: as
/// Backend
class CountingBackend final : public Backend {
public:
    explicit CountingBackend(std::unique_ptr<Backend> op) : m_op(std::move(op)) {}
    const Work& work() const { return m_work; }

    std::string name() const override { return m_op->name(); }
    DType activationType(DType compute) const override { return m_op->activationType(compute); }
    DType residualType(DType compute) const override { return m_op->residualType(compute); }
    void begin(std::stop_token stop) override { m_op->begin(std::move(stop)); }
    void wait() override { m_op->wait(); }
    /// What one run costs is counted while it is called and added when it is repeated.
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
    void copy(Tensor& out, const Tensor& x) override { m_op->copy(out, x); }
    void linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                Activation activation) override;
    void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) override;
    void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                    Activation activation) override;
    void norm(Tensor& out, const Tensor& x, const Norm& norm) override { m_op->norm(out, x, norm); }

    void normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w) override;
    void headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv, const HeadNorms& norms,
                            const Rope& rope, const DecodeState& state) override;
    void attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                const DecodeState& state) override;
    void setLength(DecodeState& state, int32_t value) override;
    void advance(DecodeState& state, int32_t tokens) override;

    void patchify(Tensor& out, const Tensor& image, const PatchLayout& layout) override;
    void resizePositions(Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                         int64_t merge) override;
    void addPositions(Tensor& x, const Tensor& positions) override;
    void ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns, int64_t merge,
                     float theta) override;
    void attendFrames(Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches) override;
    void softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                   const Tensor& table) override;

private:
    void countProduct(const Tensor& x, const LinearWeight& w);

    std::unique_ptr<Backend> m_op;
    Work m_work;
    Work m_growth; ///< of the pass being counted, for each position more in the cache
    int64_t m_length = 0; ///< tokens in the cache; the backend's own copy may be on a card
};

} // namespace argali::cli
