// What comes back of an export, and what a file from anywhere can do: nothing.
#include <sys/stat.h>
#include <unistd.h>

#include <QBuffer>
#include <QElapsedTimer>

#include "tests/gui/exchangebench.h"
#include "tests/support/testfolders.h"

using namespace argali;
using namespace argali::gui;

namespace {

QStringList allFilesIn(const QString& folder)
{
    QStringList all;
    for (const QFileInfo& info : QDir(folder).entryInfoList(
             QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name)) {
        all << info.filePath();
        if (info.isDir() && !info.isSymLink())
            all << allFilesIn(info.filePath());
    }
    return all;
}

QByteArray chatWith(const QByteArray& turns, const QByteArray& more = {})
{
    return R"({"format":"argali-chat","version":1,"title":"T",)" + more + "\"turns\":[" + turns +
           "]}";
}

QByteArray turnWith(const QByteArray& more = {})
{
    return R"({"id":1,"parent":0,"shown":true,"question":"q","answer":"a")" +
           (more.isEmpty() ? QByteArray() : ',' + more) + '}';
}

QByteArray mediaWith(const QByteArray& file, const QByteArray& sum = QByteArray(64, '0'),
                     const QByteArray& more = {})
{
    return turnWith(R"("media":[{"name":"p.png","file":")" + file + R"(","sha256":")" + sum + "\"" +
                    (more.isEmpty() ? QByteArray() : ',' + more) + "}]");
}

QByteArray sumOf(const QByteArray& bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

} // namespace

