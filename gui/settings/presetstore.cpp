#include "gui/settings/presetstore.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLocale>
#include <QSaveFile>

#include "gui/chat/conversationbook.h"
#include "gui/exchange/regularfile.h"
#include "gui/settings/asidefile.h"

namespace argali::gui {
namespace {

constexpr int version = 1; // of the file

/// What two names that count as the same have in common.
QString keyOf(const QString& name)
{
    return cleanName(name).normalized(QString::NormalizationForm_C).toCaseFolded();
}

QByteArray bytesOf(const QList<Preset>& presets)
{
    QJsonArray list;
    for (const Preset& preset : presets)
        list.append(QJsonObject{{QStringLiteral("name"), preset.name},
                                {QStringLiteral("options"), preset.options.toJson()}});
    return QJsonDocument(
               QJsonObject{{QStringLiteral("version"), version}, {QStringLiteral("presets"), list}})
        .toJson();
}

/// Returns what the system says of a failure, or nothing.
QString writeFile(const QString& name, const QByteArray& bytes)
{
    QDir().mkpath(QFileInfo(name).absolutePath());
    QSaveFile file(name);
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit())
        return {};
    return file.errorString();
}

QString asidePattern(const QString& fileName)
{
    return QFileInfo(fileName).completeBaseName() + QStringLiteral("-aside-*.json");
}

} // namespace

PresetStore::PresetStore(const QString& fileName, QObject* parent)
    : QObject(parent), m_fileName(fileName)
{
    m_writer.setMaxThreadCount(1); // one after another, so that the newest is the last
    read();
}

PresetStore::~PresetStore()
{
    m_writer.waitForDone();
}

PresetStore& PresetStore::of(Settings& settings)
{
    auto* store = settings.findChild<PresetStore*>({}, Qt::FindDirectChildrenOnly);
    return store ? *store : *new PresetStore(fileBeside(settings.fileName()), &settings);
}

QString PresetStore::fileBeside(const QString& settingsFile)
{
    return QFileInfo(settingsFile).absoluteDir().filePath(QStringLiteral("presets.json"));
}

int PresetStore::indexOf(const QString& name) const
{
    const QString key = keyOf(name);
    for (int i = 0; i < int(m_presets.size()); ++i) {
        if (keyOf(m_presets.at(i).name) == key)
            return i;
    }
    return -1;
}

int PresetStore::indexOfLike(const AnswerOptions& options) const
{
    const AnswerOptions held = options.held();
    for (int i = 0; i < int(m_presets.size()); ++i) {
        if (m_presets.at(i).options.isLike(held))
            return i;
    }
    return -1;
}

void PresetStore::read()
{
    if (!QFileInfo::exists(m_fileName))
        return;
    m_aside = tr("The file of your presets is damaged. It was put aside as %1.");
    bool isWhole = false;
    QFile file;
    if (openRegular(file, m_fileName, Links::Follow)) {
        const QByteArray bytes = file.read(largestFile + 1);
        isWhole =
            bytes.size() <= largestFile && file.error() == QFileDevice::NoError && take(bytes);
    }
    if (isWhole)
        return;
    m_isInTheWay = true;
    if (putAside() && !m_presets.isEmpty())
        write();
}

/// Returns whether all of it was taken.
bool PresetStore::take(const QByteArray& bytes)
{
    const QJsonObject root = QJsonDocument::fromJson(bytes).object();
    const double found = root.value(QLatin1String("version")).toDouble();
    const QJsonValue list = root.value(QLatin1String("presets"));
    if (found > version)
        m_aside = tr("The file of your presets is of a newer Argali. It was put aside as %1.");
    if (found != version || !list.isArray())
        return false;
    bool isWhole = true;
    for (const QJsonValue& entry : list.toArray()) {
        const QString name = cleanName(entry.toObject().value(QLatin1String("name")).toString());
        const QJsonValue options = entry.toObject().value(QLatin1String("options"));
        if (m_presets.size() < most && !name.isEmpty() && options.isObject() && indexOf(name) < 0)
            m_presets.append({name, AnswerOptions::fromJson(options.toObject()).held()});
        else
            isWhole = false;
        if (m_presets.size() >= most && !isWhole)
            break;
    }
    if (!isWhole)
        m_aside = tr("Some of your presets could not be read. The others are here, and the file "
                     "with all of them was put aside as %1.");
    return isWhole;
}

