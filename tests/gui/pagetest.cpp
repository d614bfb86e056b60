#include "tests/gui/pagetest.h"

#include <utility>

#include <QDir>
#include <QFile>

#include "gui/chat/transcriptpage.h"

namespace argali::gui {
namespace {

QString fileText(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace

QString reply(const char* name)
{
    return fileText(QStringLiteral(ARGALI_TEST_DATA "/replies/") + QLatin1String(name) +
                    QLatin1String(".md"));
}

QStringList replies()
{
    QStringList all;
    const QDir folder(QStringLiteral(ARGALI_TEST_DATA "/replies"));
    for (const QString& name : folder.entryList({QStringLiteral("*.md")}, QDir::Files, QDir::Name))
        all << fileText(folder.filePath(name));
    return all;
}

QImage picture(int width, int height, QImage::Format format)
{
    QImage image(width, height, format);
    image.fill(Qt::red);
    return image;
}

QVariant PageTest::evaluate(const QString& script, quint32 world)
{
    PageAnswer<QVariant> answer;
    m_view->page()->runJavaScript(script, world, answer.taker());
    return answer.value();
}

QString PageTest::dom(quint64 turn)
{
    PageAnswer<QString> answer;
    m_view->domText(turn, answer.taker());
    return answer.value();
}

QString PageTest::html(quint64 turn)
{
    settle();
    return evaluate(QStringLiteral("argali.turns.views.get('%1').text.box.innerHTML").arg(turn))
        .toString();
}

void PageTest::start(quint64 turn)
{
    m_view->addQuestion(turn, QStringLiteral("Question %1").arg(turn), {});
    m_view->beginAnswer(turn, {QStringLiteral("Model"), {}}, 0);
}

void PageTest::ask(quint64 turn, const QString& answer)
{
    start(turn);
    m_view->appendText(turn, answer);
    m_view->finishAnswer(turn, {}, {});
}

void PageTest::settle()
{
    dom(0);
    QTRY_VERIFY_WITH_TIMEOUT(evaluate(QStringLiteral("argali.math.isIdle()")).toBool(), patience);
}

void PageTest::init()
{
    if (!m_view) { // the page is kept from test to test: making it costs a second
        m_view = std::make_unique<TranscriptView>();
        m_view->resize(740, 500);
        m_view->show();
        QTRY_VERIFY_WITH_TIMEOUT(m_view->isReady(), patience);
    }
    m_view->clear();
    m_view->setAnswerNowEnabled(false);
    m_view->setTheme(Theme::light());
    dom(0);
}

void PageTest::cleanup()
{
    if (std::exchange(m_isSpoilt, false) || QTest::currentTestFailed())
        m_view.reset();
    if (!m_view)
        return;
    QCOMPARE(m_view->page()->errorCount(), 0);
    QCOMPARE(m_view->profile()->filter().blocked(), 0);
}

} // namespace argali::gui
