// The window as it is, asking a real server on this machine.
#include <QAbstractButton>
#include <QApplication>
#include <QProcess>
#include <QSignalSpy>
#include <QtTest>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/samples.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "gui/models/modelchooser.h"
#include "gui/remote/profilestore.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/segmentedcontrol.h"
#include "tests/support/applicationbench.h"
#include "tests/support/fakeserver.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// argali-cli serve with the pocket model under two names, on a free port.
class Served final {
public:
    Served()
    {
        const QString pocket = QStringLiteral(ARGALI_RESOURCES "/pocket/model");
        m_process.setReadChannel(QProcess::StandardError);
        m_process.start(QStringLiteral(ARGALI_CLI),
                        {QStringLiteral("serve"), QStringLiteral("--port"), QStringLiteral("0"),
                         QStringLiteral("-m"), QStringLiteral("one=") + pocket,
                         QStringLiteral("-m"), QStringLiteral("two=") + pocket});
        QByteArray said;
        while (!said.contains("POST / ") && m_process.waitForReadyRead(longest))
            said += m_process.readAllStandardError();
        const QByteArray mark = "http://127.0.0.1:";
        m_port = std::atoi(said.constData() + said.indexOf(mark) + mark.size());
    }
    ~Served()
    {
        m_process.kill();
        m_process.waitForFinished(longest);
    }
    int port() const { return m_port; }
    void kill()
    {
        m_process.kill();
        m_process.waitForFinished(longest);
    }

private:
    QProcess m_process;
    int m_port = 0;
};

} // namespace

