#include <QAccessible>
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "gui/chat/localreplysource.h"
#include "gui/chat/transcriptview.h"
#include "gui/desktopappearance.h"
#include "gui/models/modellibrary.h"
#include "gui/settings/aboutpage.h"
#include "gui/settings/devicespage.h"
#include "gui/settings/generalpage.h"
#include "gui/settings/modelspage.h"
#include "gui/settings/settingsdialog.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/segmentedcontrol.h"
#include "tests/support/fakeportal.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

template <class Page> Page* pageOf(const SettingsDialog& dialog, const char* name)
{
    return qobject_cast<Page*>(dialog.pageWidget(QLatin1String(name)));
}

Device card()
{
    Device device;
    device.id = "cuda:0";
    device.name = "Some & Card";
    device.memory = 80'000'000'000;
    device.freeMemory = 70'000'000'000;
    return device;
}

Device processor()
{
    Device device;
    device.id = "cpu";
    device.name = "Some processor";
    device.instructionSets = "avx2, scalar";
    device.threads = 2;
    device.memory = 16'000'000'000;
    device.freeMemory = 8'000'000'000;
    return device;
}

LoadedModel modelOn(const char* asked, const char* missing = "")
{
    LoadedModel model = anyModel();
    model.askedDevice = QLatin1String(asked);
    model.missingDevice = QLatin1String(missing);
    return model;
}

/// With everything that the dialog has pages for.
struct Bench : WindowBench {
    Places places = Places::under(dir.path());
    HistoryStore history{places.historyFile, places.mediaFolder, book, turns};
    DataEraser eraser{{places, settings, book, turns, drafts, loader, history}};
    MainWindow whole{
        {settings, loader, source, book, turns, drafts, {}, &history, nullptr, &eraser}};

    SettingsDialog& open(const char* page = "")
    {
        whole.openSettings(QLatin1String(page));
        return *whole.settingsDialog();
    }
};

} // namespace

