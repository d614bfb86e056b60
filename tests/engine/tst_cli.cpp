// The program itself, words in, words out, exit status: usage, failures, the commands that only
// tell.

#include <cstring>
#include <filesystem>

#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest>

#include "tests/support/argalicli.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

class TestCli final : public QObject {
    Q_OBJECT
private slots:
    void helps_data();
    void helps();
    void refusesWrongUsage_data();
    void refusesWrongUsage();
    void failsInOneLine_data();
    void failsInOneLine();
    void standardOutputMayBeFull();
    void inspectsAModel();
    void inspectsAFile();
    void inspectFindsDamage();
    void inspectComparesWithLists();
    void findsAnInstalledModel();
    void tokenizesBothWays();
    void tokenizeNamesTheLine_data();
    void tokenizeNamesTheLine();
    void listsDevices();
    void devicesLooksAtWhatIsForced();
    void benchReports();

private:
    QString file(const QString& name) const { return m_folder.filePath(name); }

    QTemporaryDir m_folder;
};

void TestCli::helps_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("--help") << QStringList{"--help"} << QByteArray("usage: argali-cli COMMAND");
    QTest::newRow("help") << QStringList{"help"} << QByteArray("tokenize");
    QTest::newRow("--version") << QStringList{"--version"} << QByteArray("argali-cli 0.");
    for (const char* command :
         {"chat", "check", "bench", "devices", "inspect", "tokenize", "eval", "serve"})
        QTest::newRow(command) << QStringList{command, "--help"}
                               << QByteArray("usage: argali-cli ") + command;
    QTest::newRow("formulas") << QStringList{"bench", "-h"}
                              << QByteArray("fraction of bandwidth = bytes /");
}

void TestCli::helps()
{
    QFETCH(const QStringList, words);
    QFETCH(const QByteArray, part);
    const Outcome found = argaliCli(words);
    QCOMPARE(found.status, 0);
    QVERIFY2(found.out.contains(part), found.out);
    QVERIFY(found.err.isEmpty());
    for (const QByteArray& line : found.out.split('\n'))
        QVERIFY2(line.size() <= 100, line);
    QVERIFY(!found.out.contains("pull ")); // what is not there is not named
}

