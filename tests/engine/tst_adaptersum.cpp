#include <cmath>

#include <QtTest>

#include "engine/adapterfiles.h"
#include "engine/devices.h"
#include "engine/families/adaptersum.h"
#include "engine/families/families.h"
#include "engine/families/mergedweights.h"
#include "engine/loadedmodel.h"
#include "engine/media/mediareader.h"
#include "engine/numbers.h"
#include "tests/support/hostile.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

// Several adapters in one request: what a model answers with them is what it answers with the sum
// in its weights.
class TestAdapterSum final : public QObject {
    Q_OBJECT
private slots:
    void isTheSumInTheWeights_data();
    void isTheSumInTheWeights();
    void comesAndGoes();
    void addsToAPrefix();
    void refuses();
    void addsNumbers();
    void refusesWhatCannotBeAdded_data();
    void refusesWhatCannotBeAdded();
};

namespace {

namespace fs = std::filesystem;
const fs::path data = ARGALI_TEST_DATA;

AdapterSource at(const fs::path& path)
{
    return {path, {}, {}, {}};
}

std::vector<AdapterSource> sources(const QStringList& names)
{
    std::vector<AdapterSource> list;
    for (const QString& name : names)
        list.push_back(at(data / name.toStdString()));
    return list;
}

OpenOptions onProcessor(const std::vector<AdapterSource>& adapters)
{
    OpenOptions options;
    options.device = "cpu";
    options.dtype = DType::F32;
    options.adapters = adapters;
    return options;
}

ChatRequest question(const fs::path& picture, const std::vector<std::string>& adapters)
{
    ContentItem text;
    text.text = "What is this?";
    Message message{Message::Role::User, {text}};
    if (!picture.empty()) {
        ContentItem item;
        item.type = ContentItem::Type::Picture;
        item.picture.path = picture;
        message.content.insert(message.content.begin(), item);
    }
    ChatRequest request;
    request.messages = {message};
    request.maxNewTokens = 4;
    request.sampling = Sampling{};
    if (!adapters.empty()) {
        request.adapter = adapters.front();
        request.moreAdapters.assign(adapters.begin() + 1, adapters.end());
    }
    return request;
}

double distance(const Tensor& a, const Tensor& b)
{
    if (a.shape() != b.shape())
        return INFINITY;
    double largest = 0;
    for (int64_t i = 0; i < a.count(); ++i)
        largest = std::max(largest, double(std::abs(a.as<float>()[i] - b.as<float>()[i])));
    return largest;
}

/// The model with each of these added to its weights, one after the other.
std::unique_ptr<Model> merged(const fs::path& folder, const std::vector<AdapterSource>& adapters)
{
    argali::ModelFolder files = openFolder(folder);
    const std::shared_ptr<const WeightSource> base = files.weights;
    for (const AdapterSource& source : adapters)
        files.weights = std::make_shared<MergedWeights>(
            files.weights,
            std::make_shared<const FittedAdapter>(fitAdapter(readAdapter(source), *base)),
            MergedWeights::Changes::All);
    const std::shared_ptr<const WeightSource> weights = files.weights;
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(makeBackend("cpu"));
    std::unique_ptr<Family> family = makeFamily(std::move(files));
    if (!family->load(*backends.front(), DType::F32, {}, {}))
        qFatal("not loaded");
    return std::make_unique<LoadedModel>(std::move(backends), std::move(family), weights,
                                         openTokenizer(folder), Sampling{}, DType::F32, 1024);
}

} // namespace

void TestAdapterSum::isTheSumInTheWeights_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QStringList>("adapters");
    QTest::newRow("the same matrices")
        << "llava_1_5-tiny-original"
        << QStringList{"adapters/llava-tiny-lora", "adapters/llava-tiny-lora-rslora"};
    QTest::newRow("a LoRA and a projector")
        << "llava_1_5-tiny-original"
        << QStringList{"adapters/llava-tiny-lora-rslora", "adapters/llava-tiny-projector"};
    QTest::newRow("both towers, joined matrices")
        << "internvl2-tiny-internlm2"
        << QStringList{"adapters/internvl2-llm", "adapters/internvl2-vision"};
}

