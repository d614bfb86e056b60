// argali-cli chat.

#include <csignal>
#include <cstring>

#include <nlohmann/json.hpp>

#include <QJsonArray>
#include <QtTest>

#include "tests/support/argalicli.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

class TestCliChat final : public QObject {
    Q_OBJECT
private slots:
    void answersTruly();
    void answersTrulyInChinese();
    void answersInJson();
    void takesAFilm();
    void halfAFilmIsRefused();
    void holdsAConversation();
    void aConversationEndsAtItsFirstFailure();
    void refusesTextThatIsNotUtf8_data();
    void refusesTextThatIsNotUtf8();
    void noticesWeightsThatAreCut();
    void sumsUpUnusedTensors();
    void refusesTimesBehindTheFilm();
    void aMegabyteIsRefusedWithNumbers();
    void drawsTheSameWithTheSameSeed();
    void budgetIsKept();
    void thinkingThatWasNeverOpened();
    void brokenModels_data();
    void brokenModels();
    void interruptsAtThePrompt();
    void interruptsAnAnswer();
};

void TestCliChat::answersTruly()
{
    // The samples' questions are those that the embedded model answers right.
    const QJsonArray all = QJsonDocument::fromJson(read(samples + "samples.json")).array();
    QVERIFY(all.size() > 1);
    for (const int i : {0, 1}) {
        const QJsonObject sample = all[i].toObject();
        const QJsonObject first = sample["questions"].toArray()[0].toObject();
        const Outcome found = argaliCli({"chat", "--image", samples + sample["file"].toString(),
                                         "-p", first["question"].toString()});
        QCOMPARE(found.status, 0);
        QCOMPARE(QString::fromUtf8(found.out), first["answer"].toString() + "\n");
        QVERIFY2(found.err.contains("tokens/s") && found.err.count('\n') == 1, found.err);
    }
}

/// The Chinese window asks these.
void TestCliChat::answersTrulyInChinese()
{
    int asked = 0;
    const QJsonArray all = QJsonDocument::fromJson(read(samples + "samples.json")).array();
    for (const QJsonValue& entry : all) {
        const QJsonObject sample = entry.toObject();
        const QString kind = sample["kind"] == "video" ? "--video" : "--image";
        for (const QJsonValue& each : sample["questions_zh_CN"].toArray()) {
            const QJsonObject question = each.toObject();
            const Outcome found = argaliCli({"chat", kind, samples + sample["file"].toString(),
                                             "-p", question["question"].toString()});
            QCOMPARE(found.status, 0);
            QCOMPARE(QString::fromUtf8(found.out), question["answer"].toString() + "\n");
            ++asked;
        }
    }
    QVERIFY(asked > 8);
}

void TestCliChat::answersInJson()
{
    const Outcome found =
        argaliCli({"chat", "--json", "--think", "--image", samples + "objects.png", "-p",
                   "What shape is the green object?"});
    QCOMPARE(found.status, 0);
    QCOMPARE(found.out.count('\n'), 1);
    QVERIFY2(found.err.isEmpty(), found.err);
    QCOMPARE(keys(found.out),
             (QStringList{"finish_reason", "text", "thinking", "timings", "usage"}));
    const QJsonObject answer = object(found.out);
    QCOMPARE(answer["finish_reason"].toString(), "stop");
    QVERIFY(!answer["thinking"].toString().isEmpty());
    QVERIFY(!answer["thinking"].toString().contains("think>"));
    QCOMPARE(answer["usage"].toObject().keys(), (QStringList{"completion_tokens", "prompt_tokens",
                                                             "thinking_tokens", "visual_tokens"}));
    QCOMPARE(answer["timings"].toObject().keys(),
             (QStringList{"decode_media_ms", "decode_ms", "decode_tokens_per_second",
                          "first_token_ms", "load_ms", "prefill_ms", "vision_ms"}));
    QVERIFY(answer["usage"].toObject()["visual_tokens"].toInt() > 30);
    QVERIFY(answer["timings"].toObject()["load_ms"].toDouble() > 0);
}

void TestCliChat::takesAFilm()
{
    const QStringList ask = {
        "chat", "--json", "--video", samples + "appear.mp4", "-p", "What happens in the film?"};
    const auto visualTokens = [&](const QStringList& more) {
        const Outcome found = argaliCli(ask + more);
        return found.status == 0 ? object(found.out)["usage"].toObject()["visual_tokens"].toInt()
                                 : -1;
    };
    const int four = visualTokens({"--frames", "4"});
    QVERIFY(four > 2);
    QCOMPARE(visualTokens({}), (four - 2) * 2 + 2); // 8 frames, and the two markers
    QCOMPARE(visualTokens({"--at", "0,0.5"}), (four - 2) / 2 + 2);
}

