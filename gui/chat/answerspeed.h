#pragma once

#include <optional>

#include <QJsonObject>

#include "gui/chat/engineworker.h"
#include "gui/settings/settings.h"

namespace argali::gui {

/// How fast models answered on this computer, measured with every answer and remembered, so that
/// the time to the first word can be told before a question is sent.
/// Thread: GUI.
class AnswerSpeed final {
public:
    explicit AnswerSpeed(Settings& settings);

    void learn(const LoadedModel& model, const Usage& usage, const Timings& timings);
    /// Seconds; from another model on the same device, in proportion to the parameters, while this
    /// one has not answered yet. Nothing when none has.
    std::optional<double> firstWord(const LoadedModel& model, const RequestCost& cost) const;

private:
    QJsonObject models()
        const; // by name, device and type: ms a token of the prompt, ms a visual token

    Settings& m_settings;
};

} // namespace argali::gui
