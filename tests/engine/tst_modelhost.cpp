// The queue of a model that is served: who came first is answered first, and who has gone leaves
// nothing behind.
#include <atomic>
#include <memory>

#include <QTest>

#include "engine/server/modelhost.h"
#include "tests/support/argalicli.h"

using namespace argali;
using namespace argali::test;
using server::ModelHost;

namespace {

/// A host of the small model with random weights whose first answer stands still until it may go
/// on, however soon the model would end.
class BusyHost final {
public:
    BusyHost()
    {
        const auto standStill = [this] {
            m_isAnswering = true;
            m_mayGoOn.wait(false);
        };
        m_isAccepted = submit(m_client.get_token(), standStill) == ModelHost::Admission::Accepted;
    }
    ~BusyHost() { goOn(); }
    BusyHost(const BusyHost&) = delete;
    BusyHost& operator=(const BusyHost&) = delete;

    ModelHost* operator->() { return &m_host; }
    bool isBusy() const { return m_isAccepted && m_isAnswering; }
    /// Ends the first answer.
    void goOn()
    {
        m_client.request_stop();
        m_mayGoOn = true;
        m_mayGoOn.notify_all();
    }
    ModelHost::Admission submit(
        std::stop_token stop, std::function<void()> text, std::function<void()> done = [] {})
    {
        ModelHost::Job job;
        Message message;
        message.content.emplace_back().text = "la la la la la la la la";
        job.request.messages.push_back(std::move(message));
        job.request.maxNewTokens = 30;
        job.stop = std::move(stop);
        job.text = [text](const TextPiece&) { text(); };
        job.done = [done](const ChatResult&, std::chrono::milliseconds) { done(); };
        job.failed = [](const Error&) {};
        return m_host.submit(std::move(job));
    }

private:
    std::atomic<bool> m_isAnswering = false;
    std::atomic<bool> m_mayGoOn = false;
    bool m_isAccepted = false;
    std::stop_source m_client;
    ModelHost m_host{{.name = "tiny", .folder = tiny.toStdString(), .open = {}}}; // ends first
};

} // namespace

class TestModelHost final : public QObject {
    Q_OBJECT
private slots:
    void answersInOrder()
    {
        std::vector<int> answered; // only the model's thread writes it until the host is idle
        std::vector<int> sent;
        BusyHost host;
        QTRY_VERIFY(host.isBusy());
        for (int i = 0; i < 30; ++i) {
            const auto note = [&answered, i] { answered.push_back(i); };
            QCOMPARE(host.submit(
                         {}, [] {}, note),
                     ModelHost::Admission::Accepted);
            sent.push_back(i);
        }
        QCOMPARE(host->status().waiting, sent.size());
        host.goOn();
        QTRY_VERIFY(host->isIdle());
        QCOMPARE(answered, sent);
    }

    /// What requests hold whose clients went while they waited does not stay until the answer that
    /// is under way has ended.
    void letsGoOfWhatWasDropped()
    {
        BusyHost host;
        QTRY_VERIFY(host.isBusy());
        std::weak_ptr<int> pictures;
        for (int i = 0; i < 3; ++i) {
            QVERIFY(pictures.expired());
            const auto held = std::make_shared<int>(i);
            pictures = held;
            std::stop_source gone;
            QCOMPARE(host.submit(gone.get_token(), [held] {}), ModelHost::Admission::Accepted);
            gone.request_stop();
            std::stop_source other;
            QCOMPARE(host.submit(other.get_token(), [] {}), ModelHost::Admission::Accepted);
            other.request_stop();
        }
        QVERIFY(!host->isIdle()); // it is at the first one still
    }
};

QTEST_GUILESS_MAIN(TestModelHost)
#include "tst_modelhost.moc"
