#pragma once

#include <atomic>
#include <memory>
#include <stop_token>

#include <QObject>

#include "engine/devices.h"
#include "engine/engine.h"
#include "gui/chat/answersource.h"
#include "gui/failure.h"
#include "gui/models/knownadapter.h"

namespace argali::gui {

/// What the window shows about the model that is open.
struct LoadedModel {
    QString folder; ///< empty for the pocket model, and for one of a server
    ModelInfo info;
    QString deviceId; ///< "cpu"
    QString device;   ///< processor or card as it calls itself
    QString isa;      ///< the instruction set used; empty where there is none
    int threads = 0;
    qint64 deviceMemory = 0; ///< bytes in all
    DType dtype = DType::BF16;
    qint64 context = 0;
    MemoryEstimate memory;
    QString askedDevice;   ///< what was asked for: "auto", "cpu", "cuda:0"
    QString missingDevice; ///< ... that is not here, so that another one was taken

    QList<LoadedAdapter> adapters{};    ///< known for it, those that cannot answer too
    qint64 tileTokens = 0;              ///< a tile takes in the prompt; 0: the family has none
    std::optional<Sampling> sampling{}; ///< as its files suggest it; none: they could not be read

    AnswerSource source; ///< of a server: nothing is known of what it runs on
    QString server;      ///< ... its name

    bool isLocal() const { return source.isLocal(); }
    bool isPocket() const { return isLocal() && folder.isEmpty(); }
    /// Whether a question may ask for it.
    bool hasAdapter(const QString& name) const;
    /// "Pocket" or the folder's name.
    QString name() const;
    /// "bf16"
    QString typeName() const;
    /// "5 M", "2.6 B": parameters.
    QString sizeName() const;
};

/// The engine on its own thread: all calls into a Model are made here.
/// Thread: engine; the signals are received elsewhere through queued connections.
class EngineWorker final : public QObject {
    Q_OBJECT
public:
    EngineWorker() = default;

    /// Opens a model; the one before stays until the new one is there, or comes back when both do
    /// not fit into memory and the new one fails. folder: empty for the pocket model
    /// device: as chooseDevices(); one that is not here stands for "auto"
    /// adapters: to be read with it; one that cannot be used is told with the model
    void load(const QString& folder, const QString& device, const QList<KnownAdapter>& adapters,
              std::stop_token stop);
    /// folder: of the model it is for; another one may be open by now
    void addAdapter(const QString& folder, const KnownAdapter& adapter, std::stop_token stop);
    void removeAdapter(const QString& folder, const QString& name);
    void run(quint64 turn, const ChatRequest& request, std::stop_token stop);
    /// latest: the newest question; older ones are dropped.
    void estimate(quint64 question, const ChatRequest& request,
                  const std::shared_ptr<std::atomic<quint64>>& latest);

signals:
    void loadProgressed(const argali::Progress& progress);
    void loaded(const argali::gui::LoadedModel& model, qint64 milliseconds);
    void loadFailed(const QString& folder, const argali::gui::Failure& failure, bool modelKept);
    void loadStopped(bool modelKept);
    void adapterReady(const QString& folder, const argali::gui::KnownAdapter& adapter);
    void adapterRefused(const QString& folder, const argali::gui::KnownAdapter& adapter,
                        const argali::gui::Failure& failure);
    void thinkingReady(quint64 turn, const QString& text, qint64 tokens);
    void textReady(quint64 turn, const QString& text, qint64 tokens);
    void textTakenBack(quint64 turn);
    void progressed(quint64 turn, const argali::Progress& progress);
    void finished(quint64 turn, const argali::ChatResult& result);
    void failed(quint64 turn, const argali::gui::Failure& failure);
    void costReady(quint64 question, const argali::RequestCost& cost);
    void costFailed(quint64 question, const argali::gui::Failure& failure);

private:
    std::unique_ptr<Model> open(const QString& folder, std::stop_token stop);
    std::unique_ptr<Model> openInstead(const QString& folder, std::stop_token stop);
    bool bringBack(bool hadModel);
    void takeDevice(const QString& device);
    LoadedModel describe() const;

    std::unique_ptr<Model> m_model;
    QString m_folder;
    QString m_device;
    QString m_missingDevice;
    QList<LoadedAdapter> m_adapters; ///< of m_model
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::LoadedModel)