class TestChatImport final : public QObject {
    Q_OBJECT
    TestFolders folder;
    /// Two branches at two places, a picture, a film, thinking, formulas, Chinese, failures.
    quint64 fill(HistorySession& session)
    {
        AnswerOptions options;
        options.thinking = true;
        options.thinkingBudget = 256;
        options.sampling.enabled = true;
        options.sampling.temperature = 0.5F;
        options.sampling.seed = 0xfedcba9876543210U;
        options.systemPrompt = QStringLiteral("Be brief. 简洁。");
        const quint64 first = session.turns.send(
            {QStringLiteral("看图\n$x^2$"),
             {pictureFile(folder() + QStringLiteral("/a b ä图.png"), 77), filmFile()}},
            options, QStringLiteral("Any-1B"));
        session.source.think(first, QStringLiteral("Hm"), 3);
        ChatResult result;
        result.text = "A ring 🐏: $$\\frac{1}{2}$$";
        result.thinking = "Hm";
        result.finishReason = FinishReason::Length;
        result.contextReached = true;
        result.usage = {100, 80, 3, 12};
        result.timings.decodeTokensPerSecond = 120.5;
        result.timings.firstToken = std::chrono::milliseconds(210);
        session.source.finish(first, result);
        session.ask(QStringLiteral("And then?"), QStringLiteral("Nothing."));
        const quint64 again = session.turns.regenerate(first, {}, QStringLiteral("Other-2B"));
        session.source.fail(again, Failure(Error::Code::Device, QStringLiteral("lost")));
        session.turns.showSibling(again, -1);
        const quint64 chat = session.book.current().id();
        session.book.setTitle(chat, QStringLiteral("Rings 戒指"));
        session.book.setPinned(chat, true);
        session.book.setFolder(chat, session.book.addFolder(QStringLiteral("Work")));
        return chat;
    }
    static ImportResult importBytes(HistorySession& session, const QString& path,
                                    const QByteArray& bytes)
    {
        writeBytes(path, bytes);
        ChatImport importer(session.book, session.store);
        return importFiles(importer, {path});
    }

private slots:
    void everythingComesBack()
    {
        const QString out = folder("out") + QStringLiteral("/c.json");
        QStringList original;
        {
            HistorySession session(folder("one"));
            const quint64 chat = fill(session);
            session.settle();
            original = describe(*session.book.byId(chat));
            ChatExport exporter(session.book, &session.store, nullptr);
            QVERIFY(exportChats(exporter, {chat}, {ExportOptions::Format::Json, true}, out, false)
                        .result);
        }
        quint64 imported = 0;
        {
            HistorySession session(folder("two"));
            ChatImport importer(session.book, session.store);
            const ImportResult result = importFiles(importer, {out});
            QVERIFY2(result.failures.isEmpty(), qPrintable(result.failures.value(0).sentence() +
                                                           result.failures.value(0).details()));
            QCOMPARE(result.chats.size(), 1);
            QCOMPARE(result.missing + result.repaired + result.elsewhere, 0);
            imported = result.chats.first();
            QCOMPARE(session.book.folders().size(), 1);
            QCOMPARE(session.book.folders().first().name, QStringLiteral("Work"));
            QCOMPARE(session.book.byId(imported)->head().folder, session.book.folders().first().id);
            QVERIFY(!session.book.byId(imported)->isLoaded());
            QCOMPARE(session.book.byId(imported)->title(), QStringLiteral("Rings 戒指"));
            QCOMPARE(session.book.byId(imported)->firstMedia(),
                     std::optional(MediaFile::Kind::Picture));
            // The media are in the store under their sums; the export is not needed any more.
            QVERIFY(QDir(folder("out")).removeRecursively());
            const Conversation& chat = *session.open(session.book.indexOf(imported));
            QCOMPARE(describe(chat), original);
            const QList<MediaFile>& media = chat.turns().front().media;
            QCOMPARE(media.size(), 2);
            QVERIFY(media[0].path.startsWith(folder("two") + QStringLiteral("/media/")));
            QCOMPARE(fileBytes(media[0].path),
                     fileBytes(folder() + QStringLiteral("/a b ä图.png")));
            QCOMPARE(fileBytes(media[1].path), fileBytes(filmFile().path));
            QCOMPARE(media[1].chosen, filmFile().chosen);
            QCOMPARE(
                QDir(folder("two/media")).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size(),
                2);
            // It can be searched and gone on with.
            QCOMPARE(session.search(QStringLiteral("ring")).size(), 2);
            session.ask(QStringLiteral("More?"), QStringLiteral("Yes."));
        }
        HistorySession session(folder("two")); // and it is there the next time
        const Conversation& chat = *session.open(session.book.indexOf(imported));
        QCOMPARE(chat.turns().size(), size_t(3));
        QVERIFY(QFile::exists(chat.turns().front().media[0].path));
    }

    void twiceGivesTwo()
    {
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        session.settle();
        const QStringList original = describe(*session.book.byId(chat));
        const QString out = folder("out") + QStringLiteral("/c.json");
        ChatExport exporter(session.book, &session.store, nullptr);
        QVERIFY(
            exportChats(exporter, {chat}, {ExportOptions::Format::Json, true}, out, false).result);
        ChatImport importer(session.book, session.store);
        const ImportResult result = importFiles(importer, {out, out});
        QCOMPARE(result.chats.size(), 2);
        QVERIFY(result.chats[0] != result.chats[1]);
        QCOMPARE(session.book.folders().size(), 1); // the same name is the same folder
        for (const quint64 id : {chat, result.chats[0], result.chats[1]}) {
            QCOMPARE(describe(*session.open(session.book.indexOf(id))), original);
            QCOMPARE(session.book.byId(id)->head().folder, session.book.folders().first().id);
        }
        // Three chats, six turns with media, two files.
        QTRY_COMPARE(QDir(folder("home/media")).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(),
                     2);
        // One goes with what was its own only.
        session.book.remove(session.book.indexOf(chat));
        session.book.forgetRemoved();
        session.settle();
        QVERIFY(QFile::exists(
            session.open(session.book.indexOf(result.chats[0]))->turns().front().media[0].path));
    }

