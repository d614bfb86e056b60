// What serve fetches for others, and above all what it does not.
#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include <QTest>

#include "engine/server/api.h"
#include "engine/server/mediafetcher.h"
#include "engine/server/weburl.h"
#include "tests/support/argaliserver.h"

using namespace argali;
using namespace argali::test;
using namespace std::chrono_literals;
using server::ApiFailure;
using server::HttpAnswer;
using server::HttpRequest;
using server::MediaFetcher;
using server::WebUrl;
using Reply = std::shared_ptr<server::HttpReply>;

namespace {

/// A place on the web, on this machine.
class Site final {
public:
    using Page = std::function<void(const HttpRequest&, const Reply&)>;
    Site()
        : m_server({}, [this](HttpRequest request, Reply reply) {
              ++m_asked;
              const auto page = m_pages.find(request.path);
              if (page == m_pages.end())
                  return reply->send({404, "text/plain", "nothing", {}});
              page->second(request, reply);
          })
    {
    }
    void add(const std::string& path, Page page) { m_pages[path] = std::move(page); }
    void redirect(const std::string& path, const std::string& to)
    {
        add(path, [to](const HttpRequest&, const Reply& reply) {
            reply->send({302, "text/plain", "there", {{"Location", to}}});
        });
    }
    void serve(const std::string& path, const std::string& body)
    {
        add(path, [body](const HttpRequest&, const Reply& reply) {
            reply->send({200, "text/html", body, {}}); // wrong, on purpose
        });
    }
    std::string at(const std::string& path, const std::string& host = "127.0.0.1") const
    {
        return "http://" + host + ':' + std::to_string(m_server.port()) + path;
    }
    int asked() const { return m_asked; }

private:
    std::atomic<int> m_asked = 0;
    std::map<std::string, Page> m_pages;
    server::HttpServer m_server;
};

remote::IpAddress address(const char* text)
{
    return remote::parseIpAddress(text).value();
}

/// Settings with which 127.0.0.1, and only that, counts as a public address.
MediaFetcher::Settings trusting()
{
    MediaFetcher::Settings settings;
    settings.time = 5s;
    settings.mayAsk = [](std::string_view) { return true; };
    settings.mayConnect = [](const remote::IpAddress& one) { return one == address("127.0.0.1"); };
    return settings;
}

/// The code of the refusal; empty when there was none.
std::string refusal(MediaFetcher& fetcher, const std::string& url, int64_t most = 1 << 20)
{
    try {
        fetcher.fetch(url, most, {});
        return {};
    } catch (const ApiFailure& failure) {
        return failure.status() == 400 ? failure.code() : "another status";
    }
}

std::string textOf(const std::vector<std::byte>& bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

QJsonObject about(const QString& url)
{
    return question(
        QJsonArray{QJsonObject{{"type", "image_url"}, {"image_url", QJsonObject{{"url", url}}}},
                   textPart("What is shown?")},
        24);
}

/// A server that says that a picture comes, and no more.
class SlowSite final {
public:
    SlowSite()
    {
        m_site.add("/slow", [this](const HttpRequest&, const Reply& reply) {
            reply->begin({200, "image/png", {}, {}});
            reply->write("x");
            const std::lock_guard lock(m_mutex);
            m_replies.push_back(reply);
        });
    }
    std::string at() const { return m_site.at("/slow"); }
    int asked() const { return m_site.asked(); }
    /// How many are still waited for.
    int running() const
    {
        const std::lock_guard lock(m_mutex);
        return int(std::ranges::count_if(
            m_replies, [](const Reply& reply) { return !reply->gone().stop_requested(); }));
    }
    static MediaFetcher::Settings trusted()
    {
        MediaFetcher::Settings settings = trusting();
        settings.time = 60s;
        return settings;
    }

private:
    mutable std::mutex m_mutex;
    std::vector<Reply> m_replies;
    Site m_site; // last: its thread uses the others
};

/// A server of this process, with the pocket model, that fetches from this machine.
class FetchingServer final {
public:
    explicit FetchingServer(const MediaFetcher::Settings& fetch)
        : m_models(settings()),
          m_api({.key = {}, .origins = {}, .version = {}, .fetch = fetch}, m_models),
          m_server({}, [this](HttpRequest request, Reply reply) {
              m_api.handle(std::move(request), std::move(reply));
          })
    {
    }
    int port() const { return m_server.port(); }
    QJsonArray requests() const
    {
        return HttpClient(port()).get("/v1/requests").json()["data"].toArray();
    }
    /// Stops the first one of a client. Returns the status of that; 0: there is none
    int stop(const QString& client) const
    {
        for (const QJsonValue& each : requests()) {
            if (each.toObject()["client"] != client)
                continue;
            HttpClient owner(port());
            owner.send(HttpClient::request(
                "DELETE", "/v1/requests/" + each.toObject()["id"].toString().toUtf8()));
            return owner.read().status;
        }
        return 0;
    }

private:
    static server::ModelSet::Settings settings()
    {
        server::ModelSet::Settings settings;
        settings.models.push_back({"pocket", pocket.toStdString()});
        return settings;
    }
    server::ModelSet m_models;
    server::Api m_api;
    server::HttpServer m_server;
};

} // namespace

class TestServeFetch final : public QObject {
    Q_OBJECT
private slots:
    void readsAddresses_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("read"); // "scheme host port target", or nothing
        const auto row = [](const char* text, const char* read) {
            QTest::addRow("%s", QByteArray(text).toPercentEncoding(":/@?").constData())
                << text << read;
        };
        row("http://a.org", "http a.org 80 /");
        row("HTTPS://A.org:8443/x/y.png?q=1&r=%20#part", "https a.org 8443 /x/y.png?q=1&r=%20");
        row("http://a.org?q", "http a.org 80 /?q");
        row("http://a.org:/", "http a.org 80 /");
        row("http://[2001:DB8::1]:80/x", "http 2001:db8::1 80 /x");
        for (const char* bad : {"",
                                "a.org",
                                "ftp://a.org",
                                "file:///etc/passwd",
                                "http:/a.org",
                                "http://",
                                "http://a b.org",
                                "http://a.org/ x",
                                "http://a.org/\r\nX: y",
                                "http://u:p@a.org",
                                "http://u@a.org",
                                "http://a.org:0",
                                "http://a.org:65536",
                                "http://a.org:-1",
                                "http://a.org:8x",
                                "http://[::1",
                                "http://[127.0.0.1]",
                                "http://[fe80::1%eth0]",
                                "http://a.org\\@b.org",
                                "http://a..%2f",
                                "http://\xC3\xA4.org",
                                "javascript://x"})
            row(bad, "");
    }

