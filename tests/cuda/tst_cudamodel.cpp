#include <random>

#include <QtTest>

#include "card.h"
#include "cuda/cudabackend.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "tests/cuda/modelcase.h"

using namespace argali;
using namespace argali::test;

// A whole model on the emulated card: what it answers, what a step of it asks of the card, and what
// becomes of a turn that fails or is stopped.

class TestCudaModel final : public QObject {
    Q_OBJECT
private slots:
    void cleanup();
    void stagesAreTheProcessors_data();
    void stagesAreTheProcessors();
    void answersAsTheProcessor();
    void aStepIsOneGraph();
    void aGraphOutlivesLargerPasses();
    void severalCardsAreAsOne_data();
    void severalCardsAreAsOne();
    void fullCardEndsOnlyTheTurn();
    void failedCardIsReportedAndReplaced();
    void stopsAnywhere();
};

void TestCudaModel::cleanup()
{
    emulator::setCards(1);
    emulator::setCapacity(int64_t{1} << 40);
    emulator::onKernel({});
    emulator::failAtKernel(0);
}

void TestCudaModel::stagesAreTheProcessors_data()
{
    QTest::addColumn<DType>("dtype");
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        QTest::newRow(nameOf(type)) << type;
}

void TestCudaModel::stagesAreTheProcessors()
{
    QFETCH(DType, dtype);
    QCOMPARE(differingStage(dtype), std::string());
}

void TestCudaModel::answersAsTheProcessor()
{
    const std::unique_ptr<LoadedModel> model = modelOnCard();
    QCOMPARE(answerOf(*model), expectedAnswer());
    QCOMPARE(answerOf(*model),
             expectedAnswer()); // from the cache, and on graphs from the first step on
}

void TestCudaModel::aStepIsOneGraph()
{
    cuda::CudaBackend op(0);
    std::unique_ptr<Family> family = makeFamily(openFolder(modelFolder()));
    QVERIFY(family->load(op, DType::BF16, {}, {}));
    const std::unique_ptr<KvCache> cache = family->makeCache(64);
    const auto step = [&](int32_t id) {
        return family->decode(std::array{id}, {}, *cache, {}, {});
    };
    family->decode(std::array{1, 2, 3}, {}, *cache, {}, {});
    step(4); // as it is
    step(5); // captured
    op.wait();
    const emulator::Counters before = emulator::counters();
    const Tensor first = step(6);
    const Tensor second = step(7);
    const emulator::Counters after = emulator::counters();
    QCOMPARE(after.graphs - before.graphs, int64_t(2));
    QCOMPARE(after.allocations, before.allocations);
    QCOMPARE(after.synchronisations, before.synchronisations);
    QCOMPARE(first.raw(), second.raw()); // the same memory every time
    op.wait();
    // The embedding, six kernels for each of config.json's three layers, the length, the head.
    QCOMPARE((emulator::counters().kernels - before.kernels) / 2, int64_t(1 + 3 * 6 + 1 + 1));
}

void TestCudaModel::aGraphOutlivesLargerPasses()
{
    // Between two steps come passes of several ids, as when a budget closes thinking, which need
    // more room for their partial results than the graph was captured with.
    const auto lastLogits = [](Backend& op) {
        std::unique_ptr<Family> family = makeFamily(openFolder(modelFolder()));
        if (!family->load(op, DType::F32, {}, {}))
            throw Error(Error::Code::Internal, "loading was stopped");
        const std::unique_ptr<KvCache> cache = family->makeCache(128);
        Tensor logits;
        for (const std::vector<int32_t>& ids :
             std::vector<std::vector<int32_t>>{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                                               {11},
                                               {12},
                                               {13},
                                               {14, 15, 16, 17, 18, 19, 20, 21},
                                               {22},
                                               {23}})
            logits = family->decode(ids, {}, *cache, {}, {});
        return op.download(logits);
    };
    cuda::CudaBackend card(0);
    const std::unique_ptr<Backend> processor = makeBackend("cpu");
    const Tensor expected = lastLogits(*processor);
    const Tensor found = lastLogits(card);
    for (int64_t i = 0; i < expected.count(); ++i)
        QVERIFY2(std::abs(found.as<float>()[i] - expected.as<float>()[i]) < 1e-3F,
                 qPrintable(QString::number(i)));
}

void TestCudaModel::severalCardsAreAsOne_data()
{
    QTest::addColumn<int>("second");
    QTest::newRow("two cards") << 1;
    QTest::newRow("one card, named twice") << 0;
}

void TestCudaModel::severalCardsAreAsOne()
{
    QFETCH(int, second);
    emulator::setCards(2);
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(std::make_unique<cuda::CudaBackend>(0));
    backends.push_back(std::make_unique<cuda::CudaBackend>(second));
    const std::unique_ptr<LoadedModel> model = modelOn(std::move(backends), DType::F32);
    QVERIFY(model->deviceName().find(" + cuda:" + std::to_string(second)) != std::string::npos);
    QCOMPARE(answerOf(*model), expectedAnswer());
    QCOMPARE(answerOf(*model), expectedAnswer());
}

void TestCudaModel::fullCardEndsOnlyTheTurn()
{
    const std::unique_ptr<LoadedModel> model = modelOnCard();
    emulator::setCapacity(emulator::counters().bytesInUse + 1000);
    try {
        answerOf(*model);
        QFAIL("a full card was not noticed");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::OutOfMemory);
        QVERIFY2(QString(error.what()).contains("are free"), error.what());
    }
    emulator::setCapacity(int64_t{1} << 40);
    QCOMPARE(answerOf(*model), expectedAnswer());
}

void TestCudaModel::failedCardIsReportedAndReplaced()
{
    std::unique_ptr<LoadedModel> model = modelOnCard();
    emulator::failAtKernel(20);
    try {
        answerOf(*model);
        QFAIL("a failed card was not noticed");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::Device);
    }
    // Every later use fails too, and taking the model down does not.
    QVERIFY_EXCEPTION_THROWN(answerOf(*model), Error);
    model.reset();
    // Opening the model again is all that it takes.
    QCOMPARE(answerOf(*modelOn(cuda::makeCudaBackend(0), DType::F32)), expectedAnswer());
}

void TestCudaModel::stopsAnywhere()
{
    const std::unique_ptr<LoadedModel> model = modelOnCard();
    const int64_t before = emulator::counters().kernels;
    QCOMPARE(answerOf(*model), expectedAnswer());
    const auto kernels = static_cast<unsigned>(emulator::counters().kernels - before);
    std::mt19937 random(5);
    for (int i = 0; i < 8; ++i) {
        const std::unique_ptr<LoadedModel> fresh =
            i % 4 == 0 ? modelOnCard() : nullptr; // else with a cache
        LoadedModel& stopped = fresh ? *fresh : *model;
        std::stop_source stop;
        const int64_t at = emulator::counters().kernels + 1 + random() % kernels;
        emulator::onKernel([&](int64_t kernel) {
            if (kernel == at)
                stop.request_stop();
        });
        const std::vector<int32_t> ids = answerOf(stopped, stop.get_token());
        emulator::onKernel({});
        QVERIFY(ids.size() <= expectedAnswer().size());
        QVERIFY(std::equal(ids.begin(), ids.end(), expectedAnswer().begin()));
        QCOMPARE(answerOf(stopped), expectedAnswer());
    }
}

QTEST_GUILESS_MAIN(TestCudaModel)
#include "tst_cudamodel.moc"
