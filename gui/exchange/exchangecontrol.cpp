#include "gui/exchange/exchangecontrol.h"

#include <QDate>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QStandardPaths>
#include <QUrl>

#include "gui/chat/conversationlist.h"
#include "gui/chat/pagestart.h"
#include "gui/exchange/chatexport.h"
#include "gui/exchange/chatimport.h"
#include "gui/exchange/exchangeline.h"
#include "gui/exchange/exportdialog.h"
#include "gui/exchange/formulapage.h"
#include "gui/exchange/safename.h"

namespace argali::gui {
namespace {

QString filterOf(ExportOptions::Format format)
{
    switch (format) {
    case ExportOptions::Format::Markdown:
        return ExchangeControl::tr("Markdown") + QStringLiteral(" (*.md)");
    case ExportOptions::Format::Html:
        return ExchangeControl::tr("Pages") + QStringLiteral(" (*.html)");
    case ExportOptions::Format::Json:
        break;
    }
    return ExchangeControl::tr("Chats of Argali") + QStringLiteral(" (*.json)");
}

} // namespace

ExchangeControl::ExchangeControl(const WindowParts& parts, ConversationList* list,
                                 ExchangeLine* line, QWidget* window)
    : QObject(window),
      m_parts(parts),
      m_list(list),
      m_line(line),
      m_window(window),
      m_folder(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation))
{
    connect(list, &ConversationList::exportRequested, this, &ExchangeControl::askExport);
    connect(list, &ConversationList::importRequested, this, [this](const QStringList& files) {
        if (files.isEmpty())
            askImport();
        else
            import(files);
    });
    connect(line, &ExchangeLine::cancelRequested, this, [this] {
        m_cancelled = true;
        if (m_export)
            m_export->cancel();
        if (m_import)
            m_import->cancel();
    });
    connect(line, &ExchangeLine::folderRequested, this,
            [](const QString& folder) { QDesktopServices::openUrl(QUrl::fromLocalFile(folder)); });
}

ExchangeControl::~ExchangeControl() = default;

bool ExchangeControl::isBusy() const
{
    return (m_export && m_export->isBusy()) || (m_import && m_import->isBusy());
}

void ExchangeControl::askExport(const QList<quint64>& chats, const QString& name)
{
    QList<quint64> some = chats;
    some.removeIf([this](quint64 id) {
        const Conversation* chat = m_parts.book.byId(id);
        return !chat || chat->isEmpty();
    });
    if (isBusy())
        return;
    if (some.isEmpty()) {
        m_line->end(tr("There is nothing to export: no question has been asked there yet."), false,
                    {});
        return;
    }
    auto* dialog = new ExportDialog(int(some.size()), m_options, m_window);
    connect(dialog, &ExportDialog::chosen, this, [this, some, name](const ExportOptions& options) {
        m_options = options;
        askPlace(some, options, name);
    });
    dialog->open();
}

