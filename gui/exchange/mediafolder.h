#pragma once

#include <map>
#include <stop_token>

#include <QString>

#include "gui/chat/attachment.h"
#include "gui/exchange/safename.h"

namespace argali::gui {

/// The pictures and films of one exported chat: each once, its bytes as they are, under its own
/// name made safe. The folder is made with the first one.
/// Thread: the one that writes the export.
class MediaFolder final {
public:
    struct Copy {
        QString name;   ///< in the folder; empty: the file is not there any more
        QString sha256; ///< of its content
        qint64 bytes = 0;
    };

    MediaFolder(const QString& folder, std::stop_token stop)
        : m_folder(folder), m_stop(std::move(stop))
    {
    }
    /// Copies a file; the same path is copied once.
    /// Throws: ExportError, when it cannot be written
    const Copy& add(const MediaFile& file);
    bool isEmpty() const { return !m_made; }
    int missing() const { return m_missing; } ///< files that could not be read

private:
    Copy copy(const MediaFile& file);

    const QString m_folder;
    const std::stop_token m_stop;
    UniqueNames m_names;
    std::map<QString, Copy> m_copies; ///< by the path of the original
    bool m_made = false;
    int m_missing = 0;
};

} // namespace argali::gui
