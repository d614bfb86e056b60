#include <QLabel>
#include <QLocale>
#include <QTest>

#include "gui/statusline.h"
#include "gui/widgets/thinbar.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;
using Phase = Progress::Phase;

class TestStatusLine final : public QObject {
    Q_OBJECT
    static bool shows(const StatusLine& line, const QString& part)
    {
        for (const QLabel* label : line.findChildren<QLabel*>()) {
            if (!label->isHidden() && label->text().contains(part))
                return true;
        }
        return false;
    }

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

    void phases_data()
    {
        QTest::addColumn<Progress>("progress");
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("bar");
        QTest::newRow("loading") << Progress{Phase::Loading, 5, 20}
                                 << QStringLiteral("Loading the model 5 / 20") << 250;
        QTest::newRow("loading, unknown")
            << Progress{Phase::Loading, 0, 0} << QStringLiteral("Loading the model") << 0;
        QTest::newRow("pictures") << Progress{Phase::Media, 1, 2}
                                  << QStringLiteral("Reading pictures 1 / 2") << 500;
        QTest::newRow("vision") << Progress{Phase::Vision, 3, 5} << QStringLiteral("Looking 3 / 5")
                                << 600;
        QTest::newRow("prompt") << Progress{Phase::Prefill, 512, 1024}
                                << QStringLiteral("Prompt 512 / 1,024 tokens") << 500;
        QTest::newRow("answering")
            << Progress{Phase::Answering, 1, 2048} << QStringLiteral("Answering, 1 token(s)") << 0;
    }
    void phases()
    {
        QFETCH(Progress, progress);
        QFETCH(QString, words);
        QFETCH(int, bar);
        StatusLine line;
        line.resize(1200, 27);
        line.show();
        line.setProgress(progress);
        QCOMPARE(line.phaseText(), words);
        QCOMPARE(line.findChild<ThinBar*>()->value(), bar);
        QVERIFY(!line.findChild<ThinBar*>()->isHidden());
        QVERIFY(shows(line, QStringLiteral("Esc")));
        line.setIdle();
        QCOMPARE(line.phaseText(), QStringLiteral("Ready"));
        QVERIFY(line.findChild<ThinBar*>()->isHidden());
        QVERIFY(!shows(line, QStringLiteral("Esc")));
    }

    void thinkingCountsAgainstItsBudget()
    {
        StatusLine line;
        line.setThinking(1024);
        line.setProgress({Phase::Answering, 256, 2048});
        QCOMPARE(line.phaseText(), QStringLiteral("Thinking 256 / 1,024"));
        QCOMPARE(line.findChild<ThinBar*>()->value(), 250);
        line.setWriting();
        line.setProgress({Phase::Answering, 300, 2048});
        QVERIFY(line.phaseText().startsWith(QStringLiteral("Answering")));
    }

    void speedIsShown()
    {
        StatusLine line;
        line.setProgress({Phase::Answering, 1, 2048});
        QTest::qWait(400);
        line.setProgress({Phase::Answering, 41, 2048});
        QVERIFY(shows(line, QStringLiteral("tok/s")));
        line.setIdle();
        QVERIFY(!shows(line, QStringLiteral("tok/s")));
    }

    void stoppingStaysUntilTheEnd()
    {
        StatusLine line;
        line.setProgress({Phase::Prefill, 1, 2});
        line.setStopping();
        line.setProgress({Phase::Prefill, 2, 2}); // was on its way
        QCOMPARE(line.phaseText(), QStringLiteral("Stopping…"));
        line.setIdle();
        line.setProgress({Phase::Prefill, 1, 2});
        QVERIFY(line.phaseText().startsWith(QStringLiteral("Prompt")));
    }

    void modelAndDevice()
    {
        StatusLine line;
        line.resize(1200, 27);
        line.show();
        QCOMPARE(line.modelText(), QStringLiteral("No model"));
        line.setModel(std::nullopt, true);
        QCOMPARE(line.modelText(), QStringLiteral("Loading"));
        LoadedModel model = anyModel();
        line.setModel(model, false);
        QCOMPARE(line.modelText(), QStringLiteral("Any-1B ready"));
        QVERIFY(shows(line, QStringLiteral("AVX2")));
        QVERIFY(shows(line, QStringLiteral("bf16")));
        QVERIFY(shows(line, QStringLiteral("2.1 / 8.0 GB")));
        model.folder.clear();
        line.setModel(model, false);
        QCOMPARE(line.modelText(), QStringLiteral("Pocket model ready"));
        line.resize(300, 27); // what matters least goes first
        QVERIFY(!shows(line, QStringLiteral("GB")));
        QVERIFY(shows(line, QStringLiteral("Pocket model ready")));
    }

    void messagesStayPlain()
    {
        StatusLine line;
        line.setMessage(QStringLiteral("<b>x</b>"), true);
        line.setDetails(QStringLiteral("<img src=x>"));
        QCOMPARE(line.phaseText(), QStringLiteral("<b>x</b>"));
        QVERIFY(line.findChild<ThinBar*>()->isHidden());
    }
};

QTEST_MAIN(TestStatusLine)
#include "tst_statusline.moc"
