#pragma once

#include "engine/forwardingbackend.h"

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
class CountingBackend final : public ForwardingBackend {
public:
    using ForwardingBackend::ForwardingBackend;
    const Work& work() const { return m_work; }

    /// What one run costs is counted while it is called and added when it is repeated.
    void runRecorded(Recording& recording, const std::function<void()>& operations) override;

    void gather(Tensor& out, const Tensor& table, const Tensor& ids) override;
    void linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                Activation activation) override;
    void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) override;
    void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                    Activation activation) override;
    void normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w) override;
    void attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                const DecodeState& state) override;
    void setLength(DecodeState& state, int32_t value) override;
    void advance(DecodeState& state, int32_t tokens) override;
    void attendFrames(Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches) override;
    void softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                   const Tensor& table) override;

private:
    void countProduct(const Tensor& x, const LinearWeight& w);

    Work m_work;
    Work m_growth;        ///< of the pass being counted, for each position more in the cache
    int64_t m_length = 0; ///< tokens in the cache; the backend's own copy may be on a card
};

} // namespace argali::cli
