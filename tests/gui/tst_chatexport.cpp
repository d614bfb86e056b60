// What an export writes, and what it leaves when it cannot.
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

#include <QCryptographicHash>
#include <QScopeGuard>
#include <QUrl>

#include "gui/chat/markdown.h"
#include "gui/exchange/markdownexport.h"
#include "gui/exchange/safename.h"
#include "tests/gui/exchangebench.h"
#include "tests/support/testfolders.h"

using namespace argali;
using namespace argali::gui;

namespace {

constexpr const char* answerText =
    "# 答案\n\nIt is $x^2$:\n\n```cpp\nint a = 1; // *not* bold\n```\n\n| a | b |\n"
    "|---|---|\n| 1 | \\(y\\) |\n\n<b>raw</b> & more";

/// The texts in a tree, with a line feed for each break.
QString textOf(const std::vector<MarkdownNode>& nodes)
{
    QString text;
    for (const MarkdownNode& node : nodes) {
        if (node.tag == "br")
            text += QLatin1Char('\n');
        else
            text += node.tag.empty() ? QString::fromStdString(node.text) : textOf(node.children);
    }
    return text;
}

int elementsIn(const std::vector<MarkdownNode>& nodes)
{
    int count = 0;
    for (const MarkdownNode& node : nodes) {
        // An address in a question may be a link, as it is anywhere.
        const bool harmless =
            node.tag.empty() || node.tag == "br" || node.tag == "p" || node.tag == "a";
        count += (harmless ? 0 : 1) + elementsIn(node.children);
    }
    return count;
}

QStringList namesIn(const QString& folder)
{
    return QDir(folder).entryList(
        QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot, QDir::Name);
}

} // namespace

class TestChatExport final : public QObject {
    Q_OBJECT
    TestFolders folder;
    /// A chat with two branches, a picture, a film and thinking. Returns its number.
    quint64 fill(HistorySession& session)
    {
        AnswerOptions options;
        options.thinking = true;
        const quint64 first = session.turns.send(
            {QStringLiteral("What is *this*?\n1. 看图"),
             {pictureFile(folder() + QStringLiteral("/a b #ä图.png")), filmFile()}},
            options, QStringLiteral("Any-1B"));
        session.source.think(first, QStringLiteral("SECRET thought\nof two lines"), 5);
        ChatResult result;
        result.text = answerText;
        result.thinking = "SECRET thought\nof two lines";
        result.usage = {100, 80, 5, 12};
        result.timings.decodeTokensPerSecond = 120.5;
        session.source.finish(first, result);
        const quint64 other = session.turns.regenerate(first, {}, QStringLiteral("Other-2B"));
        session.source.finish(other, QStringLiteral("the branch beside"));
        session.turns.showSibling(other, -1);
        session.ask(QStringLiteral("And then?"), QStringLiteral("```\nopen"));
        const quint64 chat = session.book.current().id();
        session.book.setTitle(chat, QStringLiteral("Rings & <i>things</i>"));
        return chat;
    }

private slots:
    void markdownHasTheShownBranch()
    {
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        ChatExport exporter(session.book, nullptr, nullptr);
        const QString path = folder("out") + QStringLiteral("/My chat.md");
        const ExportEnd end = exportChats(exporter, {chat}, {}, path, false);
        QVERIFY2(end.result, qPrintable(end.failure.value_or(Failure()).details()));
        QCOMPARE(end.result->path, path);
        QCOMPARE(end.result->chats, 1);
        QCOMPARE(end.result->missing, 0);
        const QString text = QString::fromUtf8(fileBytes(path));
        QVERIFY(text.startsWith(QStringLiteral("# Rings \\& \\<i\\>things\\</i\\>\n")));
        QVERIFY(text.contains(QString::fromUtf8(answerText))); // as it was written
        QVERIFY(text.contains(QStringLiteral("What is \\*this\\*?\\\n1\\. 看图\n")));
        QVERIFY(text.contains(QStringLiteral("Any-1B · 12 token")));
        QVERIFY(!text.contains(QStringLiteral("SECRET")));
        QVERIFY(!text.contains(QStringLiteral("the branch beside")));
        QVERIFY(text.contains(QStringLiteral("Other versions of questions and answers")));
        QVERIFY(text.endsWith(QStringLiteral("```\nopen\n```\n\n"))); // what follows is no code
        QCOMPARE(namesIn(folder("out")),
                 (QStringList{QStringLiteral("My chat-media"), QStringLiteral("My chat.md")}));
        // Links lead to the files, whose bytes are those of the originals.
        QVERIFY2(text.contains(QStringLiteral(
                     "![a b \\#ä图.png](My%20chat-media/a%20b%20%23%C3%A4%E5%9B%BE.png)")) ||
                     text.contains(QStringLiteral(
                         "![a b #ä图.png](My%20chat-media/a%20b%20%23%C3%A4%E5%9B%BE.png)")),
                 qPrintable(text.left(1500)));
        QCOMPARE(fileBytes(folder("out") + QStringLiteral("/My chat-media/a b #ä图.png")),
                 fileBytes(folder() + QStringLiteral("/a b #ä图.png")));
        QCOMPARE(fileBytes(folder("out") + QStringLiteral("/My chat-media/grow.mp4")),
                 fileBytes(filmFile().path));
        QVERIFY(text.contains(QStringLiteral("[grow.mp4](My%20chat-media/grow.mp4)")));
        QVERIFY(text.contains(QStringLiteral("00:00.0, 00:00.5, 00:01.5")));
    }

