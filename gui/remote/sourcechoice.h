#pragma once

#include <optional>
#include <vector>

#include <QList>
#include <QObject>
#include <QStringList>

#include "engine/remote/router.h"
#include "gui/chat/conversationbook.h"
#include "gui/chat/engineworker.h"
#include "gui/remote/remotetarget.h"
#include "gui/settings/settings.h"

namespace argali::gui {

class RemoteReplySource;
class ReplySource;
class SourceSwitch;

/// A model that can be asked, of a server or of several that answer for each other.
struct OfferedModel {
    RemoteTarget target;   ///< the first one
    QString shown;         ///< with the server's name where two have the same
    bool isUsable = false; ///< by the last checks: one of them can be asked

    QString group;                    ///< empty: target stands alone
    QString removed;                  ///< a member that was removed and is still asked for
    std::vector<RemoteTarget> others; ///< members of the group that have the model, too, in order
    remote::Router::Policy policy = remote::Router::Policy::Ordered;
    QStringList broken;     ///< members that the last check could not use
    bool takesFilms = true; ///< unless the user says otherwise

    AnswerSource source() const { return sourceOf(target); }
    static AnswerSource sourceOf(const RemoteTarget& target)
    {
        return {target.profile, QString::fromStdString(target.model.id)};
    }
    /// Whether it answers what goes there, also as another member of the group.
    bool isFor(const AnswerSource& source) const;
    std::vector<RemoteTarget> targets() const;
    /// Of the server, or of the group.
    QString place() const { return group.isEmpty() ? target.server : group; }
    /// What is known of the model, at best: a member that cannot is passed over.
    remote::RemoteModel model() const;
    /// The first member that can be asked, else the first.
    const RemoteTarget& firstUsable() const;
    /// Questions to that source go here from now on.
    void aim(RemoteReplySource& source) const;
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
    const OfferedModel* suggestedModel() const; ///< ... with what is known of it, or null
    /// The server whose state is that of the answers to come; empty: this computer.
    QString connectedServer() const;

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
