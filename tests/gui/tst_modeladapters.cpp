// Adapters in the window: the program as a whole with small models, against what the engine answers
// when it is asked itself.
#include <memory>

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFile>
#include <QMenu>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "gui/models/adaptercontrol.h"
#include "gui/models/alphaquestion.h"
#include "gui/models/modelchooser.h"
#include "gui/serving/serverprocess.h"
#include "gui/settings/presetrow.h"
#include "gui/settings/presetstore.h"
#include "gui/settings/samplingpanel.h"
#include "gui/singleinstance.h"
#include "gui/statusline.h"
#include "gui/widgets/button.h"

using namespace argali;
using namespace argali::gui;

namespace {

constexpr int longest = 60'000; // ms, under sanitizers too
const QString question = QStringLiteral("Hello");
const QString lora = QStringLiteral("llava-tiny-lora");

QString data(const QString& name)
{
    return QStringLiteral(ARGALI_TEST_DATA "/") + name;
}

QString adapter(const QString& name)
{
    return data(QStringLiteral("adapters/") + name);
}

const QString llava = data(QStringLiteral("llava_1_5-tiny-original"));
const QString internvl = data(QStringLiteral("internvl2-tiny-internlm2"));

/// The program with one of the small models open, in a folder that lasts over restarts.
struct Bench {
    QTemporaryDir dir;
    QString model;
    std::unique_ptr<Application> application;

    explicit Bench(const QString& opened = llava) : model(opened) { start(); }
    void start()
    {
        application.reset();
        application = std::make_unique<Application>(
            Application::Options{Places::under(dir.path()), model, StartupTrace(false)});
        QSignalSpy ready(application.get(), &Application::modelReady);
        application->start();
        if (ready.isEmpty() && !ready.wait(longest))
            qFatal("the model does not open");
        application->settings().set(settings::hasBudget, false); // it asks for longer answers
        application->settings().set(settings::longestAnswer, 256);
    }
    MainWindow& window() const { return application->window(); }
    AdapterControl& control() const { return *window().adapters(); }
    ModelAdapters& adapters() const { return application->adapters(); }
    ChatOptions& options() const { return window().chat()->options(); }
    ConversationBook& book() const { return application->book(); }
    QString status() const { return window().status()->phaseText(); }

    /// Returns whether it can answer now.
    bool add(const QString& path)
    {
        QSignalSpy added(&adapters(), &ModelAdapters::added);
        control().add(path);
        return !added.isEmpty() || added.wait(longest);
    }
    bool isRefused(const QString& path)
    {
        QSignalSpy refused(&adapters(), &ModelAdapters::refused);
        control().add(path);
        return !refused.isEmpty() || refused.wait(longest);
    }
    /// The menu as it opens.
    QList<QAction*> entries() const
    {
        emit control().menu()->aboutToShow();
        return control().menu()->actions();
    }
    QAction* entry(const QString& text) const
    {
        for (QAction* action : entries()) {
            if (action->text() == text || (action->menu() && action->menu()->title() == text))
                return action;
        }
        return nullptr;
    }
    const Turn& ask()
    {
        window().chat()->composer()->edit()->setPlainText(question);
        window().chat()->send();
        if (!QTest::qWaitFor([&] { return !application->turns().isBusy(); }, longest))
            qFatal("no answer");
        return book().current().turns().back();
    }
    bool change(const QString& language) const
    {
        const MainWindow* before = &window();
        application->settings().set(settings::language, language);
        return QTest::qWaitFor([&] { return &window() != before; }, longest);
    }
};

/// The same question, asked of the engine itself.
QString engineAnswer(const Bench& bench, const Turn& turn, const QString& path,
                     std::optional<double> textAlpha = {}, std::optional<double> visionAlpha = {})
{
    OpenOptions open;
    if (!path.isEmpty())
        open.adapters = {{path.toStdString(), "it", textAlpha, visionAlpha}};
    const std::unique_ptr<Model> model = openModel(bench.model.toStdString(), open, {});
    ChatRequest request = makeRequest(Conversation(), turn.draft(), turn.options);
    request.adapter = path.isEmpty() ? "" : "it";
    return QString::fromStdString(model->generate(request, {}, {}, {}).text);
}

} // namespace

