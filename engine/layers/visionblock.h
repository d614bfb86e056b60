#pragma once

#include <optional>

#include "engine/backend.h"

namespace argali {

/// Sizes of a vision transformer with pre-normalisation and full attention within a frame.
struct VisionConfig {
    int64_t layers = 0;
    int64_t width = 0;       ///< D
    int64_t heads = 0;       ///< H
    int64_t feedForward = 0; ///< F
    float epsilon = 0;
    float ropeTheta = 0; ///< 0: positions are a table alone
    Activation activation = Activation::GeluTanh;
    int64_t merge = 1; ///< patches come in blocks of merge x merge
};

/// Norms over D of q and k before they are split into heads, which then have a matrix each.
struct WholeNorms {
    Norm queryNorm;
    Norm keyNorm;
    Linear query; ///< [D, D]
    Linear key;   ///< [D, D]
    Linear value; ///< [D, D]
};

/// Weights of one block.
struct VisionBlock {
    Norm attentionNorm;
    Linear qkv; ///< [3 D, D]; empty with wholeNorms
    std::optional<WholeNorms> wholeNorms;
    Linear output; ///< [D, D]
    Norm mlpNorm;
    Linear up;   ///< [F, D]
    Linear down; ///< [D, F]
};

/// What a pass over up to a fixed number of patches needs beside its input.
class VisionScratch final {
public:
    VisionScratch() = default;
    /// Throws: Error::Code::OutOfMemory
    /// qkv is kept in the type of the weights, which halves it for 16-bit ones and lets attention
    /// multiply in it.
    VisionScratch(Backend& op, const VisionConfig& config, int64_t patches, DType activation,
                  DType compute);
    int64_t patches() const { return m_qkv.isEmpty() ? 0 : m_qkv.dim(0); }
    static int64_t bytes(const VisionConfig& config, int64_t patches, DType activation,
                         DType compute);

private:
    /// qkv = q, k and v of the normalised rows, with norms over all of their width.
    static void wholeQkv(Backend& op, const VisionBlock& w, VisionScratch& s, Tensor& qkv,
                         const Tensor& x);
    friend void visionBlock(Backend& op, const VisionBlock& w, const VisionConfig& c, int64_t rows,
                            int64_t columns, VisionScratch& s, Tensor& x);
    Tensor m_qkv;   // [P, 3 D]
    Tensor m_heads; // [P, D]
    Tensor m_inner; // [at most mlpRows, F]
    Tensor m_apart; // q, k and v one behind the other [3 P, D], made when it is needed
    Tensor m_order; // I32 [3 P]: where in m_apart the rows of qkv lie
};

/// One block over whole frames of rows x columns patches; x [P, D] is the residual stream, changed
/// in place. Thread: engine.
void visionBlock(Backend& op, const VisionBlock& w, const VisionConfig& c, int64_t rows,
                 int64_t columns, VisionScratch& s, Tensor& x);

} // namespace argali