    void thinkingWhenAskedFor()
    {
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        ChatExport exporter(session.book, nullptr, nullptr);
        for (const auto format : {ExportOptions::Format::Markdown, ExportOptions::Format::Html,
                                  ExportOptions::Format::Json}) {
            for (const bool thinking : {false, true}) {
                ExportOptions options{format, thinking};
                const QString path = folder("out") +
                                     QStringLiteral("/%1%2.").arg(int(format)).arg(thinking) +
                                     options.ending();
                QVERIFY(exportChats(exporter, {chat}, options, path, false).result);
                QCOMPARE(fileBytes(path).contains("SECRET"), thinking);
                QCOMPARE(fileBytes(path).contains("of two lines"), thinking);
            }
        }
        const QString text = QString::fromUtf8(fileBytes(folder("out") + QStringLiteral("/01.md")));
        QVERIFY(text.contains(QStringLiteral("> SECRET thought\n> of two lines\n")));
    }

    /// Chats of earlier sessions are read from the store, and stay closed.
    void closedChatsStayClosed()
    {
        {
            HistorySession session(folder("home"));
            fill(session);
            for (int i = 0; i < 3; ++i) {
                session.book.startNew();
                session.ask(QStringLiteral("../../Same: title?"),
                            QStringLiteral("Answer %1").arg(i));
            }
        }
        HistorySession session(folder("home"));
        QList<quint64> chats;
        for (int i = 0; i < session.book.count(); ++i)
            chats.append(session.book.at(i).id());
        ChatExport exporter(session.book, &session.store, nullptr);
        QSignalSpy progress(&exporter, &ChatExport::progressed);
        const ExportEnd end =
            exportChats(exporter, chats, {}, folder("out") + QStringLiteral("/All"), true);
        QVERIFY(end.result);
        QCOMPARE(end.result->chats, 4); // the empty one is none
        QVERIFY(progress.count() >= 4);
        QCOMPARE(namesIn(folder("out")), QStringList{QStringLiteral("All")});
        const QStringList names = namesIn(folder("out/All"));
        QCOMPARE(names.filter(QStringLiteral("Same")).size(), 3);
        QCOMPARE(names.filter(QStringLiteral("Rings")).size(), 2); // with its media
        QVERIFY(!QDir(folder("out/All")).isEmpty());
        struct stat state {};
        ::stat(QFile::encodeName(folder("out/All")).constData(), &state);
        QVERIFY(state.st_mode & S_IRGRP); // as any other new folder
        for (int i = 0; i < session.book.count(); ++i) {
            if (!session.book.at(i).isEmpty())
                QVERIFY(!session.book.at(i).isLoaded());
        }
        // It was not noted as being opened, and the second time nothing is overwritten.
        QCOMPARE(sqlValue(folder("home") + QStringLiteral("/history.sqlite"),
                          QStringLiteral("SELECT count(*) FROM state"))
                     .toInt(),
                 0);
        QCOMPARE(exportChats(exporter, chats, {}, folder("out") + QStringLiteral("/All"), true)
                     .result->path,
                 folder("out") + QStringLiteral("/All 2"));
    }

