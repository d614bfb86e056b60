#include <cmath>
#include <cstring>
#include <fstream>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/adapterfiles.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/devices.h"
#include "engine/families/families.h"
#include "engine/families/mergedweights.h"
#include "engine/loadedmodel.h"
#include "engine/media/mediareader.h"
#include "tests/support/hostile.h"

using namespace argali;
using namespace argali::test;

// Adapters of every kind on the models that they belong to, against the reference implementation,
// and what changes between requests that ask for different ones.
class TestAdapters final : public QObject {
    Q_OBJECT
private slots:
    void cases_data() { addCases(true); }
    void cases();
    void mergedIsTheSame_data() { addCases(false); }
    void mergedIsTheSame();
    void lowRankTensorsInTheCheckpoint_data();
    void lowRankTensorsInTheCheckpoint();
    void oneAfterTheOther();
    void nothingIsSharedBetweenAdapters();
    void picturesAreEncodedAgain();
    void prefixesComeAndGo();
    void narrowTypes();
    void namesAndChoices();
    void removedOnesLeaveNothing();

private:
    static void addCases(bool withPrefixes);
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;

nlohmann::json jsonOf(const std::filesystem::path& file)
{
    nlohmann::json value;
    std::ifstream(file) >> value;
    return value;
}

/// An adapter that needs no more than to be found.
AdapterSource at(const std::filesystem::path& path)
{
    return {path, {}, {}, {}};
}

/// A reference case with what it is about.
struct Case {
    std::filesystem::path model;
    std::optional<AdapterSource> adapter;
    ChatRequest request;
    std::vector<int32_t> generated;
    nlohmann::json expect;
    nlohmann::json tolerance;
    SafetensorsFile tensors;
};

Case readCase(const std::string& folder, const std::string& name)
{
    Case result;
    const std::filesystem::path of = data / folder / "cases" / name;
    const nlohmann::json value = jsonOf(of / "case.json");
    result.model = data / folder;
    if (value.contains("model")) {
        const nlohmann::json& model = value["model"];
        AdapterSource source =
            at((data / folder / model["adapter"].get<std::string>()).lexically_normal());
        source.name = "it";
        if (model.contains("lora_alpha")) {
            source.textAlpha = model["lora_alpha"]["language_model"].get<double>();
            source.visionAlpha = model["lora_alpha"]["vision_model"].get<double>();
        }
        result.adapter = source;
        result.model = (data / folder / model["base"].get<std::string>()).lexically_normal();
        result.request.adapter = "it";
    }
    for (const nlohmann::json& message : value["messages"]) {
        Message made;
        made.role = message["role"] == "user" ? Message::Role::User : Message::Role::Assistant;
        const nlohmann::json text = {{{"type", "text"}, {"text", message["content"]}}};
        for (const nlohmann::json& item :
             message["content"].is_string() ? text : message["content"]) {
            ContentItem content;
            if (item["type"] == "text") {
                content.text = item["text"];
            } else {
                content.type = ContentItem::Type::Picture;
                content.picture.pixels = std::make_shared<const Image>(
                    readPicture(of / item["path"].get<std::string>(), Orientation::AsStored));
            }
            made.content.push_back(content);
        }
        result.request.messages.push_back(made);
    }
    result.request.sampling = Sampling{};
    result.request.maxNewTokens = value["options"]["max_new_tokens"];
    result.expect = value["expect"];
    result.generated = result.expect["generated_ids"].get<std::vector<int32_t>>();
    result.tolerance = value["tolerance"];
    result.tensors = openSafetensors(of / "expect.safetensors");
    return result;
}

/// How far two tensors are from each other: the largest difference and the NMSE.
std::pair<double, double> distance(const Tensor& found, const Tensor& expected)
{
    if (found.isEmpty() || found.shape() != expected.shape())
        return {INFINITY, INFINITY};
    double largest = 0;
    double squares = 0;
    double all = 0;
    for (int64_t i = 0; i < found.count(); ++i) {
        float wanted = 0;
        std::memcpy(&wanted, expected.raw() + i * 4, 4); // a file's tensors need not be aligned
        const double difference = found.as<float>()[i] - wanted;
        largest = std::max(largest, std::isfinite(difference) ? std::abs(difference) : INFINITY);
        squares += difference * difference;
        all += double(wanted) * wanted;
    }
    return {largest, squares / all};
}

/// What a case's tolerance is exceeded by; empty when it is kept.
QString complaint(const char* name, const Tensor& found, const Case& reference)
{
    const auto [largest, nmse] = distance(found, reference.tensors.tensors.at(name));
    const nlohmann::json& tolerance = reference.tolerance.at(name);
    if (largest <= tolerance.at("max_abs").get<double>() &&
        nmse <= tolerance.at("nmse").get<double>())
        return {};
    return QString("%1: largest difference %2, NMSE %3").arg(name).arg(largest).arg(nmse);
}

std::unique_ptr<Model> opened(const std::filesystem::path& folder,
                              const std::vector<AdapterSource>& adapters = {},
                              DType dtype = DType::F32)
{
    OpenOptions options;
    options.device = "cpu";
    options.dtype = dtype;
    options.adapters = adapters;
    return openModel(folder, options, {});
}

AdapterSource adapter(const char* folder)
{
    return at(data / "adapters" / folder);
}

ChatRequest question(const char* text, const std::string& adapter)
{
    ContentItem item;
    item.text = text;
    ChatRequest request;
    request.messages = {{Message::Role::User, {item}}};
    request.maxNewTokens = 4;
    request.sampling = Sampling{};
    request.adapter = adapter;
    return request;
}

} // namespace

