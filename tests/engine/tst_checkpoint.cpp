#include <cstring>

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/json.h"
#include "tests/support/hostile.h"

using namespace argali;
using nlohmann::json;

class TestCheckpoint final : public QObject {
    Q_OBJECT
private slots:
    void opensASingleFile();
    void opensShards();
    void opensThePublishedForms();
    void theIndexDecides();
    void refusesNames_data();
    void refusesNames();
    void refusesIndexes_data();
    void refusesIndexes();
    void namesWhatIsMissing();
    void requireNamesWhatItFound();
    void noticesThatAFileWasCut();
};

namespace {

/// A file of one-element tensors: f32 of this value, or of another type where the name says so.
std::string weights(const std::vector<std::string>& names, float value)
{
    json header = json::object();
    std::string buffer;
    for (const std::string& name : names) {
        const bool isInteger = name == "integer";
        header[name] = {{"dtype", isInteger ? "I32" : "F32"},
                        {"shape", {1}},
                        {"data_offsets", {buffer.size(), buffer.size() + 4}}};
        buffer.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    const std::string text = header.dump();
    const uint64_t length = text.size();
    std::string result(sizeof length, '\0');
    std::memcpy(result.data(), &length, sizeof length);
    return result + text + buffer;
}

void writeIndex(const QTemporaryDir& folder, const json& weightMap)
{
    test::writeFile(folder, "model.safetensors.index.json",
                    json{{"metadata", {{"total_size", 8}}}, {"weight_map", weightMap}}.dump());
}

float valueOf(const WeightSource& source, const char* name)
{
    return *source.require(name, {1}).as<float>();
}

} // namespace

void TestCheckpoint::opensASingleFile()
{
    const QTemporaryDir folder;
    test::writeFile(folder, "model.safetensors", weights({"a", "b"}, 1));
    const auto source = openCheckpoint(folder.path().toStdString());
    QCOMPARE(source->names(), std::vector<std::string>({"a", "b"}));
    QCOMPARE(source->files(), std::vector<std::filesystem::path>{
                                  folder.filePath("model.safetensors").toStdString()});
    QCOMPARE(valueOf(*source, "b"), 1.0f);
    QVERIFY(!source->find("c"));
    QVERIFY(!source->find(""));
}

void TestCheckpoint::opensShards()
{
    const QTemporaryDir folder;
    test::writeFile(folder, "model-00001-of-00002.safetensors", weights({"a", "c"}, 1));
    test::writeFile(folder, "model-00002-of-00002.safetensors", weights({"b", "unlisted"}, 2));
    test::writeFile(folder, "model.safetensors", weights({"a", "stray"}, 9)); // an index goes first
    writeIndex(folder, {{"a", "model-00001-of-00002.safetensors"},
                        {"b", "model-00002-of-00002.safetensors"},
                        {"c", "model-00001-of-00002.safetensors"}});
    const auto source = openCheckpoint(folder.path().toStdString());
    QCOMPARE(source->names(), std::vector<std::string>({"a", "b", "c"}));
    QCOMPARE(source->files().size(), size_t(2));
    QCOMPARE(valueOf(*source, "a"), 1.0f);
    QCOMPARE(valueOf(*source, "b"), 2.0f);
    QVERIFY(!source->find("unlisted") && !source->find("stray"));
    QVERIFY(QByteArray::fromStdString(source->origin("b"))
                .endsWith("model-00002-of-00002.safetensors"));
}

void TestCheckpoint::opensThePublishedForms()
{
    const std::filesystem::path data = ARGALI_TEST_DATA;
    const auto single = openCheckpoint(data / "ovis2_5-tiny");
    QVERIFY(single->find("vte.weight") && !single->find("llm.lm_head.weight"));
    const auto sharded = openCheckpoint(data / "ovis2_5-tiny-untied");
    QVERIFY(sharded->find("vte.weight") && sharded->find("llm.lm_head.weight"));
    QCOMPARE(sharded->files().size(), size_t(3));
    QVERIFY(sharded->files().front().is_absolute());
    for (const std::string& name : sharded->names())
        QCOMPARE(sharded->find(name)->type(), DType::BF16);
}

void TestCheckpoint::theIndexDecides()
{
    const QTemporaryDir folder;
    test::writeFile(folder, "1.safetensors", weights({"a", "b"}, 1));
    test::writeFile(folder, "2.safetensors", weights({"a", "c"}, 2));
    writeIndex(folder, {{"a", "2.safetensors"}, {"b", "1.safetensors"}});
    QCOMPARE(valueOf(*openCheckpoint(folder.path().toStdString()), "a"), 2.0f);
    test::writeFile(folder, "model.safetensors.index.json",
                    R"({"weight_map": {"a": "1.safetensors", "a": "2.safetensors"}})");
    QCOMPARE(test::throwsOtherwise([&] { openCheckpoint(folder.path().toStdString()); },
                                   Error::Code::BadModel, "index.json: |\"a\" comes twice"),
             QByteArray());
}

void TestCheckpoint::refusesNames_data()
{
    QTest::addColumn<std::string>("name");
    for (const char* name : {"", ".", "..", "../1.safetensors", "/etc/passwd", "sub/1.safetensors",
                             "sub\\1.safetensors", "C:1.safetensors", "1.safetensors/..", "a..b"})
        QTest::newRow("'" + QByteArray(name).trimmed() + "'") << std::string(name);
    QTest::newRow("NUL") << std::string("1.safetensors\0x", 15);
    QTest::newRow("newline") << std::string("1.safetensors\n");
    QTest::newRow("long") << std::string(256, 'x');
}

void TestCheckpoint::refusesNames()
{
    QFETCH(std::string, name);
    const QTemporaryDir folder;
    test::writeFile(folder, "1.safetensors", weights({"a"}, 1));
    writeIndex(folder, {{"a", name}});
    QCOMPARE(test::throwsOtherwise([&] { openCheckpoint(folder.path().toStdString()); },
                                   Error::Code::BadModel,
                                   "index.json: tensor \"a\": expected a plain file name"),
             QByteArray());
}

void TestCheckpoint::refusesIndexes_data()
{
    QTest::addColumn<QByteArray>("index");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* index, const char* message,
                        Error::Code code = Error::Code::BadModel) {
        QTest::newRow(QByteArray(index).simplified())
            << QByteArray(index) << int(code) << QByteArray(message);
    };
    row(R"([])", "weight_map");
    row(R"({})", "weight_map");
    row(R"({"weight_map": ["1.safetensors"]})", "weight_map");
    row(R"({"weight_map": {}})", "weight_map is empty");
    row(R"({"weight_map": {"a": 1}})", "tensor \"a\": expected the name of a file, found number");
    row(R"({"weight_map": {"a": "1.safetensors")", "not valid JSON");
    row(R"({"weight_map": {"a": "2.safetensors"}})",
        "2.safetensors: is not there|lists tensor \"a\"", Error::Code::Missing);
    row(R"({"weight_map": {"a": "1.safetensors", "b": "1.safetensors"}})",
        "1.safetensors: has no tensor \"b\"|lists it there");
    row(R"({"weight_map": {"a": "folder"}})", "folder: is not a file", Error::Code::Missing);
    row(R"({"weight_map": {"a": "page.safetensors"}})", "page.safetensors: is a web page");
    row("version https://git-lfs.github.com/spec/v1\n", "index.json: is a Git LFS pointer");
    row("", "index.json: is empty");
}