    void withoutThinkingItStaysAway()
    {
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        const QString out = folder("out") + QStringLiteral("/c.json");
        ChatExport exporter(session.book, &session.store, nullptr);
        QVERIFY(
            exportChats(exporter, {chat}, {ExportOptions::Format::Json, false}, out, false).result);
        ChatImport importer(session.book, session.store);
        const ImportResult result = importFiles(importer, {out});
        const Turn& turn =
            session.open(session.book.indexOf(result.chats.value(0)))->turns().front();
        QCOMPARE(turn.answer.thinking, QString());
        QVERIFY(!turn.answer.thinkingDone);
        QCOMPARE(turn.answer.text, QString::fromUtf8("A ring 🐏: $$\\frac{1}{2}$$"));
    }

    /// The file that later versions still have to read.
    void theSampleIsRead()
    {
        HistorySession session(folder("home"));
        ChatImport importer(session.book, session.store);
        const ImportResult result =
            importFiles(importer, {QStringLiteral(ARGALI_TEST_DATA "/exchange/version1.json")});
        QVERIFY2(result.failures.isEmpty(), qPrintable(result.failures.value(0).details()));
        QCOMPARE(result.missing, 0);
        const Conversation& chat = *session.open(session.book.indexOf(result.chats.value(0)));
        QCOMPARE(chat.title(), QStringLiteral("Shapes"));
        QCOMPARE(chat.allTurns().size(), size_t(3));
        QCOMPARE(chat.turns().size(), size_t(2));
        QCOMPARE(chat.turns()[0].media.size(), 1);
        QCOMPARE(chat.turns()[0].media[0].size, QSize(40, 30));
        QCOMPARE(chat.turns()[0].answer.thinking, QStringLiteral("Let me look."));
        QCOMPARE(chat.turns()[1].answer.text, QStringLiteral("Blue, 蓝色, $x^2$."));
        QCOMPARE(chat.head().created, qint64(1'750'000'000'000));
    }

    void hostileFiles_data();
    void hostileFiles();

    void strangePlaces()
    {
        HistorySession session(folder("home"));
        ChatImport importer(session.book, session.store);
        const QString pipe = folder() + QStringLiteral("/pipe.json");
        QCOMPARE(::mkfifo(QFile::encodeName(pipe).constData(), 0600), 0);
        const ImportResult result =
            importFiles(importer, {pipe, QStringLiteral("/dev/zero"), folder(),
                                   folder() + QStringLiteral("/nothing.json")});
        QCOMPARE(result.failures.size(), 4);
        for (const Failure& failure : result.failures)
            QVERIFY(failure.sentence().contains(QStringLiteral("cannot be read")));
    }

