#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <QObject>
#include <QTimer>

#include "gui/chat/transcriptturn.h"

namespace argali::gui {

class TranscriptPage;

/// Brings the turns of a transcript to its page: what has changed, at most every 30 ms and the
/// newest first, and everything to a page that was loaded anew. Never waits for the page.
/// Thread: GUI.
class TranscriptFeed final : public QObject {
    Q_OBJECT
public:
    using Turns = std::vector<std::unique_ptr<TranscriptTurn>>;

    /// turns: outlive this. look: the command that gives the page its colours and words
    TranscriptFeed(const Turns& turns, std::function<std::string()> look,
                   QObject* parent = nullptr);

    bool isReady() const { return m_ready; }
    /// The page is loaded and empty: all is brought to it.
    void begin(TranscriptPage& page);
    void end();         ///< It is gone; begin() may follow.
    void noteChanged(); ///< Some turn is otherwise.
    void changeLook();
    void clear();
    /// That turn and those after it, which go at once.
    void removeFrom(quint64 turn);
    /// Brings the beginning of a turn into sight once all is on the page; 0: none any more.
    void scrollTo(quint64 turn);
    /// Does this when the page is ready and has all that was said so far.
    void whenShown(const std::function<void(TranscriptPage& page)>& task);

private:
    bool hasChanges() const;
    void add(const std::string& command);
    void flush();
    void send(const std::string& commands, qint64 spent);
    void scrollToWanted();

    const Turns& m_turns;
    const std::function<std::string()> m_look;
    TranscriptPage* m_page = nullptr;
    std::string m_commands; ///< not of a turn: removals, look
    bool m_ready = false;
    bool m_waiting = false; ///< the page has commands that it has not confirmed
    int m_generation = 0;   ///< of the page; confirmations of an earlier one do not count
    quint64 m_wanted = 0;   ///< to be scrolled to
    QTimer m_timer;
    std::chrono::milliseconds m_pause;
    std::vector<std::function<void()>> m_whenReady;
};

} // namespace argali::gui
