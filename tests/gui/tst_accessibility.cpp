// Every state of the window by keyboard and screen reader: names, order, and what is said.
#include <algorithm>
#include <functional>
#include <utility>

#include <QAccessible>
#include <QApplication>
#include <QDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QTest>
#include <QUrl>
#include <QWebEngineView>
#include <private/qguiapplication_p.h>
#include <qpa/qplatformaccessibility.h>
#include <qpa/qplatformintegration.h>

#include "gui/chat/composeredit.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/findbar.h"
#include "gui/chat/pictureviewer.h"
#include "gui/chat/samples.h"
#include "gui/chat/seenpicture.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptview.h"
#include "gui/film/filmpreview.h"
#include "gui/models/modelchooser.h"
#include "gui/settings/presetrow.h"
#include "gui/settings/samplingpanel.h"
#include "gui/shortcutlist.h"
#include "gui/statusline.h"
#include "gui/widgets/button.h"
#include "gui/widgets/disclosure.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

struct Bench : WindowBench {
    Bench() : WindowBench(true, chosenSamples(*pocketSamples(), 3, 1)) {}
};

QString describe(const QWidget* widget)
{
    return QStringLiteral("%1 \"%2\" %3 at %4,%5")
        .arg(QLatin1String(widget->metaObject()->className()), widget->accessibleName(),
             widget->toolTip().left(30))
        .arg(widget->mapTo(widget->window(), QPoint()).x())
        .arg(widget->mapTo(widget->window(), QPoint()).y());
}

/// Within the page Chromium has the keyboard.
bool isOfPage(const QWidget* widget)
{
    for (const QWidget* up = widget->parentWidget(); up; up = up->parentWidget()) {
        if (qobject_cast<const QWebEngineView*>(up))
            return true;
    }
    return false;
}

/// What is reached by Tab, in the order of it.
QList<QWidget*> tabChain(QWidget* top)
{
    QList<QWidget*> chain;
    QWidget* widget = top;
    do {
        const bool stops = (widget->focusPolicy() & Qt::TabFocus) == Qt::TabFocus &&
                           widget->isEnabled() && widget->isVisible() && !widget->focusProxy();
        if (stops && widget->window() == top && widget != top && !isOfPage(widget))
            chain.append(widget);
        widget = widget->nextInFocusChain();
    } while (widget != top);
    return chain;
}

QRect placeOf(const QWidget* widget)
{
    return {widget->mapTo(widget->window(), QPoint()), widget->size()};
}

/// Whether the second comes before the first when one reads.
bool isBefore(const QRect& second, const QRect& first)
{
    if (second.bottom() <= first.top())
        return true;
    if (first.bottom() <= second.top())
        return false;
    const int overlap =
        std::min(first.bottom(), second.bottom()) - std::max(first.top(), second.top());
    const bool sameRow = 2 * overlap > std::min(first.height(), second.height());
    return sameRow && second.right() <= first.left();
}

/// A state and what of it is walked; null: the window.
using State = std::function<QWidget*(Bench&)>;

