#include "gui/logfile.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QLoggingCategory>
#include <QStandardPaths>

#include "engine/log.h"

namespace argali::gui {
namespace {

struct Closer {
    void operator()(std::FILE* open) const { std::fclose(open); }
};

// Qt's message handler is a plain function, so the file it writes to lives here. It is no QFile:
// that may itself have something to say, while the guard is held.
std::mutex guard;
std::unique_ptr<std::FILE, Closer> file;
std::string fileName;
qint64 written = 0;

QString stateFolder()
{
    QString base = qEnvironmentVariable("XDG_STATE_HOME");
    if (!QDir::isAbsolutePath(base)) // as the specification says: relative paths are ignored
        base = QDir::home().filePath(QStringLiteral(".local/state"));
    return QDir(base).filePath(QStringLiteral("argali"));
}

/// The former log becomes NAME.1.
bool rotate()
{
    file.reset();
    std::rename(fileName.c_str(), (fileName + ".1").c_str());
    written = 0;
    file.reset(std::fopen(fileName.c_str(), "w"));
    return file != nullptr;
}

void handleQt(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    const char* kind = type == QtDebugMsg      ? "debug"
                       : type == QtInfoMsg     ? "info"
                       : type == QtWarningMsg  ? "warning"
                       : type == QtCriticalMsg ? "error"
                                               : "fatal";
    // What a page says may quote what it shows.
    if (context.category && std::string_view(context.category) == "js")
        return;
    logLine(kind, message.toStdString());
    if (type == QtCriticalMsg || type == QtFatalMsg)
        std::fprintf(stderr, "argali: %s\n", qPrintable(message));
}

} // namespace

QString openLog()
{
    const QString folder = stateFolder();
    QDir().mkpath(folder);
    const QString name = QDir(folder).filePath(QStringLiteral("argali.log"));
    bool opened = false;
    {
        const std::lock_guard lock(guard);
        fileName = QFile::encodeName(name).toStdString();
        opened = rotate();
    }
    qInstallMessageHandler(handleQt);
    setLogSink([](LogLevel level, std::string_view message) {
        logLine(level == LogLevel::Debug  ? "debug"
                : level == LogLevel::Info ? "info"
                                          : "warning",
                message);
    });
    return opened ? name : QString();
}

QString logFileName()
{
    const std::lock_guard lock(guard);
    return file ? QFile::decodeName(QByteArray::fromStdString(fileName)) : QString();
}

QStringList clearLog()
{
    const std::lock_guard lock(guard);
    if (!file)
        return {};
    file.reset();
    QStringList left;
    for (const std::string& name : {fileName, fileName + ".1"}) {
        if (std::remove(name.c_str()) != 0 && errno != ENOENT)
            left.append(QFile::decodeName(QByteArray::fromStdString(name)));
    }
    written = 0;
    file.reset(std::fopen(fileName.c_str(), "w"));
    return left;
}

void logLine(std::string_view kind, std::string_view message)
{
    QByteArray line = QDateTime::currentDateTime().toString(Qt::ISODateWithMs).toLatin1();
    line += ' ';
    line += QByteArray::fromRawData(kind.data(), qsizetype(kind.size()));
    line += ": ";
    line +=
        QByteArray::fromRawData(message.data(), qsizetype(std::min<size_t>(message.size(), 4000)));
    line += '\n';
    const std::lock_guard lock(guard);
    if (!file) {
        std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
        return;
    }
    if (written + line.size() > largestLog && !rotate())
        return;
    written += qint64(std::fwrite(line.constData(), 1, size_t(line.size()), file.get()));
    std::fflush(file.get());
}

} // namespace argali::gui
