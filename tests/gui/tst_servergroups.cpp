// Servers that answer for each other, and what is sent to which model, in the window as it is.
#include <QAbstractButton>
#include <QApplication>
#include <QMenu>
#include <QtTest>

#include "gui/chat/transcriptview.h"
#include "gui/models/modelchooser.h"
#include "gui/remote/connectionlabel.h"
#include "gui/remote/goneserverline.h"
#include "gui/statusline.h"
#include "gui/widgets/button.h"
#include "gui/widgets/segmentedcontrol.h"
#include "tests/support/applicationbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QByteArray chatPath = "/v1/chat/completions";

FakeServer::Answer saying(const QByteArray& text)
{
    return FakeServer::events(
        {{QByteArray("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"") + text +
          "\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"}});
}

QString sampleFile(const char* name)
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/") + QLatin1String(name);
}

/// Two servers with the same model, in one group.
struct Bench : ApplicationBench {
    FakeServer first;
    FakeServer second;

    explicit Bench(GroupMode mode = GroupMode::Ordered, const QByteArray& owner = "vllm")
    {
        for (FakeServer* server : {&first, &second})
            server->answer("/v1/models", listing(owner));
        first.answer(chatPath, saying("from the first"));
        second.answer(chatPath, saying("from the second"));
        for (const ConnectionProfile& profile :
             {member(first, "one", mode), member(second, "two", mode)})
            if (!add(profile))
                qFatal("a server of the test is not reached");
    }
    static ConnectionProfile member(const FakeServer& server, const char* id, GroupMode mode)
    {
        ConnectionProfile profile = profileOf(server.serverPort(), QLatin1String(id));
        profile.group = QStringLiteral("Vision");
        profile.groupMode = mode;
        return profile;
    }
    ConnectionProfile kept(const char* id) const
    {
        return *application->servers().store().find(QLatin1String(id));
    }
    bool askAndWait(const QString& text = QStringLiteral("Hello"))
    {
        ask(text);
        return isAnswered();
    }
    bool attach(const char* name)
    {
        composer().attach(sampleFile(name));
        return QTest::qWaitFor([this] { return !composer().isReading(); }, longest);
    }
};

GoneServerLine* goneLine(const Bench& bench)
{
    return bench.window().findChild<GoneServerLine*>();
}

} // namespace

class TestServerGroups final : public QObject {
    Q_OBJECT

private slots:
    void isOfferedOnceUnderItsName()
    {
        Bench bench;
        QCOMPARE(bench.sources().offered().size(), 1);
        const OfferedModel& offered = bench.sources().offered().first();
        QCOMPARE(offered.place(), QStringLiteral("Vision"));
        QCOMPARE(offered.shown, QStringLiteral("m")); // not "m (one)": there is one to choose
        QCOMPARE(offered.targets().size(), size_t(2));
        QMenu* menu = bench.window().chooser()->menu();
        emit menu->aboutToShow();
        QStringList texts;
        for (const QAction* action : menu->actions())
            texts.append(action->text());
        QCOMPARE(texts.count(QStringLiteral("m")), 1);
        QCOMPARE(texts.count(QStringLiteral("Vision")), 1);
        QVERIFY(!texts.contains(QStringLiteral("one")));
        // The same model on a server of no group is another choice.
        FakeServer apart;
        apart.answer("/v1/models", listing("vllm"));
        QVERIFY(bench.add(Bench::profileOf(apart.serverPort(), QStringLiteral("apart"))));
        QCOMPARE(bench.sources().offered().size(), 2);
        QCOMPARE(bench.sources().offered().at(0).shown, QStringLiteral("m (Vision)"));
        QCOMPARE(bench.sources().offered().at(1).shown, QStringLiteral("m (apart)"));
    }

    void failsOverAndSaysWhoAnswered()
    {
        Bench bench;
        QVERIFY(bench.choose("m"));
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the first"));
        QCOMPARE(bench.last().answeredBy.server, QStringLiteral("one"));
        bench.first.answer(chatPath, FakeServer::json(R"({"error":{"message":"boom"}})", 500));
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the second"));
        QCOMPARE(bench.last().answeredBy.server, QStringLiteral("two"));
        QVERIFY(bench.last().device.contains(QLatin1String("two")));
        QVERIFY(bench.last().answer.remarks.join(QString()).contains(
            QLatin1String("one did not answer; two was asked instead")));
        // The chat goes on with the group, although the second one answered last.
        const quint64 chat = bench.book().current().id();
        bench.book().startNew();
        bench.sources().choose({});
        bench.book().open(bench.book().indexOf(chat));
        QVERIFY(!bench.sources().isLocal());
        bench.first.answer(chatPath, saying("from the first again"));
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the first again"));
        QCOMPARE(bench.window().chooser()->button()->text(), QStringLiteral("m"));
    }

