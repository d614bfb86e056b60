#include <QtTest>

#include "engine/remote/failurereading.h"
#include "engine/remote/healthmonitor.h"

using namespace argali::remote;
using namespace std::chrono_literals;
using Action = HealthMonitor::Action;
using Kind = ServerStatus::Kind;

class TestHealth final : public QObject {
    Q_OBJECT
private slots:
    void checksEveryFiveSeconds();
    void checksEveryThirtyWhenHidden();
    void waitsLongerWhileItFails();
    void startingIsNoFailure();
    void neverTwoAtOnce();
    void neverDuringAnAnswer();
    void anAnswerEndsACheck();
    void dropsChecksThatTakeTooLong();
    void lateResultsDoNotCount();
    void checksNow();
    void aDayOfChecks();
    void statusOfFailures_data();
    void statusOfFailures();
    void statusOfModels();
};

namespace {

const Time start = Time() + 1000h;
const ServerStatus good{Kind::Connected, "ovis"};
const ServerStatus bad{Kind::Refused};

/// Runs the check that is due now and gives its result after some time.
void check(HealthMonitor& monitor, Time& now, const ServerStatus& status,
           std::chrono::milliseconds takes = 0ms)
{
    QCOMPARE(monitor.tick(now), Action::Start);
    now += takes;
    monitor.finished(now, monitor.check(), status);
}

/// How long until the next check, as wake() and tick() agree on it.
std::chrono::milliseconds pause(HealthMonitor& monitor, Time now)
{
    const Time wake = *monitor.wake();
    if (monitor.tick(wake - 1ms) != Action::None)
        return -1ms;
    return std::chrono::duration_cast<std::chrono::milliseconds>(wake - now);
}

} // namespace

void TestHealth::checksEveryFiveSeconds()
{
    Time now = start;
    HealthMonitor monitor(now);
    QCOMPARE(monitor.status().kind, Kind::NotChecked);
    QCOMPARE(*monitor.wake(), now);
    check(monitor, now, good, 300ms);
    QCOMPARE(monitor.status(), good);
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(pause(monitor, now), 5000ms); // from the end of the last one
        now = *monitor.wake();
        check(monitor, now, good, 700ms);
    }
}

