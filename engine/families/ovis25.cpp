#include "engine/families/ovis25.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/checkpoint/syntheticweights.h"
#include "engine/families/loading.h"
#include "engine/families/ovis25config.h"
#include "engine/families/ovis25prompt.h"
#include "engine/families/ovis25vision.h"
#include "engine/layers/decoder.h"
#include "engine/layers/ids.h"
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

/// What a pass over one token works on. It is kept, and with it what the backends recorded of the pass.
struct Step {
    Tensor id;     // I32 [1]
    Tensor logits; // f32 [1, V]
    DecoderPass pass;
};

class Ovis25 final : public Family {
public:
    explicit Ovis25(ModelFolder folder);

    const ModelInfo& info() const override { return m_info; }
    MemoryEstimate memory(DType compute, int64_t context) const override;
    bool load(const std::vector<LayerShare>& shares, DType compute, const ProgressSink& progress,
              std::stop_token stop) override;
    void checkTokenizer(const Tokenizer& tokenizer) const override;
    std::vector<int32_t> stopIds(const Tokenizer& tokenizer) const override;
    ThinkingRules thinking(const Tokenizer& tokenizer) const override;
    PixelBounds pixelBounds(const ChatRequest& request) const override;
    VisualPart fit(ImageSize size, int64_t frames, const PixelBounds& bounds) const override;
    Prompt prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                  std::span<const VisualPart> parts) const override;
    Tensor preprocess(const VisualPart& part, std::span<const std::shared_ptr<const Image>> frames,
                      std::stop_token stop) override
    {
        return m_vision->preprocess(part, frames, stop);
    }
    Tensor encode(const VisualPart& part, const Tensor& patches, const ProgressSink& progress,
                  std::stop_token stop) override
    {
        return m_vision->encode(part, patches, progress, stop);
    }
    Tensor project(const Tensor& features, std::stop_token stop) override
    {
        return m_vision->project(features, stop);
    }
    int64_t rowsOf(const VisualPart& part) const override;
    Tensor withMarkers(const VisualPart& part, const Tensor& tokens) override
    {
        return m_vision->withMarkers(part, tokens);
    }
    std::unique_ptr<KvCache> makeCache(int64_t capacity) const override
    {
        return m_decoder.makeCache(capacity);
    }
    Tensor decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                  const ProgressSink& progress, std::stop_token stop) override;

private:
    void readInfo();
    void loadText(WeightLoader& loader);
    /// Rows of a chunk: embeddings of its ids, and rows of visual from firstVisual on for negative ones.
    void embed(Tensor& x, std::span<const int32_t> ids, const Tensor& visual, int64_t firstVisual);
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

    Backend* m_op = nullptr; // set by load(): of everything but later layers of the decoder
    Tensor m_embedding;      // [V, D]
    Decoder m_decoder;
    Norm m_finalNorm;
    Linear m_outputHead; // [V, D]
    Step m_step;
    std::optional<Vision> m_vision;
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
    m_info.layers = m_d.text.layers;
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
    for (const NamedShape& tensor : usedTensors(m_d, m_names, m_positionSide)) {
        const int64_t bytes = bytesWhenLoaded(*m_folder.weights->describe(tensor.name), compute);
        estimate.weights += bytes;
        if (tensor.name.starts_with(m_names.textLayer(0, "")))
            estimate.weightsPerLayer += bytes;
    }
    estimate.layers = m_d.text.layers;
    estimate.kvPerToken = m_d.text.kvBytesPerToken(compute);
    const int64_t patches = m_info.maxPixels / (m_d.patch * m_d.patch);
    const int64_t activation = sizeOf(DType::F32);
    const int64_t vision = VisionScratch::bytes(m_d.vision, patches, DType::F32, compute)
        + patches * (2 * m_d.vision.width + m_d.patchFeatures()) * activation + 3 * m_info.maxPixels;
    const DecoderConfig& t = m_d.text;
    estimate.layerWorkspace = activation * prefillChunk
        * (t.qkvColumns() + 2 * t.heads * t.headWidth + t.feedForward + t.width);
    const int64_t text = estimate.layerWorkspace
        + activation * (2 * t.vocabulary + patches / (m_d.vision.merge * m_d.vision.merge) * t.width);
    estimate.workspace = std::max(vision, text);
    estimate.total = estimate.weights + estimate.workspace + context * estimate.kvPerToken;
    return estimate;
}

