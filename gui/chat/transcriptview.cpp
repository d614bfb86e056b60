#include "gui/chat/transcriptview.h"

#include <algorithm>

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QFontDatabase>
#include <QJsonArray>
#include <QJsonDocument>
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

constexpr auto shortestPause = 30ms;
constexpr auto longestPause = 1000ms;
constexpr int pauseFactor =
    4; // so that page and window spend a fifth of their time on updates at most
constexpr size_t mostPerUpdate = 192 * 1024;
// While older turns are still to come, so that the page stays quick: the newest are shown first.
constexpr size_t mostPerBatch = 24 * 1024;
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
      m_pause(shortestPause)
{
    m_stack->setContentsMargins(0, 0, 0, 0);
    m_flushTimer.setSingleShot(true);
    m_flushTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_flushTimer, &QTimer::timeout, this, &TranscriptView::flush);
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
    connect(m_page.get(), &TranscriptPage::ready, this, [this] {
        m_startLimit.stop();
        m_trouble = Trouble::None;
        m_stack->setCurrentWidget(m_view);
        setFocusProxy(m_view);
        m_page->setZoomFactor(m_zoom / 100.0); // a page that was loaded begins at 100 %
        fillPage();
        for (const auto& task : std::exchange(m_whenReady, {}))
            task();
        emit ready();
    });
    connect(m_page.get(), &TranscriptPage::happened, this, &TranscriptView::takeEvents);
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

bool TranscriptView::hasChanges() const
{
    return !m_commands.empty() || std::any_of(m_turns.begin(), m_turns.end(),
                                              [](const auto& t) { return t->hasChanges(); });
}

void TranscriptView::changed(quint64 turn)
{
    if (isPlain())
        m_plain->noteChanged(turn);
    pageChanged();
}

void TranscriptView::pageChanged()
{
    if (m_ready && !m_waiting && !m_flushTimer.isActive())
        m_flushTimer.start(m_pause);
}

void TranscriptView::clear()
{
    m_wantedTurn = 0;
    m_turns.clear();
    m_commands = R"({"do":"clear"},)" + lookCommand().toStdString();
    if (isPlain())
        m_plain->showAll();
    pageChanged();
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
    // The newest come to the page first, so this one may not be there yet.
    const auto first =
        std::find_if(found, m_turns.end(), [](const auto& t) { return t->isOnPage(); });
    if (first != m_turns.end()) {
        if (!m_commands.empty())
            m_commands += ',';
        m_commands += R"({"do":"remove","turn":")" + std::to_string((*first)->id()) + "\"}";
    }
    m_turns.erase(found, m_turns.end());
    if (!find(m_wantedTurn))
        m_wantedTurn = 0;
    if (isPlain())
        m_plain->showAll();
    pageChanged();
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
    lookChanged();
}

void TranscriptView::setZoom(int percent)
{
    m_zoom = percent;
    if (m_page)
        m_page->setZoomFactor(percent / 100.0);
    if (m_plain)
        m_plain->setZoom(percent);
}

void TranscriptView::lookChanged()
{
    if (!m_ready)
        return; // it is sent whole then
    if (!m_commands.empty())
        m_commands += ',';
    m_commands += lookCommand().toStdString();
    pageChanged();
}

void TranscriptView::setAnswerNowEnabled(bool enabled)
{
    m_answerNow = enabled;
    for (const auto& turn : m_turns)
        turn->setAnswerNowEnabled(enabled);
    pageChanged();
}

void TranscriptView::scrollToEnd()
{
    if (m_ready)
        m_page->run(QStringLiteral("argali.scroll.toEnd()"));
}

void TranscriptView::scrollTo(quint64 turn)
{
    m_wantedTurn = find(turn) ? turn : 0;
    if (isPlain() && m_wantedTurn)
        m_plain->scrollTo(turn);
    else
        scrollToWanted();
}

/// Earlier turns come to the page after later ones, so it waits for all of them.
void TranscriptView::scrollToWanted()
{
    if (!m_wantedTurn || !m_ready || m_waiting || hasChanges())
        return;
    m_page->run(QStringLiteral("argali.scroll.toElement(argali.turns.views.get('%1').section)")
                    .arg(std::exchange(m_wantedTurn, 0)));
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
    const auto ask = [this, turn, then] {
        while (hasChanges())
            flush();
        m_page->run(QStringLiteral("argali.text(\"%1\")").arg(turn),
                    [then](const QVariant& value) { then(value.toString()); });
    };
    if (m_ready)
        ask();
    else
        m_whenReady.emplace_back(ask);
}

QByteArray TranscriptView::lookCommand() const
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
    return QJsonDocument(look).toJson(QJsonDocument::Compact);
}

void TranscriptView::fillPage()
{
    ++m_generation;
    m_ready = true;
    m_waiting = false;
    m_pause = shortestPause;
    m_commands = R"({"do":"clear"},)" + lookCommand().toStdString();
    for (const auto& turn : m_turns)
        turn->forgetPage();
    flush();
}

void TranscriptView::flush()
{
    if (!m_ready)
        return;
    m_flushTimer.stop();
    QElapsedTimer watch;
    watch.start();
    std::string commands = std::exchange(m_commands, {});
    const bool isFilling = m_turns.size() > 1 && !m_turns.front()->isOnPage();
    const size_t most = isFilling ? mostPerBatch : mostPerUpdate;
    quint64 next = 0; // of the turns behind, the nearest on the page
    for (auto turn = m_turns.rbegin(); turn != m_turns.rend() && commands.size() < most; ++turn) {
        if ((*turn)->hasChanges())
            (*turn)->takeCommands(commands, most, next);
        next = (*turn)->id();
    }
    if (!commands.empty())
        send(commands, watch.elapsed());
}

