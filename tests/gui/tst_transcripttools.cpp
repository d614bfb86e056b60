// What can be done with messages on the page: their buttons, arrows between versions, times and
// places that are live, text that is found; and that a long chat shows its end first.
#include <QSignalSpy>
#include <QWebEngineView>

#include "gui/chat/livespans.h"
#include "gui/chat/transcriptpage.h"
#include "tests/gui/pagetest.h"

using namespace argali::gui;

class TestTranscriptTools : public PageTest {
    Q_OBJECT
private slots:
    void buttonsNeedSomebodyWhoListens();
    void buttonsAreSignals();
    void buttonsShowByPointerAndKeyboard();
    void answersUnderWayAreNotEdited();
    void branches();
    void picturesOpen();
    void liveSpans_data();
    void liveSpans();
    void timesAreSignals();
    void placesAreDrawn();
    void findsText();
    void theEndComesFirst();
    void turnsThatNeverCameAreRemoved();

private:
    QString shownButtons(quint64 turn);
    void press(const QString& selector);
};

QString TestTranscriptTools::shownButtons(quint64 turn)
{
    settle();
    return evaluate(
               QStringLiteral("[...argali.turns.views.get('%1').section.querySelectorAll('button')]"
                              ".filter(b => getComputedStyle(b).display !== 'none').map(b => "
                              "b.title).join('|')")
                   .arg(turn))
        .toString();
}

void TestTranscriptTools::press(const QString& selector)
{
    QVERIFY(evaluate(QStringLiteral("(() => { const b = document.querySelector('%1'); if (!b || "
                                    "b.disabled) return false; b.click(); return true; })()")
                         .arg(selector))
                .toBool());
}

void TestTranscriptTools::buttonsNeedSomebodyWhoListens()
{
    ask(1, QStringLiteral("answer"));
    QCOMPARE(shownButtons(1), QStringLiteral("Copy the question|Copy the answer|Answer again"));
    QSignalSpy edit(m_view.get(), &TranscriptView::editRequested);
    QSignalSpy remove(m_view.get(), &TranscriptView::deleteRequested);
    for (int i = 0; i < 100; ++i) // who listened goes, while Qt holds its lock
        QSignalSpy other(m_view.get(), &TranscriptView::branchRequested);
    QTest::qWait(1);
    QCOMPARE(shownButtons(1),
             QStringLiteral("Copy the question|Edit and ask again|Copy the answer|Answer again|"
                            "Delete question and answer"));
}

void TestTranscriptTools::buttonsAreSignals()
{
    QSignalSpy copyQuestion(m_view.get(), &TranscriptView::copyQuestionRequested);
    QSignalSpy edit(m_view.get(), &TranscriptView::editRequested);
    QSignalSpy remove(m_view.get(), &TranscriptView::deleteRequested);
    QSignalSpy again(m_view.get(), &TranscriptView::regenerateRequested);
    ask(1, QStringLiteral("one"));
    ask(2, QStringLiteral("two"));
    settle();
    press(QStringLiteral("[data-turn=\"1\"] .question .icon"));
    press(QStringLiteral("[data-turn=\"1\"] .edit"));
    press(QStringLiteral("[data-turn=\"2\"] .delete"));
    press(QStringLiteral("[data-turn=\"2\"] .again"));
    QTRY_COMPARE(again.count(), 1);
    QCOMPARE(copyQuestion.count(), 1);
    QCOMPARE(copyQuestion[0][0].toULongLong(), 1ULL);
    QCOMPARE(edit.count(), 1);
    QCOMPARE(edit[0][0].toULongLong(), 1ULL);
    QCOMPARE(edit[0][1].toString(), QStringLiteral("Question 1"));
    QCOMPARE(remove.count(), 1);
    QCOMPARE(remove[0][0].toULongLong(), 2ULL);
    QCOMPARE(again[0][0].toULongLong(), 2ULL);
}

