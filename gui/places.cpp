#include "gui/places.h"

#include <QDir>
#include <QStandardPaths>

namespace argali::gui {

Places Places::ofUser()
{
    const QDir data(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
                    QStringLiteral("/argali"));
    return {{},
            data.filePath(QStringLiteral("draft.json")),
            data.filePath(QStringLiteral("pasted")),
            data.filePath(QStringLiteral("history.sqlite")),
            data.filePath(QStringLiteral("media"))};
}

Places Places::under(const QString& folder)
{
    const QDir dir(folder);
    return {dir.filePath(QStringLiteral("argali.ini")), dir.filePath(QStringLiteral("draft.json")),
            dir.filePath(QStringLiteral("pasted")), dir.filePath(QStringLiteral("history.sqlite")),
            dir.filePath(QStringLiteral("media"))};
}

} // namespace argali::gui
