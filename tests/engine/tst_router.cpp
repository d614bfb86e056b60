#include <QtTest>

#include <limits>
#include <random>

#include "engine/remote/router.h"

using namespace argali::remote;
using namespace std::chrono_literals;
using State = CircuitBreaker::State;

class TestRouter final : public QObject {
    Q_OBJECT
private slots:
    void opensAfterThreeFailures();
    void oneRequestTriesAgain();
    void pausesGrow();
    void aCancelledTrialDecidesNothing();
    void lateFailuresDoNotProlong();
    void ordered();
    void weighted();
    void weightsThatAreNone();
    void passesOverTheUnhealthy();
    void failsOver();
    void neverAfterSomethingArrived();
    void badRequestsStay_data();
    void badRequestsStay();
    void busyServersRest();
    void openBreakersArePassedOver();
    void whoeverIsDestroyedFreesTheTrial();
    void leavesOutWhoIsUnable();
};

namespace {

const Time start = Time() + 1000h;
const Failure refused{FailureKind::Refused, "refused"};

Router ordered3()
{
    return {Router::Policy::Ordered, {{"a"}, {"b"}, {"c"}}, [] { return 0.0; }};
}

void failTimes(CircuitBreaker& breaker, Time now, int times)
{
    for (int i = 0; i < times; ++i) {
        const bool isTrial = breaker.begin(now);
        breaker.failed(now, isTrial);
    }
}

} // namespace

void TestRouter::opensAfterThreeFailures()
{
    CircuitBreaker breaker;
    failTimes(breaker, start, 2);
    QCOMPARE(breaker.state(start), State::Closed);
    breaker.succeeded(); // in a row, that is
    failTimes(breaker, start, 2);
    QVERIFY(breaker.allows(start));
    failTimes(breaker, start, 1);
    QCOMPARE(breaker.state(start), State::Open);
    QVERIFY(!breaker.allows(start));
    QVERIFY(!breaker.allows(start + 4999ms));
    QCOMPARE(breaker.state(start + 5s), State::HalfOpen);
}

void TestRouter::oneRequestTriesAgain()
{
    CircuitBreaker breaker;
    failTimes(breaker, start, 3);
    const Time later = start + 5s;
    QVERIFY(breaker.allows(later));
    breaker.begin(later);
    QVERIFY(!breaker.allows(later)); // one only
    QVERIFY(!breaker.allows(later + 1h));
    breaker.succeeded();
    QCOMPARE(breaker.state(later), State::Closed);
    QVERIFY(breaker.allows(later));
    failTimes(breaker, later, 2);
    QVERIFY(breaker.allows(later)); // three again
}

void TestRouter::pausesGrow()
{
    CircuitBreaker breaker;
    Time now = start;
    failTimes(breaker, now, 3);
    for (const auto pause : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
        QVERIFY(!breaker.allows(now + pause - 1ms));
        now += pause;
        QVERIFY(breaker.allows(now));
        failTimes(breaker, now, 1);
    }
    now += 300s;
    breaker.begin(now);
    breaker.succeeded();
    failTimes(breaker, now, 3);
    QVERIFY(breaker.allows(now + 5s)); // short again
}

void TestRouter::aCancelledTrialDecidesNothing()
{
    CircuitBreaker breaker;
    failTimes(breaker, start, 3);
    QVERIFY(breaker.begin(start + 5s));
    breaker.cancelled(false); // another request, from before it opened
    QVERIFY(!breaker.allows(start + 5s));
    breaker.cancelled(true);
    QCOMPARE(breaker.state(start + 5s), State::HalfOpen);
    QVERIFY(breaker.allows(start + 5s));
}

void TestRouter::lateFailuresDoNotProlong()
{
    CircuitBreaker breaker;
    failTimes(breaker, start, 3);
    for (int i = 1; i < 5; ++i)
        breaker.failed(start + std::chrono::seconds(i), false); // were on their way before
    QVERIFY(breaker.begin(start + 5s));
    breaker.failed(start + 5s, false); // also while the trial is
    QCOMPARE(breaker.state(start + 5s), State::HalfOpen);
    breaker.failed(start + 5s, true);
    QCOMPARE(breaker.state(start + 5s), State::Open);
}

void TestRouter::ordered()
{
    Router router = ordered3();
    QCOMPARE(router.choose(start, {}), size_t(0));
    QCOMPARE(router.choose(start, {0}), size_t(1));
    QCOMPARE(router.choose(start, {0, 1}), size_t(2));
    QVERIFY(!router.choose(start, {0, 1, 2}));
    Router nobody(Router::Policy::Ordered, {}, [] { return 0.0; });
    QVERIFY(!nobody.choose(start, {}));
}

void TestRouter::weighted()
{
    double next = 0;
    Router router(Router::Policy::Weighted, {{"a", 1}, {"b", 2}, {"c", 1}}, [&] { return next; });
    const auto chosen = [&](double random, const std::set<size_t>& tried = {}) {
        next = random;
        return *router.choose(start, tried);
    };
    QCOMPARE(chosen(0), size_t(0));
    QCOMPARE(chosen(0.249), size_t(0));
    QCOMPARE(chosen(0.25), size_t(1));
    QCOMPARE(chosen(0.749), size_t(1));
    QCOMPARE(chosen(0.75), size_t(2));
    QCOMPARE(chosen(std::nextafter(1.0, 0.0)), size_t(2));
    QCOMPARE(chosen(0.49, {1}), size_t(0)); // of those that are left
    QCOMPARE(chosen(0.5, {1}), size_t(2));

    std::mt19937 engine(1);
    std::uniform_real_distribution<double> uniform;
    Router real(Router::Policy::Weighted, {{"a", 0.9}, {"b", 0.1}},
                [&] { return uniform(engine); });
    int second = 0;
    for (int i = 0; i < 10'000; ++i)
        second += *real.choose(start, {}) == 1;
    QVERIFY2(second > 900 && second < 1100, qPrintable(QString::number(second)));
}

void TestRouter::weightsThatAreNone()
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    Router router(Router::Policy::Weighted,
                  {{"a", 0}, {"b", -1}, {"c", nan}, {"d", infinity}, {"e", 1}}, [] { return 0.5; });
    QCOMPARE(router.choose(start, {}), size_t(4));
    QVERIFY(!router.choose(start, {4}));
}

