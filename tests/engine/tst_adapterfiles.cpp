#include <array>
#include <cmath>
#include <cstring>
#include <functional>

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "engine/adapterfiles.h"
#include "engine/families/fittedadapter.h"
#include "tests/support/hostile.h"
#include "tests/support/modelfolder.h"
#include "tests/support/torchwriter.h"

using namespace argali;
using namespace argali::test;

// The forms in which adapters are published beside PEFT's own, and whether they fit a model. What a
// PEFT folder may say is in tst_adapter.
class TestAdapterFiles final : public QObject {
    Q_OBJECT
private slots:
    void llavaFolder();
    void projectorFile();
    void trainingState();
    void partsOfXtuner();
    void refusesFiles_data();
    void refusesFiles();
    void refusesMisfits_data();
    void refusesMisfits();
    void findsOtherSpellings();
};

namespace {

using Tensors = std::map<std::string, Tensor>;
using nlohmann::json;

const std::filesystem::path data = ARGALI_TEST_DATA;
const std::filesystem::path base = data / "llava_1_5-tiny-original";

Tensor filled(const Shape& shape, float value = 1)
{
    Tensor tensor = hostTensor(DType::F32, shape);
    std::fill_n(tensor.as<float>(), tensor.count(), value);
    return tensor;
}

/// An adapter that needs no more than to be found.
AdapterSource at(const std::filesystem::path& path)
{
    return {path, {}, {}, {}};
}

/// A temporary folder of an adapter.
class Folder final {
public:
    void write(const std::string& name, const std::string& bytes) const
    {
        const std::filesystem::path file = path() / name;
        std::filesystem::create_directories(file.parent_path());
        writeFile(m_folder, name.c_str(), bytes);
    }
    void write(const std::string& name, const Tensors& tensors) const
    {
        write(name, safetensorsBytes(tensors));
    }
    /// A torch file; the elements of each tensor are 0, 1, 2 and so on, six at most.
    void writeTorch(const std::string& name,
                    const std::map<std::string, std::array<int64_t, 2>>& shapes) const
    {
        std::string items;
        for (const auto& [key, shape] : shapes)
            items += text(key) + tensor(storage("0", 6), 0, {shape[0], shape[1]}, {shape[1], 1});
        write(name, torchBytes(pickleOf(items)));
    }
    void copy(const std::filesystem::path& source, const std::string& name) const
    {
        std::filesystem::create_directories((path() / name).parent_path());
        std::filesystem::copy(source, path() / name, std::filesystem::copy_options::recursive);
    }
    std::filesystem::path path() const { return m_folder.path().toStdString(); }

private:
    QTemporaryDir m_folder;
};

const std::string query = "model.layers.0.self_attn.q_proj";

/// The width of the base's language model.
int64_t width()
{
    return openCheckpoint(base)->describe("model.norm.weight")->shape.dim(0);
}

std::vector<std::string> replacedOf(const Adapter& adapter)
{
    std::vector<std::string> names;
    for (const auto& [name, tensor] : adapter.replaced)
        names.push_back(name);
    return names;
}

} // namespace

void TestAdapterFiles::llavaFolder()
{
    const Adapter adapter = readAdapter(at(data / "adapters/llava-tiny-lora"));
    QCOMPARE(replacedOf(adapter), (std::vector<std::string>{
                                      "model.mm_projector.0.bias", "model.mm_projector.0.weight",
                                      "model.mm_projector.2.bias", "model.mm_projector.2.weight"}));
    QVERIFY(adapter.pairs.size() % 7 == 0 && !adapter.pairs.empty());
}

void TestAdapterFiles::projectorFile()
{
    const std::filesystem::path folder = data / "adapters/llava-tiny-projector";
    const std::vector<std::string> names = replacedOf(readAdapter(at(folder)));
    QCOMPARE(names.size(), size_t(4));
    QCOMPARE(replacedOf(readAdapter(at(folder / "mm_projector.bin"))), names);
    // As it lies beside a run: under any prefix.
    Folder other;
    other.write("checkpoint-7.safetensors",
                Tensors{{"base_model.model.model.mm_projector.0.bias", filled({3})}});
    QCOMPARE(replacedOf(readAdapter(at(other.path() / "checkpoint-7.safetensors"))),
             std::vector<std::string>{"model.mm_projector.0.bias"});
}

