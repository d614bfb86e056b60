#include <cstring>

#include <QCryptographicHash>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/safetensors.h"
#include "tests/support/hostile.h"

using namespace argali;
using nlohmann::json;

class TestSafetensors final : public QObject {
    Q_OBJECT
private slots:
    void vectors_data();
    void vectors();
    void refusesHeaders_data();
    void refusesHeaders();
    void hugeHeadersTakeLittle_data();
    void hugeHeadersTakeLittle();
    void everyTruncationIsRefused();
    void everyFlippedByteIsHarmless();
    void alignedCopiesOnlyWhatIsNot();
    void noticesThatAFileWasCut();
    void tensorsOutliveTheFile();
    void readsOnlyRegularFiles();
};

namespace {

const std::filesystem::path vectorFolder =
    std::filesystem::path(ARGALI_TEST_DATA) / "vectors/safetensors_bad";

std::string fileOf(const std::string& header, const std::string& buffer = {})
{
    const uint64_t length = header.size();
    std::string result(sizeof length, '\0');
    std::memcpy(result.data(), &length, sizeof length);
    return result + header + buffer;
}

QByteArray digest(const Tensor& tensor)
{
    const QByteArray bytes(reinterpret_cast<const char*>(tensor.raw()),
                           static_cast<int>(tensor.bytes()));
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

DType typeOf(const std::string& name)
{
    const std::map<std::string, DType> types{
        {"F32", DType::F32}, {"F16", DType::F16}, {"BF16", DType::BF16}, {"I64", DType::I64},
        {"I32", DType::I32}, {"I8", DType::I8},   {"U8", DType::U8},     {"BOOL", DType::Bool}};
    return types.at(name);
}

/// What every message of a category of index.json has in it, one of these.
QByteArrayList wordsOf(const std::string& category)
{
    const std::map<std::string, QByteArrayList> words{
        {"unrecognised", {"is empty", "Git LFS pointer", "web page", "zip archive"}},
        {"truncated", {"ends after", "ends inside its header"}},
        {"header", {"header", "byte order mark", "NUL byte"}},
        {"limit", {"limit"}},
        {"dtype", {"dtype"}},
        {"shape", {"shape"}},
        {"offsets", {"data_offsets"}}};
    return words.at(category);
}

long peakMemory() // kilobytes
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace

void TestSafetensors::vectors_data()
{
    QTest::addColumn<std::string>("row");
    const json index =
        parseJson(readFile(vectorFolder / "index.json"), "index.json", Error::Code::Internal);
    for (const json& row : index["files"])
        QTest::newRow(row["file"].get<std::string>().c_str()) << row.dump();
}

void TestSafetensors::vectors()
{
    QFETCH(std::string, row);
    const json expected = json::parse(row);
    const std::filesystem::path path = vectorFolder / expected["file"].get<std::string>();
    const long before = peakMemory();
    QElapsedTimer timer;
    timer.start();
    if (expected.contains("error")) {
        const QByteArray found = test::thrown([&] { openSafetensors(path); });
        const bool isKnownType = expected["file"] == "dtype_refused.safetensors";
        const auto code = isKnownType ? Error::Code::Unsupported : Error::Code::BadModel;
        QVERIFY2(
            found.startsWith(QByteArray::number(int(code)) + ": " + path.string().c_str() + ": "),
            found);
        bool hasWord = false;
        for (const QByteArray& word : wordsOf(expected["error"]))
            hasWord = hasWord || found.contains(word);
        QVERIFY2(hasWord, found);
        QVERIFY2(found.size() < 700, found);
    } else {
        const SafetensorsFile file = openSafetensors(path);
        QCOMPARE(file.path, path);
        const auto metadata = expected["metadata"].get<std::map<std::string, std::string>>();
        QVERIFY(file.metadata == metadata);
        QCOMPARE(file.tensors.size(), expected["tensors"].size());
        for (const auto& [name, about] : expected["tensors"].items()) {
            const auto tensor = file.tensors.find(name);
            QVERIFY2(tensor != file.tensors.end(), name.c_str());
            Shape shape;
            for (const json& dim : about["shape"])
                shape.append(dim.get<int64_t>());
            QVERIFY(tensor->second.shape() == shape);
            QVERIFY(!tensor->second.isEmpty());
            QCOMPARE(tensor->second.type(), typeOf(about["dtype"]));
            QCOMPARE(digest(tensor->second),
                     QByteArray::fromStdString(about["sha256"].get<std::string>()));
            QCOMPARE(digest(aligned(tensor->second)), digest(tensor->second));
        }
    }
    QVERIFY(timer.elapsed() < 1000);
    QVERIFY2(peakMemory() - before < 20'000, QByteArray::number(qlonglong(peakMemory() - before)));
}

void TestSafetensors::refusesHeaders_data()
{
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* header, const char* message) {
        QTest::newRow(header) << QByteArray(header) << QByteArray(message);
    };
    row(R"({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1], "more": 1}})",
        R"("a" has the unknown field "more")");
    row(R"({"a": {"dtype": ["U8"], "shape": [1], "data_offsets": [0, 1]}})",
        R"("a" has a list in the header where it does not belong, in "dtype")");
    row(R"({"a": {"dtype": "U8", "shape": [[1]], "data_offsets": [0, 1]}})", R"("a" has a list)");
    row(R"({"a": {"dtype": "U8", "shape": [1], "data_offsets": {"begin": 0}}})",
        R"("a" has an object)");
    row(R"({"a": {"dtype": "U8", "shape": [true], "data_offsets": [0, 1]}})",
        R"("a" has true or false)");
    row(R"({"a": {"dtype": "U8", "shape": [-0], "data_offsets": [0, 0]}})",
        R"(impossible dimension 0)");
    row(R"({"a": {"dtype": "U8", "shape": [9223372036854775808], "data_offsets": [0, 0]}})",
        R"(impossible dimension 9223372036854775808)");
    row(R"({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1e0]}})",
        R"(impossible data_offsets value "1e0")");
    row(R"({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0.0, 1]}})",
        R"(impossible data_offsets value "0.0")");
    row(R"({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1e999]}})", "not valid JSON");
    row(R"({"a": {"dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 1]}})",
        "more than 2^63 bytes");
    row(R"({"a": {"dtype": "U8", "shape": [4611686018427387904, 4, 0], "data_offsets": [0, 0]}})",
        "more than 2^63 elements");
    row(R"({"a\nb": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}})",
        R"(control characters in the tensor name "a\nb")");
    row(R"({"a\u0000": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}})",
        "control characters");
    row(R"({"__metadata__": {}, "__metadata__": {}})", "metadata twice");
    row(R"({"__metadata__": {"a": "1", "a": "2"}})", R"(metadata has "a" twice)");
    row(R"({"__metadata__": "a"})", R"(a string as entry "__metadata__")");
    row(R"({"__metadata__": {"a": null}})", R"(null as "a", expected a string)");
    row(R"({"a": [1]})", R"(a list as entry "a")");
    row(R"({"a": 1})", R"(a number as entry "a")");
    row(R"({"a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}})",
        R"("a" has the dtype F64)");
    row(R"({"a": {}})", R"("a" lacks dtype, shape or data_offsets)");
}