void TestAdapters::addCases(bool withPrefixes)
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("name");
    if (withPrefixes)
        for (const char* folder : {"chatglm2-ptuning", "chatglm2-ptuning-projection"})
            for (const char* name : {"single_round", "two_rounds"})
                QTest::addRow("%s %s", folder, name) << folder << name;
    for (const char* folder :
         {"llava-tiny-lora", "llava-tiny-lora-rslora", "llava-tiny-projector", "llava-tiny-hf-peft",
          "internvl2-llm", "internvl2-vision", "internvl2-xtuner"})
        for (const auto& entry :
             std::filesystem::directory_iterator(data / "adapters" / folder / "cases"))
            QTest::newRow(folder) << QString("adapters/") + folder
                                  << QString::fromStdString(entry.path().filename().string());
}

void TestAdapters::cases()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    const Case reference = readCase(folder.toStdString(), name.toStdString());
    const std::unique_ptr<Model> model = opened(reference.model, {*reference.adapter});
    const Trace trace = model->trace(reference.request, reference.generated, {});
    QCOMPARE(trace.inputIds, reference.expect["input_ids"].get<std::vector<int32_t>>());
    if (!trace.visualEmbeds.isEmpty())
        QCOMPARE(complaint("visual_embeds", trace.visualEmbeds, reference), QString());
    QCOMPARE(complaint("logits", trace.logits, reference), QString());
    const ChatResult answer = model->generate(reference.request, {}, {}, {});
    QCOMPARE(answer.ids, reference.generated);
    QCOMPARE(answer.text, reference.expect["text"].get<std::string>());
}

void TestAdapters::mergedIsTheSame()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    const Case reference = readCase(folder.toStdString(), name.toStdString());
    const std::unique_ptr<Model> model = opened(reference.model, {*reference.adapter});
    const Trace unmerged = model->trace(reference.request, reference.generated, {});

    ModelFolder files = openFolder(reference.model);
    auto fitted = std::make_shared<const FittedAdapter>(
        fitAdapter(readAdapter(*reference.adapter), *files.weights));
    files.weights =
        std::make_shared<MergedWeights>(files.weights, fitted, MergedWeights::Changes::All);
    const std::shared_ptr<const WeightSource> weights = files.weights;
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(makeBackend("cpu"));
    std::unique_ptr<Family> family = makeFamily(std::move(files));
    QVERIFY(family->load(*backends.front(), DType::F32, {}, {}));
    LoadedModel merged(std::move(backends), std::move(family), weights,
                       openTokenizer(reference.model), {}, DType::F32, 512);
    ChatRequest request = reference.request;
    request.adapter.clear();
    const Trace found = merged.trace(request, reference.generated, {});
    QCOMPARE(complaint("logits", found.logits, reference), QString());
    QVERIFY(distance(found.logits, unmerged.logits).first <=
            reference.tolerance.at("logits").at("max_abs").get<double>());
}

void TestAdapters::lowRankTensorsInTheCheckpoint_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("picture") << "one-image";
    QTest::newRow("text") << "text-only";
}

void TestAdapters::lowRankTensorsInTheCheckpoint()
{
    QFETCH(QString, name);
    const Case reference = readCase("internvl2-tiny-lora-in-file", name.toStdString());
    const std::unique_ptr<Model> model = opened(reference.model);
    QVERIFY(model->info().unknownTensors.empty());
    const Trace trace = model->trace(reference.request, reference.generated, {});
    QCOMPARE(complaint("logits", trace.logits, reference), QString());
    QCOMPARE(model->generate(reference.request, {}, {}, {}).ids, reference.generated);
}

