#include "gui/shots.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include <QApplication>
#include <QDir>
#include <QFontDatabase>
#include <QMenu>
#include <QPainter>
#include <QProcess>
#include <QTemporaryDir>
#include <QTimer>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/dropzone.h"
#include "gui/mainwindow.h"
#include "gui/models/modelchooser.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

/// Says what the state to draw needs.
class ScriptedSource final : public ReplySource {
public:
    using ReplySource::ReplySource;
    void start(quint64 turn, const ChatRequest&) override { m_turn = turn; }
    void cancel() override { finish(FinishReason::Cancelled, 0); }
    void estimate(quint64 question, const ChatRequest&) override { emit costReady(question, m_cost); }

    void think(const QString& text, int tokens)
    {
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
    void finish(FinishReason reason, int tokens)
    {
        if (!m_turn)
            return;
        ChatResult result;
        result.text = m_text.toStdString();
        result.finishReason = reason;
        result.usage.completionTokens = tokens;
        result.usage.thinkingTokens = m_thought;
        result.timings.firstToken = std::chrono::milliseconds(210);
        result.timings.decodeTokensPerSecond = 241;
        const quint64 turn = m_turn;
        m_turn = 0;
        m_text.clear();
        emit finished(turn, result);
    }
    void fail(const Failure& failure)
    {
        const quint64 turn = m_turn;
        m_turn = 0;
        emit failed(turn, failure);
    }
    void setCost(qint64 visual, qint64 prompt, qint64 context) { m_cost = {prompt, visual, context}; }
    int m_thought = 0;

private:
    quint64 m_turn = 0;
    QString m_text;
    RequestCost m_cost{118, 0, 2048};
};

/// A window with everything under it, for one picture.
struct Stage {
    Stage(const QString& folder, bool dark, bool chinese)
        : zh(chinese), places(Places::under(folder)), settings(places.settingsFile), loader(places.pasteFolder),
          drafts(places.draftFile), turns(book, source)
    {
        settings.set(settings::theme, int(dark ? Theme::Choice::Dark : Theme::Choice::Light));
        applyTheme(dark ? Theme::Choice::Dark : Theme::Choice::Light);
        const Result<QList<Sample>> found = pocketSamples();
        if (found)
            samples = *found;
        window = std::make_unique<MainWindow>(
            WindowParts{settings, loader, source, book, turns, drafts, chosenSamples(samples, 3, 1)});
        window->resize(1280, 800);
    }
    QString text(const char* english, const char* chinese) const { return QString::fromUtf8(zh ? chinese : english); }
    Composer& composer() { return *window->chat()->composer(); }
    QString sample(const char* name) const
    {
        for (const Sample& s : samples) {
            if (s.path.endsWith(QLatin1Char('/') + QLatin1String(name)))
                return s.path;
        }
        return {};
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
    ScriptedSource source;
    MediaLoader loader;
    DraftStore drafts;
    ConversationBook book;
    TurnController turns;
    QList<Sample> samples;
    std::unique_ptr<MainWindow> window;
};

struct Shot {
    const char* name;
    int wait; ///< ms until it is drawn
    std::function<void(Stage&)> set;
};

QString wholeAnswer(const Stage& s)
{
    return s.text("The highest bar is **Q4**, at 100 units. Q1 reached 66, so Q4 is ahead by\n\n"
                  "$$\\Delta = 100 - 66 = 34,\\qquad \\frac{34}{66} \\approx 51.5\\,\\%$$\n\n"
                  "| Quarter | Units | Against Q1 |\n|---|---|---|\n| Q1 | 66 | – |\n| Q2 | 88 | +33.3 % |\n"
                  "| Q3 | 44 | −33.3 % |\n| Q4 | 100 | +51.5 % |\n",
                  "最高的是**第四季度**，为 100。第一季度为 66，因此第四季度高出\n\n"
                  "$$\\Delta = 100 - 66 = 34,\\qquad \\frac{34}{66} \\approx 51.5\\,\\%$$\n\n"
                  "| 季度 | 数量 | 相对 Q1 |\n|---|---|---|\n| Q1 | 66 | – |\n| Q2 | 88 | +33.3 % |\n"
                  "| Q3 | 44 | −33.3 % |\n| Q4 | 100 | +51.5 % |\n");
}

QString thought(const Stage& s)
{
    return s.text("The bars are Q1 to Q4. Reading the heights against the grid lines: Q1 ends a little above the "
                  "second line, Q2 …",
                  "柱子依次为 Q1 到 Q4。对照网格线读取高度：Q1 略高于第二条线，Q2 ……");
}

QString question(const Stage& s)
{
    return s.text("Which quarter sold most, and by how much more than Q1?", "哪个季度卖得最多，比第一季度多多少？");
}

void openLarge(Stage& s)
{
    s.settings.set(settings::sampling, true);
    s.source.setCost(280, 1604, 40'960);
    s.window->showModel(s.large());
}

void beginThinking(Stage& s, std::function<void()> then)
{
    openLarge(s);
    s.settings.set(settings::thinking, true);
    s.composer().attach(s.sample("chart.png"));
    s.ask(question(s), [&s, then = std::move(then)] {
        s.source.think(thought(s), 318);
        s.source.m_thought = 318;
        QTimer::singleShot(600, s.window.get(), then);
    });
}

std::vector<Shot> states()
{
    return {
        {"first-start", 900, [](Stage& s) { s.window->showModel(s.pocket()); }},
        {"loading", 700,
         [](Stage& s) {
             s.window->showLoading(QStringLiteral("/models/Ovis2.5-2B"));
             s.window->showLoadProgress({Progress::Phase::Loading, 312, 747});
         }},
        {"no-model", 700,
         [](Stage& s) {
             s.window->showLoadFailure(QStringLiteral("/models/Ovis2.5-9B"),
                                       Failure(Error::Code::OutOfMemory, QString()), false);
         }},
        {"answer", 3200,
         [](Stage& s) {
             beginThinking(s, [&s] {
                 s.source.write(wholeAnswer(s), 560);
                 s.source.finish(FinishReason::Stop, 554);
             });
         }},
        {"two-pictures", 3200,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("objects.png"));
             s.composer().attach(s.sample("pair.png"));
             s.ask(s.text("Which objects are in both pictures?", "两张图片里都有哪些物体？"), [&s] {
                 s.source.write(s.text("A ring is in both.", "两张图片里都有圆环。"), 9);
                 s.source.finish(FinishReason::Stop, 9);
                 s.composer().attach(s.sample("text.png"));
             });
         }},
        {"film", 3200,
         [](Stage& s) {
             s.source.setCost(320, 377, 2048);
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("grow.mp4"));
             s.composer().edit()->setPlainText(s.text("What happens in this film?", "视频里发生了什么？"));
         }},
        {"drag", 1800,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("objects.png"));
             s.ask(s.text("What shape is the green object?", "绿色物体是什么形状？"), [&s] {
                 s.source.write(s.text("The green object is a cross.", "绿色物体是十字。"), 8);
                 s.source.finish(FinishReason::Stop, 8);
                 auto* overlay = s.window->findChild<DropOverlay*>();
                 overlay->show();
                 overlay->raise();
             });
         }},
        {"attachment-broken", 900,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("objects.png"));
             s.composer().attach(QDir(QFileInfo(s.sample("objects.png")).absolutePath())
                                     .filePath(QStringLiteral("samples.json")));
             s.composer().attach(s.sample("grow.mp4"));
             s.composer().edit()->setPlainText(s.text("What is in these?", "这些里面有什么？"));
         }},
        {"context-limit", 1200,
         [](Stage& s) {
             s.source.setCost(1104, 2217, 2048);
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("chart.png"));
             s.composer().edit()->setPlainText(s.text("What colour is bar C?", "柱子 C 是什么颜色？"));
             QTimer::singleShot(600, s.window.get(), [&s] { s.window->chat()->send(); });
         }},
        {"thinking", 3200, [](Stage& s) { beginThinking(s, [] {}); }},
        {"budget-reached", 3200,
         [](Stage& s) {
             s.settings.set(settings::thinkingBudget, 256);
             beginThinking(s, [&s] {
                 s.source.write(s.text("Q4, by 34 units.", "第四季度，多 34。"), 330);
                 s.source.finish(FinishReason::Stop, 330);
             });
         }},
        {"half-table", 3200,
         [](Stage& s) {
             beginThinking(s, [&s] { s.source.write(wholeAnswer(s).left(s.zh ? 190 : 280), 420); });
         }},
        {"stopped", 3200,
         [](Stage& s) {
             beginThinking(s, [&s] {
                 s.source.write(wholeAnswer(s).left(40), 340);
                 s.turns.stop();
             });
         }},
        {"failed", 3200,
         [](Stage& s) {
             openLarge(s);
             s.composer().attach(s.sample("chart.png"));
             s.ask(question(s), [&s] {
                 s.source.fail(Failure(Error::Code::OutOfMemory,
                                       QStringLiteral("attention workspace: 1 073 741 824 bytes wanted, 402 653 184 free")));
             });
         }},
        {"failed-in-the-middle", 3200,
         [](Stage& s) {
             openLarge(s);
             s.composer().attach(s.sample("chart.png"));
             s.ask(question(s), [&s] {
                 s.source.write(wholeAnswer(s).left(60), 20);
                 s.source.fail(Failure(Error::Code::Device, QStringLiteral("cuda: device lost")));
             });
         }},
        {"long-code", 3200,
         [](Stage& s) {
             openLarge(s);
             s.ask(s.text("Write this as a program.", "请写成程序。"), [&s] {
                 s.source.write(QStringLiteral("```python\nfrom math import isclose\n\nunits = {\"Q1\": 66, \"Q2\": 88, \"Q3\": 44, \"Q4\": 100}\n"
                                               "first = units[\"Q1\"]\nfor name, value in units.items():\n    share = (value - first) / first\n"
                                               "    # a line that is longer than the column is wide, so that it has to be scrolled sideways in its block\n"
                                               "    print(f\"{name}: {share:+.1%}\")\n```\n"),
                                120);
                 s.source.finish(FinishReason::Stop, 120);
             });
         }},
        {"model-menu", 900,
         [](Stage& s) {
             s.settings.set(settings::recentModels, QStringList{s.places.pasteFolder, QDir::tempPath()});
             s.window->showModel(s.pocket());
             QTimer::singleShot(300, s.window.get(), [&s] { s.window->chooser()->showMenu(); });
         }},
        {"narrow", 3200,
         [](Stage& s) {
             s.window->resize(640, 800);
             beginThinking(s, [&s] {
                 s.source.write(wholeAnswer(s), 560);
                 s.source.finish(FinishReason::Stop, 554);
             });
         }},
    };
}

