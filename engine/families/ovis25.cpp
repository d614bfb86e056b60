#include "engine/families/ovis25.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/checkpoint/syntheticweights.h"
#include "engine/families/loading.h"
#include "engine/families/ovis25config.h"
#include "engine/families/ovis25prompt.h"
#include "engine/layers/smartresize.h"
#include "engine/log.h"

namespace argali::ovis25 {

namespace {

/// The prompt goes through the decoder in chunks of this many tokens: large enough for the matrix units,
/// small enough for a stop and for memory.
constexpr int64_t prefillChunk = 512;

// Source: preprocess_inputs of the published code
constexpr int64_t defaultMinPixels = 448 * 448;
constexpr int64_t defaultMaxPixels = 1344 * 1792;
constexpr int64_t largeModelMaxPixels = 1792 * 1792;
constexpr int64_t largeModelWidth = 4096;

/// Source: the visual head is torch.nn.LayerNorm with its default epsilon
constexpr float visualHeadEpsilon = 1e-5F;

/// What a pass over one token works on. It is kept, and with it what the backend recorded of the pass.
struct Step {
    Tensor id;     // I32 [1]
    Tensor x;      // [1, D]
    Tensor logits; // f32 [1, V]
    DecoderScratch scratch;
    uint64_t cache = 0; // that the recording writes to
    Recording recording;
};

class Ovis25 final : public Family {
public:
    explicit Ovis25(ModelFolder folder);

    const ModelInfo& info() const override { return m_info; }
    MemoryEstimate memory(DType compute, int64_t context) const override;
    bool load(Backend& op, DType compute, const ProgressSink& progress, std::stop_token stop) override;
    void checkTokenizer(const Tokenizer& tokenizer) const override;
    std::vector<int32_t> stopIds(const Tokenizer& tokenizer) const override;
    ThinkingRules thinking(const Tokenizer& tokenizer) const override;
    PixelBounds pixelBounds(const ChatRequest& request) const override;
    VisualPart fit(ImageSize size, int64_t frames, const PixelBounds& bounds) const override;
    Prompt prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                  std::span<const VisualPart> parts) const override;
    Tensor preprocess(const VisualPart& part, std::span<const std::shared_ptr<const Image>> frames,
                      std::stop_token stop) override;
    Tensor encode(const VisualPart& part, const Tensor& patches, const ProgressSink& progress,
                  std::stop_token stop) override;
    Tensor project(const Tensor& features, std::stop_token stop) override;
    int64_t rowsOf(const VisualPart& part) const override;
    Tensor withMarkers(const VisualPart& part, const Tensor& tokens) override;
    std::unique_ptr<KvCache> makeCache(int64_t capacity) const override;
    Tensor decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                  const ProgressSink& progress, std::stop_token stop) override;

private:
    void readInfo();
    void loadText(WeightLoader& loader);
    void loadVision(WeightLoader& loader);
    /// Rows of a chunk: embeddings of its ids, and rows of visual from firstVisual on for negative ones.
    void embed(Tensor& x, std::span<const int32_t> ids, const Tensor& visual, int64_t firstVisual);
    Tensor uploadIds(std::span<const int32_t> ids);
    const Tensor& positions(int64_t rows, int64_t columns);
    /// Logits f32 [1, V] after the last of the ids; empty once stopped.
    Tensor prefill(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                   const ProgressSink& progress, std::stop_token stop);
    /// The same for one id, always with the same tensors, so that the pass can be repeated.
    Tensor step(int32_t id, KvCache& cache, std::stop_token stop);

    ModelFolder m_folder;
    Dimensions m_d;
    Names m_names;
    Normalization m_normalization;
    int64_t m_positionSide = 0; ///< of the square table
    ModelInfo m_info;

    Backend* m_op = nullptr; // set by load()
    DType m_compute = DType::F32;
    DType m_activation = DType::F32; // between two products
    DType m_residual = DType::F32;

    Tensor m_embedding; // [V, D]
    std::vector<DecoderBlock> m_blocks;
    Norm m_finalNorm;
    Linear m_outputHead; // [V, D]
    Step m_step;

