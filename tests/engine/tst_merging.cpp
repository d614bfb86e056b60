#include <cstring>
#include <fstream>

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/safetensorswriter.h"
#include "engine/merging.h"
#include "engine/numbers.h"
#include "tests/support/hostile.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

// A merged checkpoint: what is in it, that it answers as the model with its adapter does, and what is left when it is
// not finished.
class TestMerging final : public QObject {
    Q_OBJECT
private slots:
    void answersTheSame_data();
    void answersTheSame();
    void keepsTheLayout();
    void keepsTheParts();
    void addsDifferences();
    void completesALanguageModel();
    void refuses();
    void leavesNothingWhenStopped();
};

namespace {

namespace fs = std::filesystem;
const fs::path data = ARGALI_TEST_DATA;

/// An adapter that needs no more than to be found.
AdapterSource at(const std::filesystem::path& path)
{
    return {path, {}, {}, {}};
}

/// Where merged models go.
class Place final {
public:
    fs::path target() const { return path() / "merged"; }
    fs::path path() const { return m_folder.path().toStdString(); }
    QStringList files() const { return QDir(m_folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot); }

private:
    QTemporaryDir m_folder;
};

AdapterSource adapter(const char* folder)
{
    return at(data / "adapters" / folder);
}

std::vector<int32_t> answerOf(const fs::path& model, const std::vector<AdapterSource>& adapters)
{
    OpenOptions options;
    options.device = "cpu";
    options.dtype = DType::F32;
    options.adapters = adapters;
    const std::unique_ptr<Model> opened = openModel(model, options, {});
    ContentItem item;
    item.text = "What is this?";
    ChatRequest request;
    request.messages = {{Message::Role::User, {item}}};
    request.maxNewTokens = 12;
    request.sampling = Sampling{};
    if (!adapters.empty())
        request.adapter = opened->adapters().front();
    return opened->generate(request, {}, {}, {}).ids;
}

/// A copy of a model whose floating tensors are f32, so that a merge rounds nothing.
std::map<std::string, Tensor> floats(const ModelFolder& folder)
{
    std::map<std::string, Tensor> tensors = folder.weights();
    for (auto& [name, tensor] : tensors)
        if (tensor.type() == DType::F16 || tensor.type() == DType::BF16)
            tensor = floatsOf(tensor);
    return tensors;
}

/// The vision tower that lies in a folder of its own, where the model has one.
void addTower(const ModelFolder& folder, const std::string& model)
{
    if (fs::exists(data / model / "vision_tower"))
        fs::copy(data / model / "vision_tower", folder.path() / "vision_tower");
}

} // namespace

void TestMerging::answersTheSame_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("adapter");
    QTest::newRow("all linear layers") << "llava_1_5-tiny-original" << "llava-tiny-lora";
    QTest::newRow("joined matrices") << "internvl2-tiny-internlm2" << "internvl2-llm";
    QTest::newRow("both towers") << "llava_1_5-tiny-hf" << "llava-tiny-hf-peft";
}

void TestMerging::answersTheSame()
{
    QFETCH(QString, model);
    QFETCH(QString, adapter);
    ModelFolder folder(model.toStdString());
    addTower(folder, model.toStdString());
    folder.writeWeights(floats(folder));
    const AdapterSource source = ::adapter(adapter.toUtf8());
    const Place place;
    QVERIFY(mergeAdapter({folder.path(), source, place.target(), {}}, {}));
    QCOMPARE(place.files(), QStringList{"merged"});
    const std::vector<int32_t> merged = answerOf(place.target(), {});
    QCOMPARE(merged, answerOf(folder.path(), {source}));
    QVERIFY(merged != answerOf(folder.path(), {}));
}

