#include <fstream>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/error.h"
#include "engine/families/families.h"
#include "tests/support/modelfolder.h"
#include "tests/support/plainglm.h"

using namespace argali;
using Checkpoint = argali::test::ModelFolder;

// What is wrong with a folder of ChatGLM2 is named: the file, and the field or tensor in it.
class TestChatGlm2Files final : public QObject {
    Q_OBJECT
private slots:
    void refuses_data();
    void refuses();
    void refusesFiles_data();
    void refusesFiles();
    void refusesTokenizers_data();
    void refusesTokenizers();
};

namespace {

const std::string firstQkv = "transformer.encoder.layers.0.self_attention.query_key_value.weight";
const std::string firstDown = "transformer.encoder.layers.0.mlp.dense_4h_to_h.weight";

} // namespace

void TestChatGlm2Files::refuses_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("word");
    const auto add = [](const char* change, const char* word) {
        QTest::newRow(change) << change << word;
    };
    add(R"({"num_layers": null})", "num_layers");
    add(R"({"num_layers": 0})", "num_layers");
    add(R"({"num_layers": 4})", "layers.3.");
    add(R"({"num_layers": 1e9})", "num_layers");
    add(R"({"num_layers": -1})", "num_layers");
    add(R"({"hidden_size": "76"})", "hidden_size");
    add(R"({"hidden_size": 77})", "transformer.embedding.word_embeddings.weight");
    add(R"({"hidden_size": 99999999})", "hidden_size");
    add(R"({"ffn_hidden_size": 107})", "mlp.dense_h_to_4h.weight");
    add(R"({"ffn_hidden_size": null})", "ffn_hidden_size");
    add(R"({"num_attention_heads": 0})", "num_attention_heads");
    add(R"({"num_attention_heads": [6]})", "num_attention_heads");
    add(R"({"num_attention_heads": 8})", "query_key_value.weight");
    add(R"({"kv_channels": 126})", "kv_channels");
    add(R"({"kv_channels": 2})", "kv_channels");
    add(R"({"kv_channels": null})", "kv_channels");
    add(R"({"multi_query_group_num": 4})", "multi_query_group_num");
    add(R"({"multi_query_group_num": 0})", "multi_query_group_num");
    add(R"({"multi_query_group_num": null})", "multi_query_group_num");
    add(R"({"multi_query_attention": "yes"})", "multi_query_attention");
    add(R"({"multi_query_attention": false})", "query_key_value.weight");
    add(R"({"padded_vocab_size": 793})", "word_embeddings.weight");
    add(R"({"padded_vocab_size": 1e12})", "padded_vocab_size");
    add(R"({"layernorm_epsilon": -1})", "layernorm_epsilon");
    add(R"({"layernorm_epsilon": "small"})", "layernorm_epsilon");
    add(R"({"seq_length": 0})", "seq_length");
    add(R"({"rope_ratio": 0})", "rope_ratio");
    add(R"({"rope_ratio": -16})", "rope_ratio");
    add(R"({"rope_ratio": "16"})", "rope_ratio");
    add(R"({"rmsnorm": false})", "rmsnorm");
    add(R"({"apply_residual_connection_post_layernorm": true})",
        "apply_residual_connection_post_layernorm");
    add(R"({"interleaved_qkv": true})", "interleaved_qkv");
    add(R"({"add_bias_linear": true})", "self_attention.dense.bias");
    add(R"({"add_bias_linear": 1})", "add_bias_linear");
    add(R"({"post_layer_norm": 0})", "post_layer_norm");
    add(R"({"original_rope": "no"})", "original_rope");
    add(R"({"attention_softmax_in_fp32": 7})", "attention_softmax_in_fp32");
    add(R"({"quantization_bit": 3})", "quantization_bit");
    add(R"({"quantization_bit": 16})", "quantization_bit");
    add(R"({"quantization_bit": 4})", "quantization_bit");
    add(R"({"quantization_bit": 8})", "not packed");
    add(R"({"quantization_config": {"bits": 4}})", "quantization_config");
    add(R"({"eos_token_id": -1})", "eos_token_id");
    add(R"({"eos_token_id": [2, 792]})", "eos_token_id[1]");
    add(R"({"tie_word_embeddings": "no"})", "tie_word_embeddings");
    add(R"({"inner_hidden_size": 16384})", "inner_hidden_size");
    add(R"({"position_encoding_2d": true})", "first generation");
    add(R"({"_name_or_path": "THUDM/chatglm3-6b"})", "chatglm3-6b");
    add(R"({"_name_or_path": "glm-4-9b-chat"})", "glm-4-9b-chat");
    add(R"({"_name_or_path": 3})", "_name_or_path");
    add(R"({"model_type": "glm"})", "ChatGLM2 (chatglm)");
    add(R"({"model_type": 7})", "model_type");
}

