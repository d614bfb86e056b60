#include <QtTest>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/remote/answerstream.h"
#include "tests/support/answersteps.h"
#include "tests/support/testdata.h"

using namespace argali;
using namespace argali::remote;
using argali::test::AnswerSteps;

class TestAnswerStream final : public QObject {
    Q_OBJECT
private slots:
    void recordedAnswers_data();
    void recordedAnswers();
    void anyCutGivesTheSame_data();
    void anyCutGivesTheSame();
    void anEarlyEndKeepsWhatCame_data();
    void anEarlyEndKeepsWhatCame();
    void oddAnswers_data();
    void oddAnswers();
    void thinkingThatTheTemplateOpened();
    void answersThatNeverThink();
    void refusesEndlessAnswers();
    void refusesLargeEvents();
    void deepNestingIsMalformed();
    void formatsByContentType();
    void remembersTheId();
    void nothingAfterTheEnd();
    void manyTagsCostNoMoreThanTheirBytes();
};

namespace {

std::string read(std::initializer_list<std::string_view> pieces, const AnswerOptions& options = {})
{
    AnswerStream stream(options);
    AnswerSteps steps;
    for (const std::string_view piece : pieces)
        steps.add(stream.push(piece));
    steps.add(stream.finish());
    return steps.text();
}

std::string dataLine(const std::string& json)
{
    return "data: " + json + "\n\n";
}

/// A chunk of /v1/chat/completions with that delta.
std::string chunk(const std::string& delta)
{
    return dataLine(R"({"choices":[{"index":0,"delta":)" + delta + "}]}");
}

std::string content(const std::string& text)
{
    return chunk(nlohmann::json{{"content", text}}.dump());
}

const std::string stop =
    dataLine(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") + "data: [DONE]\n\n";

std::filesystem::path folder()
{
    return argali::test::testData() / "remote";
}

void addRecordings()
{
    QTest::addColumn<QString>("name");
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
        const std::string extension = entry.path().extension().string();
        if (extension != ".sse" && extension != ".ndjson" && extension != ".json")
            continue;
        const QString name = QString::fromStdString(entry.path().filename().string());
        QTest::newRow(qPrintable(name)) << name;
        ++count;
    }
    QVERIFY(count >= 18);
}

struct Recording {
    std::string bytes;
    std::string expected;
    AnswerOptions options;
};

Recording recording(const QString& name)
{
    const auto file = folder() / name.toStdString();
    Recording result;
    result.bytes = readFile(file);
    result.expected = readFile(std::filesystem::path(file).replace_extension(".expected"));
    return result;
}

} // namespace

void TestAnswerStream::recordedAnswers_data()
{
    addRecordings();
}

void TestAnswerStream::recordedAnswers()
{
    QFETCH(QString, name);
    const Recording one = recording(name);
    QCOMPARE(read({one.bytes}), one.expected);
    AnswerOptions options;
    options.format = name.endsWith(".sse") ? AnswerFormat::Events : AnswerFormat::Json;
    QCOMPARE(read({one.bytes}, options), one.expected);
}

void TestAnswerStream::anyCutGivesTheSame_data()
{
    addRecordings();
}

void TestAnswerStream::anyCutGivesTheSame()
{
    QFETCH(QString, name);
    const Recording one = recording(name);
    const std::string_view bytes = one.bytes;
    for (size_t i = 0; i <= bytes.size(); ++i)
        QCOMPARE(read({bytes.substr(0, i), bytes.substr(i)}), one.expected);
    for (const size_t size : {size_t(1), size_t(2), size_t(7), size_t(100)}) {
        AnswerStream stream;
        AnswerSteps steps;
        for (size_t i = 0; i < bytes.size(); i += size)
            steps.add(stream.push(bytes.substr(i, size)));
        steps.add(stream.finish());
        QCOMPARE(steps.text(), one.expected);
    }
}

void TestAnswerStream::anEarlyEndKeepsWhatCame_data()
{
    addRecordings();
}

