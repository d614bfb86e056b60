#include <QtTest>

#include "engine/devices.h"
#include "engine/error.h"

using namespace argali;

class TestDevices final : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup() { init(); }
    void processorComesFirst();
    void makesBackends();
    void refusesOtherDevices_data();
    void refusesOtherDevices();
    void forcedInstructionSet();
    void refusesInstructionSets();
    void forcedThreads();
    void refusesThreads_data();
    void refusesThreads();
    void limitsArePlausible();
};

namespace {

/// The code of the error that work throws.
template <typename Work> int codeOf(const Work& work)
{
    try {
        work();
    } catch (const Error& error) {
        return static_cast<int>(error.code());
    }
    return -1;
}

constexpr int deviceError = static_cast<int>(Error::Code::Device);

} // namespace

void TestDevices::init()
{
    qunsetenv("ARGALI_ISA");
    qunsetenv("ARGALI_THREADS");
}

void TestDevices::processorComesFirst()
{
    const Device device = listDevices().front();
    QCOMPARE(device.id, std::string("cpu"));
    QVERIFY(!device.name.empty());
    QVERIFY(QString::fromStdString(device.instructionSets).endsWith("scalar"));
    QVERIFY(device.threads >= 1);
    QVERIFY(device.memory > 0);
    QVERIFY(device.freeMemory > 0 && device.freeMemory <= device.memory);
}

void TestDevices::makesBackends()
{
    for (const char* const id : {"auto", "cpu"}) {
        const std::unique_ptr<Backend> backend = makeBackend(id);
        QVERIFY(QString::fromStdString(backend->name()).startsWith("cpu "));
        QCOMPARE(backend->activationType(DType::BF16), DType::F32);
    }
}

void TestDevices::refusesOtherDevices_data()
{
    QTest::addColumn<QString>("id");
    QTest::addColumn<int>("code");
    const int badRequest = static_cast<int>(Error::Code::BadRequest);
    QTest::newRow("empty") << "" << badRequest;
    QTest::newRow("unknown") << "abacus" << badRequest;
    QTest::newRow("case") << "CPU" << badRequest;
    for (const char* const id : {"cuda:", "cuda:x", "cuda:-1", "cuda:0,", "cuda:,0", "cuda:0,,1",
                                 "cuda:0;1", "cuda:0,1 ", "cpu,cuda:0"})
        QTest::newRow(id) << id << badRequest;
    QTest::newRow("cards that are not there") << "cuda:4711,4712" << deviceError;
    QTest::newRow("a card that is not there") << "cuda:4711" << deviceError;
}

void TestDevices::refusesOtherDevices()
{
    QFETCH(QString, id);
    QFETCH(int, code);
    QCOMPARE(codeOf([&] { makeBackend(id.toStdString()); }), code);
    QCOMPARE(codeOf([&] { measureLimits(id.toStdString()); }), code);
}

void TestDevices::forcedInstructionSet()
{
    qputenv("ARGALI_ISA", "scalar");
    qputenv("ARGALI_THREADS", "1");
    QCOMPARE(makeBackend("cpu")->name(), std::string("cpu scalar, 1 thread"));
}

void TestDevices::refusesInstructionSets()
{
    qputenv("ARGALI_ISA", "abacus");
    QCOMPARE(codeOf([] { makeBackend("cpu"); }), deviceError);
    const QString available = QString::fromStdString(listDevices().front().instructionSets);
    for (const char* const set : {"avx2", "avx512", "avx512-bf16"}) {
        qputenv("ARGALI_ISA", set);
        QCOMPARE(codeOf([] { makeBackend("cpu"); }),
                 available.split(", ").contains(set) ? -1 : deviceError);
    }
}

void TestDevices::forcedThreads()
{
    qputenv("ARGALI_THREADS", "3");
    QCOMPARE(listDevices().front().threads, 3);
    QVERIFY(QString::fromStdString(makeBackend("cpu")->name()).endsWith(", 3 threads"));
}

void TestDevices::refusesThreads_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char* const text : {"0", "-1", "two", "2x", " 2", "1e9", "99999999999999999999"})
        QTest::newRow(text) << QByteArray(text);
}

void TestDevices::refusesThreads()
{
    QFETCH(QByteArray, text);
    qputenv("ARGALI_THREADS", text);
    QCOMPARE(codeOf([] { makeBackend("cpu"); }), deviceError);
}

void TestDevices::limitsArePlausible()
{
    const MachineLimits limits = measureLimits("cpu");
    QVERIFY(limits.readBytesPerSecond > 1e8);
    QVERIFY(limits.readBytesPerSecond < 1e13);
    QVERIFY(limits.matrixOperationsPerSecond > 1e8);
    QVERIFY(limits.matrixOperationsPerSecond < 1e16);
    QVERIFY(!limits.matrixInstructions.empty());
    QVERIFY(QString::fromStdString(makeBackend("cpu")->name())
                .contains(QString::fromStdString(limits.isa)));
}

QTEST_GUILESS_MAIN(TestDevices)
#include "tst_devices.moc"
