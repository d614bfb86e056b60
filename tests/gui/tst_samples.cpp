#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "gui/chat/samples.h"

using namespace argali::gui;

class TestSamples final : public QObject {
    Q_OBJECT
private slots:
    void thePocketModelsOwn()
    {
        const Result<QList<Sample>> samples =
            readSamples(QStringLiteral(ARGALI_RESOURCES "/pocket/samples"));
        QVERIFY(samples);
        QVERIFY(samples->size() >= 4);
        const QList<Sample> chosen = chosenSamples(*samples, 3, 1);
        QCOMPARE(chosen.size(), 4);
        for (int i = 0; i < 4; ++i) {
            QCOMPARE(chosen.at(i).film, i == 3);
            QVERIFY(QFile::exists(chosen.at(i).path));
            QVERIFY(!chosen.at(i).questions.isEmpty());
            for (int j = 0; j < i; ++j)
                QVERIFY(chosen.at(j).path != chosen.at(i).path);
        }
    }

    void inALanguage()
    {
        const QString folder = QStringLiteral(ARGALI_RESOURCES "/pocket/samples");
        const Result<QList<Sample>> english = readSamples(folder);
        const Result<QList<Sample>> chinese = readSamples(folder, QStringLiteral("zh_CN"));
        const Result<QList<Sample>> other = readSamples(folder, QStringLiteral("xx"));
        QVERIFY(english && chinese && other);
        QCOMPARE(chinese->size(), english->size());
        for (const Sample& sample : chosenSamples(*chinese, 3, 1)) {
            for (const QString& question : sample.questions)
                QVERIFY2(question.at(0).script() == QChar::Script_Han, qPrintable(question));
        }
        for (qsizetype i = 0; i < english->size(); ++i)
            QCOMPARE(other->at(i).questions, english->at(i).questions); // rather than none
    }

    void fewerThanWanted()
    {
        QCOMPARE(chosenSamples({}, 3, 1).size(), 0);
        Sample picture;
        picture.path = QStringLiteral("a.png");
        QCOMPARE(chosenSamples({picture}, 3, 1).size(), 1);
    }

    void damagedLists()
    {
        QTemporaryDir dir;
        QVERIFY(!readSamples(dir.path()));
        const auto write = [&](const QByteArray& json) {
            QFile file(dir.filePath(QStringLiteral("samples.json")));
            if (file.open(QIODevice::WriteOnly))
                file.write(json);
        };
        write("{");
        QVERIFY(!readSamples(dir.path()));
        write("[7, {\"file\": \"missing.png\", \"questions\": [{\"question\": \"?\"}]}, {\"file\": "
              "\"samples.json\", "
              "\"frames\": 1e9, \"questions\": [{\"question\": \"What?\"}, 3]}, {\"file\": "
              "\"samples.json\"}]");
        const Result<QList<Sample>> samples = readSamples(dir.path());
        QVERIFY(samples);
        QCOMPARE(samples->size(), 1);          // what is missing, or has no question, is left out
        QCOMPARE(samples->first().frames, 30); // held to its range
        QCOMPARE(samples->first().questions, QStringList{QStringLiteral("What?")});
    }
};

QTEST_GUILESS_MAIN(TestSamples)
#include "tst_samples.moc"
