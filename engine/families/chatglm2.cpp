#include "engine/families/chatglm2.h"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/packedweights.h"
#include "engine/checkpoint/syntheticweights.h"
#include "engine/families/chatglm2prefix.h"
#include "engine/families/prompting.h"
#include "engine/families/textmodel.h"

namespace argali::chatglm2 {

namespace {

constexpr const char* familyName = "ChatGLM2";
/// What every prompt begins with.
constexpr std::array promptTokens{"[gMASK]", "sop"};
/// The first of the tokens behind the vocabulary. They and the rows behind them have no text.
constexpr const char* firstSpecial = "[MASK]";

/// Dimensions of a checkpoint.
struct Dimensions {
    TextConfig text;
    int64_t packedBits = 0; ///< that the configuration tells; 0: nothing
};

TextNames tensorNames()
{
    return {TextPacking::ChatGlm2, "transformer.", "transformer.output_layer.weight"};
}

[[noreturn]] void refuse(const Config& config, const std::string& what)
{
    throw Error(Error::Code::Unsupported,
                config.file() + ": " + what + " is not supported for " + familyName);
}

/// Throws: Error::Code::Unsupported for other models that call themselves chatglm
void requireSecondGeneration(const Config& config)
{
    for (const char* key : {"inner_hidden_size", "position_encoding_2d"})
        if (config.has(key))
            refuse(config,
                   std::string(key) + ", which only ChatGLM-6B of the first generation has,");
    // The same layers with other prompts, which would be answered with nonsense.
    const std::string name = config.string("_name_or_path", "");
    for (const char* other : {"chatglm3", "glm-4", "glm4"})
        if (name.substr(name.rfind('/') + 1).starts_with(other))
            refuse(config, "_name_or_path " + inQuotes(name) + ", a later generation,");
}

/// Throws: as requireSecondGeneration()
void requireSecondGenerationTokens(const std::filesystem::path& folder)
{
    const Config tokenizer = readTokenizerConfig(folder);
    if (const std::string type = tokenizer.string("tokenizer_class", "");
        type == "ChatGLM4Tokenizer")
        refuse(tokenizer, "tokenizer_class \"" + type + "\"");
    if (!tokenizer.has("added_tokens_decoder"))
        return;
    const Config added = tokenizer.object("added_tokens_decoder");
    for (const auto& [id, token] : added.json().items())
        if (token.is_object() && token.value("content", nlohmann::json()) == "<|user|>")
            refuse(tokenizer, "the token <|user|> of ChatGLM3 (added_tokens_decoder)");
}

void readGroups(const Config& config, TextConfig& text)
{
    DecoderConfig& d = text.decoder;
    text.headsApart = !config.boolean("multi_query_attention", false);
    d.groups =
        text.headsApart ? d.heads : config.integer("multi_query_group_num", 1, mostOf::heads);
    if (d.heads % d.groups != 0)
        throw Error(Error::Code::BadModel,
                    config.file() + ": multi_query_group_num: expected a divisor of the " +
                        std::to_string(d.heads) + " num_attention_heads, found " +
                        std::to_string(d.groups));
    if (d.headWidth % 4 != 0)
        throw Error(Error::Code::BadModel,
                    config.file() +
                        ": kv_channels: expected a multiple of 4, of which one half "
                        "is turned in pairs, found " +
                        std::to_string(d.headWidth));
}

/// Pairs of the first half of each head are turned: by theta^(-2j/(C/2)), which is
/// (theta^2)^(-2j/C), of the position divided by rope_ratio. Source: RotaryEmbedding of the
/// published code, and of the one beside the 32k variant
void readRope(const Config& config, TextConfig& text)
{
    constexpr double theta = 1e4;
    const int64_t width = text.decoder.headWidth;
    text.rope.kind = RopeScaling::Kind::Fixed;
    text.rope.theta = theta * theta;
    text.rope.headWidth = width;
    text.rope.shortFactors.assign(static_cast<size_t>(width / 2),
                                  std::numeric_limits<float>::infinity());
    std::fill_n(text.rope.shortFactors.begin(), width / 4,
                static_cast<float>(config.number("rope_ratio", 1e-3, 1e6, 1)));
    text.decoder.rope = text.rope.at(1);
}

/// What is computed otherwise, or looked at only to see that it is what it should be.
void checkSwitches(const Config& config)
{
    if (config.has("quantization_config"))
        refuse(config, "a quantised checkpoint of another kind (quantization_config)");
    if (!config.boolean("rmsnorm", true))
        refuse(config, "rmsnorm false (only true)");
    for (const char* key : {"apply_residual_connection_post_layernorm", "interleaved_qkv"})
        if (config.boolean(key, false))
            refuse(config, std::string(key) + " true (only false)");
    // Of no influence on what is computed here.
    for (const char* key : {"apply_query_key_layer_scaling", "attention_softmax_in_fp32",
                            "fp32_residual_connection", "original_rope", "bias_dropout_fusion"})
        config.boolean(key, true);
}

/// Source: defaults of ChatGLMConfig; sizes have to be there
Dimensions readDimensions(const Config& config)
{
    requireSecondGeneration(config);
    checkSwitches(config);
    Dimensions result;
    TextConfig& text = result.text;
    DecoderConfig& d = text.decoder;
    d.layers = config.integer("num_layers", 1, mostOf::layers);
    d.width = config.integer("hidden_size", 1, mostOf::width);
    d.feedForward = config.integer("ffn_hidden_size", 1, mostOf::width);
    d.heads = config.integer("num_attention_heads", 1, mostOf::heads);
    d.headWidth = config.integer("kv_channels", 4, mostOf::headWidth);
    d.vocabulary = config.integer("padded_vocab_size", 1, mostOf::vocabulary);
    d.epsilon = static_cast<float>(config.number("layernorm_epsilon", 0, 1, 1e-5));
    constexpr int64_t usualLength = 2048;
    text.context = config.integer("seq_length", 1, mostOf::context, usualLength);
    readGroups(config, text);
    readRope(config, text);
    text.linearBias = config.boolean("add_bias_linear", false);
    text.qkvBias = config.boolean("add_qkv_bias", false) || text.linearBias;
    text.finalNorm = config.boolean("post_layer_norm", true);
    result.packedBits = config.integer("quantization_bit", 0, 8, 0);
    if (result.packedBits != 0 && result.packedBits != 4 && result.packedBits != 8)
        refuse(config,
               "quantization_bit " + std::to_string(result.packedBits) + " (only 0, 4 and 8)");
    return result;
}

/// The matrices that packing packs, with their columns.
std::map<std::string, int64_t> packableMatrices(const TextConfig& text)
{
    const DecoderConfig& d = text.decoder;
    std::map<std::string, int64_t> columns;
    for (int64_t i = 0; i < d.layers; ++i)
        for (const auto& [name, count] :
             {std::pair{"self_attention.query_key_value.weight", d.width},
              {"self_attention.dense.weight", d.heads * d.headWidth},
              {"mlp.dense_h_to_4h.weight", d.width},
              {"mlp.dense_4h_to_h.weight", d.feedForward}})
            columns.emplace(tensorNames().layer(i, name), count);
    return columns;
}

/// Messages as the rounds of a conversation. A question without an answer, or the other way round,
/// is a round whose other half is empty; system texts stand in front of the last question. Source:
/// build_prompt() of the published code, and the published openai_api.py
std::string rounds(const std::vector<Message>& messages)
{
    std::string text;
    std::string system;
    int64_t round = 0;
    bool isOpen = false; // a question waits for its answer
    const auto ask = [&](const std::string& question) {
        text += isOpen ? "\n\n" : "";
        text += "[Round " + std::to_string(++round) + "]\n\n问：" + question + "\n\n答：";
        isOpen = true;
    };
    for (const Message& message : messages) {
        std::string said;
        for (const ContentItem& item : message.content)
            said += item.text;
        if (message.role == Message::Role::System) {
            system += said;
        } else if (message.role == Message::Role::User) {
            ask(&message == &messages.back() ? system + said : said);
        } else {
            if (!isOpen)
                ask("");
            text += said + "\n\n";
            isOpen = false;
        }
    }
    return text;
}

/// What P-Tuning saved, alone or in the files of a whole model.
[[noreturn]] void refusePrefix(const WeightSource& weights)
{
    const bool isWhole = weights.describe(tensorNames().embedding()).has_value();
    throw Error(
        Error::Code::Unsupported,
        weights.origin(prefixTable) + ": tensor " + inQuotes(prefixTable) +
            " is a P-Tuning prefix, which no model has in its own files; " +
            (isWhole
                 ? "save its tensors in a folder of their own and give that as --adapter"
                 : "give this folder as --adapter, and the model that it was trained on as -m"));
}

class ChatGlm2 final : public Family {
public:
    explicit ChatGlm2(ModelFolder folder);

