#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <QScopeGuard>
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

namespace {

/// Told the path of what the disk is to have, after it has it; says whether it has.
std::function<bool(const std::string& path)> onSync;

} // namespace

/// In the place of the system's, which it calls.
extern "C" int fsync(int descriptor)
{
    char path[4096]{};
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t length = ::readlink(link.c_str(), path, sizeof path - 1);
    const auto result = static_cast<int>(::syscall(SYS_fsync, descriptor));
    if (result != 0 || length < 0 || !onSync || onSync(path))
        return result;
    errno = EIO;
    return -1;
}

// A merged checkpoint: what is in it, that it answers as the model with its adapter does, and what
// is left when it is not finished.
class TestMerging final : public QObject {
    Q_OBJECT
private slots:
    void answersTheSame_data();
    void answersTheSame();
    void keepsTheLayout();
    void keepsTheParts_data();
    void keepsTheParts();
    void addsDifferences();
    void completesALanguageModel();
    void refuses();
    void refusesAFullDisk();
    void leavesNothingWhereWritingEnds_data();
    void leavesNothingWhereWritingEnds();
    void waitsForTheDisk();
    void looksAtWhatWasWritten_data();
    void looksAtWhatWasWritten();
    void neverTakesThePlaceOfAnother();
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
    QStringList files() const
    {
        return QDir(m_folder.path())
            .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    }

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
    QTest::newRow("all linear layers") << "llava_1_5-tiny-original"
                                       << "llava-tiny-lora";
    QTest::newRow("joined matrices") << "internvl2-tiny-internlm2"
                                     << "internvl2-llm";
    QTest::newRow("both towers") << "llava_1_5-tiny-hf"
                                 << "llava-tiny-hf-peft";
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
    for (const char* file :
         {"config.json", "tokenizer.model", "tokenizer_config.json", "README.md"}) {
        QFile one(QString::fromStdString((model / file).string()));
        QFile two(QString::fromStdString((place.target() / file).string()));
        QVERIFY(one.open(QIODevice::ReadOnly) && two.open(QIODevice::ReadOnly));
        QCOMPARE(two.readAll(), one.readAll());
    }
    QCOMPARE(fs::status(place.target()).permissions() & fs::perms::others_read,
             fs::status(model).permissions() & fs::perms::others_read);
}

void TestMerging::keepsTheParts_data()
{
    QTest::addColumn<QStringList>("files");
    QTest::newRow("one") << QStringList{"model-1.safetensors"};
    QTest::newRow("two") << QStringList{"model-1.safetensors", "model-2.safetensors"};
}

void TestMerging::keepsTheParts()
{
    QFETCH(QStringList, files); // of the same weights
    ModelFolder folder("internvl2-tiny-internlm2");
    const std::map<std::string, Tensor> all = folder.weights();
    nlohmann::json index;
    std::vector<WrittenTensor> parts[2];
    for (const auto& [name, tensor] : all) {
        const size_t part = files.size() == 2 && name.find("layers.1.") != name.npos;
        parts[part].push_back({name, {tensor.type(), tensor.shape()}});
        index["weight_map"][name] = files[qsizetype(part)].toStdString();
    }
    const auto values = [&](const std::string& name) { return all.at(name); };
    for (qsizetype i = 0; i < files.size(); ++i)
        writeSafetensors(folder.path() / files[i].toStdString(), parts[i], values);
    fs::remove(folder.path() / "model.safetensors");
    std::ofstream(folder.path() / "model.safetensors.index.json") << index;
    const Place place;
    QVERIFY(mergeAdapter({folder.path(), adapter("internvl2-llm"), place.target(), {}}, {}));
    for (const QString& file : files)
        QCOMPARE(openSafetensors(place.target() / file.toStdString()).tensors.size(),
                 openSafetensors(folder.path() / file.toStdString()).tensors.size());
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
    text.changeJson("config.json", [](nlohmann::json& config) {
        config = {{"model_type", "llama"}};
    });
    const std::vector<int32_t> expected = answerOf(data / "llava_1_5-tiny-original", {});
    QCOMPARE(answerOf(text.path(), {at(whole.path())}), expected);
    const Place place;
    QVERIFY(mergeAdapter({text.path(), at(whole.path()), place.target(), {}}, {}));
    QCOMPARE(answerOf(place.target(), {}), expected);
    delta.erase("model.norm.weight");
    delta["model.other.weight"] = delta.at("lm_head.weight");
    whole.writeWeights(delta);
    QCOMPARE(throwsOtherwise([&] { answerOf(text.path(), {at(whole.path())}); },
                             Error::Code::BadModel,
                             "\"model.other.weight\" is a difference to nothing"),
             QByteArray());
}

