// The transcript with its real page: what a turn shows, what its buttons do, copies, formulas,
// code, theme, and that the page comes back when its process dies.
#include <csignal>

#include <QClipboard>
#include <QJsonObject>
#include <QPushButton>
#include <QSignalSpy>
#include <QWebEngineView>

#include "gui/chat/pagetheme.h"
#include "gui/chat/transcriptpage.h"
#include "tests/gui/pagetest.h"

using namespace argali::gui;

class TestTranscriptView : public PageTest {
    Q_OBJECT
private slots:
    void showsATurn();
    void queuesBeforeThePage();
    void userTextIsPlain();
    void showsPictures();
    void thinkingUnfoldsAndFolds();
    void takesTextBack();
    void answerNow();
    void stoppedAndFailed();
    void removesTurns();
    void buttonsAreSignals();
    void linksAreSignals();
    void copiesSources();
    void formulas();
    void failedFormulasShowTheirSource();
    void theme();
    void contrasts_data();
    void contrasts();
    void recoversFromACrash();
    void givesUpAfterManyCrashes();
};

void TestTranscriptView::showsATurn()
{
    m_view->addQuestion(1, QStringLiteral("How much?"), {});
    m_view->beginAnswer(1, {QStringLiteral("Ovis2.5-2B"), QStringLiteral("from this picture")},
                        1024);
    m_view->appendThinking(1, QStringLiteral("The bars"), 2);
    m_view->appendThinking(1, QStringLiteral(" are four."), 118);
    m_view->setThinkingDone(1, 1900, 118, false);
    m_view->appendText(1, QStringLiteral("It is **12"));
    m_view->appendText(1, QStringLiteral("** with $x^2$."));
    m_view->finishAnswer(1, QStringLiteral("236 tokens"), {});
    QCOMPARE(dom(1), QStringLiteral("It is 12 with $x^2$."));
    QCOMPARE(m_view->plainText(1), QStringLiteral("It is **12** with $x^2$."));
    const QString all = evaluate(QStringLiteral("document.body.innerText")).toString();
    for (const char* part : {"How much?", "Ovis2.5-2B", "from this picture", "Thought for 1.9 s",
                             "118 of 1,024 tokens", "236 tokens"})
        QVERIFY2(all.contains(QLatin1String(part)), part);
    QVERIFY(!all.contains(QLatin1String("The bars are four."))); // folded
    QCOMPARE(m_view->plainText(99), QString());
    QCOMPARE(dom(99), QString());
}

void TestTranscriptView::queuesBeforeThePage()
{
    TranscriptView view;
    view.addQuestion(1, QStringLiteral("a"), {});
    view.beginAnswer(1, {QStringLiteral("M"), {}}, 0);
    view.appendText(1, QStringLiteral("answer"));
    view.setTheme(Theme::darkTheme());
    QSignalSpy ready(&view, &TranscriptView::ready);
    QString text;
    view.domText(1, [&](const QString& value) { text = value; });
    QVERIFY(!view.isReady());
    QTRY_COMPARE_WITH_TIMEOUT(text, QStringLiteral("answer"), patience);
    QCOMPARE(ready.count(), 1);
}

void TestTranscriptView::userTextIsPlain()
{
    const QString text =
        QStringLiteral("**a** $x$ <b>c</b>\n  two `d` \"]})\\ </script> \u2028 &amp;");
    m_view->addQuestion(1, text, {});
    dom(0);
    QCOMPARE(evaluate(QStringLiteral("document.querySelector('.bubble').textContent")).toString(),
             text);
    QCOMPARE(evaluate(QStringLiteral("document.querySelector('.bubble').children.length")).toInt(),
             0);
}

