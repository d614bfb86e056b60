#include <numeric>
#include <random>

#include <QtTest>

#include "engine/sharing.h"

using namespace argali;

using Numbers = std::vector<int64_t>;

class TestSharing final : public QObject {
    Q_OBJECT
private slots:
    void shares_data();
    void shares();
    void everyShareFits();
    void largestContextIsTheLast();
};

namespace {

/// 28 layers of 100 bytes and a cache of 1 byte a position and layer, 500 bytes of other weights.
MemoryEstimate need()
{
    MemoryEstimate need;
    need.layers = 28;
    need.weightsPerLayer = 100;
    need.kvPerToken = 28;
    need.weights = 28 * 100 + 500;
    need.workspace = 200;
    need.layerWorkspace = 40;
    return need;
}

/// What a device of this share holds.
int64_t bytesOn(const MemoryEstimate& need, bool first, int64_t layers, int64_t context)
{
    const int64_t rest = first ? need.weights - need.layers * need.weightsPerLayer + need.workspace
                               : need.layerWorkspace;
    return rest + layers * (need.weightsPerLayer + context * need.kvPerToken / need.layers);
}

} // namespace

void TestSharing::shares_data()
{
    QTest::addColumn<Numbers>("rooms");
    QTest::addColumn<int64_t>("context");
    QTest::addColumn<Numbers>("expected");
    QTest::newRow("one") << Numbers{100'000} << int64_t{10} << Numbers{28};
    QTest::newRow("halves") << Numbers{10'700, 10'040} << int64_t{100} << Numbers{14, 14};
    QTest::newRow("by what is left") << Numbers{10'700, 30'040} << int64_t{100} << Numbers{7, 21};
    QTest::newRow("exactly full") << Numbers{700 + 5 * 200, 40 + 23 * 200} << int64_t{100}
                                  << Numbers{5, 23};
    QTest::newRow("one byte too little")
        << Numbers{700 + 5 * 200 - 1, 40 + 23 * 200} << int64_t{100} << Numbers{};
    QTest::newRow("no layer on the first")
        << Numbers{700, 100'000} << int64_t{100} << Numbers{0, 28};
    QTest::newRow("the first is too small") << Numbers{699, 100'000} << int64_t{100} << Numbers{};
    QTest::newRow("a full one") << Numbers{10'700, 10, 10'040} << int64_t{100}
                                << Numbers{14, 0, 14};
    QTest::newRow("none") << Numbers{} << int64_t{100} << Numbers{};
}

void TestSharing::shares()
{
    QFETCH(Numbers, rooms);
    QFETCH(int64_t, context);
    QFETCH(Numbers, expected);
    QCOMPARE(shareLayers(need(), context, rooms), expected);
}

void TestSharing::everyShareFits()
{
    std::mt19937 random(7); // NOLINT: the same rooms every time
    int found = 0;
    for (int i = 0; i < 2000; ++i) {
        Numbers rooms;
        for (size_t n = 1 + random() % 4; rooms.size() < n;)
            rooms.push_back(static_cast<int64_t>(random() % 9000));
        const auto context = static_cast<int64_t>(random() % 200);
        const Numbers layers = shareLayers(need(), context, rooms);
        int64_t couldHold = 0;
        for (size_t d = 0; d < rooms.size(); ++d) {
            int64_t most = 0;
            while (most < 28 && bytesOn(need(), d == 0, most + 1, context) <= rooms[d])
                ++most;
            couldHold += most;
        }
        const bool fits = rooms.front() >= bytesOn(need(), true, 0, context) && couldHold >= 28;
        QCOMPARE(!layers.empty(), fits);
        if (!fits)
            continue;
        ++found;
        QCOMPARE(layers.size(), rooms.size());
        QCOMPARE(std::accumulate(layers.begin(), layers.end(), int64_t{0}), int64_t{28});
        for (size_t d = 0; d < rooms.size(); ++d)
            QVERIFY(layers[d] == 0 || bytesOn(need(), d == 0, layers[d], context) <= rooms[d]);
    }
    QVERIFY(found > 100);
}

void TestSharing::largestContextIsTheLast()
{
    const Numbers rooms{5'000, 4'000};
    const int64_t fits = largestSharedContext(need(), 1'000'000, rooms);
    QVERIFY(fits > 0);
    QVERIFY(!shareLayers(need(), fits, rooms).empty());
    QVERIFY(shareLayers(need(), fits + 1, rooms).empty());
    QCOMPARE(largestSharedContext(need(), 20, rooms), int64_t{20});
    QCOMPARE(largestSharedContext(need(), 20, Numbers{100, 100}), int64_t{0});
}

QTEST_APPLESS_MAIN(TestSharing)
#include "tst_sharing.moc"
