#include "gui/mainwindow.h"

#include <algorithm>
#include <array>
#include <utility>

#include <QAccessible>
#include <QAction>
#include <QClipboard>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QGuiApplication>
#include <QLineEdit>
#include <QMimeData>
#include <QScreen>
#include <QVBoxLayout>

#include "gui/chat/attachable.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/draftstore.h"
#include "gui/chat/dropzone.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/turncontroller.h"
#include "gui/desktopappearance.h"
#include "gui/exchange/exchangecontrol.h"
#include "gui/exchange/exchangeline.h"
#include "gui/history/historycontrol.h"
#include "gui/history/undoline.h"
#include "gui/linkquestion.h"
#include "gui/models/adaptercontrol.h"
#include "gui/models/modelchooser.h"
#include "gui/models/modellibrary.h"
#include "gui/models/shownmodel.h"
#include "gui/remote/comparison.h"
#include "gui/remote/goneserverline.h"
#include "gui/remote/keyquestion.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/sourcechoice.h"
#include "gui/serving/servingcontrol.h"
#include "gui/settings/presetrow.h"
#include "gui/settings/samplingpanel.h"
#include "gui/settings/settingsdialog.h"
#include "gui/shortcutlist.h"
#include "gui/shortcuts.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/turnstatus.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/windowpanes.h"
#include "gui/windowtoolbar.h"

namespace argali::gui {
namespace {

/// The next of the steps that zooming takes; from a number of the user's own to the nearest.
int nextZoom(int percent, int step)
{
    static constexpr std::array steps{50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300};
    if (step == 0)
        return settings::zoom.fallback;
    if (step > 0) {
        const auto* next = std::upper_bound(steps.begin(), steps.end(), percent);
        return next == steps.end() ? steps.back() : *next;
    }
    const auto* next = std::lower_bound(steps.begin(), steps.end(), percent);
    return next == steps.begin() ? steps.front() : *(next - 1);
}

} // namespace

MainWindow::MainWindow(const WindowParts& parts, QWidget* parent)
    : QMainWindow(parent), m_parts(parts)
{
    setWindowTitle(QStringLiteral("Argali"));
    setAcceptDrops(true);
    m_library = new ModelLibrary(parts.settings, this);
    m_list = new ConversationList(parts.book, this);
    m_chat = new ChatWidget(parts.settings, parts.loader, parts.source, parts.book, parts.turns,
                            parts.samples, this);
    m_panel = new SamplingPanel(parts.settings, m_chat->options(), this);
    m_status = new StatusLine(this);

    WindowToolBar* bar = makeToolBar();
    m_panes = new WindowPanes(parts.settings, m_list, m_chat, m_panel, bar, this);
    m_model = new ShownModel({*m_status, *m_chooser, m_place, *m_chat, *m_panel}, parts.settings,
                             parts.sources, this);
    auto* whole = new QWidget(this);
    auto* column = new QVBoxLayout(whole);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_panes->whole(), 1);
    m_undo = new UndoLine(whole);
    column->addWidget(m_undo);
    if (parts.sources)
        column->addWidget(
            new GoneServerLine(*parts.sources, ServerBook::of(parts.settings), whole));
    auto* exchange = new ExchangeLine(whole);
    column->addWidget(exchange);
    column->addWidget(m_status);
    setCentralWidget(whole);
    m_overlay = new DropOverlay(whole);

