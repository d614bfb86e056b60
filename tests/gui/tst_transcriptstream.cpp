// An answer on the page while it is written: it ends as one given at once, what is finished is left
// alone, the view follows the end until the user moves, and long answers keep the window going.
#include <algorithm>
#include <random>

#include <QElapsedTimer>
#include <QWebEngineView>
#include <QWheelEvent>

#include "gui/chat/transcriptpage.h"
#include "tests/gui/pagetest.h"

using namespace argali::gui;

class TestTranscriptStream : public PageTest {
    Q_OBJECT
private slots:
    void initTestCase();
    void codeIsHighlightedAsItComes();
    void finishedBlocksAreNotTouched();
    void prefixesEndAsOneShot();
    void manyAnswersEndAsOneShot();
    void followsTheEnd();
    void wheelUpStopsFollowing();
    void keysScroll();
    void updatesAreRare();
    void longAnswers_data();
    void longAnswers();

private:
    void wheel(int delta);
};

void TestTranscriptStream::initTestCase()
{
    QVERIFY(replies().size() >= 12);
}

void TestTranscriptStream::wheel(int delta)
{
    QWidget* target = m_view->webView()->focusProxy();
    QVERIFY(target);
    const QPointF at(200, 200);
    QWheelEvent event(at, target->mapToGlobal(at), {}, {0, delta}, Qt::NoButton, Qt::NoModifier,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(target, &event);
}

void TestTranscriptStream::codeIsHighlightedAsItComes()
{
    start(1);
    m_view->appendText(1, QStringLiteral("```python\nx = 1 # one\ny = \"tw"));
    dom(0);
    const auto code = QStringLiteral("document.querySelector('pre > code')");
    QCOMPARE(evaluate(code + QStringLiteral(".textContent")).toString(),
             QStringLiteral("x = 1 # one\ny = \"tw\n"));
    QCOMPARE(evaluate(code + QStringLiteral(".querySelectorAll('.hljs-comment').length")).toInt(),
             1);
    QCOMPARE(evaluate(code + QStringLiteral(".querySelectorAll('.hljs-string').length")).toInt(),
             0);
    evaluate(code + QStringLiteral(".firstElementChild.dataset.mark = 'kept'"));
    m_view->appendText(1, QStringLiteral("o\"\n```\n\nend"));
    m_view->finishAnswer(1, {}, {});
    dom(0);
    QCOMPARE(evaluate(code + QStringLiteral(".textContent")).toString(),
             QStringLiteral("x = 1 # one\ny = \"two\"\n"));
    QCOMPARE(evaluate(code + QStringLiteral(".querySelectorAll('.hljs-string').length")).toInt(),
             1);
    QCOMPARE(
        evaluate(QStringLiteral("document.querySelectorAll('[data-mark=kept]').length")).toInt(),
        1);
    QCOMPARE(evaluate(QStringLiteral("document.querySelector('.code .bar').innerText")).toString(),
             QStringLiteral("python"));
}

void TestTranscriptStream::finishedBlocksAreNotTouched()
{
    start(1);
    m_view->appendText(1, QStringLiteral("First $x^2$.\n\n- a\n- b\n\nThird"));
    settle();
    evaluate(QStringLiteral(
        "document.querySelectorAll('.block').forEach((b, i) => { b.dataset.mark = i; });"
        "globalThis.touched = 0; globalThis.watch = new MutationObserver(l => { touched += "
        "l.length; });"
        "document.querySelectorAll('.block').forEach((b, i) => { if (i < 2) watch.observe(b, "
        "{subtree: true, childList: true, characterData: true, attributes: true}); })"));
    for (int i = 0; i < 20; ++i) {
        m_view->appendText(1, QStringLiteral(" word"));
        dom(0);
    }
    m_view->appendText(1, QStringLiteral("\n\nFourth"));
    m_view->finishAnswer(1, {}, {});
    settle();
    QCOMPARE(evaluate(QStringLiteral("watch.disconnect(); touched")).toInt(), 0);
    QCOMPARE(
        evaluate(QStringLiteral(
                     "[...document.querySelectorAll('.block')].map(b => b.dataset.mark).join()"))
            .toString(),
        QStringLiteral("0,1,2,"));
}

/// Every prefix of every recorded answer, on the page: no error, and in the end what one call
/// gives.
void TestTranscriptStream::prefixesEndAsOneShot()
{
    quint64 turn = 0;
    for (const QString& text : replies()) {
        const quint64 whole = ++turn;
        ask(whole, text);
        const QString expected = html(whole);
        QVERIFY(!expected.isEmpty());

        // Through the commands themselves, many in one call, or it would take hours.
        TranscriptTurn streamed(++turn, QStringLiteral("q"), {});
        streamed.beginAnswer(QStringLiteral("M"), {}, 0);
        std::string script;
        for (const QChar c : text) {
            streamed.appendText(c);
            std::string commands;
            streamed.takeCommands(commands, size_t(-1));
            script += "argali.apply([" + commands + "]);";
            if (script.size() > 1'000'000) {
                evaluate(QString::fromStdString(script));
                script.clear();
            }
        }
        streamed.finish({}, {});
        std::string commands;
        QVERIFY(!streamed.takeCommands(commands, size_t(-1)));
        evaluate(QString::fromStdString(script + "argali.apply([" + commands + "]);"));
        QCOMPARE(m_view->page()->errorCount(), 0);
        const QString actual = html(turn);
        const auto differ =
            std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end()).first;
        const qsizetype at = std::max<qsizetype>(0, differ - actual.begin() - 60);
        QVERIFY2(actual == expected, qPrintable(actual.mid(at, 200) + QStringLiteral("\n===\n") +
                                                expected.mid(at, 200)));
        evaluate(QStringLiteral("argali.apply([{do: 'clear'}])"));
    }
}