    void readsAddresses()
    {
        QFETCH(QString, text);
        const auto url = WebUrl::parse(text.toStdString());
        const QString read =
            url ? QString("%1 %2 %3 %4")
                      .arg(url->isSecure ? "https" : "http", QString::fromStdString(url->host))
                      .arg(url->port)
                      .arg(QString::fromStdString(url->target))
                : QString();
        QTEST(read, "read");
    }

    void followsReferences()
    {
        const WebUrl from = WebUrl::parse("https://a.org:8443/x/y/z.png?q=1").value();
        const auto to = [&from](const char* reference) { return from.resolve(reference); };
        QCOMPARE(to("http://b.org/c"), WebUrl::parse("http://b.org/c"));
        QCOMPARE(to("//b.org/c"), WebUrl::parse("https://b.org/c"));
        QCOMPARE(to("/c?d"), WebUrl::parse("https://a.org:8443/c?d"));
        QCOMPARE(to("w.png"), WebUrl::parse("https://a.org:8443/x/y/w.png"));
        QCOMPARE(to("?r=2"), WebUrl::parse("https://a.org:8443/x/y/z.png?r=2"));
        QVERIFY(!to("file:///etc/passwd"));
        QVERIFY(!to("javascript:x"));
        QVERIFY(!to("//u:p@b.org/"));
    }