void TestAdapters::oneAfterTheOther()
{
    // Three adapters and none, round after round, on one model: each answers as it would alone.
    const Case lora = readCase("adapters/llava-tiny-lora", "one-image");
    const std::unique_ptr<Model> model = opened(lora.model);
    const int64_t weights = model->memory().weights;
    const std::vector<int32_t> bare = model->generate(question("Hello", ""), {}, {}, {}).ids;
    for (const char* folder : {"llava-tiny-lora", "llava-tiny-lora-rslora", "llava-tiny-projector"})
        model->addAdapter(adapter(folder), {});
    QCOMPARE(model->memory().weights, weights);
    for (int round = 0; round < 2; ++round) {
        for (const char* folder :
             {"llava-tiny-lora", "llava-tiny-projector", "llava-tiny-lora-rslora"}) {
            Case reference = readCase(std::string("adapters/") + folder, "one-image");
            reference.request.adapter = folder;
            QElapsedTimer timer;
            timer.start();
            model->cost(reference.request);
            QVERIFY2(timer.elapsed() < 200, qPrintable(QString::number(timer.elapsed())));
            QCOMPARE(model->generate(reference.request, {}, {}, {}).ids, reference.generated);
        }
        QCOMPARE(model->generate(question("Hello", ""), {}, {}, {}).ids, bare);
    }
}

void TestAdapters::nothingIsSharedBetweenAdapters()
{
    const std::unique_ptr<Model> model =
        opened(data / "llava_1_5-tiny-original",
               {adapter("llava-tiny-lora"), adapter("llava-tiny-lora-rslora")});
    const auto ask = [&](const char* name) {
        return model->generate(question("Hello", name), {}, {}, {}).usage;
    };
    const int64_t all = ask("").computedTokens;
    QVERIFY(all > 1);
    QCOMPARE(ask("").computedTokens, int64_t(1)); // the last one, whose logits are wanted
    QCOMPARE(model->cost(question("Hello", "")).newTokens, int64_t(1));
    QCOMPARE(model->cost(question("Hello", "llava-tiny-lora")).newTokens, all);
    QCOMPARE(ask("llava-tiny-lora").computedTokens, all);
    QCOMPARE(ask("llava-tiny-lora").computedTokens, int64_t(1));
    QCOMPARE(ask("llava-tiny-lora-rslora").computedTokens, all);
    QCOMPARE(model->cost(question("Hello", "")).newTokens, all);
    QCOMPARE(ask("").computedTokens, all);
}

void TestAdapters::picturesAreEncodedAgain()
{
    // llava-tiny-projector changes what becomes of a picture, llava-tiny-lora-rslora does not.
    Case reference = readCase("adapters/llava-tiny-projector", "one-image");
    const std::unique_ptr<Model> model = opened(
        reference.model, {adapter("llava-tiny-projector"), adapter("llava-tiny-lora-rslora")});
    const auto encoded = [&](const char* name) {
        reference.request.adapter = name;
        return model->generate(reference.request, {}, {}, {}).usage.encodedTokens;
    };
    QVERIFY(encoded("") > 0);
    QCOMPARE(encoded("llava-tiny-lora-rslora"), int64_t(0));
    reference.request.adapter = "llava-tiny-projector";
    QVERIFY(model->cost(reference.request).newVisualTokens > 0);
    QVERIFY(encoded("llava-tiny-projector") > 0);
    QCOMPARE(encoded("llava-tiny-projector"), int64_t(0));
    QCOMPARE(encoded(""), int64_t(0)); // those of before are still there
}

void TestAdapters::prefixesComeAndGo()
{
    const Case reference = readCase("chatglm2-ptuning", "two_rounds");
    const std::unique_ptr<Model> model = opened(reference.model, {*reference.adapter});
    ChatRequest bare = reference.request;
    bare.adapter.clear();
    const std::vector<int32_t> before = model->generate(bare, {}, {}, {}).ids;
    QVERIFY(before != reference.generated);
    for (int round = 0; round < 2; ++round) {
        const ChatResult with = model->generate(reference.request, {}, {}, {});
        QCOMPARE(with.ids, reference.generated);
        QCOMPARE(with.usage.computedTokens, with.usage.promptTokens);
        QCOMPARE(model->generate(reference.request, {}, {}, {}).usage.computedTokens, int64_t(1));
        model->cost(bare); // to ask costs nothing
        QCOMPARE(model->generate(reference.request, {}, {}, {}).usage.computedTokens, int64_t(1));
        const ChatResult without = model->generate(bare, {}, {}, {});
        QCOMPARE(without.ids, before);
        QCOMPARE(without.usage.computedTokens, without.usage.promptTokens);
    }
    QCOMPARE(throwsOtherwise(
                 [&] { opened(data / "llava_1_5-tiny-original", {at(data / "chatglm2-ptuning")}); },
                 Error::Code::Unsupported, "take no prefix of P-Tuning"),
             QByteArray());
}