void TestTranscriptTools::buttonsShowByPointerAndKeyboard()
{
    for (quint64 turn = 1; turn <= 3; ++turn)
        ask(turn, QStringLiteral("answer"));
    settle();
    QTest::mouseMove(m_view->webView()->focusProxy(), QPoint(2, 2));
    const auto opacity = [this](const char* selector) {
        return evaluate(QStringLiteral("getComputedStyle(document.querySelector('%1')).opacity")
                            .arg(QLatin1String(selector)))
            .toDouble();
    };
    QTRY_COMPARE(opacity("[data-turn=\"1\"] .foot .tools"), 0.0);
    QTRY_COMPARE(opacity("[data-turn=\"3\"] .foot .tools"), 1.0); // the last one's are always there
    // By the keyboard alone: from the first button on, each has a name and shows when it is
    // reached.
    m_view->webView()->focusProxy()->setFocus();
    evaluate(QStringLiteral("document.querySelector('[data-turn=\"1\"] .foot .icon').focus()"));
    QTRY_COMPARE(opacity("[data-turn=\"1\"] .foot .tools"), 1.0);
    QCOMPARE(
        evaluate(QStringLiteral("document.activeElement.getAttribute('aria-label')")).toString(),
        QStringLiteral("Copy the answer"));
    QTest::keyClick(m_view->webView()->focusProxy(), Qt::Key_Tab);
    QTRY_COMPARE(
        evaluate(QStringLiteral("document.activeElement.getAttribute('aria-label')")).toString(),
        QStringLiteral("Answer again"));
    QCOMPARE(
        evaluate(QStringLiteral("[...document.querySelectorAll('main button, main [tabindex]')]"
                                ".filter(b => !b.getAttribute('aria-label') && !b.textContent"
                                ".trim()).length"))
            .toInt(),
        0);
}

void TestTranscriptTools::answersUnderWayAreNotEdited()
{
    QSignalSpy edit(m_view.get(), &TranscriptView::editRequested);
    start(1);
    m_view->appendText(1, QStringLiteral("so far"));
    QCOMPARE(shownButtons(1), QStringLiteral("Copy the question"));
    m_view->finishAnswer(1, {}, {});
    QVERIFY(shownButtons(1).contains(QStringLiteral("Edit and ask again")));
}

void TestTranscriptTools::branches()
{
    QSignalSpy branch(m_view.get(), &TranscriptView::branchRequested);
    ask(1, QStringLiteral("first"));
    ask(2, QStringLiteral("second"));
    QVERIFY(!shownButtons(1).contains(QStringLiteral("version")));
    m_view->setBranch(1, 2, 3);
    m_view->setBranch(2, 1, 2);
    settle();
    const auto arrows = [this](quint64 turn) {
        return evaluate(QStringLiteral("argali.turns.views.get('%1').arrows.textContent").arg(turn))
            .toString();
    };
    QCOMPARE(arrows(1), QStringLiteral("2 / 3"));
    QCOMPARE(arrows(2), QStringLiteral("1 / 2"));
    press(QStringLiteral("[data-turn=\"1\"] .arrows button:first-child"));
    press(QStringLiteral("[data-turn=\"1\"] .arrows button:last-child"));
    QTRY_COMPARE(branch.count(), 2);
    QCOMPARE(branch[0][0].toULongLong(), 1ULL);
    QCOMPARE(branch[0][1].toInt(), -1);
    QCOMPARE(branch[1][1].toInt(), 1);
    QVERIFY(evaluate(QStringLiteral("document.querySelector('[data-turn=\"2\"] .arrows button')"
                                    ".disabled"))
                .toBool());
    // Made anew, the page has them still; a single version has none.
    m_view->setTheme(Theme::darkTheme());
    QEvent language(QEvent::LanguageChange);
    QApplication::sendEvent(m_view.get(), &language);
    settle();
    QCOMPARE(arrows(1), QStringLiteral("2 / 3"));
    m_view->setBranch(1, 1, 1);
    QVERIFY(!shownButtons(1).contains(QStringLiteral("version")));
}

void TestTranscriptTools::picturesOpen()
{
    QSignalSpy spy(m_view.get(), &TranscriptView::pictureActivated);
    m_view->addQuestion(
        1, QStringLiteral("q"),
        {{picture(40, 30), QStringLiteral("40 × 30"), false, QStringLiteral("a.png")},
         {picture(40, 30), QStringLiteral("00:08"), true, QStringLiteral("b.mp4")},
         {picture(30, 40), QStringLiteral("30 × 40"), false, QStringLiteral("<c>")},
         {QImage(), QStringLiteral("gone"), false, QStringLiteral("d.png")}});
    settle();
    QCOMPARE(evaluate(QStringLiteral("[...document.querySelectorAll('button.picture')].map(b => "
                                     "b.getAttribute('aria-label')).join('|')"))
                 .toString(),
             QStringLiteral("Open the picture: a.png|Open the film: b.mp4|"
                            "Open the picture: <c>"));
    evaluate(QStringLiteral("document.querySelectorAll('button.picture')[2].click()"));
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].toULongLong(), 1ULL);
    QCOMPARE(spy[0][1].toInt(), 2);
    evaluate(QStringLiteral("argali.ring({what: 'picture', turn: '1', index: 9});"
                            "argali.ring({what: 'picture', turn: '1', index: 0})"));
    QTRY_COMPARE(spy.count(), 2); // the last one
}

