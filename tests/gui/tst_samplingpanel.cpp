#include <QPlainTextEdit>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>

#include "gui/settings/samplingpanel.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

class TestSamplingPanel final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    int m_files = 0;
    QString file() { return m_dir.filePath(QStringLiteral("%1.ini").arg(m_files++)); }

private slots:
    void longestHoldsBudgetBothWays()
    {
        Settings store(file());
        SamplingPanel panel(store);
        QCOMPARE(panel.budget()->value(), 1024.0);
        QCOMPARE(panel.longest()->value(), 2048.0);
        panel.budget()->setValue(3968); // pushes the longest answer up
        QCOMPARE(panel.longest()->value(), 4096.0);
        panel.longest()->setValue(256); // pulls the budget down
        QCOMPARE(panel.budget()->value(), 128.0);
        panel.longest()->setValue(2048);
        QCOMPARE(panel.budget()->value(), 128.0); // only as far as needed
        panel.budget()->setValue(1920);
        QCOMPARE(panel.longest()->value(), 2048.0); // 1920 + 128 fits just so
        panel.budget()->setValue(1952);
        QCOMPARE(panel.longest()->value(), 2080.0);
        QCOMPARE(store.value(settings::thinkingBudget), 1952);
        QCOMPARE(store.value(settings::longestAnswer), 2080);
    }

    void everyPairHolds()
    {
        Settings store(file());
        SamplingPanel panel(store);
        for (int step = 0; step <= 120; step += 7) {
            panel.budget()->slider()->setValue(step);
            QVERIFY(panel.longest()->value() >= panel.budget()->value() + answerReserve);
            panel.longest()->slider()->setValue(120 - step);
            QVERIFY(panel.longest()->value() >= panel.budget()->value() + answerReserve);
        }
    }

    void badPairInTheFileIsMended()
    {
        Settings store(file());
        store.set(settings::thinkingBudget, 2048);
        store.set(settings::longestAnswer, 256);
        SamplingPanel panel(store);
        QCOMPARE(panel.budget()->value(), 2048.0);
        QCOMPARE(panel.longest()->value(), 2176.0);
    }

    void samplingOffGreysItsSliders()
    {
        Settings store(file());
        SamplingPanel panel(store);
        QVERIFY(!panel.sampling()->isChecked());
        QVERIFY(!panel.temperature()->isEnabled());
        QTest::keyClick(panel.sampling(), Qt::Key_Space);
        QVERIFY(panel.temperature()->isEnabled());
        QVERIFY(store.value(settings::sampling));
    }

    void followsTheSettings()
    {
        Settings store(file());
        SamplingPanel panel(store);
        store.set(settings::thinking, true); // the composer's chip
        QVERIFY(panel.thinking()->isChecked());
        QVERIFY(panel.budget()->isEnabled());
        panel.systemPrompt()->setPlainText(QStringLiteral("Be brief."));
        QCOMPARE(store.value(settings::systemPrompt), QStringLiteral("Be brief."));
        SamplingPanel again(store);
        QCOMPARE(again.systemPrompt()->toPlainText(), QStringLiteral("Be brief."));
        QVERIFY(again.thinking()->isChecked());
    }

    void modelThatCannotThinkGreysThinking()
    {
        Settings store(file());
        store.set(settings::thinking, true);
        SamplingPanel panel(store);
        LoadedModel model = anyModel();
        model.info.thinks = false;
        panel.setModel(model);
        QVERIFY(!panel.thinking()->isEnabled());
        QVERIFY(!panel.budget()->isEnabled());
        QVERIFY(store.value(settings::thinking)); // the wish stays for the next model
        panel.setModel(anyModel());
        QVERIFY(panel.thinking()->isEnabled());
        QVERIFY(panel.budget()->isEnabled());
    }
};

QTEST_MAIN(TestSamplingPanel)
#include "tst_samplingpanel.moc"