    void mediaStayInTheirPlace()
    {
        // A folder that is a link, a file that is one, one that was changed, one that is no
        // picture.
        HistorySession session(folder("home"));
        const QString secret = folder("secret") + QStringLiteral("/s.png");
        pictureFile(secret, 9);
        const QByteArray sum = sumOf(fileBytes(secret));
        const QString out = folder("out");
        QDir(out).mkpath(QStringLiteral("m"));
        QCOMPARE(::symlink(QFile::encodeName(secret).constData(),
                           QFile::encodeName(out + QStringLiteral("/m/link.png")).constData()),
                 0);
        QCOMPARE(::symlink(QFile::encodeName(folder("secret")).constData(),
                           QFile::encodeName(out + QStringLiteral("/f")).constData()),
                 0);
        writeBytes(out + QStringLiteral("/m/text.png"), "no picture");
        pictureFile(out + QStringLiteral("/m/changed.png"), 10);
        QDir(out).mkpath(QStringLiteral("m/x"));
        const QByteArray absolute = QFile::encodeName(secret);
        for (const QByteArray& file :
             {QByteArray("m/link.png"), QByteArray("f/s.png"), QByteArray("../secret/s.png"),
              QByteArray("m/../../secret/s.png"), QByteArray("m/x/../../../secret/s.png"),
              QByteArray("m/x/../../f/s.png"), absolute, 'm' + absolute, "m/" + absolute})
            QCOMPARE(importBytes(session, out + QStringLiteral("/c.json"),
                                 chatWith(mediaWith(file, sum)))
                         .missing,
                     1);
        QCOMPARE(importBytes(session, out + QStringLiteral("/c.json"),
                             chatWith(mediaWith("m/text.png", sumOf("no picture"))))
                     .missing,
                 1);
        QCOMPARE(importBytes(session, out + QStringLiteral("/c.json"),
                             chatWith(mediaWith("m/changed.png", sum)))
                     .missing,
                 1);
        // A picture that says it is a film is none.
        const QByteArray own = sumOf(fileBytes(out + QStringLiteral("/m/changed.png")));
        QCOMPARE(importBytes(session, out + QStringLiteral("/c.json"),
                             chatWith(mediaWith("m/changed.png", own,
                                                R"("details":{"film":true,"frameCount":9})")))
                     .missing,
                 1);
        QVERIFY(allFilesIn(folder("home/media")).isEmpty());
        const ImportResult good =
            importBytes(session, out + QStringLiteral("/c.json"),
                        chatWith(mediaWith("m/changed.png", own, R"("details":{"width":7})")));
        QCOMPARE(good.missing, 0);
        const Conversation& chat = *session.open(session.book.indexOf(good.chats.value(0)));
        QCOMPARE(chat.turns().front().media.first().size,
                 QSize(40, 30)); // what it is, not what is said
    }

    void manyTurns()
    {
        HistorySession session(folder("home"));
        QByteArray turns;
        for (int i = 1; i <= chatjson::mostTurns; ++i)
            turns +=
                (i > 1 ? "," : "") +
                QByteArray(R"({"id":%1,"parent":%2,"question":"q %1","answer":"a","shown":true})")
                    .replace("%1", QByteArray::number(i))
                    .replace("%2", QByteArray::number(i - 1));
        QElapsedTimer longest;
        qint64 blocked = 0;
        QTimer tick;
        longest.start();
        connect(&tick, &QTimer::timeout, this,
                [&] { blocked = std::max(blocked, longest.restart()); });
        tick.start(5);
        const ImportResult result =
            importBytes(session, folder() + QStringLiteral("/c.json"), chatWith(turns));
        QCOMPARE(result.chats.size(), 1);
        QVERIFY2(blocked < 1000, qPrintable(QString::number(blocked)));
        qInfo("the window was blocked for %lld ms", static_cast<long long>(blocked));
        QCOMPARE(session.open(session.book.indexOf(result.chats.first()))->turns().size(),
                 size_t(chatjson::mostTurns));
    }

    void cancelBetweenFiles()
    {
        HistorySession session(folder("home"));
        QStringList files;
        for (int i = 0; i < 30; ++i) {
            files << folder() + QStringLiteral("/%1.json").arg(i);
            writeBytes(files.last(), chatWith(turnWith()));
        }
        ChatImport importer(session.book, session.store);
        connect(&importer, &ChatImport::progressed, &importer, [&](qint64 done) {
            if (done == 5)
                importer.cancel();
        });
        const ImportResult result = importFiles(importer, files);
        QVERIFY(result.chats.size() >= 4 && result.chats.size() <= 6);
        QVERIFY(!importer.isBusy());
        QCOMPARE(session.book.count(), 1 + int(result.chats.size())); // each whole or not at all
    }

