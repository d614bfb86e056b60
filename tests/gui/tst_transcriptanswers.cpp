// More than 200 answers, one character after another: whatever has come, nothing in it shows half,
// the page throws no error and leaves finished blocks alone, and it ends as the answer given at
// once.
#include <algorithm>
#include <random>

#include <QFile>

#include "gui/chat/markdown.h"
#include "gui/chat/markdownblocks.h"
#include "gui/chat/openblock.h"
#include "gui/chat/transcriptpage.h"
#include "tests/gui/pagetest.h"

using namespace argali::gui;

namespace {

struct Recorded {
    QString name;
    QString text;
    bool isWhole = false; ///< everything in it is closed
};

constexpr LiveSpans live{true, true};

QList<Recorded> recorded()
{
    QFile file(QStringLiteral(ARGALI_TEST_DATA "/answers/answers.txt"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QList<Recorded> all;
    for (const QString& record :
         QString::fromUtf8(file.readAll()).split(QStringLiteral("%%%% "), Qt::SkipEmptyParts)) {
        const qsizetype feed = record.indexOf(QLatin1Char('\n'));
        const QString head = record.left(feed);
        all.append({head.section(QLatin1Char(' '), 0, 0), record.mid(feed + 1).chopped(1),
                    head.endsWith(QLatin1String(" whole"))});
    }
    return all;
}

/// The nodes of all blocks as the page gets them, the open one made presentable.
std::vector<MarkdownNode> shown(const MarkdownBlocks& blocks)
{
    std::vector<MarkdownNode> all;
    const auto add = [&all](std::vector<MarkdownNode> nodes) {
        std::move(nodes.begin(), nodes.end(), std::back_inserter(all));
    };
    for (size_t i = 0; i < blocks.finishedCount(); ++i)
        add(renderMarkdown(blocks.finished(i), false, live));
    if (!blocks.open().empty())
        add(renderMarkdown(presentable(blocks.open()), true, live));
    return all;
}

/// What a reader sees, each formula as one sign with its LaTeX; breaks count as nothing, since
/// where one stands may depend on what follows.
QString seen(const std::vector<MarkdownNode>& nodes)
{
    QString text;
    for (const MarkdownNode& node : nodes) {
        if (node.tag.empty())
            text += QString::fromStdString(node.text);
        else if (node.tag == "math")
            text += QStringLiteral("\u27e6%1\u27e7")
                        .arg(QString::fromStdString(node.attributes.front().second));
        else
            text += seen(node.children);
    }
    return text;
}

} // namespace

class TestTranscriptAnswers : public PageTest {
    Q_OBJECT
private slots:
    void initTestCase();
    void nothingShowsHalf();
    void stoppedAnywhereIsAsGivenAtOnce();
    void pageEndsAsOneShot();

private:
    void stream(quint64 turn, const Recorded& answer, const QString& text);

    QList<Recorded> m_answers;
};

void TestTranscriptAnswers::initTestCase()
{
    m_answers = recorded();
    for (const QString& text : replies())
        m_answers.append({QStringLiteral("reply"), text, false});
    QVERIFY2(m_answers.size() >= 250, qPrintable(QString::number(m_answers.size())));
}

/// What is shown of the beginning of an answer is the beginning of what is shown in the end: no
/// mark of Markdown, no piece of a formula or an address comes and goes.
void TestTranscriptAnswers::nothingShowsHalf()
{
    int prefixes = 0;
    QStringList wrong;
    for (const Recorded& answer : m_answers) {
        if (!answer.isWhole)
            continue;
        MarkdownBlocks whole;
        whole.append(answer.text);
        whole.finish();
        const QString end = seen(shown(whole));
        MarkdownBlocks blocks;
        for (const QChar c : answer.text) {
            blocks.append(QStringView(&c, 1));
            ++prefixes;
            QString now = seen(shown(blocks));
            while (!now.isEmpty() && now.back().isSpace())
                now.chop(1);
            if (!end.startsWith(now)) {
                wrong << answer.name + QStringLiteral(": ") + now.right(80).simplified() +
                             QStringLiteral("   <- ") +
                             QString::fromStdString(blocks.text()).right(60).simplified();
                break;
            }
        }
    }
    QVERIFY(prefixes > 10'000);
    QVERIFY2(wrong.isEmpty(), qPrintable(QLatin1Char('\n') + wrong.join(QLatin1Char('\n'))));
}

/// Every prefix of every answer, as if it had been stopped there: written in pieces or at once.
void TestTranscriptAnswers::stoppedAnywhereIsAsGivenAtOnce()
{
    for (const Recorded& answer : m_answers) {
        for (qsizetype length = 1; length <= answer.text.size(); ++length) {
            if (answer.text[length - 1].isHighSurrogate())
                continue;
            MarkdownBlocks stopped;
            for (const QChar& c : QStringView(answer.text).left(length))
                stopped.append(QStringView(&c, 1));
            stopped.finish();
            MarkdownBlocks once;
            once.append(QStringView(answer.text).left(length));
            once.finish();
            if (stopped.finishedCount() != once.finishedCount())
                QFAIL(qPrintable(answer.name + QLatin1Char('\n') + answer.text.left(length)));
            for (size_t i = 0; i < once.finishedCount(); ++i) {
                if (stopped.finished(i) != once.finished(i))
                    QFAIL(qPrintable(answer.name + QLatin1Char('\n') + answer.text.left(length)));
            }
        }
    }
}

/// The text on the page, one character an update, all updates of an answer in one call. The page
/// itself watches what is touched.
void TestTranscriptAnswers::stream(quint64 turn, const Recorded& answer, const QString& text)
{
    TranscriptTurn streamed(turn, {}, {}, live);
    streamed.beginAnswer({}, {}, 0);
    std::string script;
    const auto addStep = [&] {
        std::string commands;
        QVERIFY(!streamed.takeCommands(commands, size_t(-1)));
        script += "step([" + commands + "]);";
    };
    addStep();
    script += "watch('" + std::to_string(turn) + "');";
    for (const QChar c : text) {
        streamed.appendText(c);
        addStep();
    }
    streamed.finish({}, {});
    addStep();
    const QString touched =
        evaluate(QString::fromStdString(script) + QStringLiteral("unwatch()")).toString();
    QVERIFY2(touched.isEmpty(), qPrintable(answer.name + QStringLiteral(": ") + touched));
}

void TestTranscriptAnswers::pageEndsAsOneShot()
{
    evaluate(QStringLiteral(R"js(
        document.getElementById("turns").style.display = "none"; // this is not about layout
        globalThis.observer = new MutationObserver(() => {});
        globalThis.target = null;
        globalThis.touched = "";
        globalThis.watch = turn => {
            target = argali.turns.views.get(turn).text;
            touched = "";
            observer.observe(target.box, {subtree: true, childList: true, characterData: true, attributes: true});
        };
        globalThis.unwatch = () => { observer.disconnect(); target = null; return touched; };
        globalThis.step = commands => {
            observer.takeRecords();
            const blocks = target ? [...target.box.childNodes] : [];
            const finished = new Set(target && target.open ? blocks.slice(0, -1) : blocks);
            argali.apply(commands);
            for (const record of observer.takeRecords()) {
                for (let node = record.target; node && node !== target.box; node = node.parentNode)
                    if (finished.has(node))
                        touched = touched || node.textContent;
            }
        };
    )js"));
    std::mt19937 random(7);
    quint64 turn = 0;
    for (const Recorded& answer : m_answers) {
        for (const bool cut : {false, true}) {
            const QString text =
                cut ? answer.text.left(qsizetype(random() % size_t(answer.text.size() + 1)))
                    : answer.text;
            TranscriptTurn once(++turn, {}, {}, live);
            once.beginAnswer({}, {}, 0);
            once.appendText(text);
            once.finish({}, {});
            std::string commands;
            once.takeCommands(commands, size_t(-1));
            evaluate(QStringLiteral("argali.apply([%1])").arg(QString::fromStdString(commands)));
            stream(++turn, answer, text);
            if (QTest::currentTestFailed())
                return;
            QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.math.isIdle()")).toBool(),
                                     patience);
            const QString different =
                evaluate(QStringLiteral(
                             "(() => { const html = turn => argali.turns.views.get(turn).text.box"
                             ".innerHTML; const a = html('%1'), b = html('%2'); const failed = "
                             "document.querySelector('.math.source'); const f = failed ? "
                             "failed.textContent : ''; argali.apply([{do: 'clear'}]);"
                             "return a === b ? (%3 ? f : '') : a + '\\n===\\n' + b; })()")
                             .arg(turn - 1)
                             .arg(turn)
                             .arg(answer.isWhole && !cut ? QLatin1String("true")
                                                         : QLatin1String("false")))
                    .toString();
            QVERIFY2(different.isEmpty(), qPrintable(answer.name + QStringLiteral(": ") + text +
                                                     QStringLiteral("\n") + different));
            QCOMPARE(m_view->page()->errorCount(), 0);
        }
    }
    m_isSpoilt = false;
    evaluate(QStringLiteral("document.getElementById('turns').style.display = ''"));
}

int main(int argc, char** argv)
{
    return runPageTest<TestTranscriptAnswers>(argc, argv);
}

#include "tst_transcriptanswers.moc"