    void notWithoutAPublicAddress_data()
    {
        QTest::addColumn<QString>("host");
        for (const char* host : {"localhost",
                                 "127.0.0.1",
                                 "127.1",
                                 "2130706433",
                                 "0x7f.1",
                                 "0177.0.0.1",
                                 "0.0.0.0",
                                 "[::1]",
                                 "[::]",
                                 "[::ffff:127.0.0.1]",
                                 "[::ffff:10.0.0.1]",
                                 "10.0.0.1",
                                 "172.16.0.1",
                                 "192.168.1.1",
                                 "169.254.169.254",
                                 "100.64.0.1",
                                 "[fe80::1]",
                                 "[fc00::1]",
                                 "224.0.0.1",
                                 "255.255.255.255",
                                 "[64:ff9b::7f00:1]",
                                 "[2002:7f00:1::]",
                                 "printer",
                                 "box.local",
                                 "metadata.google.internal"})
            QTest::newRow(host) << host;
    }

    void notWithoutAPublicAddress()
    {
        QFETCH(QString, host);
        Site site;
        site.serve("/x", "secret");
        MediaFetcher::Settings settings; // as the program's
        settings.time = 2s;
        settings.resolver = [](const std::string&) { return std::vector{address("127.0.0.1")}; };
        MediaFetcher fetcher(settings);
        QCOMPARE(refusal(fetcher, site.at("/x", host.toStdString())),
                 std::string("address_not_public"));
        QCOMPARE(site.asked(), 0);
    }

    void looksAtEveryAddressOfAName_data()
    {
        QTest::addColumn<QStringList>("addresses");
        for (const char* bad : {"127.0.0.1", "10.1.2.3", "::1", "fe80::1", "::ffff:192.168.0.1",
                                "169.254.169.254", "fd00::1", "0.0.0.0"}) {
            QTest::addRow("%s", bad) << QStringList{bad};
            QTest::addRow("public and %s", bad) << QStringList{"93.184.216.34", bad};
            QTest::addRow("%s and public", bad) << QStringList{bad, "2606:2800:220:1::1"};
        }
    }

    void looksAtEveryAddressOfAName()
    {
        QFETCH(QStringList, addresses);
        Site site;
        MediaFetcher::Settings settings; // as the program's, but for the names
        settings.time = 2s;
        std::atomic<int> resolved = 0;
        settings.resolver = [&](const std::string&) {
            ++resolved;
            std::vector<remote::IpAddress> all;
            for (const QString& one : addresses)
                all.push_back(address(one.toLatin1()));
            return all;
        };
        MediaFetcher fetcher(settings);
        QCOMPARE(refusal(fetcher, site.at("/x", "pictures.example.org")),
                 std::string("address_not_public"));
        QCOMPARE(int(resolved), 1);
        QCOMPARE(site.asked(), 0);
    }

    void goesWhereItLooked()
    {
        Site site;
        site.serve("/x", "bytes");
        auto settings = trusting();
        std::atomic<int> resolved = 0;
        // A name that leads elsewhere the second time it is asked.
        settings.resolver = [&](const std::string&) {
            return std::vector{address(++resolved == 1 ? "127.0.0.1" : "127.0.0.2")};
        };
        MediaFetcher fetcher(settings);
        const std::string url = site.at("/x", "pictures.example.org");
        QCOMPARE(textOf(fetcher.fetch(url, 100, {})), std::string("bytes"));
        QCOMPARE(int(resolved), 1);
        QCOMPARE(refusal(fetcher, url), std::string("address_not_public"));
        QCOMPARE(site.asked(), 1);
        // Services that are none of the web's.
        QCOMPARE(refusal(fetcher, "http://127.0.0.1:25/"), std::string("address_not_public"));
    }

