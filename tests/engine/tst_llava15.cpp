#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/devices.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "engine/families/llava15prompt.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using Checkpoint = argali::test::ModelFolder;

// The numbers against the reference are in tst_familystages. Here: every spelling of the names
// gives the same numbers, towers are found where they may lie, what is wrong with a folder is
// named, and the prompts.
class TestLlava15 final : public QObject {
    Q_OBJECT
private slots:
    void spellings_data();
    void spellings();
    void describesItself();
    void findsTheTower_data();
    void findsTheTower();
    void findsTheTowerOfAnAdapter();
    void refuses_data();
    void refuses();
    void untrainedIdsAreNotChosen();
    void squaresAreToldApart();
    void filmsStayWithinTheContext();
    void prompts_data();
    void prompts();
    void refusesPrompts();
    void placeholdersCannotBeMadeOfPieces();
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;

/// Logits after a few ids and a picture.
Tensor logitsOf(const std::filesystem::path& folder)
{
    const std::unique_ptr<Backend> op = makeBackend("cpu");
    const std::unique_ptr<Family> family = makeFamily(openFolder(folder));
    if (!family->load(*op, DType::F32, {}, {}))
        throw Error(Error::Code::Internal, "not loaded");
    auto picture = std::make_shared<Image>(70, 50);
    for (size_t i = 0; i < picture->pixels().size(); ++i)
        picture->pixels()[i] = static_cast<uint8_t>(i * 7);
    const VisualPart part = family->fit({70, 50}, 0, {});
    const std::shared_ptr<const Image> frames[] = {picture};
    const Tensor rows =
        family->project(family->encode(part, family->preprocess(part, frames, {}), {}, {}), {});
    std::vector<int32_t> ids{1, 300};
    ids.insert(ids.end(), static_cast<size_t>(rows.dim(0)), -200);
    ids.push_back(301);
    const std::unique_ptr<KvCache> cache = family->makeCache(64);
    return op->download(family->decode(ids, rows, *cache, {}, {}));
}

bool areEqual(const Tensor& a, const Tensor& b)
{
    return a.shape() == b.shape() &&
           std::equal(a.as<float>(), a.as<float>() + a.count(), b.as<float>());
}

using Renaming = std::vector<std::pair<std::string, std::string>>;

void rename(Checkpoint& folder, const Renaming& renaming)
{
    std::map<std::string, Tensor> renamed;
    for (const auto& [name, tensor] : folder.weights()) {
        std::string to = name;
        for (const auto& [from, with] : renaming)
            if (name.starts_with(from)) {
                to = with + name.substr(from.size());
                break;
            }
        renamed.emplace(to, tensor);
    }
    folder.writeWeights(renamed);
}

/// Words and marks as ids that can be read: each character its code, a begun text a blank before
/// it.
class SpelledTokenizer final : public Tokenizer {
public:
    std::vector<int32_t> encode(std::string_view text) const override
    {
        std::vector<int32_t> ids;
        if (!text.empty())
            ids.push_back('_');
        for (const char c : text)
            ids.push_back(static_cast<unsigned char>(c));
        return ids;
    }
    std::string bytesOf(int32_t id) const override { return {static_cast<char>(id)}; }
    bool isSpecial(int32_t) const override { return false; }
    std::optional<int32_t> addedToken(std::string_view text) const override
    {
        return text == "</s>" ? std::optional(2) : std::nullopt;
    }
    int32_t size() const override { return 256; }
};

std::string spelled(const Prompt& prompt)
{
    std::string text;
    for (const int32_t id : prompt.ids)
        text += id == llava15::visualRow ? std::string("#")
                : id < 3                 ? "{" + std::to_string(id) + "}"
                                         : std::string(1, static_cast<char>(id));
    return text;
}

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

llava15::Dimensions smallDimensions()
{
    llava15::Dimensions d;
    d.patch = 1;
    d.side = 1;
    d.legacyPrefix = false;
    return d;
}

VisualPart part(bool film, int64_t frames)
{
    VisualPart result;
    result.film = film;
    result.grid = {frames, 1, 1};
    return result;
}

} // namespace

