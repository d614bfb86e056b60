#include "gui/chat/transcriptview.h"

#include <algorithm>

#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QEvent>
#include <QFontDatabase>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLabel>
#include <QLoggingCategory>
#include <QMenu>
#include <QPushButton>
#include <QStackedLayout>
#include <QVBoxLayout>
#include <QWebEngineContextMenuRequest>
#include <QWebEngineView>

#include "gui/chat/markdown.h"
#include "gui/chat/pagetheme.h"
#include "gui/chat/transcriptpage.h"

namespace argali::gui {
namespace {

Q_LOGGING_CATEGORY(transcriptLog, "argali.transcript")

using namespace std::chrono_literals;

constexpr auto shortestPause = 30ms;
constexpr auto longestPause = 1000ms;
constexpr int pauseFactor =
    4; // so that page and window spend a fifth of their time on updates at most
constexpr size_t mostPerUpdate = 192 * 1024;
constexpr QSize thumbnailSize(172,
                              172); // in the page's pixels; twice that is kept for dense screens
constexpr int mostDeaths = 3;
constexpr auto deathsBelongTogether = 60s;

bool g_withoutSandbox = false; // set before the application is made, read after

/// A data: address of a picture, small enough for the page.
TranscriptTurn::Picture pictureFor(const TranscriptView::Attachment& attachment)
{
    TranscriptTurn::Picture picture;
    picture.badge = attachment.badge;
    picture.film = attachment.film;
    QImage image = attachment.thumbnail;
    if (image.isNull())
        return picture;
    const QSize most = thumbnailSize * 2;
    if (image.width() > most.width() || image.height() > most.height())
        image = image.scaled(most, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    picture.size = image.size();
    if (picture.size.width() > thumbnailSize.width() ||
        picture.size.height() > thumbnailSize.height())
        picture.size.scale(thumbnailSize, Qt::KeepAspectRatio);
    picture.size = picture.size.expandedTo({1, 1});
    const bool opaque = !image.hasAlphaChannel();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, opaque ? "JPEG" : "PNG", opaque ? 88 : -1))
        return picture;
    picture.source = QLatin1String(opaque ? "data:image/jpeg;base64," : "data:image/png;base64,") +
                     QString::fromLatin1(bytes.toBase64());
    return picture;
}

/// The page with a menu of our own, and without drops, which belong to the window.
class PageView final : public QWebEngineView {
public:
    explicit PageView(QWidget* parent) : QWebEngineView(parent) { setAcceptDrops(false); }

protected:
    void contextMenuEvent(QContextMenuEvent* event) override
    {
        auto* menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        const auto* request = lastContextMenuRequest();
        const QString address = request ? safeLink(request->linkUrl().toString()) : QString();
        QAction* copy = menu->addAction(TranscriptView::tr("Copy"), this,
                                        [this] { page()->triggerAction(QWebEnginePage::Copy); });
        copy->setEnabled(hasSelection());
        if (!address.isEmpty()) {
            menu->addAction(TranscriptView::tr("Copy link address"), this,
                            [address] { QApplication::clipboard()->setText(address); });
        }
        menu->addAction(TranscriptView::tr("Select all"), this,
                        [this] { page()->triggerAction(QWebEnginePage::SelectAll); });
        menu->popup(event->globalPos());
    }
};

} // namespace

void TranscriptView::prepare()
{
    registerPageScheme();
    g_withoutSandbox = leaveSandboxToRoot();
}

