#include "engine/families/internvl2.h"

#include <algorithm>

#include "engine/checkpoint/syntheticweights.h"
#include "engine/families/internvl2config.h"
#include "engine/families/internvl2prompt.h"
#include "engine/families/joinedweights.h"
#include "engine/layers/ids.h"
#include "engine/layers/pictureinput.h"
#include "engine/layers/tiling.h"
#include "engine/layers/visionencoder.h"

namespace argali::internvl2 {

namespace {

/// Source: the projector's first layer is torch.nn.LayerNorm with its default epsilon
constexpr float projectorEpsilon = 1e-5F;

class InternVl2 final : public Family {
public:
    explicit InternVl2(ModelFolder folder);

    const ModelInfo& info() const override { return m_info; }
    MemoryEstimate memory(DType compute, int64_t context) const override;
    bool load(const std::vector<LayerShare>& shares, DType compute, const ProgressSink& progress,
              std::stop_token stop) override;
    void checkTokenizer(const Tokenizer& tokenizer) const override;
    std::vector<int32_t> stopIds(const Tokenizer& tokenizer) const override;
    ThinkingRules thinking(const Tokenizer&) const override { return {}; }
    std::optional<int32_t> placeholderId() const override { return m_placeholder; }
    VisualPart fit(ImageSize size, int64_t frames, const ChatRequest& request) const override;
    Prompt prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                  std::span<const VisualPart> parts) const override
    {
        return renderPrompt(tokenizer, request, parts, m_d, m_beginId);
    }
    Tensor preprocess(const VisualPart& part, std::span<const std::shared_ptr<const Image>> frames,
                      std::stop_token stop) override;
    Tensor asReference(const VisualPart&, const Tensor& patches) const override
    {
        return picturesOf(patches, m_d.gridSide(), m_d.gridSide(), layout());
    }
    Tensor encode(const VisualPart&, const Tensor& patches, const ProgressSink& progress,
                  std::stop_token stop) override
    {
        return m_encoder.encode(patches, false, progress, stop);
    }
    Tensor project(const Tensor& features, std::stop_token stop) override;
    int64_t rowsOf(const VisualPart& part) const override
    {
        return part.grid[0] * part.tileCount() * m_d.tileTokens();
    }
    std::unique_ptr<KvCache> makeCache(int64_t capacity) const override
    {
        return m_language.makeCache(capacity);
    }
    int64_t usable(const KvCache& cache, int64_t positions) const override
    {
        return m_language.usable(cache, positions);
    }
    Tensor decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                  const ProgressSink& progress, std::stop_token stop) override
    {
        m_encoder.releaseScratch(); // both passes take their memory from the same place: the most,
                                    // not the sum
        return m_language.decode(ids, visual, cache, progress, stop);
    }

private:
    void readInfo();
    void loadVision(WeightLoader& loader, Backend& op, DType compute);
    VisionBlock loadBlock(WeightLoader& loader, int64_t i) const;
    /// The class token's row, and the others at the size of a tile in the order of the patches.
    Tensor loadPositions(WeightLoader& loader, Backend& op) const;
    PatchLayout layout() const;

    ModelFolder m_folder;
    Config m_text;
    Dimensions m_d;
    Normalization m_normalization;
    Names m_names;
    ModelInfo m_info;
    std::optional<int32_t> m_beginId;
    mutable std::optional<int32_t> m_placeholder; // known once there is a tokenizer

    Backend* m_op = nullptr; // set by load(): the first
    DType m_compute = DType::F32;
    LanguageModel m_language;
    VisionEncoder m_encoder;
    Norm m_projectorNorm;
    Linear m_projectorUp;   // [D, merge^2 vision D]
    Linear m_projectorDown; // [D, D]
};

