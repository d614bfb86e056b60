#include <QtTest>

#include "engine/error.h"
#include "engine/remote/ssereader.h"

using namespace argali;
using namespace argali::remote;

class TestSse final : public QObject {
    Q_OBJECT
private slots:
    void events_data();
    void events();
    void anyCutGivesTheSame_data();
    void anyCutGivesTheSame();
    void remembersTheRetryTime();
    void refusesLongLines();
    void refusesLargeEvents();
    void takesWhatIsWithinTheLimits();
};

namespace {

using Events = std::vector<SseEvent>;

SseEvent plain(std::string data, bool isWhole = true)
{
    return {{}, std::move(data), {}, isWhole};
}

struct Case {
    const char* name;
    std::string bytes;
    Events events;
};

std::vector<Case> cases()
{
    using namespace std::string_literals;
    return {
        {"line feeds", "data: a\n\ndata: b\n\n", {plain("a"), plain("b")}},
        {"returns", "data: a\r\rdata: b\r\r", {plain("a"), plain("b")}},
        {"both", "data: a\r\n\r\ndata: b\r\n\r\n", {plain("a"), plain("b")}},
        {"mixed", "data: a\r\ndata: b\n\rdata: c\n\n", {plain("a\nb"), plain("c")}},
        {"byte order mark", "\xEF\xBB\xBF"s + "data: a\n\n", {plain("a")}},
        {"a mark later on is text", "data: a\n\n\xEF\xBB\xBF"s + "data: b\n\n", {plain("a")}},
        {"pings", ": ping\n\n:\n\n: ping\r\n\r\ndata: a\n: within\n\n: end\n\n", {plain("a")}},
        {"several data lines", "data: a\ndata:\ndata:  b\n\n", {plain("a\n\n b")}},
        {"empty data is an event", "data\n\ndata:\n\n", {plain(""), plain("")}},
        {"no space", "data:a:b\n\n", {plain("a:b")}},
        {"types", "event: error\ndata: a\n\ndata: b\n\n", {{"error", "a", "", true}, plain("b")}},
        {"a type alone is nothing", "event: error\n\ndata: b\n\n", {plain("b")}},
        {"ids stay",
         "id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
         {{"", "a", "7", true}, {"", "b", "7", true}, plain("c")}},
        {"an id with NUL is none", "id: 1\0\ndata: a\n\n"s, {plain("a")}},
        {"unknown fields", "Data: x\nfoo: y\n data: z\ndata: a\n\n", {plain("a")}},
        {"error field", "error: {}\n\n", {{"error", "{}", "", true}}},
        {"split characters",
         "data: \xE4\xBD\xA0 \xF0\x9F\x98\x80\n\n",
         {plain("\xE4\xBD\xA0 \xF0\x9F\x98\x80")}},
        {"broken characters",
         "data: a\xFF"
         "b\xE4\xBD\ndata: \xC0\xAF\n\n",
         {plain("a\xEF\xBF\xBD"
                "b\xEF\xBF\xBD\n\xEF\xBF\xBD\xEF\xBF\xBD")}},
        {"no blank line", "data: a\n\ndata: b\n", {plain("a"), plain("b", false)}},
        {"no line end", "data: a\n\ndata: [DO", {plain("a"), plain("[DO", false)}},
        {"a return at the end", "data: a\n\r", {plain("a")}},
        {"nothing", "", {}},
        {"only blank lines", "\n\r\n\r\r\n", {}},
        {"other text", "<html>\n<body>\n", {}},
    };
}

Events read(std::initializer_list<std::string_view> pieces)
{
    SseReader reader;
    Events events;
    for (const std::string_view piece : pieces)
        for (SseEvent& event : reader.push(piece))
            events.push_back(std::move(event));
    for (SseEvent& event : reader.finish())
        events.push_back(std::move(event));
    return events;
}

/// For messages of failing tests.
std::string shown(const Events& events)
{
    std::string text;
    for (const SseEvent& event : events)
        text +=
            '[' + event.type + '|' + event.data + '|' + event.id + (event.isWhole ? "]" : "|cut]");
    return text;
}

void addCases()
{
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Case& one : cases())
        QTest::newRow(one.name) << index++;
}

} // namespace

