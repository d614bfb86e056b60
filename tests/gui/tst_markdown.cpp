// Markdown of answers without the page: what is taken out as formulas, how text is split into
// blocks while it arrives, what is shown of a half one, and that none of it takes long.
#include <algorithm>
#include <random>

#include <QDir>
#include <QFile>
#include <QTest>

#include "gui/chat/markdown.h"
#include "gui/chat/markdownblocks.h"
#include "gui/chat/mathspans.h"
#include "gui/chat/openblock.h"

using namespace argali::gui;

namespace {

/// Trees as text close to HTML, for comparison by eye.
std::string toText(const std::vector<MarkdownNode>& nodes)
{
    std::string out;
    for (const MarkdownNode& node : nodes) {
        if (node.tag.empty()) {
            out += node.text;
            continue;
        }
        out += '<' + node.tag;
        for (const auto& [name, value] : node.attributes) {
            if (name != "source")
                out += ' ' + name + '=' + value;
        }
        out += node.children.empty() ? ">" : '>' + toText(node.children) + "</" + node.tag + '>';
    }
    return out;
}

QString render(const QString& markdown)
{
    MarkdownBlocks blocks;
    blocks.append(markdown);
    blocks.finish();
    std::string out;
    for (size_t i = 0; i < blocks.finishedCount(); ++i)
        out += (i > 0 ? "\n" : "") + toText(renderMarkdown(blocks.finished(i)));
    return QString::fromStdString(out);
}

/// All text that a reader sees, without code and formulas.
std::string words(const std::vector<MarkdownNode>& nodes)
{
    std::string out;
    for (const MarkdownNode& node : nodes) {
        if (node.tag != "code" && node.tag != "code-block" && node.tag != "plain")
            out += node.text + ' ' + words(node.children);
    }
    return out;
}

std::vector<std::pair<QString, QString>> replies()
{
    std::vector<std::pair<QString, QString>> all;
    const QDir folder(QStringLiteral(ARGALI_TEST_DATA "/replies"));
    for (const QString& name :
         folder.entryList({QStringLiteral("*.md")}, QDir::Files, QDir::Name)) {
        QFile file(folder.filePath(name));
        if (file.open(QIODevice::ReadOnly))
            all.emplace_back(name, QString::fromUtf8(file.readAll()));
    }
    return all;
}

} // namespace

class TestMarkdown final : public QObject {
    Q_OBJECT
private slots:
    void renders_data();
    void renders();
    void linksAreSafe_data();
    void linksAreSafe();
    void placeholdersCannotBeForged();
    void piecesDoNotMatter_data();
    void piecesDoNotMatter();
    void nothingShowsHalf_data();
    void nothingShowsHalf();
    void holdsBack_data();
    void holdsBack();
    void longAnswersAreCut();
    void staysFast_data();
    void staysFast();
    void hugeTablesBecomePlain();
    void halfCharactersWait();
};

