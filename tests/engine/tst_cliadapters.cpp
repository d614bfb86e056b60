// Adapters on the command line: added up in a chat, one of them alone, the same for questions and
// for a bench, and a merge that runs into a limit.
#include <QTemporaryDir>
#include <QtTest>

#include "engine/engine.h"
#include "tests/support/argalicli.h"

using namespace argali;
using namespace argali::test;

namespace {

const QString model = dataFolder + "/llava_1_5-tiny-original";
const QString lora = dataFolder + "/adapters/llava-tiny-lora";
const QString other = dataFolder + "/adapters/llava-tiny-lora-rslora";
const QString projector = dataFolder + "/adapters/llava-tiny-projector";

/// What the engine answers with all of these.
QString answerOf(const QStringList& adapters)
{
    OpenOptions options;
    options.device = "cpu";
    options.dtype = DType::F32;
    for (const QString& adapter : adapters)
        options.adapters.push_back({adapter.toStdString(), {}, {}, {}});
    const std::unique_ptr<Model> opened = openModel(model.toStdString(), options, {});
    ContentItem item;
    item.text = "What is this?";
    ChatRequest request;
    request.messages = {{Message::Role::User, {item}}};
    request.maxNewTokens = 8;
    request.sampling = Sampling{};
    request.moreAdapters = opened->adapters();
    return QString::fromStdString(opened->generate(request, {}, {}, {}).text);
}

QStringList with(const QStringList& adapters)
{
    QStringList words;
    for (const QString& adapter : adapters)
        words << "--adapter" << adapter;
    return words;
}

} // namespace

class TestCliAdapters final : public QObject {
    Q_OBJECT
private slots:
    void addsThemUp();
    void choosesInAConversation();
    void namesWhatCannotBeAdded();
    void evaluatesWithThem();
    void benchesWithThem();
    void mergesWithinALimit();
    void adaptersAreNoModels_data();
    void adaptersAreNoModels();
};

void TestCliAdapters::addsThemUp()
{
    const QString sum = answerOf({lora, other});
    QVERIFY(sum != answerOf({lora}) && sum != answerOf({other}));
    const QStringList words{
        "chat", "-m", model, "-p", "What is this?", "--greedy", "--max-new-tokens", "8", "--json"};
    const Outcome both = argaliCli(words + with({lora, other}));
    QVERIFY2(both.status == 0, both.err);
    QCOMPARE(object(both.out)["text"].toString(), sum);
    QCOMPARE(object(argaliCli(words + with({lora})).out)["text"].toString(), answerOf({lora}));
}

void TestCliAdapters::choosesInAConversation()
{
    const QStringList words{"chat", "-m", model, "--greedy", "--max-new-tokens", "8", "--json"};
    QByteArray lines;
    for (const char* choice :
         {"", "/adapter llava-tiny-lora-rslora\n", "/adapter none\n", "/adapter all\n"})
        lines += QByteArray("/new\n") + choice + "What is this?\n";
    const Outcome chat = argaliCli(words + with({lora, other}), lines);
    QVERIFY2(chat.status == 0, chat.err);
    QStringList texts;
    for (const QJsonObject& answer : objects(chat.out))
        texts << answer["text"].toString();
    QCOMPARE(texts, (QStringList{answerOf({lora, other}), answerOf({other}), answerOf({}),
                                 answerOf({lora, other})}));
    const Outcome unknown = argaliCli(words + with({lora, other}), "/adapter nobody\n");
    QCOMPARE(failsOtherwise(unknown, 1,
                            "no adapter is called \"nobody\"|\"llava-tiny-lora\", |all and none"),
             QByteArray());
}

void TestCliAdapters::namesWhatCannotBeAdded()
{
    const QStringList words{"chat", "-m", model, "-p", "What is this?"};
    QCOMPARE(
        failsOtherwise(argaliCli(words + with({lora, projector})), 1,
                       "llava-tiny-projector both replace the tensor|; use one of them at a time"),
        QByteArray());
}

