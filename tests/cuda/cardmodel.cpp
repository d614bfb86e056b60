#include <chrono>
#include <random>
#include <thread>

#include <QtTest>

#include "cuda/check.h"
#include "cuda/cudabackend.h"
#include "cuda/kernels/rows.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/cuda/modelcase.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

// A whole model on a card: what it answers, and what becomes of a turn that is stopped, finds no
// memory, or loses the card. The last one is the last test: what was made on the card before it is
// lost.

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// Requests a stop after some time, on a thread of its own.
class StopAfter final {
public:
    explicit StopAfter(Milliseconds time)
        : m_thread([this, time] {
              std::this_thread::sleep_for(time);
              m_when = Clock::now();
              m_stop.request_stop();
          })
    {
    }
    std::stop_token token() const { return m_stop.get_token(); }
    /// How long ago the stop was requested; negative when it was not yet.
    Milliseconds since()
    {
        const Clock::time_point now = Clock::now();
        m_thread.join();
        return now - m_when;
    }

private:
    std::stop_source m_stop;
    Clock::time_point m_when;
    std::jthread m_thread;
};

/// All of the card's memory but a few pages.
class FullCard final {
public:
    FullCard()
    {
        for (size_t bytes = size_t{1} << 34; bytes >= size_t{1} << 16;) {
            void* block = nullptr;
            if (cudaMalloc(&block, bytes) == cudaSuccess) {
                m_blocks.push_back(block);
                continue;
            }
            cudaGetLastError();
            bytes /= 2;
        }
    }
    ~FullCard()
    {
        for (void* const block : m_blocks)
            cudaFree(block);
    }
    FullCard(const FullCard&) = delete;
    FullCard& operator=(const FullCard&) = delete;

private:
    std::vector<void*> m_blocks;
};

bool isBeginOfAnswer(const std::vector<int32_t>& ids)
{
    return ids.size() <= expectedAnswer().size() &&
           std::equal(ids.begin(), ids.end(), expectedAnswer().begin());
}

} // namespace

class CardModel final : public QObject {
    Q_OBJECT
private slots:
    void stagesAreTheProcessors_data();
    void stagesAreTheProcessors();
    void answersAsTheProcessor();
    void twoBackendsAreAsOne();
    void stopsAnywhere();
    void stopsSoonInAnAnswer();
    void stopsSoonInLargeProducts();
    void fullCardEndsOnlyTheTurn();
    void failedCardIsReportedAndReplaced();
};

void CardModel::stagesAreTheProcessors_data()
{
    QTest::addColumn<DType>("dtype");
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        QTest::newRow(nameOf(type)) << type;
}

void CardModel::stagesAreTheProcessors()
{
    QFETCH(DType, dtype);
    QCOMPARE(differingStage(dtype), std::string());
}

void CardModel::answersAsTheProcessor()
{
    const std::unique_ptr<LoadedModel> model = modelOnCard();
    for (int i = 0; i < 3;
         ++i) // the second and third from the cache, and on graphs from the first step on
        QCOMPARE(answerOf(*model), expectedAnswer());
}

void CardModel::twoBackendsAreAsOne()
{
    int cards = 0;
    QCOMPARE(cudaGetDeviceCount(&cards), cudaSuccess);
    for (int second = 0; second < std::min(cards, 2); ++second) {
        std::vector<std::unique_ptr<Backend>> backends;
        backends.push_back(std::make_unique<cuda::CudaBackend>(0));
        backends.push_back(std::make_unique<cuda::CudaBackend>(second));
        const std::unique_ptr<LoadedModel> model = modelOn(std::move(backends), DType::F32);
        for (int i = 0; i < 3; ++i)
            QCOMPARE(answerOf(*model), expectedAnswer());
    }
}

void CardModel::stopsAnywhere()
{
    std::unique_ptr<LoadedModel> model = modelOnCard();
    answerOf(*model);
    std::mt19937 random(5);
    Milliseconds whole{20};
    for (int i = 0; i < 50; ++i) {
        if (i % 5 == 0) // without a cache, and long enough for a stop in everything that comes
                        // before the answer
            model = modelOnCard();
        StopAfter stop(whole * static_cast<double>(random() % 1000) / 1000);
        const std::vector<int32_t> stopped = answerOf(*model, stop.token());
        stop.since();
        QVERIFY(isBeginOfAnswer(stopped));
        const Clock::time_point begin = Clock::now();
        QCOMPARE(answerOf(*model), expectedAnswer());
        whole = Clock::now() - begin;
    }
}

