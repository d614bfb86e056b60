// What a family leaves open about pictures and its prompt: shown where the model has it, kept by
// each chat, in the cost under the composer, in what the model sees, and in the request.
#include <cmath>
#include <limits>
#include <memory>

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "gui/application.h"
#include "gui/chat/attachmenttile.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/fedpicture.h"
#include "gui/chat/seenpicture.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "gui/settings/picturefields.h"
#include "gui/settings/picturesettings.h"
#include "gui/settings/samplingpanel.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"

using namespace argali;
using namespace argali::gui;

namespace {

constexpr int longest = 60'000; // ms, under sanitizers too

QString data(const char* name)
{
    return QStringLiteral(ARGALI_TEST_DATA "/") + QLatin1String(name);
}

QString chart()
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/chart.png");
}

/// The program with one of the small models open, in a folder that lasts over restarts.
struct Bench {
    QTemporaryDir dir;
    QString model;
    std::unique_ptr<Application> application;

    explicit Bench(const char* name) : model(data(name)) { start(); }
    void start()
    {
        application.reset();
        application = std::make_unique<Application>(
            Application::Options{Places::under(dir.path()), model, StartupTrace(false)});
        QSignalSpy ready(application.get(), &Application::modelReady);
        application->start();
        if (ready.isEmpty() && !ready.wait(longest))
            qFatal("the model does not open");
        application->settings().set(settings::hasBudget, false); // it asks for longer answers
        application->settings().set(settings::longestAnswer, 256);
    }
    MainWindow& window() const { return application->window(); }
    Composer& composer() const { return *window().chat()->composer(); }
    AnswerForm& form() const { return *window().panel()->form(); }
    PictureFields& pictures() const { return *form().pictures(); }
    AnswerOptions options() const { return window().chat()->options().current(); }
    ConversationBook& book() const { return application->book(); }
    /// Whether it is to be seen where the panel is.
    bool isShown(const QWidget* widget) const { return widget->isVisibleTo(&form()); }
    QString cost() const { return window().chat()->costText(); }

    void write()
    {
        composer().attach(chart());
        composer().edit()->setPlainText(QStringLiteral("What is it?"));
        QVERIFY(QTest::qWaitFor([&] { return !composer().isReading(); }, longest));
    }
    /// What the engine says that the question in the composer costs with these options.
    RequestCost engineCost(const AnswerOptions& options) const
    {
        const std::unique_ptr<Model> asked = openModel(model.toStdString(), {}, {});
        return asked->cost(makeRequest(Conversation(), composer().draft(), options));
    }
    bool says(qint64 visualTokens) const
    {
        const QString words = QStringLiteral("%1 visual tokens").arg(visualTokens);
        return QTest::qWaitFor([&] { return cost().contains(words); }, longest);
    }
    const Turn& ask()
    {
        window().chat()->send();
        if (!QTest::qWaitFor([&] { return !application->turns().isBusy(); }, longest))
            qFatal("no answer");
        return book().current().turns().back();
    }
};

} // namespace

class TestPictureChoices final : public QObject {
    Q_OBJECT
private slots:
    void tilesChangeTheCostAndTheRequest()
    {
        Bench bench("internvl2-tiny-internlm2");
        bench.window().show();
        QVERIFY(bench.isShown(bench.pictures().tiles()));
        QVERIFY(!bench.isShown(bench.pictures().largest()));
        QVERIFY(!bench.isShown(bench.pictures().aspectRatio()));
        bench.write();
        const RequestCost whole = bench.engineCost(bench.options());
        QVERIFY(whole.parts.front().tiles > 2);
        QVERIFY2(bench.says(whole.visualTokens), qPrintable(bench.cost()));
        bench.pictures().tiles()->setValue(1);
        AnswerOptions one = bench.options();
        QCOMPARE(one.maxTiles, 1);
        const RequestCost small = bench.engineCost(one);
        QVERIFY(small.visualTokens < whole.visualTokens);
        QVERIFY2(bench.says(small.visualTokens), qPrintable(bench.cost()));
        // What the control itself says it costs.
        QVERIFY2(bench.pictures().tilesHint().contains(QString::number(small.visualTokens)),
                 qPrintable(bench.pictures().tilesHint()));
        const Turn& turn = bench.ask();
        QCOMPARE(turn.options.maxTiles, 1);
        QCOMPARE(turn.answer.usage.promptTokens, small.promptTokens);
        QCOMPARE(turn.answer.usage.visualTokens, small.visualTokens);
    }

    void eachChatKeepsThemOverARestart()
    {
        Bench bench("internvl2-tiny-internlm2");
        bench.write();
        bench.pictures().tiles()->setValue(3);
        bench.ask();
        bench.book().startNew();
        QCOMPARE(bench.options().maxTiles, 0);
        QCOMPARE(bench.pictures().tiles()->value(), 0.0);
        bench.start();
        QTRY_COMPARE_WITH_TIMEOUT(bench.book().count(), 2, longest); // with a new one
        const QList<quint64> chats{bench.book().at(0).id(), bench.book().at(1).id()};
        for (const quint64 chat : chats) {
            bench.book().open(bench.book().indexOf(chat));
            QTRY_COMPARE_WITH_TIMEOUT(bench.book().current().id(), chat, longest);
            const int expected = bench.book().current().isEmpty() ? 0 : 3;
            QCOMPARE(bench.options().maxTiles, expected);
            QCOMPARE(bench.pictures().tiles()->value(), double(expected));
        }
    }