void TestTranscriptView::showsPictures()
{
    QImage clear = picture(10, 300, QImage::Format_ARGB32);
    m_view->addQuestion(1, QStringLiteral("q"),
                        {{picture(2000, 1000), QStringLiteral("2000 × 1000"), false},
                         {clear, QStringLiteral("<img src=x>"), true},
                         {QImage(), QStringLiteral("gone"), false}});
    dom(0);
    const auto images = QStringLiteral("[...document.querySelectorAll('.picture img')]");
    QCOMPARE(evaluate(images + QStringLiteral(".length")).toInt(), 2);
    QTRY_COMPARE(
        evaluate(images + QStringLiteral(".filter(i => i.complete && i.naturalWidth > 0).length"))
            .toInt(),
        2);
    QCOMPARE(evaluate(images + QStringLiteral(
                                   ".map(i => i.naturalWidth + 'x' + i.naturalHeight + ':' "
                                   "+ i.width + 'x' + i.height + ':' + i.src.slice(0, 15)).join()"))
                 .toString(),
             QStringLiteral("344x172:172x86:data:image/jpeg,10x300:5x172:data:image/png;"));
    QCOMPARE(
        evaluate(QStringLiteral(
                     "[...document.querySelectorAll('.badge')].map(b => b.textContent).join('|')"))
            .toString(),
        QStringLiteral("2000 × 1000|<img src=x>|gone"));
}

void TestTranscriptView::thinkingUnfoldsAndFolds()
{
    start(1);
    m_view->beginAnswer(1, {QStringLiteral("M"), {}}, 128);
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.thinking').length")).toInt(), 0);
    m_view->appendThinking(1, QStringLiteral("So $x$ and <b>y</b>"), 64);
    dom(0);
    const auto folded =
        QStringLiteral("document.querySelector('.thinking').classList.contains('folded')");
    const auto bar = QStringLiteral(
        "document.querySelector('.thinking > .bar').innerText.replace(/\\s+/g, ' ')");
    QVERIFY(!evaluate(folded).toBool());
    QCOMPARE(evaluate(bar).toString().trimmed(), QStringLiteral("Thinking 64 of 128 tokens"));
    QCOMPARE(
        evaluate(QStringLiteral("document.querySelector('.meter > i').style.width")).toString(),
        QStringLiteral("50%"));
    m_view->setThinkingDone(1, 2345, 128, true);
    dom(0);
    QVERIFY(evaluate(folded).toBool());
    QCOMPARE(evaluate(bar).toString().trimmed(),
             QStringLiteral("Thought for 2.3 s 128 of 128 tokens, budget reached"));
    evaluate(QStringLiteral("document.querySelector('.fold').click()"));
    QVERIFY(!evaluate(folded).toBool());
    m_view->setThinkingDone(1, 2345, 128, true); // what the user unfolded stays so
    dom(0);
    QVERIFY(!evaluate(folded).toBool());
    // Without a budget there is no bar, and a stopped one has no time.
    start(2);
    m_view->appendThinking(2, QStringLiteral("hm"), 1);
    m_view->finishAnswer(2, {}, QStringLiteral("Stopped."));
    dom(0);
    QCOMPARE(
        evaluate(
            QStringLiteral(
                "argali.turns.views.get('2').thinking.box.innerText.replace(/\\s+/g, ' ').trim()"))
            .toString(),
        QStringLiteral("Thought 1 token(s)")); // the plural comes with a translation
    QVERIFY(evaluate(QStringLiteral("argali.turns.views.get('2').thinking.meter.hidden")).toBool());
}

void TestTranscriptView::takesTextBack()
{
    start(1);
    m_view->appendText(1, QStringLiteral("Hm:\n\n- one\n- two"));
    QVERIFY(dom(1).contains(QStringLiteral("one")));
    m_view->takeTextBack(1);
    m_view->appendThinking(1, QStringLiteral("Hm:\n\n- one\n- two"), 9);
    QCOMPARE(dom(1), QString());
    QCOMPARE(m_view->plainText(1), QString());
    m_view->setThinkingDone(1, 900, 9, false);
    m_view->appendText(1, QStringLiteral("A **ring**."));
    m_view->finishAnswer(1, {}, {});
    QCOMPARE(dom(1), QStringLiteral("A ring."));
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.thinking li').length")).toInt(),
             2);
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('li').length")).toInt(), 2);
    m_view->takeTextBack(1); // what has ended stays
    QCOMPARE(dom(1), QStringLiteral("A ring."));
}

