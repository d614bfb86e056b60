#include <limits>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include "engine/checkpoint/config.h"
#include "tests/support/hostile.h"

using namespace argali;

class TestConfig final : public QObject {
    Q_OBJECT
private slots:
    void readsValues();
    void messages_data();
    void messages();
    void readsFiles();
    void refusesJson_data();
    void refusesJson();
    void limitsHold();
    void readsTables();
    void hugeJsonTakesLittleMemory();
    void readsOnlyRegularFiles();
    void quotesAnything();
    void recognisesForeignFiles();
};

namespace {

const char text[] = R"({
    "model_type": "ovis2_5", "hidden_size": 64, "rope_theta": 1000000, "eps": 1e-6, "tie": true, "none": null,
    "eos": 5, "stops": [1, 2], "big": 9223372036854775808, "huge": 18446744073709551615, "fraction": 64.0,
    "llm_config": {"hidden_size": 32, "wrong": "abc", "rope": {"theta": 2.5}, "list": [1, "x"], "far": [1, 99]}
})";

Config config()
{
    return Config(parseJson(text, "config.json", Error::Code::Internal), "config.json");
}

long peakMemory() // kilobytes
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace

void TestConfig::readsValues()
{
    const Config c = config();
    QCOMPARE(c.integer("hidden_size", 1, 64), 64);
    QCOMPARE(c.integer("llm_config.hidden_size", 32, 100), 32);
    QCOMPARE(c.integer("nothing", 1, 5, 3), 3);
    QCOMPARE(c.integer("none", 1, 5, 3), 3);
    QCOMPARE(c.integer("llm_config.nothing", 1, 5, 3), 3);
    QCOMPARE(c.integer("other.nothing", 1, 5, 3), 3);
    QCOMPARE(c.number("rope_theta", 1, 1e7), 1e6);
    QCOMPARE(c.number("llm_config.rope.theta", 0, 3), 2.5);
    QCOMPARE(c.number("nothing", 0, 3, 0.5), 0.5);
    QCOMPARE(c.boolean("tie", false), true);
    QCOMPARE(c.boolean("nothing", true), true);
    QCOMPARE(c.string("model_type"), std::string("ovis2_5"));
    QCOMPARE(c.string("nothing", "x"), std::string("x"));
    QCOMPARE(c.integers("eos", 0, 10), std::vector<int32_t>({5}));
    QCOMPARE(c.integers("stops", 0, 10), std::vector<int32_t>({1, 2}));
    QVERIFY(c.integers("nothing", 0, 10).empty());
    QVERIFY(c.has("tie") && !c.has("none") && !c.has("nothing") && c.has("llm_config.rope.theta"));
    QCOMPARE(c.object("llm_config").object("rope").number("theta", 0, 3), 2.5);
    QCOMPARE(Config().integer("x", 0, 1, 1), 1);
}