void TestHealth::checksEveryThirtyWhenHidden()
{
    Time now = start;
    HealthMonitor monitor(now);
    monitor.setHidden(true);
    check(monitor, now, good);
    QCOMPARE(pause(monitor, now), 30'000ms);
    monitor.setHidden(false); // whoever looks again need not wait for the rest
    QCOMPARE(pause(monitor, now), 5000ms);
    QCOMPARE(monitor.tick(now + 20s), Action::Start);
}

void TestHealth::waitsLongerWhileItFails()
{
    Time now = start;
    HealthMonitor monitor(now);
    for (const auto expected : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
        check(monitor, now, bad);
        QCOMPARE(pause(monitor, now), std::chrono::milliseconds(expected));
        now = *monitor.wake();
    }
    check(monitor, now, good);
    QCOMPARE(pause(monitor, now), 5000ms);
    now = *monitor.wake();
    check(monitor, now, bad);
    QCOMPARE(pause(monitor, now), 5000ms); // counted anew
    monitor.setHidden(true);
    QCOMPARE(pause(monitor, now), 30'000ms);
}

void TestHealth::startingIsNoFailure()
{
    Time now = start;
    HealthMonitor monitor(now);
    for (int i = 0; i < 8; ++i) {
        check(monitor, now, {Kind::Starting, {}, 0.1 * i});
        QCOMPARE(pause(monitor, now), 5000ms);
        QCOMPARE(*monitor.status().progress, 0.1 * i);
        now = *monitor.wake();
    }
}

void TestHealth::neverTwoAtOnce()
{
    Time now = start;
    HealthMonitor monitor(now, {5000ms, 30'000ms, 60'000ms, 100'000ms});
    QCOMPARE(monitor.tick(now), Action::Start);
    for (int i = 0; i < 99; ++i) {
        now += 1s;
        QCOMPARE(monitor.tick(now), Action::None);
        monitor.checkNow(now);
        QCOMPARE(monitor.tick(now), Action::None);
    }
    monitor.finished(now, monitor.check(), good);
    QCOMPARE(pause(monitor, now), 5000ms); // the one that ran was the answer to "check now"
}

void TestHealth::neverDuringAnAnswer()
{
    Time now = start;
    HealthMonitor monitor(now);
    check(monitor, now, good);
    monitor.setAnswering(true);
    QVERIFY(!monitor.wake());
    for (int i = 0; i < 600; ++i)
        QCOMPARE(monitor.tick(now + std::chrono::seconds(i)), Action::None);
    now += 600s;
    monitor.checkNow(now);
    QCOMPARE(monitor.tick(now), Action::None);
    monitor.setAnswering(false);
    QCOMPARE(monitor.tick(now), Action::Start);
}

void TestHealth::anAnswerEndsACheck()
{
    Time now = start;
    HealthMonitor monitor(now);
    check(monitor, now, good);
    now += 5s;
    QCOMPARE(monitor.tick(now), Action::Start);
    const int number = monitor.check();
    monitor.setAnswering(true);
    QCOMPARE(monitor.tick(now), Action::Abort);
    QCOMPARE(monitor.tick(now), Action::None);
    monitor.finished(now, number, bad);
    QCOMPARE(monitor.status(), good); // nothing was found out
    monitor.setAnswering(false);
    QCOMPARE(monitor.tick(now), Action::Start);
}

void TestHealth::dropsChecksThatTakeTooLong()
{
    Time now = start;
    HealthMonitor monitor(now);
    QCOMPARE(monitor.tick(now), Action::Start);
    QCOMPARE(*monitor.wake(), now + 10s);
    QCOMPARE(monitor.tick(now + 9999ms), Action::None);
    now += 10s;
    QCOMPARE(monitor.tick(now), Action::Abort);
    QCOMPARE(monitor.status().kind, Kind::TimedOut);
    QCOMPARE(pause(monitor, now), 5000ms);
    now = *monitor.wake();
    QCOMPARE(monitor.tick(now), Action::Start);
    now += 10s;
    QCOMPARE(monitor.tick(now), Action::Abort);
    QCOMPARE(pause(monitor, now), 10'000ms); // a failure like any other
}

void TestHealth::lateResultsDoNotCount()
{
    Time now = start;
    HealthMonitor monitor(now);
    QCOMPARE(monitor.tick(now), Action::Start);
    const int first = monitor.check();
    now += 10s;
    QCOMPARE(monitor.tick(now), Action::Abort);
    monitor.finished(now, first, good);
    QCOMPARE(monitor.status().kind, Kind::TimedOut);
    now += 5s;
    QCOMPARE(monitor.tick(now), Action::Start);
    monitor.finished(now, first, good); // while the second one runs
    QCOMPARE(monitor.status().kind, Kind::TimedOut);
    QCOMPARE(monitor.tick(now), Action::None);
    monitor.finished(now, monitor.check(), good);
    QCOMPARE(monitor.status(), good);
}

void TestHealth::checksNow()
{
    Time now = start;
    HealthMonitor monitor(now);
    for (int i = 0; i < 6; ++i) {
        check(monitor, now, bad);
        now = *monitor.wake();
    }
    check(monitor, now, bad);
    monitor.checkNow(now + 1s);
    QCOMPARE(*monitor.wake(), now + 1s);
    now += 1s;
    check(monitor, now, bad);
    QCOMPARE(pause(monitor, now), 5000ms); // and the pauses begin anew
}

void TestHealth::aDayOfChecks()
{
    Time now = start;
    HealthMonitor monitor(now);
    int checks = 0;
    for (const Time end = now + 24h; now < end;) {
        if (monitor.tick(now) == Action::Start) {
            ++checks;
            monitor.finished(now, monitor.check(), bad);
        }
        now = *monitor.wake();
    }
    QVERIFY2(checks >= 1440 && checks <= 1445, qPrintable(QString::number(checks)));
}

void TestHealth::statusOfFailures_data()
{
    QTest::addColumn<int>("error");
    QTest::addColumn<int>("kind");
    const auto row = [](const char* name, TransportError error, Kind kind) {
        QTest::newRow(name) << int(error) << int(kind);
    };
    row("refused", TransportError::Refused, Kind::Refused);
    row("name", TransportError::NameNotFound, Kind::NameNotFound);
    row("late", TransportError::TimedOut, Kind::TimedOut);
    row("TLS", TransportError::Tls, Kind::Tls);
    row("closed", TransportError::Closed, Kind::Other);
    row("unreachable", TransportError::Unreachable, Kind::Other);
    row("proxy", TransportError::Proxy, Kind::Other);
    row("other", TransportError::Other, Kind::Other);
}

void TestHealth::statusOfFailures()
{
    QFETCH(int, error);
    QFETCH(int, kind);
    const ServerStatus status =
        statusOf(failureFromTransport(static_cast<TransportError>(error), "so it\nwas"));
    QCOMPARE(int(status.kind), kind);
    QCOMPARE(status.detail, std::string("so it was"));
    QVERIFY(!status.isUsable());
    QCOMPARE(statusOf(failureFromReply({401, {}, {}})).kind, Kind::WrongKey);
    QCOMPARE(statusOf(failureFromReply({404, {}, {}})).kind, Kind::NotOpenAiStyle);
    QCOMPARE(statusOf(failureFromReply({500, {}, {}})).detail, std::string("HTTP 500"));
    QCOMPARE(statusOf(failureFromReply(
                          {503, {}, R"({"error":{"message":"Loading model","progress":0.5}})"}))
                 .progress,
             0.5);
}

void TestHealth::statusOfModels()
{
    ServerFacts facts;
    QCOMPARE(statusOf(facts).kind, Kind::NoSeeingModel);
    facts.models.resize(2);
    facts.models[0] = {.id = "a", .shown = "A", .seesPictures = Known::No};
    facts.models[1] = {.id = "b", .shown = "B", .seesPictures = Known::No};
    QCOMPARE(statusOf(facts), (ServerStatus{Kind::NoSeeingModel, "A"}));
    facts.models[1].seesPictures = Known::Unknown; // may be
    QCOMPARE(statusOf(facts), (ServerStatus{Kind::Connected, "B"}));
    facts.models[0].seesPictures = Known::Yes;
    QCOMPARE(statusOf(facts), (ServerStatus{Kind::Connected, "A"}));
    facts.models[0].state = RemoteModel::State::Loading;
    facts.models[0].progress = 0.25;
    QCOMPARE(statusOf(facts), (ServerStatus{Kind::Starting, "A", 0.25}));
    facts.failure = Failure{FailureKind::WrongKey, "no"};
    QCOMPARE(statusOf(facts), (ServerStatus{Kind::WrongKey, {}, {}, "no"}));
}

QTEST_APPLESS_MAIN(TestHealth)
#include "tst_health.moc"
