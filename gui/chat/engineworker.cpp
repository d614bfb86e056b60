#include "gui/chat/engineworker.h"

#include <algorithm>
#include <chrono>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QLocale>

#include "engine/log.h"
#include "gui/displayname.h"

namespace argali::gui {
namespace {

constexpr qint64 redrawInterval = 30; // ms; the window shows nothing faster than that

/// Lets one report through every redrawInterval, and the last of each phase always.
class ProgressGate final {
public:
    ProgressGate() { m_since.start(); }
    bool lets(const Progress& progress)
    {
        const bool first = m_first || progress.phase != m_phase;
        const bool last = progress.total > 0 && progress.done >= progress.total;
        if (!first && !last && m_since.elapsed() < redrawInterval)
            return false;
        m_first = false;
        m_phase = progress.phase;
        m_since.restart();
        return true;
    }

private:
    QElapsedTimer m_since;
    Progress::Phase m_phase = Progress::Phase::Loading;
    bool m_first = true;
};

/// Gathers pieces of one kind of text until they are worth a signal.
class TextGate final {
public:
    TextGate() { m_since.start(); }
    void add(std::string_view text) { m_text += text; }
    bool isDue() const { return !m_text.empty() && m_since.elapsed() >= redrawInterval; }
    bool isEmpty() const { return m_text.empty(); }
    QString take()
    {
        const QString text = QString::fromUtf8(m_text.data(), qsizetype(m_text.size()));
        m_text.clear();
        m_since.restart();
        return text;
    }

private:
    QElapsedTimer m_since;
    std::string m_text;
};

/// Reads the adapters of a model; what cannot be used does not keep it from opening.
QList<LoadedAdapter> withAdapters(Model& model, const QList<KnownAdapter>& adapters,
                                  const std::stop_token& stop)
{
    QList<LoadedAdapter> loaded;
    for (const KnownAdapter& adapter : adapters) {
        if (stop.stop_requested())
            break;
        LoadedAdapter entry{adapter};
        try {
            if (!model.addAdapter(adapter.source(), stop))
                break;
        } catch (const std::exception& e) {
            log(LogLevel::Warning, std::string("an adapter is not loaded: ") + e.what());
            entry.failure = Failure::from(e);
        }
        loaded.append(entry);
    }
    return loaded;
}

/// What the smallest picture takes in the prompt, where pictures are cut into tiles.
qint64 tileTokensOf(Model& model)
{
    if (model.info().maxTiles == 0)
        return 0;
    Message question;
    question.content.resize(2);
    question.content[0].type = ContentItem::Type::Picture;
    question.content[0].picture.pixels = std::make_shared<const Image>(1, 1);
    question.content[1].text = "?";
    ChatRequest request;
    request.messages.push_back(std::move(question));
    request.maxTiles = 1;
    try {
        return model.cost(request).visualTokens;
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("what a tile costs is not known: ") + e.what());
        return 0;
    }
}

std::filesystem::path pathOf(const QString& folder)
{
    return folder.isEmpty() ? pocketFolder() / "model"
                            : std::filesystem::path(QFile::encodeName(folder).toStdString());
}

Failure noModel()
{
    return Failure::withSentence(
        Error::Code::Missing,
        QCoreApplication::translate("argali::gui::EngineWorker",
                                    "No model is open. Open a model folder from the menu above."));
}

} // namespace

QString LoadedModel::name() const
{
    if (isPocket())
        return QCoreApplication::translate("argali::gui::LoadedModel", "Pocket");
    return displayName(QString::fromStdString(info.name));
}

bool LoadedModel::hasAdapter(const QString& name) const
{
    return std::any_of(adapters.begin(), adapters.end(), [&](const LoadedAdapter& adapter) {
        return adapter.isReady() && adapter.known.name == name;
    });
}

QString LoadedModel::typeName() const
{
    return QString::fromLatin1(nameOf(dtype));
}

