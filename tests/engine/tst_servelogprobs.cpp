// logprobs of serve, as clients of OpenAI's API ask for them.
#include <cmath>

#include <QTest>

#include "tests/support/argaliserver.h"

using namespace argali::test;

namespace {

/// Members of choices[0].logprobs.content, of the events of a stream put together.
QJsonArray streamed(const QByteArray& body)
{
    QJsonArray all;
    for (const QByteArray& line : body.split('\n'))
        if (line.startsWith("data: {"))
            for (const QJsonValue& token :
                 QJsonDocument::fromJson(line.mid(6))["choices"][0]["logprobs"]["content"]
                     .toArray())
                all.append(token);
    return all;
}

QJsonArray contentOf(const HttpClient::Answer& answer)
{
    return choice(answer)["logprobs"].toObject()["content"].toArray();
}

QString joined(const QJsonArray& content)
{
    QByteArray bytes;
    for (const QJsonValue& token : content)
        for (const QJsonValue& byte : token["bytes"].toArray())
            bytes += char(byte.toInt());
    return QString::fromUtf8(bytes);
}

} // namespace

class TestServeLogprobs final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        m_server = std::make_unique<ArgaliServer>();
        QVERIFY(m_server->isReady());
    }
    void cleanupTestCase() { m_server.reset(); }

    void ofChats()
    {
        QJsonObject body = question("Who are you?", 24);
        const HttpClient::Answer without = m_server->ask(body);
        QVERIFY(choice(without)["logprobs"].isNull());
        body["logprobs"] = true;
        body["top_logprobs"] = 3;
        const HttpClient::Answer answer = m_server->ask(body);
        QCOMPARE(textOf(answer), textOf(without));
        const QJsonArray content = contentOf(answer);
        QCOMPARE(joined(content).trimmed(), textOf(answer));
        for (const QJsonValue& token : content) {
            const QJsonArray top = token["top_logprobs"].toArray();
            QCOMPARE(top.size(), 3);
            QCOMPARE(top[0]["token"], token["token"]); // greedy
            QCOMPARE(top[0]["logprob"], token["logprob"]);
            double sum = 0;
            for (const QJsonValue& one : top) {
                QVERIFY(one["logprob"].isDouble() && one["logprob"].toDouble() <= 0);
                sum += std::exp(one["logprob"].toDouble());
            }
            QVERIFY(sum <= 1 + 1e-9);
        }
        body["stream"] = true;
        const HttpClient::Answer stream = m_server->ask(body);
        QCOMPARE(streamed(stream.body), content);
        QVERIFY(Stream(stream.body).pieces > 4);
        body["stream"] = false;
        body.remove("top_logprobs");
        const QJsonArray bare = contentOf(m_server->ask(body));
        QCOMPARE(bare.size(), content.size());
        QCOMPARE(bare[0]["logprob"], content[0]["logprob"]);
        QVERIFY(bare[0]["top_logprobs"].toArray().isEmpty());
    }

    void withoutWhatAStopCutsOff()
    {
        QJsonObject body = question("Who are you?", 24);
        body["logprobs"] = true;
        const QString text = textOf(m_server->ask(body));
        QVERIFY(text.size() > 12);
        for (const int length : {1, 3, 6}) {
            body["stop"] = text.mid(text.size() / 2, length);
            for (const bool isStream : {false, true}) {
                body["stream"] = isStream;
                const HttpClient::Answer answer = m_server->ask(body);
                const QString shown = isStream ? Stream(answer.body).text : textOf(answer);
                QVERIFY(shown.size() < text.size());
                const QString tokens = joined(isStream ? streamed(answer.body) : contentOf(answer));
                // The last token may reach into what was cut off; no other does.
                QVERIFY2(tokens.trimmed().startsWith(shown.trimmed()), tokens.toUtf8());
                QVERIFY2(tokens.trimmed().size() < shown.trimmed().size() + 12, tokens.toUtf8());
            }
        }
    }

    void onlyOfTheAnswer()
    {
        QJsonObject body = question("What is two plus two?", 200);
        body["chat_template_kwargs"] = QJsonObject{{"enable_thinking", true}};
        body["thinking_token_budget"] = 20;
        body["logprobs"] = true;
        const HttpClient::Answer answer = m_server->ask(body);
        QVERIFY(!choice(answer)["message"].toObject()["reasoning_content"].toString().isEmpty());
        QVERIFY(!textOf(answer).isEmpty());
        QCOMPARE(joined(contentOf(answer)).trimmed(), textOf(answer));
        body["stream"] = true;
        QCOMPARE(joined(streamed(m_server->ask(body).body)).trimmed(), textOf(answer));
    }

    void ofCompletions()
    {
        QJsonObject body{
            {"prompt", "Who are you?"}, {"max_tokens", 12}, {"temperature", 0}, {"logprobs", 2}};
        const HttpClient::Answer answer = m_server->ask(body, "/v1/completions");
        const QJsonObject logprobs = choice(answer)["logprobs"].toObject();
        const QJsonArray tokens = logprobs["tokens"].toArray();
        QCOMPARE(logprobs["token_logprobs"].toArray().size(), tokens.size());
        QCOMPARE(logprobs["top_logprobs"].toArray().size(), tokens.size());
        QString text;
        for (qsizetype i = 0; i < tokens.size(); ++i) {
            QCOMPARE(logprobs["text_offset"].toArray()[i].toInt(), text.size());
            text += tokens[i].toString();
            const QJsonObject top = logprobs["top_logprobs"].toArray()[i].toObject();
            QVERIFY(top.size() >= 1 && top.size() <= 3);
            QCOMPARE(top[tokens[i].toString()], logprobs["token_logprobs"].toArray().at(i));
        }
        QCOMPARE(text.trimmed(), choice(answer)["text"].toString());
        // In a stream the offsets go on from piece to piece.
        body["stream"] = true;
        QJsonArray offsets;
        for (const QByteArray& line : m_server->ask(body, "/v1/completions").body.split('\n'))
            if (line.startsWith("data: {"))
                for (const QJsonValue& offset :
                     QJsonDocument::fromJson(line.mid(6))["choices"][0]["logprobs"]["text_offset"]
                         .toArray())
                    offsets.append(offset);
        QCOMPARE(offsets, logprobs["text_offset"].toArray());
        body["stream"] = false;
        body["logprobs"] = 0;
        const QJsonObject none =
            choice(m_server->ask(body, "/v1/completions"))["logprobs"].toObject();
        QVERIFY(none["top_logprobs"].isNull());
        QCOMPARE(none["tokens"], logprobs["tokens"]);
        for (const QJsonValue& wrong : {QJsonValue(true), QJsonValue(-1), QJsonValue(21)}) {
            body["logprobs"] = wrong;
            QCOMPARE(m_server->ask(body, "/v1/completions").errorCode(), QString("invalid_value"));
        }
    }

private:
    std::unique_ptr<ArgaliServer> m_server;
};

QTEST_GUILESS_MAIN(TestServeLogprobs)
#include "tst_servelogprobs.moc"
