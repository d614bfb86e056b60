#include <cstring>

#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/verification.h"
#include "engine/sha256.h"
#include "tests/support/hostile.h"
#include "tests/support/torchwriter.h"

using namespace argali;
using namespace argali::test;
using nlohmann::json;

class TestVerification final : public QObject {
    Q_OBJECT
private slots:
    void shards();
    void singleFiles();
    void sums();
    void refusesSums_data();
    void refusesSums();
    void theIndexListsSums();
    void listingsOfHubs();
    void recordsOfDownloads();
    void notEverythingIsNeeded();
    void stops();
};

namespace {

const std::string zeros(64, '0');

/// A safetensors file of one byte for each name.
std::string weights(const std::vector<std::string>& names)
{
    json header = json::object();
    for (size_t i = 0; i < names.size(); ++i)
        header[names[i]] = {{"dtype", "U8"}, {"shape", {1}}, {"data_offsets", {i, i + 1}}};
    const std::string text = header.dump();
    return bytesOf(text.size(), 8) + text + std::string(names.size(), 'x');
}

std::string sumOf(const std::string& content)
{
    return sha256(std::as_bytes(std::span(content.data(), content.size())));
}

std::vector<std::string> weightsOf(const QTemporaryDir& folder)
{
    return weightProblems(folder.path().toStdString(), {});
}

std::vector<std::string> listsOf(const QTemporaryDir& folder)
{
    const std::filesystem::path path = folder.path().toStdString();
    return listProblems(path, listedFiles(path),
                        [&](const std::string& name) { return sha256OfFile(path / name, {}); });
}

/// Whether there are as many problems as texts, and each has its own in it.
bool are(const std::vector<std::string>& problems, const std::vector<std::string>& texts)
{
    bool equal = problems.size() == texts.size();
    for (size_t i = 0; equal && i < texts.size(); ++i)
        equal = problems[i].find(texts[i]) != std::string::npos;
    for (const std::string& problem : problems)
        if (!equal)
            qWarning("%s", problem.c_str());
    return equal;
}

} // namespace

void TestVerification::shards()
{
    const QTemporaryDir folder;
    const json map{{"a", "1.safetensors"}, {"b", "2.safetensors"}, {"c", "2.safetensors"}};
    const auto index = [&](const json& metadata) {
        writeFile(folder, "model.safetensors.index.json",
                  json{{"metadata", metadata}, {"weight_map", map}}.dump());
    };
    index({{"total_size", 3}});
    QVERIFY(are(weightsOf(folder),
                {"1.safetensors: is missing, but model.safetensors.index.json names 1 tensors",
                 "2.safetensors: is missing, but model.safetensors.index.json names 2"}));
    writeFile(folder, "1.safetensors", weights({"a"}));
    writeFile(folder, "2.safetensors", weights({"b", "c"}));
    QVERIFY(are(weightsOf(folder), {}));
    index({{"total_size", 4}});
    QVERIFY(are(weightsOf(folder),
                {"index.json: metadata.total_size is 4 bytes, but its tensors have 3"}));
    index(json::object());
    QVERIFY(are(weightsOf(folder), {}));
    // All that is wrong is told, not only the first of it.
    const std::string whole = weights({"a"});
    writeFile(folder, "1.safetensors", whole.substr(0, whole.size() - 1));
    writeFile(folder, "2.safetensors", weights({"b"}));
    QVERIFY(are(weightsOf(folder), {"1.safetensors: tensor \"a\" has data_offsets 0 to 1 beyond",
                                    "2.safetensors: has no tensor \"c\""}));
    writeFile(folder, "model.safetensors.index.json",
              R"({"weight_map": {"a": "../1.safetensors"}})");
    QVERIFY(are(weightsOf(folder), {"names the file \"../1.safetensors\" outside"}));
    writeFile(folder, "model.safetensors.index.json", "{");
    QVERIFY(are(weightsOf(folder), {"index.json: not valid JSON"}));
}

