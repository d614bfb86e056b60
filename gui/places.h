#pragma once

#include <QString>

namespace argali::gui {

/// What is kept where, by the XDG base directory rules.
struct Places {
    QString settingsFile; ///< empty: the user's own
    QString draftFile;
    QString pasteFolder;
    QString historyFile;
    QString mediaFolder; ///< what was sent, each file once

    static Places ofUser();
    /// All of it under one folder, for tests and pictures.
    static Places under(const QString& folder);
};

} // namespace argali::gui
