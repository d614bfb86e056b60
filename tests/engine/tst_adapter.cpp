#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/adapter.h"
#include "tests/support/hostile.h"
#include "tests/support/modelfolder.h"
#include "tests/support/torchwriter.h"

using namespace argali;
using namespace argali::test;
using nlohmann::json;

class TestAdapter final : public QObject {
    Q_OBJECT
private slots:
    void readsThePublishedForm();
    void readsEveryKindOfTensor();
    void readsTorchFiles();
    void scales_data();
    void scales();
    void refusesConfigurations_data();
    void refusesConfigurations();
    void acceptsConfigurations_data();
    void acceptsConfigurations();
    void refusesTensors_data();
    void refusesTensors();
    void namesWhatIsMissing();
};

namespace {

using Tensors = std::map<std::string, Tensor>;
using Change = std::function<void(Tensors&)>;

const std::string prefix = "base_model.model.";
const std::string nameOfA = prefix + "layers.0.q.lora_A.weight",
                  nameOfB = prefix + "layers.0.q.lora_B.weight";

Tensor ones(const Shape& shape, DType type = DType::F32)
{
    Tensor tensor = hostTensor(type, shape);
    std::memset(tensor.raw(), 0, static_cast<size_t>(tensor.bytes()));
    if (type == DType::F32)
        for (int64_t i = 0; i < tensor.count(); ++i)
            tensor.as<float>()[i] = 1;
    return tensor;
}

/// One pair of rank 2 for a layer of 4 inputs and 3 outputs.
Tensors pair()
{
    return {{nameOfA, ones({2, 4})}, {nameOfB, ones({3, 2})}};
}

json plain()
{
    return {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 6}};
}

Adapter opened(const json& config, const Tensors& tensors)
{
    const QTemporaryDir folder;
    writeFile(folder, "adapter_config.json", config.dump());
    writeFile(folder, "adapter_model.safetensors", safetensorsBytes(tensors));
    return readPeftAdapter(folder.path().toStdString());
}

} // namespace

Q_DECLARE_METATYPE(Change)

void TestAdapter::readsThePublishedForm()
{
    const Adapter adapter = readPeftAdapter(std::filesystem::path(ARGALI_TEST_DATA) /
                                            "adapters/llava-tiny-lora-rslora");
    QCOMPARE(adapter.base, std::string("llava_1_5-tiny-original"));
    QCOMPARE(adapter.pairs.size(), size_t(6));
    QVERIFY(adapter.replaced.empty());
    for (const LoraPair& pair : adapter.pairs) {
        const bool isOther = pair.module == "model.layers.2.self_attn.q_proj";
        const bool hasAlpha = pair.module == "model.layers.0.mlp.down_proj";
        QCOMPARE(pair.rank(), isOther ? 2 : 4);
        QCOMPARE(pair.alpha, hasAlpha ? 9.0 : 6.0);
        QCOMPARE(pair.scale, pair.alpha / std::sqrt(double(pair.rank())));
        QVERIFY(!pair.isEmbedding && !pair.bias);
    }
}

void TestAdapter::readsEveryKindOfTensor()
{
    json config = plain();
    config["bias"] = "all";
    config["modules_to_save"] = {"projector", "mlp1"};
    Tensors tensors = pair();
    tensors[prefix + "layers.1.k.lora_A.default.weight"] = ones({2, 5});
    tensors[prefix + "layers.1.k.lora_B.default.weight"] = ones({7, 2}, DType::BF16);
    tensors[prefix + "layers.1.k.lora_B.bias"] = ones({7}, DType::F16);
    tensors[prefix + "tokens.lora_embedding_A"] = ones({2, 9});
    tensors[prefix + "tokens.lora_embedding_B"] = ones({4, 2});
    tensors[prefix + "layers.0.q.bias"] = ones({3});
    tensors[prefix + "mlp1.0.weight"] = ones({3, 3});
    tensors[prefix + "model.projector.modules_to_save.default.weight"] = ones({2, 2});
    const Adapter adapter = opened(config, tensors);
    QCOMPARE(adapter.pairs.size(), size_t(3));
    QCOMPARE(adapter.pairs[0].module, std::string("layers.0.q"));
    QCOMPARE(adapter.pairs[1].module, std::string("layers.1.k"));
    QVERIFY(adapter.pairs[1].bias && adapter.pairs[1].bias->dim(0) == 7);
    QVERIFY(adapter.pairs[1].b.type() == DType::BF16);
    QCOMPARE(adapter.pairs[2].module, std::string("tokens"));
    QVERIFY(adapter.pairs[2].isEmbedding && !adapter.pairs[0].isEmbedding);
    std::vector<std::string> names;
    for (const auto& [name, tensor] : adapter.replaced)
        names.push_back(name);
    QCOMPARE(names, (std::vector<std::string>{"layers.0.q.bias", "mlp1.0.weight",
                                              "model.projector.weight"}));
}

