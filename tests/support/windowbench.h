#pragma once

#include <QTemporaryDir>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/mainwindow.h"
#include "tests/support/fakereplysource.h"

namespace argali::gui {

/// The window over a source that answers what the test says.
struct WindowBench {
    QTemporaryDir dir;
    Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
    FakeReplySource source;
    MediaLoader loader{dir.filePath(QStringLiteral("pasted"))};
    DraftStore drafts{dir.filePath(QStringLiteral("draft.json"))};
    ConversationBook book;
    TurnController turns{book, source};
    MainWindow window;

    explicit WindowBench(bool ready = true, const QList<Sample>& samples = {})
        : window({settings, loader, source, book, turns, drafts, samples})
    {
        window.resize(1280, 800);
        if (ready)
            window.showModel(anyModel());
        window.show();
    }
    ChatWidget& chat() { return *window.chat(); }
    Composer& composer() { return *window.chat()->composer(); }
};

} // namespace argali::gui
