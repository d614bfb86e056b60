// argali-cli eval, from a file of questions to a file of answers.

#include <csignal>

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

#include "tests/support/argalicli.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

class TestCliEvalRun final : public QObject {
    Q_OBJECT
private slots:
    void evaluatesAndResumes();
    void evaluationIsInterrupted();
    void evaluatesTheOtherForm();
    void aBadPictureEndsOneQuestion();
    void namesTheLineThatIsNotUtf8();

private:
    QString file(const QString& name) const { return m_folder.filePath(name); }

    QTemporaryDir m_folder;
};

void TestCliEvalRun::evaluatesAndResumes()
{
    write(file("q.jsonl"),
          "{\"id\": \"a\", \"images\": [\"objects.png\"], \"question\": \"What shape is the green "
          "object?\", \"answers\": "
          "[\"the green object is a cross\"], \"type\": \"shape\", \"thinking\": false}\n"
          "{\"id\": \"b\", \"images\": [\"objects.png\"], \"history\": [[\"What shape is the green "
          "object?\", \"A cross.\"]], "
          "\"question\": \"Count the objects. Answer in one word.\", \"answers\": [\"17\"], "
          "\"type\": \"count\", \"thinking\": true}\n"
          "{\"id\": \"c\", \"question\": \"Hello\"}\n");
    const QStringList command = {"eval",  "--questions", file("q.jsonl"), "--images",
                                 samples, "--answers",   file("a.jsonl"), "--json"};
    const Outcome first = argaliCli(command);
    QVERIFY2(first.status == 0, first.err);
    QCOMPARE(first.out, QByteArray("{\"questions\":3,\"right\":1,\"accuracy\":0.5,\"types\":{"
                                   "\"count\":{\"n\":1,\"right\":0},"
                                   "\"shape\":{\"n\":1,\"right\":1}}}\n"));
    const QByteArray answers = read(file("a.jsonl"));
    const QList<QJsonObject> rows = objects(answers);
    QCOMPARE(rows.size(), 3);
    QCOMPARE(keys(answers.split('\n').first()),
             (QStringList{"id", "text", "thinking", "timings", "usage"}));
    QVERIFY(rows[0]["thinking"].toString().isEmpty());
    QVERIFY(!rows[1]["thinking"].toString().isEmpty());

    // Nothing is asked again: the same summary from the same bytes.
    const Outcome again = argaliCli(command);
    QCOMPARE(again.out, first.out);
    QCOMPARE(read(file("a.jsonl")), answers);

    // A crash tore the second line: what is whole is kept, the rest is asked again.
    const qsizetype line = answers.indexOf('\n') + 1;
    write(file("a.jsonl"), answers.left(line + 30));
    QCOMPARE(argaliCli(command).out, first.out);
    const QByteArray mended = read(file("a.jsonl"));
    QCOMPARE(mended.left(line), answers.left(line));
    QCOMPARE(objects(mended).size(), 3);
    QCOMPARE(objects(mended)[1]["text"], rows[1]["text"]);

    QFile::remove(file("a.jsonl"));
    QCOMPARE(argaliCli(command + QStringList{"--no-think"}).status, 0);
    QVERIFY(objects(read(file("a.jsonl")))[1]["thinking"].toString().isEmpty());
}

void TestCliEvalRun::evaluationIsInterrupted()
{
    ModelFolder slow("ovis2_5-tiny");
    slow.changeJson("preprocessor_config.json", [](nlohmann::json& json) {
        json["min_pixels"] = 9'000'000;
        json["max_pixels"] = 9'500'000;
    });
    write(file("slow.jsonl"), "{\"id\": 1, \"question\": \"Hi\"}\n{\"id\": 2, \"images\": "
                              "[\"objects.png\"], \"question\": \"What?\"}\n");
    const QStringList rest = {"--questions", file("slow.jsonl"),   "--images",         samples,
                              "--answers",   file("slow-a.jsonl"), "--max-new-tokens", "4"};
    QProcess process;
    process.start(ARGALI_CLI,
                  QStringList{"eval", "-m", QString::fromStdString(slow.path().string())} + rest);
    QTRY_VERIFY_WITH_TIMEOUT(read(file("slow-a.jsonl")).contains('\n'), patience);
    QTest::qWait(300); // it is looking at the picture now
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(patience));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
    QVERIFY(process.readAllStandardOutput().isEmpty());
    QVERIFY(process.readAllStandardError().contains("interrupted with 1 of 2 questions answered"));
    const QByteArray done = read(file("slow-a.jsonl"));
    QCOMPARE(done.count('\n'), 1);

    const Outcome resumed =
        argaliCli(QStringList{"eval", "-m", tiny} + rest); // quicker with the usual bounds
    QVERIFY2(resumed.status == 0, resumed.err);
    QVERIFY(read(file("slow-a.jsonl")).startsWith(done));
    QCOMPARE(read(file("slow-a.jsonl")).count('\n'), 2);
}