void TestAdapterFiles::trainingState()
{
    Folder folder;
    const std::string wo = "model.language_model.base_model.model.model.layers.0.attention.wo.";
    const std::string proj = "model.vision_model.base_model.model.encoder.layers.0.attn.proj.";
    folder.writeTorch("iter_5.pth", {{wo + "lora_A.default.weight", {2, 3}},
                                     {wo + "lora_B.default.weight", {3, 2}},
                                     {proj + "lora_A.default.weight", {5, 1}},
                                     {proj + "lora_B.default.weight", {1, 5}},
                                     {"model.mlp1.1.weight", {2, 2}}});
    const Adapter adapter = readAdapter({folder.path() / "iter_5.pth", "", 8, 1});
    QCOMPARE(adapter.pairs.size(), size_t(2));
    QCOMPARE(adapter.pairs[0].module, std::string("language_model.model.layers.0.attention.wo"));
    QCOMPARE(adapter.pairs[0].scale, 4.0);
    QCOMPARE(adapter.pairs[1].module, std::string("vision_model.encoder.layers.0.attn.proj"));
    QCOMPARE(adapter.pairs[1].scale, 0.2);
    QCOMPARE(replacedOf(adapter), std::vector<std::string>{"mlp1.1.weight"});
}

void TestAdapterFiles::partsOfXtuner()
{
    Folder folder;
    folder.copy(data / "adapters/llava-tiny-lora-rslora", "llm_adapter");
    folder.write("projector/model.safetensors",
                 Tensors{{"model.0.bias", filled({width()})}, {"model.2.bias", filled({width()})}});
    const Adapter adapter = readAdapter(at(folder.path()));
    QCOMPARE(adapter.pairs.size(), size_t(6));
    QCOMPARE(replacedOf(adapter),
             (std::vector<std::string>{"model.mm_projector.0.bias", "model.mm_projector.2.bias"}));
    QCOMPARE(fitAdapter(adapter, *openCheckpoint(base)).replaced.size(), size_t(2));
    folder.write("llm/config.json", "{}");
    QCOMPARE(throwsOtherwise([&] { readAdapter(at(folder.path())); }, Error::Code::Unsupported,
                             "llm: is a whole model"),
             QByteArray());
}

using Make = std::function<AdapterSource(const Folder&)>;
Q_DECLARE_METATYPE(Make)

void TestAdapterFiles::refusesFiles_data()
{
    QTest::addColumn<Make>("make");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("parts");
    const auto row = [](const char* name, Error::Code code, const char* parts, Make make) {
        QTest::newRow(name) << make << int(code) << QByteArray(parts);
    };
    using Code = Error::Code;
    const auto file = [](const std::string& name, const Tensors& tensors) {
        return [=](const Folder& folder) -> AdapterSource {
            folder.write(name, tensors);
            return {folder.path() / name, {}, {}, {}};
        };
    };
    row("nothing there", Code::Missing, "nowhere: is not there",
        [](const Folder& folder) -> AdapterSource { return at(folder.path() / "nowhere"); });
    row("an empty folder", Code::Missing, "is no adapter",
        [](const Folder& folder) -> AdapterSource { return at(folder.path()); });
    row("a partitioned state", Code::Unsupported, "iter_1.pth: is the partitioned state",
        [](const Folder& folder) {
            folder.write("iter_1.pth/x", "");
            return at(folder.path() / "iter_1.pth");
        });
    row("text", Code::BadModel, "mm_projector.bin: is not a torch file", [](const Folder& folder) {
        folder.write("mm_projector.bin", "no");
        return at(folder.path());
    });
    row("a cut file", Code::BadModel, "non_lora_trainables.bin", [](const Folder& folder) {
        folder.copy(data / "adapters/llava-tiny-lora", "it");
        std::filesystem::resize_file(folder.path() / "it/non_lora_trainables.bin", 1000);
        return at(folder.path() / "it");
    });
    row("an alpha nobody asked for", Code::BadRequest, "holds its own alpha",
        [](const Folder&) -> AdapterSource {
            return {data / "adapters/llava-tiny-lora", "", 8, {}};
        });
    row("another tensor than a projector's", Code::BadModel,
        "tensor \"model.norm.weight\" is no part of a projector",
        file("p.safetensors", {{"model.norm.weight", filled({3})}}));
    row("a projector twice", Code::BadModel, "which another one does already",
        file("p.safetensors",
             {{"a.mm_projector.bias", filled({3})}, {"b.mm_projector.bias", filled({3})}}));
    row("no projector", Code::BadModel, "has no tensors", file("p.safetensors", {}));
    row("NaN", Code::BadModel, "holds values that are not finite",
        file("p.safetensors", {{"mm_projector.0.bias", filled({3}, std::nanf(""))}}));
    row("integers", Code::BadModel, "is of type i32",
        file("p.safetensors", {{"mm_projector.0.bias", hostTensor(DType::I32, {3})}}));
    const auto state = [](const std::map<std::string, std::array<int64_t, 2>>& shapes) {
        return [=](const Folder& folder) -> AdapterSource {
            folder.writeTorch("i.pth", shapes);
            return {folder.path() / "i.pth", {}, 8, {}};
        };
    };
    row("a training state of another model", Code::BadModel, "is no part of an InternVL model",
        state({{"model.llm.layers.0.weight", {2, 2}}}));
    row("half a pair", Code::BadModel, "has lora_A, but no lora_B",
        state({{"model.language_model.base_model.model.output.lora_A.default.weight", {2, 2}}}));
    row("no alpha", Code::BadRequest, "alpha of its vision LoRA|--adapter-alpha vision=N",
        state({{"model.vision_model.base_model.model.x.lora_A.default.weight", {2, 3}},
               {"model.vision_model.base_model.model.x.lora_B.default.weight", {3, 2}}}));
}