/// Wherever the connection ends: what came is a beginning of the whole, and the last step says that
/// the answer is complete or that it is not.
void TestAnswerStream::anEarlyEndKeepsWhatCame()
{
    QFETCH(QString, name);
    const Recording one = recording(name);
    for (size_t i = 0; i < one.bytes.size(); ++i) {
        const std::string steps = read({std::string_view(one.bytes).substr(0, i)});
        if (steps == one.expected)
            continue; // only line ends were missing
        if (const size_t failure = steps.find("failure cut-off"); failure != steps.npos) {
            // A tag that the cut left half is text.
            std::string before = steps.substr(0, failure);
            if (!one.expected.starts_with(before)) {
                const size_t last = before.rfind('\n', before.size() - 2); // of the step before
                before.erase(last == before.npos ? 0 : last + 1);
            }
            QVERIFY2(one.expected.starts_with(before), steps.c_str());
        } else {
            QVERIFY2(steps.find("finish ") != steps.npos, steps.c_str());
            QVERIFY2(one.expected.starts_with(steps), steps.c_str());
        }
    }
}

void TestAnswerStream::oddAnswers_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const std::string& bytes, const std::string& expected) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes)
                            << QByteArray::fromStdString(expected);
    };
    const std::string finished = "finish stop \"stop\"\n";
    row("no finish reason", content("a") + "data: [DONE]\n\n", "text \"a\"\nfinish unknown \"\"\n");
    row("finish reason, no mark", content("a") + stop.substr(0, stop.find("data: [DONE]")),
        "text \"a\"\n" + finished);
    row("reason of another time",
        content("a") + dataLine(R"({"choices":[{"delta":{},"finish_reason":"gave_up"}]})") +
            "data: [DONE]\n\n",
        "text \"a\"\nfinish other \"gave_up\"\n");
    row("choices that are none", dataLine(R"({"choices":"x"})") + content("a") + stop,
        "note wrong-type \"choices\"\ntext \"a\"\n" + finished);
    row("a choice that is none", dataLine(R"({"choices":[1,null,[]]})") + content("a") + stop,
        "note wrong-type \"choices\"\ntext \"a\"\n" + finished);
    row("content that is a number", chunk(R"({"content":5})") + chunk(R"({"content":{}})") + stop,
        "note wrong-type \"content\"\n" + finished);
    row("delta that is a list", chunk("[1]") + stop, "note wrong-type \"message\"\n" + finished);
    row("thinking that is an object",
        chunk(R"({"reasoning":{"a":1},"reasoning_content":"b"})") + stop,
        "note wrong-type \"reasoning\"\nthinking 0 \"b\"\n" + finished);
    row("thinking under two names", chunk(R"({"reasoning":"b","reasoning_content":"b"})") + stop,
        "thinking 0 \"b\"\n" + finished);
    row("finish reason that is a number",
        dataLine(R"({"choices":[{"delta":{"content":"a"},"finish_reason":5}]})") + stop,
        "text \"a\"\nnote wrong-type \"finish_reason\"\n" + finished);
    row("an event that is a list", dataLine("[1]") + content("a") + stop,
        "note wrong-type \"event\"\ntext \"a\"\n" + finished);
    row("absurd counts",
        content("a") +
            dataLine(R"({"choices":[],"usage":{"prompt_tokens":-1,)"
                     R"("completion_tokens":1e300,"total_tokens":"7"},"timings":{"prompt_ms":-5,)"
                     R"("predicted_per_second":1e308}})") +
            stop,
        "text \"a\"\n" + finished);
    row("counts with fractions",
        dataLine(R"({"choices":[],"usage":{"prompt_tokens":12.0,"completion_tokens":1.5}})") + stop,
        "usage prompt=12\n" + finished);
    row("a number that no reader holds",
        content("a") + dataLine(R"({"choices":[],"usage":{"x":1e999}})"),
        "text \"a\"\nfailure malformed \"the server's answer: not valid JSON: number overflow "
        "parsing '1e999'\"\n");
    row("progress beyond its end",
        dataLine(R"({"prompt_progress":{"total":5,"processed":9}})") + content("a") + stop,
        "progress 5/5\ntext \"a\"\n" + finished);
    row("error as a text", content("a") + dataLine(R"({"error":"out of memory"})") + content("b"),
        "text \"a\"\nfailure other \"out of memory\"\n");
    row("error as an object",
        content("a") + dataLine(R"({"error":{"message":"m\u0007 x\ny","code":"c"}})"),
        "text \"a\"\nfailure other \"m x y\"\n");
    row("error that is a number", dataLine(R"({"error":7})"),
        "failure other \"an error without words\"\n");
    row("error that is null",
        dataLine(R"({"error":null,"choices":[{"delta":{"content":"a"}}]})") + stop,
        "text \"a\"\n" + finished);
    row("error of older vLLM",
        dataLine(R"({"object":"error","message":"no","type":"BadRequestError","code":400})"),
        "failure bad-request \"no\"\n");
    row("context exceeded",
        dataLine(
            R"({"error":{"message":"This model's maximum context length is 4096 tokens","code":400}})"),
        "failure context-exceeded \"This model's maximum context length is 4096 tokens\"\n");
    row("not JSON", content("a") + dataLine("{\"choices\":[") + content("b"),
        "text \"a\"\nfailure malformed \"the server's answer: not valid JSON: parse error at line "
        "1, column 13: syntax error while "
        "parsing "
        "value - unexpected end of input; expected '[', '{', or a literal\"\n");
    row("a web page", "<!doctype html><title>x</title>",
        "failure not-openai \"the server's answer is neither JSON nor events\"\n");
    row("words", "OK", "failure not-openai \"the server's answer is neither JSON nor events\"\n");
    row("other JSON", R"({"status":"ok"})",
        "failure not-openai \"the server's answer is JSON of another kind\"\n");
    row("other events", dataLine(R"({"temperature":7})"),
        "failure not-openai \"the server's answer is JSON of another kind\"\n");
    row("two objects and rubbish",
        R"({"message":{"content":"a"},"done":false})"
        "\n}",
        "text \"a\"\nfailure malformed \"the server's answer: expected a JSON object, found other "
        "text\"\n");
    row("empty", "", "failure cut-off \"the connection ended before the answer did\"\n");
    row("only pings", ": a\n\n: b\n\n",
        "failure cut-off \"the connection ended before the answer did\"\n");
    row("only the mark", "data: [DONE]\n\n",
        "failure malformed \"the server's answer ended before it began\"\n");
    row("a mark of byte order",
        "\xEF\xBB\xBF"
        R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})",
        "text \"a\"\n" + finished);
    row("completions",
        dataLine(R"({"choices":[{"index":0,"text":" a"}]})") +
            dataLine(R"({"choices":[{"index":0,"text":" b","finish_reason":"length"}]})") +
            "data: [DONE]\n\n",
        "text \"a\"\ntext \" b\"\nfinish length \"length\"\n");
    row("Ollama's generate",
        R"({"response":"a","thinking":"t","done":false})"
        "\n"
        R"({"response":"","done":true})",
        "thinking 0 \"t\"\ntext \"a\"\nfinish stop \"stop\"\n");
    row("an answer of white space", content(" \n") + content("\n ") + stop, finished);
    row("white space within stays", content("a \n") + content("\n") + content(" b ") + stop,
        "text \"a\"\ntext \" \n\n b\"\n" + finished);
    row("thinking goes on after text",
        chunk(R"({"reasoning":"a"})") + content("A") + chunk(R"({"reasoning":"b"})") +
            content("B") + stop,
        "thinking 0 \"a\"\ntext \"A\"\nthinking 1 \"b\"\ntext \"B\"\n" + finished);
    row("refusal", chunk(R"({"refusal":"I "})") + chunk(R"({"refusal":"can't"})") + stop,
        "note refusal \"I can't\"\n" + finished);
    row("finish comes twice", content("a") + stop.substr(0, stop.find("data: [DONE]")) + stop,
        "text \"a\"\n" + finished);
}

