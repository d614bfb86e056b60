#include "gui/shotstates.h"

#include <QDir>
#include <QFileInfo>
#include <QLineEdit>

#include "gui/chat/answerspeed.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/dropzone.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/findbar.h"
#include "gui/chat/pagestart.h"
#include "gui/chat/pointedmedia.h"
#include "gui/chat/transcriptview.h"
#include "gui/exchange/exchangecontrol.h"
#include "gui/film/filmframes.h"
#include "gui/film/filmtimeline.h"
#include "gui/models/modelchooser.h"
#include "gui/statusline.h"

namespace argali::gui {
namespace {

QString wholeAnswer(const Stage& s)
{
    return s.text(
        "The highest bar is **B**, at 20. A reaches 6, so B is ahead by\n\n"
        "$$\\Delta = 20 - 6 = 14,\\qquad \\frac{14}{6} \\approx 233.3\\,\\%$$\n\n"
        "| Bar | Value | Against A |\n|---|---|---|\n| A | 6 | – |\n| B | 20 | +233.3 % |\n"
        "| C | 11 | +83.3 % |\n",
        "最高的柱子是 **B**，为 20。A 为 6，因此 B 高出\n\n"
        "$$\\Delta = 20 - 6 = 14,\\qquad \\frac{14}{6} \\approx 233.3\\,\\%$$\n\n"
        "| 柱子 | 数值 | 相对 A |\n|---|---|---|\n| A | 6 | – |\n| B | 20 | +233.3 % |\n"
        "| C | 11 | +83.3 % |\n");
}

QString thought(const Stage& s)
{
    return s.text("The bars are A, B and C, each with its value above it. A is the lowest with 6, "
                  "B the highest with 20, C …",
                  "柱子依次为 A、B、C，数值标在柱子上方。A 最低，为 6；B 最高，为 20；C ……");
}

QString question(const Stage& s)
{
    return s.text("Which bar is the highest, and by how much more than A?",
                  "哪根柱子最高，比 A 高多少？");
}

void openLarge(Stage& s)
{
    s.settings.set(settings::sampling, true);
    s.source.setCost(280, 1604, 40'960);
    s.window->showModel(s.large());
}

void beginThinking(Stage& s, std::function<void()> then, int tokens = 318)
{
    openLarge(s);
    s.settings.set(settings::thinking, true);
    s.composer().attach(s.sample("chart.png"));
    s.ask(question(s), [&s, tokens, then = std::move(then)] {
        s.source.think(thought(s), tokens);
        s.source.setThought(tokens);
        QTimer::singleShot(600, s.window.get(), then);
    });
}

/// As after some answers on this computer.
void rememberSpeed(Stage& s)
{
    Usage usage;
    usage.computedTokens = usage.encodedTokens = 1000;
    Timings timings;
    timings.prefill = timings.vision = timings.firstToken = Timings::Duration(450);
    AnswerSpeed(s.settings).learn(s.pocket(), usage, timings);
}

/// Chats of other days: in a folder, pinned, and by date.
void earlierChats(Stage& s)
{
    const auto chat = [&s](const char* english, const char* chinese, const char* answer,
                           const char* antwort, int daysAgo) {
        s.book.startNew();
        const quint64 turn =
            s.turns.send({s.text(english, chinese), {}}, {}, QStringLiteral("Any"));
        s.source.write(s.text(answer, antwort), 20);
        s.source.finish(FinishReason::Stop, 20);
        Conversation* made = s.book.holding(turn);
        made->head().changed -= qint64(daysAgo) * 86'400'000;
        return made->id();
    };
    chat("What is the distance of the bars in the grid?", "网格中柱子的间距是多少？",
         "The bars stand 24 px apart.", "柱子之间相距 24 像素。", 40);
    const quint64 invoice =
        chat("Read the invoice number", "读出发票号码",
             "It is printed above the bar code: 4711-26.", "印在条形码的柱子上方：4711-26。", 3);
    const quint64 chart = chat("Compare the four quarters", "比较四个季度",
                               "Q4 has the highest bar.", "第四季度的柱子最高。", 1);
    chat("Which colour is the ring?", "圆环是什么颜色？", "The ring is red.", "圆环是红色的。", 0);
    s.book.setFolder(invoice, s.book.addFolder(s.text("Invoices", "发票")));
    s.book.setPinned(chart, true);
}

} // namespace

std::vector<Shot> shotStates()
{
    return {
        {"first-start", 900, [](Stage& s) { s.window->showModel(s.pocket()); }, true},
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
         },
         true},
        {"found", 3200,
         [](Stage& s) {
             beginThinking(s, [&s] {
                 s.source.write(wholeAnswer(s), 560);
                 s.source.finish(FinishReason::Stop, 554);
                 QTimer::singleShot(600, s.window.get(), [&s] { // once the answer is there
                     s.window->chat()->openFind();
                     s.window->chat()->findBar()->edit()->setText(QStringLiteral("20"));
                 });
             });
         }},
        {"two-pictures", 3200,
         [](Stage& s) {
             s.window->showModel(s.large());
             s.composer().attach(s.sample("objects.png"));
             s.composer().attach(s.sample("pair.png"));
             s.ask(s.text("Which objects are in both pictures?", "两张图片里都有哪些物体？"), [&s] {
                 s.source.write(
                     s.text("None: a heart and a cross here, a diamond and a ring there.",
                            "没有：一张是心形和十字形，另一张是菱形和圆环。"),
                     16);
                 s.source.finish(FinishReason::Stop, 16);
                 s.composer().attach(s.sample("text.png"));
             });
         }},
        {"film", 3200,
         [](Stage& s) {
             s.source.setCost(194, 251, 2048);
             s.source.addPart({{512, 384}, {96, 64}, 8, 8, 12, 194});
             rememberSpeed(s);
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("grow.mp4"));
             s.composer().edit()->setPlainText(
                 s.text("What happens in this film?", "视频里发生了什么？"));
         },
         true},
        {"film-by-hand", 1800,
         [](Stage& s) {
             s.source.setCost(146, 206, 2048);
             s.source.addPart({{512, 384}, {96, 64}, 6, 8, 12, 146});
             rememberSpeed(s);
             s.settings.set(settings::tellTimes, true);
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("grow.mp4"));
             s.composer().edit()->setPlainText(
                 s.text("When is the heart largest?", "心形什么时候最大？"));
             QTimer::singleShot(600, s.window.get(), [&s] {
                 FilmFrames* view = s.composer().strip()->view();
                 view->setFocus();
                 emit view->nudged(5, 3);
                 emit view->removeRequested(1);
                 emit s.composer().strip()->timeline()->rangeMoved(8, 82);
                 view->setCurrent(3);
             });
         }},
        {"film-narrow", 1800,
         [](Stage& s) {
             s.window->resize(640, 800);
             s.source.setCost(722, 790, 2048);
             s.source.addPart({{512, 384}, {96, 64}, 30, 8, 12, 722});
             rememberSpeed(s);
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("appear.mp4"), 30);
             s.composer().edit()->setPlainText(
                 s.text("How many objects are there?", "有多少个物体？"));
         }},
        {"film-preview", 1800,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("appear.mp4"));
             QTimer::singleShot(600, s.window.get(), [&s] {
                 emit s.composer().previewRequested(s.composer().strip()->film(), 1.7);
             });
         },
         true},
        {"what-the-model-sees", 1800,
         [](Stage& s) {
             s.source.setCost(26, 60, 2048);
             s.source.addPart({{512, 384}, {96, 64}, 1, 8, 12, 26});
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("pair.png"));
             QTimer::singleShot(900, s.window.get(), [&s] {
                 auto* row = s.composer().findChild<AttachmentRow*>();
                 emit row->viewRequested(s.composer().entries().first().ticket);
             });
         }},
        {"regions", 3200,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("objects.png"));
             s.ask(s.text("Where is the cross? Please provide the bounding box coordinates.",
                          "十字在哪里？请给出边界框坐标。"),
                   [&s] {
                       s.source.write(QStringLiteral("<ref>cross</ref><box>(0.360,0.500),"
                                                     "(0.580,0.790)</box>"),
                                      24);
                       s.source.finish(FinishReason::Stop, 24);
                       s.window->chat()->media()->showRegion(s.book.current().turns().back().id,
                                                             QStringLiteral("box"),
                                                             {0.36, 0.5, 0.58, 0.79});
                   });
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
         },
         true},
        {"context-limit", 1200,
         [](Stage& s) {
             s.source.setCost(1104, 2217, 2048);
             s.window->showModel(s.pocket());
             s.composer().attach(s.sample("chart.png"));
             s.composer().edit()->setPlainText(
                 s.text("What colour is bar C?", "柱子 C 是什么颜色？"));
             QTimer::singleShot(600, s.window.get(), [&s] { s.window->chat()->send(); });
         }},
        {"thinking", 3200, [](Stage& s) { beginThinking(s, [] {}); }},
        {"budget-reached", 3200,
         [](Stage& s) {
             s.settings.set(settings::thinkingBudget, 256);
             beginThinking(
                 s,
                 [&s] {
                     s.source.write(s.text("B, by 14.", "B，多 14。"), 330);
                     s.source.finish(FinishReason::Stop, 330, true);
                 },
                 256);
         }},
        {"half-table", 3200,
         [](Stage& s) {
             beginThinking(s, [&s] {
                 const QString whole = wholeAnswer(s);
                 s.source.write(whole.left(whole.indexOf(QLatin1String("| B |")) + 6), 420);
             });
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
                 s.source.fail(Failure(
                     Error::Code::OutOfMemory,
                     QStringLiteral(
                         "attention workspace: 1 073 741 824 bytes wanted, 402 653 184 free")));
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
                 s.source.write(
                     QStringLiteral("```python\nfrom math import isclose\n\nunits = {\"Q1\": 66, "
                                    "\"Q2\": 88, \"Q3\": 44, \"Q4\": 100}\n"
                                    "first = units[\"Q1\"]\nfor name, value in units.items():\n    "
                                    "share = (value - first) / first\n"
                                    "    # a line that is longer than the column is wide, so that "
                                    "it has to be scrolled sideways in its block\n"
                                    "    print(f\"{name}: {share:+.1%}\")\n```\n"),
                     120);
                 s.source.finish(FinishReason::Stop, 120);
             });
         }},
        {"branches", 3200,
         [](Stage& s) {
             openLarge(s);
             s.composer().attach(s.sample("chart.png"));
             s.ask(question(s), [&s] {
                 s.source.write(wholeAnswer(s), 560);
                 s.source.finish(FinishReason::Stop, 554);
                 const quint64 first = s.book.current().turns().back().id;
                 s.turns.edit(first, {s.text("And which is the lowest?", "哪根柱子最低？"), {}}, {},
                              s.large().name());
                 s.source.write(s.text("A, at 6.", "A，为 6。"), 12);
                 s.source.finish(FinishReason::Stop, 12);
             });
         }},
        {"viewer", 3200,
         [](Stage& s) {
             s.window->showModel(s.large());
             s.composer().attach(s.sample("objects.png"));
             s.composer().attach(s.sample("pair.png"));
             s.ask(s.text("Which objects are in both pictures?", "两张图片里都有哪些物体？"), [&s] {
                 s.source.finish(FinishReason::Stop, 9);
                 emit s.window->chat()->transcript()->pictureActivated(
                     s.book.current().turns().back().id, 1);
             });
         }},
        {"plain-transcript", 3200,
         [](Stage& s) {
             qputenv(PageStart::variable, "plain");
             s.window->chat()->makeTranscript();
             qunsetenv(PageStart::variable);
             beginThinking(s, [&s] {
                 s.source.write(wholeAnswer(s), 560);
                 s.source.finish(FinishReason::Stop, 554);
             });
         }},
        {"folders", 1500,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             earlierChats(s);
             s.window->conversations()->addFolder();
         }},
        {"search-results", 2200,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             earlierChats(s);
             QTimer::singleShot(700, s.window.get(), [&s] {
                 s.window->conversations()->searchField()->setText(s.text("bar", "柱子"));
             });
         },
         true},
        {"deleted-with-undo", 1500,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             earlierChats(s);
             emit s.window->conversations()->removeRequested(s.book.at(2).id());
         }},
        {"history-read-only", 1500,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             earlierChats(s);
             QTimer::singleShot(900, s.window.get(), [&s] {
                 const QString sentence = HistoryDatabase::newerSentence();
                 s.window->conversations()->setNotice(sentence);
             });
         }},
        {"export", 1500,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             earlierChats(s);
             QTimer::singleShot(900, s.window.get(), [&s] {
                 s.window->exchange()->askExport({s.book.at(2).id()}, s.book.at(2).title());
             });
         }},
        {"model-menu", 900,
         [](Stage& s) {
             s.settings.set(settings::recentModels,
                            QStringList{s.places.pasteFolder, QDir::tempPath()});
             s.window->showModel(s.pocket());
             QTimer::singleShot(300, s.window.get(), [&s] { s.window->chooser()->showMenu(); });
         }},
        {"keys", 900,
         [](Stage& s) {
             s.window->showModel(s.pocket());
             s.window->listShortcuts();
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

} // namespace argali::gui
