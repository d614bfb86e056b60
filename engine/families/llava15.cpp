#include "engine/families/llava15.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/syntheticweights.h"
#include "engine/families/joinedweights.h"
#include "engine/families/llava15config.h"
#include "engine/families/llava15prompt.h"
#include "engine/layers/pictureinput.h"
#include "engine/layers/squarepicture.h"
#include "engine/layers/visionencoder.h"

namespace argali::llava15 {

namespace {

/// How a picture becomes a square, as VisualPart::variant.
enum Square { Padded, Cropped };

class Llava15 final : public Family {
public:
    explicit Llava15(ModelFolder folder);

    const ModelInfo& info() const override { return m_info; }
    MemoryEstimate memory(DType compute, int64_t context) const override;
    bool load(const std::vector<LayerShare>& shares, DType compute, const ProgressSink& progress,
              std::stop_token stop) override;
    void checkTokenizer(const Tokenizer& tokenizer) const override;
    std::vector<int32_t> stopIds(const Tokenizer& tokenizer) const override;
    ThinkingRules thinking(const Tokenizer&) const override { return {}; }
    std::optional<int32_t> placeholderId() const override { return m_d.placeholder; }
    int64_t choosableIds() const override;
    VisualPart fit(ImageSize size, int64_t frames, const ChatRequest& request) const override;
    Prompt prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                  std::span<const VisualPart> parts) const override
    {
        return renderPrompt(tokenizer, request, parts, m_d);
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
        return m_encoder.encode(patches, m_d.keepsClass, progress, stop);
    }
    Tensor project(const Tensor& features, std::stop_token stop) override;
    int64_t rowsOf(const VisualPart& part) const override { return part.grid[0] * m_d.rows(); }
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
    PatchLayout layout() const;

    ModelFolder m_folder;
    Dimensions m_d;
    Preprocessing m_preprocessing;
    Names m_names;
    ModelInfo m_info;