    void aStoreThatCannotBeWrittenTo()
    {
        // While another program holds the file.
        HistorySession session(folder("home"));
        session.ask(QStringLiteral("Mine"), QStringLiteral("stays"));
        session.settle();
        const QString out = folder("out");
        QDir(out).mkpath(QStringLiteral("m"));
        pictureFile(out + QStringLiteral("/m/p.png"), 3);
        const QByteArray sum = sumOf(fileBytes(out + QStringLiteral("/m/p.png")));
        {
            QSqlDatabase db =
                QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("lock"));
            db.setDatabaseName(folder("home") + QStringLiteral("/history.sqlite"));
            QVERIFY(db.open());
            QVERIFY(QSqlQuery(db).exec(QStringLiteral("BEGIN IMMEDIATE")));
            const ImportResult result =
                importBytes(session, out + QStringLiteral("/c.json"),
                            chatWith(mediaWith("m/p.png", sum), R"("folder":"New",)"));
            QCOMPARE(result.chats.size(), 0);
            QCOMPARE(result.failures.size(), 1);
            QVERIFY(
                result.failures.first().sentence().contains(QStringLiteral("could not be saved")));
            QSqlQuery(db).exec(QStringLiteral("ROLLBACK"));
        }
        QSqlDatabase::removeDatabase(QStringLiteral("lock"));
        QCOMPARE(session.book.count(), 1);
        QVERIFY(session.book.folders().isEmpty()); // the one that was made for it went again
        QTRY_VERIFY(allFilesIn(folder("home/media")).isEmpty());
        session.settle();
        QCOMPARE(sqlValue(folder("home") + QStringLiteral("/history.sqlite"),
                          QStringLiteral("SELECT count(*) FROM turns"))
                     .toInt(),
                 1);
    }

    void notBeforeTheHistoryIsOpen()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns{book, source};
        HistoryStore store(folder() + QStringLiteral("/h.sqlite"), folder() + QStringLiteral("/m"),
                           book, turns);
        writeBytes(folder() + QStringLiteral("/c.json"), chatWith(turnWith()));
        ChatImport importer(book, store);
        const ImportResult result = importFiles(importer, {folder() + QStringLiteral("/c.json")});
        QCOMPARE(result.failures.size(), 1);
        QCOMPARE(book.count(), 1);
    }
};

