#include <QtTest>

#include "engine/error.h"
#include "tests/cuda/attentioncase.h"

using namespace argali;
using namespace argali::test;

class TestCudaAttention : public QObject {
    Q_OBJECT

private slots:
    void prompt_data();
    void prompt();
    void frames_data();
    void frames();
    void equalScores();
    void oneHalfRises();
    void nothing();
    void typesThatDiffer();
    void geometry();
};

void TestCudaAttention::prompt_data()
{
    QTest::addColumn<DType>("type");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("length");
    QTest::addColumn<int>("groups");
    QTest::addColumn<int>("ratio");
    const auto row = [](DType type, int width, int tokens, int length, int groups, int ratio) {
        QTest::addRow("%s C=%d T=%d length=%d G=%d H/G=%d", nameOf(type), width, tokens, length,
                      groups, ratio)
            << type << width << tokens << length << groups << ratio;
    };
    for (const DType type : {DType::F16, DType::BF16}) {
        row(type, 16, 65, 0, 2, 1);
        row(type, 32, 3, 200, 1, 7);
    }
    row(DType::BF16, 16, 130, 65, 1, 2);
    for (const int length : {0, 1, 63, 64, 65})
        row(DType::BF16, 16, 1, length, 2, 1);
    for (const int tokens : {8, 64, 65})
        row(DType::F16, 24, tokens, 63, 1, 1);
    row(DType::BF16, 40, 17, 64, 1, 1);
    row(DType::BF16, 72, 20, 50, 1, 1);
    row(DType::F16, 128, 20, 50, 1, 2);
    row(DType::BF16, 128, 65, 1, 1, 1);
    row(DType::BF16, 136, 30, 5, 1, 1);
    row(DType::F16, 256, 9, 14, 1, 1);
    // Without tensor cores: rows that begin at no multiple of 16 bytes, and f32.
    row(DType::BF16, 9, 5, 40, 2, 2);
    row(DType::F16, 250, 2, 3, 1, 1);
    for (const int width : {1, 16, 72, 128, 256})
        row(DType::F32, width, 3, 63, 1, 2);
    row(DType::F32, 24, 65, 0, 1, 7);
    row(DType::F32, 24, 1, 200, 2, 1);
}

void TestCudaAttention::prompt()
{
    QFETCH(DType, type);
    QFETCH(int, width);
    QFETCH(int, tokens);
    QFETCH(int, length);
    QFETCH(int, groups);
    QFETCH(int, ratio);
    const int used = length + tokens;
    const CacheCase c(type, {tokens, groups * ratio, groups, width, used + 70}, used,
                      static_cast<unsigned>(used));
    const std::vector<float> expected = c.expected(length);
    const CardArray q(type, c.q);
    const CardArray keys(type, c.keys);
    const CardArray values(type, c.values);
    const CardArray state(std::vector<int32_t>{length});
    QCOMPARE(inEveryOrder([&] {
                 const CardArray out(type, static_cast<int64_t>(c.q.size()));
                 cuda::attendPrompt(out, q, keys, values, c.shape, state.as<int32_t>(), stream());
                 return difference(out.values(), expected, attentionTolerance(type), 0.25f);
             }),
             QString());
}

void TestCudaAttention::frames_data()
{
    QTest::addColumn<DType>("type");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("frames");
    QTest::addColumn<int>("framePatches");
    const auto row = [](DType type, int width, int frames, int framePatches) {
        QTest::addRow("%s C=%d, %d frames of %d", nameOf(type), width, frames, framePatches)
            << type << width << frames << framePatches;
    };
    for (const int patches : {1, 63, 65})
        row(DType::F16, 16, 2, patches);
    for (const int patches : {16, 64, 130})
        row(DType::BF16, 16, 1, patches);
    row(DType::F16, 24, 3, 20);
    row(DType::BF16, 72, 1, 65);
    row(DType::F16, 72, 2, 36);
    row(DType::BF16, 64, 1, 40);
    row(DType::F16, 128, 1, 40);
    row(DType::F16, 9, 3, 7);
    for (const int width : {16, 72, 3})
        row(DType::F32, width, 3, 33);
}

void TestCudaAttention::frames()
{
    QFETCH(DType, type);
    QFETCH(int, width);
    QFETCH(int, frames);
    QFETCH(int, framePatches);
    constexpr int heads = 2;
    const int patches = frames * framePatches;
    const int64_t model = int64_t{heads} * width;
    std::mt19937 random(static_cast<unsigned>(patches));
    const std::vector<float> qkv = rounded(randomFloats(random, patches * 3 * model, 2), type);
    std::vector<float> expected;
    for (int p = 0; p < patches; ++p)
        for (int h = 0; h < heads; ++h) {
            const float* const head = qkv.data() + h * width;
            const float* const frame = head + p / framePatches * framePatches * 3 * model;
            for (const double value :
                 attentionRow(head + p * 3 * model, frame + model, frame + 2 * model, framePatches,
                              3 * model, width))
                expected.push_back(static_cast<float>(value));
        }
    const CardArray x(type, qkv);
    QCOMPARE(inEveryOrder([&] {
                 const CardArray out(type, patches * model);
                 cuda::attendFrames(out, x, patches, heads, width, framePatches, stream());
                 return difference(out.values(), expected, attentionTolerance(type), 0.25f);
             }),
             QString());
}

