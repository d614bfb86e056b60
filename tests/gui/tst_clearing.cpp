#include <algorithm>
#include <optional>

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include <unistd.h>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/transcriptview.h"
#include "gui/history/undoline.h"
#include "gui/mainwindow.h"
#include "gui/remote/profilestore.h"
#include "gui/remote/serverbook.h"
#include "gui/settings/presetstore.h"
#include "gui/settings/privacypage.h"
#include "gui/settings/settingsdialog.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "tests/gui/historybench.h"

using namespace argali;
using namespace argali::gui;
using What = DataEraser::What;

namespace {

QString sample(const char* name)
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/") + QLatin1String(name);
}

void write(const QString& name, const QByteArray& bytes)
{
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

/// Whether a text stands in any file of a folder, at whatever depth.
QStringList filesWith(const QString& folder, const QByteArray& text)
{
    QStringList found;
    QDirIterator files(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.open(QIODevice::ReadOnly) && file.readAll().contains(text))
            found.append(file.fileName());
    }
    return found;
}

/// Everything that keeps something, without a window.
struct Bench {
    QTemporaryDir dir;
    Places places = Places::under(dir.path());
    Settings settings{places.settingsFile};
    FakeReplySource source;
    MediaLoader loader{places.pasteFolder};
    DraftStore drafts{places.draftFile};
    ConversationBook book;
    TurnController turns{book, source};
    HistoryStore history{places.historyFile, places.mediaFolder, book, turns};
    DataEraser eraser{{places, settings, book, turns, drafts, loader, history}};

