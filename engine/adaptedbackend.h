#pragma once

#include <unordered_map>

#include "engine/forwardingbackend.h"

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
class AdaptedBackend final : public ForwardingBackend {
public:
    using ForwardingBackend::ForwardingBackend;

    /// From the next operation on; null for none. They must outlive their use.
    void use(const AdapterParts* parts) { m_parts = parts; }

    /// What an adapter adds takes memory of its own each time, so that it is not recorded.
    void runRecorded(Recording& recording, const std::function<void()>& operations) override;

    void gather(Tensor& out, const Tensor& table, const Tensor& ids) override;
    void copy(Tensor& out, const Tensor& x) override { op().copy(out, current(x)); }
    void linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                Activation activation) override;
    void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) override;
    void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                    Activation activation) override;
    void norm(Tensor& out, const Tensor& x, const Norm& norm) override;

    void normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w) override;
    void headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv, const HeadNorms& norms,
                            const Rope& rope, const DecodeState& state) override;

    void addPositions(Tensor& x, const Tensor& positions) override
    {
        op().addPositions(x, current(positions));
    }
    void softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                   const Tensor& table) override;

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

    const AdapterParts* m_parts = nullptr;
};

} // namespace argali
