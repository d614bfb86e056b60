#pragma once

#include <atomic>

#include <QWebEngineUrlRequestInterceptor>
#include <QWebEngineUrlSchemeHandler>

class QUrl;

namespace argali::gui {

/// Registers argali://, the only scheme that the transcript's page is loaded from.
/// Thread: before the application object is made.
void registerPageScheme();

/// Chromium's sandbox cannot be set up by root, who has no other user to hide from; so it is left
/// out then, and only then. Returns whether it is. Thread: before the application object is made.
bool leaveSandboxToRoot();

/// Where the page lies.
QUrl pageUrl();

/// Answers argali://page/... with files of the program and nothing else.
/// Thread: GUI.
class PageSchemeHandler final : public QWebEngineUrlSchemeHandler {
    Q_OBJECT
public:
    using QWebEngineUrlSchemeHandler::QWebEngineUrlSchemeHandler;
    void requestStarted(QWebEngineUrlRequestJob* job) override;
};

/// Lets the page's own files and pictures in data: addresses through, and nothing else; counts what
/// it stopped. Thread: GUI.
class PageRequestFilter final : public QWebEngineUrlRequestInterceptor {
    Q_OBJECT
public:
    using QWebEngineUrlRequestInterceptor::QWebEngineUrlRequestInterceptor;
    void interceptRequest(QWebEngineUrlRequestInfo& info) override;
    int blocked() const { return m_blocked; }
    int allowed() const { return m_allowed; }

private:
    std::atomic_int m_blocked = 0;
    std::atomic_int m_allowed = 0;
};

} // namespace argali::gui
