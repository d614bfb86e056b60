#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "gui/settings/answeroptions.h"

using namespace argali::gui;

class TestSettings final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString file() const
    {
        return m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()) +
                              QStringLiteral(".ini"));
    }

private slots:
    void defaults()
    {
        const Settings store(file());
        QCOMPARE(store.value(settings::sampling), false);
        QCOMPARE(store.value(settings::temperature), 0.7);
        QCOMPARE(store.value(settings::thinking), false);
        QCOMPARE(store.value(settings::thinkingBudget), 1024);
        QCOMPARE(store.value(settings::longestAnswer), 2048);
        QCOMPARE(store.value(settings::filmFrames), 8);
        QCOMPARE(store.value(settings::systemPrompt), QString());
    }

    void keepsWhatIsSet()
    {
        {
            Settings store(file());
            store.set(settings::temperature, 1.25);
            store.set(settings::systemPrompt, QStringLiteral("Kurz, bitte: \"ja\"\n图像"));
            store.set(settings::recentModels,
                      QStringList{QStringLiteral("/a, b"), QStringLiteral("/c")});
            store.set(settings::geometry, QByteArray("\0\1\2", 3));
        }
        const Settings again(file());
        QCOMPARE(again.value(settings::temperature), 1.25);
        QCOMPARE(again.value(settings::systemPrompt), QStringLiteral("Kurz, bitte: \"ja\"\n图像"));
        QCOMPARE(again.value(settings::recentModels),
                 QStringList({QStringLiteral("/a, b"), QStringLiteral("/c")}));
        QCOMPARE(again.value(settings::geometry), QByteArray("\0\1\2", 3));
    }

    void saysWhatChanged()
    {
        Settings store(file());
        QSignalSpy changed(&store, &Settings::changed);
        store.set(settings::thinking, true);
        store.set(settings::thinking, true);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(changed.first().first().toByteArray(), QByteArray(settings::thinking.key));
    }

    void holdsHandWrittenValuesToTheirRange()
    {
        QFile edited(file());
        QVERIFY(edited.open(QIODevice::WriteOnly));
        edited.write("[answer]\ntemperature=99\ntopP=nan\ntopK=-3\nthinkingBudget="
                     "banana\nlongestAnswer=1999999999\n"
                     "[composer]\nfilmFrames=31\n[window]\ntheme=9\n");
        edited.close();
        const Settings store(file());
        QCOMPARE(store.value(settings::temperature), 2.0);
        QCOMPARE(store.value(settings::topP), 1.0);
        QCOMPARE(store.value(settings::topK), 0);
        QVERIFY(store.value(settings::thinkingBudget) >= 128);
        QCOMPARE(store.value(settings::longestAnswer), settings::longestAnswer.maximum);
        QCOMPARE(store.value(settings::filmFrames), 30);
        QCOMPARE(store.value(settings::theme), 2);
    }

    void answerOptions()
    {
        Settings store(file());
        store.set(settings::thinkingBudget, 3968);
        store.set(settings::longestAnswer, 256); // by hand: the panel would not
        store.set(settings::sampling, true);
        store.set(settings::seed, 42);
        AnswerOptions options = AnswerOptions::from(store);
        QCOMPARE(options.longestAnswer, 4096);
        QVERIFY(options.sampling.enabled);
        QCOMPARE(options.sampling.seed, uint64_t(42));
        QCOMPARE(options.sampling.temperature, 0.7F);
        store.set(settings::seed, 0);
        QVERIFY(!AnswerOptions::from(store).sampling.seed); // a new one each time
        store.set(settings::longestAnswer, 20'000);         // beyond the slider
        QCOMPARE(AnswerOptions::from(store).longestAnswer, 20'000);
        store.set(settings::hasBudget, false);
        store.set(settings::longestAnswer, 256);
        QCOMPARE(AnswerOptions::from(store).longestAnswer, 256);
    }
};

QTEST_GUILESS_MAIN(TestSettings)
#include "tst_settings.moc"