class TestModelAdapters final : public QObject {
    Q_OBJECT
    std::unique_ptr<Bench> m_refusing;

private slots:
    void cleanupTestCase() { m_refusing.reset(); }

    void answersWithItAndWithout()
    {
        Bench bench;
        const QString bare = bench.ask().answer.text;
        QCOMPARE(bare, engineAnswer(bench, bench.book().current().turns().back(), {}));
        bench.book().startNew();
        QVERIFY(bench.add(adapter(lora)));
        QVERIFY2(bench.status().contains(lora), qPrintable(bench.status()));
        QVERIFY(bench.window().chooser()->button()->text().endsWith(QStringLiteral("+ ") + lora));
        const Turn with = bench.ask();
        QCOMPARE(with.options.adapter, lora);
        QCOMPARE(with.answerer(), QStringLiteral("llava_1_5-tiny-original + ") + lora);
        QCOMPARE(with.answer.text, engineAnswer(bench, with, adapter(lora)));
        QVERIFY(with.answer.text != bare);
        // Off, with the next question and without another load.
        QSignalSpy loads(&bench.application->source(), &LocalReplySource::loadStarted);
        QAction* none = bench.entry(QStringLiteral("None in this chat"));
        QVERIFY(none && !none->isChecked());
        QVERIFY(bench.entry(lora)->isChecked());
        bench.entry(QStringLiteral("None in this chat"))->trigger();
        QCOMPARE(bench.window().chooser()->button()->text(),
                 QStringLiteral("llava_1_5-tiny-original"));
        QCOMPARE(bench.ask().options.adapter, QString());
        bench.book().startNew();
        QCOMPARE(bench.options().current().adapter, QString()); // a new chat has none
        QCOMPARE(bench.ask().answer.text, bare);
        // And on.
        bench.book().startNew();
        bench.entry(lora)->trigger();
        QCOMPARE(bench.ask().answer.text, with.answer.text);
        QCOMPARE(loads.count(), 0);
    }

    void eachChatHasItsOwnOverARestart()
    {
        Bench bench;
        QVERIFY(bench.add(adapter(lora)));
        const Turn with = bench.ask();
        bench.book().startNew();
        bench.ask();
        bench.model.clear(); // the one that was open
        bench.start();
        bench.model = llava;
        QTRY_COMPARE_WITH_TIMEOUT(bench.book().count(), 3, longest); // with a new one
        QCOMPARE(bench.adapters().list().size(), 1);
        QVERIFY(bench.adapters().list().first().isReady());
        QList<quint64> chats;
        for (int i = 0; i < 3; ++i)
            chats.append(bench.book().at(i).id());
        QStringList answerers;
        for (const quint64 chat : chats) {
            bench.book().open(bench.book().indexOf(chat));
            QTRY_COMPARE_WITH_TIMEOUT(bench.book().current().id(), chat, longest);
            if (bench.book().current().isEmpty()) {
                QCOMPARE(bench.options().current().adapter, QString());
                continue;
            }
            const Turn& turn = bench.book().current().turns().front();
            answerers.append(turn.answerer());
            QCOMPARE(bench.options().current().adapter, turn.options.adapter);
            QCOMPARE(bench.entry(lora)->isChecked(), !turn.options.adapter.isEmpty());
        }
        answerers.sort();
        QCOMPARE(answerers,
                 (QStringList{QStringLiteral("llava_1_5-tiny-original"), with.answerer()}));
        bench.book().startNew();
        bench.entry(lora)->trigger();
        QCOMPARE(bench.ask().answer.text, with.answer.text);
    }

