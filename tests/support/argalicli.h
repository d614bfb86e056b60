#pragma once

// Runs argali-cli as its users do and looks at what comes back.

#include <QByteArray>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStringList>

namespace argali::test {

inline const QString dataFolder = ARGALI_TEST_DATA;
inline const QString tiny = dataFolder + "/ovis2_5-tiny";
inline const QString samples = QString(ARGALI_RESOURCES) + "/pocket/samples/";
/// Milliseconds: far more than anything takes, also under sanitizers.
constexpr int patience = 300'000;

struct Outcome {
    int status = -1;
    QByteArray out;
    QByteArray err;
};

inline Outcome argaliCli(const QStringList& words, const QByteArray& input = {})
{
    QProcess process;
    process.start(ARGALI_CLI, words);
    process.write(input);
    process.closeWriteChannel();
    Outcome outcome;
    if (process.waitForFinished(patience) && process.exitStatus() == QProcess::NormalExit)
        outcome.status = process.exitCode();
    outcome.out = process.readAllStandardOutput();
    outcome.err = process.readAllStandardError();
    return outcome;
}

/// Empty when the work failed as it should: status, nothing on standard output, one line that
/// begins with the program's name and has all of these parts; what it did instead otherwise.
inline QByteArray failsOtherwise(const Outcome& found, int status, const QByteArray& parts)
{
    const QByteArray all = "status " + QByteArray::number(found.status) + ", out: " + found.out +
                           ", err: " + found.err;
    if (found.status != status || !found.out.isEmpty() || !found.err.startsWith("argali-cli") ||
        found.err.count('\n') != 1 || !found.err.endsWith('\n'))
        return all;
    for (const QByteArray& part : parts.split('|'))
        if (!found.err.contains(part))
            return all;
    return {};
}

inline QJsonObject object(const QByteArray& line)
{
    return QJsonDocument::fromJson(line).object();
}

inline QStringList keys(const QByteArray& line)
{
    return object(line).keys();
}

/// Objects of lines.
inline QList<QJsonObject> objects(const QByteArray& lines)
{
    QList<QJsonObject> all;
    for (const QByteArray& line : lines.split('\n'))
        if (!line.isEmpty())
            all << object(line);
    return all;
}

/// Replaces the file.
inline void write(const QString& path, const QByteArray& content)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
        qFatal("cannot write %s", qPrintable(path));
}

inline QByteArray read(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace argali::test