void TestVerification::singleFiles()
{
    const QTemporaryDir folder;
    QVERIFY(are(weightsOf(folder), {}));
    std::vector<ZipPart> parts =
        torchParts(pickleOf(text("w") + tensor(storage("0", 6), 0, {6}, {1})));
    writeFile(folder, "pytorch_model.bin", zipBytes(parts));
    QVERIFY(are(weightsOf(folder), {}));
    parts[1].checksum = 5;
    writeFile(folder, "pytorch_model.bin", zipBytes(parts));
    QVERIFY(are(weightsOf(folder),
                {"pytorch_model.bin: member \"m/data/0\" does not match its checksum"}));
    writeFile(folder, "model.safetensors", weights({"a"})); // which is used then
    QVERIFY(are(weightsOf(folder), {}));
    writeFile(folder, "model.safetensors", "short");
    QVERIFY(are(weightsOf(folder), {"model.safetensors: ends after 5 bytes"}));
}

void TestVerification::sums()
{
    const QTemporaryDir folder;
    writeFile(folder, "a", "one");
    writeFile(folder, "b c", "two");
    QVERIFY(are(listsOf(folder), {}));
    const std::string a = sumOf("one"),
                      upper = QByteArray::fromStdString(sumOf("two")).toUpper().toStdString();
    writeFile(folder, "SHA256SUMS",
              "# made by hand\n\n" + a + "  ./a\r\n" + upper + " *b c\n" + zeros + "  SHA256SUMS");
    QVERIFY(are(listsOf(folder), {}));
    writeFile(folder, "a", "ONE");
    QVERIFY(QFile::remove(folder.filePath("b c")));
    QVERIFY(are(listsOf(folder),
                {"a: has the SHA-256 " + sumOf("ONE") + ", expected " + a + " (SHA256SUMS)",
                 "b c: is missing (SHA256SUMS)"}));
    writeFile(folder, "SHA256SUMS.txt", zeros + "  a\n"); // one complaint a file
    QCOMPARE(listsOf(folder).size(), size_t(2));
}

void TestVerification::refusesSums_data()
{
    QTest::addColumn<std::string>("line");
    QTest::newRow("no digest") << std::string("a");
    QTest::newRow("short digest") << std::string(63, '0') + "  a";
    QTest::newRow("other digits") << std::string(64, 'g') + "  a";
    QTest::newRow("no name") << zeros + "  ";
    QTest::newRow("one blank") << zeros + " a";
    QTest::newRow("up") << zeros + "  ../a";
    QTest::newRow("root") << zeros + "  /etc/passwd";
    QTest::newRow("control character") << zeros + "  a\x1B[2J";
}

void TestVerification::refusesSums()
{
    QFETCH(std::string, line);
    const QTemporaryDir folder;
    writeFile(folder, "SHA256SUMS", "\n" + line + "\n");
    QCOMPARE(throwsOtherwise([&] { listsOf(folder); }, Error::Code::BadModel,
                             "SHA256SUMS: line 2: expected a SHA-256"),
             QByteArray());
}

void TestVerification::theIndexListsSums()
{
    const QTemporaryDir folder;
    writeFile(folder, "1.safetensors", weights({"a"}));
    const auto index = [&](const json& sums) {
        writeFile(folder, "model.safetensors.index.json",
                  json{{"metadata", {{"sha256", sums}}}, {"weight_map", {{"a", "1.safetensors"}}}}
                      .dump());
    };
    index({{"1.safetensors", sumOf(weights({"a"}))}});
    QVERIFY(are(listsOf(folder), {}));
    index({{"1.safetensors", zeros}});
    QVERIFY(are(listsOf(folder), {"1.safetensors: has the SHA-256"}));
    for (const json& sums : {json("x"), json{{"1.safetensors", 5}},
                             json{{"../1.safetensors", zeros}}, json{{"1.safetensors", "x"}}}) {
        index(sums);
        QCOMPARE(throwsOtherwise([&] { listsOf(folder); }, Error::Code::BadModel,
                                 "index.json: |metadata.sha256"),
                 QByteArray());
    }
}