void TestTranscriptView::answerNow()
{
    start(1);
    m_view->appendThinking(1, QStringLiteral("hm"), 3);
    dom(0);
    const auto hidden = QStringLiteral("document.querySelector('.pill').hidden");
    QVERIFY(evaluate(hidden).toBool());
    m_view->setAnswerNowEnabled(true);
    dom(0);
    QVERIFY(!evaluate(hidden).toBool());
    QSignalSpy spy(m_view.get(), &TranscriptView::answerNowRequested);
    evaluate(QStringLiteral("document.querySelector('.pill').click()"));
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].toULongLong(), 1ULL);
    m_view->setThinkingDone(1, 1, 3, false);
    dom(0);
    QVERIFY(evaluate(hidden).toBool());
}

void TestTranscriptView::stoppedAndFailed()
{
    start(1);
    m_view->appendText(1, QStringLiteral("Half **an"));
    m_view->finishAnswer(1, {}, QStringLiteral("Stopped."));
    QCOMPARE(dom(1), QStringLiteral("Half **an")); // what is final is shown as it is
    QVERIFY(evaluate(QStringLiteral("document.querySelector('.note').innerText")).toString() ==
            QLatin1String("Stopped."));
    start(2);
    m_view->appendText(2, QStringLiteral("So far"));
    m_view->failAnswer(2, QStringLiteral("It <b>failed</b>."), QStringLiteral("line 1\n<script>"),
                       {{QStringLiteral("again"), QStringLiteral("Try again")}});
    m_view->appendText(2, QStringLiteral(" too late"));
    QCOMPARE(dom(2), QStringLiteral("So far"));
    QCOMPARE(evaluate(QStringLiteral("document.querySelector('.failure .sentence').innerText"))
                 .toString(),
             QStringLiteral("It <b>failed</b>."));
    QVERIFY(evaluate(QStringLiteral("document.querySelector('.failure pre').hidden")).toBool());
    evaluate(QStringLiteral("document.querySelector('.failure .fold').click()"));
    QCOMPARE(
        evaluate(QStringLiteral("document.querySelector('.failure pre').innerText")).toString(),
        QStringLiteral("line 1\n<script>"));
    QSignalSpy spy(m_view.get(), &TranscriptView::actionRequested);
    evaluate(QStringLiteral("document.querySelector('.failure .button').click()"));
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].toULongLong(), 2ULL);
    QCOMPARE(spy[0][1].toString(), QStringLiteral("again"));
}

void TestTranscriptView::removesTurns()
{
    for (quint64 turn = 1; turn <= 4; ++turn)
        ask(turn, QStringLiteral("answer"));
    dom(0);
    m_view->removeFrom(3);
    m_view->removeFrom(77);
    ask(5, QStringLiteral("five"));
    ask(2, QStringLiteral("two again")); // takes the later ones away
    dom(0);
    QCOMPARE(
        evaluate(QStringLiteral(
                     "[...document.querySelectorAll('.turn')].map(t => t.dataset.turn).join()"))
            .toString(),
        QStringLiteral("1,2"));
    m_view->clear();
    QCOMPARE(dom(0), QString());
    QCOMPARE(m_view->plainText(2), QString());
}

void TestTranscriptView::buttonsAreSignals()
{
    ask(7, QStringLiteral("answer\n\n```py\nx = '<b>'\n```"));
    settle();
    QSignalSpy copy(m_view.get(), &TranscriptView::copyRequested);
    QSignalSpy again(m_view.get(), &TranscriptView::regenerateRequested);
    evaluate(QStringLiteral("document.querySelectorAll('.foot .icon')[0].click()"));
    evaluate(QStringLiteral("document.querySelectorAll('.foot .icon')[1].click()"));
    QTRY_COMPARE(copy.count(), 1);
    QTRY_COMPARE(again.count(), 1);
    QCOMPARE(copy[0][0].toULongLong(), 7ULL);
    QCOMPARE(again[0][0].toULongLong(), 7ULL);
    evaluate(QStringLiteral("document.querySelector('.code button').click()"));
    QTRY_COMPARE(QApplication::clipboard()->text(), QStringLiteral("x = '<b>'\n"));
    const QVariantList unnamed =
        evaluate(
            QStringLiteral(
                "[...document.querySelectorAll('button')].filter(b => !b.title && !b.innerText)"
                ".map(b => b.outerHTML)"))
            .toList();
    QVERIFY(unnamed.isEmpty());
}