void TestLlava15::spellings_data()
{
    QTest::addColumn<QString>("layout");
    for (const char* layout : {"newer", "original"})
        QTest::newRow(layout) << layout;
}

void TestLlava15::spellings()
{
    QFETCH(QString, layout);
    Checkpoint folder("llava_1_5-tiny-hf");
    const Tensor expected = logitsOf(folder.path());
    if (layout == "newer") {
        rename(folder, {{"language_model.model.", "model.language_model."},
                        {"language_model.lm_head.", "lm_head."},
                        {"multi_modal_projector.", "model.multi_modal_projector."},
                        {"vision_tower.", "model.vision_tower."}});
    } else {
        rename(folder, {{"language_model.model.", "model."},
                        {"language_model.lm_head.", "lm_head."},
                        {"multi_modal_projector.linear_1.", "model.mm_projector.0."},
                        {"multi_modal_projector.linear_2.", "model.mm_projector.2."},
                        {"vision_tower.", "model.vision_tower.vision_tower."}});
        nlohmann::json vision;
        folder.changeJson("config.json", [&](nlohmann::json& config) {
            vision = config["vision_config"];
            nlohmann::json original = config["text_config"];
            original["model_type"] = "llava_llama";
            original["mm_vision_tower"] = "owner/tower";
            original["mm_projector_type"] = "mlp2x_gelu";
            original["image_aspect_ratio"] = "pad";
            config = original;
        });
        std::filesystem::create_directory(folder.path() / "vision_tower");
        std::ofstream(folder.path() / "vision_tower/config.json") << vision;
    }
    QVERIFY(areEqual(logitsOf(folder.path()), expected));
    QVERIFY(describeModel(folder.path()).unknownTensors.empty());
}

void TestLlava15::describesItself()
{
    const ModelInfo info = describeModel(data / "llava_1_5-tiny-original");
    QCOMPARE(info.family, std::string("llava_1_5"));
    QCOMPARE(info.context, int64_t(4096));
    QCOMPARE(info.layers, int64_t(3));
    QCOMPARE(info.storedType, DType::F16);
    QVERIFY(info.seesPictures && info.seesFilms && info.mixesPicturesAndFilms && !info.thinks);
    QVERIFY(info.filmsAtMost > 1);
    QCOMPARE(info.maxTiles, 0);
    QCOMPARE(info.maxPixels, int64_t(0));
    QCOMPARE(info.templates, (std::vector<std::string>{"vicuna_v1", "llava_v1", "hf"}));
    QCOMPARE(info.aspectRatios, (std::vector<std::string>{"pad", "crop"}));
    QVERIFY(info.unknownTensors.empty()); // not even the text tower beside the vision tower
    QVERIFY(std::ranges::count(info.files, std::filesystem::path("vision_tower/config.json")) == 1);
    const MemoryEstimate memory = estimateMemory(data / "llava_1_5-tiny-original", DType::F16, 100);
    QCOMPARE(memory.kvPerToken,
             int64_t(2 * 3 * 5 * 32 * 2)); // K and V, layers, heads, width, bytes
    QCOMPARE(memory.total, memory.weights + memory.workspace + 100 * memory.kvPerToken);
}

void TestLlava15::findsTheTower_data()
{
    QTest::addColumn<QString>("place");
    for (const char* place :
         {"absolute", "inside", "beside", "by its id", "in the library", "nowhere", "a way out"})
        QTest::newRow(place) << place;
}