    void whatIsGoneOrDoesNotFitStopsNothing()
    {
        Bench bench;
        QTemporaryDir place;
        const QString copy = place.filePath(QStringLiteral("birds & bees"));
        QVERIFY(QDir().mkpath(copy));
        for (const QFileInfo& file : QDir(adapter(lora)).entryInfoList(QDir::Files))
            QVERIFY(QFile::copy(file.filePath(), copy + QLatin1Char('/') + file.fileName()));
        QVERIFY(bench.add(copy));
        QVERIFY(QDir(copy).removeRecursively());
        AdapterStore store(bench.application->settings());
        QList<KnownAdapter> known = store.of(llava);
        QCOMPARE(known.size(), 1);
        bench.start();
        QCOMPARE(bench.adapters().list().size(), 1);
        QVERIFY(!bench.adapters().list().first().isReady());
        QVERIFY2(
            bench.status().startsWith(QStringLiteral("The adapter birds & bees was not loaded.")),
            qPrintable(bench.status()));
        QVERIFY(bench.status().contains(QStringLiteral("is not there or cannot be read")));
        QAction* entry = bench.entry(QStringLiteral("birds && bees (not loaded)"));
        QVERIFY(entry && !entry->isEnabled());
        QVERIFY(entry->toolTip().contains(QStringLiteral("is not there or cannot be read")));
        // A chat that asks for it is answered, and says by whom.
        bench.options().setAdapter(bench.options().chat(), QStringLiteral("birds & bees"));
        const Turn& turn = bench.ask();
        QCOMPARE(turn.answer.state, Answer::State::Finished);
        QCOMPARE(turn.options.adapter, QString());
        QCOMPARE(turn.answer.remarks.size(), 1);
        QVERIFY(turn.answer.remarks.first().contains(QStringLiteral("birds & bees")));
        const QString wanted = bench.options().current().adapter;
        QCOMPARE(wanted, QStringLiteral("birds & bees")); // it may return
        // One that is of another model, beside it.
        known.append({QStringLiteral("other"), adapter(QStringLiteral("internvl2-llm"))});
        AdapterStore(bench.application->settings()).set(llava, known);
        bench.start();
        QCOMPARE(bench.adapters().list().size(), 2);
        QVERIFY2(bench.status().startsWith(QStringLiteral("2 adapter")),
                 qPrintable(bench.status()));
        QCOMPARE(bench.adapters().list().last().failure->code(), Error::Code::BadModel);
        QVERIFY(bench.entry(QStringLiteral("other (not loaded)"))
                    ->toolTip()
                    .contains(QStringLiteral("made for another model")));
    }