class TestSettingsDialog final : public QObject {
    Q_OBJECT
private slots:
    void opensByKeyAndButtonOnce()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        QTest::keyClick(&bench.window, Qt::Key_Comma, Qt::ControlModifier);
        SettingsDialog* dialog = bench.window.settingsDialog();
        QVERIFY(dialog && dialog->isVisible());
        QVERIFY(!dialog->isModal());
        dialog->showPage(QStringLiteral("about"));
        for (Button* button : bench.window.findChildren<Button*>()) {
            if (button->accessibleName() == QStringLiteral("Settings"))
                button->click();
        }
        QCOMPARE(bench.window.settingsDialog(), dialog);
        QCOMPARE(dialog->page(), QStringLiteral("about")); // where it was
        QApplication::setActiveWindow(dialog);             // the off-screen platform raises nothing
        QTest::keyClick(dialog, Qt::Key_Escape);
        QVERIFY(!dialog->isVisible());
        QTRY_VERIFY(!bench.window.settingsDialog());
        QVERIFY(bench.window.isVisible());
    }

    void pages()
    {
        Bench bench;
        const SettingsDialog& dialog = bench.open();
        QCOMPARE(dialog.pages(), QStringList({QStringLiteral("general"), QStringLiteral("answers"),
                                              QStringLiteral("models"), QStringLiteral("servers"),
                                              QStringLiteral("devices"), QStringLiteral("privacy"),
                                              QStringLiteral("about")}));
        for (const QString& page : dialog.pages())
            QVERIFY(dialog.pageWidget(page));
    }

    void coloursChangeAtOnce()
    {
        Bench bench;
        auto* page = pageOf<GeneralPage>(bench.open(), "general");
        page->appearance()->segment(2)->click();
        QCOMPARE(bench.settings.value(settings::theme), int(Theme::Choice::Dark));
        QVERIFY(Theme::of(QApplication::palette()).dark);
        bench.settings.set(settings::theme, int(Theme::Choice::Light)); // from elsewhere
        QCOMPARE(page->appearance()->currentIndex(), 1);
        page->appearance()->segment(0)->click();
        QCOMPARE(bench.settings.value(settings::theme), int(Theme::Choice::System));
    }

    void theKeyThatSends()
    {
        Bench bench;
        auto* page = pageOf<GeneralPage>(bench.open(), "general");
        QCOMPARE(page->sendKey()->currentIndex(), 0);
        QVERIFY(page->sendKey()->segment(0)->text() != page->sendKey()->segment(1)->text());
        page->sendKey()->segment(1)->click();
        QVERIFY(!bench.settings.value(settings::sendWithEnter));
        bench.settings.set(settings::sendWithEnter, true); // from elsewhere
        QCOMPARE(page->sendKey()->currentIndex(), 0);
    }

    void languagesInTheirOwnWords()
    {
        Bench bench;
        auto* page = pageOf<GeneralPage>(bench.open(), "general");
        QCOMPARE(page->language()->itemText(1), QStringLiteral("English"));
        QCOMPARE(page->language()->itemText(2), QStringLiteral("简体中文"));
        QCOMPARE(page->language()->currentIndex(), 0);
        // Who scrolls the page chooses no language.
        QWheelEvent wheel(QPointF(5, 5), page->language()->mapToGlobal(QPointF(5, 5)), {},
                          {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(page->language(), &wheel);
        QCOMPARE(page->language()->currentIndex(), 0);
        QCOMPARE(bench.settings.value(settings::language), QString());
        bench.settings.set(settings::language, QStringLiteral("zh_CN"));
        QCOMPARE(page->language()->currentIndex(), 2);
        bench.settings.set(settings::language, QStringLiteral("xx")); // by hand
        QCOMPARE(page->language()->currentIndex(), 0);
    }

    void theDesktopsWishReachesTheWindow()
    {
        PrivateBus bus;
        QVERIFY2(!bus.address().isEmpty(), "the test needs dbus-daemon");
        FakePortal portal(bus.address());
        portal.settings = {{QStringLiteral("color-scheme"), FakePortal::twice(1U)}};
        DesktopAppearance desktop(bus.address());
        WindowBench bench;
        MainWindow window({bench.settings,
                           bench.loader,
                           bench.source,
                           bench.book,
                           bench.turns,
                           bench.drafts,
                           {},
                           nullptr,
                           &desktop});
        window.show();
        QTRY_VERIFY(Theme::of(QApplication::palette()).dark);
        portal.tellChange(QStringLiteral("contrast"), 1U);
        QTRY_VERIFY(isHighContrast(QApplication::palette()));
        portal.tellChange(QStringLiteral("color-scheme"), 2U);
        QTRY_VERIFY(!Theme::of(QApplication::palette()).dark);
        QVERIFY(isHighContrast(QApplication::palette()));
        portal.tellChange(QStringLiteral("contrast"), 0U);
        QTRY_COMPARE(QApplication::palette().color(QPalette::Base), Theme::light().surface);
    }

    void devicesAreListedAndChosen()
    {
        Bench bench;
        auto* page = pageOf<DevicesPage>(bench.open(), "devices");
        page->setModel(modelOn("auto"), false);
        page->setDevices({processor(), card()}, {});
        QCOMPARE(page->choices(), QStringList({QStringLiteral("auto"), QStringLiteral("cpu"),
                                               QStringLiteral("cuda:0")}));
        QVERIFY(page->note().isEmpty());
        QVERIFY(page->reopenButton()->isHidden());
        QList<QAbstractButton*> buttons;
        for (QAbstractButton* button : page->findChildren<QAbstractButton*>()) {
            if (button->inherits("QRadioButton") && button->isVisibleTo(page))
                buttons.append(button);
        }
        QCOMPARE(buttons.size(), 3);
        QVERIFY(buttons.at(0)->isChecked());
        QVERIFY(buttons.at(2)->text().contains(QStringLiteral("Some && Card")));
        buttons.at(2)->click();
        QCOMPARE(bench.settings.value(settings::device), QStringLiteral("cuda:0"));
        QVERIFY(page->note().contains(QStringLiteral("Some processor"))); // runs there for now
        QVERIFY(!page->reopenButton()->isHidden());
        QSignalSpy chosen(&bench.whole, &MainWindow::modelChosen);
        page->reopenButton()->click();
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.first().first().toString(), anyModel().folder);
        page->setModel(modelOn("cuda:0"), false);
        QVERIFY(page->note().isEmpty());
        QVERIFY(page->reopenButton()->isHidden());
        buttons.at(0)->click();
        QCOMPARE(bench.settings.value(settings::device), QString());
    }

    void theRealDevicesComeByThemselves()
    {
        Bench bench;
        auto* page = pageOf<DevicesPage>(bench.open("devices"), "devices");
        QTRY_VERIFY_WITH_TIMEOUT(page->choices().contains(QStringLiteral("cpu")), 30'000);
    }

    void aDeviceThatIsGone()
    {
        Bench bench;
        bench.settings.set(settings::device, QStringLiteral("cuda:3"));
        bench.whole.showModel(modelOn("cuda:3", "cuda:3"));
        QVERIFY(bench.whole.status()->phaseText().contains(QStringLiteral("cuda:3")));
        auto* page = pageOf<DevicesPage>(bench.open("devices"), "devices");
        page->setDevices({processor()}, QStringLiteral("why there is no card"));
        QVERIFY(page->choices().contains(QStringLiteral("cuda:3"))); // it may come back
        QVERIFY(page->note().contains(QStringLiteral("cuda:3")));
    }

    /// From the setting to the engine, which has no such card here.
    void theEngineFallsBackToWhatIsThere()
    {
        for (const char* wanted : {"cuda:63", "nonsense", "cpu", ""}) {
            LocalReplySource source;
            source.setDevice(QLatin1String(wanted));
            QSignalSpy loaded(&source, &LocalReplySource::loaded);
            source.load({});
            QVERIFY(loaded.wait(60'000));
            const auto model = loaded.first().first().value<LoadedModel>();
            const bool known = QLatin1String(wanted) == QLatin1String("cpu") || !*wanted;
            QCOMPARE(model.missingDevice, known ? QString() : QLatin1String(wanted));
            QCOMPARE(model.askedDevice, *wanted ? QLatin1String(wanted) : QLatin1String("auto"));
            QCOMPARE(model.deviceId, QStringLiteral("cpu"));
        }
    }

    void modelsAndTheirFolder()
    {
        Bench bench;
        const QString root = bench.dir.filePath(QStringLiteral("models"));
        QDir().mkpath(root + QStringLiteral("/Delta"));
        QFile config(root + QStringLiteral("/Delta/config.json"));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write("{\"model_type\": \"ovis2_5\"}");
        config.close();
        bench.settings.set(settings::library, root);
        bench.settings.set(settings::recentModels,
                           {QStringLiteral("/a/One"), QStringLiteral("/b/Two")});
        auto* page = pageOf<ModelsPage>(bench.open("models"), "models");
        QTRY_COMPARE(page->listed(), QStringList{root + QStringLiteral("/Delta")});
        QVERIFY(page->problem().isEmpty());
        const auto button = [&](const QString& name) -> Button* {
            for (Button* each : page->findChildren<Button*>()) {
                if (each->accessibleName() == name && each->isVisibleTo(page))
                    return each;
            }
            return nullptr;
        };
        QSignalSpy chosen(&bench.whole, &MainWindow::modelChosen);
        QVERIFY(button(QStringLiteral("Open Delta")));
        button(QStringLiteral("Open Delta"))->click();
        QCOMPARE(chosen.first().first().toString(), root + QStringLiteral("/Delta"));
        LoadedModel model = anyModel();
        model.folder = root + QStringLiteral("/Delta");
        bench.whole.showModel(model);
        QVERIFY(!button(QStringLiteral("Open Delta"))->isEnabled());
        button(QStringLiteral("Forget One"))->click();
        QCOMPARE(bench.settings.value(settings::recentModels),
                 QStringList{QStringLiteral("/b/Two")});
        QVERIFY(!button(QStringLiteral("Forget One")));
        QVERIFY(button(QStringLiteral("Forget Two")));
        QDir(root).removeRecursively();
        bench.whole.models().refresh();
        QTRY_VERIFY(page->problem().contains(QStringLiteral("not there any more")));
        QVERIFY(page->listed().isEmpty());
        button(QStringLiteral("Back to the usual folder"))->click();
        QCOMPARE(bench.settings.value(settings::library), QString());
    }

    void aboutSaysTheVersion()
    {
        QApplication::setApplicationVersion(QStringLiteral("9.8.7"));
        AboutPage page;
        QString all;
        for (const QLabel* label : page.findChildren<QLabel*>())
            all += label->text();
        QVERIFY(all.contains(QStringLiteral("Argali 9.8.7")));
        QVERIFY(all.contains(QLatin1String(qVersion())));
    }

    void everythingHasANameAndIsReached()
    {
        Bench bench;
        bench.settings.set(settings::recentModels, {QStringLiteral("/a/One")});
        SettingsDialog& dialog = bench.open();
        QVERIFY(QTest::qWaitForWindowActive(&dialog));
        for (const QString& name : dialog.pages()) {
            dialog.showPage(name);
            if (auto* devices = qobject_cast<DevicesPage*>(dialog.pageWidget(name)))
                devices->setDevices({processor(), card()}, {});
            QTest::qWait(100);
            QSet<QWidget*> wanted;
            for (QWidget* widget : dialog.findChildren<QWidget*>()) {
                if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible() ||
                    !widget->isEnabled() || widget->focusProxy()) // another one has it instead
                    continue;
                QAccessibleInterface* access = QAccessible::queryAccessibleInterface(widget);
                QVERIFY2(access && !access->text(QAccessible::Name).isEmpty(),
                         qPrintable(name + QLatin1Char(' ') +
                                    QLatin1String(widget->metaObject()->className())));
                // Arrow keys move among the choices of one group.
                if (!widget->inherits("QRadioButton") &&
                    !QByteArray(widget->metaObject()->className()).contains("QAbstractButton"))
                    wanted.insert(widget);
            }
            // Tab goes down the page: from one row to the next, never back up.
            QWidget* page = dialog.pageWidget(name);
            int last = -1;
            QWidget* first = QApplication::focusWidget();
            for (int i = 0; i < 80; ++i) {
                QWidget* now = QApplication::focusWidget();
                QVERIFY(now);
                wanted.remove(now);
                if (page->isAncestorOf(now)) {
                    const int y = now->mapTo(page, now->rect().center()).y();
                    QVERIFY2(y >= last - now->height(), qPrintable(name));
                    last = y;
                } else {
                    last = -1;
                }
                QTest::keyClick(now, Qt::Key_Tab);
                if (QApplication::focusWidget() == first)
                    break;
            }
            QVERIFY2(
                wanted.isEmpty(),
                qPrintable(name + QLatin1Char(' ') +
                           (wanted.isEmpty()
                                ? QString()
                                : QLatin1String((*wanted.begin())->metaObject()->className()))));
        }
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestSettingsDialog test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_settingsdialog.moc"
