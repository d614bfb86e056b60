#include "gui/remote/profilestore.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSaveFile>

#include "gui/chat/conversationbook.h"
#include "gui/exchange/regularfile.h"
#include "gui/settings/asidefile.h"
#include "gui/settings/settings.h"

namespace argali::gui {
namespace {

constexpr int version = 1; // of the file

/// Returns what the system says of a failure, or nothing.
QString writeFile(const QString& name, const QByteArray& bytes)
{
    QDir().mkpath(QFileInfo(name).absolutePath());
    QSaveFile file(name);
    if (file.open(QIODevice::WriteOnly) &&
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) &&
        file.write(bytes) == bytes.size() && file.commit())
        return {};
    return file.errorString();
}

/// How a group divides its questions is the same for all that are in it.
void shareMode(QList<ConnectionProfile>& profiles, const ConnectionProfile& from)
{
    if (from.group.isEmpty())
        return;
    for (ConnectionProfile& profile : profiles) {
        if (profile.group == from.group)
            profile.groupMode = from.groupMode;
    }
}

QString asidePattern(const QString& fileName)
{
    return QFileInfo(fileName).completeBaseName() + QStringLiteral("-aside-*.json");
}

} // namespace

ProfileStore::ProfileStore(const QString& fileName, QObject* parent)
    : QObject(parent), m_fileName(fileName)
{
    m_writer.setMaxThreadCount(1); // one after another, so that the newest is the last
    read();
}

ProfileStore::~ProfileStore()
{
    m_writer.waitForDone();
}

ProfileStore& ProfileStore::of(Settings& settings)
{
    auto* store = settings.findChild<ProfileStore*>({}, Qt::FindDirectChildrenOnly);
    return store ? *store : *new ProfileStore(fileBeside(settings.fileName()), &settings);
}

QString ProfileStore::fileBeside(const QString& settingsFile)
{
    return QFileInfo(settingsFile).absoluteDir().filePath(QStringLiteral("servers.json"));
}

int ProfileStore::indexOf(const QString& id) const
{
    const auto found = std::find_if(m_profiles.begin(), m_profiles.end(),
                                    [&](const auto& profile) { return profile.id == id; });
    return found == m_profiles.end() ? -1 : int(found - m_profiles.begin());
}

const ConnectionProfile* ProfileStore::find(const QString& id) const
{
    const int index = indexOf(id);
    return index < 0 ? nullptr : &m_profiles.at(index);
}

const ConnectionProfile* ProfileStore::standInFor(const QString& id) const
{
    if (const ConnectionProfile* itself = find(id))
        return itself;
    const auto former = std::find_if(m_former.begin(), m_former.end(),
                                     [&](const Former& each) { return each.id == id; });
    if (former == m_former.end())
        return nullptr;
    const auto member =
        std::find_if(m_profiles.begin(), m_profiles.end(),
                     [&](const auto& profile) { return profile.group == former->group; });
    return member == m_profiles.end() ? nullptr : &*member;
}

QByteArray ProfileStore::bytesOf(const QList<ConnectionProfile>& profiles) const
{
    QJsonArray list;
    for (const ConnectionProfile& profile : profiles)
        list.append(profile.toJson());
    QJsonArray former;
    for (const Former& each : m_former)
        former.append(
            QJsonObject{{QStringLiteral("id"), each.id}, {QStringLiteral("group"), each.group}});
    return QJsonDocument(QJsonObject{{QStringLiteral("version"), version},
                                     {QStringLiteral("servers"), list},
                                     {QStringLiteral("removed"), former}})
        .toJson();
}

void ProfileStore::read()
{
    if (!QFileInfo::exists(m_fileName))
        return;
    m_aside = tr("The file of your servers is damaged. It was put aside as %1.");
    bool isWhole = false;
    QFile file;
    if (openRegular(file, m_fileName, Links::Follow)) {
        const QByteArray bytes = file.read(largestFile + 1);
        isWhole =
            bytes.size() <= largestFile && file.error() == QFileDevice::NoError && take(bytes);
    }
    if (isWhole || m_isNewer)
        return;
    m_isInTheWay = true;
    if (putAside() && !m_profiles.isEmpty())
        write();
}

/// Returns whether all of it was taken.
bool ProfileStore::take(const QByteArray& bytes)
{
    const QJsonObject root = QJsonDocument::fromJson(bytes).object();
    const double found = root.value(QLatin1String("version")).toDouble();
    const QJsonValue list = root.value(QLatin1String("servers"));
    if (found > version) {
        m_isNewer = true;
        m_readTrouble = tr("The file of your servers is of a newer Argali and is left as it is: "
                           "%1. Servers that you add here are forgotten when Argali ends.")
                            .arg(QDir::toNativeSeparators(m_fileName));
        return false;
    }
    if (found != version || !list.isArray())
        return false;
    bool isWhole = true;
    for (const QJsonValue& entry : list.toArray()) {
        const auto profile = ConnectionProfile::fromJson(entry.toObject());
        if (profile && m_profiles.size() < most && indexOf(profile->id) < 0)
            m_profiles.append(*profile);
        else
            isWhole = false;
        if (m_profiles.size() >= most && !isWhole)
            break;
    }
    const QList<ConnectionProfile> read = m_profiles;
    for (auto first = read.rbegin(); first != read.rend(); ++first)
        shareMode(m_profiles, *first); // the first of a group comes last, and holds
    takeFormer(root.value(QLatin1String("removed")).toArray());
    if (!isWhole)
        m_aside = tr("Some of your servers could not be read. The others are here, and the file "
                     "with all of them was put aside as %1.");
    return isWhole;
}

