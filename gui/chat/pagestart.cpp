#include "gui/chat/pagestart.h"

#include <QByteArray>
#include <QtGlobal>

namespace argali::gui {

PageStart PageStart::fromEnvironment()
{
    PageStart start;
    const QByteArray value = qgetenv(variable);
    if (value == "software")
        start.drawing = Drawing::SoftwarePage;
    else if (value == "plain")
        start.drawing = Drawing::Plain;
    start.neverAnswers = value == "hung";
    return start;
}

void PageStart::settle() const
{
    if (drawing != Drawing::SoftwarePage)
        return;
    const QByteArray flags = qgetenv("QTWEBENGINE_CHROMIUM_FLAGS");
    if (!flags.contains("--disable-gpu"))
        qputenv("QTWEBENGINE_CHROMIUM_FLAGS", (flags + " --disable-gpu").trimmed());
    qputenv("QT_QUICK_BACKEND", "software");
}

} // namespace argali::gui