void TestMerging::keepsTheLayout()
{
    const fs::path model = data / "internvl2-tiny-internlm2";
    const Place place;
    int64_t last = 0;
    const auto progress = [&](const Progress& step) {
        QVERIFY(step.done >= last && step.done <= step.total);
        last = step.done;
    };
    QVERIFY(mergeAdapter({model, adapter("internvl2-vision"), place.target(), progress}, {}));
    QVERIFY(last > 0);
    const SafetensorsFile before = openSafetensors(model / "model.safetensors");
    const SafetensorsFile after = openSafetensors(place.target() / "model.safetensors");
    QCOMPARE(after.tensors.size(), before.tensors.size());
    int changed = 0;
    for (const auto& [name, tensor] : before.tensors) {
        const Tensor& other = after.tensors.at(name);
        QVERIFY(other.type() == tensor.type() && other.shape() == tensor.shape());
        changed += std::memcmp(other.raw(), tensor.raw(), size_t(tensor.bytes())) != 0;
    }
    QVERIFY(changed > 0 && changed < int(before.tensors.size()));
    for (const char* file : {"config.json", "tokenizer.model", "tokenizer_config.json", "README.md"}) {
        QFile one(QString::fromStdString((model / file).string()));
        QFile two(QString::fromStdString((place.target() / file).string()));
        QVERIFY(one.open(QIODevice::ReadOnly) && two.open(QIODevice::ReadOnly));
        QCOMPARE(two.readAll(), one.readAll());
    }
    QCOMPARE(fs::status(place.target()).permissions() & fs::perms::others_read,
             fs::status(model).permissions() & fs::perms::others_read);
}

void TestMerging::keepsTheParts()
{
    // The same weights in two parts.
    ModelFolder folder("internvl2-tiny-internlm2");
    const std::map<std::string, Tensor> all = folder.weights();
    nlohmann::json index;
    std::vector<WrittenTensor> parts[2];
    for (const auto& [name, tensor] : all) {
        const size_t part = name.find("layers.1.") != name.npos;
        parts[part].push_back({name, {tensor.type(), tensor.shape()}});
        index["weight_map"][name] = part ? "model-2.safetensors" : "model-1.safetensors";
    }
    const auto values = [&](const std::string& name) { return all.at(name); };
    writeSafetensors(folder.path() / "model-1.safetensors", parts[0], values);
    writeSafetensors(folder.path() / "model-2.safetensors", parts[1], values);
    fs::remove(folder.path() / "model.safetensors");
    std::ofstream(folder.path() / "model.safetensors.index.json") << index;
    const Place place;
    QVERIFY(mergeAdapter({folder.path(), adapter("internvl2-llm"), place.target(), {}}, {}));
    for (const char* file : {"model-1.safetensors", "model-2.safetensors"})
        QCOMPARE(openSafetensors(place.target() / file).tensors.size(),
                 openSafetensors(folder.path() / file).tensors.size());
    QVERIFY(!answerOf(place.target(), {}).empty());
}

void TestMerging::addsDifferences()
{
    // What is published as a difference to a language model gives the model that it was made of.
    ModelFolder whole("llava_1_5-tiny-original");
    ModelFolder text("llava_1_5-tiny-original");
    addTower(whole, "llava_1_5-tiny-original");
    std::map<std::string, Tensor> model = floats(whole);
    std::map<std::string, Tensor> language;
    std::map<std::string, Tensor> delta;
    for (auto& [name, tensor] : model) {
        if (name.find("mm_projector") != name.npos || name.find("vision") != name.npos) {
            delta[name] = tensor;
            continue;
        }
        language[name] = hostTensor(DType::F32, tensor.shape());
        delta[name] = hostTensor(DType::F32, tensor.shape());
        for (int64_t i = 0; i < tensor.count(); ++i) {
            language[name].as<float>()[i] = tensor.as<float>()[i] * 0.5F; // exact
            delta[name].as<float>()[i] = tensor.as<float>()[i] * 0.5F;
        }
    }
    whole.writeWeights(delta);
    text.writeWeights(language);
    text.changeJson("config.json", [](nlohmann::json& config) { config = {{"model_type", "llama"}}; });
    const std::vector<int32_t> expected = answerOf(data / "llava_1_5-tiny-original", {});
    QCOMPARE(answerOf(text.path(), {at(whole.path())}), expected);
    const Place place;
    QVERIFY(mergeAdapter({text.path(), at(whole.path()), place.target(), {}}, {}));
    QCOMPARE(answerOf(place.target(), {}), expected);
    delta.erase("model.norm.weight");
    delta["model.other.weight"] = delta.at("lm_head.weight");
    whole.writeWeights(delta);
    QCOMPARE(throwsOtherwise([&] { answerOf(text.path(), {at(whole.path())}); }, Error::Code::BadModel,
                             "\"model.other.weight\" is a difference to nothing"),
             QByteArray());
}

