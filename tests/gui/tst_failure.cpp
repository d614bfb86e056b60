#include <QSet>
#include <QTest>

#include "gui/failure.h"

using namespace argali;
using namespace argali::gui;

class TestFailure final : public QObject {
    Q_OBJECT
private slots:
    void everyCodeHasItsSentence()
    {
        QSet<QString> sentences;
        for (int code = 0; code <= int(Error::Code::Internal); ++code) {
            const Failure failure(Error::Code(code),
                                  QStringLiteral("tensor x: [3] expected, [4] found"));
            QVERIFY(failure.sentence().endsWith(QLatin1Char('.')));
            QVERIFY(
                !failure.sentence().contains(QStringLiteral("tensor"))); // that is for the details
            QCOMPARE(failure.details(), QStringLiteral("tensor x: [3] expected, [4] found"));
            sentences.insert(failure.sentence());
        }
        QCOMPARE(sentences.size(), int(Error::Code::Internal) + 1);
    }

    void fromExceptions()
    {
        QCOMPARE(Failure::from(Error(Error::Code::BadMedia, "a.png: ü")).code(),
                 Error::Code::BadMedia);
        QCOMPARE(Failure::from(Error(Error::Code::BadMedia, "a.png: ü")).details(),
                 QStringLiteral("a.png: ü"));
        QCOMPARE(Failure::from(std::bad_alloc()).code(), Error::Code::OutOfMemory);
        QCOMPARE(Failure::from(std::runtime_error("odd")).code(), Error::Code::Internal);
    }

    void resultHoldsOneOfBoth()
    {
        const Result<int> good = 7;
        QVERIFY(good);
        QCOMPARE(*good, 7);
        const Result<int> bad = Failure(Error::Code::Missing, {});
        QVERIFY(!bad.ok());
        QCOMPARE(bad.failure().code(), Error::Code::Missing);
    }
};

QTEST_MAIN(TestFailure)
#include "tst_failure.moc"