QString LoadedModel::sizeName() const
{
    const QLocale locale;
    const double n = double(info.parameters);
    if (n >= 1e9)
        return QStringLiteral("%1 B").arg(locale.toString(n / 1e9, 'f', n < 1e10 ? 1 : 0));
    return QStringLiteral("%1 M").arg(locale.toString(n / 1e6, 'f', 0));
}

std::unique_ptr<Model> EngineWorker::open(const QString& folder, std::stop_token stop)
{
    OpenOptions options;
    options.device = m_missingDevice.isEmpty() ? m_device.toStdString() : "auto";
    ProgressGate gate;
    options.progress = [this, &gate](const Progress& progress) {
        if (gate.lets(progress))
            emit loadProgressed(progress);
    };
    return openModel(pathOf(folder), options, stop);
}

/// Where two models do not fit into memory at once, the new one gets the old one's place.
std::unique_ptr<Model> EngineWorker::openInstead(const QString& folder, std::stop_token stop)
{
    try {
        return open(folder, stop);
    } catch (const Error& error) {
        if (error.code() != Error::Code::OutOfMemory || !m_model)
            throw;
        log(LogLevel::Info, "both models do not fit into memory; closing the open one first");
    }
    m_model.reset();
    return open(folder, stop);
}

/// A card may have been taken out since it was chosen, and the settings are a file that is edited.
void EngineWorker::takeDevice(const QString& device)
{
    m_device = device.isEmpty() ? QStringLiteral("auto") : device;
    m_missingDevice.clear();
    try {
        (void)chooseDevices(m_device.toStdString());
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("the chosen device cannot be used: ") + e.what());
        m_missingDevice = m_device;
    }
}

/// The former model was given up for memory's sake: it is opened again when the new one fails.
/// Returns whether a model is open.
bool EngineWorker::bringBack(bool hadModel)
{
    if (!hadModel || m_model)
        return m_model != nullptr;
    try {
        m_model = open(m_folder, {});
        QList<KnownAdapter> known;
        for (const LoadedAdapter& adapter : std::as_const(m_adapters))
            known.append(adapter.known);
        m_adapters = withAdapters(*m_model, known, {});
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("the former model does not open again: ") + e.what());
    }
    return m_model != nullptr;
}

void EngineWorker::load(const QString& folder, const QString& device,
                        const QList<KnownAdapter>& adapters, std::stop_token stop)
{
    takeDevice(device);
    const bool hadModel = m_model != nullptr;
    try {
        QElapsedTimer watch;
        watch.start();
        std::unique_ptr<Model> model = openInstead(folder, stop);
        const QList<LoadedAdapter> loaded =
            model ? withAdapters(*model, adapters, stop) : QList<LoadedAdapter>();
        if (!model || stop.stop_requested()) {
            model.reset(); // before the former one, which may need its place
            emit loadStopped(bringBack(hadModel));
            return;
        }
        m_model = std::move(model);
        m_folder = folder;
        m_adapters = loaded;
        emit this->loaded(describe(), watch.elapsed());
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("a model does not open: ") + e.what());
        const Failure failure = Failure::from(e);
        emit loadFailed(folder, failure, bringBack(hadModel));
    }
}

void EngineWorker::addAdapter(const QString& folder, const KnownAdapter& adapter,
                              std::stop_token stop)
{
    try {
        if (!m_model || folder != m_folder)
            throw Error(Error::Code::BadModel, "another model has been opened meanwhile");
        const auto isThere = [&](const LoadedAdapter& other) {
            return other.isReady() && other.known == adapter;
        };
        if (std::any_of(m_adapters.begin(), m_adapters.end(), isThere)) { // read with the model
            emit adapterReady(folder, adapter);
            return;
        }
        if (!m_model->addAdapter(adapter.source(), stop))
            return; // the program ends
        m_adapters.removeIf(
            [&](const LoadedAdapter& other) { return other.known.name == adapter.name; });
        m_adapters.append(LoadedAdapter{adapter});
        emit adapterReady(folder, adapter);
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("an adapter is refused: ") + e.what());
        emit adapterRefused(folder, adapter, Failure::from(e));
    }
}

