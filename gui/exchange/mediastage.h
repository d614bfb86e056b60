#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include <QTemporaryDir>

#include "gui/exchange/chatjson.h"
#include "gui/history/historyworker.h"

namespace argali::gui {

/// Copies the pictures and films of a chat that was read into a folder of its own within that of
/// the media, each once, and looks whether they are what they are said to be. What was not kept by
/// the end goes with this object.
/// Thread: any one.
class MediaStage final {
public:
    explicit MediaStage(const QString& mediaFolder) : m_mediaFolder(mediaFolder) {}

    /// Gives every medium of the chat its path. Files are looked for in the folder.
    /// Throws: ExportError, when they cannot be copied
    void take(ReadChat& read, const QString& folder, const std::stop_token& stop);
    const std::vector<StagedMedia>& media() const { return m_media; }
    int missing() const { return m_missing; }     ///< not there, or not what was sent
    int elsewhere() const { return m_elsewhere; } ///< too large to be copied: used where they lie

private:
    QString stage(const QString& path, const QString& name, const QString& sum,
                  const std::stop_token& stop);
    QString newFile();

    const QString m_mediaFolder;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::vector<StagedMedia> m_media;
    int m_missing = 0;
    int m_elsewhere = 0;
};

} // namespace argali::gui
