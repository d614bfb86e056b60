// The exported page in a real browser engine: everything is shown, nothing runs, nothing is asked
// for.
#include <QApplication>
#include <QTemporaryDir>
#include <QWebEnginePage>
#include <QWebEngineProfile>
#include <QWebEngineUrlRequestInterceptor>

#include "gui/exchange/formulapage.h"
#include "gui/exchange/htmlexport.h"
#include "tests/gui/exchangebench.h"
#include "tests/gui/pagetest.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// Lets the page itself and data: addresses through, and counts the rest.
class Watch final : public QWebEngineUrlRequestInterceptor {
public:
    void interceptRequest(QWebEngineUrlRequestInfo& info) override
    {
        const bool isPage = info.requestUrl() == page;
        const bool isData = info.requestUrl().scheme() == QLatin1String("data");
        if (isPage || isData)
            return;
        strange << info.requestUrl().toString().left(200);
        info.block(true);
    }
    QUrl page;
    QStringList strange;
};

/// A page with every script allowed that its own policy allows, which counts what they do.
class Browser final : public QWebEnginePage {
    Q_OBJECT
public:
    explicit Browser(QWebEngineProfile* profile) : QWebEnginePage(profile) {}
    int dialogs = 0;
    QStringList refused; ///< messages on what the policy stopped

protected:
    void javaScriptAlert(const QUrl&, const QString&) override { ++dialogs; }
    bool javaScriptConfirm(const QUrl&, const QString&) override { return ++dialogs < 0; }
    void javaScriptConsoleMessage(JavaScriptConsoleMessageLevel, const QString& message, int,
                                  const QString&) override
    {
        refused << message.left(300);
    }
};

struct Shown {
    explicit Shown(const QString& path)
    {
        watch.page = QUrl::fromLocalFile(path);
        profile.setUrlRequestInterceptor(&watch);
        QSignalSpy loaded(&browser, &QWebEnginePage::loadFinished);
        browser.load(watch.page);
        if (!loaded.wait(patience) || !loaded.first().first().toBool())
            qWarning("the page does not load");
    }
    ~Shown() { profile.setUrlRequestInterceptor(nullptr); }
    QVariant ask(const char* script, quint32 world = QWebEngineScript::ApplicationWorld)
    {
        PageAnswer<QVariant> answer;
        browser.runJavaScript(QString::fromUtf8(script), world, answer.taker());
        return answer.value();
    }
    /// What of the page would not be there had nobody broken out.
    QString strangeNodes()
    {
        return ask(R"js((() => {
            const tags = new Set(`MAIN SECTION DIV SPAN P A PRE CODE BR HR UL OL LI TABLE THEAD TBODY TR TH TD EM
                STRONG DEL BLOCKQUOTE H1 H2 H3 H4 H5 H6 IMG FIGURE FIGCAPTION DETAILS SUMMARY math semantics annotation
                mrow mi mn mo mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd
                mpadded mphantom mstyle menclose mlabeledtr merror`.split(/\s+/));
            const wrong = [];
            for (const e of document.body.querySelectorAll("*")) {
                if (!tags.has(e.tagName))
                    wrong.push(e.tagName);
                for (const a of e.attributes) {
                    if (/^on|^style$|^srcdoc$|^action$|^xlink|^srcset$/i.test(a.name))
                        wrong.push(e.tagName + " " + a.name);
                    if ((a.name === "href" && !/^(https?|mailto):/.test(a.value)) || (a.name === "src"
                        && !/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+\/=]+$/.test(a.value)))
                        wrong.push(a.name + "=" + a.value.slice(0, 80));
                }
            }
            const head = [...document.head.children].map(e => e.tagName).join();
            if (head !== "META,META,META,META,TITLE,STYLE")
                wrong.push("head " + head);
            if (document.querySelectorAll("main").length !== 1 || document.body.children.length !== 1)
                wrong.push("body");
            return wrong.join("; ");
        })())js")
            .toString();
    }

    Watch watch;
    QWebEngineProfile profile; // in memory only
    Browser browser{&profile};
};

} // namespace