/// Whatever lies in the place of the file, so that nothing is lost of it.
bool PresetStore::putAside()
{
    if (const std::optional<QString> path = putFileAside(m_fileName)) {
        m_isInTheWay = false;
        m_readTrouble = m_aside.arg(QDir::toNativeSeparators(*path));
        emit changed();
        return true;
    }
    m_readTrouble = tr("The file of your presets can neither be read nor put aside: check the "
                       "rights of %1. Until then presets are forgotten when Argali ends.")
                        .arg(QDir::toNativeSeparators(m_fileName));
    emit changed();
    return false;
}

QString PresetStore::put(const QString& name, const AnswerOptions& options)
{
    Preset preset{cleanName(name), options.held()};
    preset.options.adapter.clear(); // it is of one model only
    QList<Preset> presets = m_presets;
    const int index = indexOf(name);
    if (index >= 0)
        presets[index] = preset;
    else
        presets.append(preset);
    return change(presets);
}

QString PresetStore::insert(int index, const Preset& preset)
{
    if (indexOf(preset.name) >= 0)
        return tr("There is a preset of this name already. Choose another name.");
    QList<Preset> presets = m_presets;
    presets.insert(std::clamp(index, 0, int(presets.size())), preset);
    return change(presets);
}

QString PresetStore::rename(const QString& name, const QString& newName)
{
    const int index = indexOf(name);
    if (index < 0)
        return tr("This preset is not there any more.");
    const int other = indexOf(newName);
    if (other >= 0 && other != index)
        return tr("There is a preset of this name already. Choose another name.");
    QList<Preset> presets = m_presets;
    presets[index].name = cleanName(newName);
    return change(presets);
}

QString PresetStore::remove(const QString& name)
{
    const int index = indexOf(name);
    if (index < 0)
        return tr("This preset is not there any more.");
    QList<Preset> presets = m_presets;
    presets.removeAt(index);
    return change(presets);
}

QString PresetStore::change(const QList<Preset>& presets)
{
    for (const Preset& preset : presets) {
        if (preset.name.isEmpty())
            return tr("A preset needs a name.");
    }
    if (presets.size() > most)
        return tr("There are %1 presets, and more have no room. Delete one first.").arg(most);
    if (bytesOf(presets).size() > largestFile)
        return tr("This has no room: all presets together may have %1. Delete one, or shorten the "
                  "system prompt.")
            .arg(QLocale().formattedDataSize(largestFile, 0, QLocale::DataSizeTraditionalFormat));
    m_presets = presets;
    m_readTrouble.clear();
    write();
    emit changed();
    return {};
}

void PresetStore::write()
{
    if (m_isInTheWay && !putAside())
        return;
    m_writer.start([this, name = m_fileName, bytes = bytesOf(m_presets)] {
        const QString error = writeFile(name, bytes);
        QMetaObject::invokeMethod(
            this, [this, error] { takeWritten(error); }, Qt::QueuedConnection);
    });
}

void PresetStore::takeWritten(const QString& error)
{
    const QString before = m_writeTrouble;
    m_writeTrouble.clear();
    if (!error.isEmpty())
        m_writeTrouble = tr("The presets cannot be written to %1, and are forgotten when Argali "
                            "ends. Check free space and rights. (%2)")
                             .arg(QDir::toNativeSeparators(m_fileName), error);
    if (m_writeTrouble != before)
        emit changed();
}

QStringList PresetStore::erase()
{
    m_writer.waitForDone(); // else what is being written would come after
    m_presets.clear();
    m_readTrouble.clear();
    m_writeTrouble.clear();
    QStringList left;
    QStringList files{m_fileName};
    const QDir folder = QFileInfo(m_fileName).absoluteDir();
    for (const QString& name : folder.entryList({asidePattern(m_fileName)}, QDir::Files))
        files.append(folder.filePath(name));
    for (const QString& file : files) {
        if (!QFile::remove(file) && QFileInfo::exists(file))
            left.append(file);
    }
    m_isInTheWay = left.contains(m_fileName);
    emit erased();
    emit changed();
    return left;
}

} // namespace argali::gui