const QList<QPair<const char*, State>>& states()
{
    static const QList<QPair<const char*, State>> all{
        {"first start", [](Bench&) -> QWidget* { return nullptr; }},
        {"pictures",
         [](Bench& b) -> QWidget* {
             b.attach("objects.png");
             b.attach("pair.png");
             b.ask();
             b.attach("objects.png");
             b.attach("chart.png");
             return nullptr;
         }},
        {"broken attachment",
         [](Bench& b) -> QWidget* {
             b.composer().attach(QStringLiteral("/gone/picture.png"));
             (void)QTest::qWaitFor([&] { return !b.composer().isReading(); }, patience);
             return nullptr;
         }},
        {"film",
         [](Bench& b) -> QWidget* {
             b.attach("grow.mp4");
             return nullptr;
         }},
        {"whole panel",
         [](Bench& b) -> QWidget* {
             b.settings.set(settings::sampling, true);
             b.settings.set(settings::thinking, true);
             b.window.panel()->findChild<Disclosure*>()->setOpen(true);
             return nullptr;
         }},
        {"name of a preset",
         [](Bench& b) -> QWidget* {
             b.settings.set(settings::thinking, true);
             PresetRow* row = b.window.panel()->presets();
             row->showMenu();
             row->menu()->hide();
             row->menu()->actions().last()->trigger();
             row->nameField()->clear();
             QTest::keyClick(row->nameField(), Qt::Key_Return); // something is said
             return nullptr;
         }},
        {"find",
         [](Bench& b) -> QWidget* {
             b.ask();
             b.chat().openFind();
             return nullptr;
         }},
        {"search",
         [](Bench& b) -> QWidget* {
             b.ask();
             b.window.conversations()->searchField()->setText(QStringLiteral("What"));
             b.window.conversations()->showHits(
                 {{b.book.current().id(), b.source.lastTurn(), QStringLiteral("What is it?"), {}}});
             return nullptr;
         }},
        {"undo",
         [](Bench& b) -> QWidget* {
             b.ask();
             emit b.window.conversations()->removeRequested(b.book.current().id());
             return nullptr;
         }},
        {"viewer",
         [](Bench& b) -> QWidget* {
             b.attach("objects.png");
             b.attach("pair.png");
             b.ask();
             emit b.chat().transcript()->pictureActivated(b.source.lastTurn(), 0);
             return b.chat().actions()->viewer();
         }},
        {"preview",
         [](Bench& b) -> QWidget* {
             b.attach("grow.mp4");
             emit b.composer().previewRequested(b.composer().strip()->film(), 1);
             return b.chat().preview();
         }},
        {"what the model sees",
         [](Bench& b) -> QWidget* {
             b.attach("objects.png");
             MediaFile file = b.composer().entries().first().file;
             auto* seen = new SeenPicture(b.loader, file, {{512, 384}, {96, 64}, 1, 8, 12, 26}, 0,
                                          &b.window);
             seen->show();
             return seen;
         }},
        {"link",
         [](Bench& b) -> QWidget* {
             emit b.chat().linkActivated(QUrl(QStringLiteral("https://a.example/")));
             return b.window.findChild<QMessageBox*>();
         }},
        {"keys",
         [](Bench& b) -> QWidget* {
             b.window.listShortcuts();
             return b.window.shortcutList();
         }},
    };
    return all;
}

struct Said {
    QAccessible::Event type;
    QString words;
};
QList<Said> g_said;

void note(QAccessibleEvent* event)
{
    QAccessibleInterface* about = event->accessibleInterface();
    g_said.append({event->type(), about ? about->text(QAccessible::Description) : QString()});
}

} // namespace