void TestMarkdown::renders_data()
{
    QTest::addColumn<QString>("markdown");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* markdown, const char* expected) {
        QTest::newRow(name) << QString::fromUtf8(markdown) << QString::fromUtf8(expected);
    };
    // dollars
    row("prices", "I have $24000 and you have $40000.",
        "<p>I have $24000 and you have $40000.</p>");
    row("bold price", "**$4**", "<p><strong>$4</strong></p>");
    row("range", "$10K ... $8K", "<p>$10K ... $8K</p>");
    row("price in formula", "$\\$0.60$", "<p><math tex=\\$0.60></p>");
    row("less than", "$a<b$ and $c > d$", "<p><math tex=a<b> and <math tex=c > d></p>");
    row("digit behind", "$5 or $6", "<p>$5 or $6</p>");
    row("space inside", "$ x$ and $x $", "<p>$ x$ and $x $</p>");
    row("dollar in text", "$\\text{in $} = 5$", "<p><math tex=\\text{in $} = 5></p>");
    row("escaped", "\\$5 and \\$6$", "<p>$5 and $6$</p>");
    row("in code", "`$x$` and $y$", "<p><code>$x$</code> and <math tex=y></p>");
    row("empty", "$$$$ and $$ $$", "<p>$$$$ and $$ $$</p>");
    row("between items", "- $5 a\n- 6$ b", "<ul><li>$5 a</li><li>6$ b</li></ul>");
    row("chinese", "公式$x$是，价格$5和$6", "<p>公式<math tex=x>是，价格$5和$6</p>");
    row("chinese prices", "甲$5，乙$6。式：$v = \\frac{路程}{t}$。",
        "<p>甲$5，乙$6。式：<math tex=v = \\frac{路程}{t}>。</p>");
    // brackets and environments
    row("brackets", "so \\(x_1\\) and\n\\[\na\n- b\n\\]\nthen",
        "<p>so <math tex=x_1> and<math tex=\na\n- b\n display=1>then</p>");
    row("blank line ends it", "\\[ a\n\nb \\]", "<p>[ a</p>\n<p>b ]</p>");
    row("matrix", "\\[\\begin{pmatrix}\na & b \\\\[2pt]\nc & d\n\\end{pmatrix}\\]",
        "<p><math tex=\\begin{pmatrix}\na & b \\\\[2pt]\nc & d\n\\end{pmatrix} display=1></p>");
    row("environment", "\\begin{align}\na &= b\n\\end{align}",
        "<p><math tex=\\begin{align}\na &= b\n\\end{align} display=1></p>");
    row("nested environment", "\\begin{cases}\\begin{cases}a\\end{cases}\\end{cases}",
        "<p><math tex=\\begin{cases}\\begin{cases}a\\end{cases}\\end{cases} display=1></p>");
    row("other environment", "\\begin{document}x\\end{document}",
        "<p>\\begin{document}x\\end{document}</p>");
    row("in a quote", "> $$\n> a\n> $$",
        "<blockquote><p><math tex=\na\n display=1></p></blockquote>");
    row("in a fence", "```\n$x$ \\(y\\)\n```", "<code-block>$x$ \\(y\\)\n</code-block>");
    row("stars inside", "$a*b$ and $c*d$", "<p><math tex=a*b> and <math tex=c*d></p>");
    row("in a link", "[$x$](https://a.example/$y$)",
        "<p><a href=https://a.example/$y$><math tex=x></a></p>");
    row("bars in a table", "| a | b |\n|---|---|\n| $|x|$ | 2 |",
        "<wide><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><math "
        "tex=|x|></td>"
        "<td>2</td></tr></tbody></table></wide>");
    // the rest of Markdown
    row("short rule", "|a|b|\n|-|:-:|\n|1|2|",
        "<wide><table><thead><tr><th>a</th><th "
        "align=center>b</th></tr></thead><tbody><tr><td>1</td>"
        "<td align=center>2</td></tr></tbody></table></wide>");
    row("lines", "a\nb", "<p>a<br>b</p>");
    row("html", "<b>x</b>\n\n<script>y</script>", "<p><b>x</b></p>\n<p><script>y</script></p>");
    row("chinese without emphasis", "好！\\*\\*粗\\*\\*体", "<p>好！**粗**体</p>");
    row("chinese emphasis", "**最高。**第四**（四）**是",
        "<p><strong>最高。</strong>第四<strong>（四）</strong>是</p>");
    row("task", "- [x] a\n- [ ] b",
        "<ul><li task=1><task done=1>a</li><li task=1><task>b</li></ul>");
    row("start", "3) a\n4) b", "<ol start=3><li>a</li><li>b</li></ol>");
    row("entities", "&amp; &copy; &#955; &nosuch;", "<p>& © λ &nosuch;</p>");
    row("no definitions", "[a]: https://b.example",
        "<p>[a]: <a href=https://b.example>https://b.example</a></p>");
    row("picture", "![alt *x*](https://a.example/p.png)",
        "<p><picture href=https://a.example/p.png>alt x</picture></p>");
    row("picture in a link", "[![b](https://a.example/b.svg)](https://c.example)",
        "<p><a href=https://c.example>b</a></p>");
    row("deep", QByteArray(200, '>').append(" x").constData(),
        QByteArray(QByteArray("<blockquote>").repeated(24) + "<p>x</p>" +
                   QByteArray("</blockquote>").repeated(24))
            .constData());
    row("fence after an item", "1. a\n```js\nb\n```\n2. c",
        "<ol><li>a</li></ol>\n<code-block language=js>b\n</code-block>\n<ol "
        "start=2><li>c</li></ol>");
    row("fence in an item", "- a\n\n  ```\n  $b$\n  ```\n- c",
        "<ul><li><p>a</p><code-block>$b$\n</code-block></li><li><p>c</p></li></ul>");
    row("unclosed fence", "```py\nx = `1`", "<code-block language=py>x = `1`\n</code-block>");
}

void TestMarkdown::renders()
{
    QFETCH(QString, markdown);
    QFETCH(QString, expected);
    QCOMPARE(render(markdown), expected);
}

