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

// Source: preprocess_inputs of the published code
constexpr int64_t defaultMinPixels = 448 * 448;
constexpr int64_t defaultMaxPixels = 1344 * 1792;
constexpr int64_t largeModelMaxPixels = 1792 * 1792;
constexpr int64_t largeModelWidth = 4096;

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
    VisualPart fit(ImageSize size, int64_t frames, const ChatRequest& request) const override;
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
        return m_language.makeCache(capacity);
    }
    int64_t usable(const KvCache& cache, int64_t positions) const override
    {
        return m_language.usable(cache, positions);
    }
    Tensor decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                  const ProgressSink& progress, std::stop_token stop) override;

private:
    void readInfo();

    ModelFolder m_folder;
    Dimensions m_d;
    Names m_names;
    Normalization m_normalization;
    int64_t m_positionSide = 0; ///< of the square table
    ModelInfo m_info;

    LanguageModel m_language;
    std::optional<Vision> m_vision;
};

Ovis25::Ovis25(ModelFolder folder)
    : m_folder(std::move(folder)),
      m_d(readDimensions(m_folder.config)),
      m_names(*m_folder.weights),
      m_normalization(readPreprocessing(m_folder.preprocessor, m_d))
{
    readInfo();
}

void Ovis25::readInfo()
{
    const std::optional<TensorKind> table = m_folder.weights->describe(m_names.positionTable());
    if (!table || table->shape.rank() != 2)
        throw Error(Error::Code::BadModel, m_folder.weights->origin(m_names.positionTable()) +
                                               ": tensor " + inQuotes(m_names.positionTable()) +
                                               " is missing or not a table");
    m_positionSide = std::llround(std::sqrt(static_cast<double>(table->shape.dim(0))));

    m_info.family = "ovis2_5";
    m_info.name = m_folder.path.filename().string();
    const std::set<std::string, std::less<>> expected{m_names.unusedNorm("weight"),
                                                      m_names.unusedNorm("bias")};
    describeTensors(m_info, *m_folder.weights, usedTensors(m_d, m_names, m_positionSide),
                    [&](const std::string& name) {
                        return expected.contains(name) || name == m_names.outputHead();
                    });
    describeFiles(m_info, m_folder.path, *m_folder.weights);
    m_info.context = m_d.language.context;
    m_info.layers = m_d.text.layers;
    m_info.storedType = m_folder.weights->describe(m_names.language().embedding())->type;
    m_info.seesPictures = m_info.seesFilms = m_info.thinks = true;

    const Config& pre = m_folder.preprocessor;
    const Config size = pre.has("size") ? pre.object("size") : Config();
    const int64_t familyMax =
        m_d.text.width >= largeModelWidth ? largeModelMaxPixels : defaultMaxPixels;
    constexpr int64_t most = int64_t(1) << 32;
    // In one published form these are called edges, but they are counts of pixels too.
    m_info.minPixels = pre.integer("min_pixels", 1, most,
                                   size.integer("shortest_edge", 1, most, defaultMinPixels));
    m_info.maxPixels =
        pre.integer("max_pixels", 1, most, size.integer("longest_edge", 1, most, familyMax));
}

MemoryEstimate Ovis25::memory(DType compute, int64_t context) const
{
    const int64_t patches = m_info.maxPixels / (m_d.patch * m_d.patch);
    const int64_t vision =
        VisionScratch::bytes(m_d.vision, patches, DType::F32, compute) +
        patches * (2 * m_d.vision.width + m_d.patchFeatures()) * sizeOf(DType::F32) +
        3 * m_info.maxPixels;
    return estimateOf(*m_folder.weights, usedTensors(m_d, m_names, m_positionSide), m_d.language,
                      m_names.language(), compute, context, vision,
                      patches / (m_d.vision.merge * m_d.vision.merge));
}

bool Ovis25::load(const std::vector<LayerShare>& shares, DType compute,
                  const ProgressSink& progress, std::stop_token stop)
{
    logUnknownTensors(m_info);
    Backend& op = *shares.front().op;
    int64_t bytes = 0;
    for (const NamedShape& tensor : usedTensors(m_d, m_names, m_positionSide))
        bytes += m_folder.weights->describe(tensor.name)->bytes();
    WeightLoader loader(op, *m_folder.weights, compute, bytes, progress, stop,
                        m_folder.loaded.get());
    m_language = loadTextModel(loader, shares, m_d.language, m_names.language(), compute);
    m_vision.emplace(op, compute, m_d, m_names, m_normalization, m_positionSide);
    m_vision->load(loader);
    return !loader.stopped();
}

void Ovis25::checkTokenizer(const Tokenizer& tokenizer) const
{
    // Without these the template would be spelled out, and the answer would be nonsense without a
    // word.
    for (const char* token : {"<|im_start|>", "<|im_end|>"})
        if (tokenizer.encode(token).size() != 1)
            throw Error(Error::Code::BadModel, m_folder.path.string() +
                                                   ": the tokenizer has no token " + token +
                                                   ", which the prompt of Ovis2.5 consists of");
}

std::vector<int32_t> Ovis25::stopIds(const Tokenizer& tokenizer) const
{
    std::vector<int32_t> ids =
        m_folder.generation.integers("eos_token_id", 0, m_d.text.vocabulary - 1);
    const char* text =
        m_folder.config.has("llm_config") ? "llm_config.eos_token_id" : "text_config.eos_token_id";
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

VisualPart Ovis25::fit(ImageSize size, int64_t frames, const ChatRequest& request) const
{
    VisualPart part;
    part.film = frames > 0;
    part.size = smartResize(size, m_d.patch * m_d.vision.merge,
                            request.minPixels.value_or(m_info.minPixels),
                            request.maxPixels.value_or(m_info.maxPixels));
    part.grid = {std::max<int64_t>(frames, 1), part.size.height / m_d.patch,
                 part.size.width / m_d.patch};
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

Tensor Ovis25::decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                      const ProgressSink& progress, std::stop_token stop)
{
    m_vision->releaseScratch(); // both passes take their memory from the same place: the most, not
                                // the sum
    return m_language.decode(ids, visual, cache, progress, stop);
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

std::optional<ModelFolder> synthetic(const std::string& name, int64_t layers, DType stored,
                                     std::stop_token stop)
{
    const std::optional<Config> config = publishedConfig(name, layers);
    if (!config)
        return std::nullopt;
    ModelFolder folder;
    folder.config = *config;
    std::vector<std::pair<std::string, Shape>> shapes;
    for (NamedShape& tensor : publishedTensors(readDimensions(folder.config)))
        shapes.emplace_back(std::move(tensor.name), tensor.shape);
    folder.weights = syntheticWeights(std::move(shapes), stored, std::move(stop));
    return folder;
}

} // namespace argali::ovis25
