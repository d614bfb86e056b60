#pragma once

#include <optional>

#include <QList>
#include <QObject>

#include "gui/chat/conversationbook.h"
#include "gui/chat/engineworker.h"
#include "gui/remote/remotetarget.h"
#include "gui/settings/settings.h"

namespace argali::gui {

class RemoteReplySource;
class ReplySource;
class SourceSwitch;

/// A model of a server that can be asked.
struct OfferedModel {
    RemoteTarget target;
    QString shown;         ///< with the server's name where two have the same
    bool isUsable = false; ///< by the last check of the server

    AnswerSource source() const
    {
        return {target.profile, QString::fromStdString(target.model.id)};
    }
};

/// Which model answers in the chat that is open: the one on this computer, or one of a server. Each
/// chat remembers it; a new one begins with what was chosen last.
/// Thread: GUI.
class SourceChoice final : public QObject {
    Q_OBJECT
public:
    /// All of them must outlive this.
    SourceChoice(Settings& settings, ConversationBook& book, SourceSwitch& sources,
                 RemoteReplySource& remote, QObject* parent = nullptr);

    const AnswerSource& current() const { return m_current; }
    bool isLocal() const { return m_current.isLocal(); }
    /// What the window shows of the server's model; nothing for the one on this computer.
    std::optional<LoadedModel> remoteModel() const;
    /// The model on this computer.
    ReplySource& local() const;
    /// Who answers in the chat that is open, from now on.
    void choose(const AnswerSource& source);
    /// The server that was asked last, or the first that can be; none when no server is known.
    std::optional<AnswerSource> suggestedServer() const;

    const QList<OfferedModel>& offered() const { return m_offered; }
    void setOffered(const QList<OfferedModel>& offered);

signals:
    void changed();        ///< another one answers, or more is known of it
    void offeredChanged(); ///< the models of servers

private:
    void followChat();
    void take(const AnswerSource& source);
    void aim();
    const OfferedModel* find(const AnswerSource& source) const;

    Settings& m_settings;
    ConversationBook& m_book;
    SourceSwitch& m_sources;
    RemoteReplySource& m_remote;
    AnswerSource m_current;
    QList<OfferedModel> m_offered;
};

} // namespace argali::gui
