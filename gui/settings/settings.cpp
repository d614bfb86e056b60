#include "gui/settings/settings.h"

#include <QDir>
#include <QFile>
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

bool Settings::clear()
{
    const QStringList keys = m_store.allKeys();
    m_store.clear();
    m_store.sync();
    const bool gone = QFile::remove(fileName()) || !QFile::exists(fileName());
    for (const QString& key : keys)
        emit changed(key.toLatin1());
    return gone;
}

} // namespace argali::gui
