#include <QtTest>

#include <sstream>

#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/remote/headerlist.h"
#include "engine/remote/secret.h"

using namespace argali;
using namespace argali::remote;

class TestSecret final : public QObject {
    Q_OBJECT
private slots:
    void cannotBePrinted();
    void isOverwritten();
    void movesAndCopies();
    void comparesWhole();
    void vanishesFromMessages();
    void headersAsGiven();
    void keysAreSecret();
    void nothingBreaksOut_data();
    void nothingBreaksOut();
    void refusesNames_data();
    void refusesNames();
    void hasLimits();
};

namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value)
{
    out << value;
};
template <typename T>
concept Debuggable = requires(QDebug out, const T& value)
{
    out << value;
};

static_assert(Printable<std::string> && !Printable<Secret>);
static_assert(!Debuggable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<nlohmann::json, Secret>);
static_assert(!std::is_convertible_v<std::string, Secret>); // nor made by accident

} // namespace

void TestSecret::cannotBePrinted()
{
    // What matters is above, and that this line does not compile: std::cout << Secret("x");
    QCOMPARE(Secret("sk-1").reveal(), std::string_view("sk-1"));
    QVERIFY(Secret().isEmpty() && !Secret("x").isEmpty());
}

void TestSecret::isOverwritten()
{
    // Looked at while the memory is still the object's: in place of a short text, and of a long
    // one.
    alignas(Secret) std::array<std::byte, sizeof(Secret)> place{};
    auto* const secret = new (place.data()) Secret("sk-short");
    const std::string_view before(reinterpret_cast<const char*>(place.data()), place.size());
    QVERIFY(before.find("sk-short") != before.npos);
    secret->~Secret();
    QVERIFY(before.find("sk-short") == before.npos);

    Secret moved("sk-short-2");
    const Secret target(std::move(moved));
    QCOMPARE(target.reveal(), std::string_view("sk-short-2"));
    const std::string_view left(reinterpret_cast<const char*>(&moved), sizeof moved);
    QVERIFY(left.find("sk-short-2") == left.npos);

    Secret assigned("a-long-secret-that-lies-in-memory-of-its-own");
    const char* const memory = assigned.reveal().data();
    assigned = Secret("b");
    // A shorter text stays in the same memory, where nothing else is left.
    QCOMPARE(assigned.reveal().data(), memory);
    QCOMPARE(std::string(memory, 44), 'b' + std::string(43, '\0'));
    QCOMPARE(assigned.reveal(), std::string_view("b"));
}

void TestSecret::movesAndCopies()
{
    Secret a("one");
    Secret b = a;
    QCOMPARE(b.reveal(), a.reveal());
    b = Secret("two");
    QCOMPARE(a.reveal(), std::string_view("one"));
    Secret& same = b;
    b = same;
    QCOMPARE(b.reveal(), std::string_view("two"));
    b = std::move(same);
    QCOMPARE(b.reveal(), std::string_view("two"));
    a = b;
    QCOMPARE(a.reveal(), std::string_view("two"));
}

void TestSecret::comparesWhole()
{
    const Secret secret("abc");
    QVERIFY(secret.equals("abc"));
    for (const char* const other : {"", "ab", "abd", "Abc", "abcd"})
        QVERIFY(!secret.equals(other));
    QVERIFY(Secret().equals(""));
}

void TestSecret::vanishesFromMessages()
{
    const Secret key("sk-12");
    QCOMPARE(without("Incorrect key sk-12 (sk-12sk-12)", key),
             std::string("Incorrect key *** (******)"));
    QCOMPARE(without("as it was", key), std::string("as it was"));
    QCOMPARE(without("as it was", Secret()), std::string("as it was"));
    QCOMPARE(without("**", Secret("*")), std::string("******")); // ends
}

void TestSecret::headersAsGiven()
{
    HeaderList list;
    list.add("X-Team", "  blue \t");
    list.add("X-Empty", "");
    list.add("x-team", "gr\xC3\xBCn");
    QCOMPARE(list.headers().size(), size_t(2));
    QCOMPARE(list.headers()[0].name, std::string("x-team"));
    QCOMPARE(list.headers()[0].value, std::string("gr\xC3\xBCn"));
    QCOMPARE(list.headers()[1].value, std::string());
}

void TestSecret::keysAreSecret()
{
    HeaderList list;
    list.addKey(Secret());
    QVERIFY(list.headers().empty());
    list.addKey(Secret(" sk-1 "));
    list.addSecret("X-Token", Secret("t"));
    QCOMPARE(list.headers()[0].name, std::string("Authorization"));
    QCOMPARE(list.headers()[0].value, std::string());
    QCOMPARE(list.headers()[0].secret.reveal(), std::string_view("Bearer sk-1"));
    QCOMPARE(list.headers()[1].secret.reveal(), std::string_view("t"));
}

void TestSecret::nothingBreaksOut_data()
{
    using namespace std::string_literals;
    QTest::addColumn<QByteArray>("value");
    int row = 0;
    for (const std::string& value : {"a\r\nX: y"s, "a\nX: y"s, "a\rX: y"s, "a\0b"s, "\x7F"s,
                                     "a\x1B[31m"s, "\r\n"s, "a\r\n\r\nGET / HTTP/1.1"s, "end\n"s})
        QTest::addRow("%d", row++) << QByteArray::fromStdString(value);
}

void TestSecret::nothingBreaksOut()
{
    QFETCH(QByteArray, value);
    HeaderList list;
    const std::string text = value.toStdString();
    QVERIFY_EXCEPTION_THROWN(list.add("X-A", text), Error);
    QVERIFY_EXCEPTION_THROWN(list.addSecret("X-A", Secret(text)), Error);
    QVERIFY_EXCEPTION_THROWN(list.addKey(Secret(text)), Error);
    QVERIFY_EXCEPTION_THROWN(list.add(text, "x"), Error);
    QVERIFY(list.headers().empty());
    try {
        list.addKey(Secret("sk-secret\r\nX: y"));
        QFAIL("taken");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::BadRequest);
        QVERIFY(std::string(error.what()).find("sk-secret") == std::string::npos);
        QVERIFY(std::string(error.what()).find("Authorization") != std::string::npos);
    }
}

void TestSecret::refusesNames_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char* const name : {"", "a b", "a:", ":a", "a(b)", "\xC3\xBC", "a\"", "Host",
                                   "content-length", "Transfer-Encoding", "CONNECTION", "Upgrade",
                                   "te", "Trailer", "Keep-Alive", "Expect", "Proxy-Connection"})
        QTest::newRow(*name ? name : "empty") << QByteArray(name);
}

void TestSecret::refusesNames()
{
    QFETCH(QByteArray, name);
    HeaderList list;
    QVERIFY_EXCEPTION_THROWN(list.add(name.toStdString(), "x"), Error);
}

void TestSecret::hasLimits()
{
    HeaderList list;
    list.add("X-Long", std::string(8192, 'x'));
    QVERIFY_EXCEPTION_THROWN(list.add("X-Longer", std::string(8193, 'x')), Error);
    for (int i = 1; i < 64; ++i)
        list.add("X-" + std::to_string(i), "v");
    QVERIFY_EXCEPTION_THROWN(list.add("X-64", "v"), Error);
    list.add("X-63", "other"); // in place of one that is there
    QCOMPARE(list.headers().size(), size_t(64));
}

QTEST_APPLESS_MAIN(TestSecret)
#include "tst_secret.moc"