    void padOrCropIsSeen()
    {
        Bench bench("llava_1_5-tiny-original");
        bench.window().show();
        QVERIFY(bench.isShown(bench.pictures().aspectRatio()));
        QVERIFY(bench.isShown(bench.pictures().promptTemplate()));
        QVERIFY(!bench.isShown(bench.pictures().tiles()));
        bench.write();
        QTRY_VERIFY_WITH_TIMEOUT(!bench.cost().isEmpty(), longest);
        const auto seen = [&]() -> SeenPicture* {
            return bench.window().findChild<SeenPicture*>();
        };
        QTRY_VERIFY_WITH_TIMEOUT(
            [&] {
                auto* tile = bench.composer().findChild<AttachmentTile*>();
                if (tile && !seen()) // as soon as the cost is known
                    emit tile->viewRequested();
                return seen() != nullptr;
            }(),
            longest);
        QTRY_VERIFY_WITH_TIMEOUT(!seen()->picture().isNull(), longest);
        const QImage first = seen()->picture();
        const int other = 1 - bench.pictures().aspectRatio()->currentIndex();
        bench.pictures().aspectRatio()->segment(other)->click();
        QCOMPARE(bench.options().aspectRatio,
                 other == 1 ? QStringLiteral("crop") : QStringLiteral("pad"));
        QTRY_VERIFY_WITH_TIMEOUT(seen()->picture() != first, longest);
        const Turn& turn = bench.ask();
        QCOMPARE(turn.options.aspectRatio, bench.options().aspectRatio);
        const std::unique_ptr<Model> model = openModel(bench.model.toStdString(), {}, {});
        QCOMPARE(
            turn.answer.text,
            QString::fromStdString(
                model->generate(makeRequest(Conversation(), turn.draft(), turn.options), {}, {}, {})
                    .text));
        // Back to what the model comes with is nothing chosen.
        bench.pictures().aspectRatio()->segment(1 - other)->click();
        QCOMPARE(bench.options().aspectRatio, QString());
    }

    void templatesGoIntoTheRequest()
    {
        Bench bench("llava_1_5-tiny-original");
        ComboBox& box = *bench.pictures().promptTemplate();
        QVERIFY(box.count() > 1);
        QCOMPARE(bench.options().promptTemplate, QString());
        box.setCurrentIndex(1);
        const QString name = box.itemText(1);
        QCOMPARE(bench.options().promptTemplate, name);
        bench.composer().edit()->setPlainText(QStringLiteral("Hello"));
        const RequestCost cost = bench.engineCost(bench.options());
        QVERIFY(cost.promptTokens != bench.engineCost(AnswerOptions::builtIn()).promptTokens);
        QCOMPARE(bench.ask().answer.usage.promptTokens, cost.promptTokens);
        box.setCurrentIndex(0);
        QCOMPARE(bench.options().promptTemplate, QString());
    }