Normalization readPreprocessing(const Config& preprocessor, Layout layout)
{
    // Source: build_transform() of the published code, which does not look at the preprocessor's
    // file
    const Normalization imagenet{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
    return layout == Layout::Original ? imagenet
                                      : readNormalization(preprocessor, imagenet, familyName);
}

InternVl2::InternVl2(ModelFolder folder)
    : m_folder(std::move(folder)),
      m_text(
          m_folder.config.object(m_folder.config.has("llm_config") ? "llm_config" : "text_config")),
      m_d(readDimensions(m_folder.config, m_folder.preprocessor)),
      m_normalization(readPreprocessing(m_folder.preprocessor, m_d.layout)),
      m_names(*m_folder.weights, m_d)
{
    // The published 1B file asks for a tied head and holds one of its own, which counts.
    m_d.text.tiedHead = m_text.boolean("tie_word_embeddings",
                                       m_folder.config.boolean("tie_word_embeddings", false)) &&
                        !m_folder.weights->describe(m_names.text().head);
    constexpr int64_t published = 1;
    if (m_d.beginsText && readTokenizerConfig(m_folder.path).boolean("add_bos_token", true))
        m_beginId = static_cast<int32_t>(
            m_text.integer("bos_token_id", 0, m_d.text.decoder.vocabulary - 1, published));
    readInfo();
}

void InternVl2::readInfo()
{
    m_info.family = "internvl2";
    m_info.name = m_folder.path.filename().string();
    describeTensors(m_info, *m_folder.weights, usedTensors(m_d, m_names),
                    [&](const std::string& name) {
                        for (int64_t i = m_d.vision.layers; i < m_d.visionLayers; ++i)
                            if (name.starts_with(m_names.layer(i, "")))
                                return true;
                        return name.ends_with("rotary_emb.inv_freq");
                    });
    describeFiles(m_info, m_folder.path, *m_folder.weights);
    m_info.context = m_d.text.context;
    m_info.layers = m_d.text.decoder.layers;
    m_info.storedType = m_folder.weights->describe(m_names.text().embedding())->type;
    m_info.seesPictures = m_info.seesFilms = m_info.mixesPicturesAndFilms = true;
    m_info.filmsAtMost = std::numeric_limits<int>::max();
    m_info.maxTiles = static_cast<int>(m_d.mostTiles);
}

MemoryEstimate InternVl2::memory(DType compute, int64_t context) const
{
    const int64_t tiles = m_d.mostTiles + (m_d.thumbnail && m_d.mostTiles > 1 ? 1 : 0);
    const int64_t tokens = tiles * m_d.tileTokens();
    const int64_t vision = VisionEncoder::workspace(m_d.vision, m_d.patches(), tiles, compute) +
                           sizeOf(DType::F32) * (tiles * m_d.patches() * 3 * m_d.patch * m_d.patch +
                                                 2 * tokens * m_d.text.decoder.width);
    return estimateOf(*m_folder.weights, usedTensors(m_d, m_names), m_d.text, m_names.text(),
                      compute, context, vision, tokens);
}

bool InternVl2::load(const std::vector<LayerShare>& shares, DType compute,
                     const ProgressSink& progress, std::stop_token stop)
{
    logUnknownTensors(m_info);
    m_op = shares.front().op;
    m_compute = compute;
    int64_t bytes = 0;
    for (const NamedShape& tensor : usedTensors(m_d, m_names))
        bytes += m_folder.weights->describe(tensor.name)->bytes();
    WeightLoader loader(*m_op, *m_folder.weights, compute, bytes, progress, stop,
                        m_folder.loaded.get());
    m_language = loadTextModel(loader, shares, m_d.text, m_names.text(), compute);
    loadVision(loader, *m_op, compute);
    const int64_t width = m_d.text.decoder.width;
    m_projectorNorm = {
        Norm::Kind::Layer, loader.floats(m_names.projector(0, "weight"), {m_d.mergedWidth()}),
        loader.floats(m_names.projector(0, "bias"), {m_d.mergedWidth()}), projectorEpsilon};
    m_projectorUp = loader.linear({{m_names.projector(1, "weight"),
                                    {width, m_d.mergedWidth()},
                                    m_names.projector(1, "bias")}});
    m_projectorDown = loader.linear(
        {{m_names.projector(2, "weight"), {width, width}, m_names.projector(2, "bias")}});
    return !loader.stopped();
}

Tensor InternVl2::loadPositions(WeightLoader& loader, Backend& op) const
{
    const int64_t width = m_d.vision.width;
    const int64_t entries = 1 + m_d.tableSide * m_d.tableSide;
    const Tensor all = loader.derivedFloats(m_names.positions(), {1, entries, width});
    if (loader.stopped())
        return {};
    const Tensor table = all.view({entries, width});
    Tensor positions = op.allocate(DType::F32, {1 + m_d.patches(), width});
    Tensor first = positions.rows(0, 1);
    Tensor others = positions.rows(1, m_d.patches());
    op.begin({});
    op.copy(first, table.rows(0, 1));
    // At the table's own size this only puts the rows into the order of the patches.
    op.resizePositions(others, table.rows(1, entries - 1), m_d.gridSide(), m_d.gridSide(),
                       m_d.vision.merge);
    return positions;
}

VisionBlock InternVl2::loadBlock(WeightLoader& loader, int64_t i) const
{
    const VisionConfig& v = m_d.vision;
    const auto norm = [&](const std::string& name) {
        return Norm{m_d.rmsNorm ? Norm::Kind::Rms : Norm::Kind::Layer,
                    loader.floats(name + ".weight", {v.width}),
                    m_d.rmsNorm ? Tensor() : loader.floats(name + ".bias", {v.width}), v.epsilon};
    };
    const auto part = [&](const std::string& name, int64_t out, int64_t in,
                          const std::string& scale) {
        return LinearPart{name + ".weight", {out, in}, name + ".bias", {}, scale};
    };
    VisionBlock block;
    block.attentionNorm = norm(m_names.norm(i, false));
    const std::vector<LinearPart> qkv = m_names.qkv(i, m_d);
    if (m_d.wholeNorms) {
        const auto rms = [&](bool key) {
            return Norm{Norm::Kind::Rms,
                        loader.floats(m_names.wholeNorm(i, key), {v.width}),
                        {},
                        v.epsilon};
        };
        block.wholeNorms = {rms(false), rms(true), loader.linear({qkv[0]}), loader.linear({qkv[1]}),
                            loader.linear({qkv[2]})};
    } else {
        block.qkv = loader.linear(qkv);
    }
    // A factor for each channel of what a block adds (LayerScale) is as good as one for each row of
    // the matrix.
    block.output = loader.linear(
        {part(m_names.attentionOutput(i), v.width, v.width, m_names.scale(i, false))});
    block.mlpNorm = norm(m_names.norm(i, true));
    block.up = loader.linear({part(m_names.layer(i, "mlp.fc1"), v.feedForward, v.width, "")});
    block.down = loader.linear(
        {part(m_names.layer(i, "mlp.fc2"), v.width, v.feedForward, m_names.scale(i, true))});
    return block;
}

void InternVl2::loadVision(WeightLoader& loader, Backend& op, DType compute)
{
    const VisionConfig& v = m_d.vision;
    VisionEncoder::Weights w;
    w.patchEmbedding = loader.linear({{m_names.patchEmbedding("weight"),
                                       {v.width, 3, m_d.patch, m_d.patch},
                                       m_names.patchEmbedding("bias")}});
    w.classRow = loader.floats(m_names.classToken(), {1, 1, v.width});
    if (!loader.stopped())
        w.classRow = w.classRow.view({1, v.width});
    w.positions = loadPositions(loader, op);
    for (int64_t i = 0; i < v.layers && !loader.stopped(); ++i)
        w.blocks.push_back(loadBlock(loader, i));
    m_encoder = VisionEncoder(op, compute, v, m_d.patches());
    m_encoder.setWeights(std::move(w));
}

void InternVl2::checkTokenizer(const Tokenizer& tokenizer) const
{
    // Without these the template would be spelled out, and the answer would be nonsense without a
    // word.
    std::vector<std::string> needed{"<img>", "</img>", m_d.context};
    if (m_d.frame == Frame::Phi3)
        needed.insert(needed.end(), {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>"});
    else
        needed.insert(needed.end(), {"<|im_start|>", "<|im_end|>"});
    for (const std::string& token : needed)
        if (!tokenizer.addedToken(token))
            throw Error(Error::Code::BadModel,
                        m_folder.path.string() + ": the tokenizer has no token " + token +
                            ", which the prompt of " + familyName + " consists of");
    m_placeholder = tokenizer.addedToken(m_d.context);
}

std::vector<int32_t> InternVl2::stopIds(const Tokenizer& tokenizer) const
{
    const int64_t last = m_d.text.decoder.vocabulary - 1;
    std::vector<int32_t> ids = m_folder.generation.integers("eos_token_id", 0, last);
    for (const int32_t id : m_text.integers("eos_token_id", 0, last))
        ids.push_back(id);
    // What begins or ends a message ends an answer whatever the files say.
    for (const char* token : {"<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|end|>", "<|user|>",
                              "<|system|>", "<|assistant|>", "</s>"})
        if (const auto id = tokenizer.addedToken(token))
            ids.push_back(*id);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

VisualPart InternVl2::fit(ImageSize size, int64_t frames, const ChatRequest& request) const
{
    VisualPart part;
    part.film = frames > 0;
    const int64_t most = part.film ? 1 : request.maxTiles.value_or(static_cast<int>(m_d.mostTiles));
    if (most < 1)
        throw Error(Error::Code::BadRequest,
                    "a picture needs at least 1 tile, not " + std::to_string(most));
    const int64_t least = std::min(m_d.leastTiles, most);
    part.tiles = tileGrid(size, static_cast<int>(m_d.side), least, most);
    part.thumbnail = m_d.thumbnail && part.tiles[0] * part.tiles[1] > 1;
    part.size = {static_cast<int>(part.tiles[0] * m_d.side),
                 static_cast<int>(part.tiles[1] * m_d.side)};
    part.grid = {std::max<int64_t>(frames, 1), part.tiles[1] * m_d.gridSide(),
                 part.tiles[0] * m_d.gridSide()};
    return part;
}

PatchLayout InternVl2::layout() const
{
    const auto& [mean, deviation] = m_normalization;
    return {m_d.patch,
            m_d.vision.merge,
            {mean[0], mean[1], mean[2]},
            {deviation[0], deviation[1], deviation[2]}};
}

Tensor InternVl2::preprocess(const VisualPart& part,
                             std::span<const std::shared_ptr<const Image>> frames,
                             std::stop_token stop)
{
    std::vector<Image> tiles;
    for (const std::shared_ptr<const Image>& frame : frames) {
        for (Image& tile :
             cutIntoTiles(*frame, part.tiles, static_cast<int>(m_d.side), part.thumbnail, stop))
            tiles.push_back(std::move(tile));
        if (stop.stop_requested())
            return {};
    }
    return patchesOf(*m_op, tiles, layout(), stop);
}

Tensor InternVl2::project(const Tensor& features, std::stop_token stop)
{
    const int64_t tokens = features.count() / m_d.mergedWidth();
    const int64_t width = m_d.text.decoder.width;
    Tensor inner = m_op->allocate(m_op->activationType(m_compute), {tokens, width});
    Tensor rows = m_op->allocate(m_op->residualType(m_compute), {tokens, width});
    m_op->begin(stop);
    // Blocks of merge x merge patches are neighbours in memory: a token's features are just their
    // rows.
    m_op->normLinear(inner, features.view({tokens, m_d.mergedWidth()}), m_projectorNorm,
                     *m_projectorUp, Activation::Gelu);
    m_op->linear(rows, inner, *m_projectorDown);
    if (m_d.transposed) {
        const int64_t side = m_d.gridSide() / m_d.vision.merge;
        std::vector<int32_t> order;
        for (int64_t i = 0; i < tokens; ++i) {
            const int64_t place = i % (side * side);
            order.push_back(static_cast<int32_t>(i - place + place % side * side + place / side));
        }
        Tensor turned = m_op->allocate(rows.type(), rows.shape());
        m_op->gather(turned, rows, uploadIds(*m_op, order));
        rows = turned;
    }
    return stop.stop_requested() ? Tensor() : rows;
}

} // namespace

bool matches(const Config& config)
{
    const std::string type = config.string("model_type", "");
    return (type == "internvl_chat" && config.has("llm_config") && config.has("vision_config")) ||
           (type == "internvl" && config.has("text_config") && config.has("vision_config"));
}

std::unique_ptr<Family> make(ModelFolder folder)
{
    return std::make_unique<InternVl2>(std::move(folder));
}

std::optional<ModelFolder> synthetic(const std::string& name, int64_t layers, DType stored,
                                     std::stop_token stop)
{
    const std::optional<Config> config = publishedConfig(name, layers);
    if (!config)
        return std::nullopt;
    ModelFolder folder;
    folder.config = *config;
    const Dimensions d = readDimensions(folder.config, {});
    const Names names(PublishedSpelling({"language_model.model.", "vision_model.", "mlp1."}), d);
    std::vector<std::pair<std::string, Shape>> shapes;
    for (NamedShape& tensor : usedTensors(d, names))
        shapes.emplace_back(std::move(tensor.name), tensor.shape);
    folder.weights = syntheticWeights(std::move(shapes), stored, std::move(stop));
    return folder;
}

} // namespace argali::internvl2