void TestLlava15::findsTheTower()
{
    QFETCH(QString, place);
    const QTemporaryDir root;
    const std::filesystem::path base = root.path().toStdString();
    const std::filesystem::path model = base / "library/owner/model";
    std::filesystem::create_directories(model.parent_path());
    std::filesystem::copy(data / "llava_1_5-tiny-original", model,
                          std::filesystem::copy_options::recursive);
    const std::map<QString, std::filesystem::path> places{
        {"absolute", base / "far"},
        {"inside", model / "vision_tower"},
        {"beside", model.parent_path() / "tower"},
        {"by its id", base / "library/clip/tower"},
        {"in the library", base / "models/clip/tower"},
        {"nowhere", base / "elsewhere"},
        {"a way out", base / "secret"}};
    qputenv("ARGALI_MODELS", QByteArray::fromStdString((base / "models").string()));
    const auto restore = qScopeGuard([] { qunsetenv("ARGALI_MODELS"); });
    const std::filesystem::path wanted = places.at(place);
    std::filesystem::create_directories(wanted.parent_path());
    std::filesystem::rename(model / "vision_tower", base / "moved");
    std::filesystem::rename(base / "moved", wanted);
    nlohmann::json config;
    std::ifstream(model / "config.json") >> config;
    config["mm_vision_tower"] = place == "absolute"    ? wanted.string()
                                : place == "a way out" ? "../../secret"
                                                       : "clip/tower";
    std::ofstream(model / "config.json") << config;
    try {
        QVERIFY(!logitsOf(model).isEmpty());
        QVERIFY(place != "nowhere" && place != "a way out");
    } catch (const Error& error) {
        QVERIFY2(place == "nowhere" || place == "a way out", error.what());
        QCOMPARE(error.code(), Error::Code::Missing);
        QVERIFY2(QString(error.what()).contains(place == "nowhere" ? "clip/tower" : "secret"),
                 error.what());
        QVERIFY2(QString(error.what())
                     .contains("put its folder there as " +
                               QString::fromStdString((model / "vision_tower").string())),
                 error.what());
        std::vector<std::filesystem::path> looked{model / "vision_tower",
                                                  base / "library/owner" / wanted.filename()};
        if (place == "nowhere") {
            looked[1] = base / "library/owner/tower";
            looked.insert(looked.end(), {base / "library/clip/tower", base / "models/clip/tower"});
        }
        QString list;
        for (const std::filesystem::path& folder : looked)
            list += (list.isEmpty() ? "" : ", ") + QString::fromStdString(folder.string());
        QVERIFY2(QString(error.what()).contains("in none of these folders: " + list + ";"),
                 error.what());
    }
}

void TestLlava15::findsTheTowerOfAnAdapter()
{
    // Around the folder of the adapter that brings the configuration, before around the model's.
    const QTemporaryDir root;
    const std::filesystem::path base = root.path().toStdString();
    const std::filesystem::path model = base / "models/vicuna";
    const std::filesystem::path adapter = base / "runs/lora";
    for (const auto& [from, to] : {std::pair{data / "llava_1_5-tiny-original", model},
                                   std::pair{data / "adapters/llava-tiny-lora", adapter}}) {
        std::filesystem::create_directories(to.parent_path());
        std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    }
    nlohmann::json config;
    std::ifstream(model / "config.json") >> config;
    std::erase_if(config.get_ref<nlohmann::json::object_t&>(),
                  [](const auto& entry) { return entry.first.starts_with("mm_"); });
    config["model_type"] = "llama";
    std::ofstream(model / "config.json") << config;
    std::ifstream(adapter / "config.json") >> config;
    config["mm_vision_tower"] = "clip/tower";
    std::ofstream(adapter / "config.json") << config;
    OpenOptions options;
    options.device = "cpu";
    options.adapters = {{adapter, {}, {}, {}}};
    std::filesystem::rename(model / "vision_tower", base / "runs/tower");
    QVERIFY(openModel(model, options, {}));
    std::filesystem::rename(base / "runs/tower", base / "models/tower");
    QVERIFY(openModel(model, options, {}));
    std::filesystem::remove_all(base / "models/tower");
    try {
        openModel(model, options, {});
        QFAIL("there is no tower");
    } catch (const Error& error) {
        const QString what = error.what();
        const auto first =
            what.indexOf(QString::fromStdString((adapter / "vision_tower").string()));
        QVERIFY2(first > 0 && what.indexOf(QString::fromStdString(
                                  (model / "vision_tower").string())) > first,
                 error.what());
    }
}

