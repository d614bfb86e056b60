#include "gui/chat/transcriptpage.h"

#include <utility>

#include <QFile>
#include <QJsonDocument>
#include <QLoggingCategory>
#include <QUrl>
#include <QWebEngineDownloadRequest>
#include <QWebEngineScript>
#include <QWebEngineSettings>

namespace argali::gui {
namespace {

Q_LOGGING_CATEGORY(pageLog, "argali.page")

constexpr qsizetype largestReport = 4 << 20;

// In the order in which they need each other.
const char* const pageScripts[] = {"katex/katex.js", "highlight/highlight.js",
                                   "icons.js",       "math.js",
                                   "code.js",        "build.js",
                                   "scroll.js",      "tools.js",
                                   "live.js",        "turns.js",
                                   "copy.js",        "main.js"};

QString readScript(const char* name)
{
    QFile file(QLatin1String(":/page/") + QLatin1String(name));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("the program lacks its file %s", name);
    return QString::fromUtf8(file.readAll());
}

} // namespace

TranscriptProfile::TranscriptProfile(QObject* parent) : QWebEngineProfile(parent)
{
    setHttpCacheType(NoCache);
    setPersistentCookiesPolicy(NoPersistentCookies);
    setSpellCheckEnabled(false);
    setUrlRequestInterceptor(&m_filter);
    installUrlSchemeHandler("argali", &m_handler);
    connect(this, &QWebEngineProfile::downloadRequested, this,
            [](QWebEngineDownloadRequest* download) { download->cancel(); });
}

TranscriptProfile::~TranscriptProfile()
{
    setUrlRequestInterceptor(nullptr); // it goes before the base class, which may still ask
    removeAllUrlSchemeHandlers();
}

TranscriptPage::TranscriptPage(QWebEngineProfile* profile, QObject* parent)
    : QWebEnginePage(profile, parent)
{
    using Attribute = QWebEngineSettings::WebAttribute;
    // JavascriptEnabled stays on, or timers and listeners of our own world would not run either;
    // the page's policy allows no script.
    for (const Attribute off :
         {QWebEngineSettings::JavascriptCanOpenWindows,
          QWebEngineSettings::JavascriptCanAccessClipboard, QWebEngineSettings::JavascriptCanPaste,
          QWebEngineSettings::LocalStorageEnabled,
          QWebEngineSettings::LocalContentCanAccessRemoteUrls,
          QWebEngineSettings::LocalContentCanAccessFileUrls, QWebEngineSettings::PluginsEnabled,
          QWebEngineSettings::PdfViewerEnabled, QWebEngineSettings::HyperlinkAuditingEnabled,
          QWebEngineSettings::ErrorPageEnabled, QWebEngineSettings::FullScreenSupportEnabled,
          QWebEngineSettings::ScreenCaptureEnabled, QWebEngineSettings::WebGLEnabled,
          QWebEngineSettings::AutoLoadIconsForPage, QWebEngineSettings::DnsPrefetchEnabled,
          QWebEngineSettings::NavigateOnDropEnabled, QWebEngineSettings::FocusOnNavigationEnabled,
          QWebEngineSettings::ScrollAnimatorEnabled,
          QWebEngineSettings::AllowRunningInsecureContent})
        settings()->setAttribute(off, false);
    settings()->setUnknownUrlSchemePolicy(QWebEngineSettings::DisallowUnknownUrlSchemes);

    connect(this, &QWebEnginePage::loadFinished, this, [this](bool ok) {
        if (!std::exchange(m_loading, false)) // a navigation that was refused
            return;
        if (ok)
            loadScripts();
        else
            qCWarning(pageLog, "the transcript's page could not be loaded");
    });
    connect(this, &QWebEnginePage::urlChanged, this, [this](const QUrl& url) {
        if (url == pageUrl() || m_loading)
            return;
        qCWarning(pageLog, "the page was left"); // Chromium asks nobody about about:blank
        m_scriptsRun = false;
        emit lost();
    });
    connect(this, &QWebEnginePage::titleChanged, this, [this] { askWhatHappened(); });
    connect(this, &QWebEnginePage::featurePermissionRequested, this,
            [this](const QUrl& origin, Feature feature) {
                setFeaturePermission(origin, feature, PermissionDeniedByUser);
            });
    connect(this, &QWebEnginePage::renderProcessTerminated, this,
            [this](RenderProcessTerminationStatus status, int code) {
                qCWarning(pageLog, "the page's process ended (status %d, code %d)", int(status),
                          code);
                m_scriptsRun = false;
                emit lost();
            });
}

void TranscriptPage::start()
{
    m_scriptsRun = false;
    m_loading = true;
    load(pageUrl());
}

void TranscriptPage::loadScripts()
{
    for (const char* name : pageScripts) // they run in this order
        run(readScript(name));
    run(QStringLiteral("0"), [this](const QVariant&) {
        m_scriptsRun = true;
        emit ready();
    });
}

void TranscriptPage::run(const QString& script, const std::function<void(const QVariant&)>& then)
{
    if (then)
        runJavaScript(script, QWebEngineScript::ApplicationWorld,
                      [then, here = std::weak_ptr(m_here)](const QVariant& value) {
                          // A page that goes calls what is still waiting, when this part of it, and
                          // perhaps the one who asked, are gone.
                          if (!here.expired())
                              then(value);
                      });
    else
        runJavaScript(script, QWebEngineScript::ApplicationWorld);
}

void TranscriptPage::askWhatHappened()
{
    if (!m_scriptsRun)
        return;
    run(QStringLiteral("argali.take()"), [this](const QVariant& value) {
        const QString report = value.toString();
        if (report.isEmpty() || report.size() > largestReport)
            return;
        const QJsonArray events = QJsonDocument::fromJson(report.toUtf8()).array();
        if (!events.isEmpty())
            emit happened(events);
    });
}

bool TranscriptPage::acceptNavigationRequest(const QUrl& url, NavigationType, bool isMainFrame)
{
    return isMainFrame && url == pageUrl(); // links are only ever reported
}

QWebEnginePage* TranscriptPage::createWindow(WebWindowType)
{
    return nullptr;
}
void TranscriptPage::javaScriptAlert(const QUrl&, const QString&) {}
bool TranscriptPage::javaScriptConfirm(const QUrl&, const QString&)
{
    return false;
}
bool TranscriptPage::javaScriptPrompt(const QUrl&, const QString&, const QString&, QString*)
{
    return false;
}
QStringList TranscriptPage::chooseFiles(FileSelectionMode, const QStringList&, const QStringList&)
{
    return {};
}

void TranscriptPage::javaScriptConsoleMessage(JavaScriptConsoleMessageLevel level,
                                              const QString& message, int line, const QString&)
{
    // Chromium's own memory of heights, for content-visibility, sometimes needs one more frame; we
    // observe no sizes.
    if (level != ErrorMessageLevel || message.startsWith(QLatin1String("ResizeObserver loop")))
        return;
    ++m_errors;
    // The message may quote the answer, which the log must not hold; its first words are
    // Chromium's.
    qCWarning(pageLog, "script error in line %d: %s", line,
              qPrintable(message.section(QLatin1Char(':'), 0, 0).left(60)));
    qCDebug(pageLog).noquote() << message;
}

} // namespace argali::gui