void TestAdapter::readsTorchFiles()
{
    const QTemporaryDir folder;
    const std::string s = storage("0", 6);
    writeFile(folder, "adapter_config.json", plain().dump());
    writeFile(folder, "adapter_model.bin",
              torchBytes(pickleOf(text(nameOfA) + tensor(s, 0, {2, 3}, {3, 1}) + text(nameOfB) +
                                  tensor(s, 0, {3, 2}, {1, 3}))));
    const Adapter adapter = readPeftAdapter(folder.path().toStdString());
    QCOMPARE(adapter.pairs.size(), size_t(1));
    QCOMPARE(adapter.pairs[0].b.as<float>()[1], 3.0f); // stored the other way round
}

void TestAdapter::scales_data()
{
    QTest::addColumn<std::string>("config");
    QTest::addColumn<double>("scale");
    const auto row = [](const char* name, json more, double scale) {
        json config = plain();
        config.update(more);
        QTest::newRow(name) << config.dump() << scale;
    };
    row("alpha by rank", json::object(), 3);
    row("root", {{"use_rslora", true}}, 6 / std::sqrt(2));
    row("fraction", {{"lora_alpha", 0.5}}, 0.25);
    row("without alpha", {{"lora_alpha", nullptr}}, 4);
    row("end of a path", {{"alpha_pattern", {{"q", 10}}}}, 5);
    row("longer end", {{"alpha_pattern", {{"0.q", 10}}}}, 5);
    row("whole path", {{"alpha_pattern", {{"layers.0.q", 10}}}}, 5);
    row("as an expression", {{"alpha_pattern", {{"^layers\\.0\\.q$", 10}}}}, 5);
    row("part of a word", {{"alpha_pattern", {{"ayers.0.q", 10}}}}, 3);
    row("another", {{"alpha_pattern", {{"layers.1.q", 10}}}}, 3);
    row("same number twice", {{"alpha_pattern", {{"q", 10}, {"0.q", 10}}}}, 5);
    row("rank of its own", {{"r", 16}, {"rank_pattern", {{"q", 2}}}}, 3);
}

void TestAdapter::scales()
{
    QFETCH(std::string, config);
    QFETCH(double, scale);
    QCOMPARE(opened(json::parse(config), pair()).pairs[0].scale, scale);
}

