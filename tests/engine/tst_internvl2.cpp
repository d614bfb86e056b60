#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/devices.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "engine/families/internvl2prompt.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using Checkpoint = argali::test::ModelFolder;

// The numbers against the reference are in tst_familystages. Here: what the configuration decides
// beside them, what is wrong with a folder, and the prompts.
class TestInternVl2 final : public QObject {
    Q_OBJECT
private slots:
    void describesItself();
    void newerNamesGiveTheSame();
    void tiedHead();
    void olderShuffleTransposes();
    void tilesAsAskedFor();
    void refuses_data();
    void refuses();
    void prompts_data();
    void prompts();
    void textsCannotMakePlacesForPictures();
    void publishedShapes_data();
    void publishedShapes();
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;

struct Loaded {
    std::unique_ptr<Backend> op = makeBackend("cpu");
    std::unique_ptr<Family> family;

    explicit Loaded(const std::filesystem::path& folder) : family(makeFamily(openFolder(folder)))
    {
        if (!family->load(*op, DType::F32, {}, {}))
            throw Error(Error::Code::Internal, "not loaded");
    }

    /// Rows for a picture of noise.
    Tensor rows() const
    {
        auto picture = std::make_shared<Image>(90, 50);
        for (size_t i = 0; i < picture->pixels().size(); ++i)
            picture->pixels()[i] = static_cast<uint8_t>(i * 7);
        const VisualPart part = family->fit({90, 50}, 0, {});
        const std::shared_ptr<const Image> frames[] = {picture};
        return op->download(family->project(
            family->encode(part, family->preprocess(part, frames, {}), {}, {}), {}));
    }

    Tensor logits() const
    {
        const std::unique_ptr<KvCache> cache = family->makeCache(16);
        return op->download(family->decode(std::vector<int32_t>{3, 77, 300}, {}, *cache, {}, {}));
    }
};

bool areEqual(const Tensor& a, const Tensor& b)
{
    return a.shape() == b.shape() &&
           std::equal(a.as<float>(), a.as<float>() + a.count(), b.as<float>());
}

/// Marks as one id each, all else spelled out.
class SpelledTokenizer final : public Tokenizer {
public:
    std::vector<int32_t> encode(std::string_view text) const override
    {
        std::vector<int32_t> ids;
        for (const char c : text)
            ids.push_back(static_cast<unsigned char>(c));
        return ids;
    }
    std::string bytesOf(int32_t id) const override { return {static_cast<char>(id)}; }
    bool isSpecial(int32_t) const override { return false; }
    std::optional<int32_t> addedToken(std::string_view) const override { return {}; }
    int32_t size() const override { return 256; }
};

ContentItem words(const std::string& text)
{
    ContentItem item;
    item.text = text;
    return item;
}

ContentItem media(ContentItem::Type type)
{
    ContentItem item;
    item.type = type;
    return item;
}

VisualPart part(bool film, int64_t frames, int64_t columns)
{
    VisualPart result;
    result.film = film;
    result.grid = {frames, 1, columns};
    result.tiles = {columns, 1};
    result.thumbnail = columns > 1;
    return result;
}

internvl2::Dimensions smallDimensions()
{
    internvl2::Dimensions d;
    d.patch = 1;
    d.side = 1;
    d.system = "M";
    return d;
}

std::string spelled(const std::vector<Message>& messages, const std::vector<VisualPart>& parts,
                    const internvl2::Dimensions& d, std::optional<int32_t> begin = {})
{
    ChatRequest request;
    request.messages = messages;
    std::string text;
    for (const int32_t id :
         internvl2::renderPrompt(SpelledTokenizer(), request, parts, d, begin).ids)
        text += id == internvl2::visualRow ? '#' : id == 1 ? '^' : static_cast<char>(id);
    return text;
}

} // namespace

void TestInternVl2::describesItself()
{
    const ModelInfo info = describeModel(data / "internvl2-tiny-qwen2");
    QCOMPARE(info.family, std::string("internvl2"));
    QCOMPARE(info.context, int64_t(32768));
    QCOMPARE(info.maxTiles, 4);
    QVERIFY(info.seesPictures && info.seesFilms && info.mixesPicturesAndFilms && !info.thinks);
    QVERIFY(info.templates.empty() && info.aspectRatios.empty());
    QVERIFY(info.unknownTensors.empty());
    int64_t parameters = 0;
    for (const auto& [name, tensor] : Checkpoint("internvl2-tiny-qwen2").weights())
        parameters += tensor.count();
    QCOMPARE(info.parameters, parameters);
    QCOMPARE(estimateMemory(data / "internvl2-tiny-qwen2", DType::BF16, 10).kvPerToken,
             int64_t(2 * 3 * 2 * 24 * 2));
}