void TestAnswerStream::oddAnswers()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);
    const std::string whole = bytes.toStdString();
    QCOMPARE(QByteArray::fromStdString(read({whole})), expected);
    for (size_t i = 0; i <= whole.size(); ++i)
        QCOMPARE(read({std::string_view(whole).substr(0, i), std::string_view(whole).substr(i)}),
                 expected.toStdString());
}

void TestAnswerStream::thinkingThatTheTemplateOpened()
{
    AnswerOptions options;
    options.beginning = ThinkSplitter::Beginning::Thinking;
    const std::string finished = "finish stop \"stop\"\n";
    QCOMPARE(read({content("One") + content(" two</think>") + content("\nThree") + stop}, options),
             "thinking 0 \"One\"\nthinking 0 \" two\"\ntext \"Three\"\n" + finished);
    // A model that opens it once more.
    QCOMPARE(
        read({content("\n<th") + content("ink>One</think>") + content("Three") + stop}, options),
        "thinking 0 \"One\"\ntext \"Three\"\n" + finished);
    // Never closed: it was thinking all the way.
    QCOMPARE(read({content("One") + stop}, options), "thinking 0 \"One\"\n" + finished);
    // The server tells them apart itself.
    QCOMPARE(read({chunk(R"({"reasoning":"One"})") + content("Three") + stop}, options),
             "thinking 0 \"One\"\ntext \"Three\"\n" + finished);
}