    void refusals_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("of another model")
            << adapter(QStringLiteral("internvl2-llm")) << QStringLiteral("made for another model");
        QTest::newRow("missing") << QStringLiteral("/nowhere/at all")
                                 << QStringLiteral("is not there or cannot be read");
        QTest::newRow("no adapter")
            << data(QStringLiteral("media")) << QStringLiteral("is not there or cannot be read");
        QTest::newRow("prefix") << data(QStringLiteral("chatglm2-ptuning"))
                                << QStringLiteral("cannot use this kind of adapter");
        QTest::newRow("hostile file") << QStringLiteral("hostile")
                                      << QStringLiteral("It is damaged, or was made for another");
    }
    void refusals()
    {
        QFETCH(QString, path);
        QFETCH(QString, sentence);
        if (!m_refusing)
            m_refusing = std::make_unique<Bench>();
        Bench& bench = *m_refusing;
        if (path == QLatin1String("hostile")) {
            path = bench.dir.filePath(QStringLiteral("mm_projector.bin"));
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write("PK\3\4" + QByteArray(5000, '\xff'));
        }
        QVERIFY(bench.isRefused(path));
        const QString said = bench.status();
        QVERIFY2(said.contains(QStringLiteral("was not added.")), qPrintable(said));
        QVERIFY2(said.contains(sentence), qPrintable(said));
        QVERIFY(!bench.adapters().reading());
        QVERIFY(bench.adapters().list().isEmpty());
        QVERIFY(AdapterStore(bench.application->settings()).of(llava).isEmpty());
        QCOMPARE(bench.options().current().adapter, QString());
        QVERIFY(bench.entry(QStringLiteral("Add an adapter folder…"))->isEnabled());
        QCOMPARE(bench.ask().answer.state, Answer::State::Finished);
    }

    void removed()
    {
        Bench bench;
        QVERIFY(bench.add(adapter(lora)));
        const QString with = bench.ask().answer.text;
        QAction* removing = bench.entry(QStringLiteral("Remove an adapter"));
        QVERIFY(removing && removing->menu()->actions().size() == 1);
        removing->menu()->actions().first()->trigger();
        QVERIFY(bench.adapters().list().isEmpty());
        QVERIFY(!bench.entry(lora));
        QVERIFY(!bench.entry(QStringLiteral("Remove an adapter")));
        QCOMPARE(bench.options().current().adapter, QString());
        QVERIFY(AdapterStore(bench.application->settings()).of(llava).isEmpty());
        bench.book().startNew();
        const Turn bare = bench.ask();
        QVERIFY(bare.answer.text != with);
        // Another one under its name is another one.
        QTemporaryDir place;
        const QString other = place.filePath(lora);
        QVERIFY(QDir().mkpath(other));
        const QDir from(adapter(QStringLiteral("llava-tiny-lora-rslora")));
        for (const QFileInfo& file : from.entryInfoList(QDir::Files))
            QVERIFY(QFile::copy(file.filePath(), other + QLatin1Char('/') + file.fileName()));
        bench.book().startNew();
        QVERIFY(bench.add(other));
        QCOMPARE(bench.adapters().list().first().known.name, lora);
        const Turn turn = bench.ask();
        QCOMPARE(turn.answer.text, engineAnswer(bench, turn, other));
    }

    void twoOfOneName()
    {
        Bench bench;
        QTemporaryDir place;
        const QString other = place.filePath(lora);
        QVERIFY(QDir().mkpath(other));
        const QDir from(adapter(QStringLiteral("llava-tiny-lora-rslora")));
        for (const QFileInfo& file : from.entryInfoList(QDir::Files))
            QVERIFY(QFile::copy(file.filePath(), other + QLatin1Char('/') + file.fileName()));
        QVERIFY(bench.add(adapter(lora)));
        QVERIFY(bench.add(other));
        QCOMPARE(bench.options().current().adapter, lora + QStringLiteral(" (2)"));
        const Turn turn = bench.ask();
        QCOMPARE(turn.answer.text, engineAnswer(bench, turn, other));
        // The same once more is the one that is there.
        QVERIFY(bench.add(adapter(lora) + QStringLiteral("/")));
        QCOMPARE(bench.adapters().list().size(), 2);
        QCOMPARE(bench.options().current().adapter, lora);
    }

    void alphasOfATrainingRun()
    {
        Bench bench(internvl);
        const QString file = adapter(QStringLiteral("internvl2-xtuner/iter_40.pth"));
        bench.control().add(file);
        AlphaQuestion* asked = bench.control().alphaQuestion();
        QVERIFY(asked && asked->isVisible());
        asked->text()->setValue(0);
        QSignalSpy refused(&bench.adapters(), &ModelAdapters::refused);
        asked->accept();
        QVERIFY(!refused.isEmpty() || refused.wait(longest));
        QVERIFY2(bench.status().contains(QStringLiteral("alphas")), qPrintable(bench.status()));
        bench.control().add(file);
        asked = bench.control().alphaQuestion();
        asked->text()->setValue(8);
        asked->vision()->setValue(1);
        QSignalSpy added(&bench.adapters(), &ModelAdapters::added);
        asked->accept();
        QVERIFY(!added.isEmpty() || added.wait(longest));
        const Turn turn = bench.ask();
        QCOMPARE(turn.options.adapter, QStringLiteral("iter_40"));
        QCOMPARE(turn.answer.text, engineAnswer(bench, turn, file, 8, 1));
        bench.start(); // it is remembered with them
        QVERIFY(bench.adapters().list().first().isReady());
    }

    void presetsAndDefaultsLeaveIt()
    {
        Bench bench;
        QVERIFY(bench.add(adapter(lora)));
        PresetStore& presets = PresetStore::of(bench.application->settings());
        AnswerOptions brief = bench.options().current();
        brief.systemPrompt = QStringLiteral("Be brief.");
        QCOMPARE(presets.put(QStringLiteral("Brief"), brief), QString());
        QCOMPARE(presets.presets().first().options.adapter, QString());
        bench.options().apply(presets.presets().first().options);
        QCOMPARE(bench.options().current().systemPrompt, QStringLiteral("Be brief."));
        QCOMPARE(bench.options().current().adapter, lora);
        bench.options().useDefaults();
        QCOMPARE(bench.options().current().systemPrompt, QString());
        QCOMPARE(bench.options().current().adapter, lora);
        bench.options().apply(presets.presets().first().options);
        bench.window().panel()->makeDefaults()->click();
        bench.book().startNew();
        QCOMPARE(bench.options().current().systemPrompt, QStringLiteral("Be brief."));
        QCOMPARE(bench.options().current().adapter, QString());
    }

    void greyedForAServer()
    {
        Bench bench;
        QVERIFY(bench.add(adapter(lora)));
        bench.application->sources().choose({QStringLiteral("elsewhere"), QStringLiteral("m")});
        const QList<QAction*> entries = bench.entries();
        QVERIFY(entries.first()->text().contains(QStringLiteral("A server answers in this chat.")));
        int greyed = 0;
        for (const QAction* action : entries) {
            QVERIFY2(action->isSeparator() || !action->isEnabled(), qPrintable(action->text()));
            greyed += !action->isSeparator();
        }
        QVERIFY(greyed >= 5);
        QVERIFY(!bench.window().chooser()->button()->text().contains(lora));
        bench.application->sources().choose({});
        QVERIFY(bench.entry(lora)->isEnabled());
        QVERIFY(bench.entry(lora)->isChecked());
    }

    void anotherLanguageKeepsThem()
    {
        Bench bench;
        bench.application->settings().set(settings::language, QStringLiteral("en"));
        QVERIFY(bench.add(adapter(lora)));
        bench.window().show();
        // One is being read meanwhile.
        QSignalSpy added(&bench.adapters(), &ModelAdapters::added);
        bench.control().add(adapter(QStringLiteral("llava-tiny-projector")));
        QVERIFY(bench.change(QStringLiteral("zh_CN")));
        QVERIFY(!added.isEmpty() || added.wait(longest));
        QCOMPARE(bench.adapters().list().size(), 2);
        QAction* entry = bench.entry(lora);
        QVERIFY(entry && entry->isEnabled());
        QTRY_COMPARE(bench.options().current().adapter, QStringLiteral("llava-tiny-projector"));
        QVERIFY(bench.entry(QStringLiteral("llava-tiny-projector"))->isChecked());
        const Turn turn = bench.ask();
        QCOMPARE(turn.answer.text,
                 engineAnswer(bench, turn, adapter(QStringLiteral("llava-tiny-projector"))));
        QVERIFY(bench.change(QStringLiteral("en")));
        QVERIFY(bench.entry(QStringLiteral("llava-tiny-projector"))->isChecked());
    }

    void prefixesOfChatGlm()
    {
        Bench bench(data(QStringLiteral("chatglm2-tiny")));
        const QString prefix = data(QStringLiteral("chatglm2-ptuning"));
        const QString bare = bench.ask().answer.text;
        bench.book().startNew();
        QVERIFY(bench.add(prefix));
        const Turn turn = bench.ask();
        QCOMPARE(turn.answer.text, engineAnswer(bench, turn, prefix));
        bench.book().startNew();
        QCOMPARE(bench.ask().answer.text, bare);
    }

    void hostileSettings_data()
    {
        QTest::addColumn<QByteArray>("stored");
        QTest::newRow("broken") << QByteArray("[{");
        QTest::newRow("other kinds")
            << QByteArray("[7,{'model':7},{'model':'MODEL','adapters':{'a':1}},"
                          "{'model':'MODEL','adapters':[1,{'name':'x'},{'path':'y'}]}]");
        QTest::newRow("deep") << QByteArray(100'000, '[');
        QTest::newRow("twice the same")
            << QByteArray("[{'model':'MODEL','adapters':[{'name':'a','path':'/x','textAlpha':-1},"
                          "{'name':'a','path':'/y'},{'name':'b','path':'/x'}]}]");
        QByteArray many = "[{'model':'MODEL','adapters':[";
        for (int i = 0; i < 500; ++i)
            many +=
                "{'name':'" + QByteArray::number(i) + "','path':'/" + QByteArray::number(i) + "'},";
        QTest::newRow("many") << many + "0]}]";
    }
    void hostileSettings()
    {
        QFETCH(QByteArray, stored);
        QTemporaryDir dir;
        Settings store(dir.filePath(QStringLiteral("argali.ini")));
        store.set(settings::adapters, stored.replace('\'', '"').replace("MODEL", llava.toUtf8()));
        const QList<KnownAdapter> known = AdapterStore(store).of(llava);
        QVERIFY(known.size() <= AdapterStore::mostAdapters);
        for (const KnownAdapter& adapter : known) {
            QVERIFY(!adapter.name.isEmpty() && !adapter.path.isEmpty());
            QVERIFY(!adapter.textAlpha);
        }
        QCOMPARE(known.size(), QByteArray(QTest::currentDataTag()) == "many"             ? 50
                               : QByteArray(QTest::currentDataTag()) == "twice the same" ? 1
                                                                                         : 0);
        // What is written afterwards is read again, and other models keep theirs.
        AdapterStore(store).set(QString(), {{QStringLiteral("p"), QStringLiteral("/p"), 0.5}});
        AdapterStore(store).set(llava, {{QStringLiteral("l"), QStringLiteral("/l")}});
        QCOMPARE(AdapterStore(store).of({}).first().textAlpha, std::optional(0.5));
        QCOMPARE(AdapterStore(store).of(llava + QStringLiteral("/")).size(), 1);
        AdapterStore(store).set(llava, {});
        QCOMPARE(AdapterStore(store).of({}).size(), 1);
        QCOMPARE(AdapterStore(store).of(llava).size(), 0);
    }

    void servedWithTheModel()
    {
        QTemporaryDir dir;
        const QString program = dir.filePath(QStringLiteral("argali-cli"));
        const QString told = dir.filePath(QStringLiteral("words"));
        QFile script(program);
        QVERIFY(script.open(QIODevice::WriteOnly));
        script.write("#!/bin/sh\nfor w in \"$@\"; do echo \"$w\"; done >" + told.toUtf8() +
                     ".part\nmv " + told.toUtf8() + ".part " + told.toUtf8() + "\nexec cat\n");
        script.close();
        QVERIFY(script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        LoadedModel model;
        model.folder = internvl;
        const QString run = adapter(QStringLiteral("internvl2-xtuner/iter_40.pth"));
        const QString llm = adapter(QStringLiteral("internvl2-llm"));
        model.adapters = {{{QStringLiteral("a"), llm}},
                          {{QStringLiteral("b"), QStringLiteral("/gone")},
                           Failure(Error::Code::Missing, QString())},
                          {{QStringLiteral("e"), QLatin1Char('/') + QString(300, QLatin1Char('x'))},
                           Failure(Error::Code::Missing, QString())}, // no system takes the path
                          {{QStringLiteral("c"), run, 8.0, 0.5}},
                          {{QStringLiteral("d"), llm + QStringLiteral("/")}}};
        ServerProcess server(program);
        server.start(model, {});
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(told), longest);
        QFile file(told);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray words = file.readAll();
        const QString expected = QStringLiteral("--adapter\n%1\n--adapter\n%2\n--adapter-alpha\n"
                                                "text=8,vision=0.5\n")
                                     .arg(run, llm);
        QVERIFY2(words.contains(expected.toUtf8()), words.constData());
        QCOMPARE(words.count("--adapter\n"), 2);
        server.stop();
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    TestModelAdapters test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_modeladapters.moc"
