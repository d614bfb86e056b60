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
#include "tests/support/fakeserver.h"

using namespace argali;
using namespace argali::gui;

namespace {

constexpr int longest = 60'000; // ms for one answer, under sanitizers too

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

/// What a server of that owner says of one model.
FakeServer::Answer listing(const QByteArray& owner)
{
    return FakeServer::json(R"({"object":"list","data":[{"id":"m","object":"model","owned_by":")" +
                            owner + "\"}]}");
}

/// The program with everything it has, in a folder of its own.
struct Bench {
    QTemporaryDir dir;
    std::unique_ptr<Application> application;

    Bench() { start(); }
    void start()
    {
        application.reset();
        application = std::make_unique<Application>(
            Application::Options{Places::under(dir.path()), {}, StartupTrace(false)});
        QSignalSpy ready(application.get(), &Application::modelReady);
        application->start();
        if (ready.isEmpty() && !ready.wait(longest))
            qFatal("the pocket model does not open");
    }
    MainWindow& window() const { return application->window(); }
    Composer& composer() const { return *window().chat()->composer(); }
    SourceChoice& sources() const { return application->sources(); }
    ConversationBook& book() const { return application->book(); }
    TurnController& turns() const { return application->turns(); }

    /// Names a server in the settings; its models are offered when this returns.
    bool connectTo(int port, const QString& name)
    {
        ConnectionProfile profile;
        profile.id = name;
        profile.name = name;
        profile.url = QStringLiteral("http://127.0.0.1:%1").arg(port);
        const qsizetype before = sources().offered().size();
        return application->servers().store().put(profile).isEmpty() &&
               QTest::qWaitFor([&] { return sources().offered().size() > before; }, longest);
    }
    /// The model of that name, chosen to answer.
    bool choose(const char* model)
    {
        for (const OfferedModel& offered : sources().offered()) {
            if (offered.target.model.id == model) {
                sources().choose(offered.source());
                return true;
            }
        }
        return false;
    }
    void ask(const QString& text)
    {
        composer().edit()->setPlainText(text);
        window().chat()->send();
    }
    bool isAnswered() const
    {
        return QTest::qWaitFor(
            [this] { return !window().chat()->isWaitingToSend() && !turns().isBusy(); }, longest);
    }
    const Turn& last() const { return book().current().turns().back(); }
    /// An answer of the model on this computer to the same question.
    QString answerHere(const QString& text)
    {
        const AnswerSource source = sources().current();
        sources().choose({});
        book().startNew();
        ask(text);
        if (!isAnswered())
            return {};
        const QString answer = last().answer.text;
        book().startNew();
        sources().choose(source);
        return answer;
    }
};

} // namespace

class TestRemoteWindow final : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(m_server.port() > 0); }

    void theServerAnswersAsTheModelHere()
    {
        Bench bench;
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
        Bench bench;
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
        Bench bench;
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
                                         R"({"content":"word "}}]})" "\n\n"),
                              10});
        server.answer("/v1/chat/completions", slow);
        Bench bench;
        server.answer("/v1/models", listing("somebody"));
        QVERIFY(bench.connectTo(server.serverPort(), QStringLiteral("s")));
        QVERIFY(bench.choose("m"));
        bench.ask(QStringLiteral("Go on"));
        QTRY_VERIFY(bench.last().answer.text.size() > 20);
        QElapsedTimer watch;
        watch.start();
        QVERIFY(bench.window().chat()->stop());
        QVERIFY(bench.isAnswered());
        QVERIFY(watch.elapsed() < 100);
        QCOMPARE(bench.last().answer.finishReason, FinishReason::Cancelled);
        QVERIFY(bench.last().answer.text.startsWith(QLatin1String("word word")));
        QTRY_VERIFY(server.openConnections() <= 1); // the one by which it is looked at
    }

    void eachChatRemembersWhoAnswers()
    {
        Bench bench;
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
        QTRY_VERIFY(bench.book().indexOf(second) >= 0);
        bench.book().open(bench.book().indexOf(second));
        QTRY_COMPARE(bench.book().current().id(), second);
        QCOMPARE(bench.sources().current(), one);
    }

    void theSwitchGoesToTheLastServerAndBack()
    {
        Bench bench;
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
        Bench bench;
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
                         R"("finish_reason":"stop"}]})" "\n\ndata: [DONE]\n\n")}});
        server.answers("/v1/chat/completions", {cut, rest});
        Bench bench;
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
