#pragma once

#include <array>
#include <vector>

#include "engine/families/families.h"
#include "engine/families/loading.h"
#include "engine/families/ovis25config.h"

namespace argali::ovis25 {

/// From pixels to soft tokens: patches, the vision encoder and the visual head.
/// Thread: engine.
class Vision final {
public:
    /// The backend must outlive this object.
    Vision(Backend& op, DType compute, const Dimensions& dimensions, const Names& names,
           const Normalization& normalization, int64_t positionSide);

    void load(WeightLoader& loader);

    /// As the functions of Family with these names.
    Tensor preprocess(const VisualPart& part, std::span<const std::shared_ptr<const Image>> frames,
                      const std::stop_token& stop);
    Tensor encode(const VisualPart& part, const Tensor& patches, const ProgressSink& progress,
                  const std::stop_token& stop);
    Tensor project(const Tensor& features, const std::stop_token& stop);
    Tensor withMarkers(const VisualPart& part, const Tensor& tokens);
    /// Gives back what encode() keeps for the next frame.
    void releaseScratch() { m_scratch = {}; }

private:
    const Tensor& positions(int64_t rows, int64_t columns);

    Backend& m_op;
    DType m_compute;
    DType m_residual;
    Dimensions m_d;
    Names m_names;
    Normalization m_normalization;
    int64_t m_positionSide; // of the square table

    Linear m_patchEmbedding; // [vision D, 3 patch^2]
    Tensor m_positionTable;  // f32 [side^2, vision D]
    Tensor m_positions;      // the table at the size of m_positionsGrid
    std::array<int64_t, 2> m_positionsGrid{};
    std::vector<VisionBlock> m_blocks;
    VisionScratch m_scratch;
    Linear m_head; // [soft rows, merge^2 vision D]
    Norm m_headNorm;
    Tensor m_table; // [visual vocabulary, D]
};

} // namespace argali::ovis25