    connect(m_list, &ConversationList::newRequested, &parts.book, &ConversationBook::startNew);
    m_history = new HistoryControl(parts, m_list, m_status, m_undo, this);
    connect(m_history, &HistoryControl::turnWanted, m_chat, &ChatWidget::scrollTo);
    m_exchange = new ExchangeControl(parts, m_list, exchange, this);
    connect(&parts.book, &ConversationBook::forgotten, &parts.drafts, &DraftStore::remove);
    connect(m_chooser, &ModelChooser::folderChosen, this, [this](const QString& folder) {
        if (m_parts.sources)
            m_parts.sources->choose({}); // a model of this computer is to answer
        emit modelChosen(folder);
    });
    connect(m_chooser, &ModelChooser::serversRequested, this,
            [this] { openSettings(QStringLiteral("servers")); });
    connect(m_chooser, &ModelChooser::stopRequested, this, &MainWindow::stopLoadingRequested);
    connect(m_chooser, &ModelChooser::comparisonRequested, this, &MainWindow::compare);
    if (parts.server)
        m_serving =
            new ServingControl({*parts.server, parts.settings, *m_chooser, *m_status}, this);
    if (parts.adapters)
        m_adapters = new AdapterControl(
            {*parts.adapters, m_chat->options(), *m_chooser, *m_model, *m_status, parts.sources},
            this);
    if (parts.sources)
        connect(&ServerBook::of(parts.settings), &ServerBook::keyWanted, this,
                [this](const QString& profile) {
                    askForKey(ServerBook::of(m_parts.settings), profile, this);
                });
    connect(m_chat, &ChatWidget::modelRequested, m_chooser, &ModelChooser::chooseFolder);
    connect(m_chat, &ChatWidget::linkActivated, this,
            [this](const QUrl& url) { askToOpen(url, this); });
    connect(m_model, &ShownModel::failed, this, &MainWindow::announce);
    connect(m_model, &ShownModel::changed, this, [this] {
        if (m_settingsDialog)
            settingsDialog()->setModel(m_model->model(), m_model->isLoading());
        if (m_serving)
            m_serving->setModel(m_model->model(), m_model->isLoading());
    });
    connect(m_chat, &ChatWidget::announced, this, &MainWindow::announce);
    connect(m_chat->composer(), &Composer::changed, this, &MainWindow::keepDraft);
    connect(&parts.book, &ConversationBook::optionsChanged, this, [this](quint64 id) {
        if (id == m_parts.book.current().id())
            keepDraft(); // of a chat without a turn, what was chosen is kept with it
    });
    connect(&parts.drafts, &DraftStore::failed, this, [this] {
        m_status->setMessage(tr("The draft cannot be kept on disk. Check free space and rights."),
                             true);
    });
    connect(&parts.settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::theme.key)
            applyColours();
    });
    connect(&parts.book, &ConversationBook::cleared, this, &MainWindow::forgetChats);
    if (parts.desktop)
        connect(parts.desktop, &DesktopAppearance::changed, this, &MainWindow::applyColours);
    new TurnStatus(parts.turns, parts.book, *m_model, *m_status, this);
    connect(&parts.turns, &TurnController::started, this, &MainWindow::keepDraft); // no new one now
    makeActions();
    restore();
    m_chat->composer()->focusText();
}

ShortcutList* MainWindow::shortcutList() const
{
    return m_shortcuts;
}

WindowToolBar* MainWindow::makeToolBar()
{
    auto* bar = new WindowToolBar(m_parts.settings, m_parts.sources != nullptr, this);
    m_chooser = bar->chooser();
    m_place = bar->place();
    m_chooser->setLibrary(m_library);
    if (m_place) {
        m_chooser->setSources(m_parts.sources);
        connect(m_place, &SegmentedControl::currentChanged, this, &MainWindow::choosePlace);
    }
    connect(bar, &WindowToolBar::sideToggled, this, [this] { setSideOpen(!isSideOpen()); });
    connect(bar, &WindowToolBar::panelToggled, this, [this] { setPanelOpen(!isPanelOpen()); });
    connect(bar, &WindowToolBar::settingsRequested, this, [this] { openSettings(); });
    return bar;
}

void MainWindow::makeActions()
{
    const auto add = [this](Shortcut id, auto slot) {
        auto* action = new QAction(this);
        Shortcuts::give(*action, id);
        action->setAutoRepeat(id == Shortcut::ZoomIn || id == Shortcut::ZoomOut);
        connect(action, &QAction::triggered, this, slot);
        addAction(action);
    };
    add(Shortcut::NewChat, [this] { m_parts.book.startNew(); });
    add(Shortcut::Attach, [this] { m_chat->composer()->chooseFiles(); });
    // A text field takes its own; from everywhere else it goes to the composer.
    add(Shortcut::Paste, [this] {
        if (const QMimeData* mime = QGuiApplication::clipboard()->mimeData())
            m_chat->composer()->take(*mime);
    });
    add(Shortcut::Regenerate, [this] { m_chat->regenerateLast(); });
    add(Shortcut::EditLast, [this] { m_chat->editLast(); });
    add(Shortcut::SearchChats, [this] {
        setSideOpen(true);
        m_list->focusSearch();
    });
    add(Shortcut::NewFolder, [this] {
        setSideOpen(true);
        m_list->addFolder();
    });
    add(Shortcut::RenameChat, [this] {
        setSideOpen(true);
        m_list->renameChat(m_parts.book.current().id());
    });
    add(Shortcut::DeleteChat, [this] {
        const bool isAll = m_parts.book.count() == 1; // an empty one would only be another
        if (!isAll || !m_parts.book.current().isEmpty() || !m_chat->unsent().isEmpty())
            m_history->removeChat(m_parts.book.current().id());
    });
    add(Shortcut::UndoDelete, [this] { m_undo->undo(); });
    add(Shortcut::Quit, [this] { close(); });
    add(Shortcut::ToggleSide, [this] { setSideOpen(!isSideOpen()); });
    add(Shortcut::TogglePanel, [this] { setPanelOpen(!isPanelOpen()); });
    add(Shortcut::ZoomIn, [this] { zoom(1); });
    add(Shortcut::ZoomOut, [this] { zoom(-1); });
    add(Shortcut::ZoomReset, [this] { zoom(0); });
    add(Shortcut::OpenSettings, [this] { openSettings(); });
    add(Shortcut::ListShortcuts, [this] { listShortcuts(); });
    add(Shortcut::Stop, [this] { stop(); });
}

