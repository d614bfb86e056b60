#include <QtTest>

#include "engine/error.h"
#include "engine/remote/ipaddress.h"
#include "engine/remote/serverurl.h"

using namespace argali;
using namespace argali::remote;

class TestServerUrl final : public QObject {
    Q_OBJECT
private slots:
    void regular_data();
    void regular();
    void refused_data();
    void refused();
    void passwordsStayOutOfMessages();
    void endpoints();
    void loopback();
    void addresses_data();
    void addresses();
    void noAddresses_data();
    void noAddresses();
    void hostsToFetchFrom_data();
    void hostsToFetchFrom();
};

void TestServerUrl::regular_data()
{
    QTest::addColumn<QByteArray>("typed");
    QTest::addColumn<QByteArray>("regular");
    const auto row = [](const char* typed, const char* text) {
        QTest::newRow(typed) << QByteArray(typed) << QByteArray(text);
    };
    row("http://localhost:8000", "http://localhost:8000");
    row("  http://localhost:8000/ \n", "http://localhost:8000");
    row("HTTP://LocalHost:8000/v1", "http://localhost:8000");
    row("http://localhost:8000/v1/", "http://localhost:8000");
    row("http://localhost:8000//v1//", "http://localhost:8000");
    row("http://localhost:8000/v1/chat/completions", "http://localhost:8000");
    row("http://localhost:8000/v1/models", "http://localhost:8000");
    row("http://localhost:8000/v1/completions/", "http://localhost:8000");
    row("https://example.com/llm/v1", "https://example.com/llm");
    row("https://example.com/llm", "https://example.com/llm");
    row("https://example.com/models", "https://example.com/models"); // a path of its own
    row("https://example.com/v1x", "https://example.com/v1x");
    row("https://example.com:443/v1", "https://example.com");
    row("http://example.com:80", "http://example.com");
    row("https://example.com:80", "https://example.com:80");
    row("https://example.com.", "https://example.com");
    row("http://[::1]:8080/v1", "http://[::1]:8080");
    row("[FE80::1]:8080", "http://[fe80::1]:8080");
    row("localhost:11434", "http://localhost:11434");
    row("127.0.0.1:1234/v1", "http://127.0.0.1:1234");
    row("192.168.1.20:8000", "http://192.168.1.20:8000");
    row("gpu-box:8000", "http://gpu-box:8000");
    row("gpu.local", "http://gpu.local");
    row("api.example.com", "https://api.example.com"); // a key goes there
    row("8.8.8.8:8000", "https://8.8.8.8:8000");
    row("[2606:4700::1]", "https://[2606:4700::1]");
    row("http://example.com/a%20b/v1", "http://example.com/a%20b");
}

void TestServerUrl::regular()
{
    QFETCH(QByteArray, typed);
    QFETCH(QByteArray, regular);
    const ServerUrl url = ServerUrl::parse(typed.toStdString());
    QCOMPARE(QByteArray::fromStdString(url.text()), regular);
    QCOMPARE(ServerUrl::parse(url.text()), url); // what is regular stays so
}

void TestServerUrl::refused_data()
{
    QTest::addColumn<QByteArray>("typed");
    for (const char* const typed : {"",
                                    "   ",
                                    "ftp://host",
                                    "file:///etc/passwd",
                                    "javascript://x",
                                    "http://",
                                    "http:///v1",
                                    "http://user@host",
                                    "http://user:password@host",
                                    "user:password@host:80",
                                    "http://host:0",
                                    "http://host:65536",
                                    "http://host:-1",
                                    "http://host:",
                                    "http://host:80a",
                                    "http://host:99999999999999999999",
                                    "http://ho st",
                                    "http://host/a b",
                                    "http://host/v1?key=1",
                                    "http://host#x",
                                    "http://ho\"st",
                                    "http://[::1",
                                    "http://[::1]8000",
                                    "http://[nonsense]",
                                    "http://[fe80::1%eth0]",
                                    "http://::1:80",
                                    "http://host/../x",
                                    "http://host/a\\b",
                                    "http://host\\@other",
                                    "http://host/a\nb",
                                    "http://h\xC3\xB6st",
                                    "http://host%2f",
                                    "http:host",
                                    "http://host/\xC3\xA4"})
        QTest::newRow(*typed ? typed : "empty") << QByteArray(typed);
    QTest::newRow("long") << QByteArray("http://host/") + QByteArray(3000, 'a');
    QTest::newRow("long host") << QByteArray("http://") + QByteArray(254, 'a');
    QTest::newRow("NUL") << QByteArray("http://host/a\0b", 15);
}

