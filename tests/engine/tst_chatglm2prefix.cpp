#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/checkpoint/safetensors.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using Checkpoint = argali::test::ModelFolder;

// Keys and values that P-Tuning put before every sequence: against the reference, and what becomes
// of them when a cache is cut, a model lies on two devices, or a pass is stopped.
class TestChatGlm2Prefix final : public QObject {
    Q_OBJECT
private slots:
    void reference_data();
    void reference();
    void staysWhenACacheIsCut();
    void liesOnEveryDevice();
    void isThereAfterAStop();
    void goesThroughItsLayers();
    void refuses_data();
    void refuses();
    void otherFamiliesHaveNone();
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;
const std::string table = "transformer.prefix_encoder.embedding.weight";
const std::string trans = "transformer.prefix_encoder.trans.";

/// The tiny model on one processor or several, with a prefix or without.
struct Loaded {
    std::vector<std::unique_ptr<Backend>> ops;
    std::unique_ptr<Family> family;

    explicit Loaded(const std::filesystem::path& prefix, const std::vector<int64_t>& layers = {3})
    {
        std::vector<LayerShare> shares;
        for (const int64_t count : layers) {
            ops.push_back(makeBackend("cpu"));
            shares.push_back({ops.back().get(), count});
        }
        family = makeFamily(openFolder(data / "chatglm2-tiny"));
        if (!family->load(shares, DType::F32, {}, {}))
            throw Error(Error::Code::Internal, "not loaded");
        if (!prefix.empty())
            family->setPrefix(*openCheckpoint(prefix));
    }

    Tensor decode(const std::vector<int32_t>& ids, KvCache& cache, std::stop_token stop = {}) const
    {
        const Tensor logits = family->decode(ids, {}, cache, {}, std::move(stop));
        return logits.isEmpty() ? Tensor() : ops.front()->download(logits);
    }
    Tensor decode(const std::vector<int32_t>& ids) const
    {
        return decode(ids, *family->makeCache(64));
    }
};

double largestDifference(const Tensor& a, const Tensor& b)
{
    double largest = 0;
    for (int64_t i = 0; i < a.count(); ++i)
        largest = std::max(largest, std::abs(double(a.as<float>()[i]) - b.as<float>()[i]));
    return largest;
}

const std::vector<int32_t> ids{781, 783, 379, 410, 474, 511, 505, 13, 13, 522, 519, 440};

} // namespace

void TestChatGlm2Prefix::reference_data()
{
    QTest::addColumn<int>("number");
    QTest::newRow("single_round") << 0;
    QTest::newRow("two_rounds") << 0;
}

void TestChatGlm2Prefix::reference()
{
    const std::filesystem::path folder = data / "chatglm2-ptuning";
    const std::filesystem::path folderOfCase = folder / "cases" / QTest::currentDataTag();
    nlohmann::json value;
    std::ifstream(folderOfCase / "case.json") >> value;
    const auto prompt = value["expect"]["input_ids"].get<std::vector<int32_t>>();
    const auto generated = value["expect"]["generated_ids"].get<std::vector<int32_t>>();
    const Tensor expected =
        openSafetensors(folderOfCase / "expect.safetensors").tensors.at("logits");
    const Loaded model(folder);
    const std::unique_ptr<KvCache> cache =
        model.family->makeCache(int64_t(prompt.size() + generated.size()));
    QCOMPARE(cache->capacity(), int64_t(prompt.size() + generated.size()));
    for (size_t row = 0; row <= generated.size(); ++row) {
        const Tensor found =
            model.decode(row == 0 ? prompt : std::vector{generated[row - 1]}, *cache);
        QCOMPARE(cache->length(), int64_t(prompt.size() + row));
        for (int64_t i = 0; i < found.count(); ++i) {
            float wanted = 0;
            std::memcpy(&wanted, expected.raw() + (int64_t(row) * found.count() + i) * 4, 4);
            QVERIFY2(std::abs(found.as<float>()[i] - wanted) <=
                         value["tolerance"]["logits"]["max_abs"].get<double>(),
                     qPrintable(QString("row %1, logit %2: %3, expected %4")
                                    .arg(row)
                                    .arg(i)
                                    .arg(found.as<float>()[i])
                                    .arg(wanted)));
        }
    }
    QVERIFY(largestDifference(Loaded({}).decode(prompt),
                              model.decode(prompt, *model.family->makeCache(256))) > 0.01);
}

void TestChatGlm2Prefix::staysWhenACacheIsCut()
{
    const Loaded model(data / "chatglm2-ptuning");
    const Tensor expected = model.decode(ids);
    const std::unique_ptr<KvCache> cache = model.family->makeCache(40);
    model.decode({781, 783, 379, 10, 11, 12, 13}, *cache);
    cache->truncate(3);
    QVERIFY(largestDifference(model.decode({ids.begin() + 3, ids.end()}, *cache), expected) < 1e-4);
    cache->truncate(0);
    QVERIFY(largestDifference(model.decode(ids, *cache), expected) < 1e-4);
    // Its rows are beside those of the tokens: there is room for as many as were asked for, and no
    // more.
    const std::unique_ptr<KvCache> small = model.family->makeCache(int64_t(ids.size()));
    QVERIFY(largestDifference(model.decode(ids, *small), expected) < 1e-4);
    QVERIFY_EXCEPTION_THROWN(model.decode({5}, *small), Error);
}

void TestChatGlm2Prefix::liesOnEveryDevice()
{
    const Loaded one(data / "chatglm2-ptuning");
    const Loaded two(data / "chatglm2-ptuning", {1, 2});
    QVERIFY(largestDifference(one.decode(ids), two.decode(ids)) < 1e-4);
}

