// The server as a program, over loopback: what clients get, one or many of them, and what they do
// not.
#include <csignal>
#include <thread>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "tests/engine/malformedrequests.h"
#include "tests/support/argaliserver.h"

using namespace argali::test;

class TestServe final : public QObject {
    Q_OBJECT
private slots:
    void answersAsTheProgramItself()
    {
        ArgaliServer server;
        QVERIFY2(server.port() > 0, server.said());
        QVERIFY(server.isReady());
        for (const char* name : {"objects.png", "text.png"}) {
            const QString file = samples + name;
            const Outcome direct =
                argaliCli({"chat", "--image", file, "-p", "What is shown in the picture?",
                           "--greedy", "--max-new-tokens", "48", "--json"});
            const QJsonObject expected = object(direct.out);
            QJsonObject body = question(QJsonArray{mediaPart("image_url", file),
                                                   textPart("What is shown in the picture?")});
            const HttpClient::Answer answer = server.ask(body);
            QCOMPARE(answer.status, 200);
            QCOMPARE(textOf(answer), expected["text"].toString());
            QCOMPARE(choice(answer)["finish_reason"], expected["finish_reason"]);
            const QJsonObject usage = answer.json()["usage"].toObject();
            QCOMPARE(usage["prompt_tokens"], expected["usage"].toObject()["prompt_tokens"]);
            QCOMPARE(usage["completion_tokens"], expected["usage"].toObject()["completion_tokens"]);
            body["stream"] = true;
            body["stream_options"] = QJsonObject{{"include_usage", true}};
            const Stream stream(server.ask(body).body);
            QVERIFY(stream.done);
            QVERIFY(stream.pieces > 4);
            QCOMPARE(stream.text.trimmed(), expected["text"].toString());
            QCOMPARE(stream.finish, expected["finish_reason"].toString());
            QCOMPARE(stream.usage["total_tokens"], usage["total_tokens"]);
            QVERIFY(stream.usage["prompt_tokens_details"].toObject()["cached_tokens"].toInt() >
                    0); // asked again
        }
        // A film, and thinking to a budget.
        const QString film = samples + "grow.mp4";
        const Outcome direct =
            argaliCli({"chat", "--video", film, "--frames", "4", "-p", "What happens?", "--think",
                       "--thinking-budget", "16", "--greedy", "--max-new-tokens", "64", "--json"});
        QJsonObject body =
            question(QJsonArray{mediaPart("video_url", film), textPart("What happens?")}, 64);
        body["media_io_kwargs"] = QJsonObject{{"video", QJsonObject{{"num_frames", 4}}}};
        body["chat_template_kwargs"] = QJsonObject{{"enable_thinking", true}};
        body["thinking_token_budget"] = 16;
        const HttpClient::Answer answer = server.ask(body);
        QCOMPARE(textOf(answer), object(direct.out)["text"].toString());
        const QJsonObject message = choice(answer)["message"].toObject();
        QCOMPARE(message["reasoning_content"], object(direct.out)["thinking"]);
        QCOMPARE(message["reasoning"], message["reasoning_content"]);
        QVERIFY(answer.json()["usage"]
                    .toObject()["completion_tokens_details"]
                    .toObject()["reasoning_tokens"]
                    .toInt() <= 16);
    }

    void stopsWhereItIsTold()
    {
        ArgaliServer server;
        QVERIFY(server.isReady());
        const HttpClient::Answer whole = server.ask(question("Who are you?"));
        const QString text = textOf(whole);
        QVERIFY2(text.size() > 12, whole.body);
        const QString stop = text.mid(text.size() / 2, 4);
        QJsonObject body = question("Who are you?");
        body["stop"] = QJsonArray{"never comes", stop};
        const HttpClient::Answer cut = server.ask(body);
        QCOMPARE(textOf(cut), text.left(text.indexOf(stop)).trimmed());
        QCOMPARE(choice(cut)["finish_reason"].toString(), QString("stop"));
        body["stream"] = true;
        const Stream stream(server.ask(body).body);
        QCOMPARE(stream.text.trimmed(), textOf(cut));
        QCOMPARE(stream.finish, QString("stop"));
        QCOMPARE(choice(server.ask(question("Who are you?", 2)))["finish_reason"].toString(),
                 QString("length"));
    }