void TestServerUrl::refused()
{
    QFETCH(QByteArray, typed);
    try {
        const ServerUrl url = ServerUrl::parse(typed.toStdString());
        QFAIL(url.text().c_str());
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::BadRequest);
    }
}

void TestServerUrl::passwordsStayOutOfMessages()
{
    for (const char* const typed :
         {"http://me:hunter2@host", "http://host/hunter2 x", "http://host?key=hunter2",
          "hunter2://host", "http://host:hunter2", "http://hunter2\xFF"})
        try {
            ServerUrl::parse(typed);
            QFAIL(typed);
        } catch (const Error& error) {
            QVERIFY2(std::string(error.what()).find("hunter2") == std::string::npos, error.what());
        }
}

void TestServerUrl::endpoints()
{
    const ServerUrl url = ServerUrl::parse("https://example.com:8443/llm/v1/");
    QCOMPARE(url.endpoint("/v1/models"), std::string("https://example.com:8443/llm/v1/models"));
    QCOMPARE(url.endpoint("/health"), std::string("https://example.com:8443/llm/health"));
    QCOMPARE(url.host(), std::string("example.com"));
    QCOMPARE(int(url.port()), 8443);
    QCOMPARE(url.path(), std::string("/llm"));
    QVERIFY(url.isSecure());
}

void TestServerUrl::loopback()
{
    for (const char* const typed : {"localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "[::1]",
                                    "[::ffff:127.0.0.1]", "2130706433"})
        QVERIFY2(ServerUrl::parse(typed).isLoopback(), typed);
    for (const char* const typed :
         {"192.168.1.1", "localhost.example.com", "[::2]", "128.0.0.1", "notlocalhost"})
        QVERIFY2(!ServerUrl::parse(typed).isLoopback(), typed);
}

void TestServerUrl::addresses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("isPublic");
    for (const char* const text : {"0.0.0.0",
                                   "0.1.2.3",
                                   "10.0.0.1",
                                   "10.255.255.255",
                                   "100.64.0.1",
                                   "100.127.255.255",
                                   "127.0.0.1",
                                   "127.255.255.255",
                                   "169.254.169.254",
                                   "172.16.0.1",
                                   "172.31.255.255",
                                   "192.0.0.1",
                                   "192.0.2.1",
                                   "192.88.99.1",
                                   "192.168.0.1",
                                   "198.18.0.1",
                                   "198.19.255.255",
                                   "198.51.100.1",
                                   "203.0.113.1",
                                   "224.0.0.1",
                                   "239.255.255.255",
                                   "240.0.0.1",
                                   "255.255.255.255",
                                   "2130706433",
                                   "0x7f000001",
                                   "0x7f.1",
                                   "127.1",
                                   "127.0.1",
                                   "0177.0.0.1",
                                   "017700000001",
                                   "0",
                                   "0x0",
                                   "3232235777",
                                   "0xC0A80101",
                                   "192.168.257",
                                   "10.1",
                                   "127.0.0.1.",
                                   "[::1]",
                                   "::1",
                                   "::",
                                   "[::]",
                                   "::ffff:127.0.0.1",
                                   "::ffff:7f00:1",
                                   "::ffff:10.0.0.1",
                                   "0:0:0:0:0:ffff:c0a8:0101",
                                   "::127.0.0.1",
                                   "::10.0.0.1",
                                   "::ffff:0:127.0.0.1",
                                   "64:ff9b::127.0.0.1",
                                   "64:ff9b::8.8.8.8",
                                   "64:ff9b:1::1",
                                   "100::1",
                                   "fe80::1",
                                   "fe80::1%eth0",
                                   "febf::1",
                                   "fc00::1",
                                   "fd12:3456::1",
                                   "fec0::1",
                                   "ff02::1",
                                   "2001:db8::1",
                                   "2001::1",
                                   "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                                   "2002:7f00:1::",
                                   "2002:c0a8:101::1",
                                   "3fff::1",
                                   "2001:10::1",
                                   "2001:20::1",
                                   "4000::1",
                                   "[fd00::1]"})
        QTest::newRow(text) << QByteArray(text) << false;
    for (const char* const text : {"8.8.8.8",
                                   "1.1.1.1",
                                   "9.255.255.255",
                                   "11.0.0.0",
                                   "100.63.255.255",
                                   "100.128.0.0",
                                   "126.255.255.255",
                                   "128.0.0.1",
                                   "169.253.255.255",
                                   "172.15.255.255",
                                   "172.32.0.0",
                                   "192.0.1.1",
                                   "192.167.255.255",
                                   "192.169.0.1",
                                   "198.17.255.255",
                                   "198.20.0.0",
                                   "223.255.255.255",
                                   "134744072",
                                   "0x08080808",
                                   "::ffff:8.8.8.8",
                                   "2606:4700:4700::1111",
                                   "[2a00:1450:4001:80b::200e]",
                                   "2001:200::1",
                                   "2003::1"})
        QTest::newRow(text) << QByteArray(text) << true;
}

