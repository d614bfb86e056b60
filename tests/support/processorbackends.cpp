#include <QString>
#include <QStringList>

#include "engine/devices.h"
#include "tests/support/testdevice.h"

namespace argali::test {

/// Every instruction set that the processor says it has, on more threads than most machines that
/// build this have cores.
std::vector<NamedBackend> backendsToTest()
{
    std::vector<NamedBackend> backends;
    const QByteArray threads = qgetenv("ARGALI_THREADS");
    const QByteArray forced = qgetenv("ARGALI_ISA");
    qputenv("ARGALI_THREADS", "3");
    const QStringList sets =
        QString::fromStdString(listDevices().front().instructionSets).split(", ");
    for (const QString& set : sets) {
        qputenv("ARGALI_ISA", set.toUtf8());
        backends.push_back({"cpu " + set.toUtf8(), makeBackend("cpu")});
    }
    threads.isNull() ? qunsetenv("ARGALI_THREADS") : qputenv("ARGALI_THREADS", threads);
    forced.isNull() ? qunsetenv("ARGALI_ISA") : qputenv("ARGALI_ISA", forced);
    return backends;
}

} // namespace argali::test