    Linear m_patchEmbedding;  // [vision D, 3 patch^2]
    Tensor m_positionTable;   // f32 [side^2, vision D]
    Tensor m_positions;       // the table at the size of m_positionsGrid
    std::array<int64_t, 2> m_positionsGrid{};
    std::vector<VisionBlock> m_visionBlocks;
    VisionScratch m_visionScratch;
    Linear m_visualHead; // [soft rows, merge^2 vision D]
    Norm m_visualHeadNorm;
    Tensor m_visualTable; // [visual vocabulary, D]
};

Ovis25::Ovis25(ModelFolder folder)
    : m_folder(std::move(folder)), m_d(readDimensions(m_folder.config)), m_names(*m_folder.weights),
      m_normalization(readPreprocessing(m_folder.preprocessor, m_d))
{
    readInfo();
}

void Ovis25::readInfo()
{
    const std::optional<TensorKind> table = m_folder.weights->describe(m_names.positionTable());
    if (!table || table->shape.rank() != 2)
        throw Error(Error::Code::BadModel, m_folder.weights->origin(m_names.positionTable()) + ": tensor "
                        + inQuotes(m_names.positionTable()) + " is missing or not a table");
    m_positionSide = std::llround(std::sqrt(static_cast<double>(table->shape.dim(0))));

    std::set<std::string, std::less<>> known{m_names.outputHead(), m_names.unusedNorm("weight"),
                                             m_names.unusedNorm("bias")};
    m_info.family = "ovis2_5";
    m_info.name = m_folder.path.filename().string();
    for (const NamedShape& tensor : usedTensors(m_d, m_names, m_positionSide)) {
        m_info.parameters += m_folder.weights->requireKind(tensor.name, tensor.shape).shape.count();
        known.insert(tensor.name);
    }
    for (const char* suffix : {"weight", "bias"})
        if (const auto unused = m_folder.weights->describe(m_names.unusedNorm(suffix)))
            m_info.parameters += unused->shape.count();
    for (const std::string& name : m_folder.weights->names())
        if (!known.contains(name))
            m_info.unknownTensors.push_back(name);
    for (const char* file : {"config.json", "generation_config.json", "preprocessor_config.json",
                             "processor_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json",
                             "merges.txt", "added_tokens.json", "model.safetensors.index.json"})
        if (std::error_code failure; std::filesystem::exists(m_folder.path / file, failure))
            m_info.files.emplace_back(file);
    for (const std::filesystem::path& file : m_folder.weights->files())
        m_info.files.push_back(file.filename());
    m_info.context = m_d.context;
    m_info.storedType = m_folder.weights->describe(m_names.text("embed_tokens.weight"))->type;
    m_info.seesPictures = m_info.seesFilms = m_info.thinks = true;

    const Config& pre = m_folder.preprocessor;
    const Config size = pre.has("size") ? pre.object("size") : Config();
    const int64_t familyMax = m_d.text.width >= largeModelWidth ? largeModelMaxPixels : defaultMaxPixels;
    constexpr int64_t most = int64_t(1) << 32;
    // In one published form these are called edges, but they are counts of pixels too.
    m_info.minPixels = pre.integer("min_pixels", 1, most, size.integer("shortest_edge", 1, most, defaultMinPixels));
    m_info.maxPixels = pre.integer("max_pixels", 1, most, size.integer("longest_edge", 1, most, familyMax));
}

MemoryEstimate Ovis25::memory(DType compute, int64_t context) const
{
    MemoryEstimate estimate;
    for (const NamedShape& tensor : usedTensors(m_d, m_names, m_positionSide))
        estimate.weights += bytesWhenLoaded(*m_folder.weights->describe(tensor.name), compute);
    estimate.kvPerToken = m_d.text.kvBytesPerToken(compute);
    const int64_t patches = m_info.maxPixels / (m_d.patch * m_d.patch);
    const int64_t activation = sizeOf(DType::F32);
    const int64_t vision = VisionScratch::bytes(m_d.vision, patches, DType::F32, compute)
        + patches * (2 * m_d.vision.width + m_d.patchFeatures()) * activation + 3 * m_info.maxPixels;
    const DecoderConfig& t = m_d.text;
    const int64_t text = activation
        * (prefillChunk * (t.qkvColumns() + 2 * t.heads * t.headWidth + t.feedForward + t.width)
           + 2 * t.vocabulary + patches / (m_d.vision.merge * m_d.vision.merge) * t.width);
    estimate.workspace = std::max(vision, text);
    estimate.total = estimate.weights + estimate.workspace + context * estimate.kvPerToken;
    return estimate;
}

