#include <QtTest>

#include "engine/devices.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "tests/support/ownedbackend.h"
#include "tests/support/testdata.h"

using namespace argali;
using namespace argali::test;

// A decoder whose layers lie on several backends. The processor stands for every card: what differs
// is only who owns which tensor.

class TestDecoder final : public QObject {
    Q_OBJECT
private slots:
    void severalBackendsAreAsOne_data();
    void severalBackendsAreAsOne();
    void stoppedPassesAreForgotten();
    void refusesOtherCounts();
};

namespace {

using Layers = std::vector<int64_t>;

/// A model of three layers over so many backends.
struct Spread {
    explicit Spread(const Layers& layers)
    {
        for (const int64_t count : layers) {
            backends.push_back(std::make_unique<OwnedBackend>(makeBackend("cpu")));
            shares.push_back({backends.back().get(), count});
        }
        family = makeFamily(openFolder(testData() / "ovis2_5-tiny"));
        loaded = family->load(shares, DType::F32, {}, {});
        cache = family->makeCache(2048);
    }

    std::vector<float> logits(const std::vector<int32_t>& ids, std::stop_token stop = {})
    {
        const Tensor after = family->decode(ids, {}, *cache, {}, std::move(stop));
        if (after.isEmpty())
            return {};
        const Tensor host = backends.front()->download(after);
        return {host.as<float>(), host.as<float>() + host.count()};
    }

    std::vector<std::unique_ptr<OwnedBackend>> backends;
    std::vector<LayerShare> shares;
    std::unique_ptr<Family> family;
    std::unique_ptr<KvCache> cache;
    bool loaded = false;
};

/// Longer than two chunks of a prompt.
std::vector<int32_t> longPrompt()
{
    std::vector<int32_t> ids;
    for (int32_t i = 0; i < 1100; ++i)
        ids.push_back(i * 7 % 251);
    return ids;
}

} // namespace

void TestDecoder::severalBackendsAreAsOne_data()
{
    QTest::addColumn<Layers>("layers");
    QTest::newRow("1 + 2") << Layers{1, 2};
    QTest::newRow("2 + 1") << Layers{2, 1};
    QTest::newRow("0 + 3") << Layers{0, 3};
    QTest::newRow("1 + 1 + 1") << Layers{1, 1, 1};
    QTest::newRow("3 + 0") << Layers{3, 0};
}

void TestDecoder::severalBackendsAreAsOne()
{
    QFETCH(Layers, layers);
    Spread one({3});
    Spread several(layers);
    QVERIFY(one.loaded && several.loaded);
    const auto compare = [&](const std::vector<int32_t>& ids) {
        const std::vector<float> expected = one.logits(ids);
        QVERIFY(!expected.empty());
        QVERIFY(several.logits(ids) == expected);
    };
    compare(longPrompt());
    compare({11});
    compare({12});
    compare({13, 14, 15});
    compare({16});
    one.cache->truncate(700);
    several.cache->truncate(700);
    compare({17});
    QCOMPARE(several.cache->length(), int64_t{701});
    QCOMPARE(several.cache->bytes(), one.cache->bytes());
    for (size_t i = 0; i < layers.size(); ++i)
        QVERIFY(several.backends[i]->operations() > 0);
    // Another cache: what was recorded on the first one does not count.
    one.cache = one.family->makeCache(64);
    several.cache = several.family->makeCache(64);
    compare({1, 2, 3});
    compare({4});
    compare({5});
}

void TestDecoder::stoppedPassesAreForgotten()
{
    Spread one({3});
    Spread several({1, 2});
    const std::vector<float> afterPrompt = one.logits({1, 2, 3});
    QVERIFY(several.logits({1, 2, 3}) == afterPrompt);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(several.logits({4}, stop.get_token()).empty());
    QVERIFY(several.logits({4, 5, 6}, stop.get_token()).empty());
    QCOMPARE(several.cache->length(), int64_t{3});
    QVERIFY(several.logits({4}) == one.logits({4}));
}

void TestDecoder::refusesOtherCounts()
{
    const auto op = makeBackend("cpu");
    const std::unique_ptr<Family> family = makeFamily(openFolder(testData() / "ovis2_5-tiny"));
    const auto codeOf = [&](int64_t first, int64_t second) {
        try {
            family->load({{op.get(), first}, {op.get(), second}}, DType::F32, {}, {});
        } catch (const Error& error) {
            return static_cast<int>(error.code());
        }
        return -1;
    };
    QCOMPARE(codeOf(1, 1), static_cast<int>(Error::Code::Internal));
    QCOMPARE(codeOf(2, 2), static_cast<int>(Error::Code::Internal));
}

QTEST_APPLESS_MAIN(TestDecoder)
#include "tst_decoder.moc"