void TestLlava15::refuses_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("word");
    const auto add = [](const char* change, const char* word) {
        QTest::newRow(change) << change << word;
    };
    add(R"({"model_type": "mllama"})", "mllama");
    add(R"({"model_type": "mllama"})"
        " ",
        "LLaVA-1.5");
    add(R"({"vision_feature_layer": [1, 2]})", "vision_feature_layer");
    add(R"({"vision_feature_layer": -9})", "vision_feature_layer");
    add(R"({"vision_feature_select_strategy": "half"})", "half");
    add(R"({"projector_hidden_act": "relu"})", "relu");
    add(R"({"quantization_config": {"bits": 4}})", "quantization_config");
    add(R"({"text_config": {"model_type": "mistral"}})", "mistral");
    add(R"({"text_config": {"hidden_act": "gelu"}})", "hidden_act");
    add(R"({"text_config": {"rope_scaling": {"type": "yarn", "factor": 2}}})", "yarn");
    add(R"({"text_config": {"attention_bias": true}})", "attention_bias");
    add(R"({"text_config": {"num_key_value_heads": 3}})", "key/value heads");
    add(R"({"text_config": {"hidden_size": 145}})", "language_model.model.embed_tokens.weight");
    add(R"({"text_config": {"num_hidden_layers": 4}})", "layers.3.");
    add(R"({"vision_config": {"hidden_act": "relu"}})", "relu");
    add(R"({"vision_config": {"patch_size": 15}})", "without a rest");
    add(R"({"vision_config": {"image_size": 1e9}})", "image_size");
    add(R"({"vision_config": {"image_size": 28}})", "28");
    add(R"({"vision_config": {"num_channels": 1}})", "num_channels");
}

void TestLlava15::refuses()
{
    QFETCH(QString, change);
    QFETCH(QString, word);
    Checkpoint folder("llava_1_5-tiny-hf");
    folder.changeJson("config.json", [&](nlohmann::json& config) {
        config.merge_patch(nlohmann::json::parse(change.toStdString()));
    });
    QCOMPARE(test::refusalOtherwise(folder, {word}), QString());
}

void TestLlava15::untrainedIdsAreNotChosen()
{
    QCOMPARE(makeFamily(openFolder(data / "llava_1_5-tiny-hf"))->choosableIds(), int64_t(691));
    QVERIFY(makeFamily(openFolder(data / "llava_1_5-tiny-original"))->choosableIds() > 653);
}

void TestLlava15::squaresAreToldApart()
{
    const std::unique_ptr<Family> family = makeFamily(openFolder(data / "llava_1_5-tiny-hf"));
    ChatRequest request;
    const VisualPart usual = family->fit({70, 50}, 0, request);
    request.aspectRatio = "crop";
    const VisualPart cropped = family->fit({70, 50}, 0, request);
    QVERIFY(usual.variant != cropped.variant && usual.size == cropped.size);
    QCOMPARE(family->rowsOf(family->fit({70, 50}, 3, request)), int64_t(48));
    request.aspectRatio = "stretch";
    QVERIFY_EXCEPTION_THROWN(family->fit({70, 50}, 0, request), Error);
}