    void severalModels()
    {
        ArgaliServer server({"-m", "one=" + pocket, "-m", "two=" + tiny});
        QVERIFY(server.isReady());
        QStringList names;
        for (const QJsonValue& model :
             HttpClient(server.port()).get("/v1/models").json()["data"].toArray())
            names += model["id"].toString();
        QCOMPARE(names, QStringList({"one", "two"}));
        const auto stateOf = [&server](int index) {
            return HttpClient(server.port())
                .get("/v1/models")
                .json()["data"]
                .toArray()
                .at(index)
                .toObject()["state"]
                .toString();
        };
        QCOMPARE(stateOf(1), QString("unloaded")); // until it is asked
        QJsonObject body = question("Hello", 8);
        QStringList texts;
        for (const QString& name : names) {
            body["model"] = name;
            const HttpClient::Answer answer = server.ask(body);
            QCOMPARE(answer.json()["model"].toString(), name);
            texts += textOf(answer);
        }
        QVERIFY(texts[0] != texts[1]);
        QCOMPARE(stateOf(1), QString("loaded"));
        const HttpClient::Answer unloaded = server.ask({{"model", "two"}}, "/v1/models/unload");
        QCOMPARE(unloaded.status, 200);
        QCOMPARE(stateOf(1), QString("unloaded"));
        QCOMPARE(server.ask({{"model", "two"}}, "/v1/models/load").status, 200);
        QTRY_COMPARE(stateOf(1), QString("loaded"));
        const HttpClient::Answer unknown =
            server.ask({{"model", "three"}, {"messages", body["messages"]}});
        QCOMPARE(unknown.status, 404);
        QVERIFY2(unknown.body.contains("one, two"), unknown.body);

        const Outcome equal = argaliCli({"serve", "-m", "same=" + pocket, "-m", "same=" + tiny});
        QCOMPARE(failsOtherwise(equal, 1, (pocket + '|' + tiny).toUtf8()), QByteArray());
    }

    void answersWithAnAdapter()
    {
        const QString model = dataFolder + "/llava_1_5-tiny-original";
        const QString adapter = dataFolder + "/adapters/llava-tiny-lora";
        ArgaliServer server({"-m", "llava=" + model, "--adapter", adapter});
        QVERIFY2(server.isReady(), server.said());
        QStringList names;
        for (const QJsonValue& listed :
             HttpClient(server.port()).get("/v1/models").json()["data"].toArray())
            names += listed["id"].toString();
        QCOMPARE(names, QStringList({"llava", "llava+llava-tiny-lora"}));
        QJsonObject body = question("Hello", 8);
        body["temperature"] = 0;
        QStringList texts;
        for (const QString& name : names) {
            body["model"] = name;
            const HttpClient::Answer answer = server.ask(body);
            QCOMPARE(answer.json()["model"].toString(), name);
            texts += textOf(answer);
        }
        const QStringList direct{
            "chat", "-m", model, "-p", "Hello", "--greedy", "--json", "--max-new-tokens", "8"};
        QCOMPARE(texts[0], object(argaliCli(direct).out)["text"].toString());
        QCOMPARE(
            texts[1],
            object(argaliCli(direct + QStringList{"--adapter", adapter}).out)["text"].toString());
        QVERIFY(texts[0] != texts[1]);
        body["model"] = "llava+other";
        const HttpClient::Answer unknown = server.ask(body);
        QCOMPARE(unknown.status, 404);
        QVERIFY2(unknown.body.contains("llava, llava+llava-tiny-lora"), unknown.body);
        const Outcome several =
            argaliCli({"serve", "-m", model, "-m", pocket, "--adapter", adapter});
        QCOMPARE(failsOtherwise(several, 2, "--adapter goes with one model"), QByteArray());
    }