void TestMarkdown::linksAreSafe_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* address, const char* expected) {
        QTest::newRow(address) << QString::fromUtf8(address) << QString::fromUtf8(expected);
    };
    row("https://example.org/a?b=c#d", "https://example.org/a?b=c#d");
    row("HTTP://Example.org", "http://example.org");
    row("www.example.org/x", "https://www.example.org/x");
    row("mailto:a@example.org", "mailto:a@example.org");
    row("https://bücher.example", "https://xn--bcher-kva.example");
    row("javascript:alert(1)", "");
    row("JavaScript:alert(1)", "");
    row("java\nscript:alert(1)", "");
    row("data:text/html,x", "");
    row("file:///etc/passwd", "");
    row("argali://page/index.html", "");
    row("chrome://crash", "");
    row("//example.org/x", "");
    row("relative.html", "");
    row("https://", "");
    row("https:///x", "");
    row("mailto:", "");
    row("", "");
    row("view-source:https://example.org", "");
}

void TestMarkdown::linksAreSafe()
{
    QFETCH(QString, address);
    QFETCH(QString, expected);
    QCOMPARE(safeLink(address), expected);
}

void TestMarkdown::placeholdersCannotBeForged()
{
    const QString forged =
        QStringLiteral("%10%2 $x$ `%10%2` %3").arg(QChar(0xfdd0), QChar(0xfdd1), QChar(0xfdd2));
    const QString out = render(forged);
    QCOMPARE(out.count(QStringLiteral("<math")), 1);
    QCOMPARE(out.count(QChar(0xfffd)), 5);
    for (char16_t c : {u'\xfdd0', u'\xfdd1', u'\xfdd2'})
        QVERIFY(!out.contains(QChar(c)));
}

void TestMarkdown::piecesDoNotMatter_data()
{
    QTest::addColumn<QString>("text");
    const auto all = replies();
    QVERIFY(all.size() >= 12);
    for (const auto& [name, text] : all)
        QTest::newRow(qPrintable(name)) << text;
}

void TestMarkdown::piecesDoNotMatter()
{
    QFETCH(QString, text);
    MarkdownBlocks whole;
    whole.append(text);
    whole.finish();
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        MarkdownBlocks pieces;
        size_t known = 0;
        for (qsizetype at = 0; at < text.size();) {
            const qsizetype length = 1 + (round == 0 ? 0 : qsizetype(random() % 40));
            pieces.append(QStringView(text).mid(at, length));
            at += length;
            // What is finished is finished: the same as in the end.
            QVERIFY(pieces.finishedCount() >= known);
            for (; known < pieces.finishedCount(); ++known) {
                QVERIFY(known < whole.finishedCount());
                QCOMPARE(pieces.finished(known), whole.finished(known));
            }
        }
        pieces.finish();
        QCOMPARE(pieces.finishedCount(), whole.finishedCount());
        QCOMPARE(pieces.text(), whole.text());
    }
}

void TestMarkdown::nothingShowsHalf_data()
{
    QTest::addColumn<QString>("text");
    for (const auto& [name, text] : replies()) {
        if (name != QLatin1String("hostile.md") && name != QLatin1String("physics.md") &&
            name != QLatin1String("quotes.md")) // these show marks on purpose
            QTest::newRow(qPrintable(name)) << text;
    }
}

void TestMarkdown::nothingShowsHalf()
{
    QFETCH(QString, text);
    MarkdownBlocks blocks;
    for (const QChar c : text) {
        blocks.append(QStringView(&c, 1));
        const auto shown = renderMarkdown(presentable(blocks.open()), true);
        const std::string seen = words(shown);
        for (const char* mark : {"**", "```", "~~~", "](", "\\(", "\\[", "$$", "\\begin", "|--",
                                 "|:-", "| Q", "![", "$x", "$\\", "#"}) {
            if (seen.find(mark) == std::string::npos)
                continue;
            const std::string state(blocks.open());
            QFAIL(qPrintable(QStringLiteral("\"%1\" is seen in: %2\nof: %3")
                                 .arg(QString::fromUtf8(mark), QString::fromStdString(seen),
                                      QString::fromStdString(state))));
        }
    }
}

void TestMarkdown::holdsBack_data()
{
    QTest::addColumn<QString>("block");
    QTest::addColumn<QString>("shown");
    const auto row = [](const char* block, const char* shown) {
        QTest::newRow(block) << QString::fromUtf8(block) << QString::fromUtf8(shown);
    };
    row("a **b", "a **b**");
    row("a **b *c", "a **b *c***");
    row("a **", "a ");
    row("a ~~b", "a ~~b~~");
    row("2 * 3", "2 * 3");
    row("a `b", "a `b`");
    row("a `", "a ");
    row("a **b `c", "a **b `c`**");
    row("a $x", "a ");
    row("a $5 to ", "a $5 to ");
    row("a \\(x + 1", "a ");
    row("a \\", "a ");
    row("a $$\nx", "a ");
    row("see [the man", "see the man");
    row("see [the man](https://exa", "see the man");
    row("see [the man](https://example.org)", "see [the man](https://example.org)");
    row("a ![pic](htt", "a ");
    row("| a | b |", "");
    row("| a | b |\n|--", "");
    row("| a | b |\n|--|--|\n", "| a | b |\n|--|--|\n");
    row("| a | b |\nno table", "| a | b |\nno table");
    row("text\n---", "text\n");
    row("text\n- ", "text\n");
    row("text\n2.", "text\n");
    row("- [", "");
    row("```py", "");
    row("```py\nx = 1\n``", "```py\nx = 1\n");
    row("```py\nx = `1", "```py\nx = `1");
    row("\\begin{al", "");
}