void TestChatGlm2Prefix::isThereAfterAStop()
{
    const Loaded model(data / "chatglm2-ptuning");
    const Tensor expected = model.decode(ids);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(model.decode(ids, *model.family->makeCache(40), stop.get_token()).isEmpty());
    QVERIFY(largestDifference(model.decode(ids), expected) < 1e-6);
}

namespace {

Tensor randomTensor(const Shape& shape, std::mt19937& random, float deviation)
{
    std::normal_distribution<float> values(0, deviation);
    const Tensor tensor = hostTensor(DType::F32, shape);
    for (int64_t i = 0; i < tensor.count(); ++i)
        tensor.as<float>()[i] = values(random);
    return tensor;
}

} // namespace

/// tanh between two layers gives what the same numbers give as a table.
void TestChatGlm2Prefix::goesThroughItsLayers()
{
    constexpr int64_t positions = 3;
    constexpr int64_t width = 2 * 3 * 2 * 128; // of keys and values, layers, groups
    constexpr int64_t inner = 5;
    std::mt19937 random(4);
    std::map<std::string, Tensor> tensors{
        {table, randomTensor({positions, width}, random, 1)},
        {trans + "0.weight", randomTensor({inner, width}, random, 0.03F)},
        {trans + "0.bias", randomTensor({inner}, random, 0.5F)},
        {trans + "2.weight", randomTensor({width, inner}, random, 1)},
        {trans + "2.bias", randomTensor({width}, random, 0.5F)}};
    const Tensor plain = hostTensor(DType::F32, {positions, width});
    const auto at = [&](const std::string& name, int64_t i) {
        return double(tensors.at(name).as<float>()[i]);
    };
    for (int64_t t = 0; t < positions; ++t) {
        std::vector<double> hidden(inner);
        for (int64_t n = 0; n < inner; ++n) {
            double sum = at(trans + "0.bias", n);
            for (int64_t k = 0; k < width; ++k)
                sum += at(table, t * width + k) * at(trans + "0.weight", n * width + k);
            hidden[size_t(n)] = std::tanh(sum);
        }
        for (int64_t k = 0; k < width; ++k) {
            double sum = at(trans + "2.bias", k);
            for (int64_t n = 0; n < inner; ++n)
                sum += hidden[size_t(n)] * at(trans + "2.weight", k * inner + n);
            plain.as<float>()[t * width + k] = float(sum);
        }
    }
    Checkpoint folder("chatglm2-ptuning");
    folder.writeWeights(tensors);
    const Tensor found = Loaded(folder.path()).decode(ids);
    folder.writeWeights({{table, plain}});
    QVERIFY(largestDifference(Loaded(folder.path()).decode(ids), found) < 1e-3);
    folder.writeWeights({{table, tensors.at(table)}});
    QVERIFY(largestDifference(Loaded(folder.path()).decode(ids), found) > 1e-2);
}

void TestChatGlm2Prefix::refuses_data()
{
    QTest::addColumn<QString>("word");
    QTest::newRow("no table") << "embedding.weight";
    QTest::newRow("of another model") << "1536";
    QTest::newRow("no rows") << "[0, 1536]";
    QTest::newRow("a vector") << "embedding.weight";
    QTest::newRow("whole numbers") << "int8";
    QTest::newRow("no bias") << "trans.0.bias";
    QTest::newRow("half of the layers") << "trans.2.weight";
    QTest::newRow("layers that do not fit") << "trans.2.weight";
}

void TestChatGlm2Prefix::refuses()
{
    QFETCH(QString, word);
    const std::string name = QTest::currentDataTag();
    std::mt19937 random(1);
    std::map<std::string, Tensor> tensors{{table, randomTensor({2, 1536}, random, 1)}};
    if (name == "no table")
        tensors = {{"other", randomTensor({2}, random, 1)}};
    else if (name == "of another model")
        tensors[table] = randomTensor({2, 1535}, random, 1);
    else if (name == "no rows")
        tensors[table] = hostTensor(DType::F32, {0, 1536});
    else if (name == "a vector")
        tensors[table] = randomTensor({1536}, random, 1);
    else if (name == "whole numbers")
        tensors[table] = hostTensor(DType::I8, {2, 1536});
    else
        tensors[trans + "0.weight"] = randomTensor({4, 1536}, random, 1);
    if (name == "half of the layers" || name == "layers that do not fit")
        tensors[trans + "0.bias"] = randomTensor({4}, random, 1);
    if (name == "layers that do not fit") {
        tensors[trans + "2.weight"] = randomTensor({1536, 3}, random, 1);
        tensors[trans + "2.bias"] = randomTensor({1536}, random, 1);
    }
    Checkpoint folder("chatglm2-ptuning");
    folder.writeWeights(tensors);
    try {
        Loaded model(folder.path());
        QFAIL("nothing was refused");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::BadModel);
        QVERIFY2(QString(error.what()).contains(word), error.what());
        QVERIFY2(QString(error.what()).contains(QString::fromStdString(folder.path().string())),
                 error.what());
    }
}

void TestChatGlm2Prefix::otherFamiliesHaveNone()
{
    try {
        makeFamily(openFolder(data / "llava_1_5-tiny-hf"))
            ->setPrefix(*openCheckpoint(data / "chatglm2-ptuning"));
        QFAIL("nothing was refused");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::Unsupported);
        QVERIFY2(QString(error.what()).contains("llava_1_5"), error.what());
    }
}

QTEST_APPLESS_MAIN(TestChatGlm2Prefix)
#include "tst_chatglm2prefix.moc"