void TestMerging::completesALanguageModel()
{
    // A LoRA of LLaVA on the language model alone: configuration and projector come with it.
    ModelFolder text("llava_1_5-tiny-original");
    addTower(text, "llava_1_5-tiny-original");
    std::map<std::string, Tensor> tensors = text.weights();
    std::erase_if(tensors, [](const auto& entry) {
        return entry.first.find("mm_projector") != entry.first.npos;
    });
    text.writeWeights(tensors);
    text.changeJson("config.json", [](nlohmann::json& config) {
        std::erase_if(config.get_ref<nlohmann::json::object_t&>(),
                      [](const auto& entry) { return entry.first.starts_with("mm_"); });
        config["model_type"] = "llama";
    });
    const std::vector<int32_t> expected =
        answerOf(data / "llava_1_5-tiny-original", {adapter("llava-tiny-lora")});
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
    QCOMPARE(throwsOtherwise(merge(place.target(), good), Error::Code::BadRequest,
                             "merged: is there already"),
             QByteArray());
    fs::remove(place.target());
    fs::create_symlink("nowhere", place.target());
    QCOMPARE(throwsOtherwise(merge(place.target(), good), Error::Code::BadRequest,
                             "merged: is there already"),
             QByteArray());
    fs::remove(place.target());
    QCOMPARE(throwsOtherwise(merge(place.path() / "a/b", good), Error::Code::BadRequest,
                             "a: is no folder"),
             QByteArray());
    QCOMPARE(
        throwsOtherwise(merge("/proc/argali", good), Error::Code::BadRequest, "cannot be made"),
        QByteArray());
    QCOMPARE(throwsOtherwise(merge(place.target(), adapter("llava-tiny-lora")),
                             Error::Code::BadModel, "is nothing that this model has"),
             QByteArray());
    QCOMPARE(place.files(), QStringList());
}

void TestMerging::refusesAFullDisk()
{
    // A file beside the weights that is larger than what is free, and takes nothing itself.
    ModelFolder folder("internvl2-tiny-internlm2");
    const Place place;
    std::error_code error;
    std::ofstream(folder.path() / "notes.dat") << "large";
    fs::resize_file(folder.path() / "notes.dat", fs::space(place.path()).free + (1 << 20), error);
    if (error)
        QSKIP("no such large file here");
    bool wrote = false;
    const auto progress = [&](const Progress&) { wrote = true; };
    QCOMPARE(
        throwsOtherwise(
            [&] {
                mergeAdapter({folder.path(), adapter("internvl2-llm"), place.target(), progress},
                             {});
            },
            Error::Code::BadRequest, "merged: the merged model takes| are free there; free some"),
        QByteArray());
    QVERIFY(!wrote);
    QCOMPARE(place.files(), QStringList());
}