bool Ovis25::load(Backend& op, DType compute, const ProgressSink& progress, std::stop_token stop)
{
    if (const std::vector<std::string>& unused = m_info.unknownTensors; !unused.empty())
        log(LogLevel::Warning, m_info.name + ": " + std::to_string(unused.size())
                + (unused.size() == 1 ? " tensor is" : " tensors are") + " not used, the first: "
                + inQuotes(unused.front()));
    m_op = &op;
    m_compute = compute;
    m_activation = op.activationType(compute);
    m_residual = op.residualType(compute);
    int64_t bytes = 0;
    for (const NamedShape& tensor : usedTensors(m_d, m_names, m_positionSide))
        bytes += m_folder.weights->describe(tensor.name)->bytes();
    WeightLoader loader(op, *m_folder.weights, compute, bytes, progress, stop);
    loadText(loader);
    loadVision(loader);
    return !loader.stopped();
}

void Ovis25::loadText(WeightLoader& loader)
{
    const DecoderConfig& t = m_d.text;
    const auto rms = [&](const std::string& name, int64_t width) {
        return Norm{Norm::Kind::Rms, loader.floats(name, {width}), {}, t.epsilon};
    };
    const Shape embedding{t.vocabulary, t.width};
    m_embedding = loader.table(m_names.text("embed_tokens.weight"), embedding);
    for (int64_t i = 0; i < t.layers && !loader.stopped(); ++i) {
        const auto name = [&](const char* suffix) { return m_names.textLayer(i, suffix); };
        const Shape query{t.heads * t.headWidth, t.width};
        const Shape group{t.groups * t.headWidth, t.width};
        const Shape inner{t.feedForward, t.width};
        DecoderBlock block;
        block.attentionNorm = rms(name("input_layernorm.weight"), t.width);
        block.qkv = loader.linear({{name("self_attn.q_proj.weight"), query},
                                   {name("self_attn.k_proj.weight"), group},
                                   {name("self_attn.v_proj.weight"), group}});
        block.headNorms = {rms(name("self_attn.q_norm.weight"), t.headWidth),
                           rms(name("self_attn.k_norm.weight"), t.headWidth)};
        block.output = loader.linear({{name("self_attn.o_proj.weight"), {t.width, t.heads * t.headWidth}}});
        block.mlpNorm = rms(name("post_attention_layernorm.weight"), t.width);
        block.gateUp = loader.linear({{name("mlp.gate_proj.weight"), inner}, {name("mlp.up_proj.weight"), inner}});
        block.down = loader.linear({{name("mlp.down_proj.weight"), {t.width, t.feedForward}}});
        m_blocks.push_back(std::move(block));
    }
    m_finalNorm = rms(m_names.text("norm.weight"), t.width);
    m_outputHead = loader.linear(
        {{m_d.tiedHead ? m_names.text("embed_tokens.weight") : m_names.outputHead(), embedding}});
}