void TestServerUrl::addresses()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, isPublic);
    const auto address = parseIpAddress(text.toStdString());
    QVERIFY(address.has_value());
    QCOMPARE(isPublicAddress(*address), isPublic);
    QCOMPARE(mayFetchFrom(text.toStdString()), isPublic);
}

void TestServerUrl::noAddresses_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char* const text : {"",
                                   ".",
                                   "..",
                                   "1.2.3.4.5",
                                   "256.1.1.1",
                                   "1.2.3.256",
                                   "1.2.65536",
                                   "1.16777216",
                                   "4294967296",
                                   "1..2",
                                   "a",
                                   "0xg",
                                   "08",
                                   "-1",
                                   "+1",
                                   "1.2.3.4x",
                                   " 1.2.3.4",
                                   ":",
                                   ":::",
                                   "1:2:3:4:5:6:7",
                                   "1:2:3:4:5:6:7:8:9",
                                   "1::2::3",
                                   "12345::",
                                   "g::",
                                   "::1.2.3",
                                   "::1.2.3.4.5",
                                   "1.2.3.4::",
                                   "[::1",
                                   "::1]",
                                   "[]",
                                   "[1.2.3.4]",
                                   "::ffff:256.0.0.1",
                                   "1:2:3:4:5:6:7::8:9"})
        QTest::newRow(*text ? text : "empty") << QByteArray(text);
    QTest::newRow("long") << QByteArray(65, '1');
}

void TestServerUrl::noAddresses()
{
    QFETCH(QByteArray, text);
    QVERIFY(!parseIpAddress(text.toStdString()));
}

void TestServerUrl::hostsToFetchFrom_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<bool>("may");
    for (const char* const host : {"example.com", "EXAMPLE.com.", "a-b.example.co.uk",
                                   "1.example.com", "xn--bcher-kva.example"})
        QTest::newRow(host) << QByteArray(host) << true;
    for (const char* const host : {"",
                                   ".",
                                   "localhost",
                                   "LOCALHOST.",
                                   "a.localhost",
                                   "printer",
                                   "nas.local",
                                   "db.internal",
                                   "metadata.google.internal",
                                   "x.lan",
                                   "x.home.arpa",
                                   "localhost.localdomain",
                                   "1.2.3.08",
                                   "1.2.3.999",
                                   "example.0x7f",
                                   "a b.com",
                                   "a/b.com",
                                   "ex\xC3\xA4mple.com",
                                   "user@example.com",
                                   "example.com:80"})
        QTest::newRow(*host ? host : "empty") << QByteArray(host) << false;
    QTest::newRow("long") << QByteArray(250, 'a') + ".com" << false;
}

void TestServerUrl::hostsToFetchFrom()
{
    QFETCH(QByteArray, host);
    QFETCH(bool, may);
    QCOMPARE(mayFetchFrom(host.toStdString()), may);
}

QTEST_APPLESS_MAIN(TestServerUrl)
#include "tst_serverurl.moc"