void TestAdapter::refusesConfigurations_data()
{
    QTest::addColumn<std::string>("config");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* key, const json& value, const char* message,
                        Error::Code code = Error::Code::BadModel) {
        json config = plain();
        config[key] = value;
        QTest::newRow((key + value.dump()).c_str())
            << config.dump() << int(code) << QByteArray(key) + "|" + message;
    };
    const auto odd = Error::Code::Unsupported;
    row("peft_type", "IA3", "the method \"IA3\"", odd);
    row("peft_type", nullptr, "peft_type");
    row("peft_type", 7, "peft_type");
    row("r", 0, "expected");
    row("r", -1, "expected");
    row("r", 2.5, "expected");
    row("r", "2", "expected");
    row("r", 1000000, "expected");
    row("lora_alpha", "x", "expected");
    row("lora_alpha", -1, "expected");
    row("lora_alpha", 1e300, "expected");
    row("use_rslora", "yes", "expected");
    row("bias", "some", "expected none, all or lora_only");
    row("bias", true, "expected");
    row("modules_to_save", "all", "expected a list of module names");
    row("modules_to_save", {1}, "expected a list of module names");
    row("modules_to_save", {""}, "expected a list of module names");
    row("rank_pattern", {1}, "rank_pattern");
    row("rank_pattern", {{"q", 0}}, "expected a number from 1");
    row("rank_pattern", {{"q", "2"}}, "expected a number");
    row("alpha_pattern", {{"q", nullptr}}, "expected a number");
    row("alpha_pattern", {{"(a*)*b", 2}}, "more than the path of a module", odd);
    row("alpha_pattern", {{".*q", 2}}, "more than the path of a module", odd);
    row("alpha_pattern", {{"q", 10}, {"0.q", 11}}, "several patterns with different numbers", odd);
    row("use_dora", true, "DoRA", odd);
    row("use_qalora", true, "QALoRA", odd);
    row("fan_in_fan_out", true, "transposed", odd);
    row("alora_invocation_tokens", {1, 2}, "activated LoRA", odd);
    row("arrow_config", {{"a", 1}}, "Arrow", odd);
    row("target_parameters", {"a"}, "parameters", odd);
    row("layer_replication", {{0, 1}}, "replicated", odd);
    row("megatron_config", {{"a", 1}}, "Megatron", odd);
    row("trainable_token_indices", {5}, "trained tokens", odd);
    row("init_lora_weights", "pissa_niter_16", "pissa_niter_16", odd);
    row("init_lora_weights", "olora", "olora", odd);
    row("init_lora_weights", "loftq", "loftq", odd);
    row("init_lora_weights", "eva", "eva", odd);
    row("init_lora_weights", "corda", "corda", odd);
    row("some_new_setting", 3, "an unknown setting", odd);
    QTest::newRow("a list") << std::string("[]") << int(Error::Code::BadModel)
                            << QByteArray("adapter_config.json");
    QTest::newRow("broken") << std::string("{") << int(Error::Code::BadModel)
                            << QByteArray("adapter_config.json");
}

void TestAdapter::refusesConfigurations()
{
    QFETCH(std::string, config);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const QTemporaryDir folder;
    writeFile(folder, "adapter_config.json", config);
    writeFile(folder, "adapter_model.safetensors", safetensorsBytes(pair()));
    QCOMPARE(throwsOtherwise([&] { readPeftAdapter(folder.path().toStdString()); },
                             Error::Code(code), "adapter_config.json: |" + message),
             QByteArray());
}

void TestAdapter::acceptsConfigurations_data()
{
    QTest::addColumn<std::string>("more");
    for (const json& more :
         {json{{"some_new_setting", nullptr}, {"another", false}, {"third", json::array()}},
          json{{"init_lora_weights", true}}, json{{"init_lora_weights", "gaussian"}},
          json{{"megatron_core", "megatron.core"}, {"loftq_config", json::object()}},
          json{{"target_modules", "all-linear"}, {"lora_dropout", 0.05}},
          json{{"base_model_name_or_path", nullptr}, {"fan_in_fan_out", false}}})
        QTest::newRow(more.dump().c_str()) << more.dump();
}

void TestAdapter::acceptsConfigurations()
{
    QFETCH(std::string, more);
    json config = plain();
    config.update(json::parse(more));
    QCOMPARE(opened(config, pair()).pairs.size(), size_t(1));
}