TranscriptView::TranscriptView(QWidget* parent)
    : QWidget(parent),
      m_profile(std::make_unique<TranscriptProfile>()),
      m_page(std::make_unique<TranscriptPage>(m_profile.get())),
      m_stack(new QStackedLayout(this)),
      m_view(new PageView(this)),
      m_broken(new QWidget(this)),
      m_brokenText(new QLabel(m_broken)),
      m_brokenButton(new QPushButton(m_broken)),
      m_theme(Theme::of(palette())),
      m_pause(shortestPause)
{
    if (g_withoutSandbox)
        qCWarning(transcriptLog, "run by root: the transcript's page works without a sandbox");
    m_stack->setContentsMargins(0, 0, 0, 0);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_broken);
    auto* column = new QVBoxLayout(m_broken);
    column->addStretch();
    column->addWidget(m_brokenText, 0, Qt::AlignHCenter);
    column->addWidget(m_brokenButton, 0, Qt::AlignHCenter);
    column->addStretch();
    m_brokenText->setWordWrap(true);
    connect(m_brokenButton, &QPushButton::clicked, this, [this] {
        m_deaths = 0;
        m_stack->setCurrentWidget(m_view);
        m_page->start();
    });

    m_view->setPage(m_page.get());
    m_page->setBackgroundColor(m_theme.background);
    setFocusProxy(m_view);
    m_flushTimer.setSingleShot(true);
    m_flushTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_flushTimer, &QTimer::timeout, this, &TranscriptView::flush);
    connect(m_page.get(), &TranscriptPage::ready, this, [this] {
        fillPage();
        for (const auto& task : std::exchange(m_whenReady, {}))
            task();
        emit ready();
    });
    connect(m_page.get(), &TranscriptPage::happened, this, &TranscriptView::takeEvents);
    connect(m_page.get(), &TranscriptPage::lost, this, &TranscriptView::recover);
    m_page->start();
}

TranscriptView::~TranscriptView()
{
    m_page->disconnect(this);
}

TranscriptTurn* TranscriptView::find(quint64 turn)
{
    const auto found = std::find_if(m_turns.rbegin(), m_turns.rend(),
                                    [turn](const auto& t) { return t->id() == turn; });
    return found == m_turns.rend() ? nullptr : found->get();
}

void TranscriptView::changed()
{
    if (m_ready && !m_waiting && !m_flushTimer.isActive())
        m_flushTimer.start(m_pause);
}

void TranscriptView::clear()
{
    m_turns.clear();
    m_commands = R"({"do":"clear"},)" + lookCommand().toStdString();
    changed();
}

void TranscriptView::addQuestion(quint64 turn, const QString& text,
                                 const QList<Attachment>& attachments)
{
    removeFrom(turn);
    QList<TranscriptTurn::Picture> pictures;
    for (const Attachment& attachment : attachments)
        pictures.append(pictureFor(attachment));
    m_turns.push_back(std::make_unique<TranscriptTurn>(turn, text, pictures));
    m_turns.back()->setAnswerNowEnabled(m_answerNow);
    changed();
}

void TranscriptView::beginAnswer(quint64 turn, const AnswerHead& head, int thinkingBudget)
{
    if (TranscriptTurn* found = find(turn)) {
        found->beginAnswer(head.model, head.source, thinkingBudget);
        changed();
    }
}

void TranscriptView::appendThinking(quint64 turn, const QString& text, int tokens)
{
    if (TranscriptTurn* found = find(turn)) {
        found->appendThinking(text, tokens);
        changed();
    }
}

void TranscriptView::appendText(quint64 turn, const QString& text)
{
    if (TranscriptTurn* found = find(turn)) {
        found->appendText(text);
        changed();
    }
}

void TranscriptView::takeTextBack(quint64 turn)
{
    if (TranscriptTurn* found = find(turn)) {
        found->takeTextBack();
        changed();
    }
}

void TranscriptView::setThinkingDone(quint64 turn, qint64 milliseconds, int tokens,
                                     bool budgetReached)
{
    if (TranscriptTurn* found = find(turn)) {
        found->setThinkingDone(milliseconds, tokens, budgetReached);
        changed();
    }
}

void TranscriptView::finishAnswer(quint64 turn, const QString& statistics, const QString& note)
{
    if (TranscriptTurn* found = find(turn)) {
        found->finish(statistics, note);
        changed();
    }
}

void TranscriptView::failAnswer(quint64 turn, const QString& sentence, const QString& details,
                                const QList<Action>& actions)
{
    if (TranscriptTurn* found = find(turn)) {
        found->fail(sentence, details, actions);
        changed();
    }
}

void TranscriptView::removeFrom(quint64 turn)
{
    const auto found = std::find_if(m_turns.begin(), m_turns.end(),
                                    [turn](const auto& t) { return t->id() == turn; });
    if (found == m_turns.end())
        return;
    m_turns.erase(found, m_turns.end());
    if (!m_commands.empty())
        m_commands += ',';
    m_commands += R"({"do":"remove","turn":")" + std::to_string(turn) + "\"}";
    changed();
}

