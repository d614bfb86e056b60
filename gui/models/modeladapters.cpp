#include "gui/models/modeladapters.h"

#include <algorithm>
#include <utility>

#include <QDir>
#include <QFileInfo>

#include "gui/chat/localreplysource.h"

namespace argali::gui {
namespace {

/// A file of a LoRA that makes no sense without those beside it stands for its folder.
QString wholeOf(const QString& path)
{
    const QFileInfo info(path);
    const QString name = info.fileName();
    if (!info.isDir() && (name == QLatin1String("adapter_config.json") ||
                          name.startsWith(QLatin1String("adapter_model."))))
        return info.absolutePath();
    return QDir::cleanPath(info.absoluteFilePath());
}

} // namespace

ModelAdapters::ModelAdapters(Settings& settings, LocalReplySource& source, QObject* parent)
    : QObject(parent), m_store(settings), m_source(source)
{
    connect(&source, &LocalReplySource::adapterReady, this,
            [this](const QString& folder, const KnownAdapter& adapter) {
                if (folder == m_folder && m_reading == adapter)
                    take(adapter);
            });
    connect(&source, &LocalReplySource::adapterRefused, this,
            [this](const QString& folder, const KnownAdapter& adapter, const Failure& failure) {
                if (folder == m_folder && m_reading == adapter)
                    refuse(adapter, failure);
            });
}

QList<KnownAdapter> ModelAdapters::known(const QString& folder) const
{
    QList<KnownAdapter> all = m_store.of(folder);
    if (m_reading && folder == m_folder && !all.contains(*m_reading))
        all.append(*m_reading);
    return all;
}

void ModelAdapters::setModel(const LoadedModel& model)
{
    // One that was asked for while the model was being opened is read by it next.
    const std::optional<KnownAdapter> waiting = std::exchange(m_reading, std::nullopt);
    const bool isSame = model.folder == m_folder;
    m_folder = model.folder;
    m_isOnCard = model.deviceId != QLatin1String("cpu");
    m_list = model.adapters;
    const auto came = [&](const LoadedAdapter& adapter) { return adapter.known == *waiting; };
    const bool hasCome = waiting && isSame && std::any_of(m_list.begin(), m_list.end(), came);
    if (waiting && isSame && !hasCome)
        m_reading = waiting;
    if (hasCome)
        store();
    emit changed();
    if (hasCome && find(waiting->name)->isReady())
        emit added(waiting->name, m_chat);
    if (waiting && !isSame)
        emit refused(waiting->name,
                     Failure::withSentence(Error::Code::BadModel,
                                           tr("Another model has been opened meanwhile. Add it "
                                              "again when its own model is open.")));
    QList<LoadedAdapter> missing;
    std::copy_if(m_list.begin(), m_list.end(), std::back_inserter(missing),
                 [](const LoadedAdapter& adapter) { return !adapter.isReady(); });
    if (!missing.isEmpty())
        emit lost(missing);
}

const LoadedAdapter* ModelAdapters::find(const QString& name) const
{
    const auto it = std::find_if(m_list.begin(), m_list.end(), [&](const LoadedAdapter& adapter) {
        return adapter.known.name == name;
    });
    return it == m_list.end() ? nullptr : &*it;
}

/// The name of the folder or file, with a number where another one has it.
QString ModelAdapters::freeName(const QString& path) const
{
    const QFileInfo info(path);
    QString name = info.isDir() ? info.fileName() : info.completeBaseName();
    name = name.left(AdapterStore::longestName - 8);
    if (name.isEmpty())
        name = QStringLiteral("adapter");
    QString free = name;
    for (int i = 2; find(free); ++i)
        free = QStringLiteral("%1 (%2)").arg(name).arg(i);
    return free;
}

void ModelAdapters::add(const QString& given, quint64 chat, std::optional<double> textAlpha,
                        std::optional<double> visionAlpha)
{
    if (m_reading)
        return;
    KnownAdapter adapter{{}, wholeOf(given), textAlpha, visionAlpha};
    const auto there = std::find_if(m_list.begin(), m_list.end(), [&](const LoadedAdapter& other) {
        return other.known.path == adapter.path;
    });
    if (there != m_list.end() && there->isReady()) {
        emit added(there->known.name, chat);
        return;
    }
    adapter.name = there != m_list.end() ? there->known.name : freeName(adapter.path);
    if (there == m_list.end() && m_list.size() >= AdapterStore::mostAdapters) {
        emit refused(adapter.name,
                     Failure::withSentence(Error::Code::BadRequest,
                                           tr("A model has at most %n adapter(s) here. Remove one "
                                              "that is not needed.",
                                              nullptr, AdapterStore::mostAdapters)));
        return;
    }
    m_reading = adapter;
    m_chat = chat;
    emit changed();
    m_source.addAdapter(m_folder, adapter);
}

void ModelAdapters::take(const KnownAdapter& adapter)
{
    m_reading.reset();
    const auto there = std::find_if(m_list.begin(), m_list.end(), [&](const LoadedAdapter& other) {
        return other.known.name == adapter.name;
    });
    if (there != m_list.end())
        *there = {adapter};
    else
        m_list.append(LoadedAdapter{adapter});
    store();
    emit changed();
    emit added(adapter.name, m_chat);
}

void ModelAdapters::refuse(const KnownAdapter& adapter, const Failure& failure)
{
    m_reading.reset();
    for (LoadedAdapter& other : m_list) {
        if (other.known.name == adapter.name)
            other.failure = failure; // tried again, it may be another one
    }
    emit changed();
    emit refused(adapter.name,
                 Failure::withSentence(failure.code(), adapterSentence(failure, m_isOnCard),
                                       failure.details()));
}

void ModelAdapters::remove(const QString& which)
{
    const QString name = which; // it may be that of the entry
    const LoadedAdapter* adapter = find(name);
    if (!adapter || (m_reading && m_reading->name == name))
        return;
    if (adapter->isReady())
        m_source.removeAdapter(m_folder, name);
    m_list.removeIf([&](const LoadedAdapter& other) { return other.known.name == name; });
    store();
    emit changed();
    emit removed(name);
}

void ModelAdapters::store()
{
    QList<KnownAdapter> known;
    for (const LoadedAdapter& adapter : std::as_const(m_list))
        known.append(adapter.known);
    m_store.set(m_folder, known);
}

} // namespace argali::gui