void TestTranscriptTools::liveSpans_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("spans"); // "words=value", with | between
    const auto row = [](const char* text, const char* spans) {
        QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(spans);
    };
    row("at 00:42 and 1:02:03.", "00:42=42|1:02:03=3723");
    row("在00:42处，到01:05为止", "00:42=42|01:05=65");
    row("**00:07** (00:08) [00:09]", "00:07=7|00:08=8|00:09=9");
    row("| a |\n|---|\n| 12:34 |", "12:34=754");
    row("00:42-01:10, 02:00–03:00", "00:42=42|02:00=120|03:00=180");
    row("`00:42` [00:42](https://a.example) $00:42$ <https://a.example/00:42>", "");
    row("```\n00:42\n```", "");
    row("00:60 1:2 100:00 a00:42 00:42b 1:00:61 00:42:99:11 v1.00:42 16:9", "");
    row("<box>(0.1,0.2),(0.3,0.4)</box>", "(0.1, 0.2)–(0.3, 0.4)=0.1,0.2,0.3,0.4");
    row("<point>(0.333, 0.5)</point>!", "(0.333, 0.5)=0.333,0.5");
    row("<ref>red apple</ref><box>(0.1,0.2),(0.3,0.4)</box>", "red apple=0.1,0.2,0.3,0.4");
    row("[<point>(0,0)</point>, <point>(1,1)</point>]", "(0, 0)=0,0|(1, 1)=1,1");
    row("<box>(0.1,0.2)</box> <box>(1.1,0),(0,0)</box> <point>(a,b)</point> <point>(-1,0)</point>",
        "");
    row("`<box>(0.1,0.2),(0.3,0.4)</box>`", "");
}

void TestTranscriptTools::liveSpans()
{
    QFETCH(QString, text);
    QFETCH(QString, spans);
    m_view->addQuestion(1, QStringLiteral("q"),
                        {{picture(9, 9), {}, true}, {picture(9, 9), {}, false}});
    m_view->beginAnswer(1, {}, 0);
    m_view->appendText(1, text);
    m_view->finishAnswer(1, {}, {});
    // Of what was shown before, a later question is too.
    ask(2, text);
    settle();
    for (const char* turn : {"1", "2"})
        QCOMPARE(
            evaluate(
                QStringLiteral(
                    "[...argali.turns.views.get('%1').text.box.querySelectorAll('.live')].map("
                    "l => l.textContent + '=' + (l.dataset.seconds ?? l.dataset.place)).join('|')")
                    .arg(QLatin1String(turn)))
                .toString(),
            spans);
    QVERIFY(!dom(1).contains(QStringLiteral("<box>(0.1,0.2),")) || text.contains(QLatin1Char('`')));
}

void TestTranscriptTools::timesAreSignals()
{
    // Without a film a time is a time of day.
    ask(1, QStringLiteral("The shop closes at 18:30."));
    settle();
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.live').length")).toInt(), 0);
    m_view->addQuestion(2, QStringLiteral("q"), {{picture(9, 9), {}, true}});
    m_view->beginAnswer(2, {}, 0);
    m_view->appendText(2, QStringLiteral("It falls at 01:02"));
    settle();
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.live').length")).toInt(),
             0); // a digit may follow
    m_view->appendText(2, QStringLiteral(":03."));
    m_view->finishAnswer(2, {}, {});
    settle();
    QSignalSpy spy(m_view.get(), &TranscriptView::timeActivated);
    press(QStringLiteral(".live"));
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].toULongLong(), 2ULL);
    QCOMPARE(spy[0][1].toDouble(), 3723.0);
    m_view->webView()->focusProxy()->setFocus();
    evaluate(QStringLiteral("document.querySelector('.live').focus()"));
    QTest::keyClick(m_view->webView()->focusProxy(), Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(spy.count(), 2, patience);
}

