#pragma once

#include "gui/chat/conversationbook.h"
#include "gui/chat/engineworker.h"
#include "gui/settings/answeroptions.h"

namespace argali::gui {

/// How answers are made in the chat that is open: its own options, or the defaults in a new chat
/// for which nobody has chosen otherwise.
/// Thread: GUI.
class ChatOptions final : public QObject {
    Q_OBJECT
public:
    ChatOptions(Settings& settings, ConversationBook& book, QObject* parent = nullptr);

    AnswerOptions current() const;
    AnswerOptions defaults() const { return AnswerOptions::from(m_settings); }
    quint64 chat() const { return m_book.current().id(); } ///< the one that is open
    /// What current() says for this chat only; other chats and the defaults stay.
    void set(const AnswerOptions& options);
    void set(quint64 chat, const AnswerOptions& options); ///< ... of one that need not be open.
    /// What a preset says; the adapter stays.
    void apply(const AnswerOptions& preset);
    /// Which adapter answers in a chat from the next question on: the name of one of the model's;
    /// empty: none.
    void setAdapter(quint64 chat, const QString& name);
    /// An empty chat follows them again; one with turns takes what they are now. The adapter stays.
    void useDefaults();
    /// What was current stays so for this chat, whatever the defaults become.
    void keep();
    /// For one question: what this model can do and has, a seed, and what the composer adds.
    AnswerOptions forAnswer(const std::optional<LoadedModel>& model) const;

signals:
    void changed();       ///< current() or defaults() may be others
    void aboutToSwitch(); ///< another chat will be open; what is typed still is for this one

private:
    Settings& m_settings;
    ConversationBook& m_book;
};

} // namespace argali::gui