void TestAdapterSum::isTheSumInTheWeights()
{
    QFETCH(QString, model);
    QFETCH(QStringList, adapters);
    const fs::path folder = data / model.toStdString();
    const fs::path picture = data / "adapters/llava-tiny-lora/cases/one-image/a.png";
    const std::vector<AdapterSource> all = sources(adapters);
    const std::unique_ptr<Model> together = openModel(folder, onProcessor(all), {});
    const std::vector<std::string> names = together->adapters();
    QCOMPARE(names.size(), size_t(2));
    const std::vector<int32_t> forced{5, 6, 7};
    const Trace sum = together->trace(question(picture, names), forced, {});
    const Trace expected = merged(folder, all)->trace(question(picture, {}), forced, {});
    QVERIFY2(distance(sum.visualEmbeds, expected.visualEmbeds) < 1e-4, "visual rows");
    QVERIFY2(distance(sum.logits, expected.logits) < 2e-4,
             qPrintable(QString::number(distance(sum.logits, expected.logits))));
    for (const std::string& one : names)
        QVERIFY(distance(together->trace(question(picture, {one}), forced, {}).logits,
                         expected.logits) > 1e-2);
    // The order is of no meaning.
    QCOMPARE(distance(together->trace(question(picture, {names[1], names[0]}), forced, {}).logits,
                      sum.logits),
             0.0);
}

void TestAdapterSum::comesAndGoes()
{
    // One after the other on one model, each as it would be alone, and nothing is taken from
    // another's cache.
    const fs::path folder = data / "llava_1_5-tiny-original";
    const std::vector<AdapterSource> all =
        sources({"adapters/llava-tiny-lora", "adapters/llava-tiny-lora-rslora",
                 "adapters/llava-tiny-projector"});
    const std::unique_ptr<Model> model = openModel(folder, onProcessor(all), {});
    const std::vector<std::string> n = model->adapters();
    const std::vector<std::vector<std::string>> choices{
        {}, {n[0]}, {n[0], n[1]}, {n[1], n[2]}, {n[1]}};
    std::vector<std::vector<int32_t>> answers;
    for (const auto& choice : choices)
        answers.push_back(openModel(folder, onProcessor(all), {})
                              ->generate(question({}, choice), {}, {}, {})
                              .ids);
    QVERIFY(answers[2] != answers[1] && answers[2] != answers[4]);
    for (int round = 0; round < 2; ++round)
        for (size_t i = 0; i < choices.size(); ++i) {
            const ChatResult result = model->generate(question({}, choices[i]), {}, {}, {});
            QCOMPARE(result.ids, answers[i]);
            QCOMPARE(result.usage.computedTokens, result.usage.promptTokens);
            QCOMPARE(model->generate(question({}, choices[i]), {}, {}, {}).usage.computedTokens,
                     int64_t(1));
        }
}

