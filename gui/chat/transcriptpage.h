#pragma once

#include <functional>
#include <memory>

#include <QJsonArray>
#include <QWebEnginePage>
#include <QWebEngineProfile>

#include "gui/chat/pagescheme.h"

namespace argali::gui {

/// The profile of the transcript's page: in memory only, without cookies, cache, downloads or
/// network.
class TranscriptProfile final : public QWebEngineProfile {
    Q_OBJECT
public:
    explicit TranscriptProfile(QObject* parent = nullptr);
    ~TranscriptProfile() override;
    const PageRequestFilter& filter() const { return m_filter; }

private:
    PageRequestFilter m_filter;
    PageSchemeHandler m_handler;
};

/// The transcript's page. Its policy lets no script run in it; our scripts run beside it, in a
/// world of their own that nothing in the page can reach. They ring by the page's title and are
/// then asked what happened, so that no message comes from the page unasked. Thread: GUI.
class TranscriptPage final : public QWebEnginePage {
    Q_OBJECT
public:
    TranscriptPage(QWebEngineProfile* profile, QObject* parent = nullptr);

    /// Loads the page and our scripts, then emits ready(); also after a crash.
    void start();
    /// Runs a script in our world; then is called with its value, or with nothing when the page was
    /// lost, and not at all when this object goes first.
    void run(const QString& script, const std::function<void(const QVariant&)>& then = {});
    /// Script errors so far, for tests.
    int errorCount() const { return m_errors; }

signals:
    void ready();
    void happened(const QJsonArray& events); ///< what the user did, as the page tells it
    void lost(); ///< the page's process ended, or it shows something else

protected:
    bool acceptNavigationRequest(const QUrl& url, NavigationType type, bool isMainFrame) override;
    QWebEnginePage* createWindow(WebWindowType type) override;
    void javaScriptAlert(const QUrl& origin, const QString& message) override;
    bool javaScriptConfirm(const QUrl& origin, const QString& message) override;
    bool javaScriptPrompt(const QUrl& origin, const QString& message, const QString& fallback,
                          QString* result) override;
    void javaScriptConsoleMessage(JavaScriptConsoleMessageLevel level, const QString& message,
                                  int line, const QString& source) override;
    QStringList chooseFiles(FileSelectionMode mode, const QStringList& old,
                            const QStringList& types) override;

private:
    void loadScripts();
    void askWhatHappened();

    const std::shared_ptr<int> m_here = std::make_shared<int>(); ///< until this page goes
    int m_errors = 0;
    bool m_loading = false; ///< our own page
    bool m_scriptsRun = false;
};

} // namespace argali::gui