void TestSafetensors::refusesHeaders()
{
    QFETCH(QByteArray, header);
    QFETCH(QByteArray, message);
    const QTemporaryDir folder;
    test::writeFile(folder, "x.safetensors", fileOf(header.toStdString(), "x"));
    const auto code = message.contains("F64") ? Error::Code::Unsupported : Error::Code::BadModel;
    QCOMPARE(test::throwsOtherwise(
                 [&] { openSafetensors(folder.filePath("x.safetensors").toStdString()); }, code,
                 message),
             QByteArray());
}

void TestSafetensors::hugeHeadersTakeLittle_data()
{
    QTest::addColumn<QByteArray>("begin");
    QTest::addColumn<QByteArray>("unit");
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("deep") << QByteArray("{\"a\":") << QByteArray("[")
                          << QByteArray("a list as entry");
    QTest::newRow("one string") << QByteArray("{\"") << QByteArray("a")
                                << QByteArray("a string, number or gap of more than");
    QTest::newRow("long shape") << QByteArray("{\"a\":{\"shape\":[1") << QByteArray(",1")
                                << QByteArray("more than 8 dimensions");
    QTest::newRow("blanks") << QByteArray("{") << QByteArray(" ")
                            << QByteArray("a string, number or gap of more than");
    QTest::newRow("number") << QByteArray("{\"a\":{\"shape\":[") << QByteArray("1")
                            << QByteArray("a string, number or gap of more than");
}