void TestCli::refusesWrongUsage_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QByteArray>("parts");
    const auto add = [](const char* words, const char* parts) {
        QTest::newRow(words) << QString(words).split(' ') << QByteArray(parts);
    };
    add("pull x", "\"pull\" is not part of this version");
    add("nonsense", "\"nonsense\" is not part of this version");
    add("chat --nonsense", "chat: unknown option \"--nonsense\"");
    add("chat word", "unexpected argument \"word\"");
    add("chat -p", "-p needs a value");
    add("chat -p=", "unknown option");
    add("chat --prompt=", "-p needs a question");
    add("chat -p x --image", "--image needs a value");
    add("chat -p x -p y", "--prompt is given twice");
    add("chat -p x --think --no-think", "exclude each other");
    add("chat -p x --thinking-budget 5", "--thinking-budget needs --think");
    add("chat --no-think --thinking-budget 5", "--thinking-budget needs --think");
    add("chat -p x --think --thinking-budget 0", "from 1 to");
    add("chat -p x --max-new-tokens 0", "from 1 to");
    add("chat -p x --max-new-tokens many", "--max-new-tokens takes an integer");
    add("chat -p x --greedy --temperature 1", "--greedy and --temperature exclude each other");
    add("chat -p x --temperature hot", "--temperature takes a number");
    add("chat -p x --temperature -1", "--temperature takes a number from 0 to 100");
    add("chat -p x --top-p 1.5", "--top-p takes a number from 0 to 1");
    add("chat -p x --top-k -1", "--top-k takes an integer from 0");
    add("chat -p x --seed x", "--seed takes an integer");
    add("chat -p x --frames 4", "--frames needs --video");
    add("chat -p x --at 1", "--at needs --video");
    add("chat -p x --video f --frames 4 --at 1", "exclude each other");
    add("chat -p x --video f --frames 2000", "--frames takes an integer from 0 to 1024");
    add("chat -p x --video f --at 1,,2", "--at takes seconds");
    add("chat -p x --video f --at -1", "--at takes seconds");
    add("chat -p x --device abacus", "--device takes auto, cpu, cuda or cuda:N");
    add("chat -p x --device cuda:1,x", "--device takes auto");
    add("chat -p x --dtype f64", "--dtype takes auto, f32");
    add("bench --synthetic x --adapter a", "--adapter and --synthetic exclude each other");
    add("bench -m x --adapter a --adapter-alpha text=1",
        "belongs to no --adapter that is a .pth file");
    add("eval --questions q --answers a --images . --adapter a --adapter-alpha text=1",
        "belongs to no --adapter");
    add("chat -p x --adapter-alpha text=1", "belongs to no --adapter that is a .pth file");
    add("chat -p x --adapter a.pth --adapter-alpha text", "--adapter-alpha takes text=N,vision=N");
    add("chat -p x --adapter a.pth --adapter-alpha text=0", "with numbers above 0");
    add("chat -p x --adapter a.pth --adapter-alpha text=1,text=2", "--adapter-alpha takes");
    add("chat -p x --adapter a.pth --adapter-alpha sound=1", "--adapter-alpha takes");
    add("merge -m x", "one --adapter is needed, not 0");
    add("merge --adapter a --adapter b --to c", "one --adapter is needed, not 2");
    add("merge --adapter a", "--to DIR is needed");
    add("chat -p x --context 0", "--context takes an integer");
    add("chat -p x --min-pixels 9 --max-pixels 4", "--min-pixels must not be larger");
    add("check", "PATH is missing");
    add("bench", "-m MODEL or --synthetic NAME is missing");
    add("bench -m x --synthetic y", "exclude each other");
    add("bench -m x --image 5", "WIDTHxHEIGHT");
    add("bench -m x --image 5x0", "WIDTHxHEIGHT");
    add("bench -m x --image 4x4 --image 5x5 --frames 2", "one --image");
    add("bench -m x --runs 0", "--runs takes an integer");
    add("bench --synthetic gpt", "--synthetic: |gpt|ovis2.5-2b");
    add("bench --synthetic ovis2.5-2b/layers=0", "--synthetic: |/layers=N");
    add("inspect", "MODEL or FILE is missing");
    add("inspect a b", "unexpected argument \"b\"");
    add("tokenize --decode=1", "--decode takes no value");
    add("eval --images . --answers x", "--questions is missing");
    add("eval --questions q --answers x", "--images is missing");
    add("serve now", "unexpected argument \"now\"");
    add("serve --port 70000", "--port takes an integer");
    add("serve --queue -1", "--queue takes an integer");
    add("serve --host 0.0.0.0 --port 0", "needs an API key");
    add("serve -m =x", "needs a name before the '='");
    add("devices now", "unexpected argument \"now\"");
}

void TestCli::refusesWrongUsage()
{
    QFETCH(const QStringList, words);
    QFETCH(const QByteArray, parts);
    const QByteArray found = failsOtherwise(argaliCli(words), 2, parts);
    QVERIFY2(found.isEmpty(), found);
}