void TranscriptView::setTheme(const Theme& theme)
{
    m_theme = theme;
    m_page->setBackgroundColor(theme.background);
    if (!m_commands.empty())
        m_commands += ',';
    m_commands += lookCommand().toStdString();
    changed();
}

void TranscriptView::setAnswerNowEnabled(bool enabled)
{
    m_answerNow = enabled;
    for (const auto& turn : m_turns)
        turn->setAnswerNowEnabled(enabled);
    changed();
}

void TranscriptView::scrollToEnd()
{
    if (m_ready)
        m_page->run(QStringLiteral("argali.scroll.toEnd()"));
}

QString TranscriptView::plainText(quint64 turn) const
{
    const TranscriptTurn* found = const_cast<TranscriptView*>(this)->find(turn);
    return found ? found->text() : QString();
}

void TranscriptView::domText(quint64 turn, const std::function<void(const QString&)>& then)
{
    const auto ask = [this, turn, then] {
        while (std::any_of(m_turns.begin(), m_turns.end(),
                           [](const auto& t) { return t->hasChanges(); }) ||
               !m_commands.empty())
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
    const QJsonObject words{{QLatin1String("copy"), tr("Copy the answer")},
                            {QLatin1String("regenerate"), tr("Answer again")},
                            {QLatin1String("copyCode"), tr("Copy the code")},
                            {QLatin1String("answerNow"), tr("Answer now")},
                            {QLatin1String("toEnd"), tr("To the end")},
                            {QLatin1String("details"), tr("Details")},
                            {QLatin1String("picture"), tr("Picture")},
                            {QLatin1String("question"), tr("Your question")},
                            {QLatin1String("answer"), tr("Answer")},
                            {QLatin1String("done"), tr("done")},
                            {QLatin1String("notDone"), tr("not done")},
                            {QLatin1String("thinking"), tr("Show or hide the thinking")},
                            {QLatin1String("copied"), tr("Copied")}};
    const QJsonObject look{{QLatin1String("do"), QLatin1String("look")},
                           {QLatin1String("variables"), pageVariables(m_theme, font(), fixed)},
                           {QLatin1String("language"), locale().bcp47Name()},
                           {QLatin1String("words"), words}};
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
    for (const auto& turn : m_turns) {
        if (commands.size() >= mostPerUpdate)
            break;
        if (turn->hasChanges())
            turn->takeCommands(commands, mostPerUpdate);
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
        if (!m_commands.empty() || std::any_of(m_turns.begin(), m_turns.end(),
                                               [](const auto& t) { return t->hasChanges(); }))
            changed();
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
        giveUp();
        return;
    }
    // Not from within the signal, which Chromium sends while it cleans up.
    QTimer::singleShot(0, m_page.get(), [page = m_page.get()] { page->start(); });
}

void TranscriptView::giveUp()
{
    qCWarning(transcriptLog, "the page's process ended %d times in a minute", m_deaths);
    m_brokenText->setText(
        tr("The transcript cannot be shown: the process that draws it keeps ending. "
           "Your chat is kept."));
    m_brokenButton->setText(tr("Try again"));
    m_stack->setCurrentWidget(m_broken);
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
    const quint64 turn = event.value(QLatin1String("turn")).toString().toULongLong();
    if (!find(turn))
        return;
    if (what == QLatin1String("copy"))
        emit copyRequested(turn);
    else if (what == QLatin1String("regenerate"))
        emit regenerateRequested(turn);
    else if (what == QLatin1String("answerNow"))
        emit answerNowRequested(turn);
    else if (what == QLatin1String("action") &&
             find(turn)->hasAction(event.value(QLatin1String("id")).toString()))
        emit actionRequested(turn, event.value(QLatin1String("id")).toString());
}

void TranscriptView::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::LanguageChange && m_ready) {
        fillPage(); // every sentence anew
    } else if (event->type() == QEvent::FontChange) {
        setTheme(m_theme);
    }
}

} // namespace argali::gui