void TestCliEvalRun::evaluatesTheOtherForm()
{
    write(file("llava.jsonl"), "{\"question_id\": 5, \"image\": \"objects.png\", \"text\": \"What "
                               "shape is the green object?\", "
                               "\"category\": \"conv\"}\n");
    const Outcome found = argaliCli({"eval", "--questions", file("llava.jsonl"), "--images",
                                     samples, "--answers", file("llava-a.jsonl"), "--json"});
    QVERIFY2(found.status == 0, found.err);
    QCOMPARE(found.out,
             QByteArray("{\"questions\":1,\"right\":0,\"accuracy\":null,\"types\":{}}\n"));
    const QJsonObject row = objects(read(file("llava-a.jsonl"))).value(0);
    QCOMPARE(row["question_id"].toInt(), 5);
    QCOMPARE(row["text"].toString(), "The green object is a cross.");
}

void TestCliEvalRun::aBadPictureEndsOneQuestion()
{
    const QString pictures = file("pictures");
    QDir().mkpath(pictures);
    write(pictures + "/good.png", read(samples + "objects.png"));
    write(pictures + "/bad.png", read(samples + "objects.png").left(300));
    write(file("bad.jsonl"),
          "{\"id\": 1, \"images\": [\"bad.png\"], \"question\": \"x\"}\n"
          "{\"id\": 2, \"images\": [\"none.png\"], \"question\": \"x\"}\n"
          "{\"id\": 3, \"images\": [\"good.png\"], \"question\": \"x\", \"answers\": [\"y\"]}\n");
    const QStringList command = {"eval",   "--questions", file("bad.jsonl"),   "--images",
                                 pictures, "--answers",   file("bad-a.jsonl"), "--json"};
    const Outcome first = argaliCli(command);
    QCOMPARE(first.status, 1);
    QCOMPARE(object(first.out)["questions"].toInt(), 1);
    QVERIFY2(first.err.count('\n') == 3 && first.err.contains("question 1: ") &&
                 first.err.contains("none.png") &&
                 first.err.contains("2 of 3 questions could not be asked"),
             first.err);
    const QByteArray done = read(file("bad-a.jsonl"));
    QCOMPARE(objects(done).size(), 1);
    QCOMPARE(objects(done)[0]["id"].toInt(), 3);

    write(pictures + "/bad.png", read(samples + "objects.png"));
    write(pictures + "/none.png", read(samples + "objects.png"));
    const Outcome second = argaliCli(command);
    QVERIFY2(second.status == 0 && second.err.isEmpty(), second.err);
    QVERIFY(read(file("bad-a.jsonl")).startsWith(done));
    QCOMPARE(objects(read(file("bad-a.jsonl"))).size(), 3);
}

void TestCliEvalRun::namesTheLineThatIsNotUtf8()
{
    write(file("latin.jsonl"), "{\"id\": 1, \"question\": \"x\"}\n{\"id\": \"\xe9\"}\n");
    const QByteArray found =
        failsOtherwise(argaliCli({"eval", "--questions", file("latin.jsonl"), "--images", samples,
                                  "--answers", file("latin-a.jsonl")}),
                       1, "latin.jsonl, line 2 is not UTF-8 at byte 8");
    QVERIFY2(found.isEmpty(), found);
}

QTEST_GUILESS_MAIN(TestCliEvalRun)
#include "tst_clievalrun.moc"