bool Ovis25::load(const std::vector<LayerShare>& shares, DType compute,
                  const ProgressSink& progress, std::stop_token stop)
{
    if (const std::vector<std::string>& unused = m_info.unknownTensors; !unused.empty())
        log(LogLevel::Warning, m_info.name + ": " + std::to_string(unused.size())
                + (unused.size() == 1 ? " tensor is" : " tensors are") + " not used, the first: "
                + inQuotes(unused.front()));
    m_op = shares.front().op;
    m_decoder = Decoder(shares, m_d.text, compute);
    int64_t bytes = 0;
    for (const NamedShape& tensor : usedTensors(m_d, m_names, m_positionSide))
        bytes += m_folder.weights->describe(tensor.name)->bytes();
    WeightLoader loader(*m_op, *m_folder.weights, compute, bytes, progress, stop);
    loadText(loader);
    m_vision.emplace(*m_op, compute, m_d, m_names, m_normalization, m_positionSide);
    m_vision->load(loader);
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
        loader.setBackend(m_decoder.backendOfNext());
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
        m_decoder.append(std::move(block));
    }
    loader.setBackend(*m_op);
    m_finalNorm = rms(m_names.text("norm.weight"), t.width);
    m_outputHead = loader.linear(
        {{m_d.tiedHead ? m_names.text("embed_tokens.weight") : m_names.outputHead(), embedding}});
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

int64_t Ovis25::rowsOf(const VisualPart& part) const
{
    return part.grid[0] * part.grid[1] * part.grid[2] / (m_d.vision.merge * m_d.vision.merge) + 2;
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
            m_op->gather(rows, m_embedding, uploadIds(*m_op, ids.subspan(begin, end - begin)));
        }
        begin = end;
    }
}

Tensor Ovis25::decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                      const ProgressSink& progress, std::stop_token stop)
{
    m_vision->releaseScratch(); // both passes take their memory from the same place: the most, not the sum
    m_decoder.begin(stop);
    return ids.size() == 1 && ids.front() >= 0 ? step(ids.front(), cache, stop)
                                               : prefill(ids, visual, cache, progress, stop);
}

Tensor Ovis25::prefill(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                       const ProgressSink& progress, std::stop_token stop)
{
    const auto total = static_cast<int64_t>(ids.size());
    const int64_t chunk = std::min(total, prefillChunk);
    DecoderPass pass = m_decoder.makePass(chunk);
    Tensor x;
    int64_t firstVisual = 0;
    for (int64_t begin = 0; begin < total; begin += chunk) {
        const auto part = ids.subspan(static_cast<size_t>(begin),
                                      static_cast<size_t>(std::min(chunk, total - begin)));
        const auto tokens = static_cast<int64_t>(part.size());
        Tensor input = pass.input(tokens);
        embed(input, part, visual, firstVisual);
        firstVisual += std::count_if(part.begin(), part.end(), [](int32_t id) { return id < 0; });
        x = m_decoder.run(pass, tokens, cache, stop);
        if (x.isEmpty())
            return {};
        if (progress)
            progress({Progress::Phase::Prefill, begin + tokens, total});
    }
    Tensor logits = m_op->allocate(DType::F32, {1, m_d.text.vocabulary});
    m_op->normLinear(logits, m_decoder.lastRow(x), m_finalNorm, *m_outputHead);
    return stop.stop_requested() ? Tensor() : logits;
}

Tensor Ovis25::step(int32_t id, KvCache& cache, std::stop_token stop)
{
    if (m_step.pass.isEmpty())
        m_step = {m_op->allocate(DType::I32, {1}), m_op->allocate(DType::F32, {1, m_d.text.vocabulary}),
                  m_decoder.makePass(1)};
    Tensor host = hostTensor(DType::I32, {1});
    *host.as<int32_t>() = id;
    m_op->upload(m_step.id, host);
    const bool done = m_decoder.step(
        m_step.pass, cache, [&](Tensor& x) { m_op->gather(x, m_embedding, m_step.id); },
        [&](const Tensor& x) { m_op->normLinear(m_step.logits, x, m_finalNorm, *m_outputHead); }, stop);
    return done ? m_step.logits : Tensor();
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