void TestSse::events_data()
{
    addCases();
}

void TestSse::events()
{
    QFETCH(int, index);
    const Case one = cases()[static_cast<size_t>(index)];
    QCOMPARE(shown(read({one.bytes})), shown(one.events));
    QCOMPARE(read({one.bytes}), one.events);
}

void TestSse::anyCutGivesTheSame_data()
{
    addCases();
}

void TestSse::anyCutGivesTheSame()
{
    QFETCH(int, index);
    const Case one = cases()[static_cast<size_t>(index)];
    const std::string_view bytes = one.bytes;
    for (size_t i = 0; i <= bytes.size(); ++i)
        for (size_t j = i; j <= bytes.size(); ++j) {
            const Events events =
                read({bytes.substr(0, i), bytes.substr(i, j - i), bytes.substr(j)});
            QCOMPARE(shown(events), shown(one.events));
        }
    SseReader reader;
    Events events;
    for (const char& byte : bytes)
        for (SseEvent& event : reader.push({&byte, 1}))
            events.push_back(std::move(event));
    for (SseEvent& event : reader.finish())
        events.push_back(std::move(event));
    QCOMPARE(shown(events), shown(one.events));
}

void TestSse::remembersTheRetryTime()
{
    SseReader reader;
    QVERIFY(!reader.retry());
    reader.push("retry: 1500\n");
    QCOMPARE(reader.retry()->count(), 1500);
    for (const char* const odd :
         {"retry: -1\n", "retry: 1.5\n", "retry:\n", "retry: 12345678901234567890\n"})
        reader.push(odd);
    QCOMPARE(reader.retry()->count(), 1500);
    reader.push("retry: 999999999\n");
    QCOMPARE(reader.retry()->count(), 24 * 3600 * 1000); // nobody waits for eleven days
}

void TestSse::refusesLongLines()
{
    for (const size_t piece : {size_t(1), size_t(64), size_t(1000)}) {
        SseReader reader({100, 1000});
        const std::string line = "data: before\n\n" + std::string(101, 'x');
        Events events;
        for (size_t i = 0; i < line.size(); i += piece)
            for (SseEvent& event : reader.push(std::string_view(line).substr(i, piece)))
                events.push_back(std::move(event));
        QCOMPARE(events, Events{plain("before")}); // what came before it is not lost
        QVERIFY(reader.failure());
        QCOMPARE(reader.failure()->code(), Error::Code::Network);
        QVERIFY(std::string(reader.failure()->what()).find("100 bytes") != std::string::npos);
        QVERIFY(reader.push("\n\ndata: a\n\n").empty());
        QVERIFY(reader.finish().empty());
    }
}

void TestSse::refusesLargeEvents()
{
    SseReader reader({100, 200});
    const std::string line = "data: " + std::string(90, 'x') + '\n';
    QVERIFY(reader.push(line + line).empty());
    QVERIFY(!reader.failure());
    QVERIFY(reader.push(line + "\ndata: b\n\n").empty());
    QCOMPARE(reader.failure()->code(), Error::Code::Network);
    QVERIFY(reader.push("data: a\n\n").empty());
    QVERIFY(reader.finish().empty());

    SseReader empty({100, 200}); // lines that hold nothing take memory too
    std::string many;
    for (int i = 0; i < 202; ++i)
        many += "data\n";
    QVERIFY(empty.push(many).empty());
    QVERIFY(empty.failure());
}

void TestSse::takesWhatIsWithinTheLimits()
{
    SseReader reader({100, 200});
    const std::string line = "data: " + std::string(94, 'x') + '\n';
    for (int i = 0; i < 50; ++i) {
        QVERIFY(reader.push(line).empty());
        QVERIFY(reader.push(line).empty());
        const Events events = reader.push("\n");
        QCOMPARE(events.size(), size_t(1));
        QCOMPARE(events[0].data.size(), size_t(189));
    }
}

QTEST_APPLESS_MAIN(TestSse)
#include "tst_sse.moc"