void TestAdapterSum::addsToAPrefix()
{
    // A LoRA to ChatGLM2 in the form of PEFT, beside its prefix: once without an effect and once
    // with one.
    const fs::path folder = data / "chatglm2-tiny";
    const std::string module = "transformer.encoder.layers.0.self_attention.dense";
    const Shape shape = openFolder(folder).weights->describe(module + ".weight")->shape;
    const auto lora = [&](const QTemporaryDir& place, float factor) {
        const Tensor a = hostTensor(DType::F32, {2, shape.dim(1)});
        const Tensor b = hostTensor(DType::F32, {shape.dim(0), 2});
        for (int64_t i = 0; i < a.count(); ++i)
            a.as<float>()[i] = float(i % 7 - 3) * 0.1F;
        for (int64_t i = 0; i < b.count(); ++i)
            b.as<float>()[i] = float(i % 5 - 2) * factor;
        const std::string prefix = "base_model.model." + module;
        writeFile(
            place, "adapter_model.safetensors",
            safetensorsBytes({{prefix + ".lora_A.weight", a}, {prefix + ".lora_B.weight", b}}));
        writeFile(place, "adapter_config.json",
                  R"({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["dense"]})");
        return AdapterSource{place.path().toStdString(), factor == 0 ? "none" : "lora", {}, {}};
    };
    const QTemporaryDir without, with;
    std::vector<AdapterSource> all{lora(without, 0), lora(with, 1)};
    all.push_back({data / "chatglm2-ptuning", "prefix", {}, {}});
    const std::unique_ptr<Model> model = openModel(folder, onProcessor(all), {});
    const std::vector<int32_t> forced{5, 6};
    const auto logits = [&](const std::vector<std::string>& names) {
        return model->trace(question({}, names), forced, {}).logits;
    };
    const Tensor prefix = logits({"prefix"});
    QVERIFY(distance(prefix, logits({})) > 1e-2);
    QVERIFY(distance(logits({"none", "prefix"}), prefix) < 1e-5);
    const Tensor both = logits({"prefix", "lora"});
    QVERIFY(distance(both, prefix) > 1e-2);
    QVERIFY(distance(both, logits({"lora"})) > 1e-2);
    // What a cache begins with stays when only the LoRA goes.
    const ChatResult first = model->generate(question({}, {"prefix", "lora"}), {}, {}, {});
    QCOMPARE(model->generate(question({}, {"lora", "prefix"}), {}, {}, {}).ids, first.ids);
}

void TestAdapterSum::refuses()
{
    const auto refused = [](const char* folder, const QStringList& adapters,
                            const std::vector<std::string>& names, const QByteArray& parts) {
        const std::unique_ptr<Model> model =
            openModel(data / folder, onProcessor(sources(adapters)), {});
        const auto ask = [&] { model->generate(question({}, names), {}, {}, {}); };
        const QByteArray found = throwsOtherwise(ask, Error::Code::BadRequest, parts);
        // The model answers as before.
        if (found.isEmpty() &&
            model->generate(question({}, {names.front()}), {}, {}, {}).ids.empty())
            return QByteArray("no answer");
        return found;
    };
    const QStringList llava{"adapters/llava-tiny-lora", "adapters/llava-tiny-projector"};
    QCOMPARE(refused("llava_1_5-tiny-original", llava, {"llava-tiny-lora", "llava-tiny-projector"},
                     "llava-tiny-lora and |llava-tiny-projector both replace the tensor "
                     "\"model.mm_projector|"
                     "; use one of them at a time"),
             QByteArray());
    QCOMPARE(refused("llava_1_5-tiny-original", llava, {"llava-tiny-lora", "llava-tiny-lora"},
                     "\"llava-tiny-lora\" is asked for twice; name it once"),
             QByteArray());
    QCOMPARE(refused("llava_1_5-tiny-original", llava, {"llava-tiny-lora", "other"},
                     "no adapter is called \"other\"; there is \"llava-tiny-lora\", "
                     "\"llava-tiny-projector\""),
             QByteArray());
    QCOMPARE(refused("chatglm2-tiny", {"chatglm2-ptuning", "chatglm2-ptuning-projection"},
                     {"chatglm2-ptuning", "chatglm2-ptuning-projection"},
                     "are both prefixes|; use one of them at a time"),
             QByteArray());
    QCOMPARE(throwsOtherwise(
                 [] {
                     openModel(data / "llava_1_5-tiny-original",
                               onProcessor(sources(
                                   {"adapters/llava-tiny-lora", "llava_1_5-tiny-original"})),
                               {});
                 },
                 Error::Code::Unsupported,
                 "llava_1_5-tiny-original: is the difference of two models|merge it into its model "
                 "first"),
             QByteArray());
}

