#include "gui/application.h"

#include <QApplication>
#include <QDir>
#include <QFileInfo>
#include <QLibraryInfo>
#include <QLocale>
#include <QStandardPaths>

#include "gui/chat/chatwidget.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "gui/statusline.h"
#include "gui/theme.h"

namespace argali::gui {
namespace {
constexpr int mostRecentModels = 8;
}

Places Places::ofUser()
{
    const QDir data(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
                    QStringLiteral("/argali"));
    return {{},
            data.filePath(QStringLiteral("draft.json")),
            data.filePath(QStringLiteral("pasted")),
            data.filePath(QStringLiteral("history.sqlite")),
            data.filePath(QStringLiteral("media"))};
}

Places Places::under(const QString& folder)
{
    const QDir dir(folder);
    return {dir.filePath(QStringLiteral("argali.ini")), dir.filePath(QStringLiteral("draft.json")),
            dir.filePath(QStringLiteral("pasted")), dir.filePath(QStringLiteral("history.sqlite")),
            dir.filePath(QStringLiteral("media"))};
}

Language::Language(const QString& name)
{
    const QLocale locale = name.isEmpty() ? QLocale::system() : QLocale(name);
    if (!name.isEmpty())
        QLocale::setDefault(locale);
    // Of the system's languages the first that there is a translation for.
    if (!m_own.load(locale, QStringLiteral("argali"), QStringLiteral("_"),
                    QStringLiteral(":/translations")))
        (void)m_own.load(QStringLiteral(":/translations/argali_en.qm"));
    if (m_qt.load(locale, QStringLiteral("qtbase"), QStringLiteral("_"),
                  QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&m_qt);
    QCoreApplication::installTranslator(&m_own);
}

Language::~Language()
{
    QCoreApplication::removeTranslator(&m_own);
    QCoreApplication::removeTranslator(&m_qt);
}

Application::Application(const Options& options)
    : m_options(options),
      m_settings(options.places.settingsFile),
      m_language(m_settings.value(settings::language)),
      m_loader(options.places.pasteFolder),
      m_drafts(options.places.draftFile),
      m_turns(m_book, m_source),
      m_history(options.places.historyFile, options.places.mediaFolder, m_book, m_turns)
{
    connect(&m_source, &LocalReplySource::loaded, this, &Application::noteLoaded);
    connect(&m_source, &LocalReplySource::loadFailed, this, &Application::noteLoadFailed);

    applyTheme(Theme::Choice(m_settings.value(settings::theme)));
    m_options.trace.mark("style and language");
    const Result<QList<Sample>> samples = pocketSamples();
    m_window = std::make_unique<MainWindow>(
        WindowParts{m_settings, m_loader, m_source, m_book, m_turns, m_drafts,
                    samples ? chosenSamples(*samples, 3, 1) : QList<Sample>(), &m_history,
                    &m_desktop});
    m_options.trace.mark("window built");
    connect(m_window.get(), &MainWindow::modelChosen, this, &Application::openModel);
    connect(m_window.get(), &MainWindow::stopLoadingRequested, &m_source,
            &LocalReplySource::stopLoading);
    connect(&m_source, &LocalReplySource::loadStarted, m_window.get(), &MainWindow::showLoading);
    connect(&m_source, &LocalReplySource::loadProgressed, m_window.get(),
            &MainWindow::showLoadProgress);
    connect(&m_source, &LocalReplySource::loadStopped, m_window.get(), [this](bool modelKept) {
        if (!m_source.isLoading())
            m_window->showLoadStopped(modelKept);
    });
}

Application::~Application() = default;

void Application::start()
{
    // The model is read while the window comes up.
    QString folder = m_options.modelFolder;
    if (folder.isEmpty())
        folder = m_settings.value(settings::modelFolder);
    m_source.load(folder);
    m_history.draftMedia = [this] { return m_drafts.media(); };
    connect(&m_history, &HistoryStore::opened, this, &Application::takeDrafts);
    m_history.open();
    // A new chat's draft is there at once; those of others come with their chats.
    const QMap<quint64, KeptDraft> drafts = m_drafts.restore();
    const KeptDraft draft = drafts.value(m_drafts.restoredCurrent());
    if (draft.isNew) {
        m_drafts.remove(m_drafts.restoredCurrent());
        m_window->chat()->composer()->setDraft(draft.draft);
    }
    for (const QString& file : m_options.files)
        m_window->chat()->composer()->attach(file);
    // A window that already stands would be made anew, and flicker, when the page is put into it.
    TranscriptView* transcript = m_window->chat()->makeTranscript();
    connect(transcript, &TranscriptView::ready, this,
            [this] { m_options.trace.mark("transcript ready"); });
    // Chromium settles how it draws once in a process. At the start nothing is under way yet, and
    // what is being written is on disk; later the plain transcript goes on.
    connect(transcript, &TranscriptView::softwareRenderingNeeded, this, [this] {
        if (m_turns.isBusy())
            return;
        m_window->close();
        QCoreApplication::exit(PageStart::restartStatus);
    });
    m_options.trace.mark("transcript made");
    m_window->show();
    m_options.trace.mark("window shown");
}

/// Gives the drafts of the last session to their chats.
/// unopened: the chat that was being opened when the program ended
void Application::takeDrafts(quint64 unopened)
{
    const quint64 here = m_book.current().id();
    const QMap<quint64, KeptDraft> drafts = m_drafts.drafts();
    for (auto it = drafts.begin(); it != drafts.end(); ++it) {
        if (it.key() == here)
            continue;
        Conversation* chat = m_book.byId(it.key());
        if (chat) {
            chat->draft = it->draft;
            continue;
        }
        m_book.addUnsent(it->draft); // under a new number
        m_drafts.remove(it.key());
    }
    const quint64 last = m_drafts.restoredCurrent();
    if (m_options.files.isEmpty() && drafts.contains(last) && last != unopened && m_book.current().isEmpty() &&
        m_window->chat()->composer()->isEmpty())
        m_book.open(m_book.indexOf(last));
    // Without a whole history it is not known which pasted pictures are in it.
    if (m_history.access() == HistoryDatabase::Access::Full && !m_history.trouble())
        m_loader.dropUnused(m_drafts.media() + m_history.unkept());
}

void Application::openModel(const QString& folder)
{
    m_starting = false;
    m_startFailure.clear();
    m_source.load(folder);
}

void Application::noteLoaded(const LoadedModel& model)
{
    if (m_source.isLoading()) { // another one has been chosen meanwhile
        m_window->setFormerModel(model);
        return;
    }
    m_settings.set(settings::modelFolder, model.folder);
    if (!model.isPocket()) {
        QStringList recent = m_settings.value(settings::recentModels);
        recent.removeAll(model.folder);
        recent.prepend(model.folder);
        m_settings.set(settings::recentModels, recent.mid(0, mostRecentModels));
    }
    m_window->showModel(model);
    if (!m_startFailure.isEmpty())
        m_window->status()->setMessage(m_startFailure, true);
    m_startFailure.clear();
    m_options.trace.mark("model ready");
    m_starting = false;
    emit modelReady();
}

void Application::noteLoadFailed(const QString& folder, const Failure& failure, bool modelKept)
{
    if (m_source.isLoading())
        return;
    m_window->showLoadFailure(folder, failure, modelKept);
    if (m_starting && !folder.isEmpty()) {
        // Without the model that was asked for the pocket model answers, and the line says why.
        m_startFailure = m_window->status()->phaseText();
        m_source.load({});
    }
    m_starting = m_starting && !folder.isEmpty();
}

} // namespace argali::gui