void TestAdapterFiles::refusesFiles()
{
    QFETCH(Make, make);
    QFETCH(int, code);
    QFETCH(QByteArray, parts);
    Folder folder;
    const AdapterSource source = make(folder);
    QCOMPARE(throwsOtherwise([&] { readAdapter(source); }, Error::Code(code), parts), QByteArray());
}

using Change = std::function<void(Adapter&)>;
Q_DECLARE_METATYPE(Change)

void TestAdapterFiles::refusesMisfits_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<QByteArray>("parts");
    const auto row = [](const char* name, const char* parts, Change change) {
        QTest::newRow(name) << change << QByteArray(parts);
    };
    row("unknown module",
        "module \"model.layers.99.self_attn.q_proj\" is nothing that this model has",
        [](Adapter& a) { a.pairs[0].module = "model.layers.99.self_attn.q_proj"; });
    row("no module", "module \"\"", [](Adapter& a) { a.pairs[0].module = ""; });
    row("another width", "is for a weight|but the model's is", [](Adapter& a) {
        a.pairs[0].a = filled({2, 5});
    });
    row("other outputs", "is for a weight|but the model's is", [](Adapter& a) {
        a.pairs[0].b = filled({5, 2});
    });
    row("of another matrix", "is for a weight", [](Adapter& a) { a.pairs[0].module = "lm_head"; });
    row("no matrix", "is for a weight", [](Adapter& a) { a.pairs[0].module = "model.norm"; });
    row("as an embedding", "is for a weight", [](Adapter& a) {
        a.pairs[0].isEmbedding = true;
        a.pairs[0].b = filled({width() + 1, 2});
    });
    row("twice", "is there twice, in two spellings", [](Adapter& a) {
        a.pairs.push_back(a.pairs[0]);
        a.pairs[1].module = "language_model." + query;
    });
    row("unknown tensor", "tensor \"model.other.weight\" is nothing that this model has",
        [](Adapter& a) { a.replaced["model.other.weight"] = filled({3}); });
    row("a tensor of another shape", "tensor \"model.norm.weight\" has the shape [3]",
        [](Adapter& a) { a.replaced["model.norm.weight"] = filled({3}); });
    row("a tensor twice", "is there twice, in two spellings", [](Adapter& a) {
        a.replaced["model.norm.weight"] = a.replaced["language_model.model.norm.weight"] =
            filled({width()});
    });
    row("replaced and changed", "is replaced and changed at once", [](Adapter& a) {
        a.replaced[query + ".weight"] = filled({width(), width()});
    });
}

void TestAdapterFiles::refusesMisfits()
{
    QFETCH(Change, change);
    QFETCH(QByteArray, parts);
    Adapter adapter;
    adapter.path = "/some/adapter";
    adapter.pairs = {{query, filled({2, width()}), filled({width(), 2}), {}, false, 2, 1}};
    QCOMPARE(fitAdapter(adapter, *openCheckpoint(base)).pairs.size(), size_t(1));
    change(adapter);
    QCOMPARE(throwsOtherwise([&] { fitAdapter(adapter, *openCheckpoint(base)); },
                             Error::Code::BadModel, "/some/adapter: |" + parts),
             QByteArray());
}

void TestAdapterFiles::findsOtherSpellings()
{
    const auto original = openCheckpoint(base);
    for (const char* path : {"model.language_model.layers.0.self_attn.q_proj.weight",
                             "language_model.model.layers.0.self_attn.q_proj.weight"})
        QCOMPARE(nameIn(*original, path), std::optional(query + ".weight"));
    QCOMPARE(nameIn(*original, "multi_modal_projector.linear_2.bias"),
             std::optional<std::string>("model.mm_projector.2.bias"));
    QVERIFY(!nameIn(*original, "layers.0.self_attn.q_proj.weight"));
    const auto native = openCheckpoint(data / "llava_1_5-tiny-hf");
    QVERIFY(nameIn(*native, query + ".weight").has_value());
    QVERIFY(nameIn(*native, "model.mm_projector.0.weight").has_value());
    QVERIFY(nameIn(*native, "vision_model.encoder.layers.0.self_attn.q_proj.weight").has_value());
}

QTEST_APPLESS_MAIN(TestAdapterFiles)
#include "tst_adapterfiles.moc"
