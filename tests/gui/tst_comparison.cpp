#include "gui/remote/comparison.h"

#include <QApplication>
#include <QComboBox>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPlainTextEdit>
#include <QTemporaryDir>
#include <QtTest>

#include "gui/chat/medialoader.h"
#include "gui/chat/transcriptview.h"
#include "gui/remote/remotereplysource.h"
#include "gui/remote/sourceswitch.h"
#include "gui/widgets/button.h"
#include "tests/support/fakereplysource.h"
#include "tests/support/fakeserver.h"

using namespace argali;
using namespace argali::gui;

namespace {

FakeServer::Answer saying(const QByteArray& text)
{
    return FakeServer::events(
        {{QByteArray("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"") + text +
          "\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"}});
}

OfferedModel offeredBy(const FakeServer& server, const QString& name)
{
    OfferedModel offered;
    offered.target.profile = name;
    offered.target.server = name;
    offered.target.access.url = remote::ServerUrl::parse(server.url().toStdString());
    offered.target.model.id = "m";
    offered.target.model.shown = "m";
    offered.shown = QStringLiteral("m");
    offered.isUsable = true;
    return offered;
}

struct Bench {
    QTemporaryDir dir;
    Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
    MediaLoader loader{dir.filePath(QStringLiteral("pasted"))};
    FakeReplySource local;
    RemoteReplySource remote;
    SourceSwitch both{local, remote};
    ConversationBook book;
    SourceChoice sources{settings, book, both, remote};
    FakeServer left;
    FakeServer right;
    std::unique_ptr<Comparison> dialog;

    Bench()
    {
        left.answer("/v1/chat/completions", saying("from the left"));
        right.answer("/v1/chat/completions", saying("from the right"));
    }
    void open(const std::optional<LoadedModel>& model = {}, const Conversation& before = {})
    {
        dialog = std::make_unique<Comparison>(
            Comparison::Parts{settings, loader, sources}, before,
            Draft{QStringLiteral("which?"), {}},
            Comparison::Options{AnswerOptions::builtIn(), AnswerOptions::builtIn()}, model,
            nullptr);
        dialog->show();
    }
    bool ends() const
    {
        return QTest::qWaitFor([this] { return !dialog->isBusy(); }, 10'000);
    }
};

} // namespace

class TestComparison final : public QObject {
    Q_OBJECT

private slots:
    void bothAnswerTheSame()
    {
        Bench bench;
        bench.sources.setOffered({offeredBy(bench.left, QStringLiteral("one")),
                                  offeredBy(bench.right, QStringLiteral("two"))});
        Conversation before;
        Turn earlier;
        earlier.id = 5;
        earlier.question = QStringLiteral("and before?");
        earlier.answer.state = Answer::State::Finished;
        earlier.answer.text = QStringLiteral("so it was");
        before.append(earlier);
        bench.open({}, before);
        QVERIFY(bench.dialog->askButton()->isEnabled());
        bench.dialog->askButton()->click();
        QVERIFY(bench.ends());
        QCOMPARE(bench.dialog->turn(0)->answer.text, QStringLiteral("from the left"));
        QCOMPARE(bench.dialog->turn(1)->answer.text, QStringLiteral("from the right"));
        QVERIFY(!bench.dialog->turn(0)->answer.statistics().isEmpty());
        QCOMPARE(bench.dialog->turn(0)->device, QStringLiteral("one"));
        QCOMPARE(bench.dialog->turn(1)->device, QStringLiteral("two"));
        QCOMPARE(bench.left.requests().size(), 1);
        QCOMPARE(bench.left.requests().first().body, bench.right.requests().first().body);
        const QJsonArray messages =
            QJsonDocument::fromJson(bench.left.requests().first().body)[QLatin1String("messages")]
                .toArray();
        QCOMPARE(messages.size(), 3); // the chat so far goes along
        // The chat itself has nothing of it.
        QVERIFY(bench.book.current().isEmpty());
        // Once more, with another question.
        bench.dialog->question()->setPlainText(QStringLiteral("and now?"));
        bench.dialog->askButton()->click();
        QVERIFY(bench.ends());
        QCOMPARE(bench.left.requests().size(), 2);
        QCOMPARE(bench.dialog->turn(0)->question, QStringLiteral("and now?"));
    }

    void hereAgainstAServer()
    {
        Bench bench;
        bench.sources.setOffered({offeredBy(bench.right, QStringLiteral("two"))});
        bench.open(anyModel());
        bench.dialog->askButton()->click();
        QCOMPARE(bench.local.turns.size(), 1);
        QVERIFY(bench.dialog->turn(0)->answeredBy.isLocal());
        QTRY_COMPARE_WITH_TIMEOUT(bench.dialog->turn(1)->answer.text,
                                  QStringLiteral("from the right"), 30'000);
        QVERIFY(bench.dialog->isBusy()); // the other one is not done
        bench.dialog->stop();
        QVERIFY(bench.local.cancels > 0);
        bench.local.finish(bench.local.lastTurn(), {}, FinishReason::Cancelled);
        QVERIFY(bench.ends());
        QCOMPARE(bench.dialog->turn(0)->answer.finishReason, FinishReason::Cancelled);
    }

    void needsTwoModels()
    {
        Bench bench;
        bench.open(anyModel());
        QVERIFY(!bench.dialog->askButton()->isEnabled());
        bench.sources.setOffered({offeredBy(bench.left, QStringLiteral("one"))});
        QCOMPARE(bench.dialog->choice(0)->count(), 2);
        bench.dialog->choice(1)->setCurrentIndex(1);
        QVERIFY(bench.dialog->askButton()->isEnabled());
        bench.dialog->choice(0)->setCurrentIndex(1); // the same on both sides
        QVERIFY(!bench.dialog->askButton()->isEnabled());
        bench.dialog->choice(0)->setCurrentIndex(0);
        bench.dialog->question()->clear();
        QVERIFY(!bench.dialog->askButton()->isEnabled());
    }

    void oneThatFailsSaysSo()
    {
        Bench bench;
        bench.left.answer("/v1/chat/completions",
                          FakeServer::json(R"({"error":{"message":"boom"}})", 500));
        bench.sources.setOffered({offeredBy(bench.left, QStringLiteral("one")),
                                  offeredBy(bench.right, QStringLiteral("two"))});
        bench.open();
        bench.dialog->askButton()->click();
        QVERIFY(bench.ends());
        QCOMPARE(bench.dialog->turn(0)->answer.state, Answer::State::Failed);
        QCOMPARE(bench.dialog->turn(1)->answer.text, QStringLiteral("from the right"));
        // Closed in the midst of an answer, it leaves nothing behind.
        FakeServer::Answer silent;
        silent.silent = true;
        bench.right.answer("/v1/chat/completions", silent);
        bench.dialog->askButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.right.requests().size(), 2, 30'000);
        bench.dialog.reset();
        QTRY_COMPARE_WITH_TIMEOUT(bench.right.openConnections(), 0, 30'000);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestComparison test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_comparison.moc"