void TestRouter::passesOverTheUnhealthy()
{
    Router router = ordered3();
    router.setHealthy(0, false);
    QCOMPARE(router.choose(start, {}), size_t(1));
    router.setHealthy(1, false);
    router.setHealthy(2, false);
    QVERIFY(!router.choose(start, {}));
    router.setHealthy(0, true);
    QCOMPARE(router.choose(start, {}), size_t(0));
    QVERIFY_EXCEPTION_THROWN(router.setHealthy(3, true), std::out_of_range);
}

void TestRouter::failsOver()
{
    Router router = ordered3();
    RoutedRequest request(router, start);
    QCOMPARE(request.member(), size_t(0));
    QVERIFY(request.failed(refused, start));
    QCOMPARE(request.member(), size_t(1));
    QVERIFY(request.failed({FailureKind::CutOff, ""}, start));
    QCOMPARE(request.member(), size_t(2));
    QVERIFY(!request.failed({FailureKind::ServerError, ""}, start)); // nobody is left
    QVERIFY(!request.member());
    QVERIFY(!request.failed(refused, start));
}

void TestRouter::neverAfterSomethingArrived()
{
    Router router = ordered3();
    for (int i = 0; i < 3; ++i) {
        RoutedRequest request(router, start);
        QCOMPARE(request.member(), size_t(0));
        request.arrived();
        QVERIFY(!request.failed({FailureKind::CutOff, ""}, start));
        QVERIFY(!request.member());
    }
    QCOMPARE(router.breaker(0).state(start), State::Open); // it counts all the same
    RoutedRequest next(router, start);
    QCOMPARE(next.member(), size_t(1));
}

void TestRouter::badRequestsStay_data()
{
    QTest::addColumn<int>("kind");
    for (const FailureKind kind : {FailureKind::BadRequest, FailureKind::ContextExceeded,
                                   FailureKind::TooLarge, FailureKind::TooManyPictures})
        QTest::newRow(nameOf(kind)) << int(kind);
}

void TestRouter::badRequestsStay()
{
    QFETCH(int, kind);
    Router router = ordered3();
    for (int i = 0; i < 5; ++i) {
        RoutedRequest request(router, start);
        QVERIFY(!request.failed({static_cast<FailureKind>(kind), ""}, start));
        QVERIFY(!request.member());
    }
    QCOMPARE(router.breaker(0).state(start), State::Closed); // not the server's fault
}

void TestRouter::busyServersRest()
{
    Router router = ordered3();
    RoutedRequest request(router, start);
    Failure busy{FailureKind::Overloaded, "", 429};
    busy.retryAfter = 20s;
    QVERIFY(request.failed(busy, start));
    QCOMPARE(request.member(), size_t(1));
    request.succeeded();
    QCOMPARE(router.choose(start + 19s, {}), size_t(1));
    QCOMPARE(router.choose(start + 20s, {}), size_t(0));
    for (int i = 0; i < 5; ++i) {
        RoutedRequest other(router, start + 20s);
        QVERIFY(other.failed({FailureKind::Starting, ""}, start + 20s));
    }
    QCOMPARE(router.breaker(0).state(start + 20s), State::Closed);
}

void TestRouter::openBreakersArePassedOver()
{
    Router router = ordered3();
    Time now = start;
    for (int i = 0; i < 3; ++i) {
        RoutedRequest request(router, now);
        QCOMPARE(request.member(), size_t(0));
        QVERIFY(request.failed(refused, now));
        request.succeeded();
    }
    RoutedRequest during(router, now);
    QCOMPARE(during.member(), size_t(1));
    now += 5s;
    RoutedRequest trial(router, now);
    QCOMPARE(trial.member(), size_t(0));
    RoutedRequest beside(router, now);
    QCOMPARE(beside.member(), size_t(1));
    trial.succeeded();
    RoutedRequest after(router, now);
    QCOMPARE(after.member(), size_t(0));
}

void TestRouter::whoeverIsDestroyedFreesTheTrial()
{
    Router router = ordered3();
    failTimes(router.breaker(0), start, 3);
    {
        RoutedRequest trial(router, start + 5s);
        QCOMPARE(trial.member(), size_t(0));
    }
    QCOMPARE(router.choose(start + 5s, {}), size_t(0));
}

void TestRouter::leavesOutWhoIsUnable()
{
    Router router = ordered3();
    {
        RoutedRequest request(router, start, {0});
        QCOMPARE(request.member(), std::optional<size_t>(1));
        QVERIFY(request.failed(refused, start));
        QCOMPARE(request.member(), std::optional<size_t>(2));
        QVERIFY(!request.failed(refused, start));
    }
    QCOMPARE(RoutedRequest(router, start, {0, 1, 2}).member(), std::nullopt);
    // Nothing is held against it: the next request goes there.
    QCOMPARE(router.breaker(0).state(start), State::Closed);
    QCOMPARE(RoutedRequest(router, start).member(), std::optional<size_t>(0));
}

QTEST_APPLESS_MAIN(TestRouter)
#include "tst_router.moc"