    void unloadsWhatIsIdle()
    {
        ArgaliServer server({"--idle-unload", "1"});
        QVERIFY(server.isReady());
        QCOMPARE(server.ask(question("Hello", 4)).status, 200);
        const auto state = [&server] {
            return HttpClient(server.port())
                .get("/v1/models")
                .json()["data"]
                .toArray()
                .at(0)
                .toObject()["state"]
                .toString();
        };
        QTRY_COMPARE_WITH_TIMEOUT(state(), QString("unloaded"), 20'000);
        QCOMPARE(server.ask(question("Hello", 4)).status, 200); // comes back
    }

    void keepsOrderAndSaysWhenItIsFull()
    {
        ArgaliServer server({"--queue", "4"});
        QVERIFY(server.isReady());
        // One is answered, four wait, the rest is refused.
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < 12; ++i)
            clients.push_back(std::make_unique<HttpClient>(server.port()));
        QJsonObject body = question("Count to one thousand.", 1000);
        body["temperature"] = 5; // so that it does not end soon
        body["stream"] = true;
        for (const auto& client : clients)
            client->send(
                HttpClient::request("POST", "/v1/chat/completions", QJsonDocument(body).toJson()));
        int refused = 0;
        int answered = 0;
        for (const auto& client : clients) {
            const HttpClient::Answer answer = client->read();
            refused += answer.status == 429;
            answered += answer.status == 200;
            if (answer.status == 429) {
                QCOMPARE(answer.errorCode(), QString("queue_full"));
                QVERIFY(answer.headers.contains("retry-after"));
            }
        }
        QCOMPARE(refused + answered, 12);
        QVERIFY(answered >= 5);
        QVERIFY(refused >= 1);
    }

    void whoGoesFreesItsPlace()
    {
        ArgaliServer server({"--queue", "1"});
        QVERIFY(server.isReady());
        const QJsonObject endless{{"messages", question("Write a long story.")["messages"]},
                                  {"temperature", 5},
                                  {"max_tokens", 4000},
                                  {"stream", true}};
        for (int round = 0; round < 5; ++round) {
            HttpClient answering(server.port());
            answering.send(HttpClient::request("POST", "/v1/chat/completions",
                                               QJsonDocument(endless).toJson()));
            QVERIFY(answering.more()); // under way
            HttpClient waiting(server.port());
            waiting.send(HttpClient::request("POST", "/v1/chat/completions",
                                             QJsonDocument(endless).toJson()));
        }
        QElapsedTimer watch;
        watch.start();
        while (server.ask(question("Hello", 4)).status != 200 && watch.elapsed() < 5000)
            QTest::qWait(1); // that they have gone is known in a moment
        QVERIFY2(watch.elapsed() < 5000, QByteArray::number(watch.elapsed()));
    }

