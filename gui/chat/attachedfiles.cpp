#include "gui/chat/attachedfiles.h"

#include <algorithm>

#include <QFileInfo>

#include "gui/chat/medialoader.h"
#include "gui/displayname.h"

namespace argali::gui {
namespace {

constexpr int mostFiles = 50;

} // namespace

AttachedFiles::AttachedFiles(MediaLoader& loader, QObject* parent)
    : QObject(parent), m_loader(loader)
{
    connect(&loader, &MediaLoader::inspected, this, &AttachedFiles::inspected);
    connect(&loader, &MediaLoader::failed, this, &AttachedFiles::refused);
}

bool AttachedFiles::isReading() const
{
    return std::any_of(m_entries.begin(), m_entries.end(), [](const ComposerEntry& e) {
        return e.state == ComposerEntry::State::Reading;
    });
}

QList<MediaFile> AttachedFiles::sendable() const
{
    QList<MediaFile> files;
    for (const ComposerEntry& entry : m_entries) {
        if (entry.isSendable())
            files.append(entry.file);
    }
    return files;
}

QList<MediaFile> AttachedFiles::kept() const
{
    QList<MediaFile> files;
    for (const ComposerEntry& entry : m_entries) {
        if (entry.state != ComposerEntry::State::Broken && !entry.file.path.isEmpty())
            files.append(entry.file);
    }
    return files;
}

QString AttachedFiles::obstacle() const
{
    for (const ComposerEntry& entry : m_entries) {
        if (entry.state == ComposerEntry::State::Reading)
            return tr("%1 is still being read.").arg(entry.name);
    }
    for (const ComposerEntry& entry : m_entries) {
        if (entry.framesBroken)
            return entry.problem;
        if (!entry.isSendable())
            return tr("Remove %1 first: it cannot be sent.").arg(entry.name);
    }
    return {};
}

ComposerEntry* AttachedFiles::find(quint64 ticket)
{
    const auto it = std::find_if(m_entries.begin(), m_entries.end(),
                                 [&](const ComposerEntry& e) { return e.ticket == ticket; });
    return it == m_entries.end() ? nullptr : &*it;
}

ComposerEntry* AttachedFiles::film()
{
    const auto it = std::find_if(m_entries.begin(), m_entries.end(), [](const ComposerEntry& e) {
        return e.state == ComposerEntry::State::Ready && e.file.isFilm() &&
               (e.problem.isEmpty() || e.framesBroken);
    });
    return it == m_entries.end() ? nullptr : &*it;
}

void AttachedFiles::attach(const MediaFile& file)
{
    if (m_entries.size() >= mostFiles) {
        emit noted(tr("A message takes at most %Ln file(s).", nullptr, mostFiles));
        return;
    }
    const QFileInfo info(file.path);
    ComposerEntry entry;
    entry.name = displayName(info.fileName().isEmpty() ? file.path : info.fileName());
    if (info.absolutePath() == m_loader.pasteFolder())
        entry.name = tr("Pasted picture");
    entry.file = file;
    entry.file.path = info.absoluteFilePath();
    entry.ticket = m_loader.inspect(entry.file.path);
    add(entry);
}

void AttachedFiles::attachPicture(const QImage& picture)
{
    if (picture.isNull() || m_entries.size() >= mostFiles)
        return;
    ComposerEntry entry;
    entry.name = tr("Pasted picture");
    entry.ticket = m_loader.keep(picture);
    add(entry);
}

void AttachedFiles::add(ComposerEntry entry)
{
    m_entries.append(std::move(entry));
    emit attached();
    emit changed();
}

void AttachedFiles::remove(quint64 ticket)
{
    m_loader.cancel(ticket);
    m_entries.removeIf([&](const ComposerEntry& e) { return e.ticket == ticket; });
    emit changed();
}

void AttachedFiles::moveTo(quint64 ticket, int place)
{
    const ComposerEntry* entry = find(ticket);
    if (!entry)
        return;
    const qsizetype from = entry - m_entries.constData();
    const qsizetype to = std::clamp<qsizetype>(place, 0, m_entries.size() - 1);
    if (from == to)
        return;
    m_entries.move(from, to);
    emit changed();
}

void AttachedFiles::clear()
{
    for (const ComposerEntry& entry : m_entries)
        m_loader.cancel(entry.ticket);
    m_entries.clear();
    emit changed();
}

void AttachedFiles::takeOver(const AttachedFiles& old)
{
    m_entries = old.m_entries; // the loader's signals carry their tickets, whoever listens
    for (ComposerEntry& entry : m_entries) {
        if (entry.state == ComposerEntry::State::Broken)
            sayProblem(entry);
        if (QFileInfo(entry.file.path).absolutePath() == m_loader.pasteFolder() ||
            entry.file.path.isEmpty())
            entry.name = tr("Pasted picture");
    }
    emit changed();
}

void AttachedFiles::judge(const std::optional<LoadedModel>& model, const EarlierMedia& earlier)
{
    for (ComposerEntry& entry : m_entries)
        entry.framesBroken = false;
    gui::judge(m_entries, model, earlier);
}

void AttachedFiles::setCosts(const std::vector<VisualCost>& costs)
{
    const auto sent = size_t(std::count_if(m_entries.begin(), m_entries.end(),
                                           [](const auto& entry) { return entry.isSendable(); }));
    const bool known = costs.size() >= sent;
    size_t at = known ? costs.size() - sent : 0;
    for (ComposerEntry& entry : m_entries) {
        entry.cost.reset();
        if (known && entry.isSendable())
            entry.cost = costs[at++];
    }
}

void AttachedFiles::inspected(quint64 ticket, const MediaFile& file)
{
    ComposerEntry* entry = find(ticket);
    if (!entry)
        return; // removed meanwhile, or another reader's
    const MediaFile wanted = entry->file;
    entry->file = file;
    entry->file.takeFramesFrom(wanted);
    entry->state = ComposerEntry::State::Ready;
    emit changed();
}

void AttachedFiles::refused(quint64 ticket, const Failure& failure)
{
    ComposerEntry* entry = find(ticket);
    if (!entry)
        return;
    entry->state = ComposerEntry::State::Broken;
    entry->failure = failure;
    sayProblem(*entry);
    emit changed();
}

void AttachedFiles::sayProblem(ComposerEntry& entry)
{
    if (!entry.failure)
        return;
    entry.problem = QFileInfo(entry.file.path).isDir()
                        ? tr("This is a folder. Attach the pictures in it, or a film.")
                        : entry.failure->sentence();
    entry.details = entry.failure->details();
}

} // namespace argali::gui