void TestMerging::leavesNothingWhereWritingEnds_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("adapter");
    QTest::addColumn<int>("longest");
    QTest::addColumn<QByteArray>("file");
    QTest::newRow("in the header") << "internvl2-tiny-internlm2"
                                   << "internvl2-llm" << 100 << QByteArray("model.safetensors");
    QTest::newRow("in a tensor") << "internvl2-tiny-internlm2"
                                 << "internvl2-llm" << 40'000 << QByteArray("model.safetensors");
    const auto weights = int(fs::file_size(data / "internvl2-tiny-internlm2/model.safetensors"));
    QTest::newRow("in another file")
        << "internvl2-tiny-internlm2"
        << "internvl2-llm" << weights + 4096 << QByteArray("notes.dat");
}

void TestMerging::leavesNothingWhereWritingEnds()
{
    QFETCH(QString, model);
    QFETCH(QString, adapter);
    QFETCH(int, longest);
    QFETCH(QByteArray, file);
    ModelFolder folder(model.toStdString());
    std::ofstream(folder.path() / "notes.dat") << std::string(size_t(longest) + 1000, 'n');
    const Place place;
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    const auto restore = qScopeGuard([&] { setrlimit(RLIMIT_FSIZE, &old); });
    const rlimit small{rlim_t(longest), old.rlim_max};
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const QByteArray found = throwsOtherwise(
        [&] {
            mergeAdapter({folder.path(), ::adapter(adapter.toUtf8()), place.target(), {}}, {});
        },
        Error::Code::BadRequest,
        "/" + file + ": cannot be written (File too large); free some space");
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
    QCOMPARE(found, QByteArray());
    QCOMPARE(place.files(), QStringList());
}

void TestMerging::waitsForTheDisk()
{
    // With the tower, so that there is a folder in the folder.
    ModelFolder folder("llava_1_5-tiny-original");
    addTower(folder, "llava_1_5-tiny-original");
    const Place place;
    const std::string inside = place.path().string() + "/.merged.part-";
    std::set<std::string> synced;
    QStringList before; // what the outer folder has when the last but one is there
    onSync = [&](const std::string& path) {
        // Not by the name of the hidden folder, which is another one each time.
        synced.insert(path.starts_with(inside) ? path.substr(inside.size() + 6)
                                               : "outside " + path);
        if (path.starts_with(inside) && path.size() == inside.size() + 6)
            before = place.files();
        return true;
    };
    const auto restore = qScopeGuard([] { onSync = {}; });
    QVERIFY(mergeAdapter({folder.path(), adapter("llava-tiny-lora"), place.target(), {}}, {}));
    std::set<std::string> expected{"", "outside " + place.path().string()};
    for (const auto& entry : fs::recursive_directory_iterator(place.target()))
        expected.insert("/" + entry.path().lexically_relative(place.target()).string());
    QVERIFY(expected.contains("/vision_tower"));
    QCOMPARE(synced, expected);
    QCOMPARE(before.size(), 1);
    QVERIFY(before.front() != "merged");

    // A disk that says that it could not is one that has not.
    const Place other;
    for (const char* file : {"model-00002-of-00003.safetensors", "model.safetensors.index.json",
                             "config.json", "vision_tower"}) {
        onSync = [&](const std::string& path) {
            return !QByteArray::fromStdString(path).endsWith(file);
        };
        QCOMPARE(throwsOtherwise(
                     [&] {
                         mergeAdapter(
                             {folder.path(), adapter("llava-tiny-lora"), other.target(), {}}, {});
                     },
                     Error::Code::BadRequest,
                     QByteArray(file) + ": cannot be written (Input/output error)"),
                 QByteArray());
        QCOMPARE(other.files(), QStringList());
    }
}

void TestMerging::looksAtWhatWasWritten_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("place"); // of the byte, from the end; 0: the file is cut there
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("a value") << "model.safetensors" << 100 << QByteArray("tensor \"");
    QTest::newRow("a length") << "model.safetensors" << -1 << QByteArray("a part of it");
    QTest::newRow("cut") << "model.safetensors" << 0 << QByteArray("a part of it");
    QTest::newRow("the configuration")
        << "config.json" << 3 << QByteArray("config.json is not on the disk");
    QTest::newRow("the tokenizer")
        << "tokenizer.model" << 0 << QByteArray("tokenizer.model is not on the disk");
}

