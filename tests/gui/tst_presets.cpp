// Named presets of answer options: the file of them, and the row of the panel.
#include <QAction>
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

#include "gui/chat/turncontroller.h"
#include "gui/settings/presetrow.h"
#include "gui/settings/samplingpanel.h"
#include "gui/widgets/button.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QString brief = QStringLiteral("Brief");

AnswerOptions anyOptions(const QString& prompt = QStringLiteral("Answer in one sentence."))
{
    AnswerOptions options = AnswerOptions::builtIn();
    options.sampling.enabled = true;
    options.sampling.temperature = 0.35F;
    options.sampling.seed = 42;
    options.thinking = true;
    options.systemPrompt = prompt;
    return options;
}

/// The panel over a book of chats, as in the window.
struct Bench {
    explicit Bench(const QString& file) : settings(file) { panel.show(); }
    PresetRow& row() { return *panel.presets(); }
    QString shown() { return row().button()->text(); }
    AnswerOptions now() const { return options.current(); }
    PresetStore& store() { return PresetStore::of(settings); }
    /// What the menu lists now; its signs are for themselves.
    QStringList listed()
    {
        QStringList texts;
        for (const QAction* action : menu())
            texts.append(action->isSeparator() ? QStringLiteral("-") : action->text());
        return texts;
    }
    QList<QAction*> menu()
    {
        row().showMenu();
        row().menu()->hide();
        return row().menu()->actions();
    }
    bool pick(const QString& text)
    {
        for (QAction* action : menu()) {
            if (action->text() == text) {
                action->trigger();
                return true;
            }
        }
        return false;
    }
    void type(const QString& name)
    {
        row().nameField()->selectAll();
        QTest::keyClicks(row().nameField(), name);
        QTest::keyClick(row().nameField(), Qt::Key_Return);
    }
    bool save(const QString& name)
    {
        const bool asked = pick(QStringLiteral("Save as a preset…"));
        type(name);
        return asked;
    }
    /// Says something in the chat that is open, so that it is one.
    void say()
    {
        Turn turn;
        turn.id = book.newId();
        turn.answer.state = Answer::State::Finished;
        options.keep();
        book.current().append(turn);
    }

    Settings settings;
    ConversationBook book;
    ChatOptions options{settings, book};
    SamplingPanel panel{settings, options};
};

QByteArray contents(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& name, const QByteArray& bytes)
{
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
}

QByteArray fileOf(const QJsonArray& presets, const QJsonValue& version = 1)
{
    return QJsonDocument(QJsonObject{{QStringLiteral("version"), version},
                                     {QStringLiteral("presets"), presets}})
        .toJson();
}

QJsonObject entry(const QJsonValue& name, const QJsonValue& options = QJsonObject())
{
    return {{QStringLiteral("name"), name}, {QStringLiteral("options"), options}};
}

} // namespace

class TestPresets final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    int m_folders = 0;
    QString m_folder;
    QString settingsFile() const { return m_folder + QStringLiteral("/argali.ini"); }
    QString file() const { return m_folder + QStringLiteral("/presets.json"); }
    /// The files that were put aside, with their contents.
    QList<QByteArray> aside() const
    {
        QList<QByteArray> all;
        const QDir folder(m_folder);
        for (const QString& name : folder.entryList({QStringLiteral("presets-aside-*")}))
            all.append(contents(folder.filePath(name)));
        return all;
    }