/// What is none of them is left out: no server is lost with it.
void ProfileStore::takeFormer(const QJsonArray& list)
{
    for (const QJsonValue& entry : list) {
        const QString id = entry.toObject().value(QLatin1String("id")).toString();
        const QString group = cleanName(entry.toObject().value(QLatin1String("group")).toString());
        if (m_former.size() >= most)
            return;
        if (!id.isEmpty() && id.size() <= ConnectionProfile::longestName && !group.isEmpty())
            m_former.append({id, group});
    }
}

/// Whatever lies in the place of the file, so that nothing is lost of it.
bool ProfileStore::putAside()
{
    if (const std::optional<QString> path = putFileAside(m_fileName)) {
        m_isInTheWay = false;
        m_readTrouble = m_aside.arg(QDir::toNativeSeparators(*path));
        emit changed();
        return true;
    }
    m_readTrouble = tr("The file of your servers can neither be read nor put aside: check the "
                       "rights of %1. Until then servers are forgotten when Argali ends.")
                        .arg(QDir::toNativeSeparators(m_fileName));
    emit changed();
    return false;
}

QString ProfileStore::put(const ConnectionProfile& profile)
{
    QList<ConnectionProfile> profiles = m_profiles;
    const int index = indexOf(profile.id);
    if (index >= 0)
        profiles[index] = profile;
    else
        profiles.append(profile);
    shareMode(profiles, profile);
    return change(profiles);
}

QString ProfileStore::insert(int index, const ConnectionProfile& profile)
{
    if (indexOf(profile.id) >= 0)
        return tr("This server is there already.");
    QList<ConnectionProfile> profiles = m_profiles;
    profiles.insert(std::clamp(index, 0, int(profiles.size())), profile);
    for (const ConnectionProfile& other : m_profiles)
        shareMode(profiles, other); // it may be another one by now
    return change(profiles);
}

QString ProfileStore::remove(const QString& id)
{
    const int index = indexOf(id);
    if (index < 0)
        return tr("This server is not there any more.");
    QList<ConnectionProfile> profiles = m_profiles;
    const ConnectionProfile removed = profiles.takeAt(index);
    if (!removed.group.isEmpty())
        m_former.append({removed.id, removed.group});
    if (m_former.size() > most)
        m_former.removeFirst();
    return change(profiles);
}

QString ProfileStore::move(const QString& id, int places)
{
    const int index = indexOf(id);
    if (index < 0)
        return tr("This server is not there any more.");
    const int place = std::clamp(index + places, 0, int(m_profiles.size()) - 1);
    if (place == index)
        return {};
    QList<ConnectionProfile> profiles = m_profiles;
    profiles.move(index, place);
    return change(profiles);
}

void ProfileStore::learn(const QString& id, const std::function<void(ConnectionProfile&)>& change)
{
    const ConnectionProfile* const before = find(id);
    if (!before)
        return;
    ConnectionProfile after = *before;
    change(after);
    if (after == *before || !after.isReachedLike(*before) ||
        after.models.size() > ConnectionProfile::mostModels)
        return;
    m_profiles[indexOf(id)] = after;
    write();
    emit learnt(id);
}

QString ProfileStore::change(const QList<ConnectionProfile>& profiles)
{
    for (const ConnectionProfile& profile : profiles) {
        if (profile.id.isEmpty() || cleanName(profile.name) != profile.name)
            return tr("This name cannot be used. Choose another one.");
        if (cleanName(profile.group) != profile.group)
            return tr("This name of a group cannot be used. Choose another one.");
        if (const QString trouble = profileTrouble(profile); !trouble.isEmpty())
            return trouble;
    }
    if (profiles.size() > most)
        return tr("There are %1 servers, and more have no room. Remove one first.").arg(most);
    if (bytesOf(profiles).size() > largestFile)
        return tr("This has no room in the file of the servers. Remove one first.");
    m_profiles = profiles;
    for (const ConnectionProfile& profile : m_profiles)
        m_former.removeIf([&](const Former& each) { return each.id == profile.id; });
    if (!m_isNewer)
        m_readTrouble.clear();
    write();
    emit changed();
    return {};
}

void ProfileStore::write()
{
    if (m_isNewer || (m_isInTheWay && !putAside()))
        return;
    m_writer.start([this, name = m_fileName, bytes = bytesOf(m_profiles)] {
        const QString error = writeFile(name, bytes);
        QMetaObject::invokeMethod(
            this, [this, error] { takeWritten(error); }, Qt::QueuedConnection);
    });
}

void ProfileStore::takeWritten(const QString& error)
{
    const QString before = m_writeTrouble;
    m_writeTrouble.clear();
    if (!error.isEmpty())
        m_writeTrouble = tr("The servers cannot be written to %1, and are forgotten when Argali "
                            "ends. Check free space and rights. (%2)")
                             .arg(QDir::toNativeSeparators(m_fileName), error);
    if (m_writeTrouble != before)
        emit changed();
}

QStringList ProfileStore::erase()
{
    m_writer.waitForDone(); // else what is being written would come after
    QStringList ids;
    for (const ConnectionProfile& profile : m_profiles)
        ids.append(profile.id);
    m_profiles.clear();
    m_former.clear();
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
    m_isNewer = false;
    emit erased(ids);
    emit changed();
    return left;
}

} // namespace argali::gui