    const ModelInfo& info() const override { return m_info; }
    MemoryEstimate memory(DType compute, int64_t context) const override;
    bool load(const std::vector<LayerShare>& shares, DType compute, const ProgressSink& progress,
              std::stop_token stop) override;
    void checkTokenizer(const Tokenizer& tokenizer) const override;
    std::vector<int32_t> stopIds(const Tokenizer&) const override { return m_stopIds; }
    ThinkingRules thinking(const Tokenizer&) const override { return {}; }
    int64_t choosableIds() const override { return m_choosable; }
    std::optional<Substitution> substitution() const override
    {
        return Substitution{"[[训练时间]]", "2023年"};
    }
    VisualPart fit(ImageSize, int64_t, const ChatRequest&) const override { refusePictures(); }
    Prompt prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                  std::span<const VisualPart> parts) const override;
    Tensor preprocess(const VisualPart&, std::span<const std::shared_ptr<const Image>>,
                      std::stop_token) override
    {
        refusePictures();
    }
    Tensor encode(const VisualPart&, const Tensor&, const ProgressSink&, std::stop_token) override
    {
        refusePictures();
    }
    Tensor project(const Tensor&, std::stop_token) override { refusePictures(); }
    int64_t rowsOf(const VisualPart&) const override { return 0; }
    KvPrefix makePrefix(const WeightSource& files) const override
    {
        return readPrefix(files, m_text, m_shares);
    }
    void setPrefix(KvPrefix prefix) override { m_language.decoder().setPrefix(std::move(prefix)); }
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
        return m_language.decode(ids, visual, cache, progress, stop);
    }

private:
    void readInfo();
    void readStopIds();
    std::vector<NamedShape> usedTensors() const { return textTensors(m_text, tensorNames()); }
    [[noreturn]] static void refusePictures()
    {
        throw Error(Error::Code::BadRequest,
                    std::string(familyName) + " sees no pictures and no films");
    }

