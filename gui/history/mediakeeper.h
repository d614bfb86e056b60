#pragma once

#include <atomic>

#include <QObject>
#include <QStringList>
#include <QThreadPool>

namespace argali::gui {

/// What became of a file that was sent.
struct KeptMedia {
    QString path;   ///< where it was
    QString sha256; ///< empty: it could not be read
    QString copy;   ///< name of the copy in the folder named by the sum; empty: not copied
    qint64 bytes = 0;
};

/// Keeps what was sent: each file once, in a folder named by the SHA-256 of its content, so that a
/// chat outlives the original. Files larger than largestCopy stay where they are and are known by
/// path, size and sum.
/// Thread: any; files are read by a thread of its own.
class MediaKeeper final : public QObject {
    Q_OBJECT
public:
    explicit MediaKeeper(const QString& folder, QObject* parent = nullptr);
    ~MediaKeeper() override; ///< Gives up what is not read yet; the next start begins there.

    void keep(const QString& path); ///< kept() follows
    QString pathOf(const QString& sha256, const QString& copy) const;
    /// The sum of a file that is kept already; empty when the path is another one.
    QString sumOf(const QString& path) const;
    /// Moves a file that lies in folder() already, and whose content has this sum, to its place.
    /// Returns its path there; empty when it cannot be moved. isNew: nothing was kept under the sum
    QString take(const QString& file, const QString& sha256, const QString& name, bool& isNew);
    void remove(const QString& sha256);
    /// Gives up what is being read and removes the folder. Returns paths of what is left.
    QStringList erase();
    QStringList sums() const; ///< Of every folder there is.
    const QString& folder() const { return m_folder; }

    static constexpr qint64 largestCopy = 64 << 20;

signals:
    void kept(const argali::gui::KeptMedia& media);

private:
    KeptMedia read(const QString& path) const;

    const QString m_folder;
    std::atomic<bool> m_stop = false;
    QThreadPool m_reader;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::KeptMedia)