/// 200 answers put together from parts of the recorded ones, in random pieces.
void TestTranscriptStream::manyAnswersEndAsOneShot()
{
    QStringList parts;
    for (const QString& text : replies())
        parts << text.split(QStringLiteral("\n\n"), Qt::SkipEmptyParts);
    std::mt19937 random(20);
    for (int answer = 0; answer < 200; ++answer) {
        QStringList chosen;
        for (size_t count = 1 + random() % 6; count > 0; --count)
            chosen << parts[qsizetype(random() % size_t(parts.size()))];
        QString text = chosen.join(QLatin1String(random() % 5 == 0 ? "\n" : "\n\n"));
        if (random() % 4 == 0)
            text.truncate(qsizetype(random() % size_t(text.size() + 1))); // stopped in the middle
        const quint64 whole = quint64(2 * answer + 1000);
        TranscriptTurn once(whole, {}, {});
        once.beginAnswer({}, {}, 0);
        once.appendText(text);
        once.finish({}, {});
        TranscriptTurn streamed(whole + 1, {}, {});
        streamed.beginAnswer({}, {}, 0);
        std::string script;
        once.takeCommands(script, size_t(-1));
        script = "argali.apply([" + script + "]);";
        for (qsizetype at = 0; at < text.size();) {
            const auto length = qsizetype(1 + random() % 12);
            streamed.appendText(text.mid(at, length));
            at += length;
            std::string commands;
            streamed.takeCommands(commands, size_t(-1));
            script += "argali.apply([" + commands + "]);";
        }
        streamed.finish({}, {});
        std::string commands;
        streamed.takeCommands(commands, size_t(-1));
        evaluate(QString::fromStdString(script + "argali.apply([" + commands + "]);"));
        QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.math.isIdle()")).toBool(),
                                 patience);
        const QString same =
            evaluate(QStringLiteral(
                         "(() => { const v = argali.turns.views; const a = v.get('%1').text.box"
                         ".innerHTML, b = v.get('%2').text.box.innerHTML; argali.apply(["
                         "{do: 'clear'}]); return a === b ? 'same' : a + '\\n' + b; })()")
                         .arg(whole)
                         .arg(whole + 1))
                .toString();
        QVERIFY2(same == QLatin1String("same"),
                 qPrintable(text + QStringLiteral("\n===\n") + same));
        QCOMPARE(m_view->page()->errorCount(), 0);
    }
}

void TestTranscriptStream::followsTheEnd()
{
    start(1);
    for (int i = 0; i < 120; ++i) {
        m_view->appendText(1, QStringLiteral("Line %1 of the answer.\n\n").arg(i));
        if (i % 10 == 0)
            dom(0);
    }
    dom(0);
    const auto distance =
        QStringLiteral("document.documentElement.scrollHeight - innerHeight - scrollY");
    QVERIFY(evaluate(QStringLiteral("scrollY")).toDouble() > 500);
    QVERIFY(evaluate(distance).toDouble() <= 1);
    m_view->resize(740, 350);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("innerHeight")).toInt() == 350, patience);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(distance).toDouble() <= 1, patience);
    m_view->resize(740, 500);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("innerHeight")).toInt() == 500, patience);
    QVERIFY(evaluate(QStringLiteral("document.getElementById('to-end').hidden")).toBool());
}