void TestTranscriptView::linksAreSignals()
{
    ask(1, QStringLiteral("[a](https://example.org/x?y=1) ![p](https://pictures.example/p.png)"));
    settle();
    QSignalSpy spy(m_view.get(), &TranscriptView::linkActivated);
    evaluate(QStringLiteral("document.querySelectorAll('.markdown a')[0].click()"));
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].toUrl(), QUrl(QStringLiteral("https://example.org/x?y=1")));
    // A real click, and one with the middle button.
    const QVariantList at =
        evaluate(QStringLiteral("(() => { const r = document.querySelectorAll('.markdown a')[1]"
                                ".getBoundingClientRect(); return [r.x + 30, r.y + 8]; })()"))
            .toList();
    QWidget* target = m_view->webView()->focusProxy();
    const QPoint point(at[0].toInt(), at[1].toInt());
    QTest::mouseClick(target, Qt::LeftButton, {}, point);
    QTRY_COMPARE_WITH_TIMEOUT(spy.count(), 2, patience);
    QTest::mouseClick(target, Qt::MiddleButton, {}, point);
    QTRY_COMPARE_WITH_TIMEOUT(spy.count(), 3, patience);
    QCOMPARE(spy[1][0].toUrl(), QUrl(QStringLiteral("https://pictures.example/p.png")));
    QCOMPARE(m_view->page()->url(), pageUrl());
    QVERIFY(evaluate(QStringLiteral("document.querySelector('.host').innerText")).toString() ==
            QLatin1String(" (pictures.example)"));
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.markdown img').length")).toInt(),
             0);
}

void TestTranscriptView::copiesSources()
{
    ask(1,
        QStringLiteral("A **b** $x^2$ c\n\n| a | b |\n|---|---|\n| 1 | $y$ |\n\n- [x] d\n\n$$z$$"));
    settle();
    QCOMPARE(dom(1), QStringLiteral("A b $x^2$ c\n\na\tb\n1\t$y$\n\n[x] d\n\n$$z$$"));
    evaluate(
        QStringLiteral("getSelection().selectAllChildren(argali.turns.views.get('1').text.box)"));
    QApplication::clipboard()->clear();
    QWidget* target = m_view->webView()->focusProxy();
    target->setFocus();
    QTest::keyClick(target, Qt::Key_C, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(QApplication::clipboard()->text(),
                              QStringLiteral("A b $x^2$ c\n\na\tb\n1\t$y$\n\n[x] d\n\n$$z$$"),
                              patience);
    // From the middle of a formula: the whole formula.
    evaluate(QStringLiteral(
        "(() => { const r = document.createRange(); r.setStart(document.querySelector("
        "'.math .mord'), 0); r.setEnd(document.querySelector('p'), "
        "document.querySelector('p').childNodes.length); getSelection().removeAllRanges();"
        "getSelection().addRange(r); })()"));
    m_view->page()->triggerAction(QWebEnginePage::Copy);
    QTRY_COMPARE_WITH_TIMEOUT(QApplication::clipboard()->text(), QStringLiteral("$x^2$ c"),
                              patience);
}

void TestTranscriptView::formulas()
{
    ask(1, reply("matrix") + reply("chart") + reply("prices") + reply("chinese"));
    settle();
    const int count = evaluate(QStringLiteral("document.querySelectorAll('.math').length")).toInt();
    QVERIFY(count > 20);
    QCOMPARE(
        evaluate(QStringLiteral(
                     "document.querySelectorAll('.math > .katex, .math > .katex-display').length"))
            .toInt(),
        count);
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.math.source').length")).toInt(),
             0);
    for (const char* env :
         {"equation", "align", "alignat", "gather", "CD"}) { // what amsmath has and KaTeX draws
        const QString argument = qstrcmp(env, "alignat") == 0 ? QStringLiteral("{2}") : QString();
        ask(2, QStringLiteral("\\begin{%1}%2\na %3 b\n\\end{%1}")
                   .arg(QLatin1String(env), argument,
                        qstrcmp(env, "CD") == 0 ? QStringLiteral("@>>>")
                                                : QString::fromLatin1(env[0] == 'a' ? "&=" : "=")));
        settle();
        QCOMPARE(evaluate(QStringLiteral("argali.turns.views.get('2').text.box.querySelectorAll('."
                                         "katex-display').length"))
                     .toInt(),
                 1);
    }
}