void TestCli::failsInOneLine_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QByteArray>("parts");
    write(file("empty.png"), "");
    write(file("text.png"), "This is no picture,\nit only says so.");
    write(file("torn.png"), read(samples + "objects.png").left(300));
    const auto add = [](const char* name, const QStringList& words, const QByteArray& parts) {
        QTest::newRow(name) << words << parts;
    };
    const QStringList ask = {"chat", "-m", tiny, "-p", "What?"};
    add("no such model", {"chat", "-m", "/no/such/model", "-p", "x"},
        "/no/such/model|does not exist");
    add("a file as model", {"chat", "-m", tiny + "/config.json", "-p", "x"}, "is not a folder");
    add("an empty folder as model", {"chat", "-m", m_folder.path(), "-p", "x"}, "config.json");
    add("no such picture", ask + QStringList{"--image", "/no/such.png"}, "/no/such.png");
    add("a folder as picture", ask + QStringList{"--image", tiny}, "ovis2_5-tiny");
    add("an empty picture", ask + QStringList{"--image", file("empty.png")}, "empty.png");
    add("no picture", ask + QStringList{"--image", file("text.png")}, "text.png");
    add("a torn picture", ask + QStringList{"--image", file("torn.png")}, "torn.png");
    add("a film as picture", ask + QStringList{"--image", samples + "grow.mp4"}, "--video");
    add("a picture as film", ask + QStringList{"--video", samples + "objects.png"}, "--image");
    add("a picture and a film",
        ask + QStringList{"--image", samples + "objects.png", "--video", samples + "grow.mp4"},
        "film");
    add("a line break in a name", ask + QStringList{"--image", "/no\nsuch.png"}, "such.png");
    add("int8", ask + QStringList{"--dtype", "int8"}, "not part of this version yet|bf16");
    add("int4", ask + QStringList{"--dtype", "int4"}, "not part of this version yet|bf16");
    add("no card", ask + QStringList{"--device", "cuda:77"}, "cuda:77|; use the device cpu");
    add("adapter", ask + QStringList{"--adapter", "x"}, "x: is not there|; give the folder");
    add("adapter of another model",
        ask + QStringList{"--adapter", dataFolder + "/adapters/llava-tiny-lora"},
        "llava-tiny-lora: module|is nothing that this model has");
    add("merged nowhere",
        {"merge", "--adapter", dataFolder + "/adapters/llava-tiny-lora", "--to", m_folder.path()},
        "is nothing that this model has");
    add("tiles", ask + QStringList{"--max-tiles", "6"}, "--max-tiles|ovis2_5");
    add("template", ask + QStringList{"--template", "x"}, "--template|ovis2_5");
    add("aspect ratio", ask + QStringList{"--image-aspect-ratio", "pad"},
        "--image-aspect-ratio|ovis2_5");
    add("too large a context", ask + QStringList{"--context", "41000"},
        "41000|40960|; see argali-cli chat --help");
    add("too small a context", ask + QStringList{"--context", "8"}, "8 positions");
    add("nothing to check", {"check", m_folder.path()}, "nothing was checked");
    add("no such check", {"check", "/no/such/folder"}, "/no/such/folder");
    add("no such file", {"inspect", "/no/such/file"}, "/no/such/file");
    add("a torch file", {"inspect", file("w.bin")}, "w.bin: is not a torch file");
    write(file("w.bin"), "x");
    add("no weights file", {"inspect", file("text.png")}, "text.png");
    add("questions",
        {"eval", "-m", tiny, "--questions", "/no/q", "--images", tiny, "--answers", file("x")},
        "/no/q");
    add("no folder of pictures",
        {"eval", "--questions", "q", "--images", "/nonexist", "--answers", file("x")},
        "/nonexist|; give the folder of the questions' pictures as --images");
    add("no config", {"inspect", m_folder.path()}, "config.json|; check that it is there");
    add("no tokenizer", {"tokenize", "-m", m_folder.path()}, "tokenizer");
}

void TestCli::failsInOneLine()
{
    QFETCH(const QStringList, words);
    QFETCH(const QByteArray, parts);
    const QByteArray found = failsOtherwise(argaliCli(words), 1, parts);
    QVERIFY2(found.isEmpty(), found);
}

void TestCli::standardOutputMayBeFull()
{
    QProcess process;
    process.setStandardOutputFile("/dev/full");
    process.start(ARGALI_CLI, {"devices", "--json"});
    QVERIFY(process.waitForFinished(patience));
    QCOMPARE(process.exitCode(), 1);
    QVERIFY(process.readAllStandardError().contains("standard output cannot be written"));
}