void TestChatGlm2Files::refuses()
{
    QFETCH(QString, change);
    QFETCH(QString, word);
    Checkpoint folder("chatglm2-tiny");
    folder.changeJson("config.json", [&](nlohmann::json& config) {
        config.merge_patch(nlohmann::json::parse(change.toStdString()));
    });
    QCOMPARE(test::refusalOtherwise(folder, {word}), QString());
}

namespace {

using Tensors = std::map<std::string, Tensor>;

/// A change of the packed checkpoint's tensors, and the words that name it.
struct Damage {
    const char* name;
    std::function<void(Tensors&)> change;
    QStringList words;
};

const std::vector<Damage>& damages()
{
    static const std::vector<Damage> all{
        {"no factor",
         [](Tensors& t) { t.erase(firstQkv + "_scale"); },
         {"query_key_value.weight_scale", "no tensor"}},
        {"too few factors",
         [](Tensors& t) { t[firstQkv + "_scale"] = hostTensor(DType::F16, {1279}); },
         {"query_key_value.weight_scale", "[1279]", "[1280]"}},
        {"factors of a table",
         [](Tensors& t) {
             t[firstQkv + "_scale"] = hostTensor(DType::F16, {1280, 1});
         },
         {"query_key_value.weight_scale", "[1280, 1]"}},
        {"whole factors",
         [](Tensors& t) { t[firstQkv + "_scale"] = hostTensor(DType::I8, {1280}); },
         {"query_key_value.weight_scale", "int8"}},
        {"a column less",
         [](Tensors& t) {
             t[firstQkv] = hostTensor(DType::I8, {1280, 37});
         },
         {"query_key_value.weight", "76 numbers of 8 bits", "38 bytes", "[1280, 37]"}},
        {"a vector",
         [](Tensors& t) { t[firstQkv] = hostTensor(DType::I8, {1280}); },
         {"query_key_value.weight", "[1280]"}},
        {"a row less",
         [](Tensors& t) {
             t[firstQkv] = hostTensor(DType::I8, {1279, 38});
             t[firstQkv + "_scale"] = hostTensor(DType::F16, {1279});
         },
         {"query_key_value.weight", "[1279, 76]", "[1280, 76]"}},
        {"two widths",
         [](Tensors& t) {
             t[firstDown] = hostTensor(DType::I8, {76, 108});
         },
         {"weight", "4 bits", "8"}},
        {"a packed norm",
         [](Tensors& t) {
             t["transformer.encoder.final_layernorm.weight"] = hostTensor(DType::I8, {76});
         },
         {"final_layernorm.weight", "int8"}},
        {"a packed head",
         [](Tensors& t) {
             t["transformer.output_layer.weight"] = hostTensor(DType::I8, {792, 76});
         },
         {"output_layer.weight", "int8"}},
        {"no head",
         [](Tensors& t) { t.erase("transformer.output_layer.weight"); },
         {"output_layer.weight", "no tensor"}},
        {"a bias that is too long",
         [](Tensors& t) {
             t["transformer.encoder.layers.2.self_attention.query_key_value.bias"] =
                 hostTensor(DType::F16, {1281});
         },
         {"layers.2.self_attention.query_key_value.bias", "[1281]"}},
        {"a prefix inside",
         [](Tensors& t) {
             t["transformer.prefix_encoder.embedding.weight"] = hostTensor(DType::F32, {7, 768});
         },
         {"transformer.prefix_encoder.embedding.weight", "P-Tuning"}},
        {"a prefix alone",
         [](Tensors& t) {
             t = {
                 {"transformer.prefix_encoder.embedding.weight", hostTensor(DType::F32, {7, 768})}};
         },
         {"is a P-Tuning prefix",
          "; give this folder as --adapter, and the model that it was trained on as -m"}},
    };
    return all;
}

} // namespace

