// Texts from outside, which are meant to break out, in every native widget that shows them: none is
// taken for markup, loads anything, or breaks the layout.
#include <algorithm>

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QTest>
#include <QTextBlock>
#include <QTextDocument>
#include <QUrl>

#include "gui/chat/composeredit.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/seenpicture.h"
#include "gui/chat/transcriptpage.h"
#include "gui/chat/transcriptview.h"
#include "gui/displayname.h"
#include "gui/history/undoline.h"
#include "gui/models/modelchooser.h"
#include "gui/statusline.h"
#include "tests/support/hostiletexts.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// What the file does not have: endless, of many lines, and steering.
QStringList oddTexts()
{
    return {QStringLiteral("<img src=\"file:///etc/passwd\"><img src=https://evil.example/a.png>"),
            QStringLiteral("<a href=\"https://evil.example\">click</a>"),
            QStringLiteral("<table width=9999 height=9999 border=9><tr><td>x</table>"),
            QStringLiteral("<qt><h1>Large</h1></qt>"),
            QStringLiteral("&lt;b&gt;&amp;&#60;i&#62;"),
            QStringLiteral("a\tb\tCtrl+Q && &Quit"),
            QStringLiteral("line\n").repeated(500),
            QString(10'000, QLatin1Char('W')),
            QStringLiteral("wide ").repeated(2000),
            QLatin1Char('e') + QString(5000, QChar(0x0301)),
            QStringLiteral("\u202Egnp.exe\u202D\u2066\u2067\u2068 no end"),
            QStringLiteral("a\u2069\u2069\u202Cb\u2028c\u2029d"),
            QString(300, QChar(0x1F)) + QStringLiteral("<b>control</b>")};
}

/// Why a text, shown with this format, is not plain; empty when it is.
QString broken(const QString& text, Qt::TextFormat format, const QString& hostile)
{
    const bool isRich =
        format == Qt::RichText || (format == Qt::AutoText && Qt::mightBeRichText(text));
    if (!isRich)
        return {};
    const bool hasMarkup = hostile.contains(QLatin1Char('<')) || hostile.contains(QLatin1Char('&'));
    if (hasMarkup && (text.contains(hostile) || text.contains(displayName(hostile))))
        return QStringLiteral("taken for markup: ") + text.left(200);
    QTextDocument document;
    document.setHtml(text);
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        for (auto it = block.begin(); !it.atEnd(); ++it) {
            const QTextCharFormat look = it.fragment().charFormat();
            if (look.isImageFormat())
                return QStringLiteral("a picture: ") + text.left(200);
            if (look.isAnchor() && look.anchorHref() != QLatin1String("model"))
                return QStringLiteral("a link: ") + text.left(200);
        }
        if (block.textList())
            return QStringLiteral("a list: ") + text.left(200);
    }
    return {};
}

bool isOneLine(const QString& text)
{
    return std::none_of(text.begin(), text.end(), [](QChar c) {
        return c.category() == QChar::Other_Control || c.category() == QChar::Separator_Line ||
               (c.unicode() >= 0x202A && c.unicode() <= 0x202E) ||
               (c.unicode() >= 0x2066 && c.unicode() <= 0x2069);
    });
}

/// Everything that any widget shows of a text.
QString whatIsBroken(const QString& hostile)
{
    for (const QWidget* widget : QApplication::allWidgets()) {
        QString problem;
        if (const auto* label = qobject_cast<const QLabel*>(widget))
            problem = broken(label->text(), label->textFormat(), hostile);
        if (problem.isEmpty())
            problem = broken(widget->toolTip(), Qt::AutoText, hostile);
        if (problem.isEmpty() && widget->isWindow() && !isOneLine(widget->windowTitle()))
            problem = QStringLiteral("title: ") + widget->windowTitle();
        for (const QAction* action : widget->actions()) {
            if (problem.isEmpty())
                problem = broken(action->toolTip(), Qt::AutoText, hostile);
        }
        if (!problem.isEmpty())
            return QLatin1String(widget->metaObject()->className()) + QStringLiteral(": ") +
                   problem;
    }
    return {};
}

/// The text as a file can be called, at most.
QString fileNameOf(const QString& text)
{
    QString name = text;
    name.replace(QLatin1Char('/'), QChar(0x2215)).remove(QChar::Null);
    while (name.toUtf8().size() > 240)
        name.chop(1);
    return name + QStringLiteral(".png");
}

LoadedModel modelCalled(const QString& text)
{
    LoadedModel model = anyModel();
    model.folder = QStringLiteral("/models/") + text;
    model.info.name = text.toStdString();
    model.deviceId = QStringLiteral("cuda:0");
    model.device = text;
    return model;
}

} // namespace

