#pragma once

#include <array>
#include <memory>

#include <QDialog>

#include "gui/chat/turncontroller.h"
#include "gui/remote/sourcechoice.h"

class QComboBox;
class QLabel;
class QPlainTextEdit;

namespace argali::gui {

class Button;
class MediaLoader;
class TranscriptPane;

/// The same question to two models, side by side, each answer with its time and its tokens. It goes
/// on from the chat that was open, and nothing of it is kept.
/// Thread: GUI.
class Comparison final : public QDialog {
    Q_OBJECT
public:
    /// What it works with; all of it outlives the dialog.
    struct Parts {
        Settings& settings;
        MediaLoader& loader;
        SourceChoice& sources;
    };
    /// Of one question: a model here has adapters and choices about pictures that servers have not.
    struct Options {
        AnswerOptions here;
        AnswerOptions onServer;
    };
    /// before: the chat so far; question: what stands in the composer
    /// localModel: of this computer; none: only servers can be compared
    Comparison(const Parts& parts, const Conversation& before, const Draft& question,
               const Options& options, const std::optional<LoadedModel>& localModel,
               QWidget* parent);
    ~Comparison() override;

    void ask();
    void stop();
    bool isBusy() const;
    /// side: 0 left, 1 right
    QComboBox* choice(int side) const;
    const Turn* turn(int side) const; ///< null until it was asked
    QPlainTextEdit* question() const { return m_text; }
    Button* askButton() const { return m_ask; }

private:
    struct Side;
    void fillChoices();
    void showState();
    std::unique_ptr<ReplySource> sourceOf(const AnswerSource& source) const;
    QString deviceAt(const AnswerSource& source) const;

    const Parts m_parts;
    const Conversation m_before;
    const Draft m_question;
    const Options m_options;
    const std::optional<LoadedModel> m_localModel;
    QPlainTextEdit* m_text = nullptr;
    QLabel* m_hint = nullptr;
    Button* m_ask = nullptr;
    Button* m_stop = nullptr;
    std::array<std::unique_ptr<Side>, 2> m_sides;
};

} // namespace argali::gui