class TestExportedPage final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString path(const char* name) const { return m_dir.filePath(QLatin1String(name)); }
    /// Exports the current chat as a page.
    QString write(HistorySession& session, FormulaPage* formulas, const char* name,
                  bool thinking = true)
    {
        ChatExport exporter(session.book, nullptr, formulas);
        const ExportEnd end =
            exportChats(exporter, {session.book.current().id()},
                        {ExportOptions::Format::Html, thinking}, path(name), false);
        return end.result ? end.result->path : QString();
    }

private slots:
    void everythingIsShown()
    {
        HistorySession session(path("home1"));
        const MediaFile small = pictureFile(path("klein 图.png"), 200);
        MediaFile large = small;
        large.path = path("large.bmp");
        QImage noise(2400, 1200, QImage::Format_RGB32);
        noise.fill(Qt::blue);
        QVERIFY(noise.save(large.path));
        const quint64 id = session.turns.send(
            {QStringLiteral("Look:\n  two lines & <b>"), {small, large, filmFile()}}, {},
            QStringLiteral("Any-1B"));
        session.source.think(id, QStringLiteral("I *think* $z$"), 2);
        ChatResult result;
        result.text = "# 题\n\nEuler: $e^{i\\pi}+1=0$ and\n\n$$\\frac{a}{b}$$\n\n| a | b "
                      "|\n|--:|---|\n| 1 | `c` |\n\n"
                      "- [x] done\n\n```js\nalert(1)\n```\n\n3. "
                      "three\n\n[l](https://a.example/?q=1&r=\"2\") $\\notacommand$";
        result.thinking = "I *think* $z$";
        result.usage = {100, 80, 2, 12};
        session.source.finish(id, result);
        FormulaPage formulas(true);
        const QString file = write(session, &formulas, "a.html");
        QVERIFY(!file.isEmpty());
        Shown page(file);
        QCOMPARE(page.strangeNodes(), QString());
        QCOMPARE(page.watch.strange, QStringList());
        QCOMPARE(page.browser.refused, QStringList());
        QCOMPARE(page.ask("document.querySelector('.words').textContent").toString(),
                 QStringLiteral("Look:\n  two lines & <b>"));
        // The style is on: the policy knows it by its sum.
        QCOMPARE(
            page.ask("getComputedStyle(document.querySelector('.words')).whiteSpace").toString(),
            QStringLiteral("pre-wrap"));
        QCOMPARE(page.ask("document.querySelectorAll('math').length").toInt(), 3);
        QCOMPARE(
            page.ask("document.querySelectorAll('.formula > math[display=block]').length").toInt(),
            1);
        QCOMPARE(page.ask("document.querySelector('.answer math mi').textContent").toString(),
                 QStringLiteral("z"));
        QCOMPARE(
            page.ask("[...document.querySelectorAll('p > code')].map(c => c.textContent).join()")
                .toString(),
            QStringLiteral("$\\notacommand$")); // KaTeX does not know it
        QCOMPARE(page.ask("document.querySelector('details').open").toBool(), false);
        QCOMPARE(page.ask("document.querySelector('details em').textContent").toString(),
                 QStringLiteral("think"));
        QCOMPARE(page.ask("document.querySelector('pre').textContent").toString(),
                 QStringLiteral("alert(1)\n"));
        QCOMPARE(page.ask("document.querySelector('th.right').textContent").toString(),
                 QStringLiteral("a"));
        QCOMPARE(page.ask("document.querySelector('ol').start").toInt(), 3);
        // Small pictures are as they were sent, large ones smaller, all of them drawn.
        QCOMPARE(page.ask("document.images.length").toInt(), 3);
        QCOMPARE(page.ask("document.images[0].src").toString(),
                 QStringLiteral("data:image/png;base64,") +
                     QString::fromLatin1(fileBytes(small.path).toBase64()));
        QCOMPARE(
            page.ask("document.images[1].naturalWidth + 'x' + document.images[1].naturalHeight")
                .toString(),
            QStringLiteral("1600x800"));
        QVERIFY(page.ask("document.images[2].naturalWidth").toInt() > 0);
        QVERIFY(page.ask("document.querySelectorAll('figcaption')[2].textContent")
                    .toString()
                    .contains(QStringLiteral("00:00.0, 00:00.5, 00:01.5")));
    }

    void withoutAPageFormulasAreTheirSource()
    {
        HistorySession session(path("home2"));
        session.ask(QStringLiteral("q"), QStringLiteral("It is $x<y$ and\n\n$$a & b$$"));
        FormulaPage none(false);
        const QString file = write(session, &none, "b.html");
        const QByteArray bytes = fileBytes(file);
        QVERIFY(bytes.contains("<code>$x&lt;y$</code>"));
        QVERIFY(bytes.contains("<span class=\"formula\"><code>$$a &amp; b$$</code></span>"));
        QVERIFY(!bytes.contains("<math"));
    }

    void manyFormulas()
    {
        HistorySession session(path("home3"));
        QString text;
        for (int i = 0; i < 300; ++i)
            text += QStringLiteral("$x_{%1}$ and $y$\n\n").arg(i);
        session.ask(QStringLiteral("q"), text);
        FormulaPage formulas(true);
        QCOMPARE(fileBytes(write(session, &formulas, "c.html")).count("<math"), 600);
    }

    /// Each of the hostile texts, wherever text from outside is shown.
    void hostileTexts()
    {
        QFile file(QStringLiteral(ARGALI_TEST_DATA "/hostile/texts.txt"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QStringList texts =
            QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        texts.replaceInStrings(QStringLiteral("\u2424"), QStringLiteral("\n"));
        QVERIFY(texts.size() >= 200);
        HistorySession session(path("home4"));
        for (const QString& text : texts) {
            MediaFile gone = pictureFile(path("x.png"));
            gone.path = QStringLiteral("/nothing/") +
                        QString(text).replace(QLatin1Char('/'), QLatin1Char('|'));
            AnswerOptions options;
            options.thinking = true;
            const quint64 id = session.turns.send({text, {gone}}, options, text);
            const QString line = QString(text).replace(QLatin1Char('\n'), QLatin1Char(' '));
            QString answer = text;
            for (const char* frame : {"[x](%1)",
                                      "[x](<%1> \"%1\")",
                                      "[%1](https://a.example/)",
                                      "![%1](%1)",
                                      "<%1>",
                                      "`%1`",
                                      "```%1\nx\n```",
                                      "```html\n%1\n```",
                                      "$%1$",
                                      "$$%1$$",
                                      "\\(%1\\)",
                                      "$\\text{%1}$",
                                      "$\\href{%1}{x}$",
                                      "$\\html@mathml{%1}{%1}$",
                                      "$\\htmlStyle{%1}{x}$",
                                      "\\begin{align}%1\\end{align}",
                                      "| %1 | `%1` |\n|---|---|\n| [%1](%1) | $%1$ |",
                                      "# %1",
                                      "- [x] %1\n- %1\n  > %1",
                                      "> %1"})
                answer += QStringLiteral("\n\n") +
                          QString::fromLatin1(frame).replace(QLatin1String("%1"), line);
            ChatResult result;
            result.text = answer.toStdString();
            result.thinking = answer.toStdString();
            session.source.finish(id, result);
        }
        session.book.setTitle(session.book.current().id(), texts.join(QLatin1Char(' ')).left(190));
        FormulaPage formulas(true);
        Shown page(write(session, &formulas, "d.html"));
        QCOMPARE(page.strangeNodes(), QString());
        page.ask("document.querySelectorAll('details').forEach(d => d.open = true); "
                 "window.scrollTo(0, 1e6)");
        QTest::qWait(500);
        QCOMPARE(page.watch.strange, QStringList());
        QCOMPARE(page.browser.dialogs, 0);
        QCOMPARE(page.browser.refused, QStringList()); // not even something for the policy to stop
        QCOMPARE(page.browser.url(), page.watch.page);
        QCOMPARE(page.ask("document.querySelectorAll('.words').length").toInt(), int(texts.size()));
        for (int i = 0; i < texts.size(); ++i)
            QCOMPARE(page.ask(qPrintable(QStringLiteral(
                                             "document.querySelectorAll('.words')[%1].textContent")
                                             .arg(i)))
                         .toString(),
                     texts[i]);
    }

    /// Were there markup in the page, its policy would let it do nothing.
    void thePolicyHolds()
    {
        HistorySession session(path("home5"));
        session.ask(QStringLiteral("MARK"), QStringLiteral("a"));
        QByteArray bytes = fileBytes(write(session, nullptr, "e.html"));
        bytes.replace(
            "MARK", "<script>alert(1)</script><img src=https://evil.example/a.png onerror=alert(2)>"
                    "<style>body{background:url(https://evil.example/b.png)}</style>"
                    "<link rel=stylesheet href=https://evil.example/c.css><iframe "
                    "src=https://evil.example/d></iframe>"
                    "<img src=x.png><object data=https://evil.example/e></object><base "
                    "href=https://evil.example/>");
        QVERIFY(writeBytes(path("f.html"), bytes));
        Shown page(path("f.html"));
        QTest::qWait(500);
        QCOMPARE(page.browser.dialogs, 0);
        QVERIFY(page.browser.refused.size() >= 5);
        // A frame may be asked about and is then refused.
        QVERIFY2(page.watch.strange.filter(QStringLiteral("evil.example/d")).size() ==
                     page.watch.strange.size(),
                 qPrintable(page.watch.strange.join(QLatin1Char(' '))));
    }

    void onlyKnownMathMl_data()
    {
        QTest::addColumn<QString>("markup");
        QTest::addColumn<QString>("safe");
        const QString plain =
            QStringLiteral("<math xmlns=\"http://www.w3.org/1998/Math/MathML\"><mi>x</mi></math>");
        QTest::newRow("plain") << plain << QStringLiteral("<math><mi>x</mi></math>");
        QTest::newRow("in its span") << QStringLiteral("<span class=\"katex\">%1</span>").arg(plain)
                                     << QStringLiteral("<math><mi>x</mi></math>");
        QTest::newRow("text") << QStringLiteral("<math><mtext>&lt;script&gt;&quot;</mtext></math>")
                              << QStringLiteral("<math><mtext>&lt;script&gt;&quot;</mtext></math>");
        QTest::newRow("style")
            << QStringLiteral(
                   "<math><mi style=\"x\" onclick=\"y\" href=\"z\" mathcolor=\"red\">x</mi></math>")
            << QStringLiteral("<math><mi mathcolor=\"red\">x</mi></math>");
        for (const char* bad :
             {"", "x", "<span>x</span>", "<math><script>1</script></math>", "<math><mi>x</math>",
              "<math><maction>x</maction></math>",
              "<math><annotation-xml><svg/></annotation-xml></math>",
              "<!DOCTYPE a [<!ENTITY b \"c\">]><math>&b;</math>", "<math><!-- a --></math>",
              "<math><mglyph src=\"http://evil.example\"/></math>",
              "<math><x:mi xmlns:x=\"y\">a</x:mi></math>", "<math/><script/>",
              "<math><semantics><img/></semantics></math>", "<math>&nbsp;</math>"})
            QTest::newRow(bad) << QString::fromLatin1(bad) << QString();
        QTest::newRow("deep") << QStringLiteral("<math>") + QStringLiteral("<mrow>").repeated(500) +
                                     QStringLiteral("</mrow>").repeated(500) +
                                     QStringLiteral("</math>")
                              << QString();
    }
    void onlyKnownMathMl()
    {
        QFETCH(QString, markup);
        QTEST(safeMathMl(markup), "safe");
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    TestExportedPage test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_exportedpage.moc"
