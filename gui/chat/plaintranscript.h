#pragma once

#include <map>
#include <memory>
#include <vector>

#include <QTimer>
#include <QWidget>

#include "gui/chat/transcriptturn.h"

class QLabel;
class QPushButton;
class QTextBrowser;
class QUrl;

namespace argali::gui {

/// The transcript without a web page, for where that cannot be shown: the same turns as rich text,
/// formulas as their source. Loads nothing, like the page. Thread: GUI.
class PlainTranscript final : public QWidget {
    Q_OBJECT
public:
    using Turns = std::vector<std::unique_ptr<TranscriptTurn>>;

    /// turns: outlives this.
    explicit PlainTranscript(const Turns& turns, QWidget* parent = nullptr);

    /// Why there is no page, and what the button does; no line where both are empty.
    void setNotice(const QString& sentence, const QString& button);
    /// Something of this turn or after it has changed; it is shown soon.
    void noteChanged(quint64 turn);
    void setZoom(int percent);
    /// Everything has.
    void showAll();
    /// Brings the beginning of a turn into sight.
    void scrollTo(quint64 turn);
    /// The next place of a text; how many there are and which one is shown (from 1) come back.
    std::pair<int, int> find(const QString& text, bool backward);

    QTextBrowser* browser() const { return m_browser; }

signals:
    void linkActivated(const QUrl& url);
    void chosen(quint64 turn, const QString& what); ///< "copy", "action:ID", "picture:0" ...
    void noticeButtonPressed();

private:
    class Browser;
    void update();
    void activate(const QUrl& url);

    const Turns& m_turns;
    QWidget* const m_notice;
    QLabel* const m_sentence;
    QPushButton* const m_button;
    QTextBrowser* const m_browser;
    std::map<quint64, int> m_begins; ///< where the text of a turn begins
    bool m_all = true;
    int m_zoom = 100;
    quint64 m_from = 0; ///< the first turn that changed; 0: none
    QTimer m_timer;
};

} // namespace argali::gui