    ModelFolder m_folder;
    TextConfig m_text;
    ModelInfo m_info;
    std::vector<int32_t> m_stopIds;
    mutable int64_t m_choosable =
        std::numeric_limits<int32_t>::max(); // known once there is a tokenizer
    std::vector<LayerShare> m_shares;        // set by load()
    LanguageModel m_language;
};

ChatGlm2::ChatGlm2(ModelFolder folder)
    : m_folder(std::move(folder)), m_text(readDimensions(m_folder.config).text)
{
    requireSecondGenerationTokens(m_folder.path);
    m_text.tiedHead = m_folder.config.boolean("tie_word_embeddings", false) &&
                      !m_folder.weights->describe(tensorNames().head);
    readStopIds();
    readInfo();
}

void ChatGlm2::readStopIds()
{
    const int64_t last = m_text.decoder.vocabulary - 1;
    constexpr int32_t endOfText = 2; // </s>, the end of every answer in training
    m_stopIds = {endOfText};
    for (const Config* config : {&m_folder.config, &m_folder.generation})
        for (const int32_t id : config->integers("eos_token_id", 0, last))
            m_stopIds.push_back(id);
    std::sort(m_stopIds.begin(), m_stopIds.end());
    m_stopIds.erase(std::unique(m_stopIds.begin(), m_stopIds.end()), m_stopIds.end());
}

void ChatGlm2::readInfo()
{
    const WeightSource& weights = *m_folder.weights;
    m_info.family = "chatglm2";
    m_info.name = m_folder.path.filename().string();
    describeTensors(m_info, weights, usedTensors(), [](const std::string&) { return false; });
    // Not a parameter: the angles, which are computed.
    std::erase(m_info.unknownTensors, "transformer.rotary_pos_emb.inv_freq");
    describeFiles(m_info, m_folder.path, weights);
    m_info.context = m_text.context;
    m_info.layers = m_text.decoder.layers;
    m_info.storedType = weights.describe(tensorNames().embedding())->type;
    for (const auto& [name, columns] : packableMatrices(m_text))
        m_info.packedBits = std::max(m_info.packedBits, weights.describe(name)->packedBits);
}

MemoryEstimate ChatGlm2::memory(DType compute, int64_t context) const
{
    // A packed matrix is there as f32 while it is loaded, before it is rounded to the compute type.
    int64_t unpacking = 0;
    if (compute != DType::F32)
        for (const auto& [name, columns] : packableMatrices(m_text))
            if (const TensorKind kind = *m_folder.weights->describe(name); kind.packedBits > 0)
                unpacking = std::max(unpacking, kind.bytes());
    return estimateOf(*m_folder.weights, usedTensors(), m_text, tensorNames(), compute, context,
                      unpacking, 0);
}

