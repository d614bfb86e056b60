#pragma once

#include <QWidget>

namespace argali::gui {

class Button;
class SegmentedControl;
class Settings;

/// The row under the question: whether pictures or a film are asked about, attach, thinking, times
/// of the frames, send. Thread: GUI.
class ComposerTools final : public QWidget {
    Q_OBJECT
public:
    ComposerTools(Settings& settings, QWidget* parent);

    bool isFilm() const; ///< The switch stands on films.
    /// By the program, not by the user: filmChosen() does not follow.
    void setFilm(bool film);
    /// With something attached the switch only says what it is.
    void setSettled(bool settled);
    /// What the model sees, and so what can be attached.
    void setSight(bool pictures, bool films);
    void setTimesShown(bool shown);
    /// can: this model thinks; budget: tokens it is held to, 0: none
    void showThinking(bool can, bool on, int budget);
    /// busy: an answer is being written, the button stops it; ready: there is something to send
    void showSend(bool busy, bool ready);

signals:
    void filmChosen(bool film);
    void attachRequested();
    void thinkingChosen(bool on);
    void sendRequested();
    void stopRequested();

private:
    void showKinds();

    Settings& m_settings;
    bool m_isSettled = false;
    bool m_seesPictures = true;
    bool m_seesFilms = true;
    bool m_busy = false;
    SegmentedControl* const m_kind;
    Button* const m_attach;
    Button* const m_thinking;
    Button* const m_times;
    Button* const m_send;
};

} // namespace argali::gui