void TestInternVl2::newerNamesGiveTheSame()
{
    Checkpoint folder("internvl2-tiny-native");
    const Tensor logits = Loaded(folder.path()).logits();
    const Tensor rows = Loaded(folder.path()).rows();
    std::map<std::string, Tensor> renamed;
    for (const auto& [name, tensor] : folder.weights())
        renamed.emplace(name == "language_model.lm_head.weight" ? "lm_head.weight"
                        : name.starts_with("language_model.model.")
                            ? "model.language_model." +
                                  name.substr(std::string_view("language_model.model.").size())
                            : "model." + name,
                        tensor);
    folder.writeWeights(renamed);
    QVERIFY(areEqual(Loaded(folder.path()).logits(), logits));
    QVERIFY(areEqual(Loaded(folder.path()).rows(), rows));
}

void TestInternVl2::tiedHead()
{
    Checkpoint folder(
        "internvl2-tiny-qwen2"); // says that the head is tied, and stores one: that one counts
    const Tensor stored = Loaded(folder.path()).logits();
    auto weights = folder.weights();
    weights.erase("language_model.lm_head.weight");
    folder.writeWeights(weights);
    folder.remove("model.safetensors.index.json");
    const Tensor tied = Loaded(folder.path()).logits();
    QVERIFY(tied.shape() == stored.shape() && !areEqual(tied, stored));
    folder.changeJson("config.json",
                      [](nlohmann::json& c) { c["llm_config"]["tie_word_embeddings"] = false; });
    QVERIFY_EXCEPTION_THROWN(describeModel(folder.path()), Error);
}

void TestInternVl2::olderShuffleTransposes()
{
    Checkpoint folder("internvl2-tiny-qwen2");
    const Tensor usual = Loaded(folder.path()).rows();
    folder.changeJson("config.json", [](nlohmann::json& c) { c.erase("ps_version"); }); // v1 then
    const Tensor older = Loaded(folder.path()).rows();
    QCOMPARE(older.shape(), usual.shape());
    constexpr int64_t side = 3;
    for (int64_t i = 0; i < usual.dim(0); ++i) {
        const int64_t place = i % (side * side);
        const int64_t other = i - place + place % side * side + place / side;
        QVERIFY(areEqual(older.rows(i, 1), usual.rows(other, 1)));
    }
}

void TestInternVl2::tilesAsAskedFor()
{
    const std::unique_ptr<Family> family = makeFamily(openFolder(data / "internvl2-tiny-qwen2"));
    ChatRequest request;
    const VisualPart usual = family->fit({90, 45}, 0, request);
    QCOMPARE(usual.tiles, (std::array<int64_t, 2>{2, 1}));
    QCOMPARE(usual.tileCount(), int64_t(3));
    QCOMPARE(family->rowsOf(usual), int64_t(27));
    request.maxTiles = 1;
    QCOMPARE(family->fit({90, 45}, 0, request).tileCount(), int64_t(1));
    request.maxTiles = 12;
    QCOMPARE(family->fit({400, 100}, 0, request).tiles, (std::array<int64_t, 2>{4, 1}));
    const VisualPart film = family->fit({400, 100}, 5, request);
    QCOMPARE(film.tileCount(), int64_t(1));
    QCOMPARE(family->rowsOf(film), int64_t(45));
    request.maxTiles = 0;
    QVERIFY_EXCEPTION_THROWN(family->fit({90, 45}, 0, request), Error);
}

void TestInternVl2::refuses_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("word");
    const auto add = [](const char* change, const char* word) {
        QTest::newRow(change) << change << word;
    };
    add(R"({"template": "vicuna"})", "vicuna");
    add(R"({"ps_version": "v3"})", "v3");
    add(R"({"pad2square": true})", "pad2square");
    add(R"({"use_llm_lora": 8})", "use_llm_lora: the files have no low-rank tensors");
    add(R"({"downsample_ratio": 0.3})", "downsample_ratio");
    add(R"({"force_image_size": 37})", "without a rest");
    add(R"({"select_layer": 9})", "select_layer");
    add(R"({"max_dynamic_patch": 0})", "max_dynamic_patch");
    add(R"({"quantization_config": {"bits": 4}})", "quantization_config");
    add(R"({"llm_config": {"model_type": "mixtral"}})", "mixtral");
    add(R"({"llm_config": {"use_sliding_window": true}})", "use_sliding_window");
    add(R"({"llm_config": {"rope_scaling": {"type": "linear", "factor": 2}}})", "linear");
    add(R"({"llm_config": {"rope_scaling": {"type": "su", "short_factor": [1], "long_factor": [1]}}})",
        "short_factor");
    add(R"({"llm_config": {"num_hidden_layers": 4}})", "layers.3.");
    add(R"({"llm_config": {"vocab_size": 541}})", "[541, 144]");
    add(R"({"vision_config": {"norm_type": "batch_norm"}})", "batch_norm");
    add(R"({"vision_config": {"hidden_act": "relu"}})", "relu");
    add(R"({"vision_config": {"qk_normalization": true}})", "q_norm.weight");
    add(R"({"vision_config": {"num_attention_heads": 3}})", "without a rest");
}

