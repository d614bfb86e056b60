#include <algorithm>
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/checkpoint/packedweights.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "tests/support/modelfolder.h"
#include "tests/support/plainglm.h"

using namespace argali;
using Checkpoint = argali::test::ModelFolder;
using argali::test::GlmShape;

// The numbers against the reference are in tst_familystages, what is refused in tst_chatglm2files.
// Here: other shapes against the plain definition, every way the weights may lie, prompts, and what
// the family says of itself.
class TestChatGlm2 final : public QObject {
    Q_OBJECT
private slots:
    void shapes_data();
    void shapes();
    void goesOnWhereItWas();
    void layoutsAreEqual();
    void tiedHead();
    void unpacks_data();
    void unpacks();
    void packedEqualsUnpacked_data();
    void packedEqualsUnpacked();
    void describesItself_data();
    void describesItself();
    void publishedSize();
    void memoryOfPackedFiles();
    void prompts();
    void halvesOfRounds();
    void stops();
    void specialsAreNotChosen();
    void sampling();
    void refusesMedia();
    void refusesThinking();
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;
/// The logits after the last of the ids; the first of them come as one prompt, the others one by
/// one.
Tensor logitsOf(const std::filesystem::path& folder, const std::vector<int32_t>& ids,
                size_t oneByOne = 0)
{
    const std::unique_ptr<Backend> op = makeBackend("cpu");
    const std::unique_ptr<Family> family = makeFamily(openFolder(folder));
    if (!family->load(*op, DType::F32, {}, {}))
        throw Error(Error::Code::Internal, "not loaded");
    const std::unique_ptr<KvCache> cache = family->makeCache(int64_t(ids.size()));
    const std::span<const int32_t> all = ids;
    Tensor logits = family->decode(all.first(ids.size() - oneByOne), {}, *cache, {}, {});
    for (size_t i = ids.size() - oneByOne; i < ids.size(); ++i)
        logits = family->decode(all.subspan(i, 1), {}, *cache, {}, {});
    return op->download(logits);
}

bool areEqual(const Tensor& a, const Tensor& b)
{
    return a.shape() == b.shape() &&
           std::equal(a.as<float>(), a.as<float>() + a.count(), b.as<float>());
}

std::vector<int32_t> someIds(size_t count)
{
    std::vector<int32_t> ids;
    for (size_t i = 0; i < count; ++i)
        ids.push_back(int32_t(i * i * 31 % 700));
    return ids;
}

/// A folder that holds a model of this shape.
void write(Checkpoint& folder, const GlmShape& shape, const std::map<std::string, Tensor>& weights)
{
    folder.changeJson("config.json", [&](nlohmann::json& config) { config = configOf(shape); });
    folder.writeWeights(weights);
}

ContentItem words(const std::string& text)
{
    ContentItem item;
    item.text = text;
    return item;
}

ChatRequest ask(const std::string& text)
{
    ChatRequest request;
    request.messages = {{Message::Role::User, {words(text)}}};
    request.sampling = Sampling{};
    return request;
}

Message::Role roleOf(const std::string& name)
{
    return name == "system" ? Message::Role::System
           : name == "user" ? Message::Role::User
                            : Message::Role::Assistant;
}

/// Weights that are given, with an origin to name.
class GivenWeights final : public WeightSource {
public:
    explicit GivenWeights(std::map<std::string, Tensor> tensors) : m_tensors(std::move(tensors)) {}
    std::optional<Tensor> find(std::string_view name) const override
    {
        const auto found = m_tensors.find(std::string(name));
        return found == m_tensors.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<std::string> names() const override
    {
        std::vector<std::string> all;
        for (const auto& [name, tensor] : m_tensors)
            all.push_back(name);
        return all;
    }

private:
    std::map<std::string, Tensor> m_tensors;
};

Tensor bytesTensor(const Shape& shape, const std::vector<int>& values)
{
    const Tensor tensor = hostTensor(DType::I8, shape);
    for (size_t i = 0; i < values.size(); ++i)
        tensor.as<int8_t>()[i] = int8_t(values[i]);
    return tensor;
}

Tensor halves(const std::vector<uint16_t>& bits, DType type = DType::F16)
{
    const Tensor tensor = hostTensor(type, {int64_t(bits.size())});
    std::ranges::copy(bits, tensor.as<uint16_t>());
    return tensor;
}

/// A matrix as whole numbers with a factor for each row, and the values that they stand for.
struct Packed {
    Tensor numbers;
    Tensor factors;
    Tensor values;
};

Packed packed(const Tensor& like, int bits, unsigned seed)
{
    const int64_t rows = like.dim(0);
    const int64_t columns = like.dim(1);
    Packed result{hostTensor(DType::I8, {rows, columns * bits / 8}), hostTensor(DType::F16, {rows}),
                  hostTensor(DType::F32, {rows, columns})};
    for (int64_t row = 0; row < rows; ++row) {
        const unsigned fraction = (seed * 37 + unsigned(row) * 101) % 1024;
        const unsigned exponent = bits == 8 ? 6 : 10; // about 2^-9 and 2^-5
        result.factors.as<uint16_t>()[row] = uint16_t(exponent << 10 | fraction);
        const float factor = std::ldexp(1024.0F + float(fraction), int(exponent) - 25);
        for (int64_t k = 0; k < columns; ++k) {
            const int limit = bits == 8 ? 127 : 7;
            const int number = int((seed + row * 131 + k * 29) % (2 * limit + 1)) - limit;
            result.values.as<float>()[row * columns + k] = float(number) * factor;
            auto* const byte = result.numbers.as<uint8_t>() + (row * columns + k) * bits / 8;
            if (bits == 8)
                *byte = uint8_t(number);
            else
                *byte = uint8_t(k % 2 == 0 ? (number & 15) << 4 : *byte | (number & 15));
        }
    }
    return result;
}

bool isPackable(const std::string& name)
{
    return name.starts_with("transformer.encoder.layers.") && name.ends_with(".weight") &&
           name.find("layernorm") == std::string::npos;
}

} // namespace

void TestChatGlm2::shapes_data()
{
    QTest::addColumn<int>("number");
    for (const char* name :
         {"as published", "one group", "as many groups as heads", "heads apart", "biases",
          "heads apart with biases", "no biases", "no final norm", "odd sizes", "wide heads",
          "positions divided", "positions multiplied", "another seed", "one layer"})
        QTest::newRow(name) << 0;
}

namespace {

GlmShape shapeNamed(const std::string& name)
{
    GlmShape shape;
    if (name == "one group")
        shape.groups = 1;
    else if (name == "as many groups as heads")
        shape.groups = 4;
    else if (name == "heads apart")
        shape.multiQuery = false;
    else if (name == "biases")
        shape.linearBias = true;
    else if (name == "heads apart with biases")
        shape.multiQuery = false, shape.linearBias = true, shape.qkvBias = false;
    else if (name == "no biases")
        shape.qkvBias = false;
    else if (name == "no final norm")
        shape.finalNorm = false;
    else if (name == "odd sizes")
        shape = {.layers = 3,
                 .width = 17,
                 .heads = 3,
                 .groups = 3,
                 .headWidth = 4,
                 .feedForward = 29,
                 .vocabulary = 787};
    else if (name == "wide heads")
        shape.headWidth = 76;
    else if (name == "positions divided")
        shape.ratio = 13.7;
    else if (name == "positions multiplied")
        shape.ratio = 0.25;
    else if (name == "another seed")
        shape.seed = 77;
    else if (name == "one layer")
        shape.layers = 1;
    return shape;
}

} // namespace

void TestChatGlm2::shapes()
{
    const GlmShape shape = shapeNamed(QTest::currentDataTag());
    Checkpoint folder("chatglm2-tiny-32k");
    const auto weights = weightsOf(shape);
    write(folder, shape, weights);
    QVERIFY(describeModel(folder.path()).unknownTensors.empty());
    for (const size_t length :
         {size_t(1), size_t(2), size_t(40), size_t(530)}) { // more than a chunk of a prompt
        const std::vector<int32_t> ids = someIds(length);
        const std::vector<double> expected = plainLogits(shape, weights, ids);
        const Tensor found = logitsOf(folder.path(), ids);
        QCOMPARE(found.count(), int64_t(expected.size()));
        for (size_t i = 0; i < expected.size(); ++i)
            QVERIFY2(std::abs(found.as<float>()[i] - expected[i]) < 3e-4,
                     qPrintable(QString("%1 tokens, logit %2: %3, expected %4")
                                    .arg(length)
                                    .arg(i)
                                    .arg(found.as<float>()[i])
                                    .arg(expected[i])));
    }
}

void TestChatGlm2::goesOnWhereItWas()
{
    const std::vector<int32_t> ids = someIds(30);
    const Tensor whole = logitsOf(data / "chatglm2-tiny-32k", ids);
    const Tensor steps = logitsOf(data / "chatglm2-tiny-32k", ids, 12);
    for (int64_t i = 0; i < whole.count(); ++i)
        QVERIFY(std::abs(whole.as<float>()[i] - steps.as<float>()[i]) < 1e-4);
}

void TestChatGlm2::layoutsAreEqual()
{
    Checkpoint folder("chatglm2-tiny");
    const Tensor shards = logitsOf(folder.path(), someIds(20));
    QVERIFY(describeModel(folder.path()).files.back().string().ends_with(".bin"));
    folder.writeWeights(folder.weights());
    QVERIFY(std::ranges::count(describeModel(folder.path()).files,
                               std::filesystem::path("model.safetensors")) == 1);
    QVERIFY(areEqual(logitsOf(folder.path(), someIds(20)), shards));
}

void TestChatGlm2::tiedHead()
{
    Checkpoint folder("chatglm2-tiny-32k");
    const GlmShape shape;
    auto weights = weightsOf(shape);
    weights["transformer.output_layer.weight"] =
        weights.at("transformer.embedding.word_embeddings.weight");
    write(folder, shape, weights);
    const Tensor expected = logitsOf(folder.path(), someIds(9));
    // Where the head is not there, the flag says what it is; where it is there, it counts.
    folder.changeJson("config.json", [](nlohmann::json& c) { c["tie_word_embeddings"] = true; });
    QVERIFY(areEqual(logitsOf(folder.path(), someIds(9)), expected));
    auto untied = weightsOf(shape);
    folder.writeWeights(untied);
    QVERIFY(!areEqual(logitsOf(folder.path(), someIds(9)), expected));
    weights.erase("transformer.output_layer.weight");
    folder.writeWeights(weights);
    QVERIFY(areEqual(logitsOf(folder.path(), someIds(9)), expected));
}

void TestChatGlm2::unpacks_data()
{
    QTest::addColumn<int>("bits");
    QTest::addColumn<int>("type");
    for (const DType type : {DType::F16, DType::BF16, DType::F32})
        for (const int bits : {4, 8})
            QTest::addRow("%d bits, %s", bits, nameOf(type)) << bits << int(type);
}

void TestChatGlm2::unpacks()
{
    QFETCH(int, bits);
    QFETCH(int, type);
    // Two rows of four: 1, -2, 7, -7 and -8, 0, 3, -1 times 1.5 and 2^-3.
    const std::vector<int> four{0x1E, 0x79, 0x80, 0x3F};
    const std::vector<int> eight{1, -2, 127, -127, -128, 0, 3, -1};
    Tensor factors = DType(type) == DType::F16 ? halves({0x3E00, 0x3000})
                                               : halves({0x3FC0, 0x3E00}, DType::BF16);
    if (DType(type) == DType::F32) {
        factors = hostTensor(DType::F32, {2});
        factors.as<float>()[0] = 1.5F;
        factors.as<float>()[1] = 0.125F;
    }
    const auto stored = std::make_shared<GivenWeights>(std::map<std::string, Tensor>{
        {"a.weight", bits == 4 ? bytesTensor({2, 2}, four) : bytesTensor({2, 4}, eight)},
        {"a.weight_scale", factors},
        {"b.weight_scale", halves({0x3C00})}});
    const UnpackedWeights weights(stored, {{"a.weight", 4}, {"b.weight", 4}});
    const std::vector<float> expected =
        bits == 4 ? std::vector<float>{1.5F, -3, 10.5F, -10.5F, -1, 0, 0.375F, -0.125F}
                  : std::vector<float>{1.5F, -3, 190.5F, -190.5F, -16, 0, 0.375F, -0.125F};
    const Tensor found = weights.require("a.weight", {2, 4});
    QCOMPARE(found.type(), DType::F32);
    QVERIFY(std::equal(expected.begin(), expected.end(), found.as<float>()));
    QCOMPARE(weights.bits(), bits);
    QCOMPARE(weights.describe("a.weight")->packedBits, bits);
    // A factor without its matrix stays a tensor that nobody knows.
    QCOMPARE(weights.names(), (std::vector<std::string>{"a.weight", "b.weight_scale"}));
}

void TestChatGlm2::packedEqualsUnpacked_data()
{
    QTest::addColumn<int>("bits");
    QTest::newRow("4 bits") << 4;
    QTest::newRow("8 bits") << 8;
}

void TestChatGlm2::packedEqualsUnpacked()
{
    QFETCH(int, bits);
    GlmShape shape;
    shape.feedForward = 10;
    auto weights = weightsOf(shape);
    auto integers = weights;
    unsigned seed = 0;
    for (auto& [name, tensor] : weights)
        if (isPackable(name)) {
            const Packed matrix = packed(tensor, bits, ++seed);
            tensor = matrix.values;
            integers[name] = matrix.numbers;
            integers[name + "_scale"] = matrix.factors;
        }
    Checkpoint folder("chatglm2-tiny-32k");
    write(folder, shape, weights);
    const Tensor expected = logitsOf(folder.path(), someIds(20));
    QCOMPARE(describeModel(folder.path()).packedBits, 0);
    write(folder, shape, integers); // quantization_bit is not there: the tensors say what they are
    QVERIFY(areEqual(logitsOf(folder.path(), someIds(20)), expected));
    QCOMPARE(describeModel(folder.path()).packedBits, bits);
    QVERIFY(describeModel(folder.path()).unknownTensors.empty());
    folder.changeJson("config.json", [&](nlohmann::json& c) { c["quantization_bit"] = bits; });
    QVERIFY(areEqual(logitsOf(folder.path(), someIds(20)), expected));
}

void TestChatGlm2::describesItself_data()
{
    QTest::addColumn<int>("packedBits");
    QTest::newRow("chatglm2-tiny") << 0;
    QTest::newRow("chatglm2-tiny-int4") << 4;
}

void TestChatGlm2::describesItself()
{
    QFETCH(int, packedBits);
    const ModelInfo info = describeModel(data / QTest::currentDataTag());
    QCOMPARE(info.family, std::string("chatglm2"));
    QCOMPARE(info.name, std::string(QTest::currentDataTag()));
    QCOMPARE(info.context, int64_t(32768));
    QCOMPARE(info.layers, int64_t(3));
    QCOMPARE(info.storedType, DType::F16);
    QCOMPARE(info.packedBits, packedBits);
    QVERIFY(!info.seesPictures && !info.seesFilms && !info.thinks && !info.mixesPicturesAndFilms);
    QVERIFY(info.templates.empty() && info.aspectRatios.empty());
    QCOMPARE(info.maxTiles, 0);
    QVERIFY(info.unknownTensors.empty());
    const int64_t qkv = 10 * 128 * (76 + 1);
    const int64_t layer = 2 * 76 + qkv + 76 * 6 * 128 + 3 * 108 * 76;
    QCOMPARE(info.parameters, 2 * 792 * 76 + 3 * layer + 76);
}

void TestChatGlm2::publishedSize()
{
    const std::unique_ptr<Family> family = makeFamily(syntheticFolder("chatglm2-6b", DType::F16));
    QCOMPARE(family->info().parameters, int64_t(6'243'584'000));
    QCOMPARE(family->info().context, int64_t(32768));
    const MemoryEstimate memory = family->memory(DType::F16, 8192);
    // Norms and biases are held as f32: two bytes more for each.
    const int64_t small = 57 * 4096 + 28 * 4608;
    QCOMPARE(memory.weights, 12'487'168'000 + 2 * small);
    QCOMPARE(memory.kvPerToken, int64_t(28672));
    QCOMPARE(memory.total, memory.weights + memory.workspace + 8192 * 28672);
    QCOMPARE(makeFamily(syntheticFolder("chatglm2-6b/layers=2", DType::F16))->info().layers,
             int64_t(2));
}

void TestChatGlm2::memoryOfPackedFiles()
{
    const std::filesystem::path whole = data / "chatglm2-tiny";
    const std::filesystem::path integers = data / "chatglm2-tiny-int4";
    // They are unpacked when they are loaded: as large as the others then, or larger where those
    // stay f16.
    QCOMPARE(estimateMemory(integers, DType::F16, 0).weights,
             estimateMemory(whole, DType::F16, 0).weights);
    const int64_t packable = 3 * (10 * 128 * 76 + 76 * 6 * 128 + 3 * 108 * 76);
    QCOMPARE(estimateMemory(integers, DType::F32, 0).weights,
             estimateMemory(whole, DType::F32, 0).weights + 2 * packable);
    const int64_t largest = sizeOf(DType::F32) * 10 * 128 * 76;
    QVERIFY(estimateMemory(integers, DType::F16, 0).workspace >= largest);
}

void TestChatGlm2::prompts()
{
    const std::unique_ptr<Model> model = openModel(data / "chatglm2-tiny", {}, {});
    nlohmann::json vectors;
    std::ifstream(data / "vectors/chatglm2_prompts.json") >> vectors;
    QVERIFY(vectors.at("prompts").size() > 5);
    for (const nlohmann::json& row : vectors.at("prompts")) {
        ChatRequest request;
        for (const nlohmann::json& message : row.at("messages"))
            request.messages.push_back({roleOf(message.at("role").get<std::string>()),
                                        {words(message.at("content").get<std::string>())}});
        const Trace trace = model->trace(request, {}, {});
        QVERIFY2(trace.inputIds == row.at("ids").get<std::vector<int32_t>>(),
                 row.at("name").get<std::string>().c_str());
        QCOMPARE(model->cost(request).promptTokens, int64_t(trace.inputIds.size()));
    }
}

void TestChatGlm2::halvesOfRounds()
{
    const std::unique_ptr<Model> model = openModel(data / "chatglm2-tiny", {}, {});
    const std::unique_ptr<Tokenizer> tokenizer = openTokenizer(data / "chatglm2-tiny");
    using Role = Message::Role;
    const auto promptOf = [&](std::vector<Message> messages) {
        ChatRequest request;
        request.messages = std::move(messages);
        const std::vector<int32_t> ids = model->trace(request, {}, {}).inputIds;
        return tokenizer->decode({ids.begin() + 2, ids.end()}, true);
    };
    QCOMPARE(promptOf({{Role::User, {words("a"), words("b")}}}),
             std::string("[Round 1]\n\n问：ab\n\n答："));
    QCOMPARE(promptOf({{Role::User, {words("a")}}, {Role::User, {words("b")}}}),
             std::string("[Round 1]\n\n问：a\n\n答：\n\n[Round 2]\n\n问：b\n\n答："));
    QCOMPARE(promptOf({{Role::Assistant, {words("a")}}, {Role::User, {words("b")}}}),
             std::string("[Round 1]\n\n问：\n\n答：a\n\n[Round 2]\n\n问：b\n\n答："));
    QCOMPARE(promptOf({{Role::System, {words("S")}},
                       {Role::User, {words("a")}},
                       {Role::Assistant, {words("b")}},
                       {Role::System, {words("T")}},
                       {Role::User, {words("c")}}}),
             std::string("[Round 1]\n\n问：a\n\n答：b\n\n[Round 2]\n\n问：STc\n\n答："));
    QCOMPARE(promptOf({{Role::User, {words("")}}}), std::string("[Round 1]\n\n问：\n\n答："));
    QVERIFY_EXCEPTION_THROWN(promptOf({}), Error);
    QVERIFY_EXCEPTION_THROWN(
        promptOf({{Role::User, {words("a")}}, {Role::Assistant, {words("b")}}}), Error);
}

void TestChatGlm2::stops()
{
    Checkpoint folder("chatglm2-tiny");
    const auto stopIds = [&] {
        return makeFamily(openFolder(folder.path()))->stopIds(*openTokenizer(folder.path()));
    };
    QCOMPARE(stopIds(), std::vector<int32_t>{2});
    std::ofstream(folder.path() / "generation_config.json") << R"({"eos_token_id": [2, 9]})";
    folder.changeJson("config.json", [](nlohmann::json& c) { c["eos_token_id"] = 7; });
    QCOMPARE(stopIds(), (std::vector<int32_t>{2, 7, 9}));
    folder.changeJson("config.json", [](nlohmann::json& c) { c.erase("eos_token_id"); });
    folder.remove("generation_config.json");
    QCOMPARE(stopIds(), std::vector<int32_t>{2});
    // The answer to this question has 624 as its third id.
    folder.changeJson("config.json", [](nlohmann::json& c) { c["eos_token_id"] = 624; });
    const ChatResult result = openModel(folder.path(), {}, {})
                                  ->generate(ask("Hello, how can you help me today?"), {}, {}, {});
    QCOMPARE(result.ids, (std::vector<int32_t>{322, 630, 624}));
    QCOMPARE(result.finishReason, FinishReason::Stop);
}

void TestChatGlm2::specialsAreNotChosen()
{
    const GlmShape shape;
    auto weights = weightsOf(shape);
    // A row that is always the largest but one: that of a token behind the vocabulary.
    const Tensor head = weights.at("transformer.output_layer.weight");
    const Tensor norm = weights.at("transformer.encoder.final_layernorm.weight");
    std::fill_n(norm.as<float>(), shape.width, 0.0F);
    norm.as<float>()[0] = 1;
    for (int64_t row = 0; row < shape.vocabulary; ++row)
        head.as<float>()[row * shape.width] = row >= 780 ? 100.0F : row == 600 ? 50.0F : 0.0F;
    Checkpoint folder("chatglm2-tiny-32k");
    write(folder, shape, weights);
    const std::unique_ptr<Model> model = openModel(folder.path(), {}, {});
    ChatRequest request = ask("?");
    request.maxNewTokens = 5;
    for (const int32_t id : model->generate(request, {}, {}, {}).ids)
        QVERIFY(id < 780);
    request.sampling = Sampling{.enabled = true, .temperature = 5, .seed = 3};
    request.maxNewTokens = 50;
    for (const int32_t id : model->generate(request, {}, {}, {}).ids)
        QVERIFY(id < 780);
}

void TestChatGlm2::sampling()
{
    Checkpoint folder("chatglm2-tiny");
    Sampling sampling = defaultSampling(folder.path());
    QVERIFY(sampling.enabled);
    QCOMPARE(sampling.temperature, 0.8F);
    QCOMPARE(sampling.topP, 0.8F);
    QCOMPARE(sampling.topK, 50);
    QCOMPARE(sampling.repetitionPenalty, 1.0F);
    std::ofstream(folder.path() / "generation_config.json")
        << R"({"temperature": 0.5, "top_k": 3, "repetition_penalty": 1.5})";
    sampling = defaultSampling(folder.path());
    QVERIFY(sampling.enabled);
    QCOMPARE(sampling.temperature, 0.5F);
    QCOMPARE(sampling.topP, 0.8F);
    QCOMPARE(sampling.topK, 3);
    QCOMPARE(sampling.repetitionPenalty, 1.5F);
    std::ofstream(folder.path() / "generation_config.json") << R"({"do_sample": false})";
    QVERIFY(!defaultSampling(folder.path()).enabled);
    // The others keep theirs.
    QVERIFY(!defaultSampling(data / "llava_1_5-tiny-hf/cases").enabled);
    QCOMPARE(defaultSampling(data / "llava_1_5-tiny-hf/cases").temperature, 1.0F);
}

void TestChatGlm2::refusesMedia()
{
    const std::unique_ptr<Model> model = openModel(data / "chatglm2-tiny", {}, {});
    for (const ContentItem::Type type : {ContentItem::Type::Picture, ContentItem::Type::Film}) {
        ContentItem item;
        item.type = type;
        // Nothing is opened: it would be missed.
        item.picture.path = item.film.path = "/there/is/no/such/file.png";
        ChatRequest request = ask("What is this?");
        request.messages.front().content.push_back(item);
        const auto refused = [&](const std::function<void()>& call) {
            try {
                call();
            } catch (const Error& error) {
                return error.code() == Error::Code::BadRequest &&
                       QString(error.what())
                           .contains(type == ContentItem::Type::Film ? "films" : "pictures");
            }
            return false;
        };
        QVERIFY(refused([&] { model->generate(request, {}, {}, {}); }));
        QVERIFY(refused([&] { model->cost(request); }));
        QVERIFY(refused([&] { model->trace(request, {}, {}); }));
        // In an earlier message, too.
        request.messages.push_back({Message::Role::User, {words("and now?")}});
        QVERIFY(refused([&] { model->generate(request, {}, {}, {}); }));
    }
    const std::unique_ptr<Family> family = makeFamily(openFolder(data / "chatglm2-tiny"));
    QVERIFY_EXCEPTION_THROWN(family->fit({32, 32}, 0, {}), Error);
}

void TestChatGlm2::refusesThinking()
{
    const std::unique_ptr<Model> model = openModel(data / "chatglm2-tiny", {}, {});
    ChatRequest request = ask("?");
    request.thinking = true;
    try {
        model->generate(request, {}, {}, {});
        QFAIL("nothing was refused");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::BadRequest);
        QVERIFY2(QString(error.what()).contains("does not think"), error.what());
    }
}

QTEST_APPLESS_MAIN(TestChatGlm2)
#include "tst_chatglm2.moc"
