#include <QSignalSpy>
#include <QTest>

#include "gui/chat/conversation.h"

using namespace argali;
using namespace argali::gui;

namespace {

MediaFile picture(const QString& path)
{
    MediaFile file;
    file.path = path;
    file.size = QSize(640, 480);
    return file;
}

MediaFile film(const QString& path, int frames)
{
    MediaFile file = picture(path);
    file.kind = MediaFile::Kind::Film;
    file.frames = frames;
    file.duration = 8;
    file.frameCount = 240;
    return file;
}

Turn turn(quint64 id, const QString& question, const QString& answer)
{
    Turn t;
    t.id = id;
    t.question = question;
    t.answer.text = answer;
    t.answer.state = Answer::State::Finished;
    return t;
}

} // namespace

class TestConversation final : public QObject {
    Q_OBJECT
private slots:
    void requestHoldsEverythingInOrder()
    {
        Conversation chat;
        Turn first = turn(1, QStringLiteral("What is it?"), QStringLiteral("A ring."));
        first.media = {picture(QStringLiteral("/tmp/ä b.png")),
                       picture(QStringLiteral("/tmp/c.png"))};
        first.answer.thinking = QStringLiteral("secret thoughts");
        chat.append(first);
        Turn failed = turn(2, QStringLiteral("failed"), {});
        failed.answer.state = Answer::State::Failed;
        chat.append(failed);
        AnswerOptions options;
        options.systemPrompt = QStringLiteral("Be brief.");
        options.thinking = true;
        options.thinkingBudget = 256;
        options.longestAnswer = 512;
        options.sampling.enabled = true;
        options.sampling.temperature = 0.5F;
        const ChatRequest request = makeRequest(
            chat, {QStringLiteral("And now?"), {film(QStringLiteral("/f.mp4"), 5)}}, options);
        QCOMPARE(request.messages.size(), size_t(4));
        QCOMPARE(request.messages[0].role, Message::Role::System);
        QCOMPARE(request.messages[1].role, Message::Role::User);
        QCOMPARE(request.messages[1].content.size(), size_t(3));
        QCOMPARE(request.messages[1].content[0].type, ContentItem::Type::Picture);
        QCOMPARE(request.messages[1].content[0].picture.path.string(), std::string("/tmp/ä b.png"));
        QCOMPARE(request.messages[1].content[2].text, std::string("What is it?"));
        QCOMPARE(request.messages[2].role, Message::Role::Assistant);
        QCOMPARE(request.messages[2].content.at(0).text, std::string("A ring."));
        QCOMPARE(request.messages[3].content[0].type, ContentItem::Type::Film);
        QCOMPARE(request.messages[3].content[0].film.frameCount, 5);
        QCOMPARE(request.messages[3].content[1].text, std::string("And now?"));
        QVERIFY(request.thinking);
        QCOMPARE(request.thinkingBudget.value_or(0), 256);
        QCOMPARE(request.maxNewTokens, 512);
        QVERIFY(request.sampling && request.sampling->enabled);
        QCOMPARE(request.sampling->temperature, 0.5F);
    }

    void requestWithoutThinkingHasNoBudget()
    {
        const ChatRequest request =
            makeRequest(Conversation(), {QStringLiteral("Hi"), {}}, AnswerOptions());
        QCOMPARE(request.messages.size(), size_t(1));
        QVERIFY(!request.thinking);
        QVERIFY(!request.thinkingBudget);
        QVERIFY(request.sampling &&
                !request.sampling->enabled); // greedy, whatever the model's files say
    }

    void titles()
    {
        Conversation chat;
        QCOMPARE(chat.title(), QString());
        chat.append(turn(1, QStringLiteral("  What\n is <b>this</b>?"), {}));
        QCOMPARE(chat.title(), QStringLiteral("What is <b>this</b>?"));
        Conversation silent;
        Turn t = turn(2, QStringLiteral(" "), {});
        t.media = {picture(QStringLiteral("/tmp/a.png"))};
        silent.append(t);
        QCOMPARE(silent.title(), QStringLiteral("a.png"));
        QCOMPARE(silent.firstMedia(), std::optional(MediaFile::Kind::Picture));
    }

    void forkLeavesTheOriginal()
    {
        Conversation chat;
        for (int i = 1; i <= 3; ++i)
            chat.append(turn(quint64(i), QString::number(i), QStringLiteral("yes")));
        const auto fork = chat.forkBefore(3);
        QCOMPARE(fork->turns().size(), size_t(2));
        QCOMPARE(chat.turns().size(), size_t(3));
        chat.removeFrom(2);
        QCOMPARE(chat.turns().size(), size_t(1));
        chat.removeFrom(99);
        QCOMPARE(chat.turns().size(), size_t(1));
    }

    void wordsUnderAnswers()
    {
        Answer answer;
        QCOMPARE(answer.statistics(), QString());
        answer.state = Answer::State::Finished;
        answer.text = QStringLiteral("x");
        answer.usage.completionTokens = 236;
        answer.timings.decodeTokensPerSecond = 241.4;
        answer.timings.firstToken = std::chrono::milliseconds(210);
        QCOMPARE(answer.statistics(),
                 QStringLiteral("236 token(s) · 241 tok/s · first word 0.21 s"));
        QCOMPARE(answer.note(), QString());
        answer.finishReason = FinishReason::Cancelled;
        QCOMPARE(answer.note(), QStringLiteral("Stopped."));
        answer.finishReason = FinishReason::Length;
        QVERIFY(!answer.note().isEmpty());
    }

    void badges()
    {
        QCOMPARE(picture(QString()).badge(), QStringLiteral("640 × 480"));
        QVERIFY(film(QString(), 8).badge().startsWith(QStringLiteral("00:08 · 240")));
        QCOMPARE(timeText(42.55, true), QStringLiteral("00:42.5"));
        QCOMPARE(timeText(3642), QStringLiteral("1:00:42"));
        QCOMPARE(timeText(-1), QStringLiteral("00:00"));
        QCOMPARE(timeText(std::numeric_limits<double>::quiet_NaN()), QStringLiteral("00:00"));
        QCOMPARE(timeText(1e300), timeText(360'000'000));
    }

    void bookKeepsDraftsAndOneChat()
    {
        ConversationBook book;
        QCOMPARE(book.count(), 1);
        book.current().append(turn(1, QStringLiteral("a"), QStringLiteral("b")));
        QSignalSpy switched(&book, &ConversationBook::switched);
        book.startNew();
        QCOMPARE(book.count(), 2);
        QVERIFY(book.current().isEmpty());
        QCOMPARE(book.currentIndex(), 0);
        QCOMPARE(switched.count(), 1);
        book.open(1);
        QCOMPARE(book.current().title(), QStringLiteral("a"));
        book.startNew(); // the empty chat is used again
        QCOMPARE(book.count(), 2);
        QCOMPARE(book.holding(1), &book.at(1));
        QCOMPARE(book.holding(9), nullptr);
        book.remove(1);
        QCOMPARE(book.count(), 1);
        book.remove(0);
        QCOMPARE(book.count(), 1); // there is always one
        QVERIFY(book.current().isEmpty());
        book.open(7);
        book.remove(-1);
    }
};

QTEST_MAIN(TestConversation)
#include "tst_conversation.moc"
