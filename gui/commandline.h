#pragma once

#include <QString>
#include <QStringList>

namespace argali::gui {

/// What the program is asked for when it is started. Read before there is an application, so that
/// --help needs no display.
struct CommandLine {
    QString modelFolder; ///< empty: the one that was open last
    QStringList files;   ///< to attach
    QString shotsFolder;
    bool trace = false;
    bool separate = false; ///< a window of its own, whatever runs already
    bool wantsHelp = false;
    bool wantsVersion = false;
    QString error; ///< why it cannot be understood; empty when it can

    /// A folder is a model; a file, or a name that ends as pictures and films do, is for attaching,
    /// whether it is there or not: what is missing is said where it would stand.
    /// arguments: the program's name first
    static CommandLine read(const QStringList& arguments);
};

} // namespace argali::gui
