#include "engine/families/ovis25vision.h"

#include <algorithm>

#include "engine/layers/ids.h"
#include "engine/layers/smartresize.h"

namespace argali::ovis25 {

namespace {

/// Source: the visual head is torch.nn.LayerNorm with its default epsilon
constexpr float visualHeadEpsilon = 1e-5F;

} // namespace

Vision::Vision(Backend& op, DType compute, const Dimensions& dimensions, const Names& names,
               const Normalization& normalization, int64_t positionSide)
    : m_op(op),
      m_compute(compute),
      m_residual(op.residualType(compute)),
      m_d(dimensions),
      m_names(names),
      m_normalization(normalization),
      m_positionSide(positionSide)
{
}

void Vision::load(WeightLoader& loader)
{
    const VisionConfig& v = m_d.vision;
    const auto layerNorm = [&](const std::string& name, int64_t width, float epsilon) {
        return Norm{Norm::Kind::Layer, loader.floats(name + "weight", {width}),
                    loader.floats(name + "bias", {width}), epsilon};
    };
    m_patchEmbedding = loader.linear({{m_names.patchEmbedding("weight"),
                                       {v.width, 3, m_d.patch, m_d.patch},
                                       m_names.patchEmbedding("bias")}});
    m_positionTable =
        loader.derivedFloats(m_names.positionTable(), {m_positionSide * m_positionSide, v.width});
    for (int64_t i = 0; i < v.layers && !loader.stopped(); ++i) {
        const auto part = [&](const std::string& name, int64_t out, int64_t in) {
            return LinearPart{m_names.visionLayer(i, name + ".weight"),
                              {out, in},
                              m_names.visionLayer(i, name + ".bias")};
        };
        VisionBlock block;
        block.attentionNorm = layerNorm(m_names.visionLayer(i, "layer_norm1."), v.width, v.epsilon);
        block.qkv = loader.linear({part("self_attn.q_proj", v.width, v.width),
                                   part("self_attn.k_proj", v.width, v.width),
                                   part("self_attn.v_proj", v.width, v.width)});
        block.output = loader.linear({part("self_attn.out_proj", v.width, v.width)});
        block.mlpNorm = layerNorm(m_names.visionLayer(i, "layer_norm2."), v.width, v.epsilon);
        block.up = loader.linear({part("mlp.fc1", v.feedForward, v.width)});
        block.down = loader.linear({part("mlp.fc2", v.width, v.feedForward)});
        m_blocks.push_back(std::move(block));
    }
    m_head = loader.wholeLinear({{m_names.visualHead(), {m_d.softRows(), m_d.mergedWidth()}}});
    m_headNorm = {
        Norm::Kind::Layer, loader.floats(m_names.visualHeadNorm("weight"), {m_d.softRows()}),
        loader.floats(m_names.visualHeadNorm("bias"), {m_d.softRows()}), visualHeadEpsilon};
    m_table = loader.table(m_names.visualTable(), {m_d.visualVocabulary, m_d.text.width});
}

Tensor Vision::preprocess(const VisualPart& part,
                          std::span<const std::shared_ptr<const Image>> frames,
                          const std::stop_token& stop)
{
    const int64_t framePatches = part.grid[1] * part.grid[2];
    Tensor patches = m_op.allocate(
        DType::F32, {static_cast<int64_t>(frames.size()) * framePatches, m_d.patchFeatures()});
    const auto& [mean, deviation] = m_normalization;
    const PatchLayout layout{m_d.patch,
                             m_d.vision.merge,
                             {mean[0], mean[1], mean[2]},
                             {deviation[0], deviation[1], deviation[2]}};
    m_op.begin(stop);
    for (size_t i = 0; i < frames.size(); ++i) {
        const Image resized = resize(*frames[i], part.size, ResizeFilter::Bilinear, stop);
        if (stop.stop_requested())
            return {};
        Tensor pixels = hostTensor(DType::U8, {part.size.height, part.size.width, 3});
        std::copy(resized.pixels().begin(), resized.pixels().end(), pixels.as<uint8_t>());
        Tensor image = m_op.allocate(DType::U8, pixels.shape());
        m_op.upload(image, pixels);
        Tensor out = patches.rows(static_cast<int64_t>(i) * framePatches, framePatches);
        m_op.patchify(out, image, layout);
    }
    return patches;
}

const Tensor& Vision::positions(int64_t rows, int64_t columns)
{
    if (m_positionsGrid != std::array{rows, columns}) {
        m_positions = m_op.allocate(DType::F32, {rows * columns, m_d.vision.width});
        m_op.resizePositions(m_positions, m_positionTable, rows, columns, m_d.vision.merge);
        m_positionsGrid = {rows, columns};
    }
    return m_positions;
}

Tensor Vision::encode(const VisualPart& part, const Tensor& patches, const ProgressSink& progress,
                      const std::stop_token& stop)
{
    const int64_t count = patches.dim(0);
    m_op.begin({}); // the table is kept: it must be whole
    const Tensor& table = positions(part.grid[1], part.grid[2]);
    if (m_scratch.patches() < count) {
        m_scratch = {}; // the old one goes before the new one comes
        m_scratch =
            VisionScratch(m_op, m_d.vision, count, m_op.activationType(m_compute), m_compute);
    }
    Tensor x = m_op.allocate(m_residual, {count, m_d.vision.width});
    m_op.begin(stop);
    m_op.linear(x, patches, *m_patchEmbedding);
    m_op.addPositions(x, table);
    for (size_t i = 0; i < m_blocks.size(); ++i) {
        visionBlock(m_op, m_blocks[i], m_d.vision, part.grid[1], part.grid[2], m_scratch, x);
        if (stop.stop_requested())
            return {};
        if (progress)
            progress({Progress::Phase::Vision, static_cast<int64_t>(i) + 1, m_d.vision.layers});
    }
    return x; // without the norm that follows in the file: the head was trained on these
}

Tensor Vision::project(const Tensor& features, const std::stop_token& stop)
{
    const int64_t merged = m_d.vision.merge * m_d.vision.merge;
    const int64_t count = features.dim(0) / merged;
    Tensor tokens = m_op.allocate(m_residual, {count, m_d.text.width});
    m_op.begin(stop);
    // Blocks of merge x merge patches are neighbours in memory: a token's features are just their
    // rows.
    m_op.softEmbed(tokens, features.view({count, m_d.mergedWidth()}), *m_head, m_headNorm, m_table);
    return stop.stop_requested() ? Tensor() : tokens;
}

Tensor Vision::withMarkers(const VisualPart& part, const Tensor& tokens)
{
    const int64_t count = tokens.dim(0);
    Tensor rows = m_op.allocate(m_residual, {count + 2, m_d.text.width});
    const auto firstIndicator = static_cast<int32_t>(m_d.softRows());
    const int32_t begin = firstIndicator + (part.film ? 2 : 0);
    Tensor first = rows.rows(0, 1);
    Tensor middle = rows.rows(1, count);
    Tensor last = rows.rows(count + 1, 1);
    m_op.begin({});
    const Tensor markers = uploadIds(m_op, std::array{begin, begin + 1});
    m_op.gather(first, m_table, markers.rows(0, 1));
    m_op.copy(middle, tokens);
    m_op.gather(last, m_table, markers.rows(1, 1));
    return rows;
}

} // namespace argali::ovis25
