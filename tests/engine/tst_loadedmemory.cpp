#include <fstream>
#include <string>

#include <malloc.h>

#include <QtTest>

#include "engine/devices.h"
#include "engine/families/families.h"

using namespace argali;

// The memory that a family says its weights take against what the system has given: shapes of
// published models with one layer, in every arithmetic. What is converted must not stay in memory
// as it was stored.
class TestLoadedMemory final : public QObject {
    Q_OBJECT
private slots:
    void weights_data();
    void weights();
};

namespace {

/// Bytes of this program's memory that are there. 0 where the system does not tell.
double residentBytes()
{
    constexpr double page = 4096;
    int64_t whole = 0;
    int64_t resident = 0;
    std::ifstream("/proc/self/statm") >> whole >> resident;
    return static_cast<double>(resident) * page;
}

} // namespace

void TestLoadedMemory::weights_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<int>("stored");
    QTest::addColumn<int>("compute");
    for (const char* model : {"internvl2-1b/layers=1", "llava-1.5-7b/layers=1",
                              "ovis2.5-2b/layers=1", "chatglm2-6b/layers=1"})
        for (const DType compute : {DType::F32, DType::BF16, DType::F16})
            if (compute != DType::F16 ||
                !QString(model).startsWith("ovis")) // made in memory, a table stays beside its head
                QTest::addRow("%s bf16 in %s", model, nameOf(compute))
                    << model << static_cast<int>(DType::BF16) << static_cast<int>(compute);
    QTest::addRow("internvl2-1b/layers=1 f32 in bf16")
        << "internvl2-1b/layers=1" << static_cast<int>(DType::F32) << static_cast<int>(DType::BF16);
}

void TestLoadedMemory::weights()
{
    QFETCH(QString, model);
    QFETCH(int, stored);
    QFETCH(int, compute);
    const std::unique_ptr<Backend> op = makeBackend("cpu");
    const auto type = static_cast<DType>(compute);
    const std::unique_ptr<Family> family =
        makeFamily(syntheticFolder(model.toStdString(), static_cast<DType>(stored)));
#ifdef __GLIBC__
    malloc_trim(0); // what the row before has left would be used again, and not seen
#endif
    const double before = residentBytes();
    if (before == 0)
        QSKIP("the system does not tell how much memory is in use");
    QVERIFY(family->load(*op, type, {}, {}));
    const double found = residentBytes() - before;
    const auto told = static_cast<double>(family->memory(type, 0).weights);
    QVERIFY2(std::abs(found - told) <= 0.1 * told, qPrintable(QString("told %1 MiB, found %2 MiB")
                                                                  .arg(told / 0x1p20, 0, 'f', 0)
                                                                  .arg(found / 0x1p20, 0, 'f', 0)));
}

QTEST_APPLESS_MAIN(TestLoadedMemory)
#include "tst_loadedmemory.moc"