void TestTranscriptTools::placesAreDrawn()
{
    qRegisterMetaType<TranscriptView::Region>();
    m_view->addQuestion(1, QStringLiteral("q"), {{picture(100, 50), {}, false}});
    m_view->beginAnswer(1, {}, 0);
    m_view->appendText(1, QStringLiteral("The <ref>cross</ref><box>(0.1,0.2),(0.6,0.7)</box>."));
    m_view->finishAnswer(1, {}, {});
    settle();
    QSignalSpy hovered(m_view.get(), &TranscriptView::regionHovered);
    QSignalSpy left(m_view.get(), &TranscriptView::regionLeft);
    QSignalSpy chosen(m_view.get(), &TranscriptView::regionActivated);
    const QVariantList at =
        evaluate(QStringLiteral("(() => { const r = document.querySelector('.live')"
                                ".getBoundingClientRect(); return [r.x + 5, r.y + 5]; })()"))
            .toList();
    QWidget* target = m_view->webView()->focusProxy();
    QTest::mouseMove(target, QPoint(1, 1));
    QTest::mouseMove(target, QPoint(at[0].toInt(), at[1].toInt()));
    QTRY_COMPARE_WITH_TIMEOUT(hovered.count(), 1, patience);
    const auto region = hovered[0][1].value<TranscriptView::Region>();
    QCOMPARE(region.name, QStringLiteral("cross"));
    QVERIFY(!region.isPoint);
    QCOMPARE(region.area, QRectF(QPointF(0.1, 0.2), QPointF(0.6, 0.7)));
    QCOMPARE(
        evaluate(QStringLiteral("(() => { const m = document.querySelector('.mark').style; return "
                                "[m.left, m.top, m.width, m.height].map(parseFloat).map("
                                "Math.round).join(); })()"))
            .toString(),
        QStringLiteral("10,10,50,25"));
    QTest::mouseMove(target, QPoint(1, 1));
    QTRY_COMPARE_WITH_TIMEOUT(left.count(), 1, patience);
    QCOMPARE(evaluate(QStringLiteral("document.querySelectorAll('.mark').length")).toInt(), 0);
    press(QStringLiteral(".live"));
    QTRY_COMPARE_WITH_TIMEOUT(chosen.count(), 1, patience);
    // By the keyboard too.
    evaluate(QStringLiteral("document.querySelector('.live').focus()"));
    QTRY_COMPARE_WITH_TIMEOUT(hovered.count(), 2, patience);
    m_view->webView()->focusProxy()->clearFocus();
}

void TestTranscriptTools::findsText()
{
    ask(1, QStringLiteral("a ring and a **ring**\n\n```\nRING\n```"));
    for (quint64 turn = 2; turn < 40; ++turn)
        ask(turn, QStringLiteral("nothing of the kind\n\nhere"));
    ask(40, QStringLiteral("one more ring"));
    settle();
    QSignalSpy found(m_view.get(), &TranscriptView::found);
    m_view->findText(QStringLiteral("ring"));
    QTRY_VERIFY_WITH_TIMEOUT(!found.isEmpty() && found.last()[1].toInt() == 4, patience);
    const int first = found.last()[0].toInt();
    QVERIFY(first >= 1);
    m_view->findText(QStringLiteral("ring"));
    QTRY_COMPARE_WITH_TIMEOUT(found.last()[0].toInt(), first % 4 + 1, patience);
    m_view->findText(QStringLiteral("ring"), true);
    QTRY_COMPARE_WITH_TIMEOUT(found.last()[0].toInt(), first, patience);
    m_view->findText(QStringLiteral("<script>alert(1)</script>"));
    QTRY_COMPARE_WITH_TIMEOUT(found.last()[1].toInt(), 0, patience);
    m_view->findText({});
}

/// Opening a long chat: its end is there at once, the rest comes above it without moving it.
void TestTranscriptTools::theEndComesFirst()
{
    const QString text = QStringLiteral("Some **words** and $x^2$.\n\n").repeated(20);
    for (quint64 turn = 1; turn <= 400; ++turn)
        ask(turn, text);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.turns.views.has('400')")).toBool(),
                             patience);
    QVERIFY(!evaluate(QStringLiteral("argali.turns.views.has('1')")).toBool());
    m_view->appendText(400, QStringLiteral("ignored, it has ended"));
    start(401);
    m_view->appendText(401, QStringLiteral("the newest"));
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.turns.views.has('1')")).toBool(),
                             patience);
    settle();
    QCOMPARE(evaluate(QStringLiteral("[...document.querySelectorAll('.turn')].every((t, i) => "
                                     "t.dataset.turn === String(i + 1))"))
                 .toBool(),
             true);
    QTRY_VERIFY_WITH_TIMEOUT(
        evaluate(QStringLiteral("document.documentElement.scrollHeight - innerHeight - scrollY"))
                .toDouble() <= 1,
        patience);
    QVERIFY(evaluate(QStringLiteral("argali.scroll.isFollowing()")).toBool());
}

void TestTranscriptTools::turnsThatNeverCameAreRemoved()
{
    const QString text = QStringLiteral("words ").repeated(2000);
    for (quint64 turn = 1; turn <= 100; ++turn)
        ask(turn, text);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.turns.views.has('100')")).toBool(),
                             patience);
    QVERIFY(!evaluate(QStringLiteral("argali.turns.views.has('3')")).toBool());
    m_view->removeFrom(3);
    ask(200, QStringLiteral("after"));
    settle();
    QCOMPARE(
        evaluate(QStringLiteral(
                     "[...document.querySelectorAll('.turn')].map(t => t.dataset.turn).join()"))
            .toString(),
        QStringLiteral("1,2,200"));
}

int main(int argc, char** argv)
{
    return runPageTest<TestTranscriptTools>(argc, argv);
}

#include "tst_transcripttools.moc"
