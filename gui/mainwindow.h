#pragma once

#include <optional>

#include <QMainWindow>
#include <QPointer>

#include "gui/chat/conversationbook.h"
#include "gui/chat/engineworker.h"
#include "gui/chat/samples.h"
#include "gui/settings/settings.h"

namespace argali::gui {

class AdapterControl;
class ChatWidget;
class Comparison;
class ConversationList;
class DataEraser;
class DesktopAppearance;
class DraftStore;
class DropOverlay;
class ExchangeControl;
class HistoryControl;
class HistoryStore;
class MediaLoader;
class ModelAdapters;
class ModelChooser;
class ModelLibrary;
class ReplySource;
class SamplingPanel;
class SegmentedControl;
class ServerProcess;
class ServingControl;
class SettingsDialog;
class ShortcutList;
class ShownModel;
class SourceChoice;
class StatusLine;
class TurnController;
class UndoLine;
class WindowPanes;
class WindowToolBar;

/// What the window works with; all of it outlives the window.
struct WindowParts {
    Settings& settings;
    MediaLoader& loader;
    ReplySource& source;
    ConversationBook& book;
    TurnController& turns;
    DraftStore& drafts;
    QList<Sample> samples;
    HistoryStore* history = nullptr;      ///< null: chats are of this session only
    DesktopAppearance* desktop = nullptr; ///< null: only the system's palette says what it wants
    DataEraser* eraser = nullptr;         ///< null: nothing is kept that could be cleared
    SourceChoice* sources = nullptr;      ///< null: only the model on this computer answers
    ServerProcess* server = nullptr;      ///< null: the model is not served to others
    ModelAdapters* adapters = nullptr;    ///< null: models are without adapters
};

/// The window: side list, toolbar, chat, Answer panel, status line.
class MainWindow final : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(const WindowParts& parts, QWidget* parent = nullptr);

    /// Writes down what is being written, and how the window lies.
    void keep();
    /// Shows all that stands in another window, which may then go.
    void takeOver(MainWindow& old);
    void showModelOf(const MainWindow& old);
    /// What is open beside another window is open beside this one.
    void takeDialogs(const MainWindow& old);
    /// page: name of one of the dialog's pages; empty: the one that is shown, or the first
    void openSettings(const QString& page = {});
    SettingsDialog* settingsDialog() const; ///< Null while it is closed.
    ModelLibrary& models() const { return *m_library; }

    ChatWidget* chat() const { return m_chat; }
    SamplingPanel* panel() const { return m_panel; }
    StatusLine* status() const { return m_status; }
    ModelChooser* chooser() const { return m_chooser; }
    /// Here or on a server; null where there are no servers.
    SegmentedControl* placeSwitch() const { return m_place; }
    ConversationList* conversations() const { return m_list; }
    UndoLine* undoLine() const { return m_undo; }
    ExchangeControl* exchange() const { return m_exchange; }
    ServingControl* serving() const { return m_serving; }   ///< null: the model is not served
    AdapterControl* adapters() const { return m_adapters; } ///< null: there are none
    ShortcutList* shortcutList() const;                     ///< null while it is not open
    Comparison* comparison() const;                         ///< null while it is not open
    void listShortcuts(); ///< Opens the list of keys beside the window.
    bool isSideOpen() const;
    bool isPanelOpen() const;
    void setSideOpen(bool open);
    void setPanelOpen(bool open);

    /// A model is being opened, from this folder.
    void showLoading(const QString& folder);
    void showLoadProgress(const Progress& progress);
    void showModel(const std::optional<LoadedModel>& model);
    /// The model that stays when the one being loaded does not open.
    void setFormerModel(const LoadedModel& model);
    void showLoadFailure(const QString& folder, const Failure& failure, bool modelKept);
    void showLoadStopped(bool modelKept);

signals:
    void modelChosen(const QString& folder);
    void stopLoadingRequested();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    bool event(QEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    WindowToolBar* makeToolBar();
    void makeActions();
    void applyColours();
    void choosePlace(int index);
    void compare();
    void forgetChats();
    void restore();
    void store();
    void showDrag(bool over);
    void stop();
    void keepDraft();
    void announce(const QString& sentence);
    void zoom(int step);

    WindowParts m_parts;
    ConversationList* m_list = nullptr;
    ChatWidget* m_chat = nullptr;
    SamplingPanel* m_panel = nullptr;
    ModelChooser* m_chooser = nullptr;
    SegmentedControl* m_place = nullptr;
    ModelLibrary* m_library = nullptr;
    QPointer<QObject> m_settingsDialog;
    StatusLine* m_status = nullptr;
    UndoLine* m_undo = nullptr;
    HistoryControl* m_history = nullptr;
    ExchangeControl* m_exchange = nullptr;
    ServingControl* m_serving = nullptr;
    AdapterControl* m_adapters = nullptr;
    WindowPanes* m_panes = nullptr;
    ShownModel* m_model = nullptr;
    DropOverlay* m_overlay = nullptr;
    QPointer<ShortcutList> m_shortcuts;
    QPointer<Comparison> m_comparison;
};

} // namespace argali::gui