    void aMemberThatIsGoneIsNotAsked()
    {
        Bench bench;
        QVERIFY(bench.choose("m"));
        QVERIFY(bench.connection(QStringLiteral("two")).isActive()); // both are looked at
        QCOMPARE(bench.window().status()->connection()->connection(),
                 &bench.connection(QStringLiteral("one")));
        bench.first.answer("/v1/models", FakeServer::json(R"({"error":{"message":"no"}})", 401));
        bench.connection(QStringLiteral("one")).checkNow();
        QTRY_VERIFY_WITH_TIMEOUT(!bench.connection(QStringLiteral("one")).status().isUsable(),
                                 30'000);
        QVERIFY(bench.sources().offered().first().isUsable); // the other one can
        QTRY_COMPARE_WITH_TIMEOUT(bench.window().status()->connection()->connection(),
                                  &bench.connection(QStringLiteral("two")), 30'000);
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the second"));
        QCOMPARE(bench.first.count(chatPath), 0);
        // Nor when it was not there at the start, and what was chosen is its.
        bench.sources().choose({QStringLiteral("one"), QStringLiteral("m")});
        bench.start();
        QTRY_VERIFY_WITH_TIMEOUT(bench.isOffered(QStringLiteral("two")), 30'000);
        QTRY_VERIFY_WITH_TIMEOUT(!bench.connection(QStringLiteral("one")).isChecking(), 30'000);
        QCOMPARE(bench.sources().offered().size(), 1);
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the second"));
        QCOMPARE(bench.first.count(chatPath), 0);
    }

    void aRemovedMemberLeavesItsChatsToTheOthers()
    {
        Bench bench;
        FakeServer apart; // has the same model, and is in no group
        apart.answer("/v1/models", listing("vllm"));
        QVERIFY(bench.add(Bench::profileOf(apart.serverPort(), QStringLiteral("apart"))));
        bench.sources().choose({QStringLiteral("one"), QStringLiteral("m")});
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the first"));
        ServerBook::Removed removed;
        QCOMPARE(bench.application->servers().remove(QStringLiteral("one"), removed), QString());
        QVERIFY(bench.connection(QStringLiteral("two")).isActive());
        QVERIFY(!bench.connection(QStringLiteral("apart")).isActive());
        QCOMPARE(goneLine(bench)->sentence(), QString());
        QCOMPARE(bench.window().status()->connection()->connection(),
                 &bench.connection(QStringLiteral("two")));
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the second"));
        // A chat that was with it does so after a restart, too, and a new one.
        bench.sources().choose({QStringLiteral("one"), QStringLiteral("m")});
        bench.start();
        QTRY_VERIFY_WITH_TIMEOUT(bench.isOffered(QStringLiteral("two")), 30'000);
        bench.book().startNew();
        QCOMPARE(bench.sources().current().server, QStringLiteral("one"));
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the second"));
        QCOMPARE(apart.count(chatPath), 0);
        // A model that the others do not have: the server says so.
        bench.second.answer(chatPath,
                            FakeServer::json(R"({"error":{"message":"no such model"}})", 404));
        bench.sources().choose({QStringLiteral("one"), QStringLiteral("another")});
        QCOMPARE(bench.sources().remoteModel()->server, QStringLiteral("Vision"));
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.state, Answer::State::Failed);
        QVERIFY(bench.second.requests().last().body.contains("another"));
        // Put back, it answers itself.
        bench.sources().choose({QStringLiteral("one"), QStringLiteral("m")});
        QCOMPARE(bench.application->servers().putBack(removed), QString());
        QTRY_VERIFY_WITH_TIMEOUT(bench.isOffered(QStringLiteral("one")), 30'000);
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the first"));
    }

    void aChatWhoseServerIsGoneSaysSo()
    {
        Bench bench;
        QVERIFY(bench.choose("m"));
        QVERIFY(bench.askAndWait());
        GoneServerLine* const line = goneLine(bench);
        QVERIFY(line->isHidden());
        ProfileStore& store = bench.application->servers().store();
        QCOMPARE(store.remove(QStringLiteral("two")), QString());
        QVERIFY(line->isHidden());
        QCOMPARE(store.remove(QStringLiteral("one")), QString());
        QVERIFY(line->sentence().contains(QStringLiteral("not among yours any more")));
        QVERIFY(line->otherButton()->isHidden());
        bench.ask(QStringLiteral("Where are you?"));
        QVERIFY(bench.isAnswered());
        QVERIFY(bench.last().answer.failure.sentence().contains(
            QStringLiteral("not among yours any more")));
        QCOMPARE(bench.composer().edit()->toPlainText(), QStringLiteral("Where are you?"));
        // Another chat has nothing to do with it; back in this one, it is said again.
        const quint64 chat = bench.book().current().id();
        bench.book().startNew();
        bench.sources().choose({});
        QVERIFY(line->isHidden());
        bench.book().open(bench.book().indexOf(chat));
        QVERIFY(!line->isHidden());
        // Where another server is known, it is offered; it is not asked by itself.
        FakeServer apart;
        apart.answer("/v1/models", listing("vllm"));
        apart.answer(chatPath, saying("from apart"));
        QVERIFY(bench.add(Bench::profileOf(apart.serverPort(), QStringLiteral("apart"))));
        QVERIFY(!line->otherButton()->isHidden());
        QVERIFY(line->otherButton()->toolTip().contains(QStringLiteral("apart")));
        QVERIFY(bench.askAndWait());
        QCOMPARE(apart.count(chatPath), 0);
        line->otherButton()->click();
        QVERIFY(line->isHidden());
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from apart"));
        // Or this computer.
        QCOMPARE(store.remove(QStringLiteral("apart")), QString());
        QVERIFY(!line->isHidden());
        line->hereButton()->click();
        QVERIFY(line->isHidden());
        QVERIFY(bench.sources().isLocal());
    }

    void theOrderIsThatOfTheList()
    {
        Bench bench;
        QVERIFY(bench.choose("m"));
        QCOMPARE(bench.application->servers().store().move(QStringLiteral("two"), -1), QString());
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the second"));
        // Out of the group, it is asked no more.
        ConnectionProfile alone = bench.kept("two");
        alone.group.clear();
        QCOMPARE(bench.application->servers().store().put(alone), QString());
        bench.sources().choose({QStringLiteral("one"), QStringLiteral("m")});
        QVERIFY(bench.askAndWait());
        QCOMPARE(bench.last().answer.text, QStringLiteral("from the first"));
        QCOMPARE(bench.sources().offered().size(), 2);
    }

    void isSharedByWeight()
    {
        Bench bench(GroupMode::Weighted);
        ConnectionProfile heavy = bench.kept("one");
        heavy.weight = 3;
        QCOMPARE(bench.application->servers().store().put(heavy), QString());
        QVERIFY(bench.choose("m"));
        for (int i = 0; i < 40; ++i)
            QVERIFY(bench.askAndWait());
        const int first = bench.first.count(chatPath);
        QCOMPARE(first + bench.second.count(chatPath), 40);
        // 30 are to be expected; fewer than 18, or all of them, come once in fifty thousand times.
        QVERIFY2(first >= 18 && first < 40, qPrintable(QString::number(first)));
        for (const Turn& turn : bench.book().current().turns())
            QCOMPARE(turn.answer.text, turn.answeredBy.server == QLatin1String("one")
                                           ? QStringLiteral("from the first")
                                           : QStringLiteral("from the second"));
    }

    void filmsAndPicturesGoAsTheProfileSays()
    {
        Bench bench;
        QVERIFY(bench.choose("m"));
        QVERIFY(bench.attach("grow.mp4"));
        QVERIFY(bench.askAndWait());
        QVERIFY(!bench.first.requests().last().body.contains("video_url"));
        ConnectionProfile whole = bench.kept("one");
        whole.filmForm = remote::RemoteOptions::FilmForm::File;
        whole.sendsOriginals = true;
        QCOMPARE(bench.application->servers().store().put(whole), QString());
        QTRY_VERIFY_WITH_TIMEOUT(bench.sources().offered().first().target.sendsOriginals, 30'000);
        bench.book().startNew();
        QVERIFY(bench.attach("grow.mp4"));
        QVERIFY(bench.askAndWait());
        QVERIFY(bench.first.requests().last().body.contains("video_url"));
    }

    void whatTheUserSaysOfAModelIsRefusedBeforeSending()
    {
        Bench bench;
        QVERIFY(bench.choose("m"));
        QVERIFY(bench.attach("chart.png"));
        QVERIFY(bench.composer().entries().first().problem.isEmpty());
        const auto say = [&](const char* id, remote::Known pictures, remote::Known films,
                             remote::Known thinks) {
            bench.application->servers().store().learn(
                QLatin1String(id), [=](ConnectionProfile& profile) {
                    profile.models[QStringLiteral("m")] = {pictures, films, thinks};
                });
        };
        using remote::Known;
        say("one", Known::No, Known::Unknown, Known::No);
        QVERIFY(bench.composer().entries().first().problem.isEmpty()); // the other one may see
        say("two", Known::No, Known::Unknown, Known::No);
        QVERIFY(bench.composer().entries().first().problem.contains(
            QStringLiteral("m does not take pictures")));
        bench.ask(QStringLiteral("What is it?"));
        QVERIFY(!bench.turns().isBusy());
        QVERIFY(bench.book().current().isEmpty());
        QCOMPARE(bench.first.count(chatPath) + bench.second.count(chatPath), 0);
        QCOMPARE(bench.composer().edit()->toPlainText(), QStringLiteral("What is it?"));
        const std::optional<LoadedModel> model = bench.sources().remoteModel();
        QVERIFY(!model->info.thinks);
        // Pictures, but no films.
        say("one", Known::Yes, Known::No, Known::Yes);
        say("two", Known::Yes, Known::No, Known::Yes);
        QVERIFY(bench.composer().entries().first().problem.isEmpty());
        QVERIFY(bench.sources().remoteModel()->info.thinks);
        bench.composer().clear();
        QVERIFY(bench.attach("grow.mp4"));
        QVERIFY(bench.composer().entries().first().problem.contains(
            QStringLiteral("m does not take films")));
    }

    void switchingSaysWhatCannotBeTaken()
    {
        Bench bench;
        bench.application->servers().store().learn(
            QStringLiteral("one"), [](ConnectionProfile& profile) {
                profile.models[QStringLiteral("m")].seesPictures = remote::Known::No;
                profile.models[QStringLiteral("m")].seesFilms = remote::Known::No;
            });
        QVERIFY(bench.application->servers().store().remove(QStringLiteral("two")).isEmpty());
        // What is attached:
        QVERIFY(bench.attach("chart.png"));
        bench.composer().edit()->setPlainText(QStringLiteral("Half a que"));
        QCOMPARE(bench.composer().note(), QString());
        SegmentedControl* place = bench.window().placeSwitch();
        place->segment(1)->click();
        QVERIFY(bench.composer().note().contains(QStringLiteral("m cannot take what is attached")));
        QCOMPARE(bench.composer().entries().size(), 1);
        QCOMPARE(bench.composer().edit()->toPlainText(), QStringLiteral("Half a que"));
        place->segment(0)->click();
        QCOMPARE(bench.composer().note(), QString());
        QVERIFY(bench.composer().entries().first().problem.isEmpty());
        // What was asked before:
        QVERIFY(bench.askAndWait(QStringLiteral("What is it?")));
        QVERIFY(bench.composer().entries().isEmpty());
        place->segment(1)->click();
        QVERIFY(bench.composer().note().contains(QStringLiteral("This chat has pictures, and m")));
        place->segment(0)->click();
        QCOMPARE(bench.composer().note(), QString());
        // A film:
        bench.book().startNew();
        QVERIFY(bench.attach("grow.mp4"));
        place->segment(1)->click();
        QVERIFY(bench.composer().note().contains(QStringLiteral("the film that is attached")));
        place->segment(0)->click();
        QVERIFY(bench.askAndWait(QStringLiteral("What happens?")));
        place->segment(1)->click();
        QVERIFY(bench.composer().note().contains(QStringLiteral("This chat has a film, and m")));
        // A chat without any has nothing to be warned of.
        bench.book().startNew();
        QCOMPARE(bench.composer().note(), QString());
        place->segment(0)->click();
        place->segment(1)->click();
        QCOMPARE(bench.composer().note(), QString());
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestServerGroups test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_servergroups.moc"