void TestMerging::completesALanguageModel()
{
    // A LoRA of LLaVA on the language model alone: configuration and projector come with it.
    ModelFolder text("llava_1_5-tiny-original");
    addTower(text, "llava_1_5-tiny-original");
    std::map<std::string, Tensor> tensors = text.weights();
    std::erase_if(tensors, [](const auto& entry) { return entry.first.find("mm_projector") != entry.first.npos; });
    text.writeWeights(tensors);
    text.changeJson("config.json", [](nlohmann::json& config) {
        std::erase_if(config.get_ref<nlohmann::json::object_t&>(),
                      [](const auto& entry) { return entry.first.starts_with("mm_"); });
        config["model_type"] = "llama";
    });
    const std::vector<int32_t> expected = answerOf(data / "llava_1_5-tiny-original", {adapter("llava-tiny-lora")});
    QCOMPARE(answerOf(text.path(), {adapter("llava-tiny-lora")}), expected);
    const Place place;
    QVERIFY(mergeAdapter({text.path(), adapter("llava-tiny-lora"), place.target(), {}}, {}));
    QVERIFY(describeModel(place.target()).seesPictures);
}

void TestMerging::refuses()
{
    const fs::path model = data / "internvl2-tiny-internlm2";
    const Place place;
    const auto merge = [&](const fs::path& target, const AdapterSource& source) {
        return [&place, &model, target, source] { mergeAdapter({model, source, target, {}}, {}); };
    };
    const AdapterSource good = adapter("internvl2-llm");
    fs::create_directory(place.target());
    QCOMPARE(throwsOtherwise(merge(place.target(), good), Error::Code::BadRequest, "merged: is there already"), QByteArray());
    fs::remove(place.target());
    fs::create_symlink("nowhere", place.target());
    QCOMPARE(throwsOtherwise(merge(place.target(), good), Error::Code::BadRequest, "merged: is there already"), QByteArray());
    fs::remove(place.target());
    QCOMPARE(throwsOtherwise(merge(place.path() / "a/b", good), Error::Code::BadRequest, "a: is no folder"), QByteArray());
    QCOMPARE(throwsOtherwise(merge("/proc/argali", good), Error::Code::BadRequest, "cannot be made"), QByteArray());
    QCOMPARE(throwsOtherwise(merge(place.target(), adapter("llava-tiny-lora")), Error::Code::BadModel,
                             "is nothing that this model has"),
             QByteArray());
    QCOMPARE(place.files(), QStringList());
}

void TestMerging::leavesNothingWhenStopped()
{
    const Place place;
    std::stop_source stop;
    int steps = 0;
    const auto progress = [&](const Progress&) {
        if (++steps == 3)
            stop.request_stop();
    };
    QVERIFY(!mergeAdapter({data / "internvl2-tiny-internlm2", adapter("internvl2-llm"), place.target(), progress},
                          stop.get_token()));
    QCOMPARE(place.files(), QStringList());
}

QTEST_APPLESS_MAIN(TestMerging)
#include "tst_merging.moc"