/// Draws one state after another, each in a window of its own.
class Painter final : public QObject {
public:
    Painter(const QString& folder) : m_folder(folder)
    {
        for (const bool dark : {false, true}) {
            for (const bool zh : {false, true}) {
                for (const Shot& shot : states())
                    m_jobs.push_back({shot, dark, zh});
            }
        }
        const qreal ratio = qApp->devicePixelRatio();
        if (ratio > 1)
            m_suffix = QStringLiteral("-%1").arg(qRound(ratio * 100));
        const QByteArray only = qgetenv("ARGALI_SHOTS"); // one state, to look at while working on it
        if (!only.isEmpty())
            std::erase_if(m_jobs, [&](const Job& job) { return QByteArray(job.shot.name) != only; });
    }
    void next()
    {
        m_stage.reset();
        m_language.reset();
        if (m_at == m_jobs.size()) {
            scaled();
            return;
        }
        const Job& job = m_jobs[m_at++];
        m_places = std::make_unique<QTemporaryDir>();
        m_language = std::make_unique<Language>(job.zh ? QStringLiteral("zh_CN") : QStringLiteral("en"));
        m_stage = std::make_unique<Stage>(m_places->path(), job.dark, job.zh);
        m_stage->window->show();
        job.shot.set(*m_stage);
        QTimer::singleShot(job.shot.wait, this, [this, &job] { draw(job); });
    }

private:
    struct Job {
        Shot shot;
        bool dark;
        bool zh;
    };

