#include "gui/chat/transcriptview.h"

#include <algorithm>

#include <QEvent>
#include <QFontDatabase>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLoggingCategory>
#include <QMetaMethod>
#include <QStackedLayout>
#include <QWebEngineFindTextResult>

#include "gui/chat/pagetheme.h"
#include "gui/chat/pageview.h"
#include "gui/chat/pagewords.h"
#include "gui/chat/plaintranscript.h"
#include "gui/chat/transcriptpage.h"
#include "gui/chat/transcriptpicture.h"

namespace argali::gui {
namespace {

Q_LOGGING_CATEGORY(transcriptLog, "argali.transcript")

using namespace std::chrono_literals;

constexpr int mostDeaths = 3;
constexpr auto deathsBelongTogether = 60s;

bool g_withoutSandbox = false; // set before the application is made, read after

} // namespace

void TranscriptView::prepare()
{
    registerPageScheme();
    g_withoutSandbox = leaveSandboxToRoot();
    PageStart::fromEnvironment().settle();
}

TranscriptView::TranscriptView(QWidget* parent, const PageStart& start)
    : QWidget(parent),
      m_start(start),
      m_stack(new QStackedLayout(this)),
      m_theme(Theme::of(palette())),
      m_feed(m_turns, [this] { return lookCommand(); }),
      m_requests(*this, [this](quint64 turn) { return find(turn); })
{
    m_stack->setContentsMargins(0, 0, 0, 0);
    m_startLimit.setSingleShot(true);
    m_startLimit.setInterval(m_start.limit);
    connect(&m_startLimit, &QTimer::timeout, this, [this] {
        qCWarning(transcriptLog, "the page did not answer within %lld ms",
                  static_cast<long long>(m_start.limit.count()));
        showPlain(Trouble::Slow);
        if (m_start.drawing == PageStart::Drawing::Page)
            emit softwareRenderingNeeded();
    });
    if (m_start.drawing == PageStart::Drawing::Plain)
        showPlain(Trouble::None);
    else
        makePage();
}

TranscriptView::~TranscriptView()
{
    if (m_page)
        m_page->disconnect(this);
    m_page.reset(); // before what its callbacks know
}

void TranscriptView::makePage()
{
    if (g_withoutSandbox)
        qCWarning(transcriptLog, "run by root: the transcript's page works without a sandbox");
    m_profile = std::make_unique<TranscriptProfile>();
    m_page = std::make_unique<TranscriptPage>(m_profile.get());
    m_view = new PageView(this);
    m_stack->addWidget(m_view);
    m_view->setPage(m_page.get());
    m_page->setBackgroundColor(m_theme.background);
    setFocusProxy(m_view);
    connect(m_page.get(), &TranscriptPage::ready, this, &TranscriptView::takePage);
    connect(m_page.get(), &TranscriptPage::happened, this,
            [this](const QJsonArray& events) { m_requests.take(events); });
    connect(m_page.get(), &TranscriptPage::lost, this, &TranscriptView::recover);
    connect(m_page.get(), &QWebEnginePage::findTextFinished, this,
            [this](const QWebEngineFindTextResult& result) {
                emit found(result.activeMatch(), result.numberOfMatches());
            });
    startPage();
}

void TranscriptView::startPage()
{
    m_startLimit.start();
    if (!m_start.neverAnswers)
        m_page->start();
}

void TranscriptView::takePage()
{
    m_startLimit.stop();
    m_trouble = Trouble::None;
    m_stack->setCurrentWidget(m_view);
    setFocusProxy(m_view);
    m_page->setZoomFactor(m_zoom / 100.0); // a page that was loaded begins at 100 %
    m_feed.begin(*m_page);
    emit ready();
}

TranscriptTurn* TranscriptView::find(quint64 turn) const
{
    const auto found = std::find_if(m_turns.rbegin(), m_turns.rend(),
                                    [turn](const auto& t) { return t->id() == turn; });
    return found == m_turns.rend() ? nullptr : found->get();
}

bool TranscriptView::isPlain() const
{
    return m_plain && m_stack->currentWidget() == m_plain;
}

void TranscriptView::changed(quint64 turn)
{
    if (isPlain())
        m_plain->noteChanged(turn);
    m_feed.noteChanged();
}

void TranscriptView::clear()
{
    m_turns.clear();
    m_feed.clear();
    if (isPlain())
        m_plain->showAll();
}

void TranscriptView::addQuestion(quint64 turn, const QString& text,
                                 const QList<Attachment>& attachments)
{
    removeFrom(turn);
    // What an answer may point at was shown in this question or in one before it.
    LiveSpans live = m_turns.empty() ? LiveSpans() : m_turns.back()->live();
    QList<TranscriptTurn::Picture> pictures;
    for (const Attachment& attachment : attachments) {
        pictures.append(pagePicture(attachment));
        (attachment.film ? live.times : live.places) = true;
    }
    m_turns.push_back(std::make_unique<TranscriptTurn>(turn, text, pictures, live));
    m_turns.back()->setAnswerNowEnabled(m_answerNow);
    changed(turn);
}

void TranscriptView::beginAnswer(quint64 turn, const AnswerHead& head, int thinkingBudget)
{
    if (TranscriptTurn* found = find(turn)) {
        found->beginAnswer(head.model, head.source, thinkingBudget);
        changed(turn);
    }
}

void TranscriptView::appendThinking(quint64 turn, const QString& text, int tokens)
{
    if (TranscriptTurn* found = find(turn)) {
        found->appendThinking(text, tokens);
        changed(turn);
    }
}

void TranscriptView::appendText(quint64 turn, const QString& text)
{
    if (TranscriptTurn* found = find(turn)) {
        found->appendText(text);
        changed(turn);
    }
}

void TranscriptView::takeTextBack(quint64 turn)
{
    if (TranscriptTurn* found = find(turn)) {
        found->takeTextBack();
        changed(turn);
    }
}

void TranscriptView::setThinkingDone(quint64 turn, qint64 milliseconds, int tokens,
                                     bool budgetReached)
{
    if (TranscriptTurn* found = find(turn)) {
        found->setThinkingDone(milliseconds, tokens, budgetReached);
        changed(turn);
    }
}

void TranscriptView::finishAnswer(quint64 turn, const QString& statistics, const QString& note)
{
    if (TranscriptTurn* found = find(turn)) {
        found->finish(statistics, note);
        changed(turn);
    }
}

void TranscriptView::failAnswer(quint64 turn, const QString& sentence, const QString& details,
                                const QList<Action>& actions)
{
    if (TranscriptTurn* found = find(turn)) {
        found->fail(sentence, details, actions);
        changed(turn);
    }
}

void TranscriptView::removeFrom(quint64 turn)
{
    const auto found = std::find_if(m_turns.begin(), m_turns.end(),
                                    [turn](const auto& t) { return t->id() == turn; });
    if (found == m_turns.end())
        return;
    m_feed.removeFrom(turn);
    m_turns.erase(found, m_turns.end());
    if (isPlain())
        m_plain->showAll();
}

void TranscriptView::setBranch(quint64 turn, int position, int count)
{
    if (TranscriptTurn* found = find(turn)) {
        found->setBranch(position, count);
        changed(turn);
    }
}

void TranscriptView::setTheme(const Theme& theme)
{
    m_theme = theme;
    if (m_page)
        m_page->setBackgroundColor(theme.background);
    m_feed.changeLook();
}

void TranscriptView::setZoom(int percent)
{
    m_zoom = percent;
    if (m_page)
        m_page->setZoomFactor(percent / 100.0);
    if (m_plain)
        m_plain->setZoom(percent);
}

void TranscriptView::setAnswerNowEnabled(bool enabled)
{
    m_answerNow = enabled;
    for (const auto& turn : m_turns)
        turn->setAnswerNowEnabled(enabled);
    m_feed.noteChanged();
}

void TranscriptView::scrollToEnd()
{
    if (isReady())
        m_page->run(QStringLiteral("argali.scroll.toEnd()"));
}

void TranscriptView::scrollTo(quint64 turn)
{
    const bool isHere = find(turn) != nullptr;
    m_feed.scrollTo(isHere ? turn : 0);
    if (isPlain() && isHere)
        m_plain->scrollTo(turn);
}

void TranscriptView::setPictureNote(quint64 turn, int index, const QString& sentence)
{
    if (TranscriptTurn* found = find(turn)) {
        found->setPictureNote(index, sentence);
        changed(turn);
    }
}

QString TranscriptView::plainText(quint64 turn) const
{
    const TranscriptTurn* found = find(turn);
    return found ? found->text() : QString();
}

void TranscriptView::domText(quint64 turn, const std::function<void(const QString&)>& then)
{
    m_feed.whenShown([turn, then](TranscriptPage& page) {
        page.run(QStringLiteral("argali.text(\"%1\")").arg(turn),
                 [then](const QVariant& value) { then(value.toString()); });
    });
}

std::string TranscriptView::lookCommand() const
{
    const QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    const auto isConnected = [this](auto signal) {
        return isSignalConnected(QMetaMethod::fromSignal(signal));
    };
    const QJsonObject abilities{
        {QLatin1String("edits"), isConnected(&TranscriptView::editRequested)},
        {QLatin1String("deletes"), isConnected(&TranscriptView::deleteRequested)},
        {QLatin1String("branches"), isConnected(&TranscriptView::branchRequested)}};
    const QJsonObject look{{QLatin1String("do"), QLatin1String("look")},
                           {QLatin1String("variables"), pageVariables(m_theme, font(), fixed)},
                           {QLatin1String("language"), locale().bcp47Name()},
                           {QLatin1String("abilities"), abilities},
                           {QLatin1String("words"), pageWords()}};
    return QJsonDocument(look).toJson(QJsonDocument::Compact).toStdString();
}

void TranscriptView::recover()
{
    m_feed.end();
    if (!m_lastDeath.isValid() || m_lastDeath.hasExpired(qint64(deathsBelongTogether / 1ms)))
        m_deaths = 0;
    m_lastDeath.start();
    if (++m_deaths > mostDeaths) {
        qCWarning(transcriptLog, "the page's process ended %d times in a minute", m_deaths);
        showPlain(Trouble::Dying);
        return;
    }
    // Not from within the signal, which Chromium sends while it cleans up.
    QTimer::singleShot(0, this, &TranscriptView::startPage);
}

void TranscriptView::makePlain()
{
    m_plain = new PlainTranscript(m_turns, this);
    m_plain->setZoom(m_zoom);
    m_stack->addWidget(m_plain);
    connect(m_plain, &PlainTranscript::linkActivated, this,
            [this](const QUrl& url) { m_requests.takeLink(url.toString()); });
    connect(m_plain, &PlainTranscript::chosen, this,
            [this](quint64 id, const QString& what) { m_requests.take(id, what); });
    connect(m_plain, &PlainTranscript::noticeButtonPressed, this, [this] {
        m_deaths = 0;
        startPage(); // comes back when it answers
    });
}

/// Shows the turns without the page, and why.
void TranscriptView::showPlain(Trouble trouble)
{
    m_startLimit.stop();
    m_trouble = trouble;
    if (!m_plain)
        makePlain();
    const QString slow = tr("The page that draws the transcript does not answer. Formulas and "
                            "tables are shown as text until it does. Your chat is kept.");
    const QString dying = tr("The page that draws the transcript keeps ending. Formulas and tables "
                             "are shown as text. Your chat is kept.");
    m_plain->setNotice(trouble == Trouble::None   ? QString()
                       : trouble == Trouble::Slow ? slow
                                                  : dying,
                       trouble == Trouble::None ? QString() : tr("Try again"));
    m_stack->setCurrentWidget(m_plain);
    setFocusProxy(m_plain);
    m_plain->showAll();
}

void TranscriptView::findText(const QString& text, bool backward)
{
    if (isPlain()) {
        const auto [active, count] = m_plain->find(text, backward);
        emit found(active, count);
    } else if (m_page) {
        m_page->findText(text,
                         backward ? QWebEnginePage::FindBackward : QWebEnginePage::FindFlags());
    }
}

void TranscriptView::connectNotify(const QMetaMethod& signal)
{
    QWidget::connectNotify(signal);
    // Later: Qt may hold its lock over connections here, which to ask for them takes too.
    QMetaObject::invokeMethod(&m_feed, &TranscriptFeed::changeLook, Qt::QueuedConnection);
}

void TranscriptView::disconnectNotify(const QMetaMethod& signal)
{
    QWidget::disconnectNotify(signal);
    QMetaObject::invokeMethod(&m_feed, &TranscriptFeed::changeLook, Qt::QueuedConnection);
}

void TranscriptView::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::LanguageChange) {
        if (isReady())
            m_feed.begin(*m_page); // every sentence anew
        if (isPlain())
            showPlain(m_trouble);
    } else if (event->type() == QEvent::FontChange) {
        setTheme(m_theme);
    }
}

} // namespace argali::gui