class TestRemoteWindow final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(m_server.port() > 0); }

    void theServerAnswersAsTheModelHere()
    {
        ApplicationBench bench;
        QVERIFY(bench.connectTo(m_server.port(), QStringLiteral("rack")));
        QVERIFY(bench.choose("one"));
        const QString question = QStringLiteral("Hello, who are you?");
        const QString here = bench.answerHere(question);
        QVERIFY(!here.isEmpty());
        bench.ask(question);
        QVERIFY(bench.isAnswered());
        const Turn& turn = bench.last();
        QCOMPARE(turn.answer.state, Answer::State::Finished);
        QCOMPARE(turn.answer.text, here);
        QCOMPARE(turn.model, QStringLiteral("one"));
        QCOMPARE(turn.answeredBy.server, QStringLiteral("rack"));
        QVERIFY(turn.device.contains(QLatin1String("rack")));
        // The server counts, so nothing here is an estimate.
        QVERIFY(!turn.answer.usage.isEstimate);
        QVERIFY(turn.answer.usage.completionTokens > 0);
        QVERIFY(turn.answer.usage.promptTokens > 0);
    }

    void picturesAndFilmsGoAlong()
    {
        ApplicationBench bench;
        QVERIFY(bench.connectTo(m_server.port(), QStringLiteral("rack")));
        QVERIFY(bench.choose("one"));
        for (const Sample& each : chosenSamples(*pocketSamples(), 2, 1)) {
            bench.window().chat()->ask(each);
            QVERIFY2(bench.isAnswered(), qPrintable(each.path));
            QCOMPARE(bench.last().answer.state, Answer::State::Finished);
            QVERIFY(!bench.last().answer.text.isEmpty());
            QVERIFY(bench.last().answer.usage.promptTokens > 50); // it saw more than the words
        }
    }

    void theBudgetIsHeld()
    {
        ApplicationBench bench;
        QVERIFY(bench.connectTo(m_server.port(), QStringLiteral("rack")));
        QVERIFY(bench.choose("one"));
        AnswerOptions options = bench.window().chat()->options().current();
        options.thinking = true;
        options.hasBudget = true;
        options.thinkingBudget = 128;
        bench.window().chat()->options().set(options);
        bench.ask(QStringLiteral("How many corners do a square and a triangle have together?"));
        QVERIFY(bench.isAnswered());
        const Answer& answer = bench.last().answer;
        QCOMPARE(answer.state, Answer::State::Finished);
        QVERIFY(answer.thinkingTokens <= 128);
        QVERIFY(!answer.thinking.isEmpty());
    }

    void stopsAndKeepsWhatCame()
    {
        FakeServer server;
        FakeServer::Answer slow = FakeServer::events({});
        for (int i = 0; i < 400; ++i)
            slow.body.append({QByteArray(R"(data: {"choices":[{"index":0,"delta":)"
                                         R"({"content":"word "}}]})"
                                         "\n\n"),
                              10});
        server.answer("/v1/chat/completions", slow);
        ApplicationBench bench;
        server.answer("/v1/models", listing("somebody"));
        QVERIFY(bench.connectTo(server.serverPort(), QStringLiteral("s")));
        QVERIFY(bench.choose("m"));
        bench.ask(QStringLiteral("Go on"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.last().answer.text.size() > 20, 30'000);
        QElapsedTimer watch;
        watch.start();
        QVERIFY(bench.window().chat()->stop());
        QVERIFY(bench.isAnswered());
        QVERIFY(watch.elapsed() < 100);
        QCOMPARE(bench.last().answer.finishReason, FinishReason::Cancelled);
        QVERIFY(bench.last().answer.text.startsWith(QLatin1String("word word")));
        QTRY_VERIFY_WITH_TIMEOUT(server.openConnections() <= 1,
                                 30'000); // the one by which it is looked at
    }

    void eachChatRemembersWhoAnswers()
    {
        ApplicationBench bench;
        QVERIFY(bench.connectTo(m_server.port(), QStringLiteral("rack")));
        const AnswerSource one{QStringLiteral("rack"), QStringLiteral("one")};
        const AnswerSource two{QStringLiteral("rack"), QStringLiteral("two")};
        bench.sources().choose(one);
        bench.ask(QStringLiteral("Hello"));
        QVERIFY(bench.isAnswered());
        const quint64 first = bench.book().current().id();
        bench.book().startNew();
        bench.sources().choose(two);
        bench.ask(QStringLiteral("Hello"));
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.last().model, QStringLiteral("two"));
        const quint64 second = bench.book().current().id();
        bench.book().startNew();
        bench.sources().choose({});
        bench.ask(QStringLiteral("Hello"));
        QVERIFY(bench.isAnswered());
        QVERIFY(bench.last().answeredBy.isLocal());
        bench.book().open(bench.book().indexOf(first));
        QCOMPARE(bench.sources().current(), one);
        QCOMPARE(bench.window().placeSwitch()->currentIndex(), 1);
        bench.book().open(bench.book().indexOf(second));
        QCOMPARE(bench.sources().current(), two);
        QCOMPARE(bench.window().chooser()->button()->text(), QStringLiteral("two"));
        // In the midst of a chat, too; what was said before goes along.
        bench.sources().choose(one);
        bench.ask(QStringLiteral("And again?"));
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.book().current().turns().size(), size_t(2));
        QCOMPARE(bench.last().model, QStringLiteral("one"));
        // After another start as well.
        bench.start();
        QTRY_VERIFY_WITH_TIMEOUT(bench.book().indexOf(second) >= 0, 30'000);
        bench.book().open(bench.book().indexOf(second));
        QTRY_COMPARE_WITH_TIMEOUT(bench.book().current().id(), second, 30'000);
        QCOMPARE(bench.sources().current(), one);
    }

    void theSwitchGoesToTheLastServerAndBack()
    {
        ApplicationBench bench;
        SegmentedControl* place = bench.window().placeSwitch();
        QVERIFY(place);
        QCOMPARE(place->currentIndex(), 0);
        // Without a server it stays here, and says where one is added.
        place->segment(1)->click();
        QCOMPARE(place->currentIndex(), 0);
        QVERIFY(bench.window().settingsDialog());
        QVERIFY(bench.connectTo(m_server.port(), QStringLiteral("rack")));
        place->segment(1)->click();
        QCOMPARE(bench.sources().current().server, QStringLiteral("rack"));
        QCOMPARE(bench.window().chooser()->button()->text(), QStringLiteral("one"));
        place->segment(0)->click();
        QVERIFY(bench.sources().isLocal());
        QCOMPARE(bench.window().chooser()->button()->text(), QStringLiteral("Pocket"));
        // One that is taken out while it is chosen leaves a sentence, and the window as it is.
        place->segment(1)->click();
        QVERIFY(bench.application->servers().store().remove(QStringLiteral("rack")).isEmpty());
        bench.ask(QStringLiteral("Hello"));
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.last().answer.state, Answer::State::Failed);
        QVERIFY(!bench.last().answer.failure.sentence().isEmpty());
    }

    void aServerThatGoesIsSaid()
    {
        FakeServer server;
        server.answer("/v1/chat/completions",
                      FakeServer::json(R"({"error":{"message":"boom"}})", 500));
        ApplicationBench bench;
        server.answer("/v1/models", listing("somebody"));
        QVERIFY(bench.connectTo(server.serverPort(), QStringLiteral("rack")));
        QVERIFY(bench.choose("m"));
        bench.ask(QStringLiteral("Are you there?"));
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.last().answer.state, Answer::State::Failed);
        QVERIFY(bench.last().answer.failure.sentence().contains(QLatin1String("rack")));
        // The question is back where it was written.
        QCOMPARE(bench.composer().edit()->toPlainText(), QStringLiteral("Are you there?"));
        server.stop();
        bench.window().chat()->send();
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.last().answer.state, Answer::State::Failed);
        QVERIFY(bench.last().answer.failure.sentence().contains(QLatin1String("Nobody answers")));
    }

    void aCutAnswerGoesOn()
    {
        FakeServer server;
        FakeServer::Answer cut = FakeServer::events(
            {{QByteArray(R"(data: {"choices":[{"index":0,"delta":{"content":"The first half"}}]})"
                         "\n\n")}});
        cut.cuts = true;
        const FakeServer::Answer rest = FakeServer::events(
            {{QByteArray(R"(data: {"choices":[{"index":0,"delta":{"content":" and the second."},)"
                         R"("finish_reason":"stop"}]})"
                         "\n\ndata: [DONE]\n\n")}});
        server.answers("/v1/chat/completions", {cut, rest});
        ApplicationBench bench;
        server.answer("/v1/models", listing("vllm"));
        QVERIFY(bench.connectTo(server.serverPort(), QStringLiteral("rack")));
        QVERIFY(bench.choose("m"));
        bench.ask(QStringLiteral("Tell me"));
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.last().answer.state, Answer::State::Failed);
        QCOMPARE(bench.last().answer.text, QStringLiteral("The first half"));
        const quint64 turn = bench.last().id;
        QVERIFY(bench.turns().resume(turn));
        QVERIFY(bench.isAnswered());
        QCOMPARE(bench.last().id, turn);
        QCOMPARE(bench.last().answer.state, Answer::State::Finished);
        QCOMPARE(bench.last().answer.text, QStringLiteral("The first half and the second."));
    }

private:
    Served m_server;
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestRemoteWindow test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_remotewindow.moc"
