#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <csignal>
#include <sys/resource.h>
#include <thread>

#include "engine/media/mediareader.h"
#include "tests/support/argalicli.h"
#include "tests/support/jpegwriter.h"

using namespace argali;

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int64_t peakBytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return int64_t(usage.ru_maxrss) * 1024;
}

} // namespace

/// 12,000 x 9,000 pixels: memory, and how soon a stop is heard. A program of its own, as the peak
/// of a process never falls; from the least demanding to the most.
class TestHugePicture final : public QObject {
    Q_OBJECT
private slots:
    void staysWithinOneGigabyte_data();
    void staysWithinOneGigabyte();
    void stopsSoon_data();
    void stopsSoon();
    void theProgramEndsBeforeThePicture();

private:
    static test::JpegWriter jpegOf(bool progressive, int factor)
    {
        test::JpegWriter jpeg;
        jpeg.width = 12'000;
        jpeg.height = 9'000;
        jpeg.progressive = progressive;
        jpeg.factor = factor;
        jpeg.level = [](int column, int row) { return 28 + (7 * column + 13 * row) % 200; };
        return jpeg;
    }
};

void TestHugePicture::staysWithinOneGigabyte_data()
{
    QTest::addColumn<bool>("progressive");
    QTest::addColumn<int>("factor");
    QTest::newRow("baseline 4:2:0") << false << 2;
    QTest::newRow("progressive 4:2:0") << true << 2;
    QTest::newRow("baseline 4:4:4") << false << 1;
    QTest::newRow("progressive 4:4:4") << true << 1;
}

void TestHugePicture::staysWithinOneGigabyte()
{
    QFETCH(bool, progressive);
    QFETCH(int, factor);
    test::JpegWriter jpeg = jpegOf(progressive, factor);
    const std::vector<std::byte> bytes = jpeg.write();
    static const int64_t before = peakBytes();
    const auto start = std::chrono::steady_clock::now();
    const Image image = readPicture(bytes, "huge.jpg");
    const double took = secondsSince(start);
    const int64_t grown = peakBytes() - before;
    QCOMPARE((ImageSize{image.width(), image.height()}), (ImageSize{12'000, 9'000}));
    for (int y = 0; y < image.height(); y += 331)
        for (int x = 0; x < image.width(); x += 97)
            QCOMPARE(int(image.row(y)[3 * x + 1]), jpeg.level(x / 8, y / 8));
    qInfo("%.2f s, peak %lld MB above the start", took, static_cast<long long>(grown / 1'000'000));
    QVERIFY(grown <= int64_t(1) << 30);
}

void TestHugePicture::stopsSoon_data()
{
    QTest::addColumn<bool>("progressive");
    QTest::addColumn<int>("after");
    for (const bool progressive : {false, true})
        for (const int after : {0, 20, 100, 300, 600})
            QTest::addRow("%s, %d ms", progressive ? "progressive" : "baseline", after)
                << progressive << after;
}

void TestHugePicture::stopsSoon()
{
    QFETCH(bool, progressive);
    QFETCH(int, after);
    static const std::vector<std::byte> baseline = jpegOf(false, 2).write();
    static const std::vector<std::byte> inPasses = jpegOf(true, 2).write();
    std::stop_source source;
    std::chrono::steady_clock::time_point stopped;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(after));
        stopped = std::chrono::steady_clock::now();
        source.request_stop();
    });
    const Image image = readPicture(progressive ? inPasses : baseline, "huge.jpg",
                                    Orientation::Upright, source.get_token());
    const auto returned = std::chrono::steady_clock::now();
    stopper.join();
    if (!image.isEmpty()) { // read before the stop came: then it is whole
        QCOMPARE(image.width(), 12'000);
        QCOMPARE(image.height(), 9'000);
        return;
    }
    const double waited = std::chrono::duration<double>(returned - stopped).count();
    qInfo("%.1f ms after the stop", 1000 * waited);
    QVERIFY(waited < 0.5);
}

/// What is being decoded when the user leaves holds nobody up.
void TestHugePicture::theProgramEndsBeforeThePicture()
{
    const QTemporaryDir folder;
    const std::vector<std::byte> bytes = jpegOf(true, 1).write();
    const QString path = folder.filePath("huge.jpg");
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(reinterpret_cast<const char*>(bytes.data()), qsizetype(bytes.size()));
    file.close();
    const QStringList ask = {"chat", "--json", "--max-new-tokens", "1",
                             "-p",   "What?",  "--image",          path};
    const auto whole = test::argaliCli(ask);
    QCOMPARE(whole.status, 0);
    const double decode =
        test::object(whole.out)["timings"].toObject()["decode_media_ms"].toDouble();
    QProcess process;
    process.start(ARGALI_CLI, ask);
    QVERIFY(process.waitForStarted());
    QTest::qWait(int(decode / 4));
    const auto asked = std::chrono::steady_clock::now();
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished());
    const double waited = 1000 * secondsSince(asked);
    qInfo("%.0f ms after the stop, decoding takes %.0f ms", waited, decode);
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
    QVERIFY(waited < decode / 2);
}

QTEST_GUILESS_MAIN(TestHugePicture)
#include "tst_hugepicture.moc"