void TestTranscriptView::failedFormulasShowTheirSource()
{
    QString nested = QStringLiteral("$");
    nested += QStringLiteral("{").repeated(3000) + QStringLiteral("x") +
              QStringLiteral("}").repeated(3000);
    ask(1,
        QStringLiteral(
            "$\\nosuchthing{x}$ and $\\def\\a{\\a\\a}\\a$ and $\\href{https://a.example}{x}$\n\n") +
            nested + QStringLiteral("$"));
    settle();
    const QString source =
        evaluate(
            QStringLiteral("[...document.querySelectorAll('.math.source')].map(m => m.textContent)"
                           ".join('|')"))
            .toString();
    QVERIFY(source.startsWith(QLatin1String("$\\nosuchthing{x}$|$\\def\\a{\\a\\a}\\a$")));
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.katex a').length")).toInt(), 0);
    // The same one again is not tried again.
    evaluate(QStringLiteral("globalThis.tries = 0; globalThis.render = katex.render;"
                            "katex.render = (...all) => { ++tries; return render(...all); }"));
    ask(2, QStringLiteral("$\\nosuchthing{x}$ $q_{17}$ $q_{17}$"));
    settle();
    QCOMPARE(evaluate(QStringLiteral("katex.render = render; tries")).toInt(), 1);
}

void TestTranscriptView::theme()
{
    ask(1, QStringLiteral("text"));
    settle();
    QCOMPARE(evaluate(QStringLiteral("getComputedStyle(document.documentElement).backgroundColor"))
                 .toString(),
             QStringLiteral("rgb(247, 246, 244)"));
    m_view->setTheme(Theme::darkTheme());
    dom(0);
    QCOMPARE(evaluate(QStringLiteral("getComputedStyle(document.documentElement).backgroundColor"))
                 .toString(),
             QStringLiteral("rgb(27, 26, 24)"));
    QCOMPARE(evaluate(QStringLiteral("getComputedStyle(document.body).color")).toString(),
             QStringLiteral("rgb(236, 232, 226)"));
    QCOMPARE(m_view->page()->backgroundColor(), Theme::darkTheme().background);
    QFont font = m_view->font();
    font.setFamilies(
        {QStringLiteral("DejaVu \"Sans\"; } body { display: none"), QStringLiteral("DejaVu Sans")});
    font.setPixelSize(22);
    m_view->setFont(font);
    dom(0);
    QCOMPARE(evaluate(QStringLiteral("getComputedStyle(document.body).fontSize")).toString(),
             QStringLiteral("22px"));
    QCOMPARE(evaluate(QStringLiteral("getComputedStyle(document.body).display")).toString(),
             QStringLiteral("block"));
    m_view->setFont({});
}