void TestCliChat::halfAFilmIsRefused()
{
    QTemporaryDir folder;
    const QByteArray whole = read(dataFolder + "/media/index_first.mp4");
    QFile half(folder.filePath("half.mp4"));
    QVERIFY(half.open(QIODevice::WriteOnly));
    half.write(whole.left(whole.size() / 2));
    half.close();
    const QStringList ask = {"chat", "--video", half.fileName(), "-p", "What happens?"};
    const QByteArray found = failsOtherwise(
        argaliCli(ask), 1, "half.mp4: frame 50 of 200|2.00 s|cut short|get the file again");
    QVERIFY2(found.isEmpty(), found);
    QCOMPARE(argaliCli(ask + QStringList{"--at", "0,0.5,1"}).status, 0); // these are there
}

void TestCliChat::holdsAConversation()
{
    const QByteArray input =
        "\n   \n/think off\n/image " + (samples + "objects.png").toUtf8() +
        "\nWhat shape is the green object?\nCount the objects. Answer in one word.\n"
        "/new\nHello\n/quit\nnever read\n";
    const Outcome found = argaliCli({"chat"}, input);
    QCOMPARE(found.status, 0);
    const QList<QByteArray> answers = found.out.trimmed().split('\n');
    QCOMPARE(answers.size(), 3);
    QCOMPARE(answers[0], QByteArray("The green object is a cross."));
    QVERIFY(!answers[2].isEmpty());
    QVERIFY(found.err.contains("goes with the next question"));

    const Outcome json = argaliCli({"chat", "--json", "--image", samples + "objects.png"},
                                   "What shape is the green object?\n//help\n");
    QCOMPARE(json.status, 0);
    const QList<QJsonObject> lines = objects(json.out);
    QCOMPARE(lines.size(), 2);
    QCOMPARE(lines[0]["text"].toString(), "The green object is a cross.");
    const auto visual = [&](int i) {
        return lines[i]["usage"].toObject()["visual_tokens"].toInt();
    };
    QVERIFY(visual(0) > 0);
    QCOMPARE(visual(1), visual(0)); // the picture belongs to the first question and stays with it
}

void TestCliChat::aConversationEndsAtItsFirstFailure()
{
    for (const QByteArray line :
         {"/image /no/such.png", "/bogus", "/think maybe", "/image", "/video x.mp4"}) {
        const QByteArray found =
            failsOtherwise(argaliCli({"chat", "-m", tiny}, line + "\nHello\n"), 1, "");
        QVERIFY2(found.isEmpty(), found);
    }
}

void TestCliChat::refusesTextThatIsNotUtf8_data()
{
    QTest::addColumn<QString>("words"); // as a shell reads them: QProcess takes no other bytes
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("parts");
    const QByteArray todo = "|convert the text to UTF-8";
    QTest::newRow("-p") << R"sh(-p "$(printf '\377\376 hi')")sh" << QByteArray()
                        << "-p is not UTF-8 at byte 0" + todo;
    QTest::newRow("cut") << R"sh(-p "$(printf 'what \347\272')")sh" << QByteArray()
                         << "-p is not UTF-8 at byte 5" + todo;
    QTest::newRow("--system") << R"sh(-p hi --system "$(printf 'ok\300')")sh" << QByteArray()
                              << "--system is not UTF-8 at byte 2" + todo;
    QTest::newRow("a line") << "" << QByteArray("\n what \xe7\xba?\n")
                            << "standard input, line 2 is not UTF-8 at byte 6" + todo;
}

void TestCliChat::refusesTextThatIsNotUtf8()
{
    QFETCH(const QString, words);
    QFETCH(const QByteArray, input);
    QFETCH(const QByteArray, parts);
    QProcess process;
    process.start("/bin/sh", {"-c", "exec \"$0\" chat -m \"$1\" " + words, ARGALI_CLI, tiny});
    process.write(input);
    process.closeWriteChannel();
    QVERIFY(process.waitForFinished(patience));
    const Outcome outcome{process.exitCode(), process.readAllStandardOutput(),
                          process.readAllStandardError()};
    const QByteArray found = failsOtherwise(outcome, 1, parts);
    QVERIFY2(found.isEmpty(), found);
}