void TestConfig::messages_data()
{
    QTest::addColumn<std::function<void(const Config&)>>("action");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* message, std::function<void(const Config&)> action) {
        QTest::newRow(message) << action << QByteArray(message);
    };
    row("config.json: hidden_size: expected an integer from 1 to 63, found 64",
        [](const Config& c) { c.integer("hidden_size", 1, 63); });
    row("config.json: hidden_size: expected an integer from 65 to 70, found 64",
        [](const Config& c) { c.integer("hidden_size", 65, 70, 66); });
    row("config.json: fraction: expected an integer from 1 to 100, found 64.0",
        [](const Config& c) { c.integer("fraction", 1, 100); });
    row("config.json: big: expected an integer from -9223372036854775808 to 9223372036854775807, "
        "found 9223372036854775808",
        [](const Config& c) {
            c.integer("big", std::numeric_limits<int64_t>::min(),
                      std::numeric_limits<int64_t>::max());
        });
    row("config.json: huge: expected an integer from -5 to 5, found 18446744073709551615",
        [](const Config& c) { c.integers("huge", -5, 5); });
    row("config.json: llm_config.wrong: expected an integer from 1 to 9, found \"abc\"",
        [](const Config& c) { c.integer("llm_config.wrong", 1, 9); });
    row("config.json: llm_config.wrong: expected a number from 0.5 to 9, found \"abc\"",
        [](const Config& c) { c.object("llm_config").number("wrong", 0.5, 9); });
    row("config.json: llm_config.nothing: expected an integer from 1 to 9, found nothing",
        [](const Config& c) { c.object("llm_config").integer("nothing", 1, 9); });
    row("config.json: nothing: expected a string, found nothing",
        [](const Config& c) { c.string("nothing"); });
    row("config.json: none: expected a string, found nothing",
        [](const Config& c) { c.string("none"); });
    row("config.json: stops: expected a string, found a list of 2",
        [](const Config& c) { c.string("stops", "x"); });
    row("config.json: model_type: expected true or false, found \"ovis2_5\"",
        [](const Config& c) { c.boolean("model_type", true); });
    row("config.json: llm_config: expected true or false, found an object",
        [](const Config& c) { c.boolean("llm_config", true); });
    row("config.json: llm_config.rope.theta: expected an object, found 2.5",
        [](const Config& c) { c.object("llm_config.rope").object("theta"); });
    row("config.json: model_type: expected an object, found \"ovis2_5\"",
        [](const Config& c) { c.integer("model_type.x", 1, 2, 1); });
    row("config.json: llm_config.wrong: expected an object, found \"abc\"",
        [](const Config& c) { c.object("llm_config").has("wrong.x.y"); });
    row("config.json: llm_config.list[1]: expected an integer from 0 to 9, found \"x\"",
        [](const Config& c) { c.integers("llm_config.list", 0, 9); });
    row("config.json: llm_config.far[1]: expected an integer from 0 to 9, found 99",
        [](const Config& c) { c.object("llm_config").integers("far", 0, 9); });
    row("config.json: tie: expected an integer from 0 to 9, found true",
        [](const Config& c) { c.integers("tie", 0, 9); });
}

void TestConfig::messages()
{
    QFETCH(std::function<void(const Config&)>, action);
    QFETCH(QByteArray, message);
    QCOMPARE(test::thrown([&] { action(config()); }), QByteArray("1: ") + message);
}

void TestConfig::readsFiles()
{
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("config.json").toStdString();
    QVERIFY(!Config::readIfThere(path).has("hidden_size"));
    QCOMPARE(test::throwsOtherwise([&] { Config::read(path); }, Error::Code::Missing,
                                   "config.json: cannot be opened: No such file"),
             QByteArray());
    test::writeFile(folder, "config.json", text);
    QCOMPARE(Config::read(path).integer("hidden_size", 1, 64), 64);
    QCOMPARE(Config::readIfThere(path).file(), path.string());
    test::writeFile(folder, "config.json", "[1]");
    QCOMPARE(test::throwsOtherwise([&] { Config::readIfThere(path); }, Error::Code::BadModel,
                                   "expected a JSON object, found a list of 1"),
             QByteArray());
    test::writeFile(folder, "config.json", "<html>");
    QCOMPARE(test::throwsOtherwise([&] { Config::read(path); }, Error::Code::BadModel, "web page"),
             QByteArray());
}

void TestConfig::refusesJson_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* name, const QByteArray& content, const char* message) {
        QTest::newRow(name) << content << QByteArray(message);
    };
    row("nothing", "", "not valid JSON");
    row("cut", R"({"a": [1, 2)", "not valid JSON");
    row("cut in a string", R"({"a)", "not valid JSON");
    row("two values", "{} {}", "not valid JSON");
    row("comment", "{} // x", "not valid JSON");
    row("comma at the end", "[1,]", "not valid JSON");
    row("single quotes", "{'a': 1}", "not valid JSON");
    row("not a number", R"({"a": NaN})", "not valid JSON");
    row("leading zero", "[01]", "not valid JSON");
    row("beyond double", "[1e999]", "not valid JSON");
    row("byte order mark", "\xEF\xBB\xBF{}", "byte order mark");
    row("NUL behind", QByteArray("{}\0", 3), "NUL byte at 2");
    row("NUL inside", QByteArray("[1,\0 2]", 7), "NUL byte at 3");
    row("UTF-16", QByteArray("{\0}\0", 4), "NUL byte at 1");
    row("not UTF-8", "[\"\xFF\"]", "UTF-8");
    row("overlong", "[\"\xC0\xAF\"]", "UTF-8");
    row("surrogate", "[\"\xED\xA0\x80\"]", "UTF-8");
    row("half a surrogate pair", R"(["\ud800"])", "surrogate");
    row("newline in a string", "[\"a\nb\"]", "not valid JSON");
    row("key twice", R"({"a": 1, "b": {"a": 1}, "a": 2})", R"(the key "a" comes twice)");
    row("key twice by an escape", R"({"a": 1, "\u0061": 2})", R"(the key "a" comes twice)");
    row("deep lists", QByteArray("[").repeated(1'000'000), "nested deeper than 32");
    row("deep objects", QByteArray("{\"a\":").repeated(200'000), "nested deeper than 32");
}

void TestConfig::refusesJson()
{
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, message);
    QCOMPARE(test::throwsOtherwise(
                 [&] { parseJson(content.toStdString(), "here", Error::Code::BadRequest); },
                 Error::Code::BadRequest, "3: here: |" + message),
             QByteArray());
}

