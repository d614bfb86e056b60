#include "engine/layers/visionencoder.h"

namespace argali {

VisionEncoder::VisionEncoder(Backend& op, DType compute, const VisionConfig& config,
                             int64_t patches)
    : m_op(&op), m_compute(compute), m_config(config), m_patches(patches)
{
}

void VisionEncoder::releaseScratch()
{
    m_scratch = {};
    m_rows = {};
}

int64_t VisionEncoder::workspace(const VisionConfig& config, int64_t patches, int64_t pictures,
                                 DType compute)
{
    const int64_t rows = 1 + patches;
    const int64_t stream = sizeOf(DType::F32) * config.width;
    return VisionScratch::bytes(config, rows, DType::F32, compute) + 2 * rows * stream +
           pictures * patches * stream;
}

bool VisionEncoder::encodePicture(const Tensor& patches,
                                  const std::function<void(int64_t)>& blockDone,
                                  const std::stop_token& stop)
{
    Backend& op = *m_op;
    Tensor first = m_rows.rows(0, 1);
    Tensor others = m_rows.rows(1, m_patches);
    op.copy(first, m_weights.classRow);
    op.linear(others, patches, *m_weights.patchEmbedding);
    op.addPositions(m_rows, m_weights.positions);
    if (!m_weights.preNorm.weight.isEmpty()) {
        const Tensor before = op.allocate(m_rows.type(), m_rows.shape());
        Tensor kept = before;
        op.copy(kept, m_rows);
        op.norm(m_rows, kept, m_weights.preNorm);
    }
    for (size_t i = 0; i < m_weights.blocks.size(); ++i) {
        // The class token sees and is seen like a patch: a frame has one position more.
        visionBlock(op, m_weights.blocks[i], m_config, 1, 1 + m_patches, m_scratch, m_rows);
        if (stop.stop_requested())
            return false;
        blockDone(static_cast<int64_t>(i) + 1);
    }
    return true;
}

Tensor VisionEncoder::encode(const Tensor& patches, bool keepClass, const ProgressSink& progress,
                             const std::stop_token& stop)
{
    Backend& op = *m_op;
    const int64_t pictures = patches.dim(0) / m_patches;
    const int64_t skipped = keepClass ? 0 : 1;
    const int64_t rows = 1 + m_patches - skipped;
    if (m_rows.isEmpty()) {
        m_scratch =
            VisionScratch(op, m_config, 1 + m_patches, op.activationType(m_compute), m_compute);
        m_rows = op.allocate(op.residualType(m_compute), {1 + m_patches, m_config.width});
    }
    Tensor features = op.allocate(m_rows.type(), {pictures * rows, m_config.width});
    op.begin(stop);
    const auto blocks = static_cast<int64_t>(m_weights.blocks.size());
    for (int64_t i = 0; i < pictures; ++i) {
        const auto blockDone = [&](int64_t done) {
            if (progress)
                progress({Progress::Phase::Vision, i * blocks + done, pictures * blocks});
        };
        if (!encodePicture(patches.rows(i * m_patches, m_patches), blockDone, stop))
            return {};
        Tensor place = features.rows(i * rows, rows);
        op.copy(place, m_rows.rows(skipped, rows));
    }
    return features;
}

} // namespace argali