void TestMarkdown::holdsBack()
{
    QFETCH(QString, block);
    QFETCH(QString, shown);
    QCOMPARE(QString::fromStdString(presentable(block.toStdString())), shown);
}

void TestMarkdown::longAnswersAreCut()
{
    for (const QString& line :
         {QStringLiteral("word "), QStringLiteral("字"), QStringLiteral("- item\n"),
          QStringLiteral("a\nb\n"), QStringLiteral("> q\n")}) {
        const QString text = line.repeated(400'000 / line.size());
        MarkdownBlocks whole;
        whole.append(text);
        whole.finish();
        QVERIFY(whole.finishedCount() >= 6);
        MarkdownBlocks pieces;
        size_t largest = 0;
        for (qsizetype at = 0; at < text.size(); at += 997) {
            pieces.append(QStringView(text).mid(at, 997));
            largest = std::max(largest, pieces.open().size());
        }
        pieces.finish();
        QVERIFY2(largest < 80'000, qPrintable(QString::number(largest)));
        QCOMPARE(pieces.finishedCount(), whole.finishedCount());
        for (size_t i = 0; i < whole.finishedCount(); ++i)
            QCOMPARE(pieces.finished(i), whole.finished(i));
    }
}

void TestMarkdown::staysFast_data()
{
    QTest::addColumn<QString>("text");
    const auto row = [](const char* piece, int count) {
        QTest::newRow(piece) << QString::fromLatin1(piece).repeated(count);
    };
    row("$", 10'000);
    row("$x ", 100'000);
    row("$\\text{", 40'000);
    row("[", 300'000);
    row("[a](b", 60'000);
    row("[a](<", 60'000);
    row("![a](", 60'000);
    row("![[", 60'000);
    row(">", 300'000);
    row("> ", 150'000);
    row("- ", 150'000);
    row("*a_", 100'000);
    row("a**b", 80'000);
    row("`", 300'000);
    row("``a`", 80'000);
    row("\\(", 150'000);
    row("\\[", 150'000);
    row("\\begin{align}", 25'000);
    row("|\\(", 100'000);
    row("<a ", 100'000);
    row("&a", 150'000);
    row("http://a.", 40'000);
    row("a@b", 100'000);
    row("~~a", 100'000);
    row("# a\n", 80'000);
    row("```\n", 80'000);
    row("- a\n\n", 80'000);
    row("word ", 200'000);
    row("a | b\n-|-\n", 30'000);
}

void TestMarkdown::staysFast()
{
    QFETCH(QString, text);
    QElapsedTimer watch;
    watch.start();
    render(text);
    presentable(text.left(60'000).toStdString());
    // 300 kB take some 50 ms; what grows with the square of the length takes minutes.
    QVERIFY2(watch.elapsed() < 10'000, qPrintable(QString::number(watch.elapsed())));
}

void TestMarkdown::hugeTablesBecomePlain()
{
    std::string table;
    for (const char* cell : {"|a", "|---"}) {
        for (int i = 0; i < 100; ++i)
            table += cell;
        table += "|\n";
    }
    for (int i = 0; i < 50'000; ++i)
        table += i % 100 == 99 ? "|1|\n" : "|1";
    const auto nodes = renderMarkdown(table);
    QCOMPARE(nodes.size(), size_t(1));
    QCOMPARE(nodes[0].tag, std::string("plain"));
    QCOMPARE(nodes[0].children.at(0).text, table);
}

void TestMarkdown::halfCharactersWait()
{
    const QString smile = QString::fromUtf8("a\xf0\x9f\x98\x80"); // a surrogate pair
    MarkdownBlocks blocks;
    blocks.append(QStringView(smile).left(2));
    QCOMPARE(blocks.open(), std::string_view("a"));
    blocks.append(QStringView(smile).mid(2));
    QCOMPARE(blocks.open(), std::string_view("a\xf0\x9f\x98\x80"));
}

QTEST_MAIN(TestMarkdown)
#include "tst_markdown.moc"
