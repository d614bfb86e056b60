#pragma once

#include <optional>

#include <QScrollArea>

#include "gui/chat/engineworker.h"
#include "gui/settings/settings.h"

class QLabel;
class QPlainTextEdit;

namespace argali::gui {

class Disclosure;
class ToggleSwitch;
class ValueSlider;

/// The panel "Answer": how answers are chosen, how long the model thinks and writes. The longest
/// answer and the thinking budget hold each other: moving one moves the other.
class SamplingPanel final : public QScrollArea {
    Q_OBJECT
public:
    explicit SamplingPanel(Settings& settings, QWidget* parent = nullptr);
    /// Greys what the model cannot do and says why.
    void setModel(const std::optional<LoadedModel>& model);

    ToggleSwitch* sampling() const { return m_sampling; }
    ToggleSwitch* thinking() const { return m_thinking; }
    ValueSlider* temperature() const { return m_temperature; }
    ValueSlider* budget() const { return m_budget; }
    ValueSlider* longest() const { return m_longest; }
    QPlainTextEdit* systemPrompt() const { return m_system; }

private:
    QWidget* makeSampling();
    QWidget* makeThinking();
    QWidget* makeSystemPrompt();
    void showState();

    Settings& m_settings;
    bool m_canThink = true;
    ToggleSwitch* m_sampling = nullptr;
    ValueSlider* m_temperature = nullptr;
    Disclosure* m_more = nullptr;
    ToggleSwitch* m_thinking = nullptr;
    QLabel* m_thinkingHint = nullptr;
    ValueSlider* m_budget = nullptr;
    ValueSlider* m_longest = nullptr;
    QPlainTextEdit* m_system = nullptr;
};

} // namespace argali::gui
