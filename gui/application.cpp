#include "gui/application.h"

#include <QApplication>
#include <QEvent>

#include "gui/chat/chatwidget.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "gui/singleinstance.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/windowkeeper.h"

namespace argali::gui {
namespace {
constexpr int mostRecentModels = 8;
}

Application::Application(const Options& options)
    : m_options(options),
      m_settings(options.places.settingsFile),
      m_adapters(m_settings, m_source),
      m_switch(m_source, m_remote),
      m_loader(options.places.pasteFolder),
      m_drafts(options.places.draftFile),
      m_turns(m_book, m_switch),
      m_choice(m_settings, m_book, m_switch, m_remote),
      m_servers(ServerBook::of(m_settings)),
      m_offers(m_servers, m_choice, m_remote),
      m_history(options.places.historyFile, options.places.mediaFolder, m_book, m_turns),
      m_eraser({options.places, m_settings, m_book, m_turns, m_drafts, m_loader, m_history}),
      m_server(ServerProcess::usualProgram())
{
    connect(&m_source, &LocalReplySource::loaded, this, &Application::noteLoaded);
    connect(&m_source, &LocalReplySource::loadFailed, this, &Application::noteLoadFailed);

    applyTheme(Theme::Choice(m_settings.value(settings::theme)));
    m_options.trace.mark("style");
    m_keeper = std::make_unique<WindowKeeper>(WindowParts{m_settings,
                                                          m_loader,
                                                          m_switch,
                                                          m_book,
                                                          m_turns,
                                                          m_drafts,
                                                          {},
                                                          &m_history,
                                                          &m_desktop,
                                                          &m_eraser,
                                                          &m_choice,
                                                          &m_server,
                                                          &m_adapters});
    m_options.trace.mark("window built");
    connectWindow();
}

/// The window may be replaced at any time, so nothing is connected to it but through here.
void Application::connectWindow()
{
    connect(m_keeper.get(), &WindowKeeper::replaced, this, &Application::prepareTranscript);
    connect(m_keeper.get(), &WindowKeeper::modelChosen, this, &Application::openModel);
    connect(m_keeper.get(), &WindowKeeper::stopLoadingRequested, &m_source,
            &LocalReplySource::stopLoading);
    m_source.setDevice(m_settings.value(settings::device));
    connect(&m_settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::device.key)
            m_source.setDevice(m_settings.value(settings::device));
    });
    connect(&m_eraser, &DataEraser::finished, this, [this](const DataEraser::Outcome& outcome) {
        if (outcome.what != DataEraser::What::Everything)
            return;
        m_choice.choose({}); // no server is known any more
        m_keeper->startAnew();
        openModel({}); // as at the first start
    });
    connect(&m_source, &LocalReplySource::loadStarted, this,
            [this](const QString& folder) { window().showLoading(folder); });
    connect(&m_source, &LocalReplySource::loadProgressed, this,
            [this](const Progress& progress) { window().showLoadProgress(progress); });
    connect(&m_source, &LocalReplySource::loadStopped, this, [this](bool modelKept) {
        if (!m_source.isLoading())
            window().showLoadStopped(modelKept);
    });
}

Application::~Application() = default;

MainWindow& Application::window() const
{
    return m_keeper->window();
}

void Application::start()
{
    // The model is read while the window comes up.
    QString folder = m_options.modelFolder;
    if (folder.isEmpty())
        folder = m_settings.value(settings::modelFolder);
    m_source.load(folder, m_adapters.known(folder));
    m_history.draftMedia = [this] { return m_drafts.media(); };
    connect(&m_history, &HistoryStore::opened, this, &Application::takeDrafts);
    m_history.open();
    // A new chat's draft is there at once; those of others come with their chats.
    const QMap<quint64, KeptDraft> drafts = m_drafts.restore();
    const KeptDraft draft = drafts.value(m_drafts.restoredCurrent());
    if (draft.isNew) {
        m_drafts.remove(m_drafts.restoredCurrent());
        window().chat()->composer()->setDraft(draft.draft);
        if (draft.options)
            m_book.setOptions(m_book.current().id(), draft.options);
    }
    for (const QString& file : m_options.files)
        window().chat()->composer()->attach(file);
    prepareTranscript();
    m_options.trace.mark("transcript made");
    window().show();
    m_options.trace.mark("window shown");
}