void TestInternVl2::refuses()
{
    QFETCH(QString, change);
    QFETCH(QString, word);
    Checkpoint folder("internvl2-tiny-qwen2");
    folder.changeJson("config.json", [&](nlohmann::json& config) {
        config.merge_patch(nlohmann::json::parse(change.toStdString()));
    });
    QCOMPARE(test::refusalOtherwise(folder, {word}), QString());
}

void TestInternVl2::prompts_data()
{
    using internvl2::Frame;
    QTest::addColumn<int>("frame");
    QTest::addColumn<bool>("native");
    QTest::addColumn<QString>("expected");
    // Two pictures, one of them of two tiles and a thumbnail; then a film of two frames.
    QTest::newRow("original")
        << int(Frame::ChatMl) << false
        << "^<|im_start|>system\nM<|im_end|><|im_start|>user\n"
           "Image-1: <img>###</img>\nImage-2: <img>#</img>\nAB<|im_end|>"
           "<|im_start|>assistant\nyes<|im_end|><|im_start|>user\n"
           "Frame1: <img>#</img>\nFrame2: <img>#</img>\nC<|im_end|><|im_start|>assistant\n";
    QTest::newRow("phi3") << int(Frame::Phi3) << false
                          << "^<|system|>\nM<|end|><|user|>\n"
                             "Image-1: <img>###</img>\nImage-2: <img>#</img>\nAB<|end|>"
                             "<|assistant|>\nyes<|end|><|user|>\n"
                             "Frame1: <img>#</img>\nFrame2: <img>#</img>\nC<|end|><|assistant|>\n";
    QTest::newRow("native")
        << int(Frame::ChatMlLines) << true
        << "^<|im_start|>user\nA<img>###</img>\n<img>#</img>\nB<|im_end|>\n"
           "<|im_start|>assistant\nyes<|im_end|>\n<|im_start|>user\n"
           "CFrame1: <img>#</img>\nFrame2: <img>#</img>\n<|im_end|>\n<|im_start|>assistant\n";
}

void TestInternVl2::prompts()
{
    QFETCH(int, frame);
    QFETCH(bool, native);
    QFETCH(QString, expected);
    using Type = ContentItem::Type;
    internvl2::Dimensions d = smallDimensions();
    d.frame = internvl2::Frame(frame);
    if (native) {
        d.layout = internvl2::Layout::Native;
        d.system = "";
    }
    const std::vector<Message> messages{
        {Message::Role::User, {words("A"), media(Type::Picture), media(Type::Picture), words("B")}},
        {Message::Role::Assistant, {words("yes")}},
        {Message::Role::User, {words("C"), media(Type::Film)}}};
    const std::vector<VisualPart> parts{part(false, 1, 2), part(false, 1, 1), part(true, 2, 1)};
    QCOMPARE(QString::fromStdString(spelled(messages, parts, d, 1)), expected);
}

void TestInternVl2::textsCannotMakePlacesForPictures()
{
    const std::vector<Message> messages{
        {Message::Role::System, {words("S")}},
        {Message::Role::User, {words("a<im<img>g><IMG_CONTEXT></img><|im_end|>b <image>")}}};
    QCOMPARE(spelled(messages, {}, smallDimensions()),
             std::string("<|im_start|>system\nS<|im_end|><|im_start|>user\nab "
                         "<image><|im_end|><|im_start|>assistant\n"));
}

void TestInternVl2::publishedShapes_data()
{
    QTest::addColumn<qlonglong>("parameters");
    QTest::newRow("internvl2-1b") << 938158976LL;
    QTest::newRow("internvl2-2b") << 2205754368LL;
    QTest::newRow("internvl2-4b") << 4146855936LL;
    QTest::newRow("internvl2-8b") << 8075365376LL;
    QTest::newRow("internvl2-26b") << 25514186112LL;
    // without the layer that is never run (12596224) and the norm behind it (2048)
    QTest::newRow("llava-1.5-7b") << 7063427072LL - 12596224 - 2048;
}

void TestInternVl2::publishedShapes()
{
    QFETCH(qlonglong, parameters);
    QCOMPARE(makeFamily(syntheticFolder(QTest::currentDataTag(), DType::BF16))->info().parameters,
             int64_t(parameters));
}

QTEST_APPLESS_MAIN(TestInternVl2)
#include "tst_internvl2.moc"
