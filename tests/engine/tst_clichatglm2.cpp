// A model that only reads and writes text, as a program and as a server: what it does, and what it
// refuses.
#include <QJsonArray>
#include <QTest>

#include "tests/support/argaliserver.h"

using namespace argali::test;

namespace {

const QString model = dataFolder + "/chatglm2-tiny";
const QString packedModel = dataFolder + "/chatglm2-tiny-int4";

QJsonObject said(const char* role, const QString& text)
{
    return {{"role", role}, {"content", text}};
}

} // namespace

class TestCliChatGlm2 final : public QObject {
    Q_OBJECT
private slots:
    void checks_data();
    void checks();
    void checksPrompts();
    void inspects();
    void answers();
    void refusesWhatItCannot_data();
    void refusesWhatItCannot();
    void tokenizes();
    void benches();
    void serves();
    void servesNoPictures();
};

void TestCliChatGlm2::checks_data()
{
    QTest::addColumn<QString>("type");
    for (const char* type : {"f32", "f16", "bf16"})
        QTest::newRow(type) << type;
}

void TestCliChatGlm2::checks()
{
    QFETCH(QString, type);
    for (const QString& folder : {model, packedModel, dataFolder + "/chatglm2-tiny-32k"}) {
        const Outcome check = argaliCli({"check", folder, "--dtype", type, "--json"});
        QVERIFY2(check.status == 0, check.out + check.err);
        int logits = 0;
        for (const QJsonObject& row : objects(check.out))
            logits += row["stage"] == "logits";
        QVERIFY(logits > 0);
    }
}

void TestCliChatGlm2::checksPrompts()
{
    const QString vectors = dataFolder + "/vectors/chatglm2_prompts.json";
    const Outcome right = argaliCli({"check", vectors});
    QVERIFY2(right.status == 0 && right.out.contains("rows agree"), right.out + right.err);
    const QTemporaryDir folder;
    const QString changed = folder.filePath("chatglm2_prompts.json");
    write(changed, read(vectors).replace("[781, 783, 379", "[781, 783, 378"));
    const Outcome wrong = argaliCli({"check", changed, "--tokenizer", model});
    QVERIFY2(wrong.status == 1 && wrong.out.contains("FAIL") && wrong.out.contains("index 2: 379"),
             wrong.out + wrong.err);
    const Outcome nobody = argaliCli({"check", changed});
    QVERIFY2(nobody.status == 1 && nobody.out.contains("--tokenizer"), nobody.out + nobody.err);
    write(changed,
          R"({"prompts": [{"name": "x", "messages": [{"role": "tool", "content": ""}]}]})");
    const Outcome broken = argaliCli({"check", changed, "--tokenizer", model});
    QVERIFY2(broken.status == 1 && (broken.out + broken.err).contains("tool"),
             broken.out + broken.err);
}

void TestCliChatGlm2::inspects()
{
    const QJsonObject packed = object(argaliCli({"inspect", packedModel, "--json"}).out);
    QCOMPARE(packed["family"], "chatglm2");
    QCOMPARE(packed["packed_bits"], 4);
    QCOMPARE(packed["stored_dtype"], "f16");
    QCOMPARE(packed["context"], 32768);
    QVERIFY(packed["unknown_tensors"].toArray().isEmpty());
    const QJsonObject whole = object(argaliCli({"inspect", model, "--json"}).out);
    QCOMPARE(whole["packed_bits"], 0);
    QCOMPARE(whole["parameters"], packed["parameters"]);
    const auto weights = [](const QJsonObject& of, const char* type) {
        return of["memory"][type]["weights"].toInteger();
    };
    QCOMPARE(weights(whole, "f16"), weights(packed, "f16"));
    QVERIFY(weights(whole, "f32") < weights(packed, "f32"));
    const Outcome text = argaliCli({"inspect", packedModel, "--verify"});
    QCOMPARE(text.status, 0);
    QVERIFY2(text.out.contains("stored as f16 with layers packed to 4 bits"), text.out);
    QVERIFY2(!text.out.contains("pictures"), text.out);
}

void TestCliChatGlm2::answers()
{
    const QStringList words{"chat", "-m",    model, "-p", "1 + 1 = ?", "--max-new-tokens",
                            "40",   "--json"};
    const QJsonObject greedy = object(argaliCli(words + QStringList{"--greedy"}).out);
    QCOMPARE(greedy["finish_reason"], "stop");
    QCOMPARE(greedy["text"].toString(),
             QString::fromUtf8("意😀晚上v云('人句不😀vben W小云('😀v云('伞光眼"));
    // Without a word about it tokens are drawn.
    QVERIFY(object(argaliCli(words + QStringList{"--seed", "1"}).out)["text"] !=
            object(argaliCli(words + QStringList{"--seed", "2"}).out)["text"]);
}

