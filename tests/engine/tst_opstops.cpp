#include <chrono>
#include <thread>

#include <QtTest>

#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;
using namespace std::chrono_literals;

// How fast one large operation ends when it is stopped.

class TestOpStops final : public QObject {
    Q_OBJECT
private slots:
    void linearStops_data() { addDeviceRows(); }
    void linearStops();
    void attentionStops_data() { addDevices(); }
    void attentionStops();
    void worksAfterAStop_data() { addDevices(); }
    void worksAfterAStop();
};

namespace {

/// How long after a stop the work returned; work takes far longer when it is not stopped.
template <typename Work> std::chrono::milliseconds stopTime(Backend& op, const Work& work)
{
    std::stop_source source;
    op.begin(source.get_token());
    std::chrono::steady_clock::time_point stopped;
    std::thread stopper([&] {
        std::this_thread::sleep_for(30ms);
        stopped = std::chrono::steady_clock::now();
        source.request_stop();
    });
    work();
    const auto returned = std::chrono::steady_clock::now();
    stopper.join();
    op.begin({});
    return std::chrono::duration_cast<std::chrono::milliseconds>(returned - stopped);
}

} // namespace

void TestOpStops::linearStops()
{
    QFETCH(TestDevice, device);
    const int64_t k = 4096;
    const int64_t n = 4096;
    const Linear w = device.linear({n, k}, std::vector<float>(static_cast<size_t>(n * k), 0.5f));
    const Tensor x =
        device.upload({2048, k}, std::vector<float>(static_cast<size_t>(2048 * k), 0.5f));
    Tensor out = device.make({2048, n});
    const auto time = stopTime(device.op(), [&] { device.op().linear(out, x, *w); });
    QVERIFY2(time >= 0ms, "the work was done before it could be stopped");
    QVERIFY2(time <= 100ms, qPrintable(QString("%1 ms").arg(time.count())));
}

void TestOpStops::attentionStops()
{
    QFETCH(TestDevice, device);
    const int64_t patches = 4096;
    const int64_t model = 1152;
    const Tensor qkv = device.upload(
        {patches, 3 * model}, std::vector<float>(static_cast<size_t>(patches * 3 * model), 0.25f));
    Tensor out = device.make({patches, model});
    const auto time =
        stopTime(device.op(), [&] { device.op().attendFrames(out, qkv, 16, patches); });
    QVERIFY2(time >= 0ms, "the work was done before it could be stopped");
    QVERIFY2(time <= 100ms, qPrintable(QString("%1 ms").arg(time.count())));
}

void TestOpStops::worksAfterAStop()
{
    QFETCH(TestDevice, device);
    Backend& op = device.op();
    const Linear w = device.linear({2, 2}, {1, 2, 3, 4});
    Tensor out = device.upload({1, 2}, {7, 7});
    std::stop_source source;
    source.request_stop();
    op.begin(source.get_token());
    op.linear(out, device.upload({1, 2}, {1, 1}), *w); // returns
    op.begin({});
    op.linear(out, device.upload({1, 2}, {1, 1}), *w);
    QCOMPARE(device.download(out), (std::vector<float>{3, 7}));
}

QTEST_GUILESS_MAIN(TestOpStops)
#include "tst_opstops.moc"
