// Measures what a long chat costs: time to the first paint, frames and keys while an answer is
// written, memory of the page's processes. Prints each number with its limit, and fails where one
// is missed.
//
//   bench_transcript [SECONDS]     by default 15 s of writing; off screen unless QT_QPA_PLATFORM
//   says else
#include <algorithm>
#include <cstdio>
#include <functional>

#include <QApplication>
#include <QDateTime>
#include <QDir>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QKeyEvent>
#include <QTemporaryDir>
#include <QTimer>
#include <QWebEngineScript>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/transcriptpage.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "tests/gui/pagetest.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {

constexpr int turnCount = 500; // of two messages each
constexpr int formulaCount = 200;
constexpr int tokensPerSecond = 100;

bool g_missed = false;

void report(const char* what, double value, const char* unit, double limit)
{
    const bool missed = limit > 0 && value >= limit;
    g_missed = g_missed || missed;
    std::printf("%-44s %8.1f %s", what, value, unit);
    if (limit > 0)
        std::printf("   (limit %g) %s", limit, missed ? "MISSED" : "ok");
    std::printf("\n");
    std::fflush(stdout);
}

double percentile(QList<double> values, double part)
{
    if (values.isEmpty())
        return 1e9;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, qsizetype(double(values.size()) * part))];
}

bool waitFor(const std::function<bool()>& condition, int milliseconds = 60'000)
{
    QElapsedTimer watch;
    watch.start();
    while (!condition() && watch.elapsed() < milliseconds) {
        QEventLoop loop;
        QTimer::singleShot(2, &loop, &QEventLoop::quit);
        loop.exec();
    }
    return condition();
}

void pass(int milliseconds)
{
    QEventLoop loop;
    QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
    loop.exec();
}

/// Bytes of the processes that Chromium has started below this one, shared pages in parts.
double pageMemory()
{
    double kilobytes = 0;
    for (const QString& name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        QFile status(QStringLiteral("/proc/%1/cmdline").arg(name));
        if (!status.open(QIODevice::ReadOnly) || !status.readAll().contains("QtWebEngineProcess"))
            continue;
        // Its parents up to us: another program's are not counted.
        QString parent = name;
        while (parent.toLongLong() > 1 &&
               parent.toLongLong() != QCoreApplication::applicationPid()) {
            QFile stat(QStringLiteral("/proc/%1/stat").arg(parent));
            if (!stat.open(QIODevice::ReadOnly))
                break;
            const QByteArray line = stat.readAll();
            parent = QString::fromLatin1(line.mid(line.lastIndexOf(')') + 2))
                         .section(QLatin1Char(' '), 1, 1);
        }
        if (parent.toLongLong() != QCoreApplication::applicationPid())
            continue;
        QFile memory(QStringLiteral("/proc/%1/smaps_rollup").arg(name));
        if (!memory.open(QIODevice::ReadOnly))
            continue;
        for (const QByteArray& line : memory.readAll().split('\n')) {
            if (line.startsWith("Pss:"))
                kilobytes += line.mid(4).simplified().split(' ').first().toDouble();
        }
    }
    return kilobytes * 1024;
}

/// A chat as people have them: words, lists, tables, some code, and now and then a formula.
std::unique_ptr<Conversation> longChat()
{
    const QStringList parts{
        QStringLiteral(
            "The highest bar is **Q4**, at 100 units; the others follow from left to right "
            "in the order of the quarters, each with its value above it in small print."),
        QStringLiteral("- a ring\n- a **cross**\n- a `square` that is *half hidden*"),
        QStringLiteral(
            "| Quarter | Units | Against Q1 |\n|---|---|---|\n| Q1 | 66 | – |\n| Q4 | 100 | "
            "+51.5 % |"),
        QStringLiteral("```python\nfor name, value in units.items():\n    print(f\"{name}: "
                       "{value:+.1%}\")  # each\n```"),
        QStringLiteral("> The sign says that one has to keep to the left, and under it the hours."),
        QStringLiteral("图中有**三个**物体：圆环、十字和很小的正方形，它们排成一行。")};
    auto chat = std::make_unique<Conversation>();
    int formulas = 0;
    for (int i = 0; i < turnCount; ++i) {
        Turn turn;
        turn.id = 1'000'000 + quint64(i);
        turn.question =
            QStringLiteral("Question %1: what is in this picture, and how much of it?").arg(i);
        turn.model = QStringLiteral("Pocket");
        QStringList answer{parts[i % 6], parts[(i / 2 + 1) % 6], parts[(i / 3 + 3) % 6]};
        if (formulas < formulaCount && i % 2 == 0) {
            answer << QStringLiteral("So $x_{%1}^2 = \\frac{%1}{%2}$.").arg(i).arg(i + 1);
            ++formulas;
        }
        turn.answer.text = answer.join(QStringLiteral("\n\n"));
        turn.answer.state = Answer::State::Finished;
        turn.answer.usage.completionTokens = 120;
        turn.answer.timings.decodeTokensPerSecond = 100;
        chat->append(std::move(turn));
    }
    return chat;
}

/// When a key was pressed and when its letter was on the screen.
class KeyWatch final : public QObject {
public:
    KeyWatch(QWidget& edit, QWidget& viewport) : m_edit(edit)
    {
        viewport.installEventFilter(this);
        connect(&m_timer, &QTimer::timeout, this, &KeyWatch::press);
        m_timer.start(131);
    }
    QList<double> times; ///< milliseconds

protected:
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        if (event->type() == QEvent::Paint && m_watch.isValid())
            QTimer::singleShot(0, this, [this] { // painted and given to the screen
                if (m_watch.isValid())
                    times.append(double(m_watch.nsecsElapsed()) / 1e6);
                m_watch.invalidate();
            });
        return QObject::eventFilter(watched, event);
    }

private:
    void press()
    {
        if (m_watch.isValid())
            return;
        m_watch.start();
        const QString letter = QStringLiteral("abcdefgh").mid(int(times.size() % 8), 1);
        QCoreApplication::postEvent(
            &m_edit, new QKeyEvent(QEvent::KeyPress, Qt::Key_A, Qt::NoModifier, letter));
    }

    QWidget& m_edit;
    QTimer m_timer;
    QElapsedTimer m_watch;
};

} // namespace