/// step: 1 larger, -1 smaller, 0 as it was
void MainWindow::zoom(int step)
{
    Settings& store = m_parts.settings;
    const int percent = nextZoom(store.value(settings::zoom), step);
    store.set(settings::zoom, percent);
    if (!m_parts.turns.isBusy() && !m_model->isLoading())
        m_status->setMessage(tr("The transcript is shown at %1 %").arg(locale().toString(percent)));
}

void MainWindow::listShortcuts()
{
    if (!m_shortcuts) {
        m_shortcuts =
            new ShortcutList(*this, m_parts.settings.value(settings::sendWithEnter), this);
        m_shortcuts->setAttribute(Qt::WA_DeleteOnClose);
    }
    m_shortcuts->show();
    m_shortcuts->raise();
    m_shortcuts->activateWindow();
}

void MainWindow::applyColours()
{
    applyTheme(Theme::Choice(m_parts.settings.value(settings::theme)),
               m_parts.desktop ? m_parts.desktop->colours() : DesktopColours());
}

bool MainWindow::isSideOpen() const
{
    return m_panes->isSideOpen();
}

bool MainWindow::isPanelOpen() const
{
    return m_panes->isPanelOpen();
}

void MainWindow::setSideOpen(bool open)
{
    m_panes->setSideOpen(open);
}

void MainWindow::setPanelOpen(bool open)
{
    m_panes->setPanelOpen(open);
}

void MainWindow::restore()
{
    const Settings& store = m_parts.settings;
    if (!restoreGeometry(store.value(settings::geometry))) {
        const QSize room = screen() ? screen()->availableSize() : QSize(1280, 800);
        resize(QSize(1280, 800).boundedTo(room * 0.95));
    }
    m_panes->restore();
}

void MainWindow::store()
{
    Settings& store = m_parts.settings;
    store.set(settings::geometry, saveGeometry());
    m_panes->store();
    store.sync();
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    m_overlay->setGeometry(centralWidget()->rect());
    m_panes->fit();
}

bool MainWindow::event(QEvent* event)
{
    if (event->type() == QEvent::ThemeChange) // of the desktop
        applyColours();
    return QMainWindow::event(event);
}

void MainWindow::keepDraft()
{
    const Conversation& chat = m_parts.book.current();
    m_parts.drafts.save(chat.id(), m_chat->composer()->keptDraft(), chat.isEmpty(), chat.options);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    keep();
    if (m_serving && !m_serving->mayClose())
        return event->ignore();
    QMainWindow::closeEvent(event);
}

void MainWindow::keep()
{
    keepDraft();
    m_parts.drafts.flush();
    store();
}

void MainWindow::takeOver(MainWindow& old)
{
    m_panes->takeOver(*old.m_panes);
    m_list->takeOver(*old.m_list);
    m_panel->presets()->takeOver(*old.m_panel->presets());
    showModelOf(old);
    const QString said = old.m_status->message();
    if (!said.isEmpty() && !m_model->hasFailed())
        m_status->setMessage(said, true); // it holds still, if in the words of before
    m_chat->takeOver(*old.m_chat);
}

void MainWindow::showModelOf(const MainWindow& old)
{
    m_model->takeOver(*old.m_model);
}

SettingsDialog* MainWindow::settingsDialog() const
{
    return static_cast<SettingsDialog*>(m_settingsDialog.data());
}

void MainWindow::openSettings(const QString& page)
{
    if (!m_settingsDialog) {
        auto* dialog = new SettingsDialog(m_parts, *m_library, this);
        m_settingsDialog = dialog;
        dialog->setModel(m_model->model(), m_model->isLoading());
        connect(dialog, &SettingsDialog::modelChosen, this, &MainWindow::modelChosen);
    }
    if (!page.isEmpty())
        settingsDialog()->showPage(page);
    settingsDialog()->show();
    settingsDialog()->raise();
    settingsDialog()->activateWindow();
}