void TestLlava15::filmsStayWithinTheContext()
{
    Checkpoint folder("llava_1_5-tiny-hf");
    ChatRequest request;
    ContentItem film;
    film.type = ContentItem::Type::Film;
    film.film.path = std::filesystem::path(ARGALI_RESOURCES) / "pocket/samples/grow.mp4";
    request.messages = {{Message::Role::User, {film, words("?")}}};
    request.promptTemplate = "hf";
    QCOMPARE(openModel(folder.path(), {}, {})->cost(request).parts.front().frames, int64_t(8));
    // Eight frames of 16 positions are all of it: three quarters have room for six.
    folder.changeJson("config.json",
                      [](nlohmann::json& c) { c["text_config"]["max_position_embeddings"] = 128; });
    QCOMPARE(openModel(folder.path(), {}, {})->cost(request).parts.front().frames, int64_t(6));
    film.film.times = {0, 0.1};
    request.messages = {{Message::Role::User, {film, words("?")}}};
    QCOMPARE(openModel(folder.path(), {}, {})->cost(request).parts.front().frames, int64_t(2));
}

void TestLlava15::prompts_data()
{
    QTest::addColumn<QString>("style");
    QTest::addColumn<QString>("expected");
    // A picture, then a film of two frames in the second question.
    QTest::newRow("vicuna_v1")
        << ""
        << "{1}_S USER: #_\nA\nB? ASSISTANT: yes{2}USER: #_\n#_\nC? ASSISTANT:";
    QTest::newRow("hf") << "hf"
                        << "{1}_S USER: #_\nA B? ASSISTANT: yes USER: #_\n#_\nC? ASSISTANT:";
}

void TestLlava15::prompts()
{
    QFETCH(QString, style);
    QFETCH(QString, expected);
    using Type = ContentItem::Type;
    ChatRequest request;
    request.promptTemplate = style.toStdString();
    request.messages = {{Message::Role::System, {words("S")}},
                        {Message::Role::User, {words("A"), media(Type::Picture), words("B?")}},
                        {Message::Role::Assistant, {words("yes")}},
                        {Message::Role::User, {words("C?"), media(Type::Film)}}};
    const std::vector<VisualPart> parts{part(false, 1), part(true, 2)};
    const Prompt prompt =
        llava15::renderPrompt(SpelledTokenizer(), request, parts, smallDimensions());
    QCOMPARE(QString::fromStdString(spelled(prompt)), expected);
    QCOMPARE(prompt.parts.size(), size_t(2));
    request.messages.erase(request.messages.begin());
    request.promptTemplate = "llava_v1";
    QVERIFY(spelled(llava15::renderPrompt(SpelledTokenizer(), request, parts, smallDimensions()))
                .starts_with("{1}_A chat between a curious human and an artificial"));
    llava15::Dimensions legacy = smallDimensions();
    legacy.legacyPrefix = true;
    request.promptTemplate = "vicuna_v1";
    QVERIFY(spelled(llava15::renderPrompt(SpelledTokenizer(), request, parts, legacy))
                .find("{2}_USER: #") != std::string::npos);
}

void TestLlava15::refusesPrompts()
{
    ChatRequest request;
    const auto refused = [&](std::vector<Message> messages, const std::string& style) {
        request.messages = std::move(messages);
        request.promptTemplate = style;
        try {
            llava15::renderPrompt(SpelledTokenizer(), request, {}, smallDimensions());
        } catch (const Error& error) {
            return error.code() == Error::Code::BadRequest;
        }
        return false;
    };
    QVERIFY(refused({}, ""));
    QVERIFY(refused({{Message::Role::Assistant, {words("a")}}}, ""));
    QVERIFY(refused({{Message::Role::System, {media(ContentItem::Type::Picture)}},
                     {Message::Role::User, {words("a")}}},
                    ""));
    QVERIFY(refused({{Message::Role::User, {words("a")}}}, "alpaca"));
}

void TestLlava15::placeholdersCannotBeMadeOfPieces()
{
    ChatRequest request;
    request.messages = {{Message::Role::System, {words("")}},
                        {Message::Role::User, {words("x<ima<image>ge>y")}}};
    QCOMPARE(spelled(llava15::renderPrompt(SpelledTokenizer(), request, {}, smallDimensions())),
             std::string("{1}_ USER: xy ASSISTANT:"));
}

QTEST_APPLESS_MAIN(TestLlava15)
#include "tst_llava15.moc"
