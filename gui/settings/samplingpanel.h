#pragma once

#include <optional>

#include <QScrollArea>

#include "gui/chat/chatoptions.h"
#include "gui/settings/answerform.h"

namespace argali::gui {

class Button;
class PresetRow;

/// The panel "Answer": how answers are made in the chat that is open.
class SamplingPanel final : public QScrollArea {
    Q_OBJECT
public:
    SamplingPanel(Settings& settings, ChatOptions& options, QWidget* parent = nullptr);
    /// Greys what the model cannot do and says why.
    void setModel(const std::optional<LoadedModel>& model);

    PresetRow* presets() const { return m_presets; }
    AnswerForm* form() const { return m_form; }
    Button* makeDefaults() const { return m_makeDefaults; }
    ToggleSwitch* sampling() const { return m_form->sampling(); }
    ToggleSwitch* thinking() const { return m_form->thinking(); }
    ValueSlider* temperature() const { return m_form->temperature(); }
    ValueSlider* budget() const { return m_form->budget(); }
    ValueSlider* longest() const { return m_form->longest(); }
    QPlainTextEdit* systemPrompt() const { return m_form->systemPrompt(); }

private:
    void showOptions();

    ChatOptions& m_options;
    PresetRow* const m_presets;
    AnswerForm* const m_form;
    Button* const m_makeDefaults;
};

} // namespace argali::gui