void TestMerging::looksAtWhatWasWritten()
{
    // A disk that changes a byte of what it was given.
    QFETCH(QString, file);
    QFETCH(int, place);
    QFETCH(QByteArray, part);
    onSync = [&](const std::string& path) {
        if (!QString::fromStdString(path).endsWith("/" + file))
            return true;
        const auto size = off_t(fs::file_size(path));
        const off_t at = place < 0 ? 2 : size - place;
        if (place == 0) {
            fs::resize_file(path, size_t(size / 2));
            return true;
        }
        std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(at);
        const auto byte = char(stream.get() ^ 0x11);
        stream.seekp(at);
        stream.put(byte);
        return true;
    };
    const auto restore = qScopeGuard([] { onSync = {}; });
    const Place where;
    QCOMPARE(throwsOtherwise(
                 [&] {
                     mergeAdapter({data / "internvl2-tiny-internlm2",
                                   adapter("internvl2-llm"),
                                   where.target(),
                                   {}},
                                  {});
                 },
                 Error::Code::BadRequest,
                 "merged: was not written as it should be|write elsewhere|" + part),
             QByteArray());
    QCOMPARE(where.files(), QStringList());
}

void TestMerging::neverTakesThePlaceOfAnother()
{
    // One that comes while the merge is under way: a folder with a file, an empty one, a file.
    for (const char* other : {"full", "empty", "file"}) {
        const Place place;
        const auto progress = [&](const Progress& step) {
            if (step.done < step.total / 2 || fs::exists(place.target()))
                return;
            if (QByteArray(other) == "file")
                std::ofstream(place.target()) << "mine";
            else
                fs::create_directory(place.target());
            if (QByteArray(other) == "full")
                std::ofstream(place.target() / "mine") << "mine";
        };
        QCOMPARE(throwsOtherwise(
                     [&] {
                         mergeAdapter({data / "internvl2-tiny-internlm2", adapter("internvl2-llm"),
                                       place.target(), progress},
                                      {});
                     },
                     Error::Code::BadRequest, "merged: cannot be made (File exists)"),
                 QByteArray());
        QCOMPARE(place.files(), QStringList{"merged"});
        QCOMPARE(fs::is_directory(place.target()) ? fs::exists(place.target() / "mine")
                                                  : fs::file_size(place.target()) == 4,
                 QByteArray(other) != "empty");
        QVERIFY(!fs::exists(place.target() / "config.json"));
    }
}

void TestMerging::leavesNothingWhenStopped()
{
    // At many places: while tensors are summed, files are copied, and everything is looked at.
    int all = 0;
    const Place whole;
    const auto count = [&](const Progress&) { ++all; };
    QVERIFY(mergeAdapter(
        {data / "internvl2-tiny-internlm2", adapter("internvl2-llm"), whole.target(), count}, {}));
    QVERIFY(all > 60);
    for (int at = 1; at <= all; at = at < all ? std::min(at + 17, all) : all + 1) {
        const Place place;
        std::stop_source stop;
        int steps = 0;
        const auto progress = [&](const Progress&) {
            if (++steps == at)
                stop.request_stop();
        };
        QVERIFY(!mergeAdapter(
            {data / "internvl2-tiny-internlm2", adapter("internvl2-llm"), place.target(), progress},
            stop.get_token()));
        QCOMPARE(place.files(), QStringList());
    }
    std::stop_source before;
    before.request_stop();
    const Place place;
    QVERIFY(!mergeAdapter(
        {data / "internvl2-tiny-internlm2", adapter("internvl2-llm"), place.target(), {}},
        before.get_token()));
    QCOMPARE(place.files(), QStringList());
}

QTEST_APPLESS_MAIN(TestMerging)
#include "tst_merging.moc"