    void manyClientsAtOnce()
    {
        ArgaliServer server({"--queue", "64"});
        QVERIFY(server.isReady());
        // What each asks for comes back to it and to nobody else.
        const QStringList files = {"objects.png", "text.png", "groups.png", "chart.png"};
        QStringList expected;
        QList<QByteArray> bodies;
        for (const QString& file : files) {
            const QJsonObject body = question(
                QJsonArray{mediaPart("image_url", samples + file), textPart("What is shown?")}, 24);
            bodies += QJsonDocument(body).toJson();
            expected += textOf(server.ask(body));
        }
        QVERIFY(QSet<QString>(expected.begin(), expected.end()).size() > 1);
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back([&, i] {
                HttpClient client(server.port());
                for (int n = 0; n < 8; ++n) {
                    const int which = (i + n) % int(files.size());
                    const HttpClient::Answer answer =
                        client.post("/v1/chat/completions", bodies[which]);
                    wrong += answer.status != 200 || textOf(answer) != expected[which];
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(int(wrong), 0);
    }

    void refusesWhatIsMalformed()
    {
        ArgaliServer server;
        QVERIFY(server.isReady());
        const auto corpus = malformedRequests();
        QVERIFY(corpus.size() >= 100);
        HttpClient client(server.port());
        for (const auto& [body, code] : corpus) {
            const HttpClient::Answer answer =
                client.post("/v1/chat/completions", QByteArray::fromStdString(body));
            const QByteArray what =
                QByteArray::fromStdString(body.substr(0, 200)) + " -> " + answer.body;
            QVERIFY2(answer.status >= 400 && answer.status < 500, what);
            QVERIFY2(answer.errorCode().toStdString() == code, what);
            QVERIFY2(!answer.body.contains("/tmp") &&
                         !answer.body.contains(server.temporary().toUtf8()),
                     what);
        }
        for (const char* path :
             {"/v1/completions", "/tokenize", "/detokenize", "/", "/v1/models/load"})
            for (const QByteArray body : {"", "[]", "{}", "{\"prompt\":1}", "{\"tokens\":[-1]}",
                                          "{\"tokens\":[99999999]}"}) {
                const HttpClient::Answer answer = client.post(path, body);
                QVERIFY2(answer.status >= 400 && answer.status < 500, path + body + answer.body);
            }
        QCOMPARE(client.get("/v1/chat/completions").status, 405);
        QCOMPARE(client.get("/v1/other").status, 404);
        QCOMPARE(server.ask(question("Hello", 4)).status, 200);
        QCOMPARE(server.process().state(), QProcess::Running);
        // What a request left behind is gone or kept for the next one, never more.
        QVERIFY(
            QDir(server.temporary()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size() <=
            1);
    }

    void asksForAKey()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath("key"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("secret-of-the-test\n");
        file.close();
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        for (const bool fromFile : {true, false}) {
            ArgaliServer server(
                fromFile ? QStringList{"--api-key-file", file.fileName()} : QStringList(),
                fromFile ? QStringList() : QStringList{"ARGALI_API_KEY=secret-of-the-test"});
            QVERIFY(server.isReady()); // open to all
            HttpClient client(server.port());
            QCOMPARE(client.get("/v1/models").status, 401);
            for (const char* wrong :
                 {"Bearer secret", "Bearer secret-of-the-tesT", "Bearer ", "secret-of-the-test",
                  "Basic secret-of-the-test", "Bearer secret-of-the-test2"})
                QCOMPARE(client.get("/v1/models", QByteArray("Authorization: ") + wrong + "\r\n")
                             .errorCode(),
                         QString("invalid_api_key"));
            QCOMPARE(
                client.get("/v1/models", "Authorization: Bearer secret-of-the-test\r\n").status,
                200);
            QVERIFY(!server.said().contains("secret"));
            QFile words(QString("/proc/%1/cmdline").arg(server.process().processId()));
            QVERIFY(words.open(QIODevice::ReadOnly));
            QVERIFY(!words.readAll().contains("secret-of"));
        }
        const Outcome open = argaliCli({"serve", "--host", "0.0.0.0", "--port", "0"});
        QCOMPARE(open.status, 2);
        QVERIFY(open.err.contains("API key"));
    }

    void pagesNeedLeave()
    {
        ArgaliServer server({"--cors", "https://good.example"});
        QVERIFY(server.isReady());
        HttpClient client(server.port());
        const QByteArray good = "Origin: https://good.example\r\n";
        HttpClient::Answer answer = client.get("/v1/models", good);
        QCOMPARE(answer.headers.value("access-control-allow-origin"),
                 QByteArray("https://good.example"));
        client.send(HttpClient::request("OPTIONS", "/v1/chat/completions", "x", good));
        answer = client.read();
        QCOMPARE(answer.status, 200);
        QVERIFY(answer.headers.value("access-control-allow-headers").contains("Authorization"));
        for (const char* origin :
             {"https://evil.example", "null", "https://good.example.evil.example"}) {
            answer = client.post("/v1/chat/completions", QByteArray("{}"),
                                 QByteArray("Origin: ") + origin + "\r\n");
            QCOMPARE(answer.status, 403);
            QVERIFY(!answer.headers.contains("access-control-allow-origin"));
        }
        // A name of a stranger's that leads here.
        client.send("GET /v1/models HTTP/1.1\r\nHost: rebound.example:80\r\n\r\n");
        QCOMPARE(client.read().errorCode(), QString("host_not_allowed"));
    }

    void otherForms()
    {
        ArgaliServer server;
        QVERIFY(server.isReady());
        const HttpClient::Answer completion = server.ask(
            {{"prompt", "Hello"}, {"max_tokens", 8}, {"temperature", 0}}, "/v1/completions");
        QCOMPARE(completion.status, 200);
        QCOMPARE(choice(completion)["text"].toString(), textOf(server.ask(question("Hello", 8))));
        const HttpClient::Answer glm =
            server.ask({{"prompt", "And now?"},
                        {"history", QJsonArray{QJsonArray{"Hello", "Hi."}}},
                        {"temperature", 0},
                        {"max_length", 160}},
                       "/");
        QCOMPARE(glm.json()["status"].toInt(), 200);
        const QJsonArray history = glm.json()["history"].toArray();
        QCOMPARE(history.size(), 2);
        QCOMPARE(history[0].toArray(), QJsonArray({"Hello", "Hi."}));
        QCOMPARE(history[1].toArray(), QJsonArray({"And now?", glm.json()["response"]}));
        QVERIFY(!glm.json()["time"].toString().isEmpty());
        const QString text = QString::fromUtf8("Grüße, 世界 \\(x^2\\)");
        const HttpClient::Answer tokens = server.ask({{"content", text}}, "/tokenize");
        QCOMPARE(server.ask({{"tokens", tokens.json()["tokens"]}}, "/detokenize")
                     .json()["content"]
                     .toString(),
                 text);
        QCOMPARE(server.ask({{"prompt", text}}, "/tokenize").json()["tokens"],
                 tokens.json()["tokens"]);
        const QByteArray metrics = HttpClient(server.port()).get("/metrics").body;
        for (const char* name :
             {"argali_requests_total{model=\"pocket\",status=\"200\"}",
              "argali_time_to_first_token_seconds_count", "argali_queue_length{model=\"pocket\"} 0",
              "argali_model_loaded{model=\"pocket\"} 1"})
            QVERIFY2(metrics.contains(name), metrics);
    }

    void finishesOrStops()
    {
        for (const int times : {1, 2}) {
            ArgaliServer server;
            QVERIFY(server.isReady());
            HttpClient client(server.port());
            QJsonObject body = question("Write a long story.", times == 1 ? 200 : 4000);
            body["temperature"] = 5;
            body["stream"] = true;
            client.send(
                HttpClient::request("POST", "/v1/chat/completions", QJsonDocument(body).toJson()));
            QVERIFY(client.more());
            // Those that wait make it long, however fast the machine is.
            std::vector<std::unique_ptr<HttpClient>> waiting;
            for (int i = 0; i < (times == 1 ? 0 : 40); ++i) {
                waiting.push_back(std::make_unique<HttpClient>(server.port()));
                waiting.back()->send(HttpClient::request("POST", "/v1/chat/completions",
                                                         QJsonDocument(body).toJson()));
            }
            for (int i = 0; i < times; ++i) {
                QCOMPARE(server.process().state(), QProcess::Running);
                ::kill(pid_t(server.process().processId()), i ? SIGINT : SIGTERM);
                QTest::qWait(200);
            }
            const HttpClient::Answer answer = client.read();
            if (times == 1)
                QVERIFY(Stream(answer.body).done);
            QTRY_COMPARE_WITH_TIMEOUT(server.process().state(), QProcess::NotRunning, patience);
            QCOMPARE(server.process().exitStatus(), QProcess::NormalExit);
            QVERIFY(QDir(server.temporary()).isEmpty()); // nothing of what was sent stays
        }
    }
};

QTEST_GUILESS_MAIN(TestServe)
#include "tst_serve.moc"
