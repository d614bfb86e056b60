#include "gui/chat/transcriptfeed.h"

#include <algorithm>
#include <utility>

#include <QElapsedTimer>

#include "gui/chat/transcriptpage.h"

namespace argali::gui {
namespace {

using namespace std::chrono_literals;

constexpr auto shortestPause = 30ms;
constexpr auto longestPause = 1000ms;
// So that page and window spend a fifth of their time on updates at most.
constexpr int pauseFactor = 4;
constexpr size_t mostPerUpdate = 192 * 1024;
// While older turns are still to come, so that the page stays quick: the newest are shown first.
constexpr size_t mostPerBatch = 24 * 1024;

} // namespace

TranscriptFeed::TranscriptFeed(const Turns& turns, std::function<std::string()> look,
                               QObject* parent)
    : QObject(parent), m_turns(turns), m_look(std::move(look)), m_pause(shortestPause)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &TranscriptFeed::flush);
}

void TranscriptFeed::begin(TranscriptPage& page)
{
    m_page = &page;
    ++m_generation;
    m_ready = true;
    m_waiting = false;
    m_pause = shortestPause;
    m_commands = R"({"do":"clear"},)" + m_look();
    for (const auto& turn : m_turns)
        turn->forgetPage();
    flush();
    for (const auto& task : std::exchange(m_whenReady, {}))
        task();
}

void TranscriptFeed::end()
{
    ++m_generation;
    m_ready = false;
    m_waiting = false;
    m_timer.stop();
}

bool TranscriptFeed::hasChanges() const
{
    return !m_commands.empty() || std::any_of(m_turns.begin(), m_turns.end(),
                                              [](const auto& t) { return t->hasChanges(); });
}

void TranscriptFeed::noteChanged()
{
    if (m_ready && !m_waiting && !m_timer.isActive())
        m_timer.start(m_pause);
}

void TranscriptFeed::add(const std::string& command)
{
    if (!m_commands.empty())
        m_commands += ',';
    m_commands += command;
    noteChanged();
}

void TranscriptFeed::changeLook()
{
    if (m_ready) // else it is sent whole then
        add(m_look());
}

void TranscriptFeed::clear()
{
    m_wanted = 0;
    m_commands.clear(); // what was to change goes, too
    add(R"({"do":"clear"},)" + m_look());
}

void TranscriptFeed::removeFrom(quint64 id)
{
    const auto from =
        std::find_if(m_turns.begin(), m_turns.end(), [id](const auto& t) { return t->id() == id; });
    // The newest come to the page first, so this one may not be there yet.
    const auto first =
        std::find_if(from, m_turns.end(), [](const auto& t) { return t->isOnPage(); });
    if (first != m_turns.end())
        add(R"({"do":"remove","turn":")" + std::to_string((*first)->id()) + "\"}");
    if (std::any_of(from, m_turns.end(), [this](const auto& t) { return t->id() == m_wanted; }))
        m_wanted = 0;
    noteChanged();
}

void TranscriptFeed::scrollTo(quint64 turn)
{
    m_wanted = turn;
    scrollToWanted();
}

/// Earlier turns come to the page after later ones, so it waits for all of them.
void TranscriptFeed::scrollToWanted()
{
    if (!m_wanted || !m_ready || m_waiting || hasChanges())
        return;
    m_page->run(QStringLiteral("argali.scroll.toElement(argali.turns.views.get('%1').section)")
                    .arg(std::exchange(m_wanted, 0)));
}

void TranscriptFeed::whenShown(const std::function<void(TranscriptPage& page)>& task)
{
    const auto act = [this, task] {
        while (hasChanges())
            flush();
        task(*m_page);
    };
    if (m_ready)
        act();
    else
        m_whenReady.emplace_back(act);
}

void TranscriptFeed::flush()
{
    if (!m_ready)
        return;
    m_timer.stop();
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

void TranscriptFeed::send(const std::string& commands, qint64 spent)
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
            noteChanged();
        else
            scrollToWanted();
    });
}

} // namespace argali::gui