namespace {

Tensor numbers(const Shape& shape, const std::vector<float>& values)
{
    Tensor tensor = hostTensor(DType::F32, shape);
    std::copy(values.begin(), values.end(), tensor.as<float>());
    return tensor;
}

LoraPair pairOf(float a, float b, double scale, bool isEmbedding = false)
{
    LoraPair pair;
    pair.a = numbers({1, 2}, {a, 2 * a});
    pair.b = numbers({2, 1}, {b, -b});
    pair.scale = scale;
    pair.isEmbedding = isEmbedding;
    return pair;
}

std::shared_ptr<FittedAdapter> fitted(const char* path)
{
    auto adapter = std::make_shared<FittedAdapter>();
    adapter->path = path;
    return adapter;
}

} // namespace

void TestAdapterSum::addsNumbers()
{
    // W + 2 [3 -3]^T [1 2] + 0.5 [4 -4]^T [5 10] + 1 [1 -1]^T [1 2], W = 0
    const auto one = fitted("one"), two = fitted("two"), three = fitted("three");
    one->pairs["w"] = pairOf(1, 3, 2);
    two->pairs["w"] = pairOf(5, 4, 0.5);
    three->pairs["w"] = pairOf(1, 1, 1);
    one->pairs["w"].bias = numbers({2}, {1, 2});
    three->pairs["w"].bias = numbers({2}, {10, 20});
    two->pairs["alone"] = pairOf(7, 7, 7);
    const std::shared_ptr<const FittedAdapter> sum = sumOf({one, two, three});
    QCOMPARE(sum->pairs.size(), size_t(2));
    const LoraPair& pair = sum->pairs.at("w");
    QCOMPARE(pair.rank(), int64_t(3));
    Tensor weight = numbers({2, 2}, {0, 0, 0, 0});
    addPair(weight, pair, {});
    QCOMPARE(distance(weight, numbers({2, 2}, {17, 34, -17, -34})), 0.0);
    QCOMPARE(distance(*pair.bias, numbers({2}, {12, 24})), 0.0);
    QCOMPARE(pair.scale, 1.0);
    QCOMPARE(sum->pairs.at("alone").scale, 7.0);
    QCOMPARE(sum->path.string(), std::string("one + two + three"));
    QCOMPARE(one->pairs.at("w").rank(), int64_t(1)); // nobody else's is changed
    QCOMPARE(sumOf({one}).get(), static_cast<const FittedAdapter*>(one.get()));
}

void TestAdapterSum::refusesWhatCannotBeAdded_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("parts");
    QTest::newRow("changed and replaced")
        << 0 << QByteArray("one and two change and replace the same tensor \"w\"");
    QTest::newRow("replaced and changed")
        << 1 << QByteArray("one and two replace and change the same tensor \"w\"");
    QTest::newRow("twice replaced") << 2 << QByteArray("one and two both replace the tensor \"w\"");
    QTest::newRow("embedding and head") << 3 << QByteArray("one and two change \"w\"|embedding");
}

void TestAdapterSum::refusesWhatCannotBeAdded()
{
    QFETCH(int, kind);
    QFETCH(QByteArray, parts);
    const auto one = fitted("one"), two = fitted("two");
    if (kind == 0 || kind == 3)
        one->pairs["w"] = pairOf(1, 1, 1);
    else
        one->replaced["w"] = numbers({1}, {1});
    if (kind == 1 || kind == 3)
        two->pairs["w"] = pairOf(1, 1, 1, kind == 3);
    else
        two->replaced["w"] = numbers({1}, {1});
    QCOMPARE(throwsOtherwise(
                 [&] {
                     sumOf({one, two});
                 },
                 Error::Code::BadRequest, parts + "|; use one of them at a time"),
             QByteArray());
}

QTEST_APPLESS_MAIN(TestAdapterSum)
#include "tst_adaptersum.moc"
