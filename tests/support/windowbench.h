#pragma once

#include <memory>
#include <optional>

#include <QTemporaryDir>
#include <QTest>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "tests/support/fakereplysource.h"

namespace argali::gui {

inline constexpr int patience = 30'000; ///< ms

/// A file of the samples.
inline QString sample(const char* name)
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/") + QLatin1String(name);
}

/// What the page shows of a turn; of all for turn 0. The page may answer after the test has given
/// up waiting, so the answer has a place of its own.
inline QString pageText(TranscriptView& view, quint64 turn = 0)
{
    const auto text = std::make_shared<std::optional<QString>>();
    view.domText(turn, [text](const QString& told) { *text = told; });
    return QTest::qWaitFor([&] { return text->has_value(); }, patience)
               ? **text
               : QStringLiteral("no answer");
}

/// What a window works with, over a source that answers what the test says.
struct WindowWorld {
    QTemporaryDir dir;
    Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
    FakeReplySource source;
    MediaLoader loader{dir.filePath(QStringLiteral("pasted"))};
    DraftStore drafts{dir.filePath(QStringLiteral("draft.json"))};
    ConversationBook book;
    TurnController turns{book, source};

    WindowParts parts(const QList<Sample>& samples = {})
    {
        return {settings, loader, source, book, turns, drafts, samples};
    }
};

/// The window over it.
struct WindowBench : WindowWorld {
    MainWindow window;

    explicit WindowBench(bool ready = true, const QList<Sample>& samples = {})
        : window(parts(samples))
    {
        window.resize(1280, 800);
        if (ready)
            window.showModel(anyModel());
        window.show();
    }
    ChatWidget& chat() { return *window.chat(); }
    Composer& composer() { return *window.chat()->composer(); }
    void attach(const char* name)
    {
        composer().attach(sample(name));
        QVERIFY(QTest::qWaitFor([&] { return !composer().isReading(); }, patience));
    }
    /// Returns the turn, whose answer is under way.
    quint64 send(const QString& question)
    {
        composer().edit()->setPlainText(question);
        chat().send();
        return source.lastTurn();
    }
    /// A question with its answer.
    quint64 ask(const QString& question = QStringLiteral("What is it?"),
                const QString& answer = QStringLiteral("An answer."))
    {
        const quint64 turn = send(question);
        source.finish(turn, answer);
        return turn;
    }
};

} // namespace argali::gui