void TestAdapter::refusesTensors_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* name, const char* message, Change change,
                        Error::Code code = Error::Code::BadModel) {
        QTest::newRow(name) << change << int(code) << QByteArray(message);
    };
    const auto odd = Error::Code::Unsupported;
    row("no tensors", "has no tensors", [](Tensors& t) { t.clear(); });
    row("no B", "module \"layers.0.q\" has lora_A, but no lora_B",
        [](Tensors& t) { t.erase(nameOfB); });
    row("no A", "module \"layers.0.q\" has lora_B, but no lora_A",
        [](Tensors& t) { t.erase(nameOfA); });
    row("only its bias", "but no lora_", [](Tensors& t) {
        t.clear();
        t[prefix + "q.lora_B.bias"] = ones({3});
    });
    row("ranks that differ", "rank 2 in lora_A [2, 4], but 5 in lora_B [3, 5]", [](Tensors& t) {
        t[nameOfB] = ones({3, 5});
    });
    row("another rank than told", "rank 7, but adapter_config.json says 2", [](Tensors& t) {
        t[nameOfA] = ones({7, 4});
        t[nameOfB] = ones({3, 7});
    });
    row("a vector", "expected two matrices", [](Tensors& t) { t[nameOfA] = ones({2}); });
    row("three dimensions", "expected two matrices", [](Tensors& t) {
        t[nameOfB] = ones({3, 2, 1});
    });
    row("empty", "lora_A.weight\" is empty", [](Tensors& t) { t[nameOfA] = ones({2, 0}); });
    row("integers", "lora_A.weight\" is of type i32", [](Tensors& t) {
        t[nameOfA] = ones({2, 4}, DType::I32);
    });
    row("NaN", "lora_B.weight\" holds values that are not finite",
        [](Tensors& t) { t[nameOfB].as<float>()[1] = std::nanf(""); });
    row("infinity", "lora_A.weight\" holds values that are not finite",
        [](Tensors& t) { t[nameOfA].as<float>()[0] = std::numeric_limits<float>::infinity(); });
    row(
        "DoRA", "lora_magnitude_vector\" belongs to DoRA",
        [](Tensors& t) { t[prefix + "layers.0.q.lora_magnitude_vector"] = ones({3}); }, odd);
    row("bias of another size", "has the bias [4] for lora_B [3, 2]",
        [](Tensors& t) { t[prefix + "layers.0.q.lora_B.bias"] = ones({4}); });
    row("another prefix", "does not begin with base_model.model.", [](Tensors& t) {
        t["layers.1.q.lora_A.weight"] = ones({2, 4});
    });
    row("no module", "belongs to no module", [](Tensors& t) {
        t["base_model.model..lora_A.weight"] = ones({2, 4});
    });
    row("a bias nobody told of", "is no part of a LoRA",
        [](Tensors& t) { t[prefix + "layers.0.q.bias"] = ones({3}); });
    row("a weight nobody told of", "is no part of a LoRA", [](Tensors& t) {
        t[prefix + "head.weight"] = ones({3, 3});
    });
    row(
        "another kind", "is of a kind that is not known",
        [](Tensors& t) {
            t[prefix + "layers.0.q.lora_C.weight"] = ones({3, 3});
        },
        odd);
    row("both names", "is there twice", [](Tensors& t) {
        t[prefix + "layers.0.q.lora_A.default.weight"] = ones({2, 4});
    });
    row("layer and embedding", "a linear layer and an embedding at once", [](Tensors& t) {
        t[prefix + "layers.0.q.lora_embedding_A"] = ones({2, 4});
    });
}

void TestAdapter::refusesTensors()
{
    QFETCH(Change, change);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    Tensors tensors = pair();
    change(tensors);
    QCOMPARE(throwsOtherwise([&] { opened(plain(), tensors); }, Error::Code(code),
                             "adapter_model.safetensors: |" + message),
             QByteArray());
}

void TestAdapter::namesWhatIsMissing()
{
    const QTemporaryDir folder;
    const auto open = [&] { readPeftAdapter(folder.path().toStdString()); };
    QCOMPARE(throwsOtherwise(open, Error::Code::Missing, "adapter_config.json"), QByteArray());
    writeFile(folder, "adapter_config.json", plain().dump());
    QCOMPARE(throwsOtherwise(open, Error::Code::Missing,
                             "has neither adapter_model.safetensors nor adapter_model.bin"),
             QByteArray());
    writeFile(folder, "adapter_model.bin", "x");
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "adapter_model.bin: is not a torch file"),
             QByteArray());
    writeFile(folder, "adapter_model.safetensors", "x"); // which goes first
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "adapter_model.safetensors: ends after"),
             QByteArray());
}

QTEST_APPLESS_MAIN(TestAdapter)
#include "tst_adapter.moc"
