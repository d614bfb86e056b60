#pragma once

#include <functional>

#include <QList>
#include <QObject>
#include <QStringList>
#include <QThreadPool>

#include "gui/remote/connectionprofile.h"

class QJsonArray;

namespace argali::gui {

class Settings;

/// The servers that the user has named, in a file beside the settings that only they can read, and
/// without a key. A broken file is put aside; that of a newer Argali is left as it is. What cannot
/// be written stays in memory; trouble() says so.
/// Thread: GUI; the file is written by a thread of its own.
class ProfileStore final : public QObject {
    Q_OBJECT
public:
    explicit ProfileStore(const QString& fileName, QObject* parent = nullptr);
    ~ProfileStore() override; ///< What is still to be written is.

    /// The one that belongs to these settings; theirs, and made when it is first asked for.
    static ProfileStore& of(Settings& settings);
    static QString fileBeside(const QString& settingsFile);

    const QList<ConnectionProfile>& profiles() const { return m_profiles; }
    int indexOf(const QString& id) const; ///< -1: there is none.
    const ConnectionProfile* find(const QString& id) const;
    /// Who answers what goes to this id: itself, or, where it was removed, the first that is in its
    /// group now. Null when there is none.
    const ConnectionProfile* standInFor(const QString& id) const;

    // Each returns a sentence that says why nothing was changed, or nothing.
    QString put(const ConnectionProfile& profile); ///< adds it, or takes the place of its id
    QString insert(int index, const ConnectionProfile& profile); ///< puts back what was removed
    QString remove(const QString& id);
    /// Moves it by so many places in the list, which is the order within its group, too.
    QString move(const QString& id, int places);
    /// Keeps what was learnt of a server that is still there; how it is reached stays.
    void learn(const QString& id, const std::function<void(ConnectionProfile&)>& change);

    QString trouble() const { return m_readTrouble.isEmpty() ? m_writeTrouble : m_readTrouble; }
    const QString& fileName() const { return m_fileName; }
    /// Forgets all and removes the file, with those that were put aside. Returns paths of what
    /// could not be removed.
    QStringList erase();

    static constexpr int most = 100;
    static constexpr qint64 largestFile = 4 << 20; ///< bytes

signals:
    void changed(); ///< profiles or trouble() are others
    void learnt(const QString& id);
    /// Nothing of them may come back; their keys are to go, too.
    void erased(const QStringList& ids);

private:
    /// A member of a group that was removed; chats may still be with it.
    struct Former {
        QString id;
        QString group;
    };

    void read();
    bool take(const QByteArray& bytes);
    void takeFormer(const QJsonArray& list);
    QByteArray bytesOf(const QList<ConnectionProfile>& profiles) const;
    bool putAside();
    QString change(const QList<ConnectionProfile>& profiles);
    void write();
    void takeWritten(const QString& error);

    const QString m_fileName;
    QList<ConnectionProfile> m_profiles;
    QList<Former> m_former; ///< the latest ones, at most as many as profiles
    QString m_readTrouble;
    QString m_writeTrouble;
    QString m_aside;           ///< the sentence for when the file has been put aside, with %1
    bool m_isInTheWay = false; ///< what lies there could not be put aside and must not be lost
    bool m_isNewer = false;    ///< what lies there is of a newer Argali
    QThreadPool m_writer;
};

} // namespace argali::gui