void EngineWorker::removeAdapter(const QString& folder, const QString& name)
{
    if (folder != m_folder || !m_model)
        return; // it has gone with its model
    m_adapters.removeIf([&](const LoadedAdapter& other) { return other.known.name == name; });
    try {
        m_model->removeAdapter(name.toStdString());
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("an adapter is not removed: ") + e.what());
    }
}

LoadedModel EngineWorker::describe() const
{
    LoadedModel shown;
    shown.folder = m_folder;
    shown.info = m_model->info();
    shown.dtype = m_model->dtype();
    shown.context = m_model->context();
    shown.memory = m_model->memory();
    shown.askedDevice = m_device;
    shown.missingDevice = m_missingDevice;
    shown.adapters = m_adapters;
    shown.tileTokens = tileTokensOf(*m_model);
    try {
        shown.sampling = defaultSampling(pathOf(m_folder));
    } catch (const std::exception& e) {
        log(LogLevel::Warning, std::string("no suggestions for sampling: ") + e.what());
    }
    shown.device = QString::fromStdString(m_model->deviceName());
    const std::vector<Device> devices = listDevices();
    for (const Device& device : devices) {
        const QString id = QString::fromStdString(device.id);
        if (devices.size() > 1 && !shown.device.startsWith(id))
            continue;
        shown.deviceId = id;
        shown.device = QString::fromStdString(device.name);
        shown.isa = QString::fromStdString(device.instructionSets).section(QLatin1Char(','), 0, 0);
        shown.threads = device.threads;
        shown.deviceMemory = device.memory;
        break;
    }
    return shown;
}

void EngineWorker::run(quint64 turn, const ChatRequest& request, std::stop_token stop)
{
    if (stop.stop_requested()) {
        ChatResult result;
        result.finishReason = FinishReason::Cancelled;
        emit finished(turn, result);
        return;
    }
    if (!m_model) {
        emit failed(turn, noModel());
        return;
    }
    TextGate thinking;
    TextGate text;
    ProgressGate gate;
    qint64 tokens = 0;
    bool written = false; // something of the answer
    const auto flush = [&](bool all) {
        // In order: nothing of the answer may overtake the end of the thinking.
        if (!thinking.isEmpty() && (all || !text.isEmpty() || thinking.isDue()))
            emit thinkingReady(turn, thinking.take(), tokens);
        if (!text.isEmpty() && (all || text.isDue()))
            emit textReady(turn, text.take(), tokens);
    };
    try {
        const ChatResult result = m_model->generate(
            request, stop,
            [&](const TextPiece& piece) {
                // Thinking that was never opened looked like the answer until it was closed.
                const bool takesBack = piece.thinking && written;
                if (takesBack) {
                    text.take();
                    emit textTakenBack(turn);
                }
                written = !piece.thinking;
                (piece.thinking ? thinking : text).add(piece.text);
                flush(takesBack);
            },
            [&](const Progress& progress) {
                if (progress.phase == Progress::Phase::Answering)
                    tokens = progress.done;
                if (gate.lets(progress))
                    emit progressed(turn, progress);
            });
        flush(true);
        emit finished(turn, result);
    } catch (const std::exception& e) { // engine exceptions end here
        flush(true);
        log(LogLevel::Warning, std::string("an answer failed: ") + e.what());
        emit failed(turn, Failure::from(e));
    }
}

void EngineWorker::estimate(quint64 question, const ChatRequest& request,
                            const std::shared_ptr<std::atomic<quint64>>& latest)
{
    if (question != latest->load())
        return; // the draft has changed since
    if (!m_model) {
        emit costFailed(question, noModel());
        return;
    }
    try {
        emit costReady(question, m_model->cost(request));
    } catch (const std::exception& e) {
        emit costFailed(question, Failure::from(e));
    }
}

} // namespace argali::gui
