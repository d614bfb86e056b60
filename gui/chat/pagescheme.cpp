#include "gui/chat/pagescheme.h"

#include <unistd.h>

#include <QFile>
#include <QUrl>
#include <QWebEngineUrlRequestInfo>
#include <QWebEngineUrlRequestJob>
#include <QWebEngineUrlScheme>

namespace argali::gui {
namespace {

constexpr const char* scheme = "argali";
constexpr const char* host = "page";

struct FileType {
    const char* ending;
    const char* mime;
};
constexpr FileType fileTypes[] = {
    {".html", "text/html"}, {".css", "text/css"}, {".woff2", "font/woff2"}};

} // namespace

void registerPageScheme()
{
    QWebEngineUrlScheme page(scheme);
    page.setSyntax(QWebEngineUrlScheme::Syntax::Host);
    page.setFlags(QWebEngineUrlScheme::SecureScheme | QWebEngineUrlScheme::CorsEnabled);
    QWebEngineUrlScheme::registerScheme(page);
}

bool leaveSandboxToRoot()
{
    if (geteuid() != 0)
        return false;
    qputenv("QTWEBENGINE_DISABLE_SANDBOX", "1");
    return true;
}

QUrl pageUrl()
{
    return QUrl(QStringLiteral("argali://page/index.html"));
}

void PageSchemeHandler::requestStarted(QWebEngineUrlRequestJob* job)
{
    const QUrl url = job->requestUrl();
    const QString path = url.path();
    if (job->requestMethod() != "GET" || url.host() != QLatin1String(host) ||
        path.contains(QLatin1String(".."))) {
        job->fail(QWebEngineUrlRequestJob::RequestDenied);
        return;
    }
    for (const FileType& type : fileTypes) {
        if (!path.endsWith(QLatin1String(type.ending)))
            continue;
        auto* file = new QFile(QLatin1String(":/page") + path, job);
        if (!file->open(QIODevice::ReadOnly))
            break;
        job->reply(type.mime, file);
        return;
    }
    job->fail(QWebEngineUrlRequestJob::UrlNotFound);
}

void PageRequestFilter::interceptRequest(QWebEngineUrlRequestInfo& info)
{
    const QUrl url = info.requestUrl();
    const bool isOurs = url.scheme() == QLatin1String(scheme) && url.host() == QLatin1String(host);
    const bool isPicture = url.scheme() == QLatin1String("data") &&
                           info.resourceType() == QWebEngineUrlRequestInfo::ResourceTypeImage;
    if (isOurs || isPicture) {
        ++m_allowed;
        return;
    }
    ++m_blocked;
    info.block(true);
}

} // namespace argali::gui
