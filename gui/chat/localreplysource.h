#pragma once

#include <atomic>
#include <memory>
#include <stop_token>

#include <QThread>

#include "gui/chat/engineworker.h"
#include "gui/chat/replysource.h"

namespace argali::gui {

/// Answers from a model on this computer; the engine runs on a thread of its own.
/// Thread: GUI.
class LocalReplySource final : public ReplySource {
    Q_OBJECT
public:
    explicit LocalReplySource(QObject* parent = nullptr);
    ~LocalReplySource() override;

    /// Opens a model folder, or the pocket model when it is empty. One of loaded(), loadFailed()
    /// and loadStopped() follows. A load that is under way is stopped first.
    /// adapters: to be read with it
    void load(const QString& folder, const QList<KnownAdapter>& adapters = {});
    /// One more for the model of this folder; adapterReady() or adapterRefused() follows.
    void addAdapter(const QString& folder, const KnownAdapter& adapter);
    void removeAdapter(const QString& folder, const QString& name);
    void stopLoading(); ///< Returns at once.
    /// What the next models are opened on, as chooseDevices() takes it; empty: auto.
    void setDevice(const QString& device) { m_device = device; }
    bool isLoading() const { return m_loads > 0; }

    void start(quint64 turn, const ChatRequest& request) override;
    void cancel() override;
    bool canAnswerNow() const override { return true; }
    void answerNow() override;
    void estimate(quint64 question, const ChatRequest& request) override;

signals:
    void loadStarted(const QString& folder);
    void loadProgressed(const argali::Progress& progress);
    void loaded(const argali::gui::LoadedModel& model, qint64 milliseconds);
    /// modelKept: the model that was open before still answers.
    void loadFailed(const QString& folder, const argali::gui::Failure& failure, bool modelKept);
    void loadStopped(bool modelKept);
    void adapterReady(const QString& folder, const argali::gui::KnownAdapter& adapter);
    void adapterRefused(const QString& folder, const argali::gui::KnownAdapter& adapter,
                        const argali::gui::Failure& failure);

private:
    QThread m_thread;
    EngineWorker* const m_worker; // lives in m_thread, which deletes it at its end
    std::stop_source m_stop;
    std::stop_source m_answerNow;
    std::stop_source m_loadStop;
    std::stop_source m_readStop; ///< of adapters, when the program ends
    int m_loads = 0;
    QString m_device;
    std::shared_ptr<std::atomic<quint64>> m_latestQuestion;
};

} // namespace argali::gui