    void draw(const Job& job)
    {
        QPixmap picture = m_stage->window->grab();
        if (QMenu* menu = m_stage->window->chooser()->menu(); menu->isVisible()) {
            QPainter painter(&picture);
            painter.drawPixmap(m_stage->window->mapFromGlobal(menu->pos()), menu->grab());
            menu->hide();
        }
        const QString name = QStringLiteral("%1-%2%3%4.png")
                                 .arg(QLatin1String(job.shot.name), job.dark ? QStringLiteral("dark") : QStringLiteral("light"),
                                      job.zh ? QStringLiteral("-zh") : QString(), m_suffix);
        if (!picture.save(QDir(m_folder).filePath(name))) {
            std::fprintf(stderr, "argali: %s cannot be written\n", qPrintable(QDir(m_folder).filePath(name)));
            QApplication::exit(1);
            return;
        }
        std::printf("%s\n", qPrintable(name));
        std::fflush(stdout);
        next();
    }

    /// Everything once more at 200 %, which a program can only be started with.
    void scaled()
    {
        if (qEnvironmentVariableIsSet("QT_SCALE_FACTOR")) {
            QApplication::exit(0);
            return;
        }
        auto* child = new QProcess(this);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("QT_SCALE_FACTOR"), QStringLiteral("2"));
        child->setProcessEnvironment(environment);
        child->setProcessChannelMode(QProcess::ForwardedChannels);
        connect(child, &QProcess::finished, this, [](int status) { QApplication::exit(status); });
        connect(child, &QProcess::errorOccurred, this, [] { QApplication::exit(1); });
        child->start(QApplication::applicationFilePath(), {QStringLiteral("--shots"), m_folder});
    }

    const QString m_folder;
    QString m_suffix;
    std::vector<Job> m_jobs;
    size_t m_at = 0;
    std::unique_ptr<QTemporaryDir> m_places;
    std::unique_ptr<Language> m_language;
    std::unique_ptr<Stage> m_stage;
};

} // namespace

int drawShots(const QString& folder)
{
    if (!QDir().mkpath(folder)) {
        std::fprintf(stderr, "argali: %s cannot be made\n", qPrintable(folder));
        return 1;
    }
    // The off-screen platform has no desktop to take a font from.
    if (QFontDatabase::families().contains(QStringLiteral("Inter")))
        QApplication::setFont(QFont(QStringLiteral("Inter"), 10));
    Painter painter(folder);
    QTimer::singleShot(0, &painter, &Painter::next);
    return QApplication::exec();
}

} // namespace argali::gui