void TestCli::inspectsAModel()
{
    const Outcome found = argaliCli({"inspect", "--json", "--verify", tiny});
    QCOMPARE(found.status, 0);
    const QJsonObject model = object(found.out);
    QCOMPARE(model["family"].toString(), "ovis2_5");
    QCOMPARE(model["context"].toInt(), 40960);
    QVERIFY(model["parameters"].toInt() > 100'000);
    QVERIFY(model["unknown_tensors"].toArray().isEmpty());
    bool hasWeights = false;
    for (const QJsonValue& value : model["files"].toArray()) {
        const QByteArray content = read(tiny + "/" + value["name"].toString());
        QCOMPARE(value["size"].toInteger(), content.size());
        QCOMPARE(value["sha256"].toString().toLatin1(),
                 QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex());
        hasWeights = hasWeights || value["name"].toString() == "model.safetensors";
    }
    QVERIFY(hasWeights);
    for (const char* type : {"f32", "bf16", "f16"}) {
        const QJsonObject memory = model["memory"][type].toObject();
        QCOMPARE(memory.keys(), (QStringList{"kv_per_token", "total", "weights", "workspace"}));
        QCOMPARE(memory["total"].toInteger(), memory["weights"].toInteger() +
                                                  memory["workspace"].toInteger() +
                                                  4096 * memory["kv_per_token"].toInteger());
    }
    QCOMPARE(model["memory"]["bf16"]["kv_per_token"].toInt() * 2,
             model["memory"]["f32"]["kv_per_token"].toInt());
    const Outcome text = argaliCli({"inspect", tiny});
    QCOMPARE(text.status, 0);
    QVERIFY(text.out.contains("ovis2_5") && text.out.contains("model.safetensors"));
}

void TestCli::inspectsAFile()
{
    const QString path = tiny + "/cases/one-image/expect.safetensors";
    const QJsonArray tensors =
        object(argaliCli({"inspect", "--json", path}).out)["tensors"].toArray();
    QCOMPARE(tensors.size(), 3);
    QCOMPARE(tensors[0]["name"].toString(), "logits");
    QCOMPARE(tensors[0]["dtype"].toString(), "f32");
    QCOMPARE(tensors[0]["shape"].toArray(), (QJsonArray{13, 600}));
    QVERIFY(!tensors[0].toObject().contains("sha256"));
    const Outcome verified = argaliCli({"inspect", "--json", "--verify", path});
    const QJsonObject logits = object(verified.out)["tensors"].toArray()[0].toObject();
    const QByteArray content = read(path);
    quint64 header = 0;
    std::memcpy(&header, content.data(), sizeof header);
    const QJsonArray offsets =
        QJsonDocument::fromJson(content.mid(8, static_cast<qsizetype>(header)))
            .object()["logits"]
            .toObject()["data_offsets"]
            .toArray();
    const QByteArray bytes =
        content.mid(static_cast<qsizetype>(8 + header) + offsets[0].toInteger(),
                    offsets[1].toInteger() - offsets[0].toInteger());
    QCOMPARE(logits["sha256"].toString().toLatin1(),
             QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
}

void TestCli::inspectFindsDamage()
{
    ModelFolder model("ovis2_5-tiny");
    std::map<std::string, Tensor> weights = model.weights();
    std::memset(weights.at("llm.model.norm.weight").raw(), 0xff, 2);
    weights["llm.model.surplus"] = hostTensor(DType::F32, {1});
    *weights["llm.model.surplus"].as<float>() = 1;
    model.writeWeights(weights);
    const QString path = QString::fromStdString(model.path().string());
    const Outcome plain = argaliCli({"inspect", "--json", path});
    QCOMPARE(plain.status, 0);
    QCOMPARE(object(plain.out)["unknown_tensors"].toArray(), QJsonArray{"llm.model.surplus"});
    for (const QString& what : {path, path + "/model.safetensors"}) {
        const QByteArray found = failsOtherwise(argaliCli({"inspect", "--verify", what}), 1,
                                                "llm.model.norm.weight|not finite");
        QVERIFY2(found.isEmpty(), found);
    }
}

void TestCli::inspectComparesWithLists()
{
    ModelFolder model("ovis2_5-tiny");
    const QString path = QString::fromStdString(model.path().string());
    const auto hash = [&](const QString& name) {
        return QCryptographicHash::hash(read(path + "/" + name), QCryptographicHash::Sha256)
            .toHex();
    };
    const QByteArray right = hash("model.safetensors") + "  model.safetensors\n";
    write(path + "/SHA256SUMS", right + hash("config.json") + "  config.json\n");
    QCOMPARE(argaliCli({"inspect", "--verify", path}).status, 0);
    write(path + "/SHA256SUMS",
          right + QByteArray(64, '0') + "  config.json\n" + QByteArray(64, '0') + "  more.json\n");
    QCOMPARE(argaliCli({"inspect", path}).status, 0);
    QByteArray found = failsOtherwise(argaliCli({"inspect", "--verify", path}), 1,
                                      "config.json: has the SHA-256|more.json: is missing|"
                                      "SHA256SUMS|; download these files again");
    QVERIFY2(found.isEmpty(), found);
    model.truncate("model.safetensors", 1000);
    found = failsOtherwise(argaliCli({"inspect", "--verify", path}), 1,
                           "model.safetensors: ends inside its header");
    QVERIFY2(found.isEmpty(), found);
}

void TestCli::findsAnInstalledModel()
{
    QTemporaryDir library;
    const std::filesystem::path folder(library.path().toStdString());
    std::filesystem::create_directory(folder / "someone");
    std::filesystem::copy(tiny.toStdString(), folder / "someone/model");
    qputenv("ARGALI_MODELS", library.path().toUtf8());
    const auto restore = qScopeGuard([] { qunsetenv("ARGALI_MODELS"); });
    QCOMPARE(argaliCli({"tokenize", "-m", "someone/model"}, "\"Hello world!\"\n").out,
             QByteArray("[513,78,387,334,550,0]\n"));
    const Outcome inspected = argaliCli({"inspect", "someone/model"});
    QCOMPARE(inspected.status, 0);
    QVERIFY2(inspected.out.contains("ovis2_5"), inspected.out);

    for (const char* name : {"someone/other", "other", "../someone/model"}) {
        const Outcome missing = argaliCli({"chat", "-m", name, "-p", "x"});
        QCOMPARE(missing.status, 1);
        QVERIFY2(missing.err.contains("does not exist"), missing.err);
        QCOMPARE(missing.err.contains(library.path().toUtf8()), name[0] != '.');
    }
}

void TestCli::tokenizesBothWays()
{
    const QByteArray input =
        "\"Hello world!\"\n\"\"\n\"<think>\\n\\u4e00 \\ud83d\\ude00\"\r\n\"last\"";
    const Outcome ids = argaliCli({"tokenize", "-m", tiny}, input);
    QCOMPARE(ids.status, 0);
    QCOMPARE(ids.out.split('\n').first(), QByteArray("[513,78,387,334,550,0]"));
    QCOMPARE(ids.out.count('\n'), 4);
    const Outcome texts = argaliCli({"tokenize", "-m", tiny, "--decode"}, ids.out);
    QCOMPARE(texts.status, 0);
    QCOMPARE(texts.out, QByteArray("\"Hello world!\"\n\"\"\n\"<think>\\n一 😀\"\n\"last\"\n"));

    // The tokenizer's files alone are enough.
    ModelFolder model("ovis2_5-tiny");
    for (const char* name : {"config.json", "generation_config.json", "model.safetensors"})
        model.remove(name);
    QCOMPARE(argaliCli({"tokenize", "-m", QString::fromStdString(model.path().string())},
                       "\"Hello world!\"\n")
                 .out,
             QByteArray("[513,78,387,334,550,0]\n"));
    QCOMPARE(argaliCli({"tokenize"}, "").status, 0);
}

void TestCli::tokenizeNamesTheLine_data()
{
    QTest::addColumn<bool>("decode");
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("no JSON") << false << QByteArray("hello");
    QTest::newRow("an empty line") << false << QByteArray("");
    QTest::newRow("a number") << false << QByteArray("5");
    QTest::newRow("half a surrogate") << false << QByteArray("\"\\ud800\"");
    QTest::newRow("not UTF-8") << false << QByteArray("\"\xff\"");
    QTest::newRow("two values") << false << QByteArray("\"a\" \"b\"");
    QTest::newRow("no array") << true << QByteArray("\"a\"");
    QTest::newRow("a text in the array") << true << QByteArray("[1, \"a\"]");
    QTest::newRow("a negative id") << true << QByteArray("[-1]");
    QTest::newRow("a fraction") << true << QByteArray("[1.5]");
    QTest::newRow("beyond all") << true << QByteArray("[18446744073709551615]");
    QTest::newRow("beyond the vocabulary") << true << QByteArray("[1, 600000]");
}

void TestCli::tokenizeNamesTheLine()
{
    QFETCH(const bool, decode);
    QFETCH(const QByteArray, line);
    const Outcome found =
        decode ? argaliCli({"tokenize", "-m", tiny, "--decode"}, "[1]\n" + line + "\n")
               : argaliCli({"tokenize", "-m", tiny}, "\"a\"\n" + line + "\n");
    QCOMPARE(found.status, 1);
    QCOMPARE(found.out.count('\n'), 1); // the first line's answer stands
    QVERIFY2(found.err.count('\n') == 1 && found.err.contains("line 2"), found.err);
}

void TestCli::listsDevices()
{
    const Outcome found = argaliCli({"devices", "--json"});
    QCOMPARE(found.status, 0);
    const QList<QJsonObject> devices = objects(found.out);
    QVERIFY(!devices.isEmpty());
    QCOMPARE(devices[0]["id"].toString(), "cpu");
    for (const QJsonObject& device : devices)
        QCOMPARE(device.keys(),
                 (QStringList{"clock_mhz", "driver", "free_memory", "id", "instruction_sets",
                              "memory", "memory_clock_mhz", "name", "power_cap_watts", "threads"}));
    QVERIFY(devices[0]["threads"].toInt() >= 1);
    QVERIFY(argaliCli({"devices"}).out.startsWith("cpu: "));
}

void TestCli::devicesLooksAtWhatIsForced()
{
    qputenv("ARGALI_ISA", "abacus");
    const Outcome found = argaliCli({"devices"});
    qunsetenv("ARGALI_ISA");
    const QByteArray otherwise =
        failsOtherwise(found, 1, "abacus|; leave it out or choose one of |scalar");
    QVERIFY2(otherwise.isEmpty() && !found.err.contains("argali-cli devices lists"), found.err);
}

void TestCli::benchReports()
{
    const Outcome found = argaliCli({"bench", "-m", tiny, "--image", "64x64", "--prompt", "8",
                                     "--generate", "2", "--runs", "1", "--json"});
    QVERIFY2(found.status == 0, found.err);
    QCOMPARE(found.out.count('\n'), 1);
    const QJsonObject report = object(found.out);
    for (const char* key :
         {"device", "isa", "threads", "model", "dtype", "limits", "phases", "peak_memory_bytes"})
        QVERIFY2(report.contains(key), key);
    QVERIFY(report["limits"]["read_gb_s"].toDouble() > 0);
    QVERIFY(report["limits"]["matrix_gflop_s"].toDouble() > 0);
    QVERIFY(report["peak_memory_bytes"].toInteger() > 1'000'000);
    QStringList names;
    for (const QJsonValue& phase : report["phases"].toArray()) {
        names << phase["phase"].toString();
        for (const char* key : {"median_ms", "tokens_per_second", "bytes", "operations", "limit",
                                "fraction_of_limit"})
            QVERIFY2(phase.toObject().contains(key), key);
        QVERIFY(phase["median_ms"].toDouble() > 0);
        const bool isToken = names.last() == "prefill" || names.last() == "decode";
        QCOMPARE(phase["tokens_per_second"].isDouble(), isToken);
        QCOMPARE(phase["fraction_of_limit"].isNull(), phase["limit"].toString() == "none");
    }
    QCOMPARE(names, (QStringList{"decode_media", "preprocess", "vision", "projector", "prefill",
                                 "decode"}));
}

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
