#include <QSignalSpy>
#include <QTest>

#include "gui/chat/conversationbook.h"

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

QList<quint64> pathOf(const Conversation& chat)
{
    QList<quint64> path;
    for (const Turn& turn : chat.turns())
        path.append(turn.id);
    return path;
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

    void branchesKeepWhatWasThere()
    {
        Conversation chat;
        for (int i = 1; i <= 3; ++i)
            chat.append(turn(quint64(i), QString::number(i), QStringLiteral("yes")));
        chat.hideFrom(2);
        chat.append(turn(4, QStringLiteral("2 otherwise"), QStringLiteral("no")));
        QCOMPARE(pathOf(chat), (QList<quint64>{1, 4}));
        QCOMPARE(chat.branchOf(4).number, 2);
        QCOMPARE(chat.branchOf(4).count, 2);
        QCOMPARE(chat.branchOf(1).count, 1);
        QCOMPARE(chat.branchOf(99).count, 1);
        QCOMPARE(chat.siblingOf(4, -1), quint64(2));
        QCOMPARE(chat.siblingOf(4, 1), quint64(0));
        QCOMPARE(chat.siblingOf(4, INT_MIN), quint64(0));
        QVERIFY(chat.show(2)); // and goes on as it last went on from there
        QCOMPARE(pathOf(chat), (QList<quint64>{1, 2, 3}));
        QVERIFY(chat.find(4) && !chat.isShown(4));
        QVERIFY(!chat.show(99));
        QCOMPARE(chat.allTurns().size(), size_t(4));
    }

    void oneTurnGoesAndComesBack()
    {
        Conversation chat;
        for (int i = 1; i <= 3; ++i)
            chat.append(turn(quint64(i), QString::number(i), QStringLiteral("yes")));
        const auto middle = chat.remove(2);
        QVERIFY(middle);
        QCOMPARE(pathOf(chat), (QList<quint64>{1, 3}));
        QCOMPARE(chat.find(3)->parent, quint64(1));
        chat.restore(*middle);
        QCOMPARE(pathOf(chat), (QList<quint64>{1, 2, 3}));
        chat.hideFrom(1);
        chat.append(turn(5, QStringLiteral("other"), QStringLiteral("no")));
        const auto branch = chat.remove(5); // the one beside it is shown again
        QCOMPARE(pathOf(chat), (QList<quint64>{1, 2, 3}));
        chat.restore(*branch);
        QCOMPARE(pathOf(chat), QList<quint64>{5});
        QVERIFY(!chat.remove(99));
        QCOMPARE(chat.removeFrom(1), (std::vector<quint64>{1, 2, 3}));
        QCOMPARE(chat.removeFrom(5), std::vector<quint64>{5});
        QVERIFY(chat.isEmpty());
        QVERIFY(chat.removeFrom(5).empty());
    }

    void storedTurnsThatDoNotFit()
    {
        Turn child = turn(7, QStringLiteral("child"), QStringLiteral("b"));
        child.parent = 5;
        Turn orphan = turn(8, QStringLiteral("orphan"), QStringLiteral("c"));
        orphan.parent = 77;
        Turn circle = turn(9, QStringLiteral("circle"), QStringLiteral("d"));
        circle.parent = 9;
        Conversation chat(ConversationHead{}, false);
        QVERIFY(!chat.isEmpty()); // what is not read yet is not known to be empty
        chat.fill({circle, child, orphan, turn(5, QStringLiteral("a"), QStringLiteral("a"))},
                  {5, 7, 1234});
        QVERIFY(chat.isLoaded());
        QCOMPARE(pathOf(chat), (QList<quint64>{5, 7}));
        QCOMPARE(chat.branchOf(5).count, 3);
    }

    void namesAreOneCleanLine()
    {
        QCOMPARE(cleanName(QStringLiteral("  a\n\tb\u202e\u2066c \x01 ")), QStringLiteral("a bc"));
        QCOMPARE(cleanName(QStringLiteral("\u200b\u202e")), QString());
        QCOMPARE(cleanName(QString(500'000, QLatin1Char('x'))).size(),
                 ConversationBook::longestName);
        QCOMPARE(cleanName(QStringLiteral("图像 🐏")), QStringLiteral("图像 🐏"));
        const QString rams = QStringLiteral("x") + QStringLiteral("🐏").repeated(300);
        QVERIFY(!cleanName(rams).back().isHighSurrogate());
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
        AnswerOptions asked;
        QCOMPARE(answer.note(asked), QString());
        answer.finishReason = FinishReason::Cancelled;
        QCOMPARE(answer.note(asked), QStringLiteral("Stopped."));
        answer.finishReason = FinishReason::Length;
        QCOMPARE(answer.note(asked), QStringLiteral("The longest answer was reached here."));
    }

    /// What is advised can be done: there is no budget to lower where nothing thinks.
    void adviceWhereTheAnswerDidNotBegin()
    {
        Answer answer;
        answer.state = Answer::State::Finished;
        answer.finishReason = FinishReason::Length;
        answer.text = QStringLiteral(" \n");
        const auto said = [&](bool thinking, bool hasBudget) {
            AnswerOptions asked;
            asked.thinking = thinking;
            asked.hasBudget = hasBudget;
            return answer.note(asked);
        };
        QVERIFY(said(true, true).endsWith(QStringLiteral("or lower the thinking budget.")));
        QVERIFY(said(true, false).endsWith(QStringLiteral("or switch the thinking budget on.")));
        for (const bool hasBudget : {true, false}) {
            QVERIFY(said(false, hasBudget).endsWith(QStringLiteral(" Raise it.")));
            QVERIFY(!said(false, hasBudget).contains(QStringLiteral("budget")));
        }
        answer.thinking = QStringLiteral("It thought although nobody asked.");
        QVERIFY(!said(false, true).contains(QStringLiteral("budget")));
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

    void removedChatComesBack()
    {
        ConversationBook book;
        book.current().append(turn(1, QStringLiteral("a"), QStringLiteral("b")));
        book.current().draft.text = QStringLiteral("half");
        QSignalSpy removed(&book, &ConversationBook::removed);
        QSignalSpy restored(&book, &ConversationBook::restored);
        QSignalSpy forgotten(&book, &ConversationBook::forgotten);
        const quint64 id = book.current().id();
        book.remove(0);
        QVERIFY(book.current().isEmpty());
        QCOMPARE(book.holding(1)->id(), id); // an answer that still comes is not lost
        QCOMPARE(book.indexOf(id), -1);
        QVERIFY(book.undoRemove());
        QVERIFY(!book.undoRemove());
        QCOMPARE(book.current().id(), id);
        QCOMPARE(book.current().draft.text, QStringLiteral("half"));
        QCOMPARE(removed.count(), 1);
        QCOMPARE(restored.count(), 1);
        book.remove(book.indexOf(id));
        book.forgetRemoved();
        QCOMPARE(forgotten.count(), 1);
        QVERIFY(!book.undoRemove());
    }

    void namesFoldersAndPins()
    {
        ConversationBook book;
        book.current().append(turn(1, QStringLiteral("first question"), QStringLiteral("b")));
        const quint64 id = book.current().id();
        QSignalSpy heads(&book, &ConversationBook::headChanged);
        book.setTitle(id, QStringLiteral(" My\nchat "));
        QCOMPARE(book.current().title(), QStringLiteral("My chat"));
        QCOMPARE(book.current().head().heading, QStringLiteral("first question"));
        book.setTitle(id, QString());
        QCOMPARE(book.current().title(), QStringLiteral("first question"));
        QCOMPARE(book.addFolder(QStringLiteral(" \n")), quint64(0));
        const quint64 folder = book.addFolder(QStringLiteral("Work"));
        book.setFolder(id, folder);
        book.setFolder(id, 4711); // there is none
        QCOMPARE(book.current().head().folder, folder);
        book.renameFolder(folder, QStringLiteral("Play"));
        book.renameFolder(folder, QString());
        QCOMPARE(book.folders().first().name, QStringLiteral("Play"));
        book.setPinned(id, true);
        QVERIFY(book.current().head().pinned);
        book.removeFolder(folder);
        QCOMPARE(book.current().head().folder, quint64(0));
        QVERIFY(book.folders().isEmpty());
        QCOMPARE(heads.count(), 5);
    }

    void earlierChatsAreReadWhenOpened()
    {
        ConversationBook book;
        ConversationHead head;
        head.id = 12;
        head.heading = QStringLiteral("long ago");
        head.media = MediaFile::Kind::Film;
        ConversationHead other = head;
        other.id = 13;
        book.addEarlier({head, other}, {{3, QStringLiteral("Folder")}});
        QCOMPARE(book.count(), 3);
        QCOMPARE(book.at(1).title(), QStringLiteral("long ago"));
        QCOMPARE(book.at(1).firstMedia(), std::optional(MediaFile::Kind::Film));
        QSignalSpy wanted(&book, &ConversationBook::loadRequested);
        QSignalSpy switched(&book, &ConversationBook::switched);
        book.open(1);
        book.open(2); // the last one that was asked for is opened
        QCOMPARE(wanted.count(), 2);
        QCOMPARE(switched.count(), 0);
        book.fill(12, {turn(1, QStringLiteral("a"), QStringLiteral("b"))}, {1});
        QCOMPARE(switched.count(), 0);
        book.fill(13, {turn(2, QStringLiteral("c"), QStringLiteral("d"))}, {2});
        QCOMPARE(switched.count(), 1);
        QCOMPARE(book.current().title(), QStringLiteral("c"));
        book.open(1);
        QCOMPARE(book.current().title(), QStringLiteral("a"));
        book.fill(4711, {}, {});
        QSignalSpy failed(&book, &ConversationBook::openFailed);
        book.fillFailed(13);
        QCOMPARE(failed.count(), 1);
        QVERIFY(book.newId() < (quint64(1) << 53));
    }
};

QTEST_MAIN(TestConversation)
#include "tst_conversation.moc"