void ExchangeControl::askPlace(const QList<quint64>& chats, const ExportOptions& options,
                               const QString& name)
{
    auto* dialog = new QFileDialog(m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setDirectory(m_folder);
    if (chats.size() == 1) {
        dialog->setWindowTitle(tr("Export a chat"));
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->setFileMode(QFileDialog::AnyFile);
        dialog->setNameFilter(filterOf(options.format));
        dialog->setDefaultSuffix(options.ending());
        QString plain = name;
        plain.replace(QLatin1Char('.'), QLatin1Char(' '));
        dialog->selectFile(safeName(plain, tr("Chat")) + QLatin1Char('.') + options.ending());
    } else {
        dialog->setWindowTitle(tr("Export chats: a new folder is made in this one"));
        dialog->setFileMode(QFileDialog::Directory);
        dialog->setOption(QFileDialog::ShowDirsOnly);
    }
    connect(dialog, &QFileDialog::fileSelected, this, [this, chats, options](const QString& path) {
        m_folder = chats.size() == 1 ? QFileInfo(path).absolutePath() : path;
        exportTo(chats, options, path);
    });
    dialog->open();
}

void ExchangeControl::makeExport()
{
    const bool hasPage = PageStart::fromEnvironment().drawing != PageStart::Drawing::Plain;
    m_formulas = std::make_unique<FormulaPage>(hasPage);
    m_export = std::make_unique<ChatExport>(m_parts.book, m_parts.history, m_formulas.get());
    connect(m_export.get(), &ChatExport::progressed, m_line, &ExchangeLine::setProgress);
    connect(m_export.get(), &ChatExport::finished, this, &ExchangeControl::showExported);
    connect(m_export.get(), &ChatExport::failed, this, [this](const Failure& failure) {
        m_list->setExchangeEnabled(true);
        m_line->end(failure.sentence(), true, failure.details());
    });
    connect(m_export.get(), &ChatExport::stopped, this, [this] {
        m_list->setExchangeEnabled(true);
        m_line->end(tr("The export was cancelled. Nothing was written."), false, {});
    });
}

void ExchangeControl::exportTo(const QList<quint64>& chats, const ExportOptions& options,
                               const QString& path)
{
    if (isBusy())
        return;
    if (!m_export)
        makeExport();
    const bool isFolder = chats.size() != 1;
    QString target = path;
    if (isFolder) {
        //: name of a folder of exported chats; %1 is a date, 2026-01-31
        target += QLatin1Char('/') +
                  tr("Argali chats %1").arg(QDate::currentDate().toString(Qt::ISODate));
    } else if (QFileInfo(path).suffix().toLower() != options.ending()) {
        // The dialog did not ask about a file of this name.
        target = freePath(path + QLatin1Char('.') + options.ending());
    }
    m_list->setExchangeEnabled(false);
    const Conversation* chat = isFolder ? nullptr : m_parts.book.byId(chats.first());
    m_line->begin(chat ? tr("Exporting “%1”").arg(chat->title())
                       : tr("Exporting %Ln chat(s)", nullptr, int(chats.size())));
    m_export->start(chats, options, target, isFolder);
}

void ExchangeControl::showExported(const ExportResult& result)
{
    m_list->setExchangeEnabled(true);
    QStringList sentences{tr("%Ln chat(s) exported to %1.", nullptr, result.chats)
                              .arg(QDir::toNativeSeparators(result.path))};
    if (result.missing > 0)
        sentences << tr("%Ln picture(s) or film(s) were not there any more.", nullptr,
                        result.missing);
    if (result.unread > 0)
        sentences << tr("%Ln chat(s) could not be read.", nullptr, result.unread);
    const QFileInfo place(result.path);
    m_line->end(sentences.join(QLatin1Char(' ')), result.unread > 0, {},
                place.isDir() ? result.path : place.absolutePath());
}

void ExchangeControl::askImport()
{
    auto* dialog = new QFileDialog(m_window, tr("Import chats"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setNameFilter(filterOf(ExportOptions::Format::Json));
    dialog->setDirectory(m_folder);
    connect(dialog, &QFileDialog::filesSelected, this, [this](const QStringList& files) {
        if (!files.isEmpty())
            m_folder = QFileInfo(files.first()).absolutePath();
        import(files);
    });
    dialog->open();
}

void ExchangeControl::makeImport()
{
    m_import = std::make_unique<ChatImport>(m_parts.book, *m_parts.history);
    connect(m_import.get(), &ChatImport::progressed, m_line, &ExchangeLine::setProgress);
    connect(m_import.get(), &ChatImport::finished, this, &ExchangeControl::showImported);
}

void ExchangeControl::import(const QStringList& files)
{
    if (isBusy() || files.isEmpty())
        return;
    if (!m_parts.history) {
        m_line->end(tr("Nothing can be imported while your chats cannot be written to."), true, {});
        return;
    }
    if (!m_import)
        makeImport();
    m_cancelled = false;
    m_list->setExchangeEnabled(false);
    m_line->begin(tr("Importing %Ln file(s)", nullptr, int(files.size())));
    m_import->start(files);
}

void ExchangeControl::showImported(const ImportResult& result)
{
    m_list->setExchangeEnabled(true);
    QStringList sentences;
    if (m_cancelled)
        sentences << tr("The import was cancelled.");
    if (!result.chats.isEmpty() || result.failures.isEmpty())
        sentences << tr("%Ln chat(s) imported.", nullptr, int(result.chats.size()));
    if (result.missing > 0)
        sentences << tr(
            "%Ln picture(s) or film(s) were not found beside the file, or are not those "
            "that were sent.",
            nullptr, result.missing);
    if (result.elsewhere > 0)
        sentences << tr("%Ln film(s) are too large to be copied and are used where they lie.",
                        nullptr, result.elsewhere);
    if (result.repaired > 0)
        sentences << tr("%Ln place(s) in the file did not fit together and were mended.", nullptr,
                        result.repaired);
    QStringList details;
    for (const Failure& failure : result.failures)
        details << failure.sentence() + QLatin1Char(' ') + failure.details();
    if (result.failures.size() > 1)
        sentences << tr("%Ln file(s) were not imported.", nullptr, int(result.failures.size()));
    if (!result.failures.isEmpty())
        sentences << result.failures.first().sentence();
    m_line->end(sentences.join(QLatin1Char(' ')), !result.failures.isEmpty(),
                details.join(QLatin1Char('\n')).left(4000));
}

} // namespace argali::gui