    void earlierMediaStay()
    {
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        const QString out = folder("out");
        QDir(out).mkpath(QStringLiteral("x-media"));
        QVERIFY(writeBytes(out + QStringLiteral("/x-media/grow.mp4"), "mine"));
        QVERIFY(writeBytes(out + QStringLiteral("/x.md"), "the dialog asked about this one"));
        ChatExport exporter(session.book, nullptr, nullptr);
        QVERIFY(exportChats(exporter, {chat}, {}, out + QStringLiteral("/x.md"), false).result);
        QCOMPARE(fileBytes(out + QStringLiteral("/x-media/grow.mp4")), QByteArray("mine"));
        QVERIFY(fileBytes(out + QStringLiteral("/x.md")).contains("x-media%202/grow.mp4"));
        QVERIFY(QFile::exists(out + QStringLiteral("/x-media 2/grow.mp4")));
        QCOMPARE(namesIn(out).size(), 3);
    }

    void oneFileOnceAndGoneOnesSaid()
    {
        HistorySession session(folder("home"));
        const MediaFile once = pictureFile(folder() + QStringLiteral("/once.png"), 5);
        MediaFile script = pictureFile(folder() + QStringLiteral("/x.png"), 6);
        QFile::rename(script.path, folder() + QStringLiteral("/run.desktop"));
        script.path = folder() + QStringLiteral("/run.desktop");
        MediaFile gone = once;
        gone.path = folder() + QStringLiteral("/gone*.png");
        MediaFile pipe = once;
        pipe.path = folder() + QStringLiteral("/pipe.png");
        QCOMPARE(::mkfifo(QFile::encodeName(pipe.path).constData(), 0600), 0); // nobody writes
        session.ask(QStringLiteral("one"), QStringLiteral("a"), {once, gone});
        session.ask(QStringLiteral("two"), QStringLiteral("b"), {once, script, pipe});
        ChatExport exporter(session.book, nullptr, nullptr);
        const ExportEnd end = exportChats(exporter, {session.book.current().id()}, {},
                                          folder("out") + QStringLiteral("/c.md"), false);
        QVERIFY(end.result);
        QCOMPARE(end.result->missing, 2);
        QCOMPARE(namesIn(folder("out/c-media")),
                 (QStringList{QStringLiteral("once.png"), QStringLiteral("run.desktop.png")}));
        QVERIFY(fileBytes(folder("out") + QStringLiteral("/c.md"))
                    .contains("*gone\\*.png was not there any more when this was exported.*"));
    }

    void whatCannotBeWritten_data()
    {
        QTest::addColumn<QString>("path");
        QTest::newRow("read-only file system") << QStringLiteral("/proc/chat.md");
        QTest::newRow("no such folder") << folder() + QStringLiteral("/nothing/chat.md");
        QTest::newRow("a folder of that name") << folder("taken");
        QTest::newRow("a file in the way") << QStringLiteral("/proc/version/chat.md");
    }
    void whatCannotBeWritten()
    {
        QFETCH(QString, path);
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        const QString beside = QFileInfo(path).absolutePath();
        const QStringList before =
            path.startsWith(QLatin1String("/proc")) ? QStringList() : namesIn(beside);
        ChatExport exporter(session.book, nullptr, nullptr);
        const ExportEnd end = exportChats(exporter, {chat}, {}, path, false);
        QVERIFY(end.failure);
        QVERIFY2(end.failure->sentence().contains(beside), qPrintable(end.failure->sentence()));
        QVERIFY(end.failure->sentence().contains(QStringLiteral("free space")));
        if (!path.startsWith(QLatin1String("/proc")))
            QCOMPARE(namesIn(beside), before);
        // The program goes on, and so does the exporter.
        QVERIFY(exportChats(exporter, {chat}, {}, folder("out") + QStringLiteral("/c.md"), false)
                    .result);
    }

