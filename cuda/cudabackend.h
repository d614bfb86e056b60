#pragma once

#include "cuda/graph.h"
#include "cuda/kernels/attention.h"
#include "cuda/matmul.h"
#include "cuda/memory.h"
#include "cuda/runahead.h"
#include "engine/backend.h"

namespace argali::cuda {

class CardLinear;

/// Every operation on an NVIDIA card. Weights and what lies between two products have the compute
/// type, the residual stream is f32, products and sums are f32. Operations are enqueued in the
/// order of one stream; download() waits for it. Products of more than stepRows rows go to Matmul,
/// others to a kernel that reads the weights once.
class CudaBackend final : public Backend {
public:
    /// Rows that are still a step of generating and not a prompt.
    static constexpr int64_t stepRows = 8;

    /// Throws: Error::Code::Device
    explicit CudaBackend(int card);
    ~CudaBackend() override;

    std::string name() const override;
    DType activationType(DType compute) const override { return compute; }
    DType residualType(DType) const override { return DType::F32; }
    void begin(std::stop_token stop) override;
    void wait() override { m_memory.wait(); }
    void runRecorded(Recording& recording, const std::function<void()>& operations) override;

    Tensor allocate(DType type, const Shape& shape) override
    {
        return m_memory.allocate(type, shape);
    }
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

private:
    /// False once stop is requested: the operation is left out. While a graph is captured every
    /// operation belongs in it.
    bool goesOn();
    /// x in this type, converted when it has another.
    Tensor inType(const Tensor& x, DType type);
    /// out = finish(norm(x) w^T) for any number of rows; an empty norm is none.
    void product(Tensor& out, const Tensor& x, const Norm* norm, const CardLinear& w,
                 const Finish& finish);
    void reserveStepScratch(const AttentionShape& shape);

    int m_card;
    std::string m_cardName;
    Memory m_memory;
    Matmul m_matmul;
    RunAhead m_runAhead;
    std::stop_token m_stop;
    bool m_capturing = false;
    Tensor m_stepScratch;  // f32: partial results of attention in a step
    Tensor m_stepCounters; // I32: blocks of a step that are done; 0 between steps
};

/// A backend on this card, whose context is made anew first when an earlier error has left it
/// unusable. Throws: Error::Code::Device
std::unique_ptr<Backend> makeCudaBackend(int card);

} // namespace argali::cuda
