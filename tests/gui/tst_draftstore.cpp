#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "gui/chat/draftstore.h"

using namespace argali::gui;

class TestDraftStore final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString file() const
    {
        return m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()) +
                              QStringLiteral("/draft.json"));
    }
    static Draft draft()
    {
        MediaFile film;
        film.kind = MediaFile::Kind::Film;
        film.path = QStringLiteral("/tmp/Höhle 1.mp4");
        film.frames = 0;
        return {QStringLiteral("Line one\n图像 \"two\"\\ 🐏"), {film}};
    }

private slots:
    void comesBack()
    {
        {
            DraftStore store(file());
            store.save(7, draft(), true);
            store.save(9, {QStringLiteral("of another chat"), {}}, false);
        } // written at the latest when the program ends
        DraftStore store(file());
        const auto all = store.restore();
        QCOMPARE(all.size(), 2);
        QCOMPARE(store.restoredCurrent(), quint64(9));
        QVERIFY(all.value(7).isNew && !all.value(9).isNew);
        QCOMPARE(store.media(), QStringList{draft().media.first().path});
        const Draft back = all.value(7).draft;
        QCOMPARE(back.text, draft().text);
        QCOMPARE(back.media.size(), 1);
        QCOMPARE(back.media.first().path, draft().media.first().path);
        QCOMPARE(back.media.first().frames, 0);
        QVERIFY(back.media.first().isFilm());
    }

    void optionsOfANewChatComeBack()
    {
        AnswerOptions options = AnswerOptions::builtIn();
        options.thinking = true;
        options.systemPrompt = QStringLiteral("Answer in one sentence.");
        {
            DraftStore store(file());
            store.save(7, {}, true, options); // nothing is written there yet
            store.save(8, draft(), true, options);
            store.save(9, draft(), false, options); // the history has those
            store.save(10, {}, false, options);
            store.save(11, draft(), true);
            store.move(11, 12);
            store.move(13, 14);
        }
        DraftStore store(file());
        const auto all = store.restore();
        QCOMPARE(all.keys(), (QList<quint64>{7, 8, 9, 12}));
        QVERIFY(all.value(7).draft.isEmpty() && all.value(7).isNew);
        QVERIFY(all.value(7).options && all.value(7).options->isLike(options));
        QCOMPARE(all.value(8).draft.text, draft().text);
        QVERIFY(all.value(8).options && all.value(8).options->isLike(options));
        QVERIFY(!all.value(9).options && !all.value(12).options);
        store.save(7, {}, true); // as the defaults again
        QVERIFY(!store.drafts().contains(7));
    }

    void hostileOptionsAreHeld()
    {
        QVERIFY(QDir().mkpath(QFileInfo(file()).absolutePath()));
        QFile hostile(file());
        QVERIFY(hostile.open(QIODevice::WriteOnly));
        hostile.write(R"({"drafts": {
            "1": {"new": true, "options": {"temperature": 1e300, "topK": "x", "seed": "-1"}},
            "2": {"new": true, "options": [1]}, "3": {"text": "t", "options": {"think": true}}}})");
        hostile.close();
        DraftStore store(file());
        const auto all = store.restore();
        QCOMPARE(all.keys(), (QList<quint64>{1, 3}));
        QVERIFY(all.value(1).options->isLike(all.value(1).options->held()));
        QCOMPARE(all.value(1).options->sampling.temperature, 2.0F);
        QVERIFY(!all.value(3).options);
    }

    void chosenFramesComeBack()
    {
        Draft written = draft();
        MediaFile& film = written.media.first();
        film.frames = 3;
        film.firstFrame = 10;
        film.lastFrame = 5'000'000'000;
        film.chosen = {12, 40, 4'999'999'999};
        {
            DraftStore store(file());
            store.save(7, written, true);
        }
        const Draft draft = DraftStore(file()).restore().value(7).draft;
        const MediaFile& back = draft.media.first();
        QCOMPARE(back.frames, 3);
        QCOMPARE(back.firstFrame, film.firstFrame);
        QCOMPARE(back.lastFrame, film.lastFrame);
        QCOMPARE(back.chosen, film.chosen);
    }

    void isOnDiskWithinTwoSecondsOfTyping()
    {
        DraftStore store(file());
        QElapsedTimer watch;
        watch.start();
        // Steady typing must not put the writing off.
        Draft typed = draft();
        while (!QFileInfo::exists(file()) && watch.elapsed() < 5000) {
            typed.text += QLatin1Char('x');
            store.save(7, typed, true);
            QTest::qWait(50);
        }
        QVERIFY2(watch.elapsed() < 2000, qPrintable(QString::number(watch.elapsed())));
        QVERIFY(DraftStore(file()).restore().value(7).draft.text.startsWith(draft().text));
    }

    void emptyDraftIsKeptToo()
    {
        {
            DraftStore store(file());
            store.save(7, draft(), true);
            store.flush();
            store.save(7, {}, true);
        }
        QVERIFY(DraftStore(file()).restore().isEmpty());
    }

    void damagedFilesGiveNothing_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("missing") << QByteArray();
        QTest::newRow("not json") << QByteArray("{\"text\": ");
        QTest::newRow("array") << QByteArray("[1, 2]");
        QTest::newRow("wrong types") << QByteArray("{\"text\": 7, \"media\": {\"path\": 1}}");
        QTest::newRow("odd entries")
            << QByteArray("{\"media\": [1, null, {\"frames\": 1e300}, {\"path\": \"\"}]}");
        QTest::newRow("wrong drafts") << QByteArray("{\"drafts\": [1], \"current\": {}}");
        QTest::newRow("odd numbers")
            << QByteArray("{\"drafts\": {\"x\": {\"text\": \"a\"}, \"0\": {}}}");
        QTest::newRow("binary") << QByteArray("\0\xff\xfe", 3);
    }
    void damagedFilesGiveNothing()
    {
        QFETCH(QByteArray, content);
        const QString name = m_dir.filePath(QString::fromLatin1(QTest::currentDataTag()));
        if (!content.isEmpty()) {
            QFile out(name);
            QVERIFY(out.open(QIODevice::WriteOnly));
            out.write(content);
        }
        QVERIFY(DraftStore(name).restore().isEmpty());
    }

    void framesAreHeldToTheirRange()
    {
        QFile out(m_dir.filePath(QStringLiteral("frames")));
        QVERIFY(out.open(QIODevice::WriteOnly));
        out.write("{\"text\": \"\", \"media\": [{\"path\": \"/a.mp4\", \"frames\": 5000}]}");
        out.close();
        QCOMPARE(DraftStore(out.fileName()).restore().value(0).draft.media.first().frames, 30);
    }

    void saysWhenItCannotWrite()
    {
        QFile blocker(m_dir.filePath(QStringLiteral("blocker")));
        QVERIFY(blocker.open(QIODevice::WriteOnly));
        DraftStore store(
            m_dir.filePath(QStringLiteral("blocker/draft.json"))); // a file where a folder must be
        QSignalSpy failed(&store, &DraftStore::failed);
        store.save(7, draft(), true);
        store.flush();
        QTRY_COMPARE(failed.count(), 1);
    }
};

QTEST_GUILESS_MAIN(TestDraftStore)
#include "tst_draftstore.moc"
