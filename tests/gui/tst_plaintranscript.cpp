// What is shown where the page cannot be: each way to it is forced, and nothing is lost on it.
#include <csignal>

#include <QPushButton>
#include <QSignalSpy>
#include <QTextBrowser>
#include <QTextDocumentFragment>

#include "gui/chat/plaintranscript.h"
#include "gui/chat/transcriptpage.h"
#include "tests/gui/pagetest.h"

using namespace argali::gui;
using namespace std::chrono_literals;

namespace {

PageStart hung(PageStart::Drawing drawing = PageStart::Drawing::Page)
{
    PageStart start;
    start.drawing = drawing;
    start.neverAnswers = true;
    start.limit = 50ms;
    return start;
}

PageStart plain()
{
    PageStart start;
    start.drawing = PageStart::Drawing::Plain;
    return start;
}

QString textOf(const TranscriptView& view)
{
    return view.plain() ? view.plain()->browser()->toPlainText() : QString();
}

void fill(TranscriptView& view)
{
    view.addQuestion(1, QStringLiteral("How <b>much</b>?\nSay."),
                     {{picture(9, 9), QStringLiteral("9 × 9"), false}});
    view.beginAnswer(1, {QStringLiteral("Model"), QStringLiteral("from this picture")}, 128);
    view.appendThinking(1, QStringLiteral("hm"), 3);
    view.setThinkingDone(1, 1900, 3, false);
    view.appendText(1, QStringLiteral("It is **12** with $x^2$.\n\n| a | b |\n|---|---|\n| 1 | 2 "
                                      "|\n\n[x](https://a.example/)\n\n- [x] done"));
    view.finishAnswer(1, QStringLiteral("236 tokens"), {});
}

} // namespace

class TestPlainTranscript : public QObject {
    Q_OBJECT
private slots:
    void withoutAPage();
    void slowPage();
    void slowSoftwarePage();
    void aLatePageTakesOver();
    void dyingPage();
    void environment();
    void isBrowsable();
    void streams();
    void loadsNothing();
    void clicksOpenPicturesAndFilms();
    void finds();
};

void TestPlainTranscript::withoutAPage()
{
    TranscriptView view(nullptr, plain());
    QVERIFY(view.isPlain());
    QVERIFY(!view.page());
    QVERIFY(!view.webView());
    fill(view);
    view.setTheme(Theme::darkTheme());
    view.setAnswerNowEnabled(true);
    view.scrollToEnd();
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("236 tokens")));
    const QString text = textOf(view);
    for (const char* part : {"How <b>much</b>?", "Say.", "Model from this picture",
                             "Thought for 1.9 s", "It is 12 with $x^2$.", "\u2611"})
        QVERIFY2(text.contains(QString::fromUtf8(part)), part);
    view.removeFrom(1);
    QTRY_COMPARE(textOf(view), QString());
}

void TestPlainTranscript::slowPage()
{
    TranscriptView view(nullptr, hung());
    QSignalSpy software(&view, &TranscriptView::softwareRenderingNeeded);
    fill(view);
    QVERIFY(!view.isPlain());
    QTRY_COMPARE(software.count(), 1);
    QVERIFY(view.isPlain());
    QVERIFY(textOf(view).contains(QStringLiteral("It is 12")));
    view.show();
    QVERIFY(view.findChild<QPushButton*>()->isVisible()); // why, and to try again
}

void TestPlainTranscript::slowSoftwarePage()
{
    TranscriptView view(nullptr, hung(PageStart::Drawing::SoftwarePage));
    QSignalSpy software(&view, &TranscriptView::softwareRenderingNeeded);
    fill(view);
    QTRY_VERIFY(view.isPlain());
    QCOMPARE(software.count(), 0); // there is nothing after it
    QVERIFY(textOf(view).contains(QStringLiteral("It is 12")));
}