/// Large scores whose differences alone count, and a maximum that rises in a late tile.
void TestCudaAttention::equalScores()
{
    constexpr int used = 150;
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        CacheCase c(type, {1, 1, 1, 16, used}, used, 1);
        std::fill(c.q.begin(), c.q.end(), 100.0f);
        std::fill(c.keys.begin(), c.keys.end(), 50.0f);
        for (const float last : {50.0f, 60.0f}) {
            std::fill(c.keys.begin() + 140 * 16, c.keys.begin() + 141 * 16, last);
            const std::vector<float> expected = c.expected(used - 1);
            const CardArray q(type, c.q);
            const CardArray keys(type, c.keys);
            const CardArray values(type, c.values);
            const CardArray state(std::vector<int32_t>{used - 1});
            const CardArray out(type, 16);
            cuda::attendPrompt(out, q, keys, values, c.shape, state.as<int32_t>(), stream());
            QCOMPARE(difference(out.values(), expected, attentionTolerance(type), 0.25f),
                     QString());
        }
    }
}

/// A maximum that rises in a late tile for the upper or the lower eight rows of a warp alone.
void TestCudaAttention::oneHalfRises()
{
    constexpr int tokens = 16;
    constexpr int used = 150;
    for (const DType type : {DType::F16, DType::BF16})
        for (const int half : {0, 1}) {
            CacheCase c(type, {tokens, 1, 1, 16, used}, used, 3);
            std::fill(c.q.begin(), c.q.end(), 0.0f);
            std::fill(c.q.begin() + half * 8 * 16, c.q.begin() + (half + 1) * 8 * 16, 1.0f);
            std::fill(c.keys.begin() + 100 * 16, c.keys.begin() + 101 * 16, 1.0f);
            const std::vector<float> expected = c.expected(used - tokens);
            const CardArray q(type, c.q);
            const CardArray keys(type, c.keys);
            const CardArray values(type, c.values);
            const CardArray state(std::vector<int32_t>{used - tokens});
            const CardArray out(type, tokens * 16);
            cuda::attendPrompt(out, q, keys, values, c.shape, state.as<int32_t>(), stream());
            QCOMPARE(difference(out.values(), expected, attentionTolerance(type), 0.25f),
                     QString());
        }
}

void TestCudaAttention::nothing()
{
    for (const DType type : {DType::F32, DType::BF16}) {
        const CardArray empty(type, int64_t{0});
        const CardArray cache(type, 4 * 16);
        const CardArray state(std::vector<int32_t>{2});
        cuda::attendPrompt(empty, empty, cache, cache, {0, 1, 1, 16, 4}, state.as<int32_t>(),
                           stream());
        cuda::attendFrames(empty, empty, 0, 1, 16, 0, stream());
        cuda::attendFrames(empty, empty, 0, 1, 16, 4, stream());
        QVERIFY(empty.values().empty());
    }
}

void TestCudaAttention::typesThatDiffer()
{
    const CardArray wide(DType::F32, 16);
    const CardArray narrow(DType::F16, 3 * 16);
    const CardArray state(std::vector<int32_t>{0});
    QVERIFY_THROWS_EXCEPTION(Error, cuda::attendPrompt(wide, wide, narrow, narrow, {1, 1, 1, 16, 1},
                                                       state.as<int32_t>(), stream()));
    QVERIFY_THROWS_EXCEPTION(Error, cuda::attendFrames(wide, narrow, 1, 1, 16, 1, stream()));
    QVERIFY_THROWS_EXCEPTION(Error, cuda::attendPrompt(wide, wide, wide, wide, {1, 1, 1, 264, 1},
                                                       state.as<int32_t>(), stream()));
}

/// The limits of every architecture, from the largest pictures, contexts and heads.
void TestCudaAttention::geometry()
{
    const auto check = [](const cuda::Launch& shape) {
        QVERIFY(shape.threads % 32 == 0 && shape.threads <= 1024);
        QVERIFY(shape.grid[0] < int64_t{1} << 31);
        QVERIFY(shape.grid[1] <= 65535 && shape.grid[2] <= 65535);
        QVERIFY(shape.sharedBytes <= 64 * 1024);
    };
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (int64_t width = 1; width <= cuda::attentionWidthLimit; ++width) {
            check(cuda::attendPromptLaunch({32768, 64, 8, width, 32768}, type));
            check(cuda::attendFramesLaunch(int64_t{64} * 16384, 64, width, 16384, type));
            for (const int64_t tokens : {1, 8})
                for (const int64_t ratio : {1, 7, 16})
                    check(cuda::attendStepLaunch({tokens, 8 * ratio, 8, width, 32768}, type));
        }
}

QTEST_GUILESS_MAIN(TestCudaAttention)
#include "tst_cudaattention.moc"