/// A window that nobody sees looks at its server more seldom.
bool Application::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == &window() && (event->type() == QEvent::WindowStateChange ||
                                 event->type() == QEvent::Show || event->type() == QEvent::Hide))
        m_servers.setHidden(!window().isVisible() || window().isMinimized());
    return QObject::eventFilter(watched, event);
}

/// A window that already stands would be made anew, and flicker, when the page is put into it.
void Application::prepareTranscript()
{
    window().installEventFilter(this);
    TranscriptView* transcript = window().chat()->makeTranscript();
    connect(transcript, &TranscriptView::ready, this,
            [this] { m_options.trace.mark("transcript ready"); });
    // Chromium settles how it draws once in a process. At the start nothing is under way yet, and
    // what is being written is on disk; later the plain transcript goes on.
    connect(transcript, &TranscriptView::softwareRenderingNeeded, this, [this] {
        if (m_turns.isBusy())
            return;
        window().close();
        QCoreApplication::exit(PageStart::restartStatus);
    });
}

void Application::take(const StartRequest& request)
{
    if (!request.modelFolder.isEmpty())
        openModel(request.modelFolder);
    for (const QString& file : request.files)
        window().chat()->composer()->attach(file);
    window().chat()->composer()->focusText();
    if (!request.activation.isEmpty()) // Qt hands it to the compositor with the next activation
        qputenv("XDG_ACTIVATION_TOKEN", request.activation.toLatin1());
    window().setWindowState(window().windowState() & ~Qt::WindowMinimized);
    window().show();
    window().raise();
    window().activateWindow();
    qunsetenv("XDG_ACTIVATION_TOKEN"); // it holds once, and is not for other programs
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
        m_drafts.move(it.key(), m_book.addUnsent(it->draft, it->options)); // under a new number
    }
    const quint64 last = m_drafts.restoredCurrent();
    if (m_options.files.isEmpty() && drafts.contains(last) && last != unopened &&
        m_book.current().isEmpty() && window().chat()->composer()->isEmpty())
        m_book.open(m_book.indexOf(last));
    // Without a whole history it is not known which pasted pictures are in it.
    if (m_history.access() == HistoryDatabase::Access::Full && !m_history.trouble())
        m_loader.dropUnused(m_drafts.media() + m_history.unkept());
}

void Application::openModel(const QString& folder)
{
    m_starting = false;
    m_startFailure.clear();
    m_source.load(folder, m_adapters.known(folder));
}

void Application::noteLoaded(const LoadedModel& model)
{
    if (m_source.isLoading()) { // another one has been chosen meanwhile
        window().setFormerModel(model);
        m_adapters.setModel(model); // it stays where the other one does not open
        return;
    }
    m_settings.set(settings::modelFolder, model.folder);
    if (!model.isPocket()) {
        QStringList recent = m_settings.value(settings::recentModels);
        recent.removeAll(model.folder);
        recent.prepend(model.folder);
        m_settings.set(settings::recentModels, recent.mid(0, mostRecentModels));
    }
    window().showModel(model);
    m_adapters.setModel(model);
    if (!m_startFailure.isEmpty())
        window().status()->setMessage(m_startFailure, true);
    m_startFailure.clear();
    m_options.trace.mark("model ready");
    m_starting = false;
    emit modelReady();
}

void Application::noteLoadFailed(const QString& folder, const Failure& failure, bool modelKept)
{
    if (m_source.isLoading())
        return;
    window().showLoadFailure(folder, failure, modelKept);
    if (m_starting && !folder.isEmpty()) {
        // Without the model that was asked for the pocket model answers, and the line says why.
        m_startFailure = window().status()->phaseText();
        m_source.load({}, m_adapters.known({}));
    }
    m_starting = m_starting && !folder.isEmpty();
}

} // namespace argali::gui