void TestChatGlm2Files::refusesFiles_data()
{
    QTest::addColumn<int>("number");
    for (size_t i = 0; i < damages().size(); ++i)
        QTest::newRow(damages()[i].name) << int(i);
}

void TestChatGlm2Files::refusesFiles()
{
    QFETCH(int, number);
    const Damage& damage = damages()[size_t(number)];
    Checkpoint folder("chatglm2-tiny-int4");
    auto tensors = folder.weights();
    damage.change(tensors);
    folder.writeWeights(tensors);
    QCOMPARE(test::refusalOtherwise(folder, damage.words), QString());
}

void TestChatGlm2Files::refusesTokenizers_data()
{
    QTest::addColumn<QString>("content");
    QTest::addColumn<QString>("word");
    QTest::newRow("of GLM-4") << R"({"tokenizer_class": "ChatGLM4Tokenizer"})"
                              << "ChatGLM4Tokenizer";
    QTest::newRow("of ChatGLM3")
        << R"({"tokenizer_class": "ChatGLMTokenizer", "added_tokens_decoder": {"64795": {"content": "<|user|>"}}})"
        << "<|user|>";
    QTest::newRow("of Llama") << R"({"tokenizer_class": "LlamaTokenizer"})"
                              << "[MASK]";
    QTest::newRow("of nobody") << R"({"tokenizer_class": "BertTokenizer"})"
                               << "BertTokenizer";
    QTest::newRow("broken") << R"({"tokenizer_class": 3})"
                            << "tokenizer_class";
    QTest::newRow("tokens of no kind")
        << R"({"tokenizer_class": "ChatGLMTokenizer", "added_tokens_decoder": 3})"
        << "added_tokens_decoder";
    QTest::newRow("too large") << ""
                               << "padded_vocab_size";
    QTest::newRow("gone") << ""
                          << "tokenizer";
}

void TestChatGlm2Files::refusesTokenizers()
{
    QFETCH(QString, content);
    QFETCH(QString, word);
    const QString tag = QTest::currentDataTag();
    Checkpoint folder("chatglm2-tiny-32k");
    if (!content.isEmpty())
        std::ofstream(folder.path() / "tokenizer_config.json") << content.toStdString();
    if (tag == "too large") {
        test::GlmShape shape;
        shape.vocabulary = 784;
        folder.changeJson("config.json", [&](nlohmann::json& config) { config = configOf(shape); });
        folder.writeWeights(weightsOf(shape));
    }
    if (tag == "gone")
        folder.remove("tokenizer.model");
    try {
        openModel(folder.path(), {}, {});
        QFAIL("nothing was refused");
    } catch (const Error& error) {
        QVERIFY2(QString(error.what()).contains(word), error.what());
        QVERIFY2(QString(error.what()).contains(QString::fromStdString(folder.path().string())),
                 error.what());
        QVERIFY(error.code() == Error::Code::BadModel || error.code() == Error::Code::Unsupported ||
                (tag == "gone" && error.code() == Error::Code::Missing));
    }
}

QTEST_APPLESS_MAIN(TestChatGlm2Files)
#include "tst_chatglm2files.moc"