void TestAdapters::narrowTypes()
{
    const Case reference = readCase("adapters/internvl2-xtuner", "one-image");
    for (const DType dtype : {DType::BF16, DType::F16}) {
        const std::unique_ptr<Model> model = opened(reference.model, {*reference.adapter}, dtype);
        const Trace trace = model->trace(reference.request, reference.generated, {});
        const double nmse = distance(trace.logits, reference.tensors.tensors.at("logits")).second;
        QVERIFY2(nmse < (dtype == DType::BF16 ? 3e-3 : 3e-5), qPrintable(QString::number(nmse)));
    }
}

void TestAdapters::namesAndChoices()
{
    const std::unique_ptr<Model> model =
        opened(data / "llava_1_5-tiny-original", {adapter("llava-tiny-lora")});
    QCOMPARE(model->adapters(), std::vector<std::string>{"llava-tiny-lora"});
    QCOMPARE(throwsOtherwise([&] { model->generate(question("a", "other"), {}, {}, {}); },
                             Error::Code::BadRequest,
                             "no adapter is called \"other\"|\"llava-tiny-lora\""),
             QByteArray());
    QCOMPARE(throwsOtherwise([&] { model->addAdapter(adapter("llava-tiny-lora"), {}); },
                             Error::Code::BadRequest, "two adapters are called"),
             QByteArray());
    QCOMPARE(throwsOtherwise(
                 [&] { model->addAdapter(adapter("internvl2-llm"), {}); }, Error::Code::BadModel,
                 "internvl2-llm: module|is nothing that this model has|llava_1_5-tiny-original"),
             QByteArray());
    QCOMPARE(model->adapters().size(), size_t(1)); // what failed is not there
    model->addAdapter({data / "adapters/llava-tiny-lora", "again", {}, {}}, {});
    QCOMPARE(model->adapters(), (std::vector<std::string>{"llava-tiny-lora", "again"}));
    QCOMPARE(model->generate(question("Hello", "again"), {}, {}, {}).ids,
             model->generate(question("Hello", "llava-tiny-lora"), {}, {}, {}).ids);
}

void TestAdapters::removedOnesLeaveNothing()
{
    const std::unique_ptr<Model> model =
        opened(data / "llava_1_5-tiny-original",
               {adapter("llava-tiny-lora"), adapter("llava-tiny-projector")});
    const auto ids = [](Model& of, const char* name) {
        return of.generate(question("Hello", name), {}, {}, {}).ids;
    };
    const std::vector<int32_t> bare = ids(*model, "");
    const std::vector<int32_t> first = ids(*model, "llava-tiny-lora"); // in use, and in the cache
    model->removeAdapter("llava-tiny-lora");
    QCOMPARE(model->adapters(), std::vector<std::string>{"llava-tiny-projector"});
    QCOMPARE(throwsOtherwise([&] { ids(*model, "llava-tiny-lora"); }, Error::Code::BadRequest,
                             "no adapter is called"),
             QByteArray());
    QCOMPARE(throwsOtherwise([&] { model->removeAdapter("llava-tiny-lora"); },
                             Error::Code::BadRequest, "no adapter is called \"llava-tiny-lora\""),
             QByteArray());
    QCOMPARE(ids(*model, ""), bare);
    // One whose reading is stopped is not there.
    std::stop_source stopped;
    stopped.request_stop();
    QVERIFY(!model->addAdapter(adapter("llava-tiny-lora"), stopped.get_token()));
    QCOMPARE(model->adapters(), std::vector<std::string>{"llava-tiny-projector"});
    // Another one under its name has nothing of it, nor of what it computed.
    (void)ids(*model, "llava-tiny-projector");
    QVERIFY(model->addAdapter({data / "adapters/llava-tiny-lora-rslora", "llava-tiny-lora", {}, {}},
                              {}));
    const ChatResult second = model->generate(question("Hello", "llava-tiny-lora"), {}, {}, {});
    QCOMPARE(second.usage.computedTokens, second.usage.promptTokens);
    const std::unique_ptr<Model> other =
        opened(data / "llava_1_5-tiny-original", {adapter("llava-tiny-lora-rslora")});
    QCOMPARE(second.ids, ids(*other, "llava-tiny-lora-rslora"));
    QVERIFY(second.ids != first);
}

QTEST_APPLESS_MAIN(TestAdapters)
#include "tst_adapters.moc"
