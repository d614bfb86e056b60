#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <QtTest>

#include "engine/cpu/threadpool.h"
#include "engine/error.h"

using namespace argali;
using cpu::ThreadPool;
using namespace std::chrono_literals;

class TestThreadPool final : public QObject {
    Q_OBJECT
private slots:
    void everySliceOnce_data();
    void everySliceOnce();
    void workersHaveNumbersOfTheirOwn();
    void littleWorkIsTheCallers();
    void manyJobs();
    void jobsAfterAPause();
    void exceptionReachesTheCaller();
    void stopLeavesTheRest();
    void stoppedFromTheBeginning();
    void nestedUseIsRefused();
    void refusesNoThreads();
};

void TestThreadPool::everySliceOnce_data()
{
    QTest::addColumn<int>("threads");
    QTest::newRow("caller alone") << 1;
    QTest::newRow("two") << 2;
    QTest::newRow("more than any machine's cores") << 300;
}

void TestThreadPool::everySliceOnce()
{
    QFETCH(int, threads);
    ThreadPool pool(threads);
    for (const int slices : {0, 1, 2, 1000}) {
        std::vector<int> calls(static_cast<size_t>(slices));
        pool.run(slices, [&](int64_t slice, int) { ++calls[static_cast<size_t>(slice)]; });
        QCOMPARE(calls, std::vector<int>(static_cast<size_t>(slices), 1));
    }
}

void TestThreadPool::workersHaveNumbersOfTheirOwn()
{
    ThreadPool pool(4);
    std::vector<std::atomic<int>> inside(4);
    std::atomic<bool> shared = false;
    pool.run(2000, [&](int64_t, int worker) {
        std::atomic<int>& mine = inside.at(static_cast<size_t>(worker));
        if (++mine != 1)
            shared = true;
        std::this_thread::yield();
        --mine;
    });
    QVERIFY(!shared);
}

void TestThreadPool::littleWorkIsTheCallers()
{
    ThreadPool pool(3);
    const auto threadsOf = [&](int64_t nanoseconds) {
        std::vector<std::thread::id> ids(200);
        std::atomic<int> begun = 0;
        pool.run(200, nanoseconds, [&](int64_t slice, int) {
            ids[static_cast<size_t>(slice)] = std::this_thread::get_id();
            // The first waits for company, so that a shared job is seen to be one.
            for (++begun; nanoseconds > 1'000'000 && begun == 1;)
                std::this_thread::yield();
        });
        return std::set<std::thread::id>(ids.begin(), ids.end());
    };
    QCOMPARE(threadsOf(1000), std::set{std::this_thread::get_id()});
    QVERIFY(threadsOf(1'000'000'000).size() > 1);
}

void TestThreadPool::manyJobs()
{
    // Jobs of a few slices follow each other faster than threads wake: late ones must not disturb.
    ThreadPool pool(3);
    int64_t total = 0;
    for (int job = 0; job < 20000; ++job) {
        int64_t parts[4] = {};
        pool.run(4, [&](int64_t slice, int) { parts[slice] = slice + job; });
        total += std::accumulate(parts, parts + 4, int64_t{0});
    }
    QCOMPARE(total, int64_t{20000} * 6 + 4 * (int64_t{19999} * 20000 / 2));
}

void TestThreadPool::jobsAfterAPause()
{
    // The threads sleep after a while without work, and must wake.
    ThreadPool pool(2);
    for (int job = 0; job < 5; ++job) {
        std::this_thread::sleep_for(5ms);
        std::atomic<int> started = 0;
        pool.run(2, [&](int64_t, int) {
            ++started;
            const auto end = std::chrono::steady_clock::now() + 20s;
            while (started < 2 && std::chrono::steady_clock::now() < end)
                std::this_thread::yield(); // one thread alone would not get further
        });
        QCOMPARE(started.load(), 2);
    }
}

void TestThreadPool::exceptionReachesTheCaller()
{
    ThreadPool pool(3);
    std::atomic<int> calls = 0;
    try {
        pool.run(100000, [&](int64_t slice, int) {
            ++calls;
            if (slice == 5)
                throw std::runtime_error("slice 5");
            if (slice > 1000) // the others must not be done before it has been thrown
                std::this_thread::sleep_for(50us);
        });
        QFAIL("no exception");
    } catch (const std::runtime_error& error) {
        QCOMPARE(error.what(), "slice 5");
    }
    QVERIFY(calls < 100000);
    int64_t after = 0; // and the pool works on
    pool.run(1, [&](int64_t, int) { ++after; });
    QCOMPARE(after, int64_t{1});
}

void TestThreadPool::stopLeavesTheRest()
{
    ThreadPool pool(2);
    std::stop_source source;
    pool.setStop(source.get_token());
    std::atomic<int> calls = 0;
    pool.run(100000, [&](int64_t, int) {
        if (++calls == 10)
            source.request_stop();
    });
    QVERIFY(calls >= 10);
    QVERIFY(calls < 20);
    QVERIFY(pool.stopped());
    pool.setStop({});
    QVERIFY(!pool.stopped());
    pool.run(10, [&](int64_t, int) { ++calls; });
    QVERIFY(calls >= 20);
}

void TestThreadPool::stoppedFromTheBeginning()
{
    ThreadPool pool(2);
    std::stop_source source;
    source.request_stop();
    pool.setStop(source.get_token());
    pool.run(1, [&](int64_t, int) { QFAIL("a slice ran"); });
    pool.run(10, [&](int64_t, int) { QFAIL("a slice ran"); });
}

void TestThreadPool::nestedUseIsRefused()
{
    ThreadPool pool(2);
    ThreadPool other(2);
    for (const int64_t slices : {1, 8}) {
        QVERIFY_EXCEPTION_THROWN(
            pool.run(slices, [&](int64_t, int) { pool.run(1, [](int64_t, int) {}); }), Error);
        QVERIFY_EXCEPTION_THROWN(
            pool.run(slices, [&](int64_t, int) { other.run(2, [](int64_t, int) {}); }), Error);
    }
    int calls = 0;
    pool.run(1, [&](int64_t, int) { ++calls; });
    QCOMPARE(calls, 1);
}

void TestThreadPool::refusesNoThreads()
{
    QVERIFY_EXCEPTION_THROWN(ThreadPool(0), Error);
}

QTEST_GUILESS_MAIN(TestThreadPool)
#include "tst_threadpool.moc"