void TestPlainTranscript::aLatePageTakesOver()
{
    TranscriptView view(nullptr, hung());
    fill(view);
    QTRY_VERIFY(view.isPlain());
    view.appendText(2, QStringLiteral("nobody"));
    view.page()->start(); // as if it only had been slow
    QTRY_VERIFY_WITH_TIMEOUT(view.isReady(), patience);
    QVERIFY(!view.isPlain());
    PageAnswer<QString> answer;
    view.domText(1, answer.taker());
    QVERIFY(answer.value().startsWith(QStringLiteral("It is 12 with $x^2$.")));
}

void TestPlainTranscript::dyingPage()
{
    TranscriptView view;
    view.resize(700, 500);
    view.show();
    fill(view);
    for (int i = 0; i < 4; ++i) {
        QTRY_VERIFY_WITH_TIMEOUT(view.isReady(), patience);
        QCOMPARE(::kill(pid_t(view.page()->renderProcessPid()), SIGKILL), 0);
        QTRY_VERIFY_WITH_TIMEOUT(!view.isReady(), patience);
    }
    QTRY_VERIFY(view.isPlain());
    QVERIFY(textOf(view).contains(QStringLiteral("It is 12")));
    view.addQuestion(2, QStringLiteral("and now"), {});
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("and now")));
    view.findChild<QPushButton*>()->click();
    QTRY_VERIFY_WITH_TIMEOUT(view.isReady(), patience);
    QVERIFY(!view.isPlain());
    PageAnswer<QString> answer;
    view.domText(0, answer.taker());
    QVERIFY(answer.value().contains(QStringLiteral("and now")));
}

void TestPlainTranscript::environment()
{
    const auto with = [](const char* value) {
        qputenv(PageStart::variable, value);
        const PageStart start = PageStart::fromEnvironment();
        qunsetenv(PageStart::variable);
        return start;
    };
    QCOMPARE(with("software").drawing, PageStart::Drawing::SoftwarePage);
    QCOMPARE(with("plain").drawing, PageStart::Drawing::Plain);
    QVERIFY(with("hung").neverAnswers);
    QCOMPARE(with("").drawing, PageStart::Drawing::Page);
    QCOMPARE(PageStart().limit, std::chrono::milliseconds(3000));
    const QByteArray flags = qgetenv("QTWEBENGINE_CHROMIUM_FLAGS");
    with("software").settle();
    QVERIFY(qgetenv("QTWEBENGINE_CHROMIUM_FLAGS").contains("--disable-gpu"));
    QVERIFY(!qgetenv("QTWEBENGINE_CHROMIUM_FLAGS").contains("sandbox"));
    QCOMPARE(qgetenv("QT_QUICK_BACKEND"), QByteArray("software"));
    qputenv("QTWEBENGINE_CHROMIUM_FLAGS", flags);
    qunsetenv("QT_QUICK_BACKEND");
}

void TestPlainTranscript::isBrowsable()
{
    TranscriptView view(nullptr, plain());
    fill(view);
    view.addQuestion(2, QStringLiteral("q"), {});
    view.beginAnswer(2, {}, 0);
    view.failAnswer(2, QStringLiteral("It failed."), QStringLiteral("details"),
                    {{QStringLiteral("again"), QStringLiteral("Try again")}});
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("Try again")));
    QSignalSpy link(&view, &TranscriptView::linkActivated);
    QSignalSpy copy(&view, &TranscriptView::copyRequested);
    QSignalSpy again(&view, &TranscriptView::regenerateRequested);
    QSignalSpy action(&view, &TranscriptView::actionRequested);
    const auto click = [&](const char* url) {
        emit view.plain()->browser()->anchorClicked(QUrl(QString::fromLatin1(url)));
    };
    for (const char* url :
         {"turn:1/copy", "turn:1/regenerate", "turn:9/copy", "turn:1/action:again",
          "turn:2/action:again", "https://a.example/", "file:///etc/passwd", "javascript:alert(1)"})
        click(url);
    QCOMPARE(copy.count(), 1);
    QCOMPARE(again.count(), 1);
    QCOMPARE(action.count(), 1);
    QCOMPARE(action[0][0].toULongLong(), 2ULL);
    QCOMPARE(link.count(), 1);
}

