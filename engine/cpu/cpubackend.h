#pragma once

#include <memory>

#include "engine/backend.h"
#include "engine/cpu/context.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/threadpool.h"

namespace argali::cpu {

/// Every operation on the processor. Activations are f32; inputs and outputs of other floating
/// types are converted. Weights stay where they are stored, in a mapped file for instance, and are
/// used in place.
///
/// For a compute type of bf16 or f16 the rows of an input are rounded to it (to nearest, ties to
/// even) before they meet the weights; products and sums are f32.
class CpuBackend final : public Backend {
public:
    /// Throws: Error::Code::Device when this machine lacks the instruction set
    CpuBackend(Isa isa, int threads);

    Isa isa() const { return m_isa; }
    ThreadPool& pool() { return m_pool; }

    std::string name() const override;
    DType activationType(DType) const override { return DType::F32; }
    DType residualType(DType) const override { return DType::F32; }
    void begin(std::stop_token stop) override { m_pool.setStop(std::move(stop)); }
    void wait() override {}
    void runRecorded(Recording&, const std::function<void()>& operations) override { operations(); }

    Tensor allocate(DType type, const Shape& shape) override { return hostTensor(type, shape); }
    void upload(Tensor& out, const Tensor& host) override;
    Tensor download(const Tensor& x) override;
    Tensor makeFloats(const Tensor& host) override;
    Tensor makeTable(const Tensor& host) override;
    int32_t best(const Tensor& logits) override;
    Candidates likeliest(const Tensor& logits, int64_t count) override;
    Linear makeLinear(const LinearSource& source) override;

    void gather(Tensor& out, const Tensor& table, const Tensor& ids) override;
    void copy(Tensor& out, const Tensor& x) override;
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

    bool hasSidePaths() const override { return true; }
    void activate(Tensor& x, Activation activation) override;
    void gateUp(Tensor& out, const Tensor& gateUp) override;

private:
    Isa m_isa;
    ThreadPool m_pool;
    Context m_context;
};

} // namespace argali::cpu
