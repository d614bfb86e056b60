#include "gui/commandline.h"

#include <QCommandLineParser>
#include <QFileInfo>

#include "gui/chat/attachable.h"

namespace argali::gui {

CommandLine CommandLine::read(const QStringList& arguments)
{
    QCommandLineParser parser;
    const QCommandLineOption help(QStringList{QStringLiteral("h"), QStringLiteral("help")});
    const QCommandLineOption version(QStringLiteral("version"));
    const QCommandLineOption trace(QStringLiteral("trace-start"));
    const QCommandLineOption shots(QStringLiteral("shots"), QString(), QStringLiteral("DIR"));
    const QCommandLineOption separate(
        QStringList{QStringLiteral("new-window"), QStringLiteral("separate")});
    parser.addOptions({help, version, trace, shots, separate});
    CommandLine line;
    if (!parser.parse(arguments)) {
        line.error = parser.errorText();
        return line;
    }
    for (const QString& path : parser.positionalArguments()) {
        const QFileInfo info(path);
        if (!info.isDir() && (info.isFile() || isNamedLikeMedia(path))) {
            line.files.append(info.absoluteFilePath());
        } else if (line.modelFolder.isEmpty()) {
            line.modelFolder = info.absoluteFilePath();
        } else {
            line.error = QStringLiteral("%1 and %2: one model at most is opened")
                             .arg(line.modelFolder, info.absoluteFilePath());
            return line;
        }
    }
    line.wantsHelp = parser.isSet(help);
    line.wantsVersion = parser.isSet(version);
    line.trace = parser.isSet(trace);
    line.separate = parser.isSet(separate);
    line.shotsFolder = parser.value(shots);
    return line;
}

} // namespace argali::gui
