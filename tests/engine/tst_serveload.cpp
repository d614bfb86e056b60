// serve under many clients: nothing is lost, refused without a reason or given to another; memory
// stays; those who do nothing but hold a connection stop nobody.
#include <algorithm>
#include <thread>

#include <unistd.h>

#include <QTest>

#include "tests/support/argaliserver.h"

using namespace argali::test;

namespace {

constexpr int clients = 64;
constexpr int requests = 1000;
constexpr int questions = 32;

/// Bytes of memory that a process has.
qint64 memoryOf(const QProcess& process)
{
    const QByteArray fields = read(QString("/proc/%1/statm").arg(process.processId()));
    return fields.split(' ').value(1).toLongLong() * ::sysconf(_SC_PAGESIZE);
}

QByteArray bodyOf(int index)
{
    return QJsonDocument(question(QString("Question number %1: what is it?").arg(index), 3))
        .toJson(QJsonDocument::Compact);
}

/// What came back to all clients together.
struct Tally {
    std::atomic<int> right = 0;
    std::atomic<int> wrong = 0; ///< lost, of another, or an error that is none of the expected
    std::atomic<int> refused = 0;
    std::mutex mutex;
    std::vector<qint64> times; ///< milliseconds, of those that were answered

    qint64 percentile(double part)
    {
        std::ranges::sort(times);
        return times.empty() ? 0 : times[size_t(double(times.size() - 1) * part)];
    }
};

/// Asks so many questions by all clients at once, each over one connection.
void ask(int port, int count, const QStringList& expected, Tally& tally)
{
    std::atomic<int> next = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&] {
            HttpClient client(port);
            for (int n = next++; n < count; n = next++) {
                QElapsedTimer watch;
                watch.start();
                const HttpClient::Answer answer =
                    client.post("/v1/chat/completions", bodyOf(n % questions));
                if (answer.status == 200 && textOf(answer) == expected[n % questions]) {
                    ++tally.right;
                    const std::lock_guard lock(tally.mutex);
                    tally.times.push_back(watch.elapsed());
                } else if (answer.status == 429 && answer.errorCode() == "queue_full" &&
                           answer.headers.value("retry-after").toInt() > 0) {
                    ++tally.refused;
                } else {
                    ++tally.wrong;
                }
            }
        });
    for (std::thread& thread : threads)
        thread.join();
}

QStringList answersOf(const ArgaliServer& server)
{
    QStringList answers;
    for (int i = 0; i < questions; ++i)
        answers += textOf(HttpClient(server.port()).post("/v1/chat/completions", bodyOf(i)));
    return answers;
}

/// The bound below which 99 of 100 requests waited, in seconds, as the server counts it.
double queueP99(int port)
{
    QList<std::pair<double, double>> buckets; // bound, requests up to it
    for (const QByteArray& line : HttpClient(port).get("/metrics").body.split('\n')) {
        if (!line.startsWith("argali_queue_seconds_bucket"))
            continue;
        const qsizetype begin = line.indexOf("le=\"") + 4;
        const QByteArray bound = line.mid(begin, line.indexOf('"', begin) - begin);
        buckets.append({bound == "+Inf" ? qInf() : bound.toDouble(),
                        line.mid(line.lastIndexOf(' ') + 1).toDouble()});
    }
    for (const auto& [bound, count] : buckets)
        if (count >= 0.99 * buckets.back().second)
            return bound;
    return qInf();
}

} // namespace

class TestServeLoad final : public QObject {
    Q_OBJECT
private slots:
    void manyClients()
    {
        ArgaliServer server({"-m", tiny, "--queue", "64"});
        QVERIFY(server.isReady());
        const QStringList expected = answersOf(server);
        QVERIFY(QSet<QString>(expected.begin(), expected.end()).size() > questions / 2);
        Tally tally;
        ask(server.port(), requests / 2, expected, tally);
        const qint64 half = memoryOf(server.process());
        ask(server.port(), requests / 2, expected, tally);
        const qint64 whole = memoryOf(server.process());
        QCOMPARE(int(tally.wrong), 0);
        QCOMPARE(int(tally.refused), 0);
        QCOMPARE(int(tally.right), requests);
        qInfo("memory after %d requests %.1f MB, after %d %.1f MB", requests / 2,
              double(half) / 1e6, requests, double(whole) / 1e6);
        QVERIFY2(whole - half < 4'000'000, QByteArray::number(whole - half));
        const double p99 = queueP99(server.port());
        qInfo("99 of 100 requests waited less than %g s in the queue; whole answers: median %lld "
              "ms, p99 %lld ms",
              p99, static_cast<long long>(tally.percentile(0.5)),
              static_cast<long long>(tally.percentile(0.99)));
        QVERIFY(p99 < 30);
    }

    void aShortQueue()
    {
        ArgaliServer server({"-m", tiny, "--queue", "4"});
        QVERIFY(server.isReady());
        Tally tally;
        ask(server.port(), requests, answersOf(server), tally);
        QCOMPARE(int(tally.wrong), 0);
        QCOMPARE(tally.right + tally.refused, requests);
        qInfo("%d answered, %d refused", int(tally.right), int(tally.refused));
        QVERIFY(tally.right >= 5);
        QVERIFY(tally.refused > 0);
        QCOMPARE(server.ask(question("Hello", 4)).status, 200);
    }

    void whoOnlyHoldsConnections()
    {
        ArgaliServer server({"-m", tiny});
        QVERIFY(server.isReady());
        std::vector<std::unique_ptr<HttpClient>> slow;
        for (int i = 0; i < 200; ++i) {
            slow.push_back(std::make_unique<HttpClient>(server.port()));
            slow.back()->send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-");
        }
        QElapsedTimer watch;
        watch.start();
        int answered = 0;
        // One byte a second from each, which would go on for hours.
        for (int second = 0; second < 9; ++second) {
            for (const auto& one : slow)
                one->socket().write("a");
            QElapsedTimer turn;
            turn.start();
            QCOMPARE(server.ask(question("Hello", 3)).status, 200);
            QVERIFY2(turn.elapsed() < 5000, QByteArray::number(turn.elapsed()));
            ++answered;
            QTest::qWait(std::max<int>(0, 1000 - int(turn.elapsed())));
        }
        QVERIFY(answered == 9);
        // They are dropped: the header had ten seconds.
        for (const auto& one : slow)
            QVERIFY(one->isClosed(20'000));
        QVERIFY(watch.elapsed() < 40'000);
        QCOMPARE(server.ask(question("Hello", 3)).status, 200);
    }
};

QTEST_GUILESS_MAIN(TestServeLoad)
#include "tst_serveload.moc"