void TestTranscriptStream::wheelUpStopsFollowing()
{
    followsTheEnd();
    // At 100 tokens a second.
    QTimer tokens;
    connect(&tokens, &QTimer::timeout, this,
            [this] { m_view->appendText(1, QStringLiteral("word \n\n")); });
    tokens.start(10);
    QTest::qWait(200);
    wheel(120);
    QTRY_VERIFY_WITH_TIMEOUT(!evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool(),
                             patience);
    QTest::qWait(200); // the move itself comes with the next frame
    const double top = evaluate(QStringLiteral("scrollY")).toDouble();
    QTest::qWait(600);
    QCOMPARE(evaluate(QStringLiteral("scrollY")).toDouble(), top);
    QVERIFY(!evaluate(QStringLiteral("document.getElementById('to-end').hidden")).toBool());
    // A notch down that does not reach the end does not follow again, the button does.
    evaluate(QStringLiteral("scrollTo(0, 100)"));
    wheel(-120);
    QTest::qWait(300);
    QVERIFY(!evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool());
    evaluate(QStringLiteral("document.getElementById('to-end').click()"));
    QTest::qWait(300);
    tokens.stop();
    dom(0);
    QVERIFY(evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool());
    QVERIFY(
        evaluate(QStringLiteral("document.documentElement.scrollHeight - innerHeight - scrollY"))
            .toDouble() <= 1);
    // So does the wheel at the end.
    wheel(120);
    QTRY_VERIFY_WITH_TIMEOUT(!evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool(),
                             patience);
    QTest::qWait(200);
    for (int i = 0; i < 5; ++i)
        wheel(-120);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool(),
                             patience);
}

void TestTranscriptStream::keysScroll()
{
    followsTheEnd();
    QWidget* target = m_view->webView()->focusProxy();
    target->setFocus();
    const double end = evaluate(QStringLiteral("scrollY")).toDouble();
    QTest::keyClick(target, Qt::Key_PageUp);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("scrollY")).toDouble() < end - 100, patience);
    QVERIFY(!evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool());
    QTest::qWait(200);
    QTest::keyClick(target, Qt::Key_End);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool(),
                             patience);
}

void TestTranscriptStream::updatesAreRare()
{
    start(1);
    dom(0);
    evaluate(QStringLiteral(
        "globalThis.times = []; globalThis.apply = argali.apply;"
        "argali.apply = all => { times.push(performance.now()); return apply(all); }"));
    QElapsedTimer watch;
    watch.start();
    while (watch.elapsed() < 1000) {
        m_view->appendText(1, QStringLiteral("w "));
        QTest::qWait(1);
    }
    QTest::qWait(200);
    const QVariantList times = evaluate(QStringLiteral("argali.apply = apply; times")).toList();
    QVERIFY(times.size() >= 2);
    QVERIFY2(times.size() <= 42, qPrintable(QString::number(times.size())));
    dom(0);
}

void TestTranscriptStream::longAnswers_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("one line") << QStringLiteral("word ").repeated(200'000);
    QTest::newRow("one word") << QStringLiteral("word").repeated(250'000);
    QTest::newRow("stars in one line") << QStringLiteral("*a **b ").repeated(150'000);
    QTest::newRow("dollars") << QStringLiteral("$").repeated(10'000);
    QTest::newRow("quotes") << QString(QLatin1Char('>')).repeated(10'000) + QStringLiteral("x");
    QTest::newRow("lists") << QStringLiteral("- ").repeated(5'000) + QStringLiteral("x");
    QTest::newRow("table") << QStringLiteral("| a | b | c |\n|---|---|---|\n") +
                                  QStringLiteral("| 1 | $x$ | 3 |\n").repeated(3'000);
    QTest::newRow("code") << QStringLiteral("```cpp\n") +
                                 QStringLiteral("int x = 1; // one\n").repeated(20'000);
#ifdef __SANITIZE_ADDRESS__
    const int count = 1'000; // the page, which takes the time, is not sanitized
#else
    const int count = 5'000;
#endif
    QString formulas;
    for (int i = 0; i < count; ++i)
        formulas += QStringLiteral("$x_{%1}^2$ ").arg(i);
    QTest::newRow("formulas") << formulas;
}

void TestTranscriptStream::longAnswers()
{
    QFETCH(QString, text);
    // The window goes on: its own events are handled all the time.
    int ticks = 0;
    qint64 longest = 0;
    QElapsedTimer watch;
    QTimer tick;
    connect(&tick, &QTimer::timeout, this, [&] {
        longest = std::max(longest, watch.restart());
        ++ticks;
    });
    watch.start();
    tick.start(5);
    start(1);
    for (qsizetype at = 0; at < text.size(); at += text.size() / 20 + 1) {
        m_view->appendText(1, text.mid(at, text.size() / 20 + 1));
        QTest::qWait(20);
    }
    m_view->finishAnswer(1, {}, QStringLiteral("done"));
    QTRY_VERIFY_WITH_TIMEOUT(
        evaluate(QStringLiteral("Boolean(document.querySelector('.note')) && argali.math.isIdle()"))
            .toBool(),
        2 * patience);
    tick.stop();
    QVERIFY(ticks > 10);
    qInfo("longest wait of the window's events: %lld ms", static_cast<long long>(longest));
    QVERIFY2(longest < 2'000, qPrintable(QString::number(longest)));
}

int main(int argc, char** argv)
{
    return runPageTest<TestTranscriptStream>(argc, argv);
}

#include "tst_transcriptstream.moc"