void TestAnswerStream::answersThatNeverThink()
{
    AnswerOptions options;
    options.beginning = ThinkSplitter::Beginning::Answer;
    QCOMPARE(read({content("a</think>b") + stop}, options),
             std::string("text \"a</think>b\"\nfinish stop \"stop\"\n"));
    // Thinking in a field: what the content holds is the answer.
    QCOMPARE(read({chunk(R"({"reasoning":"t"})") + content("a</think>b") + stop}),
             std::string("thinking 0 \"t\"\ntext \"a</think>b\"\nfinish stop \"stop\"\n"));
}

void TestAnswerStream::refusesEndlessAnswers()
{
    AnswerOptions options;
    options.answerBytes = 1000;
    for (const std::string& piece : {content(std::string(90, 'x')),
                                     chunk(R"({"reasoning":")" + std::string(90, 'x') + "\"}")}) {
        AnswerStream stream(options);
        AnswerSteps steps;
        for (int i = 0; i < 20; ++i)
            steps.add(stream.push(piece));
        QVERIFY(stream.isOver());
        QVERIFY(
            steps.text().ends_with("failure malformed \"the answer is longer than 1000 bytes\"\n"));
        const std::string text = steps.text();
        QCOMPARE(std::count(text.begin(), text.end(), '\n'), 12); // eleven pieces and the failure
    }
}

void TestAnswerStream::refusesLargeEvents()
{
    AnswerOptions options;
    options.limits = {100, 200};
    const std::string large(101, 'x');
    QVERIFY(read({"data: " + large}, options).starts_with("failure malformed"));
    QVERIFY(read({"{\"message\":{\"content\":\"" + large + large + "\"}}"}, options)
                .starts_with("failure malformed"));
}

void TestAnswerStream::deepNestingIsMalformed()
{
    for (const char open : {'[', '{'}) {
        std::string deep = R"({"choices":)";
        for (int i = 0; i < 100'000; ++i)
            deep += open == '[' ? "[" : R"({"a":)";
        QVERIFY(read({dataLine(deep)}).starts_with("failure malformed"));
    }
    // What servers may send: logprobs and the like.
    QCOMPARE(
        read({dataLine(R"({"x":[[[[[[[[[[[[]]]]]]]]]]]],"choices":[{"delta":{"content":"a"}}]})") +
              stop}),
        std::string("text \"a\"\nfinish stop \"stop\"\n"));
}

void TestAnswerStream::formatsByContentType()
{
    QCOMPARE(answerFormat("text/event-stream; charset=utf-8"), AnswerFormat::Events);
    QCOMPARE(answerFormat("Application/JSON"), AnswerFormat::Json);
    QCOMPARE(answerFormat("application/x-ndjson"), AnswerFormat::Json);
    QCOMPARE(answerFormat("text/plain"), AnswerFormat::Auto);
    QCOMPARE(answerFormat(""), AnswerFormat::Auto);
}

void TestAnswerStream::remembersTheId()
{
    AnswerStream stream;
    stream.push(dataLine(R"({"id":"chatcmpl-7","choices":[]})") +
                dataLine(R"({"id":"other","choices":[]})"));
    QCOMPARE(stream.id(), std::string("chatcmpl-7"));
}

void TestAnswerStream::nothingAfterTheEnd()
{
    AnswerStream stream;
    AnswerSteps steps;
    steps.add(stream.push(content("a") + stop));
    QVERIFY(stream.isOver());
    QVERIFY(stream.push(content("b") + dataLine(R"({"error":"x"})")).empty());
    QVERIFY(stream.push("{{{{").empty());
    QVERIFY(stream.finish().empty());
    QCOMPARE(steps.text(), std::string("text \"a\"\nfinish stop \"stop\"\n"));
}

void TestAnswerStream::manyTagsCostNoMoreThanTheirBytes()
{
    std::string text;
    for (int i = 0; i < 400'000; ++i)
        text += "<think></think>";
    text += "a";
    for (int i = 0; i < 2'000'000; ++i)
        text += '<';
    QElapsedTimer timer;
    timer.start();
    const std::string steps = read({content(text) + stop});
    QVERIFY(steps.starts_with("text \"a<<<"));
    // In the square of its length it would take hours.
    QVERIFY2(timer.elapsed() < 20'000, qPrintable(QString::number(timer.elapsed())));
}

QTEST_APPLESS_MAIN(TestAnswerStream)
#include "tst_answerstream.moc"
