#include <cstring>

#include <QCryptographicHash>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/json.h"
#include "engine/checkpoint/weightfile.h"
#include "tests/support/hostile.h"
#include "tests/support/torchwriter.h"

using namespace argali;
using namespace argali::test;
using nlohmann::json;

class TestTorchFile final : public QObject {
    Q_OBJECT
private slots:
    void vectors_data();
    void vectors();
    void refusesArchives_data();
    void refusesArchives();
    void refusesPickles_data();
    void refusesPickles();
    void readsWhatIsAllowed();
    void sharesElements();
    void skipsForeignObjects();
    void everyCutIsRefused();
    void everyFlippedByteIsHarmless();
    void checksumsAreThoseOfZip();
    void checkpointsOfTorch();
    void theContentDecides();
    void noticesThatAFileWasCut();
};

namespace {

const std::filesystem::path vectorFolder =
    std::filesystem::path(ARGALI_TEST_DATA) / "vectors/torch_bin";

DType typeOf(const std::string& name)
{
    const std::map<std::string, DType> types{
        {"F32", DType::F32}, {"F16", DType::F16},  {"BF16", DType::BF16}, {"F64", DType::F64},
        {"I64", DType::I64}, {"I32", DType::I32},  {"I16", DType::I16},   {"I8", DType::I8},
        {"U8", DType::U8},   {"BOOL", DType::Bool}};
    return types.at(name);
}

QByteArray digest(const Tensor& tensor)
{
    const QByteArray bytes(reinterpret_cast<const char*>(tensor.raw()),
                           static_cast<int>(tensor.bytes()));
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

long peakMemory() // kilobytes
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/// What opening a file of this content throws.
QByteArray refusal(const std::string& content, Error::Code code, const QByteArray& parts)
{
    const QTemporaryDir folder;
    writeFile(folder, "w.bin", content);
    return throwsOtherwise([&] { openWeightFile(folder.filePath("w.bin").toStdString()); }, code,
                           "/w.bin: |" + parts);
}

const std::string good = text("w") + tensor(storage("0", 6), 0, {2, 3}, {3, 1});

std::vector<float> valuesOf(const WeightSource& source, const char* name)
{
    const Tensor tensor = source.find(name).value();
    const float* const values = tensor.as<float>();
    return {values, values + tensor.count()};
}

} // namespace

void TestTorchFile::vectors_data()
{
    QTest::addColumn<std::string>("row");
    const json index =
        parseJson(readFile(vectorFolder / "index.json"), "index.json", Error::Code::Internal);
    for (const json& row : index["files"])
        QTest::newRow(row["file"].get<std::string>().c_str()) << row.dump();
}

void TestTorchFile::vectors()
{
    QFETCH(std::string, row);
    const json expected = json::parse(row);
    const std::string name = expected["file"].get<std::string>();
    const std::filesystem::path path = vectorFolder / name;
    const bool isOld = name.starts_with("legacy") || name == "tar.pth";
    const long before = peakMemory();
    QElapsedTimer timer;
    timer.start();
    if (expected.contains("error") || isOld) {
        const bool isUnsupported = isOld || expected.value("error", "") == "unsupported";
        const QByteArray found = thrown([&] { openWeightFile(path)->requireChecksums({}); });
        const auto code = isUnsupported ? Error::Code::Unsupported : Error::Code::BadModel;
        QVERIFY2(
            found.startsWith(QByteArray::number(int(code)) + ": " + path.string().c_str() + ": "),
            found);
        if (isOld)
            QVERIFY2(found.contains("save it again"), found);
        QVERIFY2(found.size() < 700, found);
    } else {
        const auto file = openWeightFile(path);
        file->requireChecksums({});
        QCOMPARE(file->names().size(), expected["tensors"].size());
        for (const auto& [tensorName, about] : expected["tensors"].items()) {
            const std::optional<Tensor> tensor = file->find(tensorName);
            QVERIFY2(tensor, tensorName.c_str());
            Shape shape;
            for (const json& dim : about["shape"])
                shape.append(dim.get<int64_t>());
            QVERIFY(tensor->shape() == shape);
            QCOMPARE(tensor->type(), typeOf(about["dtype"]));
            QCOMPARE(file->describe(tensorName)->bytes(), tensor->bytes());
            QCOMPARE(reinterpret_cast<uintptr_t>(tensor->raw()) %
                         static_cast<uintptr_t>(sizeOf(tensor->type())),
                     uintptr_t(0));
            QCOMPARE(digest(*tensor),
                     QByteArray::fromStdString(about["sha256"].get<std::string>()));
        }
    }
    QVERIFY(timer.elapsed() < 1000);
    QVERIFY2(peakMemory() - before < 20'000, QByteArray::number(qlonglong(peakMemory() - before)));
}

void TestTorchFile::refusesArchives_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto add = [](const char* name, const std::string& content, const char* message,
                        Error::Code code = Error::Code::BadModel) {
        QTest::newRow(name) << QByteArray::fromStdString(content) << int(code)
                            << QByteArray(message);
    };
    const auto with = [&](const char* name, auto change, const char* message,
                          Error::Code code = Error::Code::BadModel) {
        std::vector<ZipPart> parts = torchParts(pickleOf(good));
        change(parts);
        add(name, zipBytes(parts), message, code);
    };
    const auto endChanged = [&](const char* name, int fromEnd, const std::string& bytes,
                                const char* message) {
        std::string content = torchBytes(pickleOf(good));
        content.replace(content.size() - static_cast<size_t>(fromEnd), bytes.size(), bytes);
        add(name, content, message);
    };
    using Parts = std::vector<ZipPart>;
    add("only a name", "PK\x03\x04", "ends before the directory");
    add("text", "weights", "is not a torch file, or damaged");
    add("bare pickle", pickleOf(good), "bare pickle|save it again", Error::Code::Unsupported);
    endChanged("number of the disk", 18, bytesOf(1, 2), "one of several parts");
    endChanged("disk of the directory", 16, bytesOf(1, 2), "one of several parts");
    endChanged("members on the disk", 14, bytesOf(1, 2), "one of several parts");
    endChanged("members", 14, bytesOf(0x00020002, 4), "goes on behind the 2 members");
    endChanged("more members", 14, bytesOf(0x00040004, 4), "too small for the 4 members|no record");
    endChanged("size of the directory", 10, bytesOf(150, 4), "directory");
    endChanged("huge directory", 10, bytesOf(0xFFFFFFF0, 4), "does not lie in the file");
    endChanged("place of the directory", 6, bytesOf(5, 4), "has no record at byte 5");
    endChanged("directory behind the file", 6, bytesOf(0x7FFFFFFF, 4), "does not lie in the file");
    endChanged("wide directory", 6, bytesOf(0xFFFFFFFF, 4), "record for large archives is missing");
    endChanged("length of the comment", 2, bytesOf(9, 2), "ends before the directory");
    with(
        "encrypted", [](Parts& p) { p[1].flags = 1; }, "\"m/data/0\" is encrypted",
        Error::Code::Unsupported);
    with(
        "patched", [](Parts& p) { p[1].flags = 32; }, "\"m/data/0\" is encrypted",
        Error::Code::Unsupported);
    with(
        "deflated", [](Parts& p) { p[0].method = 8; }, "\"m/data.pkl\" is compressed (method 8)",
        Error::Code::Unsupported);
    with(
        "other packed size", [](Parts& p) { p[1].packedSize = 23; },
        "\"m/data/0\" has a compressed size of 23");
    with(
        "other size", [](Parts& p) { p[1].size = 25; }, "\"m/data/0\" has a compressed size of 24");
    with(
        "both sizes",
        [](Parts& p) {
            p[1].size = p[1].packedSize = 28;
            p[1].ownSize = 0;
        },
        "\"m/version\" overlaps");
    with(
        "own size", [](Parts& p) { p[1].ownSize = 20; },
        "\"m/data/0\" has a size of 20 bytes in its own header");
    with(
        "huge size", [](Parts& p) { p[1].size = p[1].packedSize = 0x7FFFFFFF; },
        "\"m/data/0\" has 2147483647 bytes|do not lie in the file");
    with(
        "wide size without its field", [](Parts& p) { p[1].size = p[1].packedSize = 0xFFFFFFFF; },
        "do not lie in the file");
    with(
        "wide size, cut field",
        [](Parts& p) {
            p[1].size = p[1].packedSize = 0xFFFFFFFF;
            p[1].extra = bytesOf(1, 2) + bytesOf(8, 2) + bytesOf(24, 8);
        },
        "\"m/data/0\" has a cut record of its sizes");
    with(
        "wide sizes that differ",
        [](Parts& p) {
            p[1].size = p[1].packedSize = 0xFFFFFFFF;
            p[1].extra = bytesOf(1, 2) + bytesOf(16, 2) + bytesOf(24, 8) + bytesOf(25, 8);
        },
        "compressed size of 25 bytes, but a size of 24");
    with(
        "huge wide size",
        [](Parts& p) {
            p[1].size = p[1].packedSize = 0xFFFFFFFF;
            p[1].extra = bytesOf(1, 2) + bytesOf(16, 2) + bytesOf(~0ull, 8) + bytesOf(~0ull, 8);
        },
        "do not lie in the file");
    with(
        "extra field too long",
        [](Parts& p) {
            p[1].size = p[1].packedSize = 0xFFFFFFFF;
            p[1].extra = bytesOf(7, 2) + bytesOf(99, 2);
        },
        "extra field that does not fit");
    with(
        "place of a header", [](Parts& p) { p[1].header = 1; },
        "\"m/data/0\" has no header at byte 1");
    with(
        "header behind the file", [](Parts& p) { p[1].header = 0x7FFFFFFF; },
        "\"m/data/0\" has no header");
    with(
        "another's header", [](Parts& p) { p[1].header = 0; },
        "\"m/data/0\" has another name in its own header");
    with(
        "name of the header", [](Parts& p) { p[1].ownName = "m/data/1"; },
        "has another name in its own header");
    with(
        "twice", [](Parts& p) { p.push_back(p[1]); }, "\"m/data/0\" is there twice");
    with(
        "no name", [](Parts& p) { p[2].name = ""; }, "a member name of 0 bytes");
    with(
        "long name", [](Parts& p) { p[2].name = "m/" + std::string(2000, 'x'); },
        "a member name of 2002 bytes");
    with(
        "control characters", [](Parts& p) { p[2].name = "m/\x1B[2J"; },
        "has a name that is not plain text");
    with(
        "not UTF-8", [](Parts& p) { p[2].name = "m/\xFF"; }, "has a name that is not plain text");
    with(
        "up", [](Parts& p) { p[2].name = "m/../../x"; }, "leads out of the archive");
    with(
        "root", [](Parts& p) { p[2].name = "/m/x"; }, "leads out of the archive");
    with(
        "backslash", [](Parts& p) { p[2].name = "m\\x"; }, "leads out of the archive");
    with(
        "drive", [](Parts& p) { p[2].name = "C:/x"; }, "leads out of the archive");
    with(
        "two folders", [](Parts& p) { p[2].name = "n/version"; }, "lie in different folders");
    with(
        "no folder", [](Parts& p) { p[2].name = "version"; }, "lies in no folder");
    with(
        "no members", [](Parts& p) { p.clear(); }, "torch file|damaged");
    with(
        "no pickle", [](Parts& p) { p.erase(p.begin()); }, "without \"m/data.pkl\"");
    with(
        "no storage", [](Parts& p) { p.erase(p.begin() + 1); }, "has no storage \"0\"");
    with(
        "checksum of the pickle", [](Parts& p) { p[0].checksum = 7; },
        "\"m/data.pkl\" does not match its checksum");
    with(
        "version", [](Parts& p) { p[2].bytes = "three"; }, "version is \"three\"");
    with(
        "empty version", [](Parts& p) { p[2].bytes = ""; }, "version is \"\"");
    with(
        "byteorder", [](Parts& p) { p[2] = {.name = "m/byteorder", .bytes = "middle"}; },
        "byteorder is \"middle\"");
    with(
        "constants", [](Parts& p) { p[2].name = "m/constants.pkl"; }, "TorchScript",
        Error::Code::Unsupported);
    with(
        "code", [](Parts& p) { p[2].name = "m/code/__torch__.py"; }, "TorchScript",
        Error::Code::Unsupported);
}

void TestTorchFile::refusesArchives()
{
    QFETCH(QByteArray, content);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    if (qstrcmp(QTest::currentDataTag(), "no members") == 0 ||
        qstrcmp(QTest::currentDataTag(), "more members") == 0)
        message = message.split('|').first();
    QCOMPARE(refusal(content.toStdString(), Error::Code(code), message), QByteArray());
}

void TestTorchFile::refusesPickles_data()
{
    QTest::addColumn<QByteArray>("pickle");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto raw = [](const char* name, const std::string& pickle, const char* message,
                        Error::Code code = Error::Code::BadModel) {
        QTest::newRow(name) << QByteArray::fromStdString(pickle) << int(code)
                            << QByteArray(message);
    };
    const auto items = [&](const char* name, const std::string& more, const char* message,
                           Error::Code code = Error::Code::BadModel) {
        raw(name, pickleOf(good + text("evil") + more), message, code);
    };
    const auto unsupported = Error::Code::Unsupported;
    const std::string s = storage("0", 6), ordered = global("collections", "OrderedDict") + ")R";
    raw("empty", "", "byte 0 of its pickle wants 1 more bytes");
    raw("no protocol", "}.", "does not tell its protocol", unsupported);
    raw("protocol 0", std::string("\x80\x00}.", 4), "tells protocol 0", unsupported);
    raw("protocol 5", "\x80\x05}.", "tells protocol 5", unsupported);
    raw("no stop", "\x80\x02}", "wants 1 more bytes");
    raw("behind the stop", "\x80\x02}.x", "ends 1 bytes before the end");
    raw("nothing at the stop", "\x80\x02.", "takes a value where there is none");
    raw("an open mark", "\x80\x02(}.", "ends with 1 values left over");
    raw("a list", "\x80\x02].", "holds a list, expected a map");
    raw("a text", "\x80\x02" + text("w") + ".", "holds a text, expected a map");
    raw("no tensors", pickleOf(text("w") + number(1)), "holds no tensors by name");
    raw("number as key", pickleOf(number(1) + tensor(s, 0, {6}, {1})), "has a number as a key");
    raw("tuple as key", pickleOf(")" + tensor(s, 0, {6}, {1})), "has a tuple as a key");
    raw("twice", pickleOf(good + good), "has the tensor \"w\" twice");
    raw("name with a newline", pickleOf(text("a\nb") + tensor(s, 0, {6}, {1})),
        "has control characters");
    raw("long name", pickleOf(text(std::string(2000, 'n')) + tensor(s, 0, {6}, {1})),
        "has 2000 bytes, the limit is 1024");
    raw("name of bytes", pickleOf("U\x01\xFF" + tensor(s, 0, {6}, {1})), "is not UTF-8");
    for (const int opcode : std::initializer_list<int>{
             '0',  '1',  '2',  'F',  'I',  'L',  'P',  'S',  'T',  'V',  'd',  'g',
             'i',  'l',  'o',  'p',  0x82, 0x83, 0x84, 0x8B, 0x8C, 0x8D, 0x8E, 0x90,
             0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x00, 0xFF})
        raw(qPrintable(QStringLiteral("opcode %1").arg(opcode, 0, 16)),
            "\x80\x02}" + std::string(1, static_cast<char>(opcode)), "has the opcode 0x",
            unsupported);
    items("cut number", "J\x01", "wants 4 more bytes");
    items("cut length", "X\x01", "wants 4 more bytes");
    items("long text", "X" + bytesOf(0x7FFFFFFF, 4) + "x", "wants 2147483647 more bytes");
    items("long byte text", "U\xFFx", "wants 255 more bytes");
    items("text that is not UTF-8", text("\xC3"), "not UTF-8");
    items("long integer", "\x8A\x0A" + std::string(10, '\1'),
          "has a number of 10 bytes, the limit is 8");
    items("global without a name", "cos\nsystem", "without an end");
    items("long global", global("torch", std::string(300, 'x')), "limit of 256 bytes of a name");
    items("os.system", global("os", "system") + tuple({text("true")}) + "R", "names \"os.system\"");
    items("nt.system", global("nt", "system"), "names \"nt.system\"");
    items("sys.exit", global("sys", "exit"), "names \"sys.exit\"");
    items("__import__", global("builtins", "__import__"), "names \"builtins.__import__\"");
    items("torch.hub.load", global("torch.hub", "load"), "names \"torch.hub.load\"");
    items("torch hub.load", global("torch", "hub.load"), "names \"torch.hub.load\"");
    items("torch _utils", global("torch", "_utils._rebuild_tensor_v2"),
          "names \"torch._utils._rebuild");
    items("dotted storage", global("torch", "os.Storage"), "names \"torch.os.Storage\"");
    items("terminal codes", global("o\x1Bs", "x"), "names \"o\\u001bs.x\"");
    items("call of a number", number(1) + ")R", "calls a number");
    items("call without a tuple", global("torch", "Size") + "]R", "calls with a list");
    items("call of a storage class", global("torch", "FloatStorage") + ")R",
          "calls \"torch.FloatStorage\"");
    items("call of a parameter", global("torch.nn.parameter", "Parameter") + ")R",
          "calls \"torch.nn.parameter.Parameter\"");
    items("call of a type", global("torch", "float32") + ")R", "calls \"torch.float32\"");
    items("ordered map of arguments", global("collections", "OrderedDict") + tuple({"]"}) + "R",
          "OrderedDict with arguments");
    items("attributes of a class", global("torch", "Size") + "}b",
          "sets attributes of \"torch.Size\"");
    items("attributes of a list", "]}b", "sets attributes of a list");
    items("keys in a list", "]" + text("a") + text("b") + "s", "puts keys into a list");
    items("keys in a storage", s + text("a") + text("b") + "s", "puts keys into an object");
    items("appends to a map", "}" + text("a") + "a", "appends to a map");
    items("appends to a tuple", ")(" + text("a") + "e", "appends to a tuple");
    items("key without a value", "}(" + text("a") + "u", "has a key without a value");
    items("tuple of nothing", "\x80\x02\x87", "has the opcode 0x80", unsupported);
    items("tuple beyond a mark", "(\x85", "takes a value where there is none");
    items("memo of nothing", "h\x09", "recalls the value 9");
    items("large memo", ")r" + bytesOf(1 << 25, 4), "remembers a value as number 33554432");
    items("deep marks", std::string(1001, '('), "limit of 1000 values inside each other");
    items("deep tuples", ")" + std::string(1001, '\x85'), "limit of 1000 values inside each other");
    items(
        "list in itself",
        "]q\x01" +
            [] {
                std::string all;
                for (int i = 0; i < 1001; ++i)
                    all += "h\x01"
                           "a";
                return all;
            }(),
        "limit of 1000 values inside each other");
    items("high stack", std::string(70000, 'N'), "limit of 65536 values at a time");
    std::string many = "]";
    for (int i = 0; i < 1100; ++i)
        many += "(" + std::string(1000, 'N') + "e";
    items("many values", many, "limit of 1048576 values");
    items("persistent number", number(1) + "Q", "names something outside of it that is no storage");
    items("persistent tuple of four",
          tuple({text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu")}) + "Q",
          "no storage");
    items("persistent module",
          tuple({text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"),
                 number(6)}) +
              "Q",
          "no storage");
    items("key that is a number",
          tuple({text("storage"), global("torch", "FloatStorage"), number(0), text("cpu"),
                 number(6)}) +
              "Q",
          "no storage");
    items("class that is a text",
          tuple({text("storage"), text("FloatStorage"), text("0"), text("cpu"), number(6)}) + "Q",
          "of a class that is none");
    items("class that is another",
          tuple({text("storage"), global("torch", "Size"), text("0"), text("cpu"), number(6)}) +
              "Q",
          "of a class that is none");
    items("quantised class", storage("0", 6, "QInt8Storage"), "torch.QInt8Storage", unsupported);
    items("complex class", storage("0", 3, "ComplexFloatStorage"), "torch.ComplexFloatStorage",
          unsupported);
    items("key with a path", storage("../data.pkl", 6), "has no storage \"../data.pkl\"");
    items("empty key", storage("", 6), "has no storage \"\"");
    items("too few elements", storage("0", 5),
          "promises 5 elements of 4 bytes in storage \"0\", which has 24 bytes");
    items("too many elements", storage("0", 7), "promises 7 elements");
    items("negative elements", storage("0", -6), "promises -6 elements");
    items("wrong class", storage("0", 6, "HalfStorage"), "promises 6 elements of 2 bytes");
    const auto rebuild = [](const char* name, const std::vector<std::string>& arguments) {
        return global("torch._utils", name) + tuple(arguments) + "R";
    };
    items("few arguments",
          rebuild("_rebuild_tensor_v2", {s, number(0), numbers({6}), numbers({1})}),
          "_rebuild_tensor_v2 of 4 arguments, expected 6 or 7");
    items("many arguments",
          rebuild("_rebuild_tensor", {s, number(0), numbers({6}), numbers({1}), "N"}),
          "_rebuild_tensor of 5 arguments, expected 4");
    items("no storage to rebuild",
          rebuild("_rebuild_tensor", {number(0), number(0), numbers({6}), numbers({1})}),
          "no storage");
    items("parameter of no tensor", rebuild("_rebuild_parameter", {s, "\x88", ordered}),
          "parameter of something that is no tensor");
    items("no type",
          rebuild("_rebuild_tensor_v3",
                  {s, number(0), numbers({6}), numbers({1}), "\x89", ordered, "N"}),
          "without telling the type");
    items("type not read",
          rebuild("_rebuild_tensor_v3", {s, number(0), numbers({6}), numbers({1}), "\x89", ordered,
                                         global("torch", "float8_e5m2")}),
          "torch.float8_e5m2", unsupported);
    items("bytes without a type",
          tensor(tuple({text("storage"), global("torch.storage", "UntypedStorage"), text("0"),
                        text("cpu"), number(24)}) +
                     "Q",
                 0, {6}, {1}),
          "without telling the type");
    items("shape that is a list", rebuild("_rebuild_tensor", {s, number(0), "]", numbers({1})}),
          "whose shape or strides are no tuple");
    items("strides that are none", rebuild("_rebuild_tensor", {s, number(0), numbers({6}), "N"}),
          "whose shape or strides are no tuple");
    items("more strides", tensor(s, 0, {6}, {1, 1}), "1 dimensions, but 2 strides");
    items("nine dimensions", tensor(s, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}),
          "of 9 dimensions, the limit is 8");
    items("negative dimension", tensor(s, 0, {-1}, {1}), "a dimension of -1");
    items("dimension that is a text",
          rebuild("_rebuild_tensor", {s, number(0), tuple({text("6")}), numbers({1})}),
          "a dimension of a text");
    items("negative stride", tensor(s, 5, {6}, {-1}), "a stride of -1");
    items("negative offset", tensor(s, -1, {1}, {1}), "an offset of -1");
    items("offset that is nothing",
          rebuild("_rebuild_tensor", {s, "N", numbers({1}), numbers({1})}), "an offset of nothing");
    items("offset behind", tensor(s, 6, {1}, {1}),
          "element 6 lies outside of storage \"0\" of 6 elements");
    items("offset of an empty one behind", tensor(s, 7, {0}, {1}), "lies outside");
    items("last one behind", tensor(s, 0, {2, 3}, {4, 1}), "element 6 lies outside");
    items("shape overflows", tensor(s, 0, {int64_t(1) << 40, int64_t(1) << 40}, {0, 0}),
          "impossibly large");
    items("bytes overflow", tensor(s, 0, {int64_t(1) << 62}, {0}), "impossibly large");
    items("strides overflow", tensor(s, 0, {5}, {int64_t(1) << 62}), "impossibly large");
    items("offset and strides overflow", tensor(s, INT64_MAX, {2}, {INT64_MAX}),
          "impossibly large");
    items("expanded too far", tensor(s, 0, {(int64_t(1) << 24) + 1}, {0}),
          "more elements than its storage");
}

void TestTorchFile::refusesPickles()
{
    QFETCH(QByteArray, pickle);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(refusal(torchBytes(pickle.toStdString()), Error::Code(code), message), QByteArray());
    QVERIFY(timer.elapsed() < 2000);
}

void TestTorchFile::readsWhatIsAllowed()
{
    const QTemporaryDir folder;
    const std::string s = storage("0", 6);
    const std::string bytes = tuple({text("storage"), global("torch.storage", "UntypedStorage"),
                                     text("0"), text("cuda:0"), number(24)}) +
                              "Q";
    const std::string plain = text("step") + number(7) + text("note") + text("x") + text("none") +
                              "N" + text("loss") + "G" + bytesOf(0, 8) + text("yes") + "\x88" +
                              text("set") + "\x8F" + text("list") + "](" + number(1) + "e";
    const std::string v3 =
        global("torch._utils", "_rebuild_tensor_v3") +
        tuple({bytes, number(1), numbers({2}), numbers({2}), "\x89",
               global("collections", "OrderedDict") + ")R", global("torch", "float32")}) +
        "R";
    const std::string state = global("collections", "OrderedDict") + ")R(" + good +
                              text("every second") + v3 + text("one") +
                              tensor(s, 5, {1, 1}, {INT64_MAX, INT64_MAX}) + text("none") +
                              tensor(s, 6, {0, 4}, {4, 1}) + "u}" + text("_metadata") + "}sb";
    for (const char* key : {"state_dict", "module", "model"}) {
        writeFile(folder, "w.bin", torchBytes(pickleOf(plain + text(key) + state)));
        const auto file = openWeightFile(folder.filePath("w.bin").toStdString());
        QCOMPARE(file->names(), std::vector<std::string>({"every second", "none", "one", "w"}));
        QCOMPARE(valuesOf(*file, "w"), std::vector<float>({0, 1, 2, 3, 4, 5}));
        QCOMPARE(valuesOf(*file, "every second"), std::vector<float>({1, 3}));
        QCOMPARE(valuesOf(*file, "one"), std::vector<float>({5}));
        QVERIFY(file->find("none")->shape() == (Shape{0, 4}));
        QVERIFY(!file->find("step") && !file->describe(key));
    }
    // A tensor may be called model.
    writeFile(folder, "w.bin", torchBytes(pickleOf(text("model") + tensor(s, 0, {6}, {1}))));
    QCOMPARE(openWeightFile(folder.filePath("w.bin").toStdString())->names(),
             std::vector<std::string>({"model"}));
}

void TestTorchFile::sharesElements()
{
    const QTemporaryDir folder;
    const std::string s = storage("0", 6);
    writeFile(folder, "w.bin",
              torchBytes(pickleOf(good + text("tied") + tensor(s, 0, {2, 3}, {3, 1}) +
                                  text("turned") + tensor(s, 0, {3, 2}, {1, 3}) + text("wide") +
                                  tensor(s, 2, {2, 3}, {0, 1}))));
    const auto file = openWeightFile(folder.filePath("w.bin").toStdString());
    QCOMPARE(valuesOf(*file, "turned"), std::vector<float>({0, 3, 1, 4, 2, 5}));
    QCOMPARE(valuesOf(*file, "wide"), std::vector<float>({2, 3, 4, 2, 3, 4}));
    QCOMPARE(valuesOf(*file, "tied"), valuesOf(*file, "w"));
    // As torch aligns its storages the two are views of the same bytes.
    const auto aligned = openWeightFile(vectorFolder / "shared_storage.bin");
    QCOMPARE(aligned->find("whole")->raw(), aligned->find("tied")->raw());
}

void TestTorchFile::skipsForeignObjects()
{
    const QTemporaryDir folder;
    const std::string object =
        global("mmengine", "HistoryBuffer") + ")\x81}" + text("x") + number(1) + "sb";
    const std::string called = global("numpy.core.multiarray", "_reconstruct") +
                               tuple({number(0)}) + "R(" + text("a") + "e" + text("k") + text("v") +
                               "s";
    const auto path = folder.filePath("w.pth").toStdString();
    writeFile(folder, "w.pth",
              torchBytes(pickleOf(text("hub") + object + text("log") + called + text("state_dict") +
                                  "}(" + good + "u")));
    QCOMPARE(throwsOtherwise([&] { openWeightFile(path); }, Error::Code::BadModel,
                             "names \"mmengine.HistoryBuffer\""),
             QByteArray());
    const auto file = openWeightFile(path, ForeignObjects::Skip);
    QCOMPARE(valuesOf(*file, "w"), std::vector<float>({0, 1, 2, 3, 4, 5}));
    writeFile(folder, "w.pth",
              torchBytes(pickleOf(text("state_dict") + "}(" + good + text("bad") + object + "u")));
    QCOMPARE(throwsOtherwise([&] { openWeightFile(path, ForeignObjects::Skip); },
                             Error::Code::BadModel,
                             "has an object of \"mmengine.HistoryBuffer\" as \"bad\""),
             QByteArray());
}

void TestTorchFile::everyCutIsRefused()
{
    const std::string content = torchBytes(pickleOf(good));
    for (size_t length = 0; length < content.size(); ++length)
        QCOMPARE(refusal(content.substr(0, length), Error::Code::BadModel, ""), QByteArray());
}

void TestTorchFile::everyFlippedByteIsHarmless()
{
    // Of the pickle a flipped byte shows in its checksum: here it is made anew.
    const QTemporaryDir folder;
    const auto path = folder.filePath("w.bin").toStdString();
    const std::string pickle = pickleOf(good), content = torchBytes(pickle);
    const auto readAll = [&](const std::string& bytes) {
        writeFile(folder, "w.bin", bytes);
        try {
            const auto file = openWeightFile(path);
            file->requireChecksums({});
            for (const std::string& name : file->names())
                digest(file->find(name).value());
        } catch (const Error& error) {
            QVERIFY2(error.code() != Error::Code::Internal, error.what());
        }
    };
    for (const int mask : {0x01, 0x80, 0xFF}) {
        for (size_t i = 0; i < content.size(); ++i) {
            std::string changed = content;
            changed[i] = static_cast<char>(changed[i] ^ mask);
            readAll(changed);
        }
        for (size_t i = 0; i < pickle.size(); ++i) {
            std::string changed = pickle;
            changed[i] = static_cast<char>(changed[i] ^ mask);
            readAll(torchBytes(changed));
        }
    }
}

void TestTorchFile::checksumsAreThoseOfZip()
{
    const std::string text = "123456789"; // the check value of the polynomial's catalogues
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    QCOMPARE(crc32(bytes), 0xCBF43926u);
    QCOMPARE(crc32(bytes.subspan(4), crc32(bytes.first(4))), 0xCBF43926u);
    QCOMPARE(crc32({}), 0u);
    const QTemporaryDir folder;
    std::vector<ZipPart> parts = torchParts(pickleOf(good));
    parts[1].checksum = 1;
    writeFile(folder, "w.bin", zipBytes(parts));
    const auto file = openWeightFile(folder.filePath("w.bin").toStdString());
    QCOMPARE(throwsOtherwise([&] { file->requireChecksums({}); }, Error::Code::BadModel,
                             "w.bin: member \"m/data/0\" does not match its checksum"),
             QByteArray());
}

void TestTorchFile::checkpointsOfTorch()
{
    const QTemporaryDir folder;
    const auto path = folder.path().toStdString();
    const std::string other =
        torchBytes(pickleOf(text("v") + tensor(storage("0", 6), 3, {3}, {1})));
    writeFile(folder, "pytorch_model.bin", torchBytes(pickleOf(good)));
    QCOMPARE(openCheckpoint(path)->names(), std::vector<std::string>({"w"}));
    QCOMPARE(*openCheckpoint(path)->require("w", {2, 3}).as<float>(), 0.0f);
    writeFile(folder, "1.bin", torchBytes(pickleOf(good)));
    writeFile(folder, "2.bin", other);
    writeFile(folder, "pytorch_model.bin.index.json",
              R"({"weight_map": {"w": "1.bin", "v": "2.bin"}})");
    const auto sharded = openCheckpoint(path); // an index goes before a single file
    QCOMPARE(sharded->names(), std::vector<std::string>({"v", "w"}));
    QCOMPARE(*sharded->require("v", {3}).as<float>(), 3.0f);
    QCOMPARE(sharded->files().size(), size_t(2));
    QVERIFY(QByteArray::fromStdString(sharded->origin("v")).endsWith("2.bin"));
    sharded->requireChecksums({});
    writeFile(folder, "pytorch_model.bin.index.json", R"({"weight_map": {"w": "2.bin"}})");
    QCOMPARE(throwsOtherwise([&] { openCheckpoint(path); }, Error::Code::BadModel,
                             "2.bin: has no tensor \"w\"|pytorch_model.bin.index.json"),
             QByteArray());
    writeFile(folder, "pytorch_model.bin.index.json", R"({"weight_map": {"w": "../1.bin"}})");
    QCOMPARE(throwsOtherwise([&] { openCheckpoint(path); }, Error::Code::BadModel,
                             "expected a plain file name"),
             QByteArray());
    writeFile(folder, "pytorch_model.bin.index.json", R"({"weight_map": {"w": "3.bin"}})");
    QCOMPARE(
        throwsOtherwise([&] { openCheckpoint(path); }, Error::Code::Missing, "3.bin: is not there"),
        QByteArray());
}

void TestTorchFile::theContentDecides()
{
    const QTemporaryDir folder;
    const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    const std::string safetensors = bytesOf(header.size(), 8) + header + "x";
    for (const char* name : {"a.bin", "a.pt", "a.safetensors", "a"}) {
        writeFile(folder, name, safetensors);
        QCOMPARE(openWeightFile(folder.filePath(name).toStdString())->names(),
                 std::vector<std::string>({"a"}));
    }
    for (const char* name : {"w.pt", "w.pth", "w"}) {
        writeFile(folder, name, torchBytes(pickleOf(good)));
        QCOMPARE(openWeightFile(folder.filePath(name).toStdString())->names(),
                 std::vector<std::string>({"w"}));
    }
    writeFile(folder, "w.safetensors", torchBytes(pickleOf(good)));
    QCOMPARE(
        throwsOtherwise([&] { openWeightFile(folder.filePath("w.safetensors").toStdString()); },
                        Error::Code::BadModel, "zip archive"),
        QByteArray());
    QCOMPARE(throwsOtherwise([&] { openWeightFile(folder.filePath("none.bin").toStdString()); },
                             Error::Code::Missing, "none.bin"),
             QByteArray());
    QCOMPARE(throwsOtherwise([&] { openWeightFile(folder.path().toStdString() + "/"); },
                             Error::Code::Missing, "is not a file"),
             QByteArray());
}

void TestTorchFile::noticesThatAFileWasCut()
{
    const QTemporaryDir folder;
    writeFile(folder, "w.bin", torchBytes(pickleOf(good)));
    const auto path = folder.filePath("w.bin").toStdString();
    const auto file = openWeightFile(path);
    std::filesystem::resize_file(path, 10);
    QCOMPARE(throwsOtherwise([&] { file->find("w"); }, Error::Code::BadModel, "was cut from"),
             QByteArray());
    QCOMPARE(
        throwsOtherwise([&] { file->requireChecksums({}); }, Error::Code::BadModel, "was cut from"),
        QByteArray());
}

QTEST_APPLESS_MAIN(TestTorchFile)
#include "tst_torchfile.moc"