void TestTranscriptView::contrasts_data()
{
    QTest::addColumn<Theme>("theme");
    QTest::newRow("light") << Theme::light();
    QTest::newRow("dark") << Theme::darkTheme();
    Theme poor = Theme::light(); // a palette whose secondary colours cannot be read
    poor.muted = poor.accentText = poor.bad = poor.ok = poor.warn = QColor(0xdddddd);
    QTest::newRow("poor") << poor;
    QPalette system;
    system.setColor(QPalette::Window, Qt::black);
    system.setColor(QPalette::WindowText, Qt::yellow);
    system.setColor(QPalette::PlaceholderText, QColor(0x333333));
    system.setColor(QPalette::Link, QColor(0x000088));
    QTest::newRow("high contrast") << Theme::of(system);
}

void TestTranscriptView::contrasts()
{
    QFETCH(Theme, theme);
    const QJsonObject all = pageVariables(theme, QApplication::font(), QApplication::font());
    const auto colour = [&](const char* name) {
        return QColor(all.value(QLatin1String(name)).toString());
    };
    const auto check = [&](const char* text, const char* ground) {
        const double value = contrast(colour(text), colour(ground));
        QVERIFY2(value >= 4.5, qPrintable(QStringLiteral("%1 on %2: %3")
                                              .arg(QLatin1String(text), QLatin1String(ground))
                                              .arg(value)));
    };
    for (const char* text : {"--text", "--muted", "--link", "--bad"}) {
        for (const char* ground : {"--bg", "--surface", "--user"})
            check(text, ground);
    }
    for (const char* text : {"--text", "--code-muted", "--code-word", "--code-string",
                             "--code-number", "--code-name", "--code-wrong"})
        check(text, "--code");
}

void TestTranscriptView::recoversFromACrash()
{
    m_view->addQuestion(1, QStringLiteral("q"), {{picture(9, 9), QStringLiteral("9 × 9"), false}});
    m_view->beginAnswer(1, {QStringLiteral("M"), {}}, 100);
    m_view->appendThinking(1, QStringLiteral("hm"), 3);
    m_view->setThinkingDone(1, 10, 3, false);
    m_view->appendText(1, QStringLiteral("First $x$.\n\nSecond"));
    settle();
    const QString before =
        evaluate(QStringLiteral("document.querySelector('main').innerHTML")).toString();
    QSignalSpy ready(m_view.get(), &TranscriptView::ready);
    QCOMPARE(::kill(pid_t(m_view->page()->renderProcessPid()), SIGKILL), 0);
    QTRY_VERIFY_WITH_TIMEOUT(!m_view->isReady(), patience);
    m_view->appendText(1, QStringLiteral(" and"));
    QTRY_VERIFY_WITH_TIMEOUT(m_view->isReady(), patience);
    QCOMPARE(ready.count(), 1);
    QCOMPARE(dom(1), QStringLiteral("First $x$.\n\nSecond and"));
    settle();
    QString after = evaluate(QStringLiteral("document.querySelector('main').innerHTML")).toString();
    QCOMPARE(after.replace(QStringLiteral("Second and"), QStringLiteral("Second")), before);
}

void TestTranscriptView::givesUpAfterManyCrashes()
{
    m_isSpoilt = true;
    m_view = nullptr;
    init();
    ask(1, QStringLiteral("kept"));
    for (int i = 0; i < 4; ++i) {
        QTRY_VERIFY_WITH_TIMEOUT(m_view->isReady(), patience);
        QCOMPARE(::kill(pid_t(m_view->page()->renderProcessPid()), SIGKILL), 0);
        QTRY_VERIFY_WITH_TIMEOUT(!m_view->isReady(), patience);
    }
    QTest::qWait(300);
    QVERIFY(!m_view->isReady());
    QVERIFY(!m_view->webView()->isVisible());
    auto* button = m_view->findChild<QPushButton*>();
    QVERIFY(button && button->isVisible());
    button->click();
    QTRY_VERIFY_WITH_TIMEOUT(m_view->isReady(), patience);
    QVERIFY(m_view->webView()->isVisible());
    QCOMPARE(dom(1), QStringLiteral("kept"));
}

int main(int argc, char** argv)
{
    return runPageTest<TestTranscriptView>(argc, argv);
}

#include "tst_transcriptview.moc"