    void redirects()
    {
        Site site;
        site.serve("/x", "bytes");
        site.redirect("/1", "/x");
        site.redirect("/2", site.at("/1"));
        site.redirect("/3", "2");
        site.redirect("/4", "/3");
        site.redirect("/inside", site.at("/x", "127.0.0.2"));
        site.redirect("/file", "file:///etc/passwd");
        site.redirect("/self", "/self");
        site.redirect("/nowhere", "");
        MediaFetcher fetcher(trusting());
        QCOMPARE(textOf(fetcher.fetch(site.at("/3"), 100, {})), std::string("bytes"));
        QCOMPARE(refusal(fetcher, site.at("/4")), std::string("fetch_redirects"));
        QCOMPARE(refusal(fetcher, site.at("/self")), std::string("fetch_redirects"));
        QCOMPARE(refusal(fetcher, site.at("/nowhere")), std::string("fetch_redirects"));
        for (const char* path : {"/inside", "/file"})
            QCOMPARE(refusal(fetcher, site.at(path)), std::string("address_not_public"));
        QCOMPARE(refusal(fetcher, site.at("/missing")), std::string("fetch_failed"));
    }

    void limits()
    {
        Site site;
        site.serve("/1000", std::string(1000, 'x'));
        std::vector<Reply> kept;
        site.add("/endless", [&kept](const HttpRequest&, const Reply& reply) {
            reply->begin({200, "image/png", {}, {}});
            for (int i = 0; i < 100; ++i)
                reply->write(std::string(1000, 'x'));
            kept.push_back(reply);
        });
        site.add("/slow", [&kept](const HttpRequest&, const Reply& reply) {
            reply->begin({200, "image/png", {}, {}});
            reply->write("x");
            kept.push_back(reply);
        });
        auto settings = trusting();
        settings.time = 700ms;
        MediaFetcher fetcher(settings);
        QCOMPARE(fetcher.fetch(site.at("/1000"), 1000, {}).size(), size_t(1000));
        QCOMPARE(refusal(fetcher, site.at("/1000"), 999), std::string("fetch_too_large"));
        QCOMPARE(refusal(fetcher, site.at("/endless"), 50'000), std::string("fetch_too_large"));
        QElapsedTimer watch;
        watch.start();
        QCOMPARE(refusal(fetcher, site.at("/slow")), std::string("fetch_timeout"));
        QVERIFY(watch.elapsed() >= 600 && watch.elapsed() < 5000);
        // Nobody waits for what nobody wants any more.
        auto patient = trusting();
        patient.time = 60s;
        MediaFetcher other(patient);
        std::stop_source gone;
        std::thread leaver([&gone] {
            std::this_thread::sleep_for(200ms);
            gone.request_stop();
        });
        watch.restart();
        QVERIFY_EXCEPTION_THROWN(other.fetch(site.at("/slow"), 100, gone.get_token()), ApiFailure);
        QVERIFY(watch.elapsed() < 10'000);
        leaver.join();
    }

    void answersAboutWhatItFetched()
    {
        Site site;
        site.serve("/picture", read(samples + "objects.png").toStdString());
        site.serve("/text", "no picture");
        const FetchingServer server(trusting());
        const auto ask = [&server](const QString& url) {
            return HttpClient(server.port()).post("/v1/chat/completions", about(url));
        };
        const HttpClient::Answer direct = ask(dataUrl(samples + "objects.png"));
        QCOMPARE(direct.status, 200);
        QCOMPARE(site.asked(), 0);
        const HttpClient::Answer fetched = ask(QString::fromStdString(site.at("/picture")));
        QCOMPARE(fetched.status, 200);
        QCOMPARE(site.asked(), 1);
        QCOMPARE(test::textOf(fetched), test::textOf(direct));
        QVERIFY(fetched.json()["usage"]
                    .toObject()["prompt_tokens_details"]
                    .toObject()["image_tokens"]
                    .toInt() > 0);
        QCOMPARE(ask(QString::fromStdString(site.at("/text"))).errorCode(), QString("bad_media"));
        QCOMPARE(ask(QString::fromStdString(site.at("/missing"))).errorCode(),
                 QString("fetch_failed"));
        QCOMPARE(ask("ftp://127.0.0.1/x").errorCode(), QString("address_not_public"));
    }

    /// Who is stopped, or goes, while a picture is on its way to us, waits for it no longer, and
    /// neither do we.
    void stopsWhatItFetches()
    {
        SlowSite site;
        FetchingServer server(site.trusted());
        const auto asking = [&server, &site](const QByteArray& name) {
            auto client = std::make_unique<HttpClient>(server.port());
            client->send(HttpClient::request(
                "POST", "/v1/chat/completions",
                QJsonDocument(about(QString::fromStdString(site.at()))).toJson(),
                "User-Agent: " + name + "\r\n"));
            return client;
        };
        for (const bool byOwner : {true, false}) {
            const int before = site.asked();
            auto client = asking("slow");
            QTRY_COMPARE_WITH_TIMEOUT(site.asked(), before + 1, patience);
            QTRY_COMPARE_WITH_TIMEOUT(site.running(), 1, patience);
            QElapsedTimer watch;
            watch.start();
            if (byOwner) {
                QCOMPARE(server.stop("slow"), 200);
                const HttpClient::Answer answer = client->read();
                QCOMPARE(answer.status, 403);
                QCOMPARE(answer.errorCode(), QString("request_stopped"));
            } else {
                client.reset();
            }
            QTRY_COMPARE_WITH_TIMEOUT(server.requests(), QJsonArray(), patience);
            QTRY_COMPARE_WITH_TIMEOUT(site.running(), 0, patience); // the fetch has ended, too
            QVERIFY2(watch.elapsed() < 20'000, "it was waited for");
        }
        // All that fetch are busy: who waits for one of them is free as well, and its place with
        // it.
        std::vector<std::unique_ptr<HttpClient>> busy;
        for (int i = 0; i < 8; ++i)
            busy.push_back(asking("busy"));
        QTRY_COMPARE_WITH_TIMEOUT(site.running(), 8, patience);
        const auto waiting = asking("waiting");
        QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 9, patience);
        QElapsedTimer watch;
        watch.start();
        QCOMPARE(server.stop("waiting"), 200);
        QCOMPARE(waiting->read().errorCode(), QString("request_stopped"));
        QCOMPARE(server.requests().size(), 8);
        for (int i = 0; i < 200; ++i) { // more than may wait, if they stayed
            asking("gone");
            QTRY_COMPARE_WITH_TIMEOUT(server.requests().size(), 8, patience);
        }
        QVERIFY2(watch.elapsed() < 50'000, "it waited for a fetch to end");
        QCOMPARE(site.running(), 8);
        // Without an address nobody waits for those.
        QCOMPARE(
            HttpClient(server.port()).post("/v1/chat/completions", question("Hello", 4)).status,
            200);
        busy.clear();
        QTRY_COMPARE_WITH_TIMEOUT(site.running(), 0, patience);
        QTRY_COMPARE_WITH_TIMEOUT(server.requests(), QJsonArray(), patience);
    }

    void onlyWhenItIsAllowed()
    {
        Site site;
        site.serve("/picture", read(samples + "objects.png").toStdString());
        const QString url = QString::fromStdString(site.at("/picture"));
        for (const bool isAllowed : {false, true}) {
            ArgaliServer server(isAllowed ? QStringList{"--allow-fetch"} : QStringList());
            QVERIFY(server.isReady());
            const HttpClient::Answer answer = server.ask(about(url));
            QCOMPARE(answer.status, 400);
            QCOMPARE(answer.errorCode(),
                     QString(isAllowed ? "address_not_public" : "url_not_allowed"));
            QVERIFY(!answer.body.contains("127.0.0.1"));
            QCOMPARE(server.ask(question("Hello", 4)).status, 200);
        }
        QCOMPARE(site.asked(), 0);
    }
};

QTEST_GUILESS_MAIN(TestServeFetch)
#include "tst_servefetch.moc"