void TestVerification::listingsOfHubs()
{
    const QTemporaryDir folder;
    writeFile(folder, "config.json", "{}");
    writeFile(folder, "model.safetensors", weights({"a"}));
    const auto size = weights({"a"}).size();
    const std::string sum = sumOf(weights({"a"}));
    const auto tree = [&](const json& of, size_t bytes, const std::string& oid) {
        return json::array(
            {{{"type", "directory"}, {"path", "cases"}},
             {{"type", "file"}, {"path", "config.json"}, {"size", 2}, {"oid", "1234"}},
             {{"type", "file"},
              {"path", of},
              {"size", bytes},
              {"lfs", {{"oid", oid}, {"size", bytes}}}}});
    };
    const auto write = [&](const json& listing) { writeFile(folder, "tree.json", listing.dump()); };
    write(tree("model.safetensors", size, sum));
    QVERIFY(are(listsOf(folder), {}));
    write(tree("model.safetensors", size + 1, sum));
    QVERIFY(
        are(listsOf(folder), {"model.safetensors: has " + std::to_string(size) +
                              " bytes, expected " + std::to_string(size + 1) + " (tree.json)"}));
    write(tree("model.safetensors", size, zeros));
    QVERIFY(are(listsOf(folder), {"model.safetensors: has the SHA-256"}));
    write(tree("generation_config.json", size, zeros));
    QVERIFY(are(listsOf(folder), {"generation_config.json: is missing (tree.json)"}));
    write(tree("../x.json", size, zeros)); // never looked at
    QVERIFY(are(listsOf(folder), {}));
    write(tree(7, size, zeros));
    QVERIFY(are(listsOf(folder), {}));
    write({{"Code", 200},
           {"Data",
            {{"Files",
              {{{"Type", "tree"}, {"Path", "cases"}},
               {{"Type", "blob"},
                {"Path", "model.safetensors"},
                {"Size", size},
                {"Sha256", zeros}}}}}}});
    QVERIFY(are(listsOf(folder), {"model.safetensors: has the SHA-256"}));
    writeFile(folder, "tree.json", "[broken"); // whose file it is is not known
    QVERIFY(are(listsOf(folder), {}));
}

void TestVerification::recordsOfDownloads()
{
    const QTemporaryDir folder;
    writeFile(folder, "model.safetensors", "x");
    writeFile(folder, "README.md", "x");
    QVERIFY(QDir(folder.path()).mkpath(".cache/huggingface/download"));
    const auto record = [&](const char* name, const std::string& tag) {
        writeFile(folder,
                  (std::string(".cache/huggingface/download/") + name + ".metadata").c_str(),
                  "0123456789abcdef0123456789abcdef01234567\n" + tag + "\n1700000000.5\n");
    };
    record("model.safetensors", sumOf("x"));
    record("README.md", std::string(40, 'a')); // a digest of another kind
    QVERIFY(are(listsOf(folder), {}));
    record("model.safetensors", zeros);
    QVERIFY(are(listsOf(folder), {"model.safetensors: has the SHA-256 " + sumOf("x") +
                                  ", expected " + zeros + " (the hub's record"}));
    record("tokenizer.model", zeros);
    QVERIFY(QFile::remove(folder.filePath("model.safetensors")));
    const auto problems = listsOf(folder);
    QCOMPARE(problems.size(), size_t(2)); // in the order of the folder, which may be any
    for (const std::string& problem : problems)
        QVERIFY(problem.find("is missing") != problem.npos);
}

void TestVerification::notEverythingIsNeeded()
{
    const QTemporaryDir folder;
    const auto listed = [&](const std::string& name) {
        writeFile(folder, "tree.json",
                  json::array({{{"type", "file"}, {"path", name}, {"size", 1}}}).dump());
        return listsOf(folder).size();
    };
    for (const char* name : {"README.md", "modeling.py", "model.onnx", "examples/image.json"})
        QCOMPARE(listed(name), size_t(0));
    for (const char* name :
         {"config.json", "tokenizer.model", "model.safetensors", "pytorch_model.bin"})
        QCOMPARE(listed(name), size_t(1));
    writeFile(folder, "model.safetensors", weights({"a"}));
    QCOMPARE(listed("pytorch_model.bin"), size_t(0));
}

void TestVerification::stops()
{
    const QTemporaryDir folder;
    writeFile(folder, "a", "one");
    writeFile(folder, "SHA256SUMS", zeros + "  a\n");
    const std::filesystem::path path = folder.path().toStdString();
    std::stop_source stop;
    stop.request_stop();
    const auto hash = [&](const std::string& name) {
        return sha256OfFile(path / name, stop.get_token());
    };
    QVERIFY(are(listProblems(path, listedFiles(path), hash), {}));
    writeFile(folder, "model.safetensors.index.json", R"({"weight_map": {"a": "1.safetensors"}})");
    QVERIFY(are(weightProblems(path, stop.get_token()), {}));
}

QTEST_APPLESS_MAIN(TestVerification)
#include "tst_verification.moc"
