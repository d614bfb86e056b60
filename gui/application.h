#pragma once

#include <memory>

#include <QObject>
#include <QTranslator>

#include "gui/chat/conversationbook.h"
#include "gui/chat/draftstore.h"
#include "gui/chat/localreplysource.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/turncontroller.h"
#include "gui/desktopappearance.h"
#include "gui/history/historystore.h"
#include "gui/settings/settings.h"
#include "gui/startuptrace.h"

namespace argali::gui {

class MainWindow;

/// What is kept where, by the XDG base directory rules.
struct Places {
    QString settingsFile;
    QString draftFile;
    QString pasteFolder;
    QString historyFile;
    QString mediaFolder; ///< what was sent, each file once

    static Places ofUser();
    /// All of it under one folder, for tests and pictures.
    static Places under(const QString& folder);
};

/// Translates the application into a language; empty for the system's. English has a file, too, for
/// its plurals.
class Language final {
public:
    explicit Language(const QString& name);
    ~Language();
    Language(const Language&) = delete;
    Language& operator=(const Language&) = delete;

private:
    QTranslator m_own;
    QTranslator m_qt; ///< the texts of Qt's own dialogs
};

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
    MainWindow& window() const { return *m_window; }
    LocalReplySource& source() { return m_source; }
    HistoryStore& history() { return m_history; }
    Settings& settings() { return m_settings; }

signals:
    void modelReady();

private:
    void openModel(const QString& folder);
    void takeDrafts(quint64 unopened);
    void noteLoaded(const LoadedModel& model);
    void noteLoadFailed(const QString& folder, const Failure& failure, bool modelKept);

    const Options m_options;
    Settings m_settings;
    DesktopAppearance m_desktop;
    Language m_language;
    LocalReplySource m_source;
    MediaLoader m_loader;
    DraftStore m_drafts;
    ConversationBook m_book;
    TurnController m_turns;
    HistoryStore m_history;
    bool m_starting = true;
    QString m_startFailure; ///< why the model that was asked for did not open, until the pocket
                            ///< model did
    std::unique_ptr<MainWindow> m_window;
};

} // namespace argali::gui