    void aFullDiskLeavesNothing()
    {
        HistorySession session(folder("home"));
        const quint64 chat = fill(session);
        session.settle();
        rlimit old{};
        getrlimit(RLIMIT_FSIZE, &old);
        const rlimit small{600, old.rlim_max}; // less than the picture or the text
        std::signal(SIGXFSZ, SIG_IGN);
        const auto restore = qScopeGuard([&] { setrlimit(RLIMIT_FSIZE, &old); });
        for (const auto format : {ExportOptions::Format::Markdown, ExportOptions::Format::Html,
                                  ExportOptions::Format::Json}) {
            const QString out = folder("out");
            ChatExport exporter(session.book, nullptr, nullptr);
            QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
            const ExportEnd end =
                exportChats(exporter, {chat}, {format, false}, out + QStringLiteral("/c.x"), false);
            QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
            QVERIFY(end.failure);
            QVERIFY2(end.failure->sentence().contains(QStringLiteral("/c")),
                     qPrintable(end.failure->sentence()));
            QCOMPARE(namesIn(out), QStringList());
        }
    }

    void cancelLeavesNothing()
    {
        HistorySession session(folder("home"));
        QList<quint64> chats;
        for (int i = 0; i < 60; ++i) {
            session.book.startNew();
            session.ask(QStringLiteral("q"), QString(200'000, QLatin1Char('a')));
            chats.append(session.book.current().id());
        }
        ChatExport exporter(session.book, nullptr, nullptr);
        const auto connection =
            connect(&exporter, &ChatExport::progressed, &exporter, [&](qint64 done) {
                if (done == 3)
                    exporter.cancel();
            });
        QSignalSpy finished(&exporter, &ChatExport::finished);
        QSignalSpy stopped(&exporter, &ChatExport::stopped);
        const QString out = folder("out");
        QVERIFY(exportChats(exporter, chats, {}, out + QStringLiteral("/All"), true).stopped);
        QVERIFY(!exporter.isBusy());
        QCOMPARE(namesIn(out), QStringList());
        disconnect(connection);
        QVERIFY(exportChats(exporter, chats, {}, out + QStringLiteral("/All"), true).result);
        QCOMPARE(finished.count(), 1);
        QCOMPARE(stopped.count(), 1);
        QCOMPARE(namesIn(out + QStringLiteral("/All")).size(), 60);
    }

    /// Whatever somebody asked is text in Markdown too.
    void questionsAreText()
    {
        QFile file(QStringLiteral(ARGALI_TEST_DATA "/hostile/texts.txt"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QStringList texts =
            QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        texts << QStringLiteral(
                     "a  b\\\n\tcode\n    more\n\n===\n---\n+ a\n- b\n* c\n1) d\n23. e\n> f\n# g")
              << QStringLiteral(
                     "$x$ \\(y\\) \\[z\\] $$w$$ `c` ~~d~~ | e | ![i](j) <k> &amp; http://l.m/n_o_p")
              << QStringLiteral("```\nnever closed") << QStringLiteral("~~~\nx\n~~~")
              << QStringLiteral("[a]: /b") << QStringLiteral("- [x] done")
              << QStringLiteral("a|b\n-|-\nc|d") << QStringLiteral("你好！**粗体**");
        for (QString text : texts) {
            text.replace(QStringLiteral("\u2424"), QStringLiteral("\n"));
            const auto nodes = renderMarkdown(literalMarkdown(text).toStdString());
            QString shown = textOf(nodes);
            QString wanted = text;
            // Our own renderer leaves out what stands for formulas in it.
            const QRegularExpression space(QStringLiteral("[\\s\\x00\\xa0\\x{fdd0}-\\x{fdef}]+"));
            QCOMPARE(shown.remove(space).remove(QChar(QChar::ReplacementCharacter)),
                     wanted.remove(space).remove(QChar(QChar::ReplacementCharacter)));
            QVERIFY2(elementsIn(nodes) == 0, qPrintable(text));
        }
    }

    void fencesAreClosed_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("fence");
        QTest::newRow("none") << QStringLiteral("a `b` c") << QString();
        QTest::newRow("closed") << QStringLiteral("```x\na\n```") << QString();
        QTest::newRow("open") << QStringLiteral("```x\na") << QStringLiteral("```");
        QTest::newRow("longer") << QStringLiteral("````\n```\na") << QStringLiteral("````");
        QTest::newRow("tildes") << QStringLiteral("~~~ a`b\n```") << QStringLiteral("~~~");
        QTest::newRow("code in a line") << QStringLiteral("```a``` b") << QString();
        QTest::newRow("text behind") << QStringLiteral("```\na\n``` b") << QStringLiteral("```");
        QTest::newRow("second") << QStringLiteral("```\na\n```\n\n  ```\nb")
                                << QStringLiteral("```");
    }
    void fencesAreClosed()
    {
        QFETCH(QString, text);
        QTEST(closingFence(text), "fence");
    }

    void namesAreSafe_data()
    {
        QTest::addColumn<QString>("wanted");
        QTest::addColumn<QString>("name");
        QTest::newRow("plain") << QStringLiteral("a b.png") << QStringLiteral("a b.png");
        QTest::newRow("Chinese") << QStringLiteral("图.png") << QStringLiteral("图.png");
        QTest::newRow("up") << QStringLiteral("../../etc/passwd")
                            << QStringLiteral("_.._etc_passwd");
        QTest::newRow("absolute") << QStringLiteral("/etc/passwd") << QStringLiteral("_etc_passwd");
        QTest::newRow("hidden") << QStringLiteral("...x.png") << QStringLiteral("x.png");
        QTest::newRow("device") << QStringLiteral("CON.png") << QStringLiteral("_CON.png");
        QTest::newRow("marks") << QStringLiteral("a<b>|c?*\"d:e\\f")
                               << QStringLiteral("a_b__c___d_e_f");
        QTest::newRow("control") << QStringLiteral("a\nb\x01"
                                                   "c")
                                 << QStringLiteral("a b c");
        QTest::newRow("turned") << QStringLiteral("a\u202Egpj.exe") << QStringLiteral("agpj.exe");
        QTest::newRow("nothing") << QStringLiteral(" .. ") << QStringLiteral("Chat");
        QTest::newRow("long") << QString(400, QLatin1Char('a')) + QStringLiteral(".png")
                              << QString(120, QLatin1Char('a'));
        QTest::newRow("long Chinese") << QString(199, QChar(0x56fe)) << QString(40, QChar(0x56fe));
    }
    void namesAreSafe()
    {
        QFETCH(QString, wanted);
        QTEST(safeName(wanted, QStringLiteral("Chat")), "name");
    }

    void namesAreUnique()
    {
        UniqueNames names;
        QCOMPARE(names.take(QStringLiteral("a.png")), QStringLiteral("a.png"));
        QCOMPARE(names.take(QStringLiteral("A.PNG")), QStringLiteral("A 2.PNG"));
        QCOMPARE(names.take(QStringLiteral("a.png")), QStringLiteral("a 3.png"));
        QCOMPARE(names.take(QStringLiteral("a 2.png")), QStringLiteral("a 2 2.png"));
    }
};

QTEST_MAIN(TestChatExport)

#include "tst_chatexport.moc"
