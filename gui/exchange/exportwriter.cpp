#include "gui/exchange/exportwriter.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include "gui/exchange/chatjson.h"
#include "gui/exchange/htmlexport.h"
#include "gui/exchange/markdownexport.h"
#include "gui/exchange/mediafolder.h"

namespace argali::gui {
namespace {

struct ExportWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ExportWriter)
};

QString errorWords()
{
    return QString::fromLocal8Bit(std::strerror(errno));
}

} // namespace

ExportWriter::ExportWriter(const QString& path, bool isFolder, const ExportOptions& options,
                           std::stop_token stop)
    : m_path(QFileInfo(path).absoluteFilePath()),
      m_isFolder(isFolder),
      m_options(options),
      m_stop(std::move(stop))
{
}

Failure ExportWriter::writeFailure(const QString& path, const QString& why)
{
    return Failure::withSentence(
        Error::Code::Missing,
        ExportWords::tr(
            "The chats cannot be written to %1. Check the free space and the rights there, "
            "or choose another folder.")
            .arg(QDir::toNativeSeparators(path)),
        why);
}

void ExportWriter::begin()
{
    const QFileInfo target(m_path);
    m_folder = std::make_unique<QTemporaryDir>(target.absolutePath() +
                                               QStringLiteral("/.argali-export-XXXXXX"));
    if (!m_folder->isValid())
        throw ExportError(writeFailure(target.absolutePath(), m_folder->errorString()));
    m_own = m_folder->filePath(QStringLiteral("chats")); // with the rights of any other folder
    if (!QDir().mkpath(m_own))
        throw ExportError(writeFailure(target.absolutePath(), errorWords()));
    if (!m_isFolder) {
        m_file = target.fileName();
        // One of an earlier export stays as it is, whatever becomes of the file.
        m_media = QFileInfo(freePath(target.absolutePath() + QLatin1Char('/') +
                                     target.completeBaseName() + QStringLiteral("-media")))
                      .fileName();
    }
}

QList<Formula> ExportWriter::formulasOf(const ExchangedChat& chat) const
{
    if (m_options.format != ExportOptions::Format::Html)
        return {};
    return argali::gui::formulasOf(chat, m_options, m_stop);
}

void ExportWriter::write(const QString& name, const QByteArray& bytes) const
{
    QFile file(own(name));
    if (!file.open(QIODevice::WriteOnly | QIODevice::NewOnly) ||
        file.write(bytes) != bytes.size() || !file.flush() || ::fsync(file.handle()) != 0)
        throw ExportError(writeFailure(m_path, file.errorString()));
}

void ExportWriter::add(const ExchangedChat& chat, const FormulaTable& formulas)
{
    QString file = m_file;
    QString mediaName = m_media;
    if (m_isFolder) {
        Conversation conversation(chat.head);
        conversation.fill(chat.turns, chat.chosen);
        const QString name =
            m_names.take(safeName(conversation.title().replace(QLatin1Char('.'), QLatin1Char(' ')),
                                  ExportWords::tr("Chat")));
        file = name + QLatin1Char('.') + m_options.ending();
        mediaName = name + QStringLiteral("-media");
    }
    MediaFolder media(own(mediaName), m_stop);
    switch (m_options.format) {
    case ExportOptions::Format::Markdown:
        write(file, toMarkdown(chat, m_options, media, mediaName, m_stop).toUtf8());
        break;
    case ExportOptions::Format::Json:
        write(file, toJson(chat, m_options, media, mediaName, m_stop));
        break;
    case ExportOptions::Format::Html: {
        QFile page(own(file));
        HtmlExport writer(m_options, formulas, m_stop);
        if (!page.open(QIODevice::WriteOnly | QIODevice::NewOnly) || !writer.write(page, chat) ||
            !page.flush() || ::fsync(page.handle()) != 0)
            throw ExportError(writeFailure(m_path, page.errorString()));
        m_result.missing += writer.missing();
        break;
    }
    }
    m_result.missing += media.missing();
    ++m_result.chats;
}

ExportResult ExportWriter::finish()
{
    if (m_stop.stop_requested())
        return {};
    if (m_isFolder) {
        m_result.path = freePath(m_path);
        if (!QDir().rename(m_own, m_result.path))
            throw ExportError(writeFailure(m_result.path, errorWords()));
    } else {
        m_result.path = m_path;
        moveFile();
    }
    return m_result;
}

/// First the media, then the file that names them.
void ExportWriter::moveFile()
{
    const QString place = QFileInfo(m_path).absolutePath() + QLatin1Char('/') + m_media;
    const bool hasMedia = QFileInfo::exists(own(m_media));
    if (hasMedia && !QDir().rename(own(m_media), place))
        throw ExportError(writeFailure(place, errorWords()));
    if (::rename(QFile::encodeName(own(m_file)).constData(),
                 QFile::encodeName(m_path).constData()) != 0) {
        const QString why = errorWords();
        if (hasMedia)
            QDir(place).removeRecursively();
        throw ExportError(writeFailure(m_path, why));
    }
}

} // namespace argali::gui