void TestChatImport::hostileFiles_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("imported"); // else refused
    const auto bad = [](const char* name, const QByteArray& bytes) {
        QTest::newRow(name) << bytes << false;
    };
    const auto good = [](const char* name, const QByteArray& bytes) {
        QTest::newRow(name) << bytes << true;
    };
    bad("nothing", "");
    bad("one brace", "{");
    bad("no JSON", "hello");
    bad("a list", "[]");
    bad("null", "null");
    bad("another format", R"({"format":"chatgpt","version":1,"turns":[]})");
    bad("no format", R"({"version":1,"turns":[]})");
    bad("no version", R"({"format":"argali-chat","turns":[{}]})");
    bad("version as text", R"({"format":"argali-chat","version":"1","turns":[{}]})");
    bad("newer", R"({"format":"argali-chat","version":2,"turns":[{}]})");
    bad("huge version", R"({"format":"argali-chat","version":1e300,"turns":[{}]})");
    bad("negative version", R"({"format":"argali-chat","version":-1,"turns":[{}]})");
    bad("no turns", chatWith(""));
    bad("turns as text", R"({"format":"argali-chat","version":1,"turns":"x"})");
    bad("turns as object", R"({"format":"argali-chat","version":1,"turns":{"0":{}}})");
    bad("turn as number", chatWith("7"));
    bad("turn as null", chatWith("null"));
    bad("question as number", chatWith(R"({"id":1,"question":7})"));
    bad("answer as list", chatWith(R"({"id":1,"answer":["a"]})"));
    bad("shown as text", chatWith(R"({"id":1,"shown":"yes"})"));
    bad("details as list", chatWith(R"({"id":1,"details":[]})"));
    bad("media as object", chatWith(R"({"id":1,"media":{}})"));
    bad("medium as text", chatWith(R"({"id":1,"media":["x"]})"));
    bad("id as text", chatWith(R"({"id":"1"})"));
    bad("negative id", chatWith(R"({"id":-1})"));
    bad("broken id", chatWith(R"({"id":1.5})"));
    bad("huge id", chatWith(R"({"id":1e308})"));
    bad("endless id", chatWith(R"({"id":1e999})"));
    bad("huge parent", chatWith(R"({"id":1,"parent":18446744073709551616})"));
    bad("title as object", chatWith(turnWith(), R"("title":{},)"));
    bad("pinned as number", chatWith(turnWith(), R"("pinned":1,)"));
    bad("not UTF-8", chatWith(R"({"id":1,"question":")"
                              "\xff\xfe\xc0\x80"
                              R"("})"));
    bad("deep lists", QByteArray(1'000'000, '['));
    bad("deep objects", QByteArray(R"({"a":)").repeated(200'000));
    bad("deep within", chatWith(turnWith(R"("details":)" + QByteArray(R"({"a":)").repeated(60) +
                                         "1" + QByteArray(60, '}'))));
    bad("many values",
        chatWith(turnWith(R"("x":[)" + QByteArray("1,").repeated(3'100'000) + "1]")));
    bad("100,000 turns", chatWith(QByteArray(R"({"id":1},)").repeated(99'999) + R"({"id":1})"));
    bad("many media", chatWith(turnWith(R"("media":[)" + QByteArray("{},").repeated(300) + "{}]")));
    bad("cut short", chatWith(turnWith()).chopped(9));
    bad("two documents", chatWith(turnWith()) + chatWith(turnWith()));
    bad("too large", chatWith(turnWith(R"("x":")" + QByteArray(65 << 20, 'x') + '"')));
    bad("text too long", chatWith(R"({"id":1,"question":")" + QByteArray(9 << 20, 'x') + "\"}"));
    good("plain", chatWith(turnWith()));
    good("byte order mark", "\xef\xbb\xbf" + chatWith(turnWith()));
    good("only a turn", R"({"format":"argali-chat","version":1,"turns":[{}]})");
    good("unknown keys", chatWith(turnWith(R"("new":{"a":[1,2]})")));
    good("duplicate ids", chatWith(turnWith() + ',' + turnWith() + R"(,{"id":2,"parent":1})"));
    good("own parent", chatWith(R"({"id":1,"parent":1})"));
    good("circle", chatWith(R"({"id":1,"parent":2},{"id":2,"parent":1})"));
    good("later parent", chatWith(R"({"id":1,"parent":3},{"id":3,"parent":0})"));
    good("no such parent", chatWith(R"({"id":1,"parent":99})"));
    good("several shown", chatWith(R"({"id":1,"shown":true},{"id":2,"shown":true})"));
    good("none shown", chatWith(R"({"id":1,"shown":false},{"id":2})"));
    good("huge times", chatWith(turnWith(R"("created":9007199254740992)"),
                                R"("created":9007199254740991,"changed":1,)"));
    good(
        "huge numbers",
        chatWith(turnWith(
            R"("details":{"temperature":1e308,"topK":-1e300,"completionTokens":1e300,"seed":"99999999999999999999","firstTokenMs":-5,"failureCode":1e9})")));
    good("wrong details",
         chatWith(turnWith(R"("details":{"temperature":"hot","seed":{},"device":[]})")));
    good("unknown state", chatWith(turnWith(R"("state":"exploded")")));
    good("failure of no code",
         chatWith(turnWith(R"("state":"failed","details":{"failureCode":1e300})")));
    good("zero characters", chatWith(R"({"id":1,"question":"a\u0000b","answer":"\u0000"})"));
    good("half a character", chatWith(R"({"id":1,"question":"\ud83d","answer":"\udc0f x"})"));
    good("title with marks",
         chatWith(turnWith(), R"("folder":"\u202eevil\n../..","title":"<script>\u202e",)"));
    for (const char* file :
         {"../secret.png", "../../secret/s.png", "/etc/passwd", "m/../../s.png", "m/../s.png",
          "./s.png", "m//s.png", "m/", "/", "..", "m\\\\s.png", "m/.hidden.png", "C:/s.png",
          "m/s.png\\u0000.png", "file:///etc/passwd", "~/s.png", "proc/self/mem"})
        QTest::newRow(file) << chatWith(mediaWith(file)) << true;
    good("name that leads away",
         chatWith(turnWith(R"("media":[{"name":"../../../x.png","file":""}])")));
    good("base64 garbage",
         chatWith(mediaWith("m/x.png", "zz", R"("thumbnail":"@@@@not base64@@@@")")));
    good("thumbnail of nothing", chatWith(mediaWith("m/x.png", "", R"("thumbnail":"AAAA")")));
    good(
        "film of many frames",
        chatWith(mediaWith(
            "m/x.mp4", "",
            R"("details":{"film":true,"frameCount":1e300,"frameRate":1e-300,"frames":9999999,"chosen":[1e300,-1,"x",null]})")));
    // 30,000 x 30,000 black pixels in a few hundred bytes: more than a thumbnail may have.
    QImage large(4000, 4000, QImage::Format_Mono);
    large.fill(0);
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    large.save(&buffer, "PNG");
    good("picture bomb",
         chatWith(mediaWith("m/x.png", "", R"("thumbnail":")" + png.toBase64() + '"')));
}

/// Each is refused with a sentence or becomes a chat; nothing else changes.
void TestChatImport::hostileFiles()
{
    QFETCH(QByteArray, bytes);
    QFETCH(bool, imported);
    const QString home = folder("home");
    QStringList mine;
    quint64 id = 0;
    {
        HistorySession session(home);
        session.ask(QStringLiteral("Mine"), QStringLiteral("stays"));
        id = session.book.current().id();
        session.settle();
        mine = describe(session.book.current());
        const int before = session.book.count();
        const QStringList filesBefore = allFilesIn(folder());
        QElapsedTimer watch;
        watch.start();
        const QString path = folder("out") + QStringLiteral("/c.json");
        const ImportResult result = importBytes(session, path, bytes);
        QVERIFY2(watch.elapsed() < 20'000, qPrintable(QString::number(watch.elapsed())));
        QCOMPARE(result.chats.size(), imported ? 1 : 0);
        QCOMPARE(result.failures.size(), imported ? 0 : 1);
        QCOMPARE(session.book.count(), before + (imported ? 1 : 0));
        if (!imported) {
            QVERIFY2(result.failures.first().sentence().contains(QStringLiteral("“c.json”")),
                     qPrintable(result.failures.first().sentence()));
            QVERIFY(!result.failures.first().details().isEmpty());
        } else {
            const Conversation& chat = *session.open(session.book.indexOf(result.chats.first()));
            QVERIFY(!chat.turns().empty());
            for (const Turn* turn : chat.allTurns()) {
                QVERIFY(turn->created > 0 && turn->created <= QDateTime::currentMSecsSinceEpoch());
                for (const MediaFile& file : turn->media) {
                    QVERIFY2(!QFile::exists(file.path), qPrintable(file.path));
                    QVERIFY(file.thumbnail.isNull());
                    QVERIFY(file.chosen.size() <= 30);
                }
            }
        }
        QCOMPARE(describe(*session.book.byId(id)), mine);
        QFile::remove(path);
        for (const QString& file : allFilesIn(folder())) // nothing but the store's own
            QVERIFY2(filesBefore.contains(file) ||
                         file.startsWith(home + QStringLiteral("/history")) ||
                         file == folder("out") || file == home + QStringLiteral("/media"),
                     qPrintable(file));
    }
    HistorySession session(home); // and the next start is well
    QVERIFY(!session.store.trouble());
    QCOMPARE(describe(*session.open(session.book.indexOf(id))), mine);
    QDir(home).removeRecursively();
}

QTEST_MAIN(TestChatImport)

#include "tst_chatimport.moc"