void TestSafetensors::hugeHeadersTakeLittle()
{
    QFETCH(QByteArray, begin);
    QFETCH(QByteArray, unit);
    QFETCH(QByteArray, message);
    const QTemporaryDir folder;
    {
        // Written piece by piece: a peak of the test itself would hide that of the reader.
        constexpr qsizetype pieces = 640;
        const QByteArray piece = unit.repeated(65536 / unit.size());
        QFile file(folder.filePath("x.safetensors"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const auto length = static_cast<uint64_t>(begin.size() + pieces * piece.size());
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(begin);
        for (qsizetype i = 0; i < pieces; ++i)
            file.write(piece);
    }
    const long before = peakMemory();
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(test::throwsOtherwise(
                 [&] { openSafetensors(folder.filePath("x.safetensors").toStdString()); },
                 Error::Code::BadModel, message),
             QByteArray());
    QVERIFY2(timer.elapsed() < 10'000, QByteArray::number(timer.elapsed()));
    // The mapped header itself counts as memory while it is read.
    QVERIFY2(peakMemory() - before < 70'000, QByteArray::number(qlonglong(peakMemory() - before)));
}

void TestSafetensors::everyTruncationIsRefused()
{
    const std::string whole = readFile(vectorFolder / "good_unaligned.safetensors");
    const QTemporaryDir folder;
    for (size_t length = 0; length < whole.size(); ++length) {
        test::writeFile(folder, "x.safetensors", whole.substr(0, length));
        QCOMPARE(test::throwsOtherwise(
                     [&] { openSafetensors(folder.filePath("x.safetensors").toStdString()); },
                     Error::Code::BadModel, "x.safetensors: "),
                 QByteArray());
    }
}

void TestSafetensors::everyFlippedByteIsHarmless()
{
    // Either an error, or tensors that lie inside the file.
    const std::string whole = readFile(vectorFolder / "good_zero_size.safetensors");
    const QTemporaryDir folder;
    const std::string path = folder.filePath("x.safetensors").toStdString();
    for (size_t at = 0; at < whole.size(); ++at)
        for (const char change : {'\x01', '\x10', '\x7F', '\xFF'}) {
            std::string broken = whole;
            broken[at] = static_cast<char>(broken[at] ^ change);
            test::writeFile(folder, "x.safetensors", broken);
            try {
                const SafetensorsFile file = openSafetensors(path);
                int64_t bytes = 0;
                for (const auto& [name, tensor] : file.tensors)
                    for (int64_t i = 0; i < tensor.bytes(); ++i)
                        bytes += std::to_integer<int>(tensor.raw()[i]) >= 0;
                QVERIFY(bytes <= int64_t(whole.size()));
            } catch (const Error&) {
            }
        }
}

void TestSafetensors::alignedCopiesOnlyWhatIsNot()
{
    const SafetensorsFile odd = openSafetensors(vectorFolder / "good_unaligned.safetensors");
    int copies = 0;
    for (const auto& [name, tensor] : odd.tensors) {
        const Tensor good = aligned(tensor);
        QCOMPARE(reinterpret_cast<uintptr_t>(good.raw()) %
                     static_cast<uintptr_t>(sizeOf(good.type())),
                 uintptr_t(0));
        QVERIFY(good.shape() == tensor.shape() && good.type() == tensor.type());
        copies += good.raw() != tensor.raw();
    }
    QCOMPARE(copies, 3); // but for the one of single bytes
}

void TestSafetensors::noticesThatAFileWasCut()
{
    const QTemporaryDir folder;
    const std::string path = folder.filePath("x.safetensors").toStdString();
    test::writeFile(folder, "x.safetensors", readFile(vectorFolder / "good_unsorted.safetensors"));
    const SafetensorsFile file = openSafetensors(path);
    file.mapping->requireWhole();
    std::filesystem::resize_file(path, 40);
    QCOMPARE(test::throwsOtherwise([&] { file.mapping->requireWhole(); }, Error::Code::BadModel,
                                   "was cut from|to 40 bytes"),
             QByteArray());
}

void TestSafetensors::tensorsOutliveTheFile()
{
    const QTemporaryDir folder;
    const std::string path = folder.filePath("x.safetensors").toStdString();
    test::writeFile(folder, "x.safetensors", readFile(vectorFolder / "good_unsorted.safetensors"));
    Tensor tensor;
    {
        const SafetensorsFile file = openSafetensors(path);
        tensor = file.tensors.find("z")->second;
    }
    std::filesystem::remove(path);
    QCOMPARE(digest(tensor),
             QByteArray("8e8937b1fd76b812ba95d4b2473b433cf1ce081aa682654740cdd573a2432b3c"));
}

void TestSafetensors::readsOnlyRegularFiles()
{
    const QTemporaryDir folder;
    const std::string pipe = folder.filePath("pipe").toStdString();
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    for (const std::string& path : {pipe, folder.path().toStdString(), std::string("/dev/zero")})
        QCOMPARE(test::throwsOtherwise([&] { openSafetensors(path); }, Error::Code::Missing,
                                       "is not a file"),
                 QByteArray());
    QCOMPARE(test::throwsOtherwise([&] { openSafetensors(folder.filePath("none").toStdString()); },
                                   Error::Code::Missing, "No such file"),
             QByteArray());
}

QTEST_APPLESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
