// The corpora of the fuzz targets, whole and cut off, through the same functions.
#include <exception>

#include <QDir>
#include <QFile>
#include <QtTest>

#include "tests/fuzz/fuzz.h"

using argali::fuzz::Target;

namespace {

const QString corpora = QString(ARGALI_TEST_DATA) + "/fuzz/";

const Target* find(const QString& name)
{
    for (const Target* target : Target::all())
        if (name == QLatin1String(target->name))
            return target;
    return nullptr;
}

} // namespace

class TestFuzzCorpus final : public QObject {
    Q_OBJECT
private slots:
    void everyCorpusHasItsTarget()
    {
        QStringList names;
        for (const Target* target : Target::all())
            names += target->name;
        names.sort();
        QVERIFY(!names.isEmpty());
        QCOMPARE(QDir(corpora).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name), names);
    }

    void replays_data()
    {
        QTest::addColumn<QString>("target");
        QTest::addColumn<QString>("file");
        for (const Target* target : Target::all()) {
            const QDir folder(corpora + target->name);
            for (const QString& file : folder.entryList(QDir::Files, QDir::Name))
                QTest::addRow("%s/%s", target->name, qPrintable(file))
                    << QString(target->name) << folder.filePath(file);
        }
    }

    void replays()
    {
        QFETCH(QString, target);
        QFETCH(QString, file);
        QFile input(file);
        QVERIFY(input.open(QIODevice::ReadOnly));
        const std::string bytes = input.readAll().toStdString();
        QVERIFY2(bytes.size() <= 64 * 1024, "a corpus is of small files");
        const size_t step = bytes.size() / 50 + 1;
        try {
            for (size_t cut = 0; cut < bytes.size(); cut += step)
                find(target)->run(std::string_view(bytes).substr(0, cut));
            find(target)->run(bytes);
        } catch (const std::exception& error) {
            QFAIL(error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestFuzzCorpus)
#include "tst_fuzzcorpus.moc"
