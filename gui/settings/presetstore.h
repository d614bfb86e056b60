#pragma once

#include <QList>
#include <QObject>
#include <QStringList>
#include <QThreadPool>

#include "gui/settings/answeroptions.h"

namespace argali::gui {

/// Options under a name.
struct Preset {
    QString name;
    AnswerOptions options;
};

/// The named presets of answer options, in a file beside the settings. What cannot be read is put
/// aside, and what cannot be written stays in memory; trouble() says so.
/// Thread: GUI; the file is written by a thread of its own.
class PresetStore final : public QObject {
    Q_OBJECT
public:
    explicit PresetStore(const QString& fileName, QObject* parent = nullptr);
    ~PresetStore() override; ///< What is still to be written is.

    /// The one that belongs to these settings; theirs, and made when it is first asked for.
    static PresetStore& of(Settings& settings);
    /// Where the presets that belong to this file of settings are.
    static QString fileBeside(const QString& settingsFile);

    const QList<Preset>& presets() const { return m_presets; }
    int indexOf(const QString& name) const;              ///< Ignores case; -1: there is none.
    int indexOfLike(const AnswerOptions& options) const; ///< The first that answers alike, or -1.

    // Each returns a sentence that says why nothing was changed, or nothing.
    QString put(const QString& name, const AnswerOptions& options); ///< adds it or overwrites it
    QString insert(int index, const Preset& preset);                ///< puts back what was removed
    QString rename(const QString& name, const QString& newName);
    QString remove(const QString& name);

    /// What is wrong with the file, as a sentence; empty: nothing.
    QString trouble() const { return m_readTrouble.isEmpty() ? m_writeTrouble : m_readTrouble; }
    const QString& fileName() const { return m_fileName; }
    /// Forgets all and removes the file, with those that were put aside. Returns paths of what
    /// could not be removed.
    QStringList erase();

    static constexpr int most = 100;
    static constexpr qint64 largestFile = 1 << 20; ///< bytes

signals:
    void changed(); ///< presets or trouble() are others
    void erased();  ///< nothing of them may come back

private:
    void read();
    bool take(const QByteArray& bytes);
    bool putAside();
    QString change(const QList<Preset>& presets);
    void write();
    void takeWritten(const QString& error);

    const QString m_fileName;
    QList<Preset> m_presets;
    QString m_readTrouble;
    QString m_writeTrouble;
    QString m_aside;           ///< the sentence for when the file has been put aside, with %1
    bool m_isInTheWay = false; ///< what lies there could not be put aside and must not be lost
    QThreadPool m_writer;
};

} // namespace argali::gui
