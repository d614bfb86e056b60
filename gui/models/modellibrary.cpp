#include "gui/models/modellibrary.h"

#include <utility>

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

#include "engine/modellibrary.h"
#include "gui/background.h"

namespace argali::gui {
namespace {

constexpr qint64 largestConfig = 1 << 20;
constexpr int longestFamily = 40;
constexpr int mostFiles = 10'000; // that are looked at in one folder
constexpr auto byName = QDir::Name | QDir::IgnoreCase;

struct Reading {
    ModelLibrary::State state = ModelLibrary::State::Read;
    QList<FoundModel> models;
};

QString familyOf(const QString& configFile)
{
    QFile file(configFile);
    if (!QFileInfo(configFile).isFile() || !file.open(QIODevice::ReadOnly))
        return {};
    const QJsonObject config = QJsonDocument::fromJson(file.read(largestConfig)).object();
    return config.value(QStringLiteral("model_type")).toString().simplified().left(longestFamily);
}

qint64 bytesIn(const QString& folder)
{
    qint64 bytes = 0;
    QDirIterator files(folder, QDir::Files | QDir::Hidden);
    for (int i = 0; files.hasNext() && i < mostFiles; ++i) {
        files.next();
        bytes += files.fileInfo().size();
    }
    return bytes;
}

bool isModel(const QString& folder)
{
    return QFileInfo(folder + QStringLiteral("/config.json")).isFile();
}

Reading readAll(const QString& folder)
{
    const QFileInfo info(folder);
    if (!info.isDir())
        return {ModelLibrary::State::Missing, {}};
    if (!info.isReadable() || !info.isExecutable())
        return {ModelLibrary::State::Unreadable, {}};
    return {ModelLibrary::State::Read, ModelLibrary::readFolder(folder)};
}

} // namespace

ModelLibrary::ModelLibrary(Settings& settings, QObject* parent)
    : QObject(parent), m_settings(settings)
{
    const auto tellEngine = [&settings] { // which looks there for what a model names and lacks
        const QString chosen = settings.value(settings::library);
        chooseModelLibrary(QFile::encodeName(chosen).toStdString());
    };
    tellEngine();
    connect(&settings, &Settings::changed, this, [this, tellEngine](const QByteArray& key) {
        if (key != settings::library.key)
            return;
        tellEngine();
        m_models.clear();
        m_state = State::Unread;
        emit changed();
        refresh();
    });
}

QString ModelLibrary::defaultFolder()
{
    const std::string usual = usualModelLibrary().string();
    if (!usual.empty())
        return QFile::decodeName(QByteArray::fromStdString(usual));
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           QStringLiteral("/argali/models");
}

QString ModelLibrary::folder() const
{
    const QString chosen = m_settings.value(settings::library);
    return chosen.isEmpty() ? defaultFolder() : chosen;
}

void ModelLibrary::setFolder(const QString& folder)
{
    m_settings.set(settings::library, folder == defaultFolder() ? QString() : folder);
}

QList<FoundModel> ModelLibrary::readFolder(const QString& folder)
{
    QList<FoundModel> found;
    const auto add = [&](const QString& path) {
        found.append({path, QFileInfo(path).fileName(),
                      familyOf(path + QStringLiteral("/config.json")), bytesIn(path)});
    };
    if (isModel(folder)) // the folder of one model was chosen
        add(QDir(folder).absolutePath());
    const auto below = [](const QString& path) {
        return QDir(path).entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, byName);
    };
    const QFileInfoList first = below(folder);
    for (const QFileInfo& child : first) {
        if (found.size() >= most)
            break;
        if (isModel(child.absoluteFilePath())) {
            add(child.absoluteFilePath());
            continue;
        }
        const QFileInfoList second = below(child.absoluteFilePath()); // "maker/model"
        for (const QFileInfo& grandchild : second) {
            if (found.size() < most && isModel(grandchild.absoluteFilePath()))
                add(grandchild.absoluteFilePath());
        }
    }
    return found;
}

void ModelLibrary::refresh()
{
    inBackground(
        this, [folder = folder()] { return readAll(folder); },
        [this, number = ++m_reading](const Reading& reading) {
            if (number != m_reading)
                return;
            const bool differs = m_state != reading.state || m_models != reading.models;
            m_state = reading.state;
            m_models = reading.models;
            if (differs)
                emit changed();
            emit read();
        });
}

} // namespace argali::gui