    Backend* m_op = nullptr; // set by load(): the first
    DType m_compute = DType::F32;
    LanguageModel m_language;
    VisionEncoder m_encoder;
    std::vector<Linear> m_projector;
};

/// The configuration of the vision tower, and that of its preprocessor in a folder that has none
/// itself.
Config towerConfig(ModelFolder& folder)
{
    if (layoutOf(folder.config) == Layout::Native)
        return {};
    const std::optional<std::filesystem::path> tower = towerFolder(folder.path, folder.config);
    if (!tower)
        refuseMissingTower(folder.path, folder.config);
    if (folder.preprocessor.json().empty())
        folder.preprocessor = Config::readIfThere(*tower / "preprocessor_config.json");
    return Config::read(*tower / "config.json");
}

Llava15::Llava15(ModelFolder folder)
    : m_folder(std::move(folder)),
      m_d(readDimensions(m_folder.config, towerConfig(m_folder))),
      m_preprocessing(readPreprocessing(m_folder.preprocessor, m_d)),
      m_names(*m_folder.weights, m_d)
{
    m_d.legacyPrefix = readTokenizerConfig(m_folder.path).boolean("legacy", true);
    readInfo();
}

void Llava15::readInfo()
{
    m_info.family = "llava_1_5";
    m_info.name = m_folder.path.filename().string();
    describeTensors(m_info, *m_folder.weights, usedTensors(m_d, m_names),
                    [&](const std::string& name) { return m_names.isExpected(name, m_d); });
    describeFiles(m_info, m_folder.path, *m_folder.weights);
    if (const auto tower = towerFolder(m_folder.path, m_folder.config);
        tower && m_d.layout == Layout::Original)
        for (const char* file : {"config.json", "preprocessor_config.json"})
            if (std::error_code failure; std::filesystem::exists(*tower / file, failure))
                m_info.files.push_back((*tower / file).lexically_relative(m_folder.path));
    m_info.context = m_d.text.context;
    m_info.layers = m_d.text.decoder.layers;
    m_info.storedType = m_folder.weights->describe(m_names.text().embedding())->type;
    m_info.seesPictures = m_info.seesFilms = m_info.mixesPicturesAndFilms = true;
    m_info.filmsAtMost = std::numeric_limits<int>::max();
    m_info.templates = templateNames();
    m_info.aspectRatios = {m_d.aspectRatio, m_d.aspectRatio == "pad" ? "crop" : "pad"};
}

MemoryEstimate Llava15::memory(DType compute, int64_t context) const
{
    const int64_t vision =
        VisionEncoder::workspace(m_d.vision, m_d.patches(), 1, compute) +
        sizeOf(DType::F32) * m_d.rows() * (3 * m_d.patch * m_d.patch + 2 * m_d.text.decoder.width);
    return estimateOf(*m_folder.weights, usedTensors(m_d, m_names), m_d.text, m_names.text(),
                      compute, context, vision, m_d.rows());
}

bool Llava15::load(const std::vector<LayerShare>& shares, DType compute,
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
    for (int64_t i = 0; i < m_d.projectorLayers && !loader.stopped(); ++i) {
        const int64_t width = m_d.text.decoder.width;
        m_projector.push_back(
            loader.linear({{m_names.projector(i, "weight"),
                            {width, i == 0 ? m_d.vision.width : width},
                            m_d.projectorBias ? m_names.projector(i, "bias") : ""}}));
    }
    return !loader.stopped();
}

void Llava15::loadVision(WeightLoader& loader, Backend& op, DType compute)
{
    const VisionConfig& v = m_d.vision;
    const auto layerNorm = [&](const std::string& name) {
        return Norm{Norm::Kind::Layer, loader.floats(name + ".weight", {v.width}),
                    loader.floats(name + ".bias", {v.width}), v.epsilon};
    };
    const std::string embeddings = m_names.vision() + "embeddings.";
    VisionEncoder::Weights w;
    w.patchEmbedding = loader.linear(
        {{embeddings + "patch_embedding.weight", {v.width, 3, m_d.patch, m_d.patch}}});
    w.classRow = loader.floats(embeddings + "class_embedding", {v.width});
    if (!loader.stopped())
        w.classRow = w.classRow.view({1, v.width});
    w.positions =
        loader.floats(embeddings + "position_embedding.weight", {1 + m_d.patches(), v.width});
    w.preNorm = layerNorm(m_names.vision() + "pre_layrnorm");
    for (int64_t i = 0; i < v.layers && !loader.stopped(); ++i) {
        const auto part = [&](const std::string& name, int64_t out, int64_t in) {
            return LinearPart{m_names.visionLayer(i, name + ".weight"),
                              {out, in},
                              m_names.visionLayer(i, name + ".bias")};
        };
        VisionBlock block;
        block.attentionNorm = layerNorm(m_names.visionLayer(i, "layer_norm1"));
        block.qkv = loader.linear({part("self_attn.q_proj", v.width, v.width),
                                   part("self_attn.k_proj", v.width, v.width),
                                   part("self_attn.v_proj", v.width, v.width)});
        block.output = loader.linear({part("self_attn.out_proj", v.width, v.width)});
        block.mlpNorm = layerNorm(m_names.visionLayer(i, "layer_norm2"));
        block.up = loader.linear({part("mlp.fc1", v.feedForward, v.width)});
        block.down = loader.linear({part("mlp.fc2", v.width, v.feedForward)});
        w.blocks.push_back(std::move(block));
    }
    m_encoder = VisionEncoder(op, compute, v, m_d.patches());
    m_encoder.setWeights(std::move(w));
}

void Llava15::checkTokenizer(const Tokenizer& tokenizer) const
{
    if (tokenizer.encode("USER").empty())
        throw Error(Error::Code::BadModel,
                    m_folder.path.string() + ": the tokenizer has no tokens for plain text");
    if (tokenizer.size() > 0 && choosableIds() < 4)
        throw Error(Error::Code::BadModel,
                    m_folder.path.string() + ": no ids are left beside the picture's");
}

std::vector<int32_t> Llava15::stopIds(const Tokenizer& tokenizer) const
{
    std::vector<int32_t> ids =
        m_folder.generation.integers("eos_token_id", 0, m_d.text.decoder.vocabulary - 1);
    const Config text =
        m_d.layout == Layout::Native ? m_folder.config.object("text_config") : m_folder.config;
    for (const int32_t id : text.integers("eos_token_id", 0, m_d.text.decoder.vocabulary - 1))
        ids.push_back(id);
    constexpr int32_t published = 2; // "</s>"
    ids.push_back(tokenizer.addedToken("</s>").value_or(published));
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

int64_t Llava15::choosableIds() const
{
    // The native layout adds rows for the placeholder and what follows it, which were never
    // trained.
    return m_d.layout == Layout::Native ? m_d.placeholder : Family::choosableIds();
}

VisualPart Llava15::fit(ImageSize, int64_t frames, const ChatRequest& request) const
{
    const std::string& ratio = request.aspectRatio.empty() ? m_d.aspectRatio : request.aspectRatio;
    if (ratio != "pad" && ratio != "crop")
        throw Error(Error::Code::BadRequest,
                    "the picture's aspect ratio \"" + ratio + "\" (only pad and crop)");
    VisualPart part;
    part.film = frames > 0;
    part.size = {static_cast<int>(m_d.side), static_cast<int>(m_d.side)};
    part.grid = {std::max<int64_t>(frames, 1), m_d.gridSide(), m_d.gridSide()};
    part.variant = ratio == "pad" ? Padded : Cropped;
    return part;
}

PatchLayout Llava15::layout() const
{
    const auto& [mean, deviation] = m_preprocessing.normalization;
    return {m_d.patch, 1, {mean[0], mean[1], mean[2]}, {deviation[0], deviation[1], deviation[2]}};
}

Tensor Llava15::preprocess(const VisualPart& part,
                           std::span<const std::shared_ptr<const Image>> frames,
                           std::stop_token stop)
{
    const auto side = static_cast<int>(m_d.side);
    std::array<uint8_t, 3> colour{};
    for (size_t c = 0; c < 3; ++c) // rounded down, as the reference does
        colour[c] = static_cast<uint8_t>(
            std::clamp(m_preprocessing.normalization.mean[c] * 255.0, 0.0, 255.0));
    std::vector<Image> pictures;
    for (const std::shared_ptr<const Image>& frame : frames) {
        pictures.push_back(
            part.variant == Padded
                ? squareByCropping(squareByPadding(*frame, colour, m_preprocessing.shortEdge, stop),
                                   m_preprocessing.shortEdge, side, stop)
                : squareByCropping(*frame, m_preprocessing.shortEdge, side, stop));
        if (stop.stop_requested())
            return {};
    }
    return patchesOf(*m_op, pictures, layout(), stop);
}

Tensor Llava15::project(const Tensor& features, std::stop_token stop)
{
    const int64_t rows = features.dim(0);
    const int64_t width = m_d.text.decoder.width;
    Tensor x = features;
    m_op->begin(stop);
    for (size_t i = 0; i < m_projector.size(); ++i) {
        const bool last = i + 1 == m_projector.size();
        const DType type = last ? m_op->residualType(m_compute) : m_op->activationType(m_compute);
        Tensor next = m_op->allocate(type, {rows, width});
        m_op->linear(next, x, *m_projector[i], last ? Activation::None : Activation::Gelu);
        x = next;
    }
    return stop.stop_requested() ? Tensor() : x;
}

} // namespace

bool matches(const Config& config)
{
    const std::string type = config.string("model_type", "");
    if (type != "llava" && type != "llava_llama")
        return false;
    if (layoutOf(config) == Layout::Native)
        return config.has("vision_config");
    return config.has("mm_vision_tower") || config.has("vision_tower");
}

std::shared_ptr<const WeightSource> openWeights(const std::filesystem::path& folder,
                                                const Config& config)
{
    std::shared_ptr<const WeightSource> weights = openCheckpoint(folder);
    constexpr const char* inside =
        "model.vision_tower.vision_tower.vision_model.embeddings.class_embedding";
    if (layoutOf(config) == Layout::Native || weights->describe(inside))
        return weights;
    const std::optional<std::filesystem::path> tower = towerFolder(folder, config);
    if (!tower)
        refuseMissingTower(folder, config);
    // The tower's file holds a text tower too, which has no part in this.
    return std::make_shared<JoinedWeights>(weights, openCheckpoint(*tower), "vision_model.");
}

std::unique_ptr<Family> make(ModelFolder folder)
{
    return std::make_unique<Llava15>(std::move(folder));
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
    std::vector<std::pair<std::string, Shape>> shapes;
    for (NamedShape& tensor :
         usedTensors(d, Names(PublishedSpelling(
                                  {"language_model.", "vision_tower.", "multi_modal_projector."}),
                              d)))
        shapes.emplace_back(std::move(tensor.name), tensor.shape);
    folder.weights = syntheticWeights(std::move(shapes), stored, std::move(stop));
    return folder;
}

} // namespace argali::llava15
