// argali-cli check.

#include <QTemporaryDir>

#include <QtTest>
#include <nlohmann/json.hpp>

#include "tests/support/argalicli.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

namespace {

/// A case of the tiny model in a folder of its own, whose case.json can be changed.
QString copyCase(ModelFolder& model, const QString& name,
                 const std::function<void(nlohmann::json&)>& change)
{
    const QString folder = QString::fromStdString((model.path() / "cases").string()) + "/" + name;
    QDir().mkpath(folder);
    for (const QFileInfo& file : QDir(tiny + "/cases/" + name).entryInfoList(QDir::Files))
        QFile::copy(file.filePath(), folder + "/" + file.fileName());
    nlohmann::json value = nlohmann::json::parse(read(folder + "/case.json").toStdString());
    change(value);
    QFile::remove(folder + "/case.json");
    write(folder + "/case.json", QByteArray::fromStdString(value.dump()));
    return folder;
}

} // namespace

class TestCliCheck final : public QObject {
    Q_OBJECT
private slots:
    void checksCases();
    void checksVectors();
    void checkFailsWhereResultsDiffer();
    void checkSurvivesHostileCases_data();
    void checkSurvivesHostileCases();
    void checkNamesWhatItSkips();
    void adviceFitsWhatFailed();

private:
    QString file(const QString& name) const { return m_folder.filePath(name); }

    QTemporaryDir m_folder;
};

void TestCliCheck::checksCases()
{
    for (const QString type : {"f32", "bf16", "f16"}) {
        const Outcome found =
            argaliCli({"check", "--json", "--dtype", type, tiny + "/cases/one-image",
                       dataFolder + "/ovis2_5-tiny-untied/cases/budget-exceeded"});
        QVERIFY2(found.status == 0, found.out + found.err);
        QStringList stages;
        for (const QJsonObject& row : objects(found.out)) {
            QVERIFY(row["pass"].toBool());
            for (const char* key : {"case", "stage", "max_abs", "nmse", "kl", "top1", "pass"})
                QVERIFY2(row.contains(key), key);
            if (row["case"].toString() == "ovis2_5-tiny/one-image")
                stages << row["stage"].toString();
            const bool isLogits = row["stage"].toString() == "logits";
            QCOMPARE(row["kl"].isDouble(), isLogits);
            QCOMPARE(row["top1"].isDouble(), isLogits);
            // In the short types results that follow from roundings are shown and not judged.
            const bool isInput =
                row["stage"].toString() == "input_ids" || row["stage"].toString() == "grid_thw";
            QCOMPARE(row.contains("judged"), type != "f32" && !isLogits && !isInput);
        }
        QCOMPARE(stages, (QStringList{"input_ids", "grid_thw", "pixel_values", "visual_embeds",
                                      "logits", "generated_ids", "text", "thinking"}));
    }
    const Outcome text = argaliCli({"check", tiny + "/cases/stop-id"});
    QCOMPARE(text.status, 0);
    QVERIFY(text.out.contains("generated_ids") &&
            text.out.contains("5 stages, 0 failed, 0 files skipped"));
}

void TestCliCheck::checksVectors()
{
    const Outcome found = argaliCli({"check", "--json", dataFolder + "/vectors"});
    QVERIFY2(found.status == 0, found.out + found.err);
    QSet<QString> stages;
    int pictures = 0;
    for (const QJsonObject& row : objects(found.out)) {
        QVERIFY2(row["pass"].toBool(), qPrintable(row["case"].toString()));
        stages << row["stage"].toString();
        pictures += row["case"].toString().startsWith("image_modes/");
    }
    for (const char* stage : {"smart_resize", "resize", "raw", "upright", "ids", "decoded",
                              "decoded_without_special", "nfc", "pieces", "positions", "files"})
        QVERIFY2(stages.contains(stage), stage);
    QCOMPARE(pictures, 84);

    // Away from its model folder the tokenizer must be named.
    write(file("bpe_tokenizer.jsonl"), read(dataFolder + "/vectors/bpe_tokenizer.jsonl"));
    QCOMPARE(argaliCli({"check", file("bpe_tokenizer.jsonl")}).status, 1);
    QCOMPARE(argaliCli({"check", file("bpe_tokenizer.jsonl"), "--tokenizer", tiny}).status, 0);
}

void TestCliCheck::checkFailsWhereResultsDiffer()
{
    ModelFolder model("ovis2_5-tiny");
    const QString folder = copyCase(model, "one-image", [](nlohmann::json& json) {
        json["expect"]["input_ids"][3] = 7;
        json["expect"]["grid_thw"][0][1] = 8;
        json["expect"]["text"] = "something else";
        json["expect"]["finish_reason"] = "length";
        json["tolerance"]["logits"]["max_abs"] = 1e-12;
        json["tolerance"].erase("visual_embeds");
    });
    const Outcome found = argaliCli({"check", "--json", folder});
    QCOMPARE(found.status, 1);
    QVERIFY2(found.err.count('\n') == 1 && found.err.contains("5 of 9 stages failed") &&
                 found.err.contains("input_ids"),
             found.err);
    QStringList failed;
    for (const QJsonObject& row : objects(found.out))
        if (!row["pass"].toBool())
            failed << row["stage"].toString() +
                          (row["remark"].toString().isEmpty() ? " without a reason" : "");
    QCOMPARE(failed, (QStringList{"input_ids", "grid_thw", "visual_embeds", "logits", "text"}));
}