void CardModel::stopsSoonInAnAnswer()
{
    const std::unique_ptr<LoadedModel> model = modelOnCard(DType::BF16);
    double slowest = 0;
    for (int i = 0; i < 20; ++i) {
        std::stop_source stop;
        Clock::time_point when;
        model->generate(question(100), stop.get_token(), {}, [&](const Progress& progress) {
            if (progress.phase == Progress::Phase::Answering && progress.done > i % 4 &&
                !stop.stop_requested()) {
                when = Clock::now();
                stop.request_stop();
            }
        });
        QVERIFY(stop.stop_requested());
        slowest = std::max(slowest, Milliseconds(Clock::now() - when).count());
    }
    qInfo("the slowest stop in an answer took %.2f ms", slowest);
    QVERIFY(slowest <= 100);
}

/// Work of a large model's prompt is enqueued ahead of the card.
void CardModel::stopsSoonInLargeProducts()
{
    cuda::CudaBackend op(0);
    constexpr int64_t width = 4096;
    LinearSource source;
    source.compute = DType::F16;
    source.matrices = {hostTensor(DType::F16, {3 * width, width})};
    std::fill_n(source.matrices.front().as<uint16_t>(), 3 * width * width, uint16_t{0});
    const Linear w = op.makeLinear(source);
    Tensor x = op.allocate(DType::F16, {512, width});
    Tensor out = op.allocate(DType::F16, {512, 3 * width});
    StopAfter stop(Milliseconds(300));
    op.begin(stop.token());
    const Clock::time_point limit = Clock::now() + std::chrono::seconds(20);
    while (!stop.token().stop_requested() && Clock::now() < limit)
        op.linear(out, x, *w, Activation::None);
    op.wait();
    const double took = stop.since().count();
    qInfo("a stop in products of 512 rows took %.2f ms", took);
    QVERIFY(took <= 100);
}

void CardModel::fullCardEndsOnlyTheTurn()
{
    const std::unique_ptr<LoadedModel> model = modelOnCard();
    cuda::CudaBackend op(0);
    {
        const FullCard full;
        try {
            op.allocate(DType::U8, {int64_t{1} << 30});
            QFAIL("a full card was not noticed");
        } catch (const Error& error) {
            QCOMPARE(error.code(), Error::Code::OutOfMemory);
            QVERIFY2(QString(error.what()).contains("are free"), error.what());
        }
        try { // what the pool still holds may be enough
            QCOMPARE(answerOf(*model), expectedAnswer());
            qInfo("the small model's turn needed no more memory");
        } catch (const Error& error) {
            QCOMPARE(error.code(), Error::Code::OutOfMemory);
        }
        try {
            QCOMPARE(answerOf(*modelOnCard()), expectedAnswer());
            qInfo("a second small model fitted into a full card");
        } catch (const Error& error) {
            QCOMPARE(error.code(), Error::Code::OutOfMemory);
        }
    }
    QCOMPARE(answerOf(*model), expectedAnswer());
    op.allocate(DType::U8, {int64_t{1} << 30});
}

void CardModel::failedCardIsReportedAndReplaced()
{
    std::unique_ptr<LoadedModel> model = modelOnCard();
    {
        const CardArray out(DType::F32, 8);
        const CardArray ids(std::vector<int32_t>{0});
        // An address that is nobody's.
        cuda::gatherRows(out, {reinterpret_cast<void*>(uintptr_t{0x10}), DType::F32},
                         ids.as<int32_t>(), 1, 8, 1, stream());
        QVERIFY(cudaStreamSynchronize(stream()) != cudaSuccess);
    }
    for (int i = 0; i < 2; ++i) {
        try {
            answerOf(*model);
            QFAIL("a failed card was not noticed");
        } catch (const Error& error) {
            QCOMPARE(error.code(), Error::Code::Device);
        }
    }
    model.reset();
    // With nobody left on it, the card is made to work again.
    QCOMPARE(answerOf(*modelOn(cuda::makeCudaBackend(0), DType::F32)), expectedAnswer());
}

QTEST_GUILESS_MAIN(CardModel)
#include "cardmodel.moc"