void TestCheckpoint::refusesIndexes()
{
    QFETCH(QByteArray, index);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkdir("folder"));
    test::writeFile(folder, "1.safetensors", weights({"a"}, 1));
    test::writeFile(folder, "page.safetensors", "<html></html>");
    test::writeFile(folder, "model.safetensors.index.json", index.toStdString());
    QCOMPARE(test::throwsOtherwise([&] { openCheckpoint(folder.path().toStdString()); },
                                   Error::Code(code), message),
             QByteArray());
}

void TestCheckpoint::namesWhatIsMissing()
{
    const QTemporaryDir folder;
    const auto open = [&] { openCheckpoint(folder.path().toStdString()); };
    QCOMPARE(test::throwsOtherwise(open, Error::Code::Missing,
                                   "has no weights; expected model.safetensors.index.json"),
             QByteArray());
    test::writeFile(folder, "pytorch_model.bin", "x");
    QCOMPARE(test::throwsOtherwise(open, Error::Code::BadModel,
                                   "pytorch_model.bin: is not a torch file"),
             QByteArray());
    QCOMPARE(test::throwsOtherwise([&] { openCheckpoint(folder.filePath("none").toStdString()); },
                                   Error::Code::Missing, "none: is not a folder"),
             QByteArray());
    QCOMPARE(test::throwsOtherwise(
                 [&] { openCheckpoint(folder.filePath("pytorch_model.bin").toStdString()); },
                 Error::Code::Missing, "is not a folder"),
             QByteArray());
}

void TestCheckpoint::requireNamesWhatItFound()
{
    const QTemporaryDir folder;
    test::writeFile(folder, "model.safetensors", weights({"a", "integer"}, 1));
    const auto source = openCheckpoint(folder.path().toStdString());
    const auto require = [&](const char* name, const Shape& shape) {
        return [&, name, shape] { source->require(name, shape); };
    };
    QCOMPARE(test::throwsOtherwise(
                 require("b", {2, 3}), Error::Code::BadModel,
                 QByteArray(folder.path().toUtf8()) +
                     ": tensor \"b\": expected f32, f16 or bf16 [2, 3], found no tensor"),
             QByteArray());
    QCOMPARE(
        test::throwsOtherwise(
            require("a", {2, 3}), Error::Code::BadModel,
            "model.safetensors: tensor \"a\": expected f32, f16 or bf16 [2, 3], found f32 [1]"),
        QByteArray());
    QCOMPARE(
        test::throwsOtherwise(
            require("integer", {1}), Error::Code::BadModel,
            "model.safetensors: tensor \"integer\": expected f32, f16 or bf16 [1], found i32 [1]"),
        QByteArray());
    QCOMPARE(test::thrown(require("a", {1})), QByteArray("nothing"));
}

void TestCheckpoint::noticesThatAFileWasCut()
{
    const QTemporaryDir folder;
    test::writeFile(folder, "model.safetensors", weights({"a"}, 1));
    const auto source = openCheckpoint(folder.path().toStdString());
    std::filesystem::resize_file(folder.filePath("model.safetensors").toStdString(), 10);
    QCOMPARE(
        test::throwsOtherwise([&] { source->find("a"); }, Error::Code::BadModel, "was cut from"),
        QByteArray());
}

QTEST_APPLESS_MAIN(TestCheckpoint)
#include "tst_checkpoint.moc"