void MainWindow::takeDialogs(const MainWindow& old)
{
    m_chat->takeDialogs(*old.m_chat);
    if (old.m_shortcuts && old.m_shortcuts->isVisible()) {
        listShortcuts();
        m_shortcuts->setGeometry(old.m_shortcuts->geometry());
    }
    if (m_serving && old.m_serving)
        m_serving->takeOver(*old.m_serving);
    const SettingsDialog* there = old.settingsDialog();
    if (!there || !there->isVisible())
        return;
    openSettings(there->page());
    settingsDialog()->move(there->pos());
    settingsDialog()->resize(there->size());
}

/// Nothing of the chats that were cleared is to be seen any more.
void MainWindow::forgetChats()
{
    m_undo->forget();
    m_list->searchField()->clear();
    m_status->setIdle();
    const QList<QDialog*> dialogs = findChildren<QDialog*>(Qt::FindDirectChildrenOnly);
    for (QDialog* dialog : dialogs) {
        if (dialog != settingsDialog())
            dialog->close(); // pictures and films of chats
    }
}

void MainWindow::showDrag(bool over)
{
    const bool empty = m_chat->emptyState()->isVisible();
    m_chat->emptyState()->setDropHot(over && empty);
    m_overlay->setVisible(over && !empty);
    m_overlay->raise();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (!mayBeAttachable(*event->mimeData()))
        return;
    event->acceptProposedAction();
    showDrag(true);
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*)
{
    showDrag(false);
}

void MainWindow::dropEvent(QDropEvent* event)
{
    showDrag(false);
    m_chat->composer()->take(*event->mimeData());
    m_chat->composer()->focusText();
    event->acceptProposedAction();
}

void MainWindow::stop()
{
    if (m_parts.turns.isBusy())
        m_status->setStopping();
    if (m_chat->stop())
        return;
    if (m_model->isLoading()) {
        m_status->setStopping();
        emit stopLoadingRequested();
    }
}

void MainWindow::showLoading(const QString& folder)
{
    m_model->showLoading(folder);
}

void MainWindow::showLoadProgress(const Progress& progress)
{
    m_model->showProgress(progress);
}

void MainWindow::showModel(const std::optional<LoadedModel>& model)
{
    m_model->show(model);
}

Comparison* MainWindow::comparison() const
{
    return m_comparison;
}

void MainWindow::compare()
{
    if (m_parts.turns.isBusy()) {
        m_chat->composer()->showNote(tr("An answer is being written. Compare when it is done."));
        return;
    }
    if (!m_comparison) {
        const std::optional<LoadedModel> here =
            m_model->isLoading() ? std::nullopt : m_model->model();
        const ChatOptions& options = m_chat->options();
        Comparison::Options both{options.forAnswer(here), options.forAnswer(std::nullopt)};
        both.here.sampling.seed = both.onServer.sampling.seed;
        m_comparison =
            new Comparison({m_parts.settings, m_parts.loader, *m_parts.sources},
                           m_parts.book.current(), m_chat->composer()->draft(), both, here, this);
        m_comparison->setAttribute(Qt::WA_DeleteOnClose);
    }
    m_comparison->show();
    m_comparison->raise();
    m_comparison->activateWindow();
}

/// index: of the switch, 0 here, 1 on a server
void MainWindow::choosePlace(int index)
{
    SourceChoice& sources = *m_parts.sources;
    if (sources.isLocal() == (index == 0))
        return;
    const std::optional<AnswerSource> server = sources.suggestedServer();
    if (index == 0) {
        sources.choose({});
    } else if (server) {
        sources.choose(*server);
    } else {
        m_place->setCurrentIndex(0);
        openSettings(QStringLiteral("servers"));
        m_status->setMessage(tr("No server is known yet. Add one in the settings."));
    }
}

void MainWindow::setFormerModel(const LoadedModel& model)
{
    m_model->setFormer(model);
}

void MainWindow::showLoadFailure(const QString& folder, const Failure& failure, bool modelKept)
{
    m_model->showFailure(folder, failure, modelKept);
}

void MainWindow::showLoadStopped(bool modelKept)
{
    m_model->showStopped(modelKept);
}

void MainWindow::announce(const QString& sentence)
{
    setAccessibleDescription(sentence);
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
}

} // namespace argali::gui