void TestCliChatGlm2::refusesWhatItCannot_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QByteArray>("parts");
    QTest::newRow("picture") << QStringList{"--image", samples + "objects.png"}
                             << QByteArray("--image: chatglm2-tiny sees no pictures");
    QTest::newRow("film") << QStringList{"--video", samples + "grow.mp4"}
                          << QByteArray("--video: chatglm2-tiny sees no films");
    QTest::newRow("thinking") << QStringList{"--think"}
                              << QByteArray("--think: chatglm2-tiny does not think");
    QTest::newRow("tiles") << QStringList{"--max-tiles", "3"} << QByteArray("--max-tiles|chatglm2");
}

void TestCliChatGlm2::refusesWhatItCannot()
{
    QFETCH(QStringList, words);
    QFETCH(QByteArray, parts);
    QCOMPARE(
        failsOtherwise(argaliCli(QStringList{"chat", "-m", model, "-p", "?"} + words), 1, parts),
        QByteArray());
}

void TestCliChatGlm2::tokenizes()
{
    const Outcome ids = argaliCli({"tokenize", "-m", model}, "\"[gMASK]sop\"\n\"\"\n");
    QCOMPARE(ids.status, 0);
    const QList<QByteArray> lines = ids.out.split('\n');
    QVERIFY(!lines.at(0).contains("781") && lines.at(0).count(',') > 4); // plain text
    QCOMPARE(QJsonDocument::fromJson(lines.at(1)).array(), QJsonArray());
}

void TestCliChatGlm2::benches()
{
    const Outcome bench = argaliCli({"bench", "-m", model, "--prompt", "20", "--generate", "3",
                                     "--runs", "1", "--image", "64x64", "--json"});
    QVERIFY2(bench.status == 0, bench.err);
    QStringList phases;
    for (const QJsonValue& phase : object(bench.out)["phases"].toArray())
        phases << phase["phase"].toString();
    QCOMPARE(phases, QStringList({"prefill", "decode"}));
    QVERIFY(argaliCli({"bench", "--help"}).out.contains("chatglm2-6b"));
}

void TestCliChatGlm2::serves()
{
    ArgaliServer server({"-m", model});
    QVERIFY2(server.isReady(), server.said());
    const QJsonObject first =
        HttpClient(server.port()).get("/v1/models").json()["data"].toArray().at(0).toObject();
    QCOMPARE(first["capabilities"],
             QJsonObject({{"vision", false}, {"video", false}, {"thinking", false}}));

    const QJsonArray history{
        QJsonArray{"你好", "你好👋！我是一个很小的语言模型。"},
        QJsonArray{"What is a tuple?", "A tuple can not change.\nA list can."}};
    const QString prompt = "晚上睡不着应该怎么办";
    const QString expected = QString::fromUtf8("翻并新一个海T慢伞光查中思然 question");
    const auto ask = [&](const QJsonValue& length) {
        QJsonObject body{{"prompt", prompt}, {"history", history}, {"temperature", 0}};
        if (!length.isNull())
            body["max_length"] = length;
        return server.ask(body, "/").json();
    };

    QJsonArray messages;
    for (const QJsonValue& round : history)
        messages << said("user", round[0].toString()) << said("assistant", round[1].toString());
    messages << said("user", prompt);
    const auto askOpenAi = [&](int tokens) {
        return server.ask({{"messages", messages}, {"temperature", 0}, {"max_tokens", tokens}});
    };
    const HttpClient::Answer openAi = askOpenAi(14);
    QCOMPARE(textOf(openAi), expected);
    QCOMPARE(choice(openAi)["finish_reason"], "length");

    // max_length counts the prompt too, as the published code has it.
    const int read = openAi.json()["usage"].toObject()["prompt_tokens"].toInt();
    QVERIFY(read > 14);
    QCOMPARE(ask(read + 3)["response"].toString(), textOf(askOpenAi(3)));
    for (const int tooShort : {1, 14, read, read + 1}) // looked at behind each token
        QCOMPARE(ask(tooShort)["response"].toString(), textOf(askOpenAi(1)));
    QCOMPARE(ask({})["response"].toString(), textOf(askOpenAi(2048 - read)));
    const QJsonObject published = ask(read + 14);
    QCOMPARE(published["status"], 200);
    QCOMPARE(published["response"].toString(), expected);
    QCOMPARE(published["history"].toArray().size(), 3);
    QCOMPARE(published["history"].toArray().at(2).toArray(), QJsonArray({prompt, expected}));
}

void TestCliChatGlm2::servesNoPictures()
{
    ArgaliServer server({"-m", model});
    QVERIFY2(server.isReady(), server.said());
    for (const auto& [type, file] :
         {std::pair{"image_url", "objects.png"}, {"video_url", "grow.mp4"}}) {
        const HttpClient::Answer answer = server.ask(
            question(QJsonArray{mediaPart(type, samples + file), textPart("What is this?")}));
        QCOMPARE(answer.status, 400);
        const QString sentence = answer.json()["error"].toObject()["message"].toString();
        QVERIFY2(sentence.contains("does not see"), qPrintable(sentence));
        QCOMPARE(answer.errorCode(), QString("not_for_this_model"));
    }
    QCOMPARE(server.ask(question("And without?", 4)).status, 200);
}

QTEST_GUILESS_MAIN(TestCliChatGlm2)
#include "tst_clichatglm2.moc"
