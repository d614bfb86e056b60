#include <QDir>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

#include "gui/chat/conversation.h"
#include "gui/chat/localreplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QString samples = QStringLiteral(ARGALI_RESOURCES "/pocket/samples/");

ChatRequest ask(const QString& question, const QString& picture = {})
{
    Draft draft{question, {}};
    if (!picture.isEmpty()) {
        MediaFile file;
        file.path = samples + picture;
        draft.media.append(file);
    }
    return makeRequest(Conversation(), draft, AnswerOptions());
}

} // namespace

/// The pocket model on the engine's thread.
class TestLocalReplySource final : public QObject {
    Q_OBJECT
    std::unique_ptr<LocalReplySource> m_source;

    bool open(const QString& folder)
    {
        QSignalSpy loaded(m_source.get(), &LocalReplySource::loaded);
        QSignalSpy failed(m_source.get(), &LocalReplySource::loadFailed);
        QSignalSpy stopped(m_source.get(), &LocalReplySource::loadStopped);
        m_source->load(folder);
        return QTest::qWaitFor(
                   [&] { return loaded.count() + failed.count() + stopped.count() > 0; }, 60'000) &&
               loaded.count() == 1;
    }
    QString answer(quint64 turn, const ChatRequest& request)
    {
        QSignalSpy finished(m_source.get(), &ReplySource::finished);
        QSignalSpy failed(m_source.get(), &ReplySource::failed);
        m_source->start(turn, request);
        if (!QTest::qWaitFor([&] { return finished.count() + failed.count() > 0; }, 120'000) ||
            finished.isEmpty())
            return failed.isEmpty() ? QStringLiteral("nothing")
                                    : failed.first().at(1).value<Failure>().details();
        return QString::fromStdString(finished.first().at(1).value<ChatResult>().text);
    }

private slots:
    void init() { m_source = std::make_unique<LocalReplySource>(); }
    void cleanup() { m_source.reset(); }

    void withoutAModel()
    {
        QSignalSpy failed(m_source.get(), &ReplySource::failed);
        m_source->start(5, ask(QStringLiteral("?")));
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 10'000);
        QCOMPARE(failed.first().first().toULongLong(), quint64(5));
        QVERIFY(
            failed.first().at(1).value<Failure>().sentence().contains(QStringLiteral("No model")));
    }

    void answersTruly()
    {
        QSignalSpy progress(m_source.get(), &LocalReplySource::loadProgressed);
        QVERIFY(open({}));
        QVERIFY(progress.count() > 0);
        QSignalSpy text(m_source.get(), &ReplySource::textReady);
        QCOMPARE(answer(1, ask(QStringLiteral("What shape is the green object?"),
                               QStringLiteral("objects.png"))),
                 QStringLiteral("The green object is a cross."));
        QString streamed;
        for (const QList<QVariant>& piece : text)
            streamed += piece.at(1).toString();
        QCOMPARE(streamed.trimmed(), QStringLiteral("The green object is a cross."));
    }

    /// This model writes no opening marker, so that only the forced end tells that it thought.
    void textThatWasThinkingIsTakenBack()
    {
        QVERIFY(open(QStringLiteral(ARGALI_TEST_DATA "/ovis2_5-tiny")));
        QString text, thinking;
        int takenBack = 0;
        connect(m_source.get(), &ReplySource::textReady, this,
                [&](quint64, const QString& piece) { text += piece; });
        connect(m_source.get(), &ReplySource::thinkingReady, this,
                [&](quint64, const QString& piece) { thinking += piece; });
        connect(m_source.get(), &ReplySource::textTakenBack, this, [&] {
            ++takenBack;
            text.clear();
        });
        ChatRequest request = ask(QStringLiteral("Describe this image in detail."));
        request.thinking = true;
        request.thinkingBudget = 5;
        request.maxNewTokens = 60;
        request.sampling = Sampling{};
        QSignalSpy finished(m_source.get(), &ReplySource::finished);
        m_source->start(1, request);
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 60'000);
        const auto result = finished.first().at(1).value<ChatResult>();
        QCOMPARE(takenBack, 1);
        QVERIFY(result.thinking.size() > 50);
        QCOMPARE(thinking, QString::fromStdString(result.thinking));
        QCOMPARE(text, QString::fromStdString(result.text));
    }

    void answersNow()
    {
        QVERIFY(open({}));
        QVERIFY(m_source->canAnswerNow());
        m_source->answerNow(); // of nothing: the next one thinks all the same
        ChatRequest request =
            ask(QStringLiteral("What shape is the green object?"), QStringLiteral("objects.png"));
        request.thinking = true;
        request.maxNewTokens = 512;
        request.sampling = Sampling{};
        QSignalSpy finished(m_source.get(), &ReplySource::finished);
        int progress = 0;
        connect(m_source.get(), &ReplySource::progressed, m_source.get(),
                [&](quint64, const Progress& p) {
                    progress += p.phase == Progress::Phase::Answering ? 1 : 0;
                    if (progress == 1)
                        m_source->answerNow();
                });
        ChatResult result;
        for (quint64 turn = 1; turn <= 20 && !result.answeredNow; ++turn) {
            progress = 0; // where this thread is late, the model has thought to its end
            m_source->start(turn, request);
            QTRY_COMPARE_WITH_TIMEOUT(finished.count(), int(turn), 120'000);
            result = finished.last().at(1).value<ChatResult>();
        }
        QVERIFY(result.answeredNow);
        QVERIFY(!result.budgetReached);
        QVERIFY(QString::fromStdString(result.thinking)
                    .endsWith(QStringLiteral("based on the thinking directly now.")));
    }

    void failingModelLeavesTheFormerUsable()
    {
        QVERIFY(open({}));
        QSignalSpy failed(m_source.get(), &LocalReplySource::loadFailed);
        QVERIFY(!open(QDir::tempPath() + QStringLiteral("/argali-no-such-model")));
        QCOMPARE(failed.count(), 1);
        QVERIFY(failed.first().at(2).toBool());
        QVERIFY(!m_source->isLoading());
        QCOMPARE(answer(2, ask(QStringLiteral("Count the objects. Answer in one word."),
                               QStringLiteral("objects.png"))),
                 QStringLiteral("2"));
    }

    void brokenPictureFailsAndTheNextOneWorks()
    {
        QVERIFY(open({}));
        QSignalSpy failed(m_source.get(), &ReplySource::failed);
        m_source->start(1, ask(QStringLiteral("?"), QStringLiteral("samples.json")));
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 30'000);
        QCOMPARE(failed.first().at(1).value<Failure>().code(), Error::Code::BadMedia);
        QCOMPARE(answer(2, ask(QStringLiteral("How many shapes are there?"),
                               QStringLiteral("groups.png"))),
                 QStringLiteral("There are 2 objects."));
    }

    void everyStartEndsOnce()
    {
        QVERIFY(open({}));
        QSignalSpy finished(m_source.get(), &ReplySource::finished);
        for (quint64 turn = 1; turn <= 6; ++turn) { // each ends the one before
            m_source->start(turn, ask(QStringLiteral("Describe this image in detail."),
                                      QStringLiteral("objects.png")));
            QTest::qWait(int(turn) * 7);
        }
        m_source->cancel();
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 6, 60'000);
        QSet<quint64> turns;
        for (const QList<QVariant>& end : finished)
            turns.insert(end.first().toULongLong());
        QCOMPARE(turns.size(), 6);
        QCOMPARE(answer(9, ask(QStringLiteral("What shape is the green object?"),
                               QStringLiteral("objects.png"))),
                 QStringLiteral("The green object is a cross."));
    }

    void cancelReturnsAtOnce()
    {
        QVERIFY(open({}));
        QSignalSpy finished(m_source.get(), &ReplySource::finished);
        m_source->start(1, ask(QStringLiteral("Describe this image in detail."),
                               QStringLiteral("objects.png")));
        QTest::qWait(5);
        QElapsedTimer watch;
        watch.start();
        m_source->cancel();
        QVERIFY(watch.elapsed() < 20);
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 30'000);
        m_source->cancel(); // nothing runs
    }

    void costIsTheNewestQuestions()
    {
        QVERIFY(open({}));
        QSignalSpy cost(m_source.get(), &ReplySource::costReady);
        m_source->estimate(1, ask(QStringLiteral("one")));
        m_source->estimate(2, ask(QStringLiteral("two"), QStringLiteral("objects.png")));
        QTRY_VERIFY_WITH_TIMEOUT(!cost.isEmpty() && cost.last().first().toULongLong() == 2, 30'000);
        const RequestCost told = cost.last().at(1).value<RequestCost>();
        QVERIFY(told.visualTokens > 0);
        QVERIFY(told.promptTokens > told.visualTokens);
        QVERIFY(told.context >= told.promptTokens);
    }

    void endsWhileItLoadsAndAnswers()
    {
        m_source->load({});
        m_source.reset(); // stops and joins the thread
        m_source = std::make_unique<LocalReplySource>();
        QVERIFY(open({}));
        m_source->start(1, ask(QStringLiteral("Describe this image in detail."),
                               QStringLiteral("objects.png")));
        m_source.reset();
    }
};

QTEST_MAIN(TestLocalReplySource)
#include "tst_localreplysource.moc"