void TestCliAdapters::evaluatesWithThem()
{
    const QTemporaryDir folder;
    const auto file = [&](const char* name) { return folder.filePath(QString::fromUtf8(name)); };
    write(file("q.jsonl"), "{\"id\": \"a\", \"question\": \"What is this?\"}\n");
    const QStringList words{"eval",
                            "-m",
                            model,
                            "--questions",
                            file("q.jsonl"),
                            "--images",
                            dataFolder,
                            "--max-new-tokens",
                            "8",
                            "--answers"};
    for (const QStringList& adapters : {QStringList{}, {lora}, {lora, other}}) {
        const QString answers = file("a") + QString::number(adapters.size());
        const Outcome outcome = argaliCli(words + QStringList{answers} + with(adapters));
        QVERIFY2(outcome.status == 0, outcome.err);
        QCOMPARE(object(read(answers))["text"].toString(), answerOf(adapters));
    }
}

void TestCliAdapters::benchesWithThem()
{
    const QStringList words{"bench", "-m",     model, "--prompt", "20",    "--generate",
                            "3",     "--runs", "1",   "--image",  "64x64", "--json"};
    double before = 0;
    for (const QStringList& adapters : {QStringList{}, {lora}, {lora, other}}) {
        const Outcome bench = argaliCli(words + with(adapters));
        QVERIFY2(bench.status == 0, bench.err);
        double operations = 0;
        for (const QJsonValue& phase : object(bench.out)["phases"].toArray())
            if (phase["phase"] == "prefill")
                operations = phase["operations"].toDouble();
        QVERIFY(operations > before); // what they add is counted
        before = operations;
        QString name = "llava_1_5-tiny-original";
        for (const QString& adapter : adapters)
            name += '+' + adapter.section('/', -1);
        QCOMPARE(object(bench.out)["model"].toString(), name);
    }
}

void TestCliAdapters::mergesWithinALimit()
{
    // A limit of files as a shell sets it, in the place of a full disk: one line, no trace.
    const QTemporaryDir folder;
    QProcess process;
    process.start("/bin/sh", {"-c", "ulimit -f 100; exec \"$@\"", "sh", ARGALI_CLI, "merge", "-m",
                              model, "--adapter", lora, "--to", folder.filePath("merged")});
    QVERIFY(process.waitForFinished(patience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    const Outcome outcome{process.exitCode(), process.readAllStandardOutput(),
                          process.readAllStandardError()};
    QCOMPARE(failsOtherwise(outcome, 1,
                            ".safetensors: cannot be written (File too large); free some space"),
             QByteArray());
    QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot),
             QStringList());
    // Without the limit it is there, and answers.
    const Outcome merged =
        argaliCli({"merge", "-m", model, "--adapter", lora, "--to", folder.filePath("merged")});
    QVERIFY2(merged.status == 0, merged.err);
    const Outcome again =
        argaliCli({"merge", "-m", model, "--adapter", other, "--to", folder.filePath("merged")});
    QCOMPARE(
        failsOtherwise(again, 1, "merged: is there already; give a folder that does not exist"),
        QByteArray());
    QCOMPARE(argaliCli({"inspect", folder.filePath("merged")}).status, 0);
}

void TestCliAdapters::adaptersAreNoModels_data()
{
    QTest::addColumn<QString>("folder");
    for (const char* folder :
         {"adapters/llava-tiny-lora", "adapters/internvl2-llm", "adapters/llava-tiny-projector",
          "adapters/llava-tiny-hf-peft", "chatglm2-ptuning", "chatglm2-ptuning-projection"})
        QTest::newRow(folder) << folder;
}

void TestCliAdapters::adaptersAreNoModels()
{
    QFETCH(QString, folder);
    const Outcome outcome = argaliCli({"chat", "-m", dataFolder + "/" + folder, "-p", "?"});
    QCOMPARE(failsOtherwise(
                 outcome, 1,
                 "; give this folder as --adapter, and the model that it was trained on as -m"),
             QByteArray());
}

QTEST_GUILESS_MAIN(TestCliAdapters)
#include "tst_cliadapters.moc"
