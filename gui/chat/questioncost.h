#pragma once

#include <optional>

#include <QTimer>
#include <QWidget>

#include "gui/chat/answerspeed.h"

namespace argali::gui {

class ChatOptions;
class Composer;
class ConversationBook;
class ElidedLabel;
class ReplySource;
class TurnController;

/// The line under the composer: what the question in it will cost, asked of the reply source
/// whenever something has changed that it depends on.
/// Thread: GUI.
class QuestionCost final : public QWidget {
    Q_OBJECT
public:
    QuestionCost(Settings& settings, ReplySource& source, ConversationBook& book,
                 TurnController& turns, ChatOptions& options, Composer& composer, QWidget* parent);

    /// loading: a model is on its way.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// Of the question as it stands; nothing until the source has answered.
    const std::optional<RequestCost>& known() const { return m_known; }
    QString text() const;

private:
    void forget();
    void ask();
    QString aspectRatio() const;
    void showCost();
    void showSize(quint64 question, int pictures, qint64 bytes);
    void learnSpeed(quint64 turn);

    ReplySource& m_source;
    ConversationBook& m_book;
    TurnController& m_turns;
    ChatOptions& m_options;
    Composer& m_composer;
    ElidedLabel* const m_line;
    std::optional<LoadedModel> m_model;
    bool m_loading = false;
    AnswerSpeed m_speed;
    std::optional<RequestCost> m_known;
    quint64 m_question = 0; ///< number of the one that the source was asked last
    QTimer m_delay;
};

} // namespace argali::gui