void Ovis25::loadVision(WeightLoader& loader)
{
    const VisionConfig& v = m_d.vision;
    const auto layerNorm = [&](const std::string& name, int64_t width, float epsilon) {
        return Norm{Norm::Kind::Layer, loader.floats(name + "weight", {width}),
                    loader.floats(name + "bias", {width}), epsilon};
    };
    m_patchEmbedding = loader.linear({{m_names.patchEmbedding("weight"), {v.width, 3, m_d.patch, m_d.patch},
                                       m_names.patchEmbedding("bias")}});
    m_positionTable = loader.floats(m_names.positionTable(), {m_positionSide * m_positionSide, v.width});
    for (int64_t i = 0; i < v.layers && !loader.stopped(); ++i) {
        const auto part = [&](const std::string& name, int64_t out, int64_t in) {
            return LinearPart{m_names.visionLayer(i, name + ".weight"), {out, in},
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
        m_visionBlocks.push_back(std::move(block));
    }
    m_visualHead = loader.linear({{m_names.visualHead(), {m_d.softRows(), m_d.mergedWidth()}}});
    m_visualHeadNorm = {Norm::Kind::Layer, loader.floats(m_names.visualHeadNorm("weight"), {m_d.softRows()}),
                        loader.floats(m_names.visualHeadNorm("bias"), {m_d.softRows()}), visualHeadEpsilon};
    m_visualTable = loader.table(m_names.visualTable(), {m_d.visualVocabulary, m_d.text.width});
}

void Ovis25::checkTokenizer(const Tokenizer& tokenizer) const
{
    // Without these the template would be spelled out, and the answer would be nonsense without a word.
    for (const char* token : {"<|im_start|>", "<|im_end|>"})
        if (tokenizer.encode(token).size() != 1)
            throw Error(Error::Code::BadModel, m_folder.path.string() + ": the tokenizer has no token "
                            + token + ", which the prompt of Ovis2.5 consists of");
}

std::vector<int32_t> Ovis25::stopIds(const Tokenizer& tokenizer) const
{
    std::vector<int32_t> ids = m_folder.generation.integers("eos_token_id", 0, m_d.text.vocabulary - 1);
    const char* text = m_folder.config.has("llm_config") ? "llm_config.eos_token_id" : "text_config.eos_token_id";
    for (const int32_t id : m_folder.config.integers(text, 0, m_d.text.vocabulary - 1))
        ids.push_back(id);
    // The end of text ends an answer whatever the files say: fed back, it would be masked.
    for (const char* token : {"<|im_end|>", "<|endoftext|>"})
        if (const auto id = tokenizer.addedToken(token))
            ids.push_back(*id);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

ThinkingRules Ovis25::thinking(const Tokenizer& tokenizer) const
{
    const auto end = tokenizer.addedToken("</think>");
    const auto begin = tokenizer.addedToken("<think>");
    if (!end || !begin)
        return {};
    return {*begin, *end, tokenizer.encode(earlyStopText)};
}

PixelBounds Ovis25::pixelBounds(const ChatRequest& request) const
{
    return {request.minPixels.value_or(m_info.minPixels), request.maxPixels.value_or(m_info.maxPixels)};
}

VisualPart Ovis25::fit(ImageSize size, int64_t frames, const PixelBounds& bounds) const
{
    VisualPart part;
    part.film = frames > 0;
    part.size = smartResize(size, m_d.patch * m_d.vision.merge, bounds.minimum, bounds.maximum);
    part.grid = {std::max<int64_t>(frames, 1), part.size.height / m_d.patch, part.size.width / m_d.patch};
    return part;
}

Prompt Ovis25::prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                      std::span<const VisualPart> parts) const
{
    return renderPrompt(tokenizer, request, parts, m_d.vision.merge);
}

Tensor Ovis25::preprocess(const VisualPart& part, std::span<const std::shared_ptr<const Image>> frames,
                          std::stop_token stop)
{
    const int64_t framePatches = part.grid[1] * part.grid[2];
    Tensor patches = m_op->allocate(
        DType::F32, {static_cast<int64_t>(frames.size()) * framePatches, m_d.patchFeatures()});
    const auto& [mean, deviation] = m_normalization;
    const PatchLayout layout{m_d.patch, m_d.vision.merge, {mean[0], mean[1], mean[2]},
                             {deviation[0], deviation[1], deviation[2]}};
    m_op->begin(stop);
    for (size_t i = 0; i < frames.size(); ++i) {
        const Image resized = resize(*frames[i], part.size, ResizeFilter::Bilinear, stop);
        if (stop.stop_requested())
            return {};
        Tensor pixels = hostTensor(DType::U8, {part.size.height, part.size.width, 3});
        std::copy(resized.pixels().begin(), resized.pixels().end(), pixels.as<uint8_t>());
        Tensor image = m_op->allocate(DType::U8, pixels.shape());
        m_op->upload(image, pixels);
        Tensor out = patches.rows(static_cast<int64_t>(i) * framePatches, framePatches);
        m_op->patchify(out, image, layout);
    }
    return patches;
}

Tensor Ovis25::uploadIds(std::span<const int32_t> ids)
{
    const Shape shape{static_cast<int64_t>(ids.size())};
    Tensor host = hostTensor(DType::I32, shape);
    std::copy(ids.begin(), ids.end(), host.as<int32_t>());
    Tensor result = m_op->allocate(DType::I32, shape);
    m_op->upload(result, host);
    return result;
}

const Tensor& Ovis25::positions(int64_t rows, int64_t columns)
{
    if (m_positionsGrid != std::array{rows, columns}) {
        m_positions = m_op->allocate(DType::F32, {rows * columns, m_d.vision.width});
        m_op->resizePositions(m_positions, m_positionTable, rows, columns, m_d.vision.merge);
        m_positionsGrid = {rows, columns};
    }
    return m_positions;
}

Tensor Ovis25::encode(const VisualPart& part, const Tensor& patches, const ProgressSink& progress,
                      std::stop_token stop)
{
    const int64_t count = patches.dim(0);
    m_op->begin({}); // the table is kept: it must be whole
    const Tensor& table = positions(part.grid[1], part.grid[2]);
    if (m_visionScratch.patches() < count) {
        m_visionScratch = {}; // the old one goes before the new one comes
        m_visionScratch = VisionScratch(*m_op, m_d.vision, count, m_activation, m_compute);
    }
    Tensor x = m_op->allocate(m_residual, {count, m_d.vision.width});
    m_op->begin(stop);
    m_op->linear(x, patches, *m_patchEmbedding);
    m_op->addPositions(x, table);
    for (size_t i = 0; i < m_visionBlocks.size(); ++i) {
        visionBlock(*m_op, m_visionBlocks[i], m_d.vision, part.grid[1], part.grid[2], m_visionScratch, x);
        if (stop.stop_requested())
            return {};
        if (progress)
            progress({Progress::Phase::Vision, static_cast<int64_t>(i) + 1, m_d.vision.layers});
    }
    return x; // without the norm that follows in the file: the head was trained on these
}

Tensor Ovis25::project(const Tensor& features, std::stop_token stop)
{
    const int64_t merged = m_d.vision.merge * m_d.vision.merge;
    const int64_t count = features.dim(0) / merged;
    Tensor tokens = m_op->allocate(m_residual, {count, m_d.text.width});
    m_op->begin(stop);
    // Blocks of merge x merge patches are neighbours in memory: a token's features are just their rows.
    m_op->softEmbed(tokens, features.view({count, m_d.mergedWidth()}), *m_visualHead, m_visualHeadNorm,
                    m_visualTable);
    return stop.stop_requested() ? Tensor() : tokens;
}

int64_t Ovis25::rowsOf(const VisualPart& part) const
{
    return part.grid[0] * part.grid[1] * part.grid[2] / (m_d.vision.merge * m_d.vision.merge) + 2;
}

Tensor Ovis25::withMarkers(const VisualPart& part, const Tensor& tokens)
{
    const int64_t count = tokens.dim(0);
    Tensor rows = m_op->allocate(m_residual, {count + 2, m_d.text.width});
    const auto firstIndicator = static_cast<int32_t>(m_d.softRows());
    const int32_t begin = firstIndicator + (part.film ? 2 : 0);
    Tensor first = rows.rows(0, 1);
    Tensor middle = rows.rows(1, count);
    Tensor last = rows.rows(count + 1, 1);
    m_op->begin({});
    const Tensor markers = uploadIds(std::array{begin, begin + 1});
    m_op->gather(first, m_visualTable, markers.rows(0, 1));
    m_op->copy(middle, tokens);
    m_op->gather(last, m_visualTable, markers.rows(1, 1));
    return rows;
}

std::unique_ptr<KvCache> Ovis25::makeCache(int64_t capacity) const
{
    return std::make_unique<KvCache>(*m_op, m_d.text.layers, m_d.text.groups, capacity, m_d.text.headWidth,
                                     m_compute);
}

void Ovis25::embed(Tensor& x, std::span<const int32_t> ids, const Tensor& visual, int64_t firstVisual)
{
    for (size_t begin = 0; begin < ids.size();) {
        const bool isVisual = ids[begin] < 0;
        size_t end = begin;
        while (end < ids.size() && (ids[end] < 0) == isVisual)
            ++end;
        const auto count = static_cast<int64_t>(end - begin);
        Tensor rows = x.rows(static_cast<int64_t>(begin), count);
        if (isVisual) {
            m_op->copy(rows, visual.rows(firstVisual, count));
            firstVisual += count;
        } else {
            m_op->gather(rows, m_embedding, uploadIds(ids.subspan(begin, end - begin)));
        }
        begin = end;
    }
}

Tensor Ovis25::decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                      const ProgressSink& progress, std::stop_token stop)
{
    m_visionScratch = {}; // both passes take their memory from the same place: the most, not the sum
    m_op->begin(stop);
    return ids.size() == 1 && ids.front() >= 0 ? step(ids.front(), cache, stop)
                                               : prefill(ids, visual, cache, progress, stop);
}

Tensor Ovis25::prefill(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                       const ProgressSink& progress, std::stop_token stop)
{
    const auto total = static_cast<int64_t>(ids.size());
    const int64_t chunk = std::min(total, prefillChunk);
    DecoderScratch scratch(*m_op, m_d.text, chunk, m_activation);
    Tensor all = m_op->allocate(m_residual, {chunk, m_d.text.width});
    Tensor x;
    int64_t firstVisual = 0;
    for (int64_t begin = 0; begin < total; begin += chunk) {
        const auto part = ids.subspan(static_cast<size_t>(begin),
                                      static_cast<size_t>(std::min(chunk, total - begin)));
        x = all.rows(0, static_cast<int64_t>(part.size()));
        embed(x, part, visual, firstVisual);
        firstVisual += std::count_if(part.begin(), part.end(), [](int32_t id) { return id < 0; });
        for (int64_t i = 0; i < m_d.text.layers; ++i) {
            decoderBlock(*m_op, m_blocks[static_cast<size_t>(i)], m_d.text, cache.state(), cache.layer(i),
                         scratch, x);
            if (stop.stop_requested())
                return {}; // rows written past cache.length() do not count
        }
        cache.advance(x.dim(0));
        if (progress)
            progress({Progress::Phase::Prefill, begin + x.dim(0), total});
    }
    Tensor logits = m_op->allocate(DType::F32, {1, m_d.text.vocabulary});
    m_op->normLinear(logits, x.lastRow(), m_finalNorm, *m_outputHead);
    return stop.stop_requested() ? Tensor() : logits;
}

Tensor Ovis25::step(int32_t id, KvCache& cache, std::stop_token stop)
{
    if (m_step.x.isEmpty())
        m_step = {m_op->allocate(DType::I32, {1}), m_op->allocate(m_residual, {1, m_d.text.width}),
                  m_op->allocate(DType::F32, {1, m_d.text.vocabulary}),
                  DecoderScratch(*m_op, m_d.text, 1, m_activation), 0, nullptr};
    if (m_step.cache != cache.id()) {
        m_step.recording = nullptr;
        m_step.cache = cache.id();
    }
    Tensor host = hostTensor(DType::I32, {1});
    *host.as<int32_t>() = id;
    m_op->upload(m_step.id, host);
    m_op->runRecorded(m_step.recording, [&] {
        m_op->gather(m_step.x, m_embedding, m_step.id);
        for (int64_t i = 0; i < m_d.text.layers && !stop.stop_requested(); ++i)
            decoderBlock(*m_op, m_blocks[static_cast<size_t>(i)], m_d.text, cache.state(), cache.layer(i),
                         m_step.scratch, m_step.x);
        cache.enqueueAdvance(1);
        m_op->normLinear(m_step.logits, m_step.x, m_finalNorm, *m_outputHead);
    });
    if (stop.stop_requested()) {
        cache.truncate(cache.length()); // the state has advanced, the count has not
        return {};
    }
    cache.countAdvance(1);
    return m_step.logits;
}

} // namespace

bool matches(const Config& config)
{
    const std::string type = config.string("model_type", "");
    const bool hub = config.has("llm_config") && config.has("vit_config");
    const bool native = config.has("text_config") && config.has("vision_config");
    return (type == "ovis2_5" && (hub || native)) || (type == "ovis" && hub);
}

std::unique_ptr<Family> make(ModelFolder folder)
{
    return std::make_unique<Ovis25>(std::move(folder));
}

ModelFolder synthetic(const std::string& name, int64_t layers, DType stored, std::stop_token stop)
{
    ModelFolder folder;
    folder.config = publishedConfig(name, layers);
    std::vector<std::pair<std::string, Shape>> shapes;
    for (NamedShape& tensor : publishedTensors(readDimensions(folder.config)))
        shapes.emplace_back(std::move(tensor.name), tensor.shape);
    folder.weights = syntheticWeights(std::move(shapes), stored, std::move(stop));
    return folder;
}

} // namespace argali::ovis25