void TestConfig::limitsHold()
{
    JsonLimits limits;
    limits.depth = 2;
    limits.values = 5;
    limits.bytes = 40;
    const auto parse = [&](const char* content) {
        return [=] { parseJson(content, "x", Error::Code::BadModel, limits); };
    };
    QCOMPARE(test::thrown(parse(R"([[1, 2], {}])")), QByteArray("nothing"));
    QCOMPARE(test::throwsOtherwise(parse("[[[]]]"), Error::Code::BadModel, "nested deeper than 2"),
             QByteArray());
    QCOMPARE(test::throwsOtherwise(parse("[1, 2, 3, 4, 5]"), Error::Code::BadModel,
                                   "more than 5 JSON values"),
             QByteArray());
    QCOMPARE(test::throwsOtherwise(parse("\"0123456789012345678901234567890123456789\""),
                                   Error::Code::BadModel, "42 bytes of JSON, at most 40"),
             QByteArray());
    limits.refuseDuplicateKeys = false;
    QCOMPARE(parseJson(R"({"a": [1], "a": 2})", "x", Error::Code::BadModel, limits).dump(),
             std::string(R"({"a":2})"));

    QCOMPARE(
        test::thrown([] { checkJsonText(R"(["1234", "12\"4"])", 5, "x", Error::Code::BadModel); }),
        QByteArray("nothing"));
    QCOMPARE(test::throwsOtherwise(
                 [] { checkJsonText(R"(["1234", "123\"5"])", 5, "x", Error::Code::BadModel); },
                 Error::Code::BadModel, "more than 5 bytes at byte 10"),
             QByteArray());
    QCOMPARE(
        test::throwsOtherwise([] { checkJsonText("[\"123456", 5, "x", Error::Code::BadModel); },
                              Error::Code::BadModel, "more than 5 bytes"),
        QByteArray());
}

void TestConfig::readsTables()
{
    using Members = std::vector<std::pair<std::string, int64_t>>;
    const auto read = [](const char* content, std::vector<std::string> path) {
        JsonTable table{std::move(path), {}};
        const nlohmann::json rest = parseJson(content, "x", Error::Code::BadModel, {}, &table);
        return std::pair(rest.dump(), table.members);
    };
    QCOMPARE(read(R"({"b": 1, "a": 2, "b": 3})", {}),
             std::pair(std::string("{}"), Members({{"b", 1}, {"a", 2}, {"b", 3}})));
    QCOMPARE(
        read(
            R"({"vocab": {"x": 1}, "model": {"v": [{"vocab": {"y": 1}}], "vocab": {"a": 2}, "w": {"vocab": {}}}})",
            {"model", "vocab"}),
        std::pair(
            std::string(
                R"({"model":{"v":[{"vocab":{"y":1}}],"vocab":{},"w":{"vocab":{}}},"vocab":{"x":1}})"),
            Members({{"a", 2}})));
    // In a list, in another object after the right key, or not an object: not the table.
    QCOMPARE(read(R"({"model": [{"vocab": {"a": 2}}]})", {"model", "vocab"}).second, Members());
    QCOMPARE(read(R"({"model": 1, "other": {"vocab": {"a": 2}}})", {"model", "vocab"}).second,
             Members());
    QCOMPARE(read(R"({"model": {"vocab": [1, 2]}})", {"model", "vocab"}).second, Members());
    for (const char* value :
         {"-1", "1.5", "\"1\"", "[1]", "{}", "null", "true", "9223372036854775808"})
        QCOMPARE(test::throwsOtherwise(
                     [&] { read((std::string("{\"a\": ") + value + "}").c_str(), {}); },
                     Error::Code::BadModel, "x: \"a\": expected a whole number from 0, found "),
                 QByteArray());
}

void TestConfig::hugeJsonTakesLittleMemory()
{
    // 60 MB that would become gigabytes: refused at the millionth value.
    const long before = peakMemory();
    QElapsedTimer timer;
    timer.start();
    for (const char* unit : {"[],", "0,", "{},", "\"\","}) {
        const QByteArray bytes = "[" + QByteArray(unit).repeated((60 << 20) / qstrlen(unit));
        const std::string_view content(bytes.constData(), static_cast<size_t>(bytes.size()));
        QCOMPARE(test::throwsOtherwise([&] { parseJson(content, "x", Error::Code::BadModel); },
                                       Error::Code::BadModel, "more than 1000000 JSON values"),
                 QByteArray());
    }
    QVERIFY2(timer.elapsed() < 30'000, QByteArray::number(timer.elapsed()));
    QVERIFY2(peakMemory() - before < 700'000,
             QByteArray::number(qlonglong(peakMemory() - before))); // sanitizers keep what is freed
}

void TestConfig::readsOnlyRegularFiles()
{
    const QTemporaryDir folder;
    const std::string pipe = folder.filePath("pipe").toStdString();
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    QCOMPARE(test::throwsOtherwise([&] { readFile(pipe); }, Error::Code::Missing, "is not a file"),
             QByteArray());
    QCOMPARE(test::throwsOtherwise([&] { readFile(folder.path().toStdString()); },
                                   Error::Code::Missing, "is not a file"),
             QByteArray());
    QCOMPARE(
        test::throwsOtherwise([] { readFile("/dev/zero"); }, Error::Code::Missing, "is not a file"),
        QByteArray());
    test::writeFile(folder, "five", "12345");
    const std::string five = folder.filePath("five").toStdString();
    QCOMPARE(readFile(five, 5), std::string("12345"));
    QCOMPARE(test::throwsOtherwise([&] { readFile(five, 4); }, Error::Code::Missing,
                                   "5 bytes, at most 4"),
             QByteArray());
    test::writeFile(folder, "empty", "");
    QCOMPARE(readFile(folder.filePath("empty").toStdString()), std::string());
}

void TestConfig::quotesAnything()
{
    QCOMPARE(inQuotes("a\"b\\\n\x1b[0m"), std::string(R"("a\"b\\\n\u001b[0m")"));
    QCOMPARE(inQuotes("\xFF\x7F\xC2\x9B\xC2\xA0"), std::string("\"\xEF\xBF\xBD\\u007f?\xC2\xA0\""));
    QCOMPARE(inQuotes(std::string(5000, 'x')), '"' + std::string(100, 'x') + "\"...");
    QCOMPARE(inQuotes(""), std::string("\"\""));
}

void TestConfig::recognisesForeignFiles()
{
    const auto found = [](std::string_view head) {
        return QByteArray::fromStdString(foreignContent(head).value_or("fine"));
    };
    QVERIFY(found("").contains("empty"));
    QVERIFY(found("version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
    QVERIFY(found("\n <!DocType HTML>").contains("web page"));
    QVERIFY(found("<?xml version").contains("web page"));
    QVERIFY(found("PK\x03\x04").contains("zip"));
    QVERIFY(found("GGUF").contains("GGUF"));
    QVERIFY(found("\x80\x02}").contains("pickle"));
    QCOMPARE(found("{}"), QByteArray("fine"));
    QCOMPARE(found("  "), QByteArray("fine"));
    QCOMPARE(found("P"), QByteArray("fine"));
}

QTEST_APPLESS_MAIN(TestConfig)
#include "tst_config.moc"
