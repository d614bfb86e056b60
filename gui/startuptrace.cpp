#include "gui/startuptrace.h"

#include <cstdio>
#include <ctime>

#include <QByteArray>
#include <QFile>

#include <unistd.h>

namespace argali::gui {
namespace {
const std::chrono::steady_clock::time_point firstLook = std::chrono::steady_clock::now();
}

std::chrono::milliseconds sinceProcessStart()
{
    // Field 22 of /proc/self/stat: start in ticks since boot; fields are counted after the name,
    // which may hold blanks.
    QFile file(QStringLiteral("/proc/self/stat"));
    timespec now{};
    if (file.open(QIODevice::ReadOnly) && clock_gettime(CLOCK_BOOTTIME, &now) == 0) {
        const QByteArray stat = file.readAll();
        const QList<QByteArray> fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
        const long tick = sysconf(_SC_CLK_TCK);
        if (fields.size() > 19 && tick > 0) {
            const long long started = fields.at(19).toLongLong() * 1000 / tick;
            return std::chrono::milliseconds(now.tv_sec * 1000LL + now.tv_nsec / 1'000'000 -
                                             started);
        }
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 firstLook);
}

void StartupTrace::mark(const char* stage) const
{
    if (m_on)
        std::fprintf(stderr, "%6lld ms  %s\n", static_cast<long long>(sinceProcessStart().count()),
                     stage);
}

} // namespace argali::gui
