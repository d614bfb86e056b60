#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QFileInfo>
#include <QTimer>

#include "engine/engine.h"
#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/localreplysource.h"
#include "gui/chat/replysource.h"
#include "gui/chat/samples.h"
#include "gui/history/historystore.h"
#include "gui/mainwindow.h"
#include "gui/models/modeladapters.h"
#include "gui/remote/profilestore.h"
#include "gui/remote/remotereplysource.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/serveroffers.h"
#include "gui/remote/sourcechoice.h"
#include "gui/remote/sourceswitch.h"
#include "gui/theme.h"

namespace argali::gui {

/// Answers what the state to draw needs.
class ScriptedSource final : public ReplySource {
public:
    using ReplySource::ReplySource;
    void start(quint64 turn, const ChatRequest&) override { m_turn = turn; }
    void cancel() override { finish(FinishReason::Cancelled, 0); }
    bool canAnswerNow() const override { return true; }
    void estimate(quint64 question, const ChatRequest&) override
    {
        emit costReady(question, m_cost);
    }

    void think(const QString& text, int tokens)
    {
        m_thinking += text;
        emit thinkingReady(m_turn, text, tokens);
        emit progressed(m_turn, {Progress::Phase::Answering, tokens, 2048});
    }
    void write(const QString& text, int tokens)
    {
        m_text += text;
        emit textReady(m_turn, text, tokens);
        emit progressed(m_turn, {Progress::Phase::Answering, tokens, 2048});
    }
    void progress(const Progress& progress) { emit progressed(m_turn, progress); }
    void finish(FinishReason reason, int tokens, bool budgetReached = false)
    {
        if (!m_turn)
            return;
        ChatResult result;
        result.text = m_text.toStdString();
        result.thinking = m_thinking.toStdString();
        result.finishReason = reason;
        result.budgetReached = budgetReached;
        result.usage.completionTokens = tokens;
        result.usage.thinkingTokens = m_thought;
        result.timings.firstToken = std::chrono::milliseconds(210);
        result.timings.decodeTokensPerSecond = 241;
        const quint64 turn = m_turn;
        m_turn = 0;
        m_text.clear();
        m_thinking.clear();
        emit finished(turn, result);
    }
    void fail(const Failure& failure)
    {
        const quint64 turn = m_turn;
        m_turn = 0;
        emit failed(turn, failure);
    }
    void setCost(qint64 visual, qint64 prompt, qint64 context)
    {
        m_cost = {};
        m_cost.promptTokens = m_cost.newTokens = prompt;
        m_cost.visualTokens = m_cost.newVisualTokens = visual;
        m_cost.context = context;
    }
    /// What becomes of the next file of the question.
    void addPart(const VisualCost& part) { m_cost.parts.push_back(part); }
    /// Tokens of thinking that the result will name.
    void setThought(int tokens) { m_thought = tokens; }

private:
    int m_thought = 0;
    quint64 m_turn = 0;
    QString m_text;
    QString m_thinking;
    RequestCost m_cost{118, 0, 2048, 118, 0, {}};
};

/// A window with everything under it, for one picture.
struct Stage {
    Stage(const QString& folder, bool dark, bool chinese)
        : zh(chinese),
          places(Places::under(folder)),
          settings(places.settingsFile),
          adapters(settings, engine),
          both(source, remote),
          loader(places.pasteFolder),
          drafts(places.draftFile),
          turns(book, both),
          servers(ProfileStore::of(settings), keys, &settings),
          choice(settings, book, both, remote),
          offers(servers, choice, remote),
          history(places.historyFile, places.mediaFolder, book, turns),
          eraser({places, settings, book, turns, drafts, loader, history})
    {
        settings.set(settings::theme, int(dark ? Theme::Choice::Dark : Theme::Choice::Light));
        applyTheme(dark ? Theme::Choice::Dark : Theme::Choice::Light);
        const Result<QList<Sample>> found = pocketSamples(QLatin1String(chinese ? "zh_CN" : "en"));
        if (found)
            samples = *found;
        window = std::make_unique<MainWindow>(
            WindowParts{settings, loader, both, book, turns, drafts, chosenSamples(samples, 3, 1),
                        &history, nullptr, &eraser, &choice, nullptr, &adapters});
        history.open();
        window->resize(1280, 800);
    }
    QString text(const char* english, const char* chinese) const
    {
        return QString::fromUtf8(zh ? chinese : english);
    }
    Composer& composer() { return *window->chat()->composer(); }
    /// A file of the samples' folder, also one about which nothing is suggested.
    QString sample(const char* name) const
    {
        const QString path = QString::fromStdString((pocketFolder() / "samples" / name).string());
        if (!QFileInfo::exists(path))
            qFatal("%s: is not there, and states of the window show it", qPrintable(path));
        return path;
    }
    LoadedModel pocket() const
    {
        LoadedModel model;
        model.info.family = "ovis2_5";
        model.info.parameters = 4'921'664;
        model.info.seesPictures = model.info.seesFilms = model.info.thinks = true;
        model.deviceId = QStringLiteral("cpu");
        model.device = QStringLiteral("x86-64");
        model.isa = QStringLiteral("avx2");
        model.threads = 2;
        model.deviceMemory = 23'500'000'000;
        model.context = 2048;
        model.memory.total = 210'000'000;
        return model;
    }
    LoadedModel large() const
    {
        LoadedModel model = pocket();
        model.folder = QStringLiteral("/models/Ovis2.5-2B");
        model.info.name = "Ovis2.5-2B";
        model.info.parameters = 2'570'000'000;
        model.context = 40'960;
        model.memory.total = 6'100'000'000;
        return model;
    }
    /// Asks once the attachments have been read.
    void ask(const QString& question, std::function<void()> then)
    {
        composer().edit()->setPlainText(question);
        QTimer::singleShot(700, window.get(), [this, then = std::move(then)] {
            window->chat()->send();
            then();
        });
    }

    bool zh;
    Places places;
    Settings settings;
    LocalReplySource engine; ///< without a model
    ModelAdapters adapters;
    ScriptedSource source;
    RemoteReplySource remote;
    SourceSwitch both;
    MediaLoader loader;
    DraftStore drafts;
    ConversationBook book;
    TurnController turns;
    MemoryKeys keys;
    ServerBook servers; ///< found by who asks for that of the settings
    SourceChoice choice;
    ServerOffers offers;
    HistoryStore history;
    DataEraser eraser;
    QList<Sample> samples;
    std::unique_ptr<MainWindow> window;
};

/// A state of the window to draw.
struct Shot {
    const char* name;
    int wait; ///< ms until it is drawn
    std::function<void(Stage&)> set;
    bool alsoScaled = false; ///< at 200 %, too
};

/// Every state, in the order of the design.
std::vector<Shot> shotStates();
/// Each page of the settings.
std::vector<Shot> settingsShots();
/// What belongs to servers.
std::vector<Shot> remoteShots();

/// A server on this machine, for a picture: it says this when it is looked at, and answers
/// questions with a formula.
QString pictureServer(QObject* parent, const QByteArray& body, const QByteArray& status = "200 OK");
/// Adapters, and what families leave open.
std::vector<Shot> modelShots();
/// The model, served to other programs.
std::vector<Shot> servingShots();

} // namespace argali::gui