void TestCliCheck::checkSurvivesHostileCases_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("remark");
    const auto add = [](const char* name, const char* content, const char* remark) {
        QTest::newRow(name) << QByteArray(content) << QString(remark);
    };
    add("nothing", "", "JSON");
    add("no object", "[]", "messages");
    add("no messages", R"({"options": {}, "expect": {}})", "messages");
    add("no options", R"({"messages": [{"role": "user", "content": "x"}], "expect": {}})",
        "options");
    add("an unknown option",
        R"({"messages": [{"role": "user", "content": "x"}], "options": {"x": 1}, "expect": {}})",
        "option");
    add("a huge limit",
        R"({"messages": [{"role": "user", "content": "x"}], "options": {"max_new_tokens": 1e300}, "expect": {}})",
        "max_new_tokens");
    add("an unknown role",
        R"({"messages": [{"role": "king", "content": "x"}], "options": {}, "expect": {}})", "role");
    add("a path outside",
        R"({"messages": [{"role": "user", "content": [{"type": "image", "path": "../../cases/one-image/../../config.json"}]}],)"
        R"( "options": {}, "expect": {}})",
        "outside the case's folder");
    add("an absolute path",
        R"({"messages": [{"role": "user", "content": [{"type": "image", "path": "/dev/zero"}]}], "options": {}, "expect": {}})",
        "outside the case's folder");
    add("no such picture",
        R"({"messages": [{"role": "user", "content": [{"type": "image", "path": "none.png"}]}], "options": {}, "expect": {}})",
        "none.png");
    add("frames of nothing",
        R"({"messages": [{"role": "user", "content": [{"type": "video", "paths": []}]}], "options": {}, "expect": {}})",
        "paths");
    add("ids that are none",
        R"({"messages": [{"role": "user", "content": "x"}], "options": {}, "expect": {"generated_ids": ["a"]}, "tolerance": {}})",
        "integers");
    add("ids beyond all",
        R"({"messages": [{"role": "user", "content": "x"}], "options": {}, "expect": {"generated_ids": [99999999999]}})",
        "no token id");
    add("an id outside the vocabulary",
        R"({"messages": [{"role": "user", "content": "x"}], "options": {}, "expect": {"generated_ids": [100000]}})",
        "100000");
}

void TestCliCheck::checkSurvivesHostileCases()
{
    QFETCH(const QByteArray, content);
    QFETCH(const QString, remark);
    ModelFolder model("ovis2_5-tiny");
    const QString folder = copyCase(model, "one-image", [](nlohmann::json&) {});
    QFile::remove(folder + "/case.json");
    write(folder + "/case.json", content);
    const Outcome found =
        argaliCli({"check", "--json", QString::fromStdString(model.path().string())});
    QCOMPARE(found.status, 1);
    const QList<QJsonObject> rows = objects(found.out);
    QVERIFY(!rows.isEmpty());
    QCOMPARE(rows.last()["stage"].toString(), "case");
    QVERIFY(!rows.last()["pass"].toBool());
    QVERIFY2(rows.last()["remark"].toString().contains(remark),
             qPrintable(rows.last()["remark"].toString()));
}

void TestCliCheck::checkNamesWhatItSkips()
{
    ModelFolder model("ovis2_5-tiny");
    copyCase(model, "stop-id", [](nlohmann::json&) {});
    const QString path = QString::fromStdString(model.path().string());

    model.changeJson("config.json", [](nlohmann::json& json) { json["model_type"] = "another"; });
    const Outcome none = argaliCli({"check", "--json", path});
    QCOMPARE(none.status, 1); // nothing was checked
    QVERIFY(none.out.isEmpty());
    QVERIFY2(none.err.contains("skipped: ") && none.err.contains("another"), none.err);

    QDir().mkpath(file("vectors"));
    write(file("vectors/future.json"), "{}");
    const Outcome future =
        argaliCli({"check", file("vectors"), dataFolder + "/vectors/smart_resize.json"});
    QCOMPARE(future.status, 0);
    QVERIFY2(future.out.contains("future.json"), future.out);
}

void TestCliCheck::adviceFitsWhatFailed()
{
    ModelFolder model("ovis2_5-tiny");
    const QString folder = copyCase(
        model, "stop-id", [](nlohmann::json& json) { json["expect"]["generated_ids"] = {"a"}; });
    const Outcome broken = argaliCli({"check", "--json", folder});
    QVERIFY2(broken.err.count('\n') == 1 && broken.err.contains("integers are expected") &&
                 broken.err.contains("; ") && !broken.err.contains("compare that stage"),
             broken.err);
    // What is wrong with the device is wrong with no case.
    const QByteArray found = failsOtherwise(
        argaliCli({"check", "--device", "cuda:77", tiny + "/cases/stop-id"}), 1, "cuda:77");
    QVERIFY2(found.isEmpty() && !found.contains("compare"), found);

    // A link to itself is named, the rest is checked.
    const QString links = file("links");
    QDir().mkpath(links);
    QVERIFY(QFile::link(links + "/itself", links + "/itself"));
    QFile::copy(dataFolder + "/vectors/smart_resize.json", links + "/smart_resize.json");
    const Outcome loop = argaliCli({"check", links});
    QVERIFY2(loop.status == 0, loop.err);
    QVERIFY2(loop.out.contains("skipped: ") && loop.out.contains("links/itself"), loop.out);
}

QTEST_GUILESS_MAIN(TestCliCheck)
#include "tst_clicheck.moc"