    void pixelsOfOvis()
    {
        Bench bench("ovis2_5-tiny");
        bench.window().show();
        QVERIFY(bench.isShown(bench.pictures().largest()));
        QVERIFY(bench.isShown(bench.pictures().smallest()));
        QVERIFY(!bench.isShown(bench.pictures().promptTemplate()));
        bench.write();
        const RequestCost usual = bench.engineCost(bench.options());
        QVERIFY2(bench.says(usual.visualTokens), qPrintable(bench.cost()));
        bench.pictures().largest()->setValue(30);
        const RequestCost large = bench.engineCost(bench.options());
        QVERIFY(large.visualTokens > usual.visualTokens);
        QVERIFY2(bench.says(large.visualTokens), qPrintable(bench.cost()));
        // They hold each other.
        bench.pictures().smallest()->setValue(40);
        QCOMPARE(bench.pictures().largest()->value(), 40.0);
        bench.pictures().largest()->setValue(20);
        QCOMPARE(bench.pictures().smallest()->value(), 20.0);
        QCOMPARE(bench.options().minPixels, qint64(20'000));
        QCOMPARE(bench.options().maxPixels, qint64(20'000));
        const RequestCost small = bench.engineCost(bench.options());
        QVERIFY2(bench.says(small.visualTokens), qPrintable(bench.cost()));
        QCOMPARE(bench.ask().answer.usage.promptTokens, small.promptTokens);
    }

    void onlyWhatTheModelHas()
    {
        Bench bench("chatglm2-tiny");
        bench.window().show();
        QVERIFY(bench.pictures().isEmpty());
        QVERIFY(!bench.isShown(&bench.pictures()));
        QVERIFY(!bench.form().thinking()->isEnabled());
        QVERIFY(!bench.form().hasBudget()->isEnabled());
        QVERIFY(!bench.form().budget()->isEnabled());
        // What a chat asks for and the model has not stays the chat's and is not asked.
        AnswerOptions all = bench.options();
        all.maxTiles = 4;
        all.aspectRatio = QStringLiteral("crop");
        all.promptTemplate = QStringLiteral("v1");
        all.maxPixels = 100'000;
        bench.window().chat()->options().set(all);
        bench.form().longest()->setValue(512); // an edit of something else
        QCOMPARE(bench.options().longestAnswer, 512);
        QVERIFY2(bench.options().isLike([&] {
            AnswerOptions same = all.held();
            same.longestAnswer = 512;
            same.thinkingBudget = bench.options().thinkingBudget;
            return same;
        }()),
                 "lost");
        bench.composer().edit()->setPlainText(QStringLiteral("Hello"));
        const Turn& turn = bench.ask();
        QCOMPARE(turn.answer.state, Answer::State::Finished);
        QCOMPARE(turn.options.maxTiles, 0);
        QCOMPARE(turn.options.maxPixels, qint64(0));
        QCOMPARE(turn.options.aspectRatio, QString());
        QCOMPARE(turn.options.promptTemplate, QString());
    }

    void samplingAsTheModelSuggests()
    {
        Bench bench("chatglm2-tiny");
        bench.window().show();
        const Sampling suggested = defaultSampling(bench.model.toStdString());
        QVERIFY(suggested.enabled); // by the family's own code
        QVERIFY(bench.isShown(bench.form().suggested()));
        AnswerOptions mine = bench.options();
        mine.sampling.seed = 7;
        bench.window().chat()->options().set(mine);
        bench.form().suggested()->click();
        const Sampling& now = bench.options().sampling;
        QVERIFY(now.enabled);
        QVERIFY(std::abs(now.temperature - suggested.temperature) < 1e-6F);
        QVERIFY(std::abs(now.topP - suggested.topP) < 1e-6F);
        QCOMPARE(now.topK, suggested.topK);
        QCOMPARE(now.seed, std::optional<uint64_t>(7));
        QVERIFY(!bench.isShown(bench.form().suggested()));
        bench.form().temperature()->setValue(1.5);
        QVERIFY(bench.isShown(bench.form().suggested()));
    }

    void optionsSurviveJsonAndHoldTheirRanges()
    {
        AnswerOptions options = AnswerOptions::builtIn();
        options.maxTiles = 6;
        options.minPixels = 1000;
        options.maxPixels = 500'000;
        options.aspectRatio = QStringLiteral("pad");
        options.promptTemplate = QStringLiteral("v1");
        options.adapter = QStringLiteral("birds");
        const AnswerOptions read = AnswerOptions::fromJson(options.toJson()).held();
        QVERIFY(read.isLike(options));
        QCOMPARE(read.adapter, options.adapter);
        QVERIFY(!AnswerOptions::fromJson({}).isLike(options));
        AnswerOptions wild;
        wild.maxTiles = 1 << 30;
        wild.minPixels = -4;
        wild.maxPixels = std::numeric_limits<qint64>::max();
        wild.adapter = QString(100'000, QLatin1Char('x'));
        wild.promptTemplate = wild.adapter;
        const AnswerOptions held = wild.held();
        QCOMPARE(held.maxTiles, settings::maxTiles.maximum);
        QCOMPARE(held.minPixels, qint64(0));
        QCOMPARE(held.maxPixels, settings::maxPixels.maximum);
        QVERIFY(held.adapter.isEmpty() && held.promptTemplate.isEmpty());
        QTemporaryDir dir;
        Settings store(dir.filePath(QStringLiteral("argali.ini")));
        options.storeAsDefaults(store);
        AnswerOptions stored = AnswerOptions::from(store);
        QVERIFY(stored.isLike(options));
        QCOMPARE(stored.adapter, QString());
    }

    void squares()
    {
        Image wide(300, 100); // black, its ends white
        for (int y = 0; y < 100; ++y) {
            std::fill_n(wide.row(y), 3 * 50, uint8_t(255));
            std::fill_n(wide.row(y) + 3 * 250, 3 * 50, uint8_t(255));
        }
        const Image cropped = asFed(wide, {60, 60}, QStringLiteral("crop"), {});
        QCOMPARE(cropped.width(), 60);
        QCOMPARE(int(cropped.row(30)[0]), 0); // the ends are gone
        const Image padded = asFed(wide, {60, 60}, QStringLiteral("pad"), {});
        QCOMPARE(int(padded.row(0)[0]), 122);  // a bar above
        QCOMPARE(int(padded.row(30)[0]), 255); // and the ends
        QCOMPARE(int(padded.row(30)[3 * 30]), 0);
        const Image thin(5000, 1);
        for (const char* ratio : {"pad", "crop", ""}) {
            const Image fed = asFed(thin, {56, 56}, QLatin1String(ratio), {});
            QCOMPARE(fed.width(), 56);
            QCOMPARE(fed.height(), 56);
        }
        QVERIFY_EXCEPTION_THROWN(asFed(Image(), {5, 5}, {}, {}), Error);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    TestPictureChoices test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_picturechoices.moc"