int main(int argc, char** argv)
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM") && !qEnvironmentVariableIsSet("DISPLAY"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    PageStart software;
    software.drawing = PageStart::Drawing::SoftwarePage;
    software.settle();
    TranscriptView::prepare();
    QApplication application(argc, argv);
    const int seconds = argc > 1 ? std::max(2, std::atoi(argv[1])) : 15;

    QTemporaryDir dir;
    Settings settings(dir.filePath(QStringLiteral("argali.ini")));
    FakeReplySource source;
    MediaLoader loader(dir.filePath(QStringLiteral("pasted")));
    DraftStore drafts(dir.filePath(QStringLiteral("draft.json")));
    ConversationBook book;
    TurnController turns(book, source);
    MainWindow window({settings, loader, source, book, turns, drafts, {}});
    window.resize(1280, 800);
    window.showModel(anyModel());
    TranscriptView& view = *window.chat()->makeTranscript();
    window.show();
    if (!waitFor([&] { return view.isReady(); })) {
        std::fprintf(stderr, "the page does not answer\n");
        return 1;
    }
    const auto evaluate = [&view](const QString& script) {
        PageAnswer<QVariant> answer;
        view.page()->runJavaScript(script, QWebEngineScript::ApplicationWorld, answer.taker());
        return answer.value();
    };
    pass(1000);
    report("page, empty: memory", pageMemory() / 1e6, "MB", 0);

    // Opening
    evaluate(QStringLiteral(
        "globalThis.painted = 0; const look = () => argali.turns.views.size > 0 ? "
        "requestAnimationFrame(() => requestAnimationFrame(() => { painted = Date.now(); })) : "
        "setTimeout(look, 1); look(); 0"));
    auto chat = longChat();
    const qint64 begin = QDateTime::currentMSecsSinceEpoch();
    QElapsedTimer watch;
    watch.start();
    book.add(std::move(chat));
    report("1,000 messages: window busy", double(watch.elapsed()), "ms", 0);
    waitFor([&] { return evaluate(QStringLiteral("painted")).toDouble() > 0; });
    report("1,000 messages: first paint",
           evaluate(QStringLiteral("painted")).toDouble() - double(begin), "ms", 1000);
    waitFor([&] {
        return evaluate(QStringLiteral("argali.turns.views.size")).toInt() >= turnCount &&
               evaluate(QStringLiteral("argali.math.isIdle()")).toBool();
    });
    report("1,000 messages: all there", double(QDateTime::currentMSecsSinceEpoch() - begin), "ms",
           0);
    pass(3000);
    report("1,000 messages: page's memory (PSS)", pageMemory() / 1e6, "MB", 400);

    // Writing, with keys
    QString text;
    for (const QString& reply : replies())
        text += reply + QStringLiteral("\n\n");
    window.chat()->composer()->edit()->setPlainText(QStringLiteral("And this?"));
    window.chat()->send();
    const quint64 turn = source.lastTurn();
    evaluate(QStringLiteral("globalThis.frames = []; globalThis.last = 0; globalThis.counting = "
                            "true; const frame = now => "
                            "{ if (last) frames.push(now - last); last = now; if (counting) "
                            "requestAnimationFrame(frame); "
                            "}; requestAnimationFrame(frame); 0"));
    qsizetype at = 0;
    qint64 tokens = 0;
    QTimer token;
    token.setTimerType(Qt::PreciseTimer);
    QObject::connect(&token, &QTimer::timeout, &source, [&] { // about four letters each
        source.write(turn, text.mid(at, 4), ++tokens);
        at = at + 4 < text.size() ? at + 4 : 0;
    });
    token.start(1000 / tokensPerSecond);
    ComposerEdit& edit = *window.chat()->composer()->edit();
    edit.setFocus();
    QList<double> keys;
    {
        KeyWatch keyWatch(edit, *edit.viewport());
        pass(seconds * 1000);
        keys = keyWatch.times;
    }
    token.stop();
    QList<double> frames;
    for (const QVariant& value : evaluate(QStringLiteral("counting = false; frames")).toList())
        frames.append(value.toDouble());
    std::printf("%lld tokens, %lld frames, %lld keys\n", static_cast<long long>(tokens),
                static_cast<long long>(frames.size()), static_cast<long long>(keys.size()));
    report("writing: frame, 95th percentile", percentile(frames, 0.95), "ms", 33);
    report("writing: frame, median", percentile(frames, 0.5), "ms", 0);
    report("writing: key to pixel, 95th percentile", percentile(keys, 0.95), "ms", 50);
    report("writing: key to pixel, median", percentile(keys, 0.5), "ms", 0);
    report("after writing: page's memory (PSS)", pageMemory() / 1e6, "MB", 400);
    return g_missed ? 1 : 0;
}
