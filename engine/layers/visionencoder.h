#pragma once

#include <vector>

#include "engine/engine.h"
#include "engine/layers/visionblock.h"

namespace argali {

/// A vision transformer over square pictures of one size, with a class token in front of the
/// patches and a table of positions: CLIP's and InternViT's. Source: arXiv:2010.11929, eq. 1 to 3
/// Thread: engine.
class VisionEncoder final {
public:
    struct Weights {
        Linear patchEmbedding; ///< [D, 3 patch^2]
        Tensor classRow;       ///< f32 [1, D]
        Tensor positions; ///< f32 [1 + P, D], the class token's first, in the order of the patches
        Norm preNorm;     ///< without a weight: none
        std::vector<VisionBlock> blocks;
    };

    VisionEncoder() = default;
    /// The backend must outlive this object. patches: P of a picture.
    VisionEncoder(Backend& op, DType compute, const VisionConfig& config, int64_t patches);

    void setWeights(Weights weights) { m_weights = std::move(weights); }

    /// The residual stream behind the last block, picture by picture, without the class token's
    /// rows unless they are kept. Empty once stopped. Shape:  patches [pictures P, 3 patch^2] ->
    /// [pictures P, D], or [pictures (1 + P), D]
    Tensor encode(const Tensor& patches, bool keepClass, const ProgressSink& progress,
                  const std::stop_token& stop);
    /// Gives back what encode() keeps for the next picture.
    void releaseScratch();

    /// Bytes that encode() takes beside the weights.
    static int64_t workspace(const VisionConfig& config, int64_t patches, int64_t pictures,
                             DType compute);

private:
    /// One picture into m_rows; false once stopped.
    bool encodePicture(const Tensor& patches, const std::function<void(int64_t)>& blockDone,
                       const std::stop_token& stop);

    Backend* m_op = nullptr;
    DType m_compute = DType::F32;
    VisionConfig m_config;
    int64_t m_patches = 0;
    Weights m_weights;
    VisionScratch m_scratch;
    Tensor m_rows; // [1 + P, D]
};

} // namespace argali
