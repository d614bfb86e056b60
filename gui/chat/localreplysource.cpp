#include "gui/chat/localreplysource.h"

namespace argali::gui {

LocalReplySource::LocalReplySource(QObject* parent)
    : ReplySource(parent),
      m_worker(new EngineWorker),
      m_latestQuestion(std::make_shared<std::atomic<quint64>>(0))
{
    qRegisterMetaType<LoadedModel>();
    qRegisterMetaType<KnownAdapter>();
    m_thread.setObjectName(QStringLiteral("engine"));
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connect(m_worker, &EngineWorker::thinkingReady, this, &ReplySource::thinkingReady);
    connect(m_worker, &EngineWorker::textReady, this, &ReplySource::textReady);
    connect(m_worker, &EngineWorker::textTakenBack, this, &ReplySource::textTakenBack);
    connect(m_worker, &EngineWorker::progressed, this, &ReplySource::progressed);
    connect(m_worker, &EngineWorker::finished, this, &ReplySource::finished);
    connect(m_worker, &EngineWorker::failed, this, &ReplySource::failed);
    connect(m_worker, &EngineWorker::costReady, this, &ReplySource::costReady);
    connect(m_worker, &EngineWorker::costFailed, this, &ReplySource::costFailed);
    connect(m_worker, &EngineWorker::loadProgressed, this, &LocalReplySource::loadProgressed);
    connect(m_worker, &EngineWorker::loaded, this, [this](const LoadedModel& model, qint64 ms) {
        --m_loads;
        emit loaded(model, ms);
    });
    connect(m_worker, &EngineWorker::loadFailed, this,
            [this](const QString& folder, const Failure& failure, bool kept) {
                --m_loads;
                emit loadFailed(folder, failure, kept);
            });
    connect(m_worker, &EngineWorker::loadStopped, this, [this](bool kept) {
        --m_loads;
        emit loadStopped(kept);
    });
    connect(m_worker, &EngineWorker::adapterReady, this, &LocalReplySource::adapterReady);
    connect(m_worker, &EngineWorker::adapterRefused, this, &LocalReplySource::adapterRefused);
    m_thread.start();
}

LocalReplySource::~LocalReplySource()
{
    m_stop.request_stop();
    m_loadStop.request_stop();
    m_readStop.request_stop();
    m_latestQuestion->store(0);
    m_thread.quit();
    m_thread.wait(); // what runs there looks at its stop token and ends within half a second
}

void LocalReplySource::load(const QString& folder, const QList<KnownAdapter>& adapters)
{
    stopLoading();
    cancel(); // the answer under way belongs to the model that is being replaced
    m_loadStop = std::stop_source();
    ++m_loads;
    emit loadStarted(folder);
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, folder, device = m_device, adapters,
                                         stop = m_loadStop.get_token()] {
        worker->load(folder, device, adapters, stop);
    });
}

void LocalReplySource::addAdapter(const QString& folder, const KnownAdapter& adapter)
{
    QMetaObject::invokeMethod(m_worker,
                              [worker = m_worker, folder, adapter, stop = m_readStop.get_token()] {
                                  worker->addAdapter(folder, adapter, stop);
                              });
}

void LocalReplySource::removeAdapter(const QString& folder, const QString& name)
{
    QMetaObject::invokeMethod(
        m_worker, [worker = m_worker, folder, name] { worker->removeAdapter(folder, name); });
}

void LocalReplySource::stopLoading()
{
    m_loadStop.request_stop();
}

void LocalReplySource::start(quint64 turn, const ChatRequest& request)
{
    cancel(); // a new turn ends the previous one
    m_stop = std::stop_source();
    m_answerNow = std::stop_source();
    ChatRequest asked = request;
    asked.answerNow = m_answerNow.get_token();
    QMetaObject::invokeMethod(m_worker,
                              [worker = m_worker, turn, asked, stop = m_stop.get_token()] {
                                  worker->run(turn, asked, stop);
                              });
}

void LocalReplySource::answerNow()
{
    m_answerNow.request_stop();
} // queued, it would wait behind run()

void LocalReplySource::cancel()
{
    m_stop.request_stop();
} // queued, it would wait behind run()

void LocalReplySource::estimate(quint64 question, const ChatRequest& request)
{
    m_latestQuestion->store(question);
    QMetaObject::invokeMethod(m_worker,
                              [worker = m_worker, question, request, latest = m_latestQuestion] {
                                  worker->estimate(question, request, latest);
                              });
}

} // namespace argali::gui