private slots:
    void init()
    {
        m_folder = m_dir.filePath(QString::number(m_folders++));
        QVERIFY(QDir().mkpath(m_folder));
    }

    void comesBackAfterARestart()
    {
        {
            PresetStore store(file());
            QCOMPARE(store.put(QStringLiteral("  Brief \n"), anyOptions()), QString());
            QCOMPARE(store.put(QStringLiteral("图像 & <b>"), AnswerOptions::builtIn()), QString());
        }
        PresetStore store(file());
        QCOMPARE(store.trouble(), QString());
        QCOMPARE(store.presets().size(), 2);
        QCOMPARE(store.presets().at(0).name, brief);
        QVERIFY(store.presets().at(0).options.isLike(anyOptions()));
        QCOMPARE(store.presets().at(1).name, QStringLiteral("图像 & <b>"));
        QVERIFY(store.presets().at(1).options.isLike(AnswerOptions::builtIn()));
        QCOMPARE(store.remove(brief), QString());
        QTRY_VERIFY(!contents(file()).contains("Brief")); // at each change
    }

    void oneStoreForTheSettings()
    {
        Settings settings(settingsFile());
        PresetStore& store = PresetStore::of(settings);
        QCOMPARE(&PresetStore::of(settings), &store);
        QCOMPARE(store.fileName(), file());
    }

    void namesAreUniqueIgnoringCase()
    {
        PresetStore store(file());
        QCOMPARE(store.put(QStringLiteral("Höhe"), anyOptions()), QString());
        QCOMPARE(store.put(QStringLiteral("HO\u0308HE"), AnswerOptions::builtIn()), QString());
        QCOMPARE(store.presets().size(), 1); // the same to the eye
        QCOMPARE(store.presets().first().name, QStringLiteral("HO\u0308HE"));
        QVERIFY(store.presets().first().options.isLike(AnswerOptions::builtIn()));
        QCOMPARE(store.put(brief, anyOptions()), QString());
        QVERIFY(!store.rename(brief, QStringLiteral("höhe")).isEmpty());
        QCOMPARE(store.presets().at(1).name, brief);
        QCOMPARE(store.rename(brief, QStringLiteral("BRIEF")), QString()); // its own name
        QCOMPARE(store.presets().at(1).name, QStringLiteral("BRIEF"));
        QVERIFY(!store.rename(brief, QStringLiteral(" \n ")).isEmpty());
        QVERIFY(!store.rename(QStringLiteral("None"), brief).isEmpty());
        QVERIFY(!store.put(QStringLiteral("\t"), anyOptions()).isEmpty());
        QVERIFY(!store.insert(0, {QStringLiteral("brief"), anyOptions()}).isEmpty());
        QCOMPARE(store.presets().size(), 2);
    }

    void hundredAreTheMost()
    {
        PresetStore store(file());
        for (int i = 0; i < PresetStore::most; ++i)
            QCOMPARE(store.put(QString::number(i), anyOptions()), QString());
        QVERIFY(!store.put(brief, anyOptions()).isEmpty());
        QCOMPARE(store.presets().size(), int(PresetStore::most));
        QCOMPARE(store.put(QStringLiteral("7"), AnswerOptions::builtIn()), QString()); // overwrites
        QCOMPARE(store.remove(QStringLiteral("3")), QString());
        QCOMPARE(store.put(brief, anyOptions()), QString());
    }

    void fileHasAnEnd()
    {
        {
            PresetStore store(file());
            const AnswerOptions large = anyOptions(QString(longestPrompt, QChar(0x56FE)));
            QString refusal;
            for (int i = 0; i < PresetStore::most && refusal.isEmpty(); ++i)
                refusal = store.put(QString::number(i), large);
            QVERIFY(refusal.contains(QStringLiteral("1 MB")));
            QCOMPARE(store.presets().size(), 10);
        }
        QVERIFY(QFileInfo(file()).size() <= PresetStore::largestFile);
        QCOMPARE(PresetStore(file()).presets().size(), 10);
    }

    void damagedFileIsPutAside_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("says");
        const QString damaged = QStringLiteral("damaged");
        const QJsonObject good = entry(brief, anyOptions().toJson());
        QTest::newRow("empty") << QByteArray() << damaged;
        QTest::newRow("cut") << fileOf({good}).chopped(20) << damaged;
        QTest::newRow("noise") << QByteArray("\xff\xfe\0\1\2", 5) << damaged;
        QTest::newRow("array") << QByteArray("[1, 2]") << damaged;
        QTest::newRow("no version") << QByteArray("{\"presets\": []}") << damaged;
        QTest::newRow("presets of another type")
            << QByteArray("{\"version\": 1, \"presets\": {\"name\": 1}}") << damaged;
        QTest::newRow("version of another type") << fileOf({good}, QStringLiteral("1")) << damaged;
        QTest::newRow("nested") << QByteArray(500'000, '[') + QByteArray(500'000, ']') << damaged;
        QTest::newRow("too large") << fileOf({good}) + QByteArray(1 << 20, ' ') << damaged;
        QTest::newRow("newer") << fileOf({good}, 2) << QStringLiteral("newer");
        QTest::newRow("much newer") << fileOf({good}, 1e300) << QStringLiteral("newer");
    }
    void damagedFileIsPutAside()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, says);
        write(file(), bytes);
        {
            PresetStore store(file());
            QVERIFY(store.presets().isEmpty());
            QVERIFY2(store.trouble().contains(says), qPrintable(store.trouble()));
            QVERIFY(store.trouble().contains(QStringLiteral("presets-aside-")));
            QCOMPARE(aside(), QList<QByteArray>{bytes});
            QCOMPARE(store.put(brief, anyOptions()), QString());
            QCOMPARE(store.trouble(), QString()); // was said, and all is well now
        }
        QCOMPARE(PresetStore(file()).presets().size(), 1);
        QCOMPARE(aside(), QList<QByteArray>{bytes});
        write(file(), bytes); // a second one does not take the place of the first
        PresetStore again(file());
        QCOMPARE(aside().size(), 2);
    }

    void whatIsGoodOfAFileIsKept_data()
    {
        QTest::addColumn<QJsonArray>("entries");
        QTest::addColumn<int>("kept");
        const QJsonObject good = entry(brief, anyOptions().toJson());
        QTest::newRow("number") << QJsonArray{7, good} << 1;
        QTest::newRow("name of another type") << QJsonArray{entry(7), good} << 1;
        QTest::newRow("no name") << QJsonArray{entry(QStringLiteral(" \n ")), good} << 1;
        QTest::newRow("options of another type")
            << QJsonArray{entry(QStringLiteral("A"), QJsonArray{1}), good} << 1;
        QTest::newRow("twice") << QJsonArray{good, entry(QStringLiteral("BRIEF"))} << 1;
        QJsonArray many{good};
        for (int i = 0; i < 10'000; ++i)
            many.append(entry(QString::number(i)));
        QTest::newRow("ten thousand") << many << int(PresetStore::most);
    }
    void whatIsGoodOfAFileIsKept()
    {
        QFETCH(QJsonArray, entries);
        QFETCH(int, kept);
        const QByteArray bytes = fileOf(entries);
        QVERIFY(bytes.size() < PresetStore::largestFile);
        write(file(), bytes);
        {
            PresetStore store(file());
            QVERIFY(store.trouble().contains(QStringLiteral("Some of your presets")));
            QCOMPARE(store.presets().size(), kept);
            QVERIFY(store.indexOf(brief) >= 0);
            QCOMPARE(aside(), QList<QByteArray>{bytes});
        }
        PresetStore store(file()); // without a change of the user's
        QCOMPARE(store.presets().size(), kept);
        QCOMPARE(store.trouble(), QString());
    }

    void optionsAreHeldToTheirRanges()
    {
        const char* hostile = R"({"version": 1, "presets": [{"name": "A", "options": {
            "sampling": "yes", "temperature": 1e300, "topP": -5, "topK": 1e18, "minP": [1],
            "repetitionPenalty": {"a": 1}, "seed": "99999999999999999999", "think": 1,
            "hasBudget": true, "thinkingBudget": -1e300, "longestAnswer": 1e300,
            "systemPrompt": 7}}]})";
        write(file(), hostile);
        PresetStore store(file());
        QCOMPARE(store.presets().size(), 1);
        const AnswerOptions options = store.presets().first().options;
        QVERIFY(options.isLike(options.held()));
        QCOMPARE(options.sampling.temperature, 2.0F);
        QCOMPARE(options.sampling.topP, 0.05F);
        QCOMPARE(options.sampling.topK, 200);
        QVERIFY(!options.sampling.seed);
        QCOMPARE(options.thinkingBudget, 128);
        QCOMPARE(options.longestAnswer, 1'000'000);
        QCOMPARE(options.systemPrompt, QString());
    }

    void promptThatIsTooLongIsCut()
    {
        write(file(), fileOf({entry(brief, QJsonObject{{QStringLiteral("systemPrompt"),
                                                        QString(300'000, QLatin1Char('x'))}})}));
        QCOMPARE(PresetStore(file()).presets().first().options.systemPrompt.size(),
                 qsizetype(longestPrompt));
    }

    void nothingIsWaitedFor()
    {
        QCOMPARE(::mkfifo(QFile::encodeName(file()).constData(), 0600), 0);
        {
            PresetStore store(file());
            QVERIFY(store.trouble().contains(QStringLiteral("damaged")));
            QCOMPARE(store.put(brief, anyOptions()), QString());
        }
        QCOMPARE(PresetStore(file()).presets().size(), 1);
        QCOMPARE(QDir(m_folder).entryList({QStringLiteral("presets-aside-*")}, QDir::System).size(),
                 1);
    }

    void folderThatCannotBeWritten()
    {
        write(m_folder + QStringLiteral("/file"), "not a folder");
        PresetStore store(m_folder + QStringLiteral("/file/presets.json"));
        QCOMPARE(store.trouble(), QString());
        QCOMPARE(store.put(brief, anyOptions()), QString());
        QTRY_VERIFY(store.trouble().contains(QStringLiteral("cannot be written")));
        QVERIFY(store.trouble().contains(QStringLiteral("file/presets.json")));
        QCOMPARE(store.presets().size(), 1); // stays in memory
        QCOMPARE(contents(m_folder + QStringLiteral("/file")), QByteArray("not a folder"));
        // When there is a way again, all of it is written, and nothing is said any more.
        QVERIFY(QFile::remove(m_folder + QStringLiteral("/file")));
        QCOMPARE(store.put(QStringLiteral("Second"), anyOptions()), QString());
        QTRY_COMPARE(store.trouble(), QString());
        QCOMPARE(PresetStore(store.fileName()).presets().size(), 2);
    }

    void damagedFileThatCannotBePutAside()
    {
        // Its name is so long that it cannot have a longer one.
        const QString name =
            m_folder + QLatin1Char('/') + QString(235, QLatin1Char('x')) + QStringLiteral(".json");
        write(name, "damaged");
        {
            PresetStore store(name);
            QVERIFY(store.trouble().contains(QStringLiteral("nor put aside")));
            QCOMPARE(store.put(brief, anyOptions()), QString());
            QVERIFY(store.trouble().contains(QStringLiteral("nor put aside")));
            QCOMPARE(store.presets().size(), 1);
        }
        QCOMPARE(contents(name), QByteArray("damaged"));
    }

    void eraseLeavesNothing()
    {
        write(file(), "damaged");
        PresetStore store(file());
        QCOMPARE(store.put(brief, anyOptions()), QString());
        write(m_folder + QStringLiteral("/other.json"), "of somebody else");
        QCOMPARE(store.erase(), QStringList());
        QVERIFY(store.presets().isEmpty());
        QCOMPARE(QDir(m_folder).entryList(QDir::Files), QStringList{QStringLiteral("other.json")});
        QVERIFY(QDir().mkpath(file() + QStringLiteral("/full")));
        QCOMPARE(store.erase(), QStringList{file()});
    }

    void rowSaysWhatTheChatAnswersBy()
    {
        Bench bench(settingsFile());
        QCOMPARE(bench.shown(), QStringLiteral("Defaults"));
        QCOMPARE(bench.listed(), (QStringList{QStringLiteral("Defaults"), QStringLiteral("-"),
                                              QStringLiteral("Save as a preset…")}));
        bench.panel.thinking()->setChecked(true);
        QCOMPARE(bench.shown(), QStringLiteral("Changed"));
        QVERIFY(bench.save(brief));
        QCOMPARE(bench.shown(), brief);
        QCOMPARE(bench.row().button()->accessibleName(), QStringLiteral("Preset: Brief"));
        QVERIFY(!bench.row().nameField()->isVisible());
        bench.panel.temperature()->setValue(0.2);
        QCOMPARE(bench.shown(), QStringLiteral("Changed"));
        QVERIFY(!bench.listed().contains(QStringLiteral("Delete")));
        bench.panel.temperature()->setValue(0.7);
        QCOMPARE(bench.shown(), brief);
        QVERIFY(bench.listed().contains(QStringLiteral("Delete")));
        QVERIFY(bench.menu().at(1)->isChecked() && !bench.menu().at(0)->isChecked());
        // The defaults may become others.
        bench.say();
        QTest::mouseClick(bench.panel.makeDefaults(), Qt::LeftButton);
        QCOMPARE(bench.listed().mid(0, 2), (QStringList{QStringLiteral("Defaults"), brief}));
        QCOMPARE(bench.shown(), brief); // what was chosen, of two that are alike
    }

    void choosingIsForThisChatOnly()
    {
        Bench bench(settingsFile());
        QCOMPARE(bench.store().put(brief, anyOptions()), QString());
        bench.say();
        QVERIFY(bench.pick(brief));
        QVERIFY(bench.now().isLike(anyOptions()));
        QCOMPARE(bench.panel.systemPrompt()->toPlainText(), anyOptions().systemPrompt);
        QVERIFY(AnswerOptions::from(bench.settings).isLike(AnswerOptions::builtIn()));
        bench.book.startNew();
        QCOMPARE(bench.shown(), QStringLiteral("Defaults"));
        bench.say();
        bench.panel.temperature()->setValue(1.1);
        QCOMPARE(bench.shown(), QStringLiteral("Changed"));
        bench.book.open(1);
        QCOMPARE(bench.shown(), brief);
        QVERIFY(bench.pick(QStringLiteral("Defaults")));
        QVERIFY(bench.now().isLike(AnswerOptions::builtIn()));
        QCOMPARE(bench.shown(), QStringLiteral("Defaults"));
        bench.book.open(0);
        QCOMPARE(bench.shown(), QStringLiteral("Changed"));
    }

    void whatIsTypedCounts()
    {
        Bench bench(settingsFile());
        QLineEdit* number = bench.panel.longest()->findChild<QLineEdit*>();
        QVERIFY(number);
        number->selectAll();
        QTest::keyClicks(number, QStringLiteral("777")); // and no Return
        QVERIFY(bench.save(brief));
        QCOMPARE(bench.store().presets().first().options.longestAnswer, bench.now().longestAnswer);
        QVERIFY(bench.now().longestAnswer != 2048);
    }

    void whatAChoiceReplacesComesBack()
    {
        Bench bench(settingsFile());
        QCOMPARE(bench.store().put(brief, anyOptions()), QString());
        const QString typed = QStringLiteral("A long prompt that is nowhere else.");
        bench.panel.systemPrompt()->setPlainText(typed);
        const quint64 chat = bench.options.chat();
        bench.say();
        QVERIFY(bench.pick(brief));
        QVERIFY(bench.row().undo()->isVisible());
        bench.book.startNew(); // of the other chat
        QCOMPARE(bench.row().note(), QString());
        bench.book.open(bench.book.indexOf(chat));
        QTest::mouseClick(bench.row().undo(), Qt::LeftButton);
        QCOMPARE(bench.panel.systemPrompt()->toPlainText(), typed);
        QCOMPARE(bench.shown(), QStringLiteral("Changed"));
        QCOMPARE(bench.row().note(), QString());
        // Not when something was chosen since.
        QVERIFY(bench.pick(QStringLiteral("Defaults")));
        QVERIFY(bench.row().undo()->isVisible());
        bench.panel.thinking()->setChecked(true);
        QCOMPARE(bench.row().note(), QString());
        // What has a name is not lost.
        QVERIFY(bench.pick(brief));
        QVERIFY(bench.pick(QStringLiteral("Defaults")));
        QCOMPARE(bench.row().note(), QString());
    }

    void existingNameAsksFirst()
    {
        Bench bench(settingsFile());
        QCOMPARE(bench.store().put(brief, anyOptions()), QString());
        bench.panel.thinking()->setChecked(true);
        QVERIFY(bench.save(QStringLiteral("brief")));
        QVERIFY(bench.row().note().contains(QStringLiteral("“Brief” already")));
        QCOMPARE(bench.row().accept()->text(), QStringLiteral("Overwrite"));
        QVERIFY(bench.store().presets().first().options.isLike(anyOptions()));
        // Another name is another question.
        bench.row().nameField()->setText(QString());
        QTest::keyClicks(bench.row().nameField(), QStringLiteral("brie"));
        QCOMPARE(bench.row().accept()->text(), QStringLiteral("Save"));
        QCOMPARE(bench.row().note(), QString());
        QTest::keyClicks(bench.row().nameField(), QStringLiteral("f"));
        QTest::mouseClick(bench.row().accept(), Qt::LeftButton);
        QVERIFY(bench.store().presets().first().options.isLike(anyOptions()));
        QTest::mouseClick(bench.row().cancel(), Qt::LeftButton);
        QVERIFY(bench.store().presets().first().options.isLike(anyOptions()));
        QVERIFY(bench.save(QStringLiteral("brief")));
        QTest::keyClick(bench.row().nameField(), Qt::Key_Return);
        QCOMPARE(bench.store().presets().size(), 1);
        QVERIFY(bench.store().presets().first().options.isLike(bench.now()));
        QCOMPARE(bench.shown(), QStringLiteral("brief"));
    }

    void badNamesAreSaidInPlace()
    {
        Bench bench(settingsFile());
        bench.panel.thinking()->setChecked(true);
        for (const char* name : {" ", "Defaults", "changed"}) {
            QVERIFY(bench.save(QLatin1String(name)));
            QVERIFY(!bench.row().note().isEmpty());
            QVERIFY(bench.row().nameField()->isVisible()); // with what was typed
            QVERIFY(bench.store().presets().isEmpty());
        }
        QTest::keyClick(bench.row().nameField(), Qt::Key_Escape);
        QVERIFY(!bench.row().nameField()->isVisible());
        QCOMPARE(bench.row().note(), QString());
    }

    void renames()
    {
        Bench bench(settingsFile());
        QCOMPARE(bench.store().put(QStringLiteral("First"), anyOptions()), QString());
        QCOMPARE(bench.store().put(brief, anyOptions(QString())), QString());
        QVERIFY(bench.pick(brief));
        QVERIFY(bench.pick(QStringLiteral("Rename…")));
        QCOMPARE(bench.row().nameField()->text(), brief);
        bench.type(QStringLiteral("FIRST"));
        QVERIFY(bench.row().note().contains(QStringLiteral("already")));
        QCOMPARE(bench.store().presets().at(1).name, brief);
        bench.type(QStringLiteral("Second"));
        QCOMPARE(bench.shown(), QStringLiteral("Second"));
        QCOMPARE(bench.store().presets().at(1).name, QStringLiteral("Second"));
        QVERIFY(bench.store().presets().at(1).options.isLike(anyOptions(QString())));
    }

    void deletedComesBack()
    {
        Bench bench(settingsFile());
        for (const char* name : {"A", "B", "C"})
            QCOMPARE(bench.store().put(QLatin1String(name), anyOptions(QLatin1String(name))),
                     QString());
        QVERIFY(bench.pick(QStringLiteral("B")));
        QVERIFY(bench.pick(QStringLiteral("Delete")));
        QCOMPARE(bench.store().indexOf(QStringLiteral("B")), -1);
        QCOMPARE(bench.shown(), QStringLiteral("Changed")); // the chat answers as before
        QVERIFY(bench.now().isLike(anyOptions(QStringLiteral("B"))));
        QVERIFY(bench.row().note().contains(QStringLiteral("“B” was deleted")));
        QTest::mouseClick(bench.row().undo(), Qt::LeftButton);
        QCOMPARE(bench.store().indexOf(QStringLiteral("B")), 1);
        QCOMPARE(bench.shown(), QStringLiteral("B"));
        QCOMPARE(bench.row().note(), QString());
        // What was erased with everything else does not come back.
        QVERIFY(bench.pick(QStringLiteral("Delete")));
        QCOMPARE(bench.store().erase(), QStringList());
        QVERIFY(!bench.row().undo()->isVisible());
    }

    void namesAreTheirSigns()
    {
        Bench bench(settingsFile());
        const QString name = QStringLiteral("&Q & <b>A</b>");
        QCOMPARE(bench.store().put(name, anyOptions()), QString());
        QVERIFY(bench.listed().contains(QStringLiteral("&&Q && <b>A</b>")));
        QVERIFY(bench.menu().at(1)->toolTip().contains(QStringLiteral("&lt;b&gt;")));
        QVERIFY(bench.pick(QStringLiteral("&&Q && <b>A</b>")));
        QCOMPARE(bench.shown(), name);
        QVERIFY(bench.row().button()->shortcut().isEmpty());
        QVERIFY(bench.pick(QStringLiteral("Delete")));
        QVERIFY(bench.row().note().contains(name));
        // One that is as long as can be does not make the panel wider.
        const int width = bench.panel.widget()->minimumSizeHint().width();
        QCOMPARE(bench.store().put(QString(300, QLatin1Char('W')), bench.now()), QString());
        QCOMPARE(bench.shown().left(10), QString(10, QLatin1Char('W')));
        QTest::qWait(0);
        QVERIFY(bench.panel.widget()->minimumSizeHint().width() <= std::max(width, 280));
    }

    void runningAnswerIsAsItBegan()
    {
        Bench bench(settingsFile());
        FakeReplySource source;
        TurnController turns(bench.book, source);
        QCOMPARE(bench.store().put(brief, anyOptions()), QString());
        const Draft question{QStringLiteral("What?"), {}};
        const quint64 first = turns.send(question, bench.options.forAnswer({}), {});
        const AnswerOptions begun = bench.book.current().turns().back().options;
        QVERIFY(bench.pick(brief));
        QVERIFY(turns.isBusy());
        QVERIFY(bench.book.current().turns().back().options.isLike(begun));
        source.finish(first, QStringLiteral("A ring."));
        QVERIFY(bench.book.current().turns().back().options.isLike(begun));
        turns.send(question, bench.options.forAnswer({}), {});
        QVERIFY(bench.book.current().turns().back().options.isLike(anyOptions()));
        QVERIFY(source.requests.back().sampling->enabled);
        QVERIFY(!source.requests.front().sampling->enabled);
    }

    void troubleIsALineOfThePanel()
    {
        write(file(), "damaged");
        Bench bench(settingsFile());
        QVERIFY(bench.row().trouble().contains(QStringLiteral("presets-aside-")));
        QVERIFY(bench.save(brief));
        QCOMPARE(bench.row().trouble(), QString());
    }

    void everythingHasAName()
    {
        Bench bench(settingsFile());
        QCOMPARE(bench.store().put(brief, anyOptions()), QString());
        bench.panel.thinking()->setChecked(true);
        QVERIFY(bench.pick(brief));
        QVERIFY(bench.row().undo()->isVisible());
        QVERIFY(!bench.row().undo()->accessibleName().isEmpty());
        QVERIFY(bench.pick(QStringLiteral("Save as a preset…")));
        int visited = 0;
        for (const QWidget* widget : bench.row().findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible())
                continue;
            QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
            ++visited;
        }
        QCOMPARE(visited, 4); // the button, the field, Save and Cancel
    }
};

QTEST_MAIN(TestPresets)
#include "tst_presets.moc"
