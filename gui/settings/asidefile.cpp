#include "gui/settings/asidefile.h"

#include <cstdio>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace argali::gui {

std::optional<QString> putFileAside(const QString& fileName)
{
    const QFileInfo file(fileName);
    const QString stamp = QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss"));
    for (int i = 1; i <= 100; ++i) {
        const QString name =
            QStringLiteral("%1-aside-%2-%3.json").arg(file.completeBaseName(), stamp).arg(i);
        const QString path = file.absoluteDir().filePath(name);
        if (QFileInfo::exists(path))
            continue;
        // Not QFile::rename(), which copies where it cannot, and a pipe would be waited for.
        if (std::rename(QFile::encodeName(fileName).constData(),
                        QFile::encodeName(path).constData()) != 0)
            return std::nullopt;
        return path;
    }
    return std::nullopt;
}

} // namespace argali::gui