bool ChatGlm2::load(const std::vector<LayerShare>& shares, DType compute,
                    const ProgressSink& progress, std::stop_token stop)
{
    logUnknownTensors(m_info);
    m_shares = shares;
    int64_t bytes = 0;
    for (const NamedShape& tensor : usedTensors())
        bytes += m_folder.weights->describe(tensor.name)->bytes();
    WeightLoader loader(*shares.front().op, *m_folder.weights, compute, bytes, progress, stop,
                        m_folder.loaded.get());
    m_language = loadTextModel(loader, shares, m_text, tensorNames(), compute);
    return !loader.stopped();
}

void ChatGlm2::checkTokenizer(const Tokenizer& tokenizer) const
{
    const auto fail = [&](const std::string& what) {
        throw Error(Error::Code::BadModel, m_folder.path.string() + ": the tokenizer has " + what);
    };
    for (const char* token : {firstSpecial, promptTokens[0], promptTokens[1]})
        if (!tokenizer.addedToken(token))
            fail(std::string("no token ") + token +
                 "; tokenizer_class in tokenizer_config.json has to be "
                 "ChatGLMTokenizer");
    if (tokenizer.size() > m_text.decoder.vocabulary)
        fail(std::to_string(tokenizer.size()) + " tokens, more than the " +
             std::to_string(m_text.decoder.vocabulary) +
             " rows of the embedding (padded_vocab_size)");
    m_choosable = *tokenizer.addedToken(firstSpecial);
}

Prompt ChatGlm2::prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                        std::span<const VisualPart>) const
{
    requireChat(request);
    Prompt prompt;
    for (const char* token : promptTokens)
        prompt.ids.push_back(tokenizer.addedToken(token).value());
    const std::vector<int32_t> text = tokenizer.encodePrompt(rounds(request.messages));
    prompt.ids.insert(prompt.ids.end(), text.begin(), text.end());
    return prompt;
}

} // namespace

bool matches(const Config& config)
{
    return config.string("model_type", "") == "chatglm";
}

std::shared_ptr<const WeightSource> openWeights(const std::filesystem::path& folder,
                                                const Config& config)
{
    const Dimensions d = readDimensions(config);
    std::shared_ptr<const WeightSource> files = openCheckpoint(folder);
    if (files->describe(prefixTable))
        refusePrefix(*files);
    auto weights = std::make_shared<UnpackedWeights>(std::move(files), packableMatrices(d.text));
    if (d.packedBits != 0 && d.packedBits != weights->bits())
        throw Error(Error::Code::BadModel,
                    config.file() + ": quantization_bit is " + std::to_string(d.packedBits) +
                        ", but the matrices in the files are " +
                        (weights->bits() == 0
                             ? "not packed"
                             : "packed to " + std::to_string(weights->bits()) + " bits"));
    return weights;
}

std::unique_ptr<Family> make(ModelFolder folder)
{
    return std::make_unique<ChatGlm2>(std::move(folder));
}

std::optional<ModelFolder> synthetic(const std::string& name, int64_t layers, DType stored,
                                     std::stop_token stop)
{
    if (name != "chatglm2-6b")
        return std::nullopt;
    const nlohmann::json value = {
        {"model_type", "chatglm"},
        {"torch_dtype", "float16"},
        {"num_layers", layers > 0 ? layers : 28},
        {"hidden_size", 4096},
        {"ffn_hidden_size", 13696},
        {"num_attention_heads", 32},
        {"kv_channels", 128},
        {"multi_query_attention", true},
        {"multi_query_group_num", 2},
        {"padded_vocab_size", 65024},
        {"seq_length", 32768},
        {"layernorm_epsilon", 1e-5},
        {"add_qkv_bias", true},
    };
    ModelFolder folder;
    folder.config = Config(value, name);
    std::vector<std::pair<std::string, Shape>> shapes;
    for (NamedShape& tensor : textTensors(readDimensions(folder.config).text, tensorNames()))
        shapes.emplace_back(std::move(tensor.name), tensor.shape);
    folder.weights = syntheticWeights(std::move(shapes), stored, std::move(stop));
    return folder;
}

/// Source: chat() of the published code; top_k is the default of the library that it calls
Sampling sampling()
{
    Sampling sampling;
    sampling.enabled = true;
    sampling.temperature = 0.8F;
    sampling.topP = 0.8F;
    sampling.topK = 50;
    return sampling;
}

} // namespace argali::chatglm2
