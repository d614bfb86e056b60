#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QWidget>

#include "gui/chat/engineworker.h"
#include "gui/settings/answeroptions.h"

class QLabel;
class QPlainTextEdit;
class QVBoxLayout;

namespace argali::gui {

class Button;
class Disclosure;
class Hairline;
class PictureFields;
class ToggleSwitch;
class ValueSlider;

/// The controls of one AnswerOptions. Longest answer and thinking budget hold each other: moving
/// one moves the other as far as needed.
class AnswerForm final : public QWidget {
    Q_OBJECT
public:
    explicit AnswerForm(QWidget* parent = nullptr);

    const AnswerOptions& options() const { return m_options; }
    void setOptions(const AnswerOptions& options); ///< Signals nothing.
    /// Where the default buttons lead.
    /// sentence: what they say they do, with %1 for the value
    void setDefaults(const AnswerOptions& defaults, const QString& sentence);
    /// Greys what the model cannot do and says why; its context bounds the answers.
    void setModel(const std::optional<LoadedModel>& model);
    /// Takes numbers that were typed and not confirmed yet.
    void commitTyped();

    ToggleSwitch* sampling() const { return m_sampling; }
    ValueSlider* temperature() const { return m_temperature; }
    Disclosure* more() const { return m_more; }
    ToggleSwitch* thinking() const { return m_thinking; }
    ToggleSwitch* hasBudget() const { return m_hasBudget; }
    ValueSlider* budget() const { return m_budget; }
    ValueSlider* longest() const { return m_longest; }
    QPlainTextEdit* systemPrompt() const { return m_system; }
    PictureFields* pictures() const { return m_pictures; }
    /// Hidden where the model suggests nothing else than is chosen.
    Button* suggested() const { return m_suggested; }
    QString note() const; ///< Of the context under the longest answer; empty when there is none.

signals:
    void edited(const argali::gui::AnswerOptions& options);

private:
    /// How a slider moves.
    struct Track {
        double minimum = 0;
        double maximum = 1;
        double step = 1;
        int decimals = 0;
    };
    QWidget* makeSampling();
    void addSuggestion(QVBoxLayout* layout);
    void showSuggestion();
    QWidget* makeThinking();
    QWidget* makeSystemPrompt();
    ToggleSwitch* addSwitch(QVBoxLayout* layout, const QString& caption, const QString& description,
                            const std::function<bool&(AnswerOptions&)>& field);
    ValueSlider* addSlider(QVBoxLayout* layout, const QString& caption, const QString& description,
                           const Track& track,
                           const std::function<double(const AnswerOptions&)>& get,
                           const std::function<void(AnswerOptions&, double)>& set);
    void change(const std::function<void(AnswerOptions&)>& how);
    void takeSystemPrompt();
    void resetSystemPrompt();
    int longestPossible() const;
    void showState();

    AnswerOptions m_options;
    AnswerOptions m_defaults;
    QString m_sentence;
    std::vector<ValueSlider*> m_sliders;
    std::vector<std::function<void()>> m_shows; ///< of each control the options and defaults
    bool m_showing = false;                     ///< what changes now is not the user's doing
    bool m_canThink = true;
    qint64 m_context = 0; ///< of the open model; 0: not known
    ToggleSwitch* m_sampling = nullptr;
    ValueSlider* m_temperature = nullptr;
    Disclosure* m_more = nullptr;
    ToggleSwitch* m_thinking = nullptr;
    QLabel* m_thinkingHint = nullptr;
    ToggleSwitch* m_hasBudget = nullptr;
    ValueSlider* m_budget = nullptr;
    ValueSlider* m_longest = nullptr;
    QLabel* m_note = nullptr;
    Button* m_suggested = nullptr;
    std::optional<Sampling> m_suggestion; ///< of the model that is open, within our ranges
    PictureFields* m_pictures = nullptr;
    Hairline* m_overPictures = nullptr;
    QPlainTextEdit* m_system = nullptr;
    QLabel* m_promptNote = nullptr;
};

} // namespace argali::gui