class TestHostileText final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        m_texts = argali::test::hostileTexts();
        QVERIFY2(m_texts.size() >= 200, qPrintable(QString::number(m_texts.size())));
        m_texts += oddTexts();
    }

    /// The test itself sees what it looks for.
    void rawMarkupIsSeen()
    {
        const QString picture = QStringLiteral("<img src=\"file:///x.png\">");
        QLabel label(picture);
        QVERIFY(!whatIsBroken(picture).isEmpty());
        label.setTextFormat(Qt::PlainText);
        QCOMPARE(whatIsBroken(picture), QString());
        label.setToolTip(QStringLiteral("<p>%1</p>").arg(picture));
        QVERIFY(!whatIsBroken(picture).isEmpty());
        label.setToolTip(plainToolTip(picture));
        QCOMPARE(whatIsBroken(picture), QString());
        QTextDocument shown;
        shown.setHtml(plainToolTip(picture));
        QCOMPARE(shown.toPlainText(), picture);
        QCOMPARE(plainToolTip({}), QString());
    }

    void namesInSentences()
    {
        QCOMPARE(displayName(QStringLiteral("holiday 图像.png")),
                 QStringLiteral("holiday 图像.png"));
        QCOMPARE(displayName(QStringLiteral("\u202Egnp.exe")), QStringLiteral("gnp.exe"));
        QCOMPARE(displayName(QStringLiteral("a\nb\tc\u2028d")), QStringLiteral("a b c d"));
        QCOMPARE(displayName(QStringLiteral("cafe\u0301")), QStringLiteral("cafe\u0301"));
        QVERIFY(displayName(QLatin1Char('e') + QString(5000, QChar(0x0301))).size() < 10);
        const QString cut =
            displayName(QString(10'000'000, QLatin1Char('x')) + QStringLiteral(".png"));
        QVERIFY(cut.size() < 200 && cut.endsWith(QStringLiteral(".png")));
        // No half of a character of two.
        for (int before = 0; before < 2; ++before) {
            const QString faces =
                QString(before, QLatin1Char('x')) + QStringLiteral("\U0001F600").repeated(400);
            QVERIFY(displayName(faces).isValidUtf16());
        }
    }

    void everyText()
    {
        WindowBench bench;
        QVERIFY(QTest::qWaitForWindowExposed(&bench.window));
        const QSize size = bench.window.size();
        const QDir dir(bench.dir.path());
        ConversationList& list = *bench.window.conversations();
        for (int i = 0; i < m_texts.size(); ++i) {
            const QString& text = m_texts.at(i);
            const auto check = [&](const char* where) {
                QVERIFY2(
                    whatIsBroken(text).isEmpty(),
                    qPrintable(QLatin1String(where) + QLatin1String(": ") + whatIsBroken(text)));
            };
            // Titles, folders, hits, and the line that offers to undo.
            bench.composer().edit()->setPlainText(text);
            bench.chat().send();
            bench.source.finish(bench.source.lastTurn(), text);
            const quint64 chat = bench.book.current().id();
            bench.book.setTitle(chat, text);
            const quint64 folder = bench.book.addFolder(text);
            bench.book.setFolder(chat, folder);
            list.fillNow();
            check("list");
            list.searchField()->setText(QStringLiteral("x"));
            list.showHits({{chat, bench.source.lastTurn(), text, {{0, 3}}}});
            check("hits");
            list.searchField()->clear();
            list.setNotice(text, text);
            check("notice");
            list.setNotice({});
            emit list.removeRequested(chat);
            QVERIFY(isOneLine(bench.window.undoLine()->sentence()));
            check("undo line");
            bench.window.undoLine()->forget();
            bench.book.removeFolder(folder);
            // Files, one that is there and one that is not.
            const QString path = dir.filePath(fileNameOf(text));
            const bool exists = QFile::copy(sample("objects.png"), path);
            bench.composer().attach(path);
            bench.composer().attach(QStringLiteral("/gone/") + fileNameOf(text));
            QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, patience));
            QVERIFY(isOneLine(bench.composer().entries().first().name));
            check("attachments");
            QVERIFY(isOneLine(bench.composer().obstacle()));
            bench.composer().showNote(bench.composer().obstacle());
            check("note");
            bench.composer().clear();
            if (exists)
                QFile::remove(path);
            // Models and what is wrong with them.
            const Failure failure = Failure::withSentence(Error::Code::BadModel, text, text);
            bench.settings.set(settings::recentModels, {QStringLiteral("/models/") + text});
            bench.window.showLoading(QStringLiteral("/models/") + text);
            check("loading");
            bench.window.showLoadFailure(QStringLiteral("/models/") + text, failure, false);
            check("failure");
            bench.window.showModel(modelCalled(text));
            bench.window.chooser()->showMenu();
            check("model");
            bench.window.chooser()->menu()->hide();
            // None of it makes the window larger, or would.
            QCOMPARE(bench.window.size(), size);
            QVERIFY2(bench.window.minimumSizeHint().width() <= size.width() &&
                         bench.window.minimumSizeHint().height() <= size.height(),
                     qPrintable(text.left(60)));
            bench.window.showModel(anyModel());
            QVERIFY2(!QTest::currentTestFailed(), qPrintable(text.left(200)));
        }
        QCOMPARE(bench.chat().transcript()->profile()->filter().blocked(), 0);
        QCOMPARE(bench.chat().transcript()->page()->errorCount(), 0);
    }

    void windowsOfTheirOwn()
    {
        WindowBench bench;
        bench.window.showModel(anyModel());
        for (const QString& text : m_texts) {
            MediaFile file;
            file.path = bench.dir.filePath(fileNameOf(text));
            SeenPicture seen(bench.loader, file, {{512, 384}, {96, 64}, 1, 8, 12, 26}, 0,
                             &bench.window);
            QVERIFY2(whatIsBroken(text).isEmpty(), qPrintable(whatIsBroken(text)));
            QVERIFY(seen.windowTitle().size() < 300);
            emit bench.chat().linkActivated(
                QUrl(QStringLiteral("https://a.example/?") + text.left(3000)));
            auto* question = bench.window.findChild<QMessageBox*>();
            if (question) { // an address that is none opens nothing
                QVERIFY2(whatIsBroken(text).isEmpty(), qPrintable(whatIsBroken(text)));
                QVERIFY(question->sizeHint().width() < 2000);
                delete question;
            }
        }
    }

private:
    QStringList m_texts;
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestHostileText test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_hostiletext.moc"