void TestCliChat::noticesWeightsThatAreCut()
{
    ModelFolder model("ovis2_5-tiny");
    QProcess process;
    process.start(ARGALI_CLI, {"chat", "-m", QString::fromStdString(model.path().string()),
                               "--greedy", "--max-new-tokens", "2", "--json"});
    process.write("Hello\n");
    while (!process.canReadLine())
        QVERIFY(process.waitForReadyRead(patience));
    process.readAllStandardOutput();
    model.truncate("model.safetensors", 4096);
    process.write("Hello again\n");
    process.closeWriteChannel();
    QVERIFY(process.waitForFinished(patience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    const Outcome outcome{process.exitCode(), process.readAllStandardOutput(),
                          process.readAllStandardError()};
    const QByteArray found = failsOtherwise(
        outcome, 1, "model.safetensors: was cut from|to 4096 bytes|download it again");
    QVERIFY2(found.isEmpty(), found);
}

void TestCliChat::sumsUpUnusedTensors()
{
    ModelFolder model("ovis2_5-tiny");
    std::map<std::string, Tensor> weights = model.weights();
    for (const char* name : {"llm.model.c", "llm.model.a", "llm.model.b"})
        weights[name] = weights.at("llm.model.norm.weight");
    model.writeWeights(weights);
    const QStringList ask = {"chat",
                             "-m",
                             QString::fromStdString(model.path().string()),
                             "--greedy",
                             "--max-new-tokens",
                             "2",
                             "-p",
                             "Hi"};
    QStringList askPlain = ask;
    askPlain[2] = tiny;
    const Outcome plain = argaliCli(askPlain);
    const Outcome found = argaliCli(ask);
    QCOMPARE(found.status, 0);
    QCOMPARE(found.out, plain.out);
    QVERIFY2(found.err.count('\n') == 2 && found.err.count("warning: ") == 1 &&
                 found.err.contains("3 tensors are not used, the first: \"llm.model.a\""),
             found.err);
    // An error is the only line.
    const QByteArray failure =
        failsOtherwise(argaliCli(ask + QStringList{"--context", "8"}), 1, "8");
    QVERIFY2(failure.isEmpty(), failure);
}

void TestCliChat::refusesTimesBehindTheFilm()
{
    const QString film = dataFolder + "/media/index_first.mp4"; // 200 frames in 8 s
    const QStringList ask = {"chat", "-m", tiny, "--greedy", "--max-new-tokens",
                             "1",    "-p", "?",  "--video",  film};
    const QByteArray found = failsOtherwise(argaliCli(ask + QStringList{"--at", "0,99"}), 1,
                                            "index_first.mp4|at 99 s|lasts 8 s|choose times");
    QVERIFY2(found.isEmpty(), found);
    QCOMPARE(argaliCli(ask + QStringList{"--at", "8.05"}).status, 1);
    QCOMPARE(argaliCli(ask + QStringList{"--at", "7.96,8,8.04"}).status, 0);
}

void TestCliChat::aMegabyteIsRefusedWithNumbers()
{
    const QByteArray found =
        failsOtherwise(argaliCli({"chat", "-m", tiny},
                                 QByteArray("all work and no play ").repeated(50'000) + "\n"),
                       1, "40960");
    QVERIFY2(found.isEmpty(), found);
}

void TestCliChat::drawsTheSameWithTheSameSeed()
{
    const auto draw = [](const char* seed) {
        return object(argaliCli({"chat", "-m", tiny, "--temperature", "2", "--top-k", "0", "--seed",
                                 seed, "--max-new-tokens", "20", "--json", "-p", "Hi"})
                          .out)["text"]
            .toString();
    };
    QVERIFY(!draw("1").isEmpty());
    QCOMPARE(draw("1"), draw("1"));
    QVERIFY(draw("1") != draw("2"));
}

void TestCliChat::budgetIsKept()
{
    const Outcome found =
        argaliCli({"chat", "-m", tiny, "--think", "--thinking-budget", "5", "--max-new-tokens",
                   "60", "--greedy", "--json", "-p", "Describe this image in detail."});
    QCOMPARE(found.status, 0);
    const QJsonObject usage = object(found.out)["usage"].toObject();
    QCOMPARE(usage["thinking_tokens"].toInt(), 5);
    QVERIFY(usage["completion_tokens"].toInt() <= 60);
    QVERIFY(object(found.out)["thinking"].toString().contains("Considering the limited time"));
}

/// This model writes no opening marker; what it thinks must not stand before its answer.
void TestCliChat::thinkingThatWasNeverOpened()
{
    const QStringList ask = {"chat",
                             "-m",
                             tiny,
                             "--think",
                             "--max-new-tokens",
                             "60",
                             "--greedy",
                             "-p",
                             "Describe this image in detail."};
    for (const QStringList& more :
         {QStringList{"--thinking-budget", "5"}, QStringList{"--max-new-tokens", "4"}}) {
        QStringList words = ask;
        if (more.front() == "--max-new-tokens")
            words.remove(words.indexOf("--max-new-tokens"), 2); // it ends before anything is closed
        const QJsonObject answer = object(argaliCli(words + more + QStringList{"--json"}).out);
        const Outcome found = argaliCli(words + more);
        QCOMPARE(found.status, 0);
        QCOMPARE(QString::fromUtf8(found.out), answer["text"].toString() + "\n");
        const QString thinking = answer["thinking"].toString();
        QCOMPARE(thinking.isEmpty(), more.front() == "--max-new-tokens");
        QVERIFY2(QString::fromUtf8(found.err).startsWith(thinking), found.err);
    }
}

void TestCliChat::brokenModels_data()
{
    QTest::addColumn<QString>("damage");
    QTest::addColumn<QByteArray>("parts");
    QTest::newRow("no config") << "no config" << QByteArray("config.json");
    QTest::newRow("config is no JSON") << "config" << QByteArray("config.json");
    QTest::newRow("another family") << "family" << QByteArray("model_type|gpt|supported");
    QTest::newRow("no weights") << "no weights" << QByteArray("safetensors");
    QTest::newRow("torn weights") << "torn" << QByteArray("model.safetensors");
    QTest::newRow("a tensor of another shape") << "shape" << QByteArray("llm.model.norm.weight");
    QTest::newRow("a tensor is missing") << "missing" << QByteArray("llm.model.norm.weight");
    QTest::newRow("weights that are no numbers") << "nan" << QByteArray("down_proj");
    QTest::newRow("no tokenizer") << "no tokenizer" << QByteArray("tokenizer");
}

void TestCliChat::brokenModels()
{
    QFETCH(const QString, damage);
    QFETCH(const QByteArray, parts);
    ModelFolder model("ovis2_5-tiny");
    const QString path = QString::fromStdString(model.path().string());
    if (damage == "no config") {
        model.remove("config.json");
    } else if (damage == "config") {
        write(path + "/config.json", "{\"model_type\": ");
    } else if (damage == "family") {
        model.changeJson("config.json", [](nlohmann::json& json) { json["model_type"] = "gpt"; });
    } else if (damage == "no weights") {
        model.remove("model.safetensors");
    } else if (damage == "torn") {
        model.truncate("model.safetensors", 1'000'000);
    } else if (damage == "no tokenizer") {
        for (const char* name : {"tokenizer.json", "vocab.json", "merges.txt"})
            model.remove(name);
    } else {
        std::map<std::string, Tensor> weights = model.weights();
        if (damage == "shape")
            weights["llm.model.norm.weight"] = weights.at("llm.model.norm.weight").rows(0, 7);
        else if (damage == "missing")
            weights.erase("llm.model.norm.weight");
        else
            std::memset(weights.at("llm.model.layers.1.mlp.down_proj.weight").raw(), 0xff, 64);
        model.writeWeights(weights);
    }
    const QByteArray found = failsOtherwise(argaliCli({"chat", "-m", path, "-p", "Hi"}), 1, parts);
    QVERIFY2(found.isEmpty(), found);
}

void TestCliChat::interruptsAtThePrompt()
{
    QProcess process;
    process.start(ARGALI_CLI, {"chat", "--json", "--greedy", "--max-new-tokens", "2"});
    process.write("Hello\n");
    while (!process.canReadLine())
        QVERIFY(process.waitForReadyRead(patience));
    QTest::qWait(200); // it waits for the next question now
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(patience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
}

void TestCliChat::interruptsAnAnswer()
{
    // A picture so large that looking at it takes seconds.
    QProcess process;
    process.start(ARGALI_CLI,
                  {"chat", "-m", tiny, "--image", samples + "objects.png", "--min-pixels",
                   "9000000", "--max-pixels", "9500000", "-p", "What?"});
    QVERIFY(process.waitForStarted(patience));
    QTest::qWait(1000);
    QCOMPARE(process.state(), QProcess::Running);
    QElapsedTimer timer;
    timer.start();
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(patience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
    QVERIFY2(timer.elapsed() < 10'000,
             QByteArray::number(timer.elapsed())); // without it: far longer
    const QByteArray statistics = process.readAllStandardError();
    QVERIFY2(statistics.contains("0 written; interrupted"), statistics); // and no times of tokens
}

QTEST_GUILESS_MAIN(TestCliChat)
#include "tst_clichat.moc"