    bool open()
    {
        QSignalSpy opened(&history, &HistoryStore::opened);
        history.open();
        return opened.wait(10'000);
    }
    bool settle()
    {
        return QTest::qWaitFor([&] { return history.isAllWritten(); }, 10'000);
    }
    quint64 ask(const QString& question, const QList<MediaFile>& media = {})
    {
        const quint64 id = turns.send({question, media}, {}, QStringLiteral("Any-1B"));
        source.finish(id, QStringLiteral("An answer."));
        return id;
    }
    std::optional<DataEraser::Outcome> erase(What what)
    {
        QSignalSpy finished(&eraser, &DataEraser::finished);
        eraser.erase(what);
        if (!QTest::qWaitFor([&] { return finished.count() > 0; }, 10'000))
            return std::nullopt;
        return eraser.last();
    }
};

MediaFile picture()
{
    MediaFile file;
    file.path = sample("objects.png");
    return file;
}

} // namespace

class TestClearing final : public QObject {
    Q_OBJECT
private slots:
    void chatsAreReallyGone()
    {
        Bench bench;
        QVERIFY(bench.open());
        bench.ask(QStringLiteral("secret-question"), {picture()});
        bench.book.addFolder(QStringLiteral("secret-folder"));
        bench.book.startNew();
        bench.ask(QStringLiteral("secret-second"));
        bench.book.remove(1); // can still be undone
        QVERIFY(bench.settle());
        QTRY_VERIFY_WITH_TIMEOUT(!QDir(bench.places.mediaFolder).isEmpty(), 10'000);
        bench.drafts.save(bench.book.current().id(), {QStringLiteral("secret-draft"), {}}, true);
        bench.drafts.flush();
        bench.loader.keep(QImage(4, 4, QImage::Format_RGB32));
        QTRY_VERIFY(!QDir(bench.places.pasteFolder).isEmpty());
        for (const char* name : {"history-before-9.sqlite", "history-damaged-20260101.sqlite",
                                 "history-damaged-20260101.sqlite-wal"})
            write(bench.dir.filePath(QLatin1String(name)), "secret-copy");
        write(bench.dir.filePath(QStringLiteral("other.sqlite")), "of somebody else");
        bench.settings.set(settings::thinking, true);
        QTRY_VERIFY(!filesWith(bench.dir.path(), "secret-draft").isEmpty());
        QVERIFY(!filesWith(bench.dir.path(), "secret-question").isEmpty());

        const auto outcome = bench.erase(What::Chats);
        QVERIFY(outcome);
        QCOMPARE(outcome->left, QStringList());
        QCOMPARE(filesWith(bench.dir.path(), "secret-"), QStringList());
        QVERIFY(!QFile::exists(bench.places.mediaFolder));
        QVERIFY(!QFile::exists(bench.places.pasteFolder));
        QVERIFY(QFile::exists(bench.dir.filePath(QStringLiteral("other.sqlite"))));
        QVERIFY(bench.settings.value(settings::thinking)); // settings stay
        QCOMPARE(bench.book.count(), 1);
        QVERIFY(bench.book.current().isEmpty());
        QVERIFY(bench.book.folders().isEmpty());
        QVERIFY(!bench.book.undoRemove());
        QVERIFY(!bench.turns.undoRemove());

        // And everything goes on.
        bench.ask(QStringLiteral("after"), {picture()});
        QVERIFY(bench.settle());
        QCOMPARE(bench.history.access(), HistoryDatabase::Access::Full);
        QCOMPARE(sqlValue(bench.places.historyFile, QStringLiteral("SELECT count(*) FROM turns")),
                 QVariant(1));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(bench.places.mediaFolder), 10'000);
    }

    void theNextStartFindsNothing()
    {
        Bench bench;
        QVERIFY(bench.open());
        bench.ask(QStringLiteral("gone"));
        QVERIFY(bench.settle());
        QVERIFY(bench.erase(What::Chats));
        HistorySession next(bench.dir.path());
        QCOMPARE(next.book.count(), 1);
        QVERIFY(next.book.current().isEmpty());
        QVERIFY(!next.store.trouble());
    }

    void anAnswerUnderWayIsStopped()
    {
        Bench bench;
        QVERIFY(bench.open());
        const quint64 turn =
            bench.turns.send({QStringLiteral("secret-long"), {}}, {}, QStringLiteral("Any-1B"));
        bench.source.write(turn, QStringLiteral("secret-half"));
        QVERIFY(bench.erase(What::Chats));
        QCOMPARE(bench.source.cancels, 1);
        // What comes late is nobody's.
        bench.source.write(turn, QStringLiteral("secret-late"));
        bench.source.finish(turn, QStringLiteral("secret-late"), FinishReason::Cancelled);
        QVERIFY(!bench.turns.isBusy());
        QVERIFY(bench.settle());
        QTest::qWait(900); // longer than a text may wait to be written
        QCOMPARE(filesWith(bench.dir.path(), "secret-"), QStringList());
        bench.ask(QStringLiteral("after"));
        QCOMPARE(bench.book.current().turns().size(), size_t(1));
    }

    /// In the middle of everything: being written, being kept, being read.
    void inTheMiddle()
    {
        for (int i = 0; i < 5; ++i) {
            Bench bench;
            if (i > 0)
                QVERIFY(bench.open());
            else
                bench.history.open(); // not even read yet
            bench.ask(QStringLiteral("secret-question"), {picture()});
            bench.drafts.save(7, {QStringLiteral("secret-draft"), {}}, true);
            bench.drafts.flush();
            bench.loader.keep(QImage(64, 64, QImage::Format_RGB32));
            QTest::qWait(7 * i);
            const auto outcome = bench.erase(What::Chats);
            QVERIFY(outcome);
            QCOMPARE(outcome->left, QStringList());
            QTest::qWait(300);
            QCOMPARE(filesWith(bench.dir.path(), "secret-"), QStringList());
            QVERIFY(!QFile::exists(bench.places.mediaFolder));
            QVERIFY(!QFile::exists(bench.places.pasteFolder));
            QCOMPARE(bench.book.count(), 1);
        }
    }

    void twiceAtOnce()
    {
        Bench bench;
        QVERIFY(bench.open());
        QSignalSpy finished(&bench.eraser, &DataEraser::finished);
        bench.eraser.erase(What::Chats);
        QVERIFY(bench.eraser.isBusy());
        bench.eraser.erase(What::Everything);
        QTRY_COMPARE(finished.count(), 1);
        QTest::qWait(200);
        QCOMPARE(finished.count(), 1);
        QVERIFY(!bench.eraser.isBusy());
    }

    void everythingIsTheSettingsToo()
    {
        Bench bench;
        QVERIFY(bench.open());
        bench.settings.set(settings::thinking, true);
        bench.settings.set(settings::systemPrompt, QStringLiteral("secret-prompt"));
        bench.settings.sync();
        QVERIFY(!filesWith(bench.dir.path(), "secret-prompt").isEmpty());
        AnswerOptions options;
        options.systemPrompt = QStringLiteral("secret-preset");
        PresetStore& presets = PresetStore::of(bench.settings);
        QCOMPARE(presets.put(QStringLiteral("Brief"), options), QString());
        QVERIFY(bench.erase(What::Chats));
        QTRY_VERIFY(!filesWith(bench.dir.path(), "secret-preset").isEmpty()); // presets stay
        write(bench.dir.filePath(QStringLiteral("presets-aside-20260101-000000-1.json")),
              "secret-preset");
        QSignalSpy changed(&bench.settings, &Settings::changed);
        const auto outcome = bench.erase(What::Everything);
        QVERIFY(outcome);
        QCOMPARE(outcome->left, QStringList());
        QVERIFY(!QFile::exists(bench.places.settingsFile));
        QVERIFY(!bench.settings.value(settings::thinking));
        QVERIFY(presets.presets().isEmpty());
        QCOMPARE(filesWith(bench.dir.path(), "secret-preset"), QStringList());
        QCOMPARE(changed.count(), 2);
        bench.settings.set(settings::thinking, true); // and can be set again
        bench.settings.sync();
        QVERIFY(QFile::exists(bench.places.settingsFile));
    }

    void serversAndTheirKeysGoToo()
    {
        Bench bench;
        QVERIFY(bench.open());
        MemoryKeys keys;
        auto* book = new ServerBook(ProfileStore::of(bench.settings), keys, &bench.settings);
        QCOMPARE(&ServerBook::of(bench.settings), book);
        ConnectionProfile profile;
        profile.id = QStringLiteral("rack");
        profile.name = QStringLiteral("secret-server");
        profile.url = QStringLiteral("http://127.0.0.1:1");
        profile.hasKey = true;
        QCOMPARE(book->store().put(profile), QString());
        book->setKey(profile.id, remote::Secret("k"), this, [](bool) {});
        write(bench.dir.filePath(QStringLiteral("servers-aside-20260101-000000-1.json")),
              "secret-server");
        PrivacyPage page(bench.eraser);
        const auto names = [&](const QString& file) {
            return std::any_of(page.stores().begin(), page.stores().end(),
                               [&](const auto& store) { return store.paths.contains(file); });
        };
        QVERIFY(names(book->store().fileName()));
        QVERIFY(bench.erase(What::Chats));
        QTRY_COMPARE(filesWith(bench.dir.path(), "secret-server").size(), 2); // they stay
        const auto outcome = bench.erase(What::Everything);
        QVERIFY(outcome);
        QCOMPARE(outcome->left, QStringList());
        QCOMPARE(filesWith(bench.dir.path(), "secret-server"), QStringList());
        QVERIFY(book->connections().isEmpty());
        std::optional<KeyKeeper::Outcome> left;
        keys.read(profile.id, this, [&](const auto& answer) { left = answer.outcome; });
        QTRY_COMPARE(left, std::optional(KeyKeeper::Outcome::None));
    }

    /// A part that cannot be removed is named; the others are gone all the same.
    void failuresAreSaid()
    {
        Bench bench;
        QVERIFY(bench.open());
        bench.ask(QStringLiteral("gone"), {picture()});
        QVERIFY(bench.settle());
        QTRY_VERIFY_WITH_TIMEOUT(!QDir(bench.places.mediaFolder).isEmpty(), 10'000);
        // A folder stands where the draft's file was: no file to remove.
        QFile::remove(bench.places.draftFile);
        QVERIFY(QDir().mkpath(bench.places.draftFile + QStringLiteral("/inside")));
        const auto outcome = bench.erase(What::Chats);
        QVERIFY(outcome);
        QCOMPARE(outcome->left, QStringList{bench.places.draftFile});
        QVERIFY(!QFile::exists(bench.places.mediaFolder));
        PrivacyPage page(bench.eraser);
        QVERIFY(page.outcome().contains(bench.places.draftFile));
        if (::geteuid() != 0) { // rights hold nobody back who has them all
            QVERIFY(QDir().mkpath(bench.places.mediaFolder + QStringLiteral("/x/y")));
            QFile::setPermissions(bench.places.mediaFolder + QStringLiteral("/x"),
                                  QFile::ReadOwner | QFile::ExeOwner);
            const auto again = bench.erase(What::Chats);
            QFile::setPermissions(bench.places.mediaFolder + QStringLiteral("/x"),
                                  QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
            QVERIFY(again && again->left.contains(bench.places.mediaFolder));
        }
    }

    void chatsOfANewerProgram()
    {
        Bench bench;
        {
            HistorySession first(bench.dir.path());
            first.ask(QStringLiteral("q"), QStringLiteral("a"));
            first.settle();
        }
        sqlValue(bench.places.historyFile, QStringLiteral("PRAGMA user_version=999"));
        QVERIFY(bench.open());
        QVERIFY(bench.history.trouble());
        QVERIFY(bench.erase(What::Chats));
        QVERIFY(!bench.history.trouble()); // the file that could not be written is gone
        bench.ask(QStringLiteral("kept"));
        QVERIFY(bench.settle());
        QCOMPARE(sqlValue(bench.places.historyFile, QStringLiteral("SELECT count(*) FROM turns")),
                 QVariant(1));
    }

    void sizesAreMeasured()
    {
        Bench bench;
        QVERIFY(bench.open());
        QVERIFY(QDir().mkpath(bench.places.mediaFolder + QStringLiteral("/aa")));
        write(bench.places.mediaFolder + QStringLiteral("/aa/one"), QByteArray(300'000, 'x'));
        write(bench.dir.filePath(QStringLiteral("large")), QByteArray(9'000'000, 'x'));
        QVERIFY(QFile::link(bench.dir.filePath(QStringLiteral("large")),
                            bench.places.mediaFolder + QStringLiteral("/link")));
        QVERIFY(QFile::link(bench.dir.path(), bench.places.mediaFolder + QStringLiteral("/loop")));
        QCOMPARE(bytesAt(bench.places.mediaFolder, {}), qint64(300'000)); // links are not followed
        PrivacyPage page(bench.eraser);
        QSignalSpy measured(&page, &PrivacyPage::measured);
        page.show();
        QVERIFY(measured.wait(10'000));
        QCOMPARE(page.stores().at(1).size->text(),
                 QLocale().formattedDataSize(300'000, 1, QLocale::DataSizeSIFormat));
        QCOMPARE(page.stores().at(2).size->text(), QStringLiteral("Empty"));
        QVERIFY(page.stores().at(0).size->text() != QStringLiteral("Empty"));
        for (const PrivacyPage::Store& store : page.stores()) // each with its path
            QVERIFY(store.paths.first().startsWith(bench.dir.path()) ||
                    store.name == QStringLiteral("Log"));
        write(bench.places.mediaFolder + QStringLiteral("/aa/two"), QByteArray(300'000, 'x'));
        QVERIFY(measured.wait(10'000)); // by itself
        QVERIFY(page.stores().at(1).size->text() !=
                QLocale().formattedDataSize(300'000, 1, QLocale::DataSizeSIFormat));
    }

    void asksOnceAndSaysWhatGoes()
    {
        Bench bench;
        QVERIFY(bench.open());
        bench.ask(QStringLiteral("still here"));
        PrivacyPage page(bench.eraser);
        page.show();
        page.clearChats()->click();
        auto* question = page.findChild<QMessageBox*>();
        QVERIFY(question);
        QVERIFY(question->informativeText().contains(QStringLiteral("settings stay")));
        QCOMPARE(question->defaultButton(), question->button(QMessageBox::Cancel));
        QTest::keyClick(question, Qt::Key_Escape);
        QVERIFY(!bench.eraser.isBusy());
        QCOMPARE(bench.book.current().turns().size(), size_t(1));
        QTRY_VERIFY(!page.findChild<QMessageBox*>());
        page.clearEverything()->click();
        question = page.findChild<QMessageBox*>();
        QVERIFY(question->informativeText().contains(QStringLiteral("all settings and the log")));
        QSignalSpy finished(&bench.eraser, &DataEraser::finished);
        for (QAbstractButton* button : question->buttons()) {
            if (question->buttonRole(button) == QMessageBox::DestructiveRole)
                button->click();
        }
        QVERIFY(bench.book.current().isEmpty()); // at once
        QTRY_COMPARE(finished.count(), 1);
        QCOMPARE(page.outcome(), QStringLiteral("Everything was cleared."));
    }

    /// The whole program, with the real model: afterwards it is as new, and works.
    void theWindowIsAsAtTheFirstStart()
    {
        QTemporaryDir dir;
        Application application({Places::under(dir.path()), {}, StartupTrace(false)});
        application.settings().set(settings::theme, int(Theme::Choice::Dark));
        application.settings().set(settings::language, QStringLiteral("zh_CN"));
        QSignalSpy ready(&application, &Application::modelReady);
        application.start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, 60'000);
        QTRY_COMPARE(application.window().chat()->composer()->edit()->accessibleName(),
                     QStringLiteral("问题"));
        application.settings().set(settings::temperature, 1.5);
        application.window().setPanelOpen(false);
        Composer* composer = application.window().chat()->composer();
        composer->edit()->setPlainText(QStringLiteral("secret: describe the picture"));
        composer->attach(sample("objects.png"));
        QTRY_VERIFY_WITH_TIMEOUT(!composer->isReading(), 30'000);
        application.window().chat()->send();
        composer->edit()->setPlainText(QStringLiteral("secret draft"));
        application.window().conversations()->searchField()->setText(QStringLiteral("secret"));
        application.window().openSettings(QStringLiteral("privacy"));
        auto* page = qobject_cast<PrivacyPage*>(
            application.window().settingsDialog()->pageWidget(QStringLiteral("privacy")));
        QVERIFY(page);
        QMessageBox* question = page->ask(What::Everything);
        for (QAbstractButton* button : question->buttons()) {
            if (question->buttonRole(button) == QMessageBox::DestructiveRole)
                button->click();
        }
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 2, 60'000);
        MainWindow& window = application.window();
        QVERIFY(window.isVisible());
        QVERIFY(application.settings().value(settings::panelOpen));
        QVERIFY(window.chat()->composer()->isEmpty());
        QVERIFY(window.conversations()->searchField()->text().isEmpty());
        QVERIFY(!window.undoLine()->isOffering());
        QVERIFY(!Theme::of(QApplication::palette()).dark);
        QCOMPARE(application.settings().value(settings::temperature), 0.7);
        QVERIFY(window.settingsDialog() &&
                window.settingsDialog()->page() == QLatin1String("privacy"));
        QCOMPARE(filesWith(dir.path(), "secret"), QStringList());
        // A question is answered as ever.
        QTRY_VERIFY_WITH_TIMEOUT(!window.chat()->composer()->isBusy(), 30'000);
        window.chat()->composer()->attach(sample("objects.png"));
        window.chat()->composer()->edit()->setPlainText(
            QStringLiteral("What shape is the green object?"));
        QTRY_VERIFY_WITH_TIMEOUT(!window.chat()->composer()->isReading(), 30'000);
        window.chat()->send();
        QTRY_VERIFY_WITH_TIMEOUT(filesWith(dir.path(), "green object is a cross").size() > 0,
                                 60'000);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    TestClearing test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_clearing.moc"
