#include "gui/settings/settings.h"

#include <QDir>
#include <QStandardPaths>

namespace argali::gui {
namespace {

QString userFile()
{
    return QDir(QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation))
        .filePath(QStringLiteral("argali/argali.ini"));
}

} // namespace

Settings::Settings(const QString& fileName, QObject* parent)
    : QObject(parent), m_store(fileName.isEmpty() ? userFile() : fileName, QSettings::IniFormat)
{
}

} // namespace argali::gui