void TestPlainTranscript::streams()
{
    TranscriptView view(nullptr, plain());
    fill(view);
    view.addQuestion(2, QStringLiteral("second"), {});
    view.beginAnswer(2, {}, 0);
    QString sent;
    for (int i = 0; i < 40; ++i) {
        view.appendText(2, QStringLiteral("word%1 ").arg(i));
        sent += QStringLiteral("word%1 ").arg(i);
        QTest::qWait(10);
    }
    QTRY_VERIFY(textOf(view).contains(sent.trimmed()));
    QCOMPARE(textOf(view).count(QStringLiteral("second")), 1);
    QCOMPARE(textOf(view).count(QStringLiteral("It is 12")), 1);
    view.finishAnswer(2, {}, QStringLiteral("Stopped."));
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("Stopped.")));
}

void TestPlainTranscript::loadsNothing()
{
    TranscriptView view(nullptr, plain());
    const QString evil =
        QStringLiteral("<img src=\"file:///etc/hostname\"> ![x](file:///etc/hostname) "
                       "<qt>\"><img src=x>");
    view.addQuestion(1, evil, {{picture(9, 9), evil, false}});
    view.beginAnswer(1, {evil, evil}, 0);
    view.appendText(1, evil + QStringLiteral("\n\n```") + evil + QStringLiteral("\nx\n```\n\n$") +
                           evil + QStringLiteral("$"));
    view.finishAnswer(1, evil, evil);
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("<qt>")));
    const QString html = view.plain()->browser()->toHtml();
    QVERIFY(!html.contains(QStringLiteral("<img")));
    QVERIFY(!html.contains(QStringLiteral("file:///etc/hostname\"")) ||
            !html.contains(QStringLiteral("href=\"file")));
}

void TestPlainTranscript::clicksOpenPicturesAndFilms()
{
    TranscriptView view(nullptr, plain());
    view.resize(500, 400);
    view.show();
    view.addQuestion(7, QStringLiteral("What happens?"),
                     {{picture(9, 9), QStringLiteral("9 × 9"), false},
                      {picture(9, 9), QStringLiteral("00:03 · 3 frames"), true}});
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("[00:03 · 3 frames]")));
    QSignalSpy opened(&view, &TranscriptView::pictureActivated);
    QTextBrowser& browser = *view.plain()->browser();
    for (const int index : {1, 0}) {
        QTextCursor place = browser.document()->find(index == 1 ? QStringLiteral("3 frames")
                                                                : QStringLiteral("9 × 9"));
        place.setPosition(place.selectionStart() + 1);
        QTest::mouseClick(browser.viewport(), Qt::LeftButton, {},
                          browser.cursorRect(place).center());
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened.takeFirst(), (QList<QVariant>{quint64(7), index}));
    }
    for (const char* what : {"picture:2", "picture:-1", "picture:", "picture:x", "picture:1x",
                             "picture:99999999999", "1"})
        emit view.plain()->chosen(7, QString::fromLatin1(what));
    emit view.plain()->chosen(8, QStringLiteral("picture:0"));
    QCOMPARE(opened.count(), 0);
}

void TestPlainTranscript::finds()
{
    TranscriptView view(nullptr, plain());
    view.addQuestion(1, QStringLiteral("ring ring Ring"), {});
    QTRY_VERIFY(textOf(view).contains(QStringLiteral("ring")));
    QSignalSpy found(&view, &TranscriptView::found);
    view.findText(QStringLiteral("ring"));
    view.findText(QStringLiteral("ring"));
    view.findText(QStringLiteral("ring"), true);
    view.findText(QStringLiteral("cross"));
    QCOMPARE(found[0], (QList<QVariant>{1, 3}));
    QCOMPARE(found[1], (QList<QVariant>{2, 3}));
    QCOMPARE(found[2], (QList<QVariant>{1, 3}));
    QCOMPARE(found[3], (QList<QVariant>{0, 0}));
}

int main(int argc, char** argv)
{
    return runPageTest<TestPlainTranscript>(argc, argv);
}

#include "tst_plaintranscript.moc"
