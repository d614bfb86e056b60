#include <QTemporaryDir>
#include <QTest>

#include "gui/chat/answerspeed.h"
#include "gui/chat/costtext.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

class TestAnswerSpeed final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString file() const
    {
        return m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()));
    }
    static RequestCost cost(int64_t tokens, int64_t visual)
    {
        RequestCost cost;
        cost.promptTokens = tokens + 100;
        cost.newTokens = tokens;
        cost.visualTokens = cost.newVisualTokens = visual;
        cost.context = 4096;
        return cost;
    }
    static Usage usage(int64_t computed, int64_t encoded)
    {
        Usage usage;
        usage.computedTokens = computed;
        usage.encodedTokens = encoded;
        return usage;
    }
    static Timings timings(double prefill, double vision)
    {
        Timings timings;
        timings.prefill = Timings::Duration(prefill);
        timings.vision = Timings::Duration(vision * 0.75);
        timings.decodeMedia = Timings::Duration(vision * 0.25);
        timings.firstToken = Timings::Duration(prefill + vision + 1);
        return timings;
    }

private slots:
    void nothingIsToldBeforeTheFirstAnswer()
    {
        Settings settings(file());
        QVERIFY(!AnswerSpeed(settings).firstWord(anyModel(), cost(100, 0)));
    }

    void measuresAndRemembers()
    {
        Settings settings(file());
        {
            AnswerSpeed speed(settings);
            speed.learn(anyModel(), usage(200, 100), timings(400, 1000));
            QCOMPARE(*speed.firstWord(anyModel(), cost(500, 50)), 1.5);
        }
        const AnswerSpeed speed(settings); // the next session
        QCOMPARE(*speed.firstWord(anyModel(), cost(500, 50)), 1.5);
    }

    void cachedPromptsAreNoMeasure()
    {
        Settings settings(file());
        AnswerSpeed speed(settings);
        speed.learn(anyModel(), usage(200, 0), timings(400, 0));
        speed.learn(anyModel(), usage(1, 0), timings(400, 0));
        speed.learn(anyModel(), usage(0, 0), timings(0, 0));
        QCOMPARE(*speed.firstWord(anyModel(), cost(100, 0)), 0.2);
        QVERIFY(!speed.firstWord(anyModel(), cost(100, 10))); // pictures were never seen
    }

    void stoppedAnswersAreNoMeasure()
    {
        Settings settings(file());
        AnswerSpeed speed(settings);
        Timings stopped = timings(3, 0);
        stopped.firstToken = {};
        speed.learn(anyModel(), usage(200, 0), stopped);
        QVERIFY(!speed.firstWord(anyModel(), cost(100, 0)));
    }

    void anotherModelIsJudgedBySize()
    {
        Settings settings(file());
        AnswerSpeed speed(settings);
        speed.learn(anyModel(), usage(100, 0), timings(100, 0));
        LoadedModel larger = anyModel();
        larger.info.name = "Other-9B";
        larger.info.parameters *= 9;
        larger.folder = QStringLiteral("/models/Other-9B");
        QCOMPARE(*speed.firstWord(larger, cost(100, 0)), 0.9);
        larger.device = QStringLiteral("Another card");
        QVERIFY(!speed.firstWord(larger, cost(100, 0)));
    }

    void hostileMemoryIsIgnored()
    {
        Settings settings(file());
        for (const QByteArray& bytes :
             {QByteArray("["), QByteArray("{\"x\":3}"),
              QByteArray(
                  "{\"a\":{\"prompt\":-1,\"parameters\":0,\"device\":\"cpu|Some processor\"}}")}) {
            settings.set(settings::speeds, bytes);
            QVERIFY(!AnswerSpeed(settings).firstWord(anyModel(), cost(100, 0)));
        }
    }

    void theLineTellsAllOfIt()
    {
        LoadedModel model = anyModel();
        model.memory.kvPerToken = 100'000;
        model.memory.workspace = 50'000'000;
        RequestCost cost;
        cost.promptTokens = 1377;
        cost.visualTokens = 1200;
        cost.context = 4096;
        cost.newTokens = 1377;
        cost.parts.push_back({{1920, 1080}, {480, 320}, 8, 20, 30, 1202});
        const CostText text = costText(cost, 1, model, 2048, 0.31);
        const QLocale locale;
        for (const QString& part :
             {QStringLiteral("8 frame"), QStringLiteral("480 × 320"),
              locale.toString(1200) + QStringLiteral(" visual"), locale.toString(1377),
              locale.toString(4096), locale.toString(2719) + QStringLiteral(" left"),
              QStringLiteral("0.3 s"), QStringLiteral("+0.4 GB")})
            QVERIFY2(text.line.contains(part),
                     qPrintable(part + QStringLiteral(" in ") + text.line));
        QVERIFY(text.details.contains(QStringLiteral("answers on this computer")));
        QCOMPARE(tokenGrid(cost.parts.front()), QSize(15, 10));
        const QString seen = visualText(cost.parts.front());
        for (const char* part : {"1920 × 1080", "480 × 320", "15 × 10", "8 frames"})
            QVERIFY2(seen.contains(QString::fromUtf8(part)), qPrintable(seen));
    }

    void whatDoesNotFitIsSaid()
    {
        RequestCost cost;
        cost.promptTokens = 5000;
        cost.context = 4096;
        const CostText text = costText(cost, 0, anyModel(), 2048, 2.0);
        QVERIFY(text.line.contains(QStringLiteral("does not fit")));
        QVERIFY(!text.line.contains(QStringLiteral("first word")));
    }
};

QTEST_MAIN(TestAnswerSpeed)
#include "tst_answerspeed.moc"