void TranscriptView::send(const std::string& commands, qint64 spent)
{
    m_waiting = true;
    QElapsedTimer watch;
    watch.start();
    const QString script =
        QLatin1String("argali.apply([") + QString::fromStdString(commands) + QLatin1String("])");
    m_page->run(script, [this, watch, spent, generation = m_generation](const QVariant&) {
        if (generation != m_generation)
            return;
        m_waiting = false;
        // Who is slow is asked less often.
        const auto cost = std::chrono::milliseconds(spent + watch.elapsed());
        m_pause =
            std::clamp<std::chrono::milliseconds>(cost * pauseFactor, shortestPause, longestPause);
        if (hasChanges())
            pageChanged();
        else
            scrollToWanted();
    });
}

void TranscriptView::recover()
{
    ++m_generation;
    m_ready = false;
    m_waiting = false;
    m_flushTimer.stop();
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

/// Shows the turns without the page, and why.
void TranscriptView::showPlain(Trouble trouble)
{
    m_startLimit.stop();
    m_trouble = trouble;
    if (!m_plain) {
        m_plain = new PlainTranscript(m_turns, this);
        m_plain->setZoom(m_zoom);
        m_stack->addWidget(m_plain);
        connect(m_plain, &PlainTranscript::linkActivated, this, [this](const QUrl& url) {
            const QString address = safeLink(url.toString());
            if (!address.isEmpty())
                emit linkActivated(QUrl(address));
        });
        connect(m_plain, &PlainTranscript::chosen, this, [this](quint64 id, const QString& what) {
            TranscriptTurn* turn = find(id);
            const QString action = QStringLiteral("action:");
            if (turn && what.startsWith(action) && turn->hasAction(what.mid(action.size())))
                emit actionRequested(id, what.mid(action.size()));
            else if (turn)
                takeRequest(*turn, what);
        });
        connect(m_plain, &PlainTranscript::noticeButtonPressed, this, [this] {
            m_deaths = 0;
            startPage(); // comes back when it answers
        });
    }
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

void TranscriptView::takeEvents(const QJsonArray& events)
{
    for (const auto& event : events)
        takeEvent(event.toObject());
}

void TranscriptView::takeEvent(const QJsonObject& event)
{
    const QString what = event.value(QLatin1String("what")).toString();
    if (what == QLatin1String("link")) {
        const QString address = safeLink(event.value(QLatin1String("url")).toString());
        if (!address.isEmpty())
            emit linkActivated(QUrl(address));
        return;
    }
    if (what == QLatin1String("copyCode")) {
        QApplication::clipboard()->setText(event.value(QLatin1String("text")).toString());
        return;
    }
    const quint64 id = event.value(QLatin1String("turn")).toString().toULongLong();
    TranscriptTurn* turn = find(id);
    if (!turn)
        return;
    const auto number = [&event](const char* name) {
        return event.value(QLatin1String(name)).toDouble(-1);
    };
    const auto region = [&] {
        const auto part = [&](const char* name) { return std::clamp(number(name), 0.0, 1.0); };
        return Region{event.value(QLatin1String("name")).toString(),
                      QRectF(QPointF(part("x"), part("y")), QPointF(part("right"), part("bottom"))),
                      event.value(QLatin1String("point")).toBool()};
    };
    if (what == QLatin1String("action")) {
        const QString action = event.value(QLatin1String("id")).toString();
        if (turn->hasAction(action))
            emit actionRequested(id, action);
    } else if (what == QLatin1String("branch")) {
        const double step = number("step");
        if (step == 1 || event.value(QLatin1String("step")).toDouble() == -1)
            emit branchRequested(id, step == 1 ? 1 : -1);
    } else if (what == QLatin1String("picture")) {
        if (turn->hasPicture(int(number("index"))))
            emit pictureActivated(id, int(number("index")));
    } else if (what == QLatin1String("time")) {
        if (number("seconds") >= 0)
            emit timeActivated(id, number("seconds"));
    } else if (what == QLatin1String("regionChosen")) {
        emit regionActivated(id, region());
    } else if (what == QLatin1String("region")) {
        emit regionHovered(id, region());
    } else if (what == QLatin1String("regionLeft")) {
        emit regionLeft(id);
    } else {
        takeRequest(*turn, what);
    }
}

/// What page and plain text both have.
void TranscriptView::takeRequest(TranscriptTurn& turn, const QString& what)
{
    if (what == QLatin1String("copy"))
        emit copyRequested(turn.id());
    else if (what == QLatin1String("copyQuestion"))
        emit copyQuestionRequested(turn.id());
    else if (what == QLatin1String("regenerate"))
        emit regenerateRequested(turn.id());
    else if (what == QLatin1String("edit"))
        emit editRequested(turn.id(), turn.question());
    else if (what == QLatin1String("delete"))
        emit deleteRequested(turn.id());
    else if (what == QLatin1String("answerNow"))
        emit answerNowRequested(turn.id());
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
    QMetaObject::invokeMethod(this, &TranscriptView::lookChanged, Qt::QueuedConnection);
}

void TranscriptView::disconnectNotify(const QMetaMethod& signal)
{
    QWidget::disconnectNotify(signal);
    QMetaObject::invokeMethod(this, &TranscriptView::lookChanged, Qt::QueuedConnection);
}

void TranscriptView::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::LanguageChange) {
        if (m_ready)
            fillPage(); // every sentence anew
        if (isPlain())
            showPlain(m_trouble);
    } else if (event->type() == QEvent::FontChange) {
        setTheme(m_theme);
    }
}

} // namespace argali::gui