class TestAccessibility final : public QObject {
    Q_OBJECT
private:
    static void addStates()
    {
        QTest::addColumn<int>("state");
        for (int i = 0; i < states().size(); ++i)
            QTest::newRow(states().at(i).first) << i;
    }
    static QWidget* show(Bench& bench, int state)
    {
        QWidget* top = states().at(state).second(bench);
        if (!top)
            top = &bench.window;
        (void)QTest::qWaitForWindowExposed(top);
        QTest::qWait(100); // layouts, and what is made later
        return top;
    }

private slots:
    void everythingHasAName_data() { addStates(); }
    void everythingHasAName()
    {
        QFETCH(int, state);
        Bench bench;
        QWidget* top = show(bench, state);
        int visited = 0;
        for (QWidget* widget : top->findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() ||
                widget->window() != top || isOfPage(widget) ||
                widget->objectName() == QLatin1String("qt_spinbox_lineedit"))
                continue;
            QAccessibleInterface* access = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(access && !access->text(QAccessible::Name).trimmed().isEmpty(),
                     qPrintable(describe(widget)));
            ++visited;
        }
        QVERIFY(visited > 0);
        QVERIFY(!top->windowTitle().isEmpty() || qobject_cast<QMessageBox*>(top));
    }

    void tabFollowsTheEye_data() { addStates(); }
    void tabFollowsTheEye()
    {
        QFETCH(int, state);
        Bench bench;
        QWidget* top = show(bench, state);
        const QList<QWidget*> chain = tabChain(top);
        // Nothing that takes the focus is left out.
        for (QWidget* widget : top->findChildren<QWidget*>()) {
            const bool wanted = (widget->focusPolicy() & Qt::TabFocus) == Qt::TabFocus &&
                                widget->isVisible() && widget->isEnabled() &&
                                widget->window() == top && !widget->focusProxy() &&
                                !isOfPage(widget);
            QVERIFY2(!wanted || chain.contains(widget), qPrintable(describe(widget)));
        }
        // Columns: the list, the chat with its foot, the panel; the toolbar is a row of its own.
        QList<QWidget*> columns{top};
        if (top == &bench.window)
            columns = {bench.window.conversations(), bench.window.chooser()->parentWidget(),
                       &bench.chat(), bench.window.panel()};
        for (QWidget* column : columns) {
            QList<QWidget*> inside;
            int runs = 0;
            bool before = false;
            for (QWidget* widget : chain) {
                const bool in = column == top || column->isAncestorOf(widget);
                runs += in && !before;
                before = in;
                if (in)
                    inside.append(widget);
            }
            const bool wraps = !chain.isEmpty() && column->isAncestorOf(chain.first()) &&
                               column->isAncestorOf(chain.last());
            QVERIFY2(runs <= 1 + wraps, qPrintable(describe(column)));
            // Where Tab begins does not matter, so the first is the one that nothing is before.
            int steps = 0;
            for (int i = 0; i < inside.size(); ++i) {
                const QWidget* a = inside.at(i);
                const QWidget* b = inside.at((i + 1) % inside.size());
                if (isBefore(placeOf(b), placeOf(a)) && ++steps > 1)
                    QFAIL(qPrintable(describe(b) + QStringLiteral(" comes after ") + describe(a)));
            }
        }
    }

    void menusHaveWords()
    {
        Bench bench;
        bench.window.chooser()->showMenu();
        const QMenu* menu = bench.window.chooser()->menu();
        QVERIFY(menu->isVisible());
        for (const QAction* action : menu->actions())
            QVERIFY(action->isSeparator() || !action->text().isEmpty());
        bench.window.chooser()->menu()->hide();
    }

    /// As the window's description, and as an alert.
    void answersAreSaid()
    {
        // As if a screen reader listened; the off-screen platform would drop what nobody hears.
        QPlatformAccessibility* platform =
            QGuiApplicationPrivate::platformIntegration()->accessibility();
        platform->setActive(true);
        QVERIFY(QAccessible::isActive());
        Bench bench;
        const auto before = QAccessible::installUpdateHandler(note);
        const auto wasSaid = [&](const QString& sentence) {
            QStringList alerts;
            for (const Said& each : std::exchange(g_said, {})) {
                if (each.type == QAccessible::Alert)
                    alerts.append(each.words);
            }
            return bench.window.accessibleDescription() == sentence &&
                   alerts == QStringList{sentence};
        };
        bench.composer().edit()->setPlainText(QStringLiteral("What is it?"));
        bench.chat().send();
        const quint64 turn = bench.source.lastTurn();
        bench.source.write(turn, QStringLiteral("A ring. It is"));
        QVERIFY(bench.window.accessibleDescription().isEmpty()); // not while it is written
        bench.source.finish(turn, QStringLiteral("A ring. It is red."));
        QVERIFY(wasSaid(QStringLiteral("A ring.")));
        bench.ask(QStringLiteral("What is it?"), QStringLiteral("它是圆环。它是红色的。"));
        QVERIFY(wasSaid(QStringLiteral("它是圆环。")));
        bench.composer().edit()->setPlainText(QStringLiteral("Again?"));
        bench.chat().send();
        const Failure failure(Error::Code::OutOfMemory, QString());
        bench.source.fail(bench.source.lastTurn(), failure);
        QVERIFY(wasSaid(failure.sentence()));
        bench.window.showLoadFailure(QStringLiteral("/models/broken"),
                                     Failure(Error::Code::BadModel, {}), true);
        QVERIFY(wasSaid(bench.window.status()->phaseText()));
        QAccessible::installUpdateHandler(before);
        platform->setActive(false);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestAccessibility test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_accessibility.moc"
