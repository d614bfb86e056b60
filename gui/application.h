#pragma once

#include <memory>

#include <QObject>

#include "gui/chat/conversationbook.h"
#include "gui/chat/draftstore.h"
#include "gui/chat/localreplysource.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/turncontroller.h"
#include "gui/desktopappearance.h"
#include "gui/history/historystore.h"
#include "gui/language.h"
#include "gui/models/modeladapters.h"
#include "gui/places.h"
#include "gui/remote/remotereplysource.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/serveroffers.h"
#include "gui/remote/sourcechoice.h"
#include "gui/remote/sourceswitch.h"
#include "gui/serving/serverprocess.h"
#include "gui/settings/dataeraser.h"
#include "gui/settings/settings.h"
#include "gui/startuptrace.h"

namespace argali::gui {

class MainWindow;
struct StartRequest;
class WindowKeeper;

/// The long-lived objects, handed out by reference, and the window over them.
/// Thread: GUI.
class Application final : public QObject {
    Q_OBJECT
public:
    struct Options {
        Places places;
        QString modelFolder; ///< empty: the one that was open last, at first the pocket model
        StartupTrace trace{false};
        QStringList files = {}; ///< to attach
    };
    explicit Application(const Options& options);
    ~Application() override;

    /// Shows the window and begins to open the model.
    void start();
    /// Another start asks for this: attaches its files, opens its model, comes to the front.
    void take(const StartRequest& request);
    MainWindow& window() const; ///< Another one after the language was changed.
    LocalReplySource& source() { return m_source; }
    SourceChoice& sources() { return m_choice; }
    ServerBook& servers() { return m_servers; }
    HistoryStore& history() { return m_history; }
    ConversationBook& book() { return m_book; }
    TurnController& turns() { return m_turns; }
    Settings& settings() { return m_settings; }
    ServerProcess& server() { return m_server; }
    ModelAdapters& adapters() { return m_adapters; }

signals:
    void modelReady();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void connectWindow();
    void prepareTranscript();
    void openModel(const QString& folder);
    void takeDrafts(quint64 unopened);
    void noteLoaded(const LoadedModel& model);
    void noteLoadFailed(const QString& folder, const Failure& failure, bool modelKept);

    const Options m_options;
    Settings m_settings;
    DesktopAppearance m_desktop;
    LocalReplySource m_source;
    ModelAdapters m_adapters;
    RemoteReplySource m_remote;
    SourceSwitch m_switch;
    MediaLoader m_loader;
    DraftStore m_drafts;
    ConversationBook m_book;
    TurnController m_turns;
    SourceChoice m_choice;
    ServerBook& m_servers;
    ServerOffers m_offers;
    HistoryStore m_history;
    DataEraser m_eraser;
    ServerProcess m_server;
    bool m_starting = true;
    QString m_startFailure; ///< why the model that was asked for did not open, until the pocket
                            ///< model did
    std::unique_ptr<WindowKeeper> m_keeper;
};

} // namespace argali::gui
