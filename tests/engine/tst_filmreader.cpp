#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

#include "engine/error.h"
#include "engine/media/image.h"
#include "engine/media/mediareader.h"

using namespace argali;

namespace {

const QString media = QString(ARGALI_TEST_DATA) + "/media/";

std::filesystem::path path(const char* name)
{
    return (media + name).toStdString();
}

/// The number that is burnt into a frame: eight blocks, four across, white for 1.
int numberIn(const Image& image)
{
    int number = 0;
    for (int bit = 0; bit < 8; ++bit) {
        const int x = image.width() * (2 * (bit % 4) + 1) / 8;
        const int y = image.height() * (2 * (bit / 4) + 1) / 4;
        number |= (image.row(y)[3 * x] > 127) << bit;
    }
    return number;
}

QByteArray contents(const QString& file)
{
    QFile in(file);
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

std::filesystem::path write(const QTemporaryDir& folder, const QByteArray& bytes)
{
    const QString name = folder.filePath("film");
    QFile out(name);
    if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size())
        qFatal("no room for a test file");
    return name.toStdString();
}

std::vector<int64_t> shuffled(int64_t count, unsigned seed)
{
    std::vector<int64_t> indices(static_cast<size_t>(count));
    std::iota(indices.begin(), indices.end(), 0);
    std::shuffle(indices.begin(), indices.end(), std::mt19937(seed));
    return indices;
}

} // namespace

class TestFilmReader final : public QObject {
    Q_OBJECT
private slots:
    void everyFrame_data();
    void everyFrame();
    void variableRate_data();
    void variableRate();
    void describes_data();
    void describes();
    void clampsTimes();
    void keyFrames();
    void turned_data();
    void turned();
    void colours_data();
    void colours();
    void changesSize();
    void lyingDuration();
    void cutShort_data();
    void cutShort();
    void halfAFilm();
    void lastFramesMayBeMissing();
    void damagedStretch();
    void notFilms_data();
    void notFilms();
    void limits();
    void mutated_data();
    void mutated();
    void stops();
    void worksOnOtherThreads();
};

void TestFilmReader::everyFrame_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("frames");
    QTest::addColumn<int>("first");
    const auto row = [](const char* file, int frames, int first = 0) {
        QTest::newRow(file) << file << frames << first;
    };
    row("one_gop.mp4", 200);
    row("closed_gop.mp4", 120);
    row("open_gop.mp4", 120);
    row("open_gop_hevc.mkv", 120);
    row("ntsc.mkv", 120);
    row("sixty.webm", 100);
    row("no_index.webm", 90);
    row("late_start.mkv", 60);
    row("edit_list.mp4", 86, 34); // begins in the middle of a group of pictures
    row("mpeg4.avi", 80);
    row("h264.avi", 80);
    row("mjpeg.mov", 30);
    row("av1.mp4", 30);
    row("fragmented.mp4", 80);
    row("index_first.mp4", 200);
}

void TestFilmReader::everyFrame()
{
    QFETCH(QString, file);
    QFETCH(int, frames);
    QFETCH(int, first);
    FilmReader film(path(qPrintable(file)));
    QCOMPARE(film.info().frameCount, int64_t(frames));
    QVERIFY(!film.info().variableRate);
    for (int64_t i = 0; i < frames; ++i) // forward, one after the other
        QCOMPARE(numberIn(film.frame(i)), first + int(i));
    for (int64_t i = frames - 1; i >= 0; i -= 7)
        QCOMPARE(numberIn(film.frame(i)), first + int(i));
    const std::vector<int64_t> order = shuffled(frames, 1);
    for (size_t i = 0; i < 30; ++i)
        QCOMPARE(numberIn(film.frame(order[i])), first + int(order[i]));
    for (size_t i = 0; i < 8; ++i) { // and as the first thing asked of a film
        FilmReader fresh(path(qPrintable(file)));
        QCOMPARE(numberIn(fresh.frame(order[i])), first + int(order[i]));
    }
    // The middle of a frame's time as well as its beginning.
    for (size_t i = 0; i < 8; ++i)
        QCOMPARE(numberIn(film.frameAt(film.timeOf(order[i]) + 0.5 / film.info().frameRate)),
                 first + int(order[i]));
}

void TestFilmReader::variableRate_data()
{
    QTest::addColumn<QString>("file");
    QTest::newRow("mp4") << "variable.mp4";
    QTest::newRow("mkv") << "variable.mkv";
}

void TestFilmReader::variableRate()
{
    // Of 25 a second there are frames 0 to 19, then each 7th, then 71 to 89: each stands until the
    // next comes.
    QFETCH(QString, file);
    FilmReader film(path(qPrintable(file)));
    QVERIFY(film.info().variableRate);
    const auto shown = [](int tick) {
        return tick < 20 || tick > 70 ? tick : std::max(tick / 7 * 7, 19);
    };
    for (const int64_t tick : shuffled(90, 2)) {
        const int number = numberIn(film.frameAt(double(tick) / 25 + 0.01));
        QCOMPARE(number, shown(int(tick)));
    }
}

void TestFilmReader::describes_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("format");
    QTest::addColumn<double>("duration");
    QTest::addColumn<double>("rate");
    const auto row = [](const char* file, const char* format, double duration, double rate) {
        QTest::newRow(file) << file << format << duration << rate;
    };
    row("one_gop.mp4", "h264 in mp4", 8, 25);
    row("ntsc.mkv", "h264 in mkv", 4.004, 30000.0 / 1001);
    row("no_index.webm", "vp8 in webm", 3.75, 24); // its header does not say how long it is
    row("late_start.mkv", "h264 in mkv", 2.4, 25);
    row("mpeg4.avi", "mpeg4 in avi", 3.2, 25);
    row("mjpeg.mov", "mjpeg in mov", 3, 10);
    row("av1.mp4", "av1 in mp4", 3, 10);
}

void TestFilmReader::describes()
{
    QFETCH(QString, file);
    QFETCH(QString, format);
    QFETCH(double, duration);
    QFETCH(double, rate);
    const MediaInfo info = probeMedia(path(qPrintable(file)));
    QCOMPARE(info.kind, MediaInfo::Kind::Film);
    QCOMPARE(QString::fromStdString(info.format), format);
    QCOMPARE(info.size, (ImageSize{64, 48}));
    QVERIFY(std::abs(info.duration - duration) < 0.002);
    QVERIFY(std::abs(info.frameRate - rate) < 0.001);
}

void TestFilmReader::clampsTimes()
{
    FilmReader film(path("closed_gop.mp4"));
    for (const double time : {4.8, 5.0, 1e6, 1e300, HUGE_VAL})
        QCOMPARE(numberIn(film.frameAt(time)), 119);
    for (const double time : {-0.0, -3.0, -HUGE_VAL, double(NAN)})
        QCOMPARE(numberIn(film.frameAt(time)), 0);
}

void TestFilmReader::keyFrames()
{
    FilmReader film(path("closed_gop.mp4")); // a key frame each 24
    for (const int frame : {100, 0, 23, 24, 119, 47})
        QCOMPARE(numberIn(film.keyFrameBefore(film.timeOf(frame))) % 24, 0);
    QCOMPARE(numberIn(film.keyFrameBefore(film.timeOf(50))), 48);
    QCOMPARE(numberIn(film.frame(51)), 51);
}

void TestFilmReader::turned_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("back"); // the orientation that undoes the film's
    QTest::newRow("90") << "rotated_90.mp4" << 6;
    QTest::newRow("180") << "rotated_180.mp4" << 3;
    QTest::newRow("270") << "rotated_270.mp4" << 8;
}

void TestFilmReader::turned()
{
    QFETCH(QString, file);
    QFETCH(int, back);
    FilmReader film(path(qPrintable(file)));
    const bool onItsSide = back != 3;
    QCOMPARE(film.info().size, onItsSide ? (ImageSize{48, 64}) : (ImageSize{64, 48}));
    for (int i = 0; i < 10; ++i) {
        const Image frame = film.frame(i);
        QCOMPARE((ImageSize{frame.width(), frame.height()}), film.info().size);
        QCOMPARE(numberIn(oriented(frame, back)), i);
    }
}

void TestFilmReader::colours_data()
{
    QTest::addColumn<QString>("file");
    for (const char* file :
         {"flat_bt601_tv.mp4", "flat_bt601_pc.mp4", "flat_bt709_tv.mp4", "flat_bt709_pc.mp4"})
        QTest::newRow(file) << file;
}

void TestFilmReader::colours()
{
    QFETCH(QString, file);
    const Image frame = FilmReader(path(qPrintable(file))).frame(1);
    const int expected[3] = {200, 60, 30};
    for (int c = 0; c < 3; ++c)
        QVERIFY(std::abs(int(frame.row(24)[3 * 32 + c]) - expected[c]) <= 2);
}

void TestFilmReader::changesSize()
{
    FilmReader film(path("size_change.webm"));
    for (const int64_t i : shuffled(40, 3)) {
        const Image frame = film.frame(i);
        QCOMPARE((ImageSize{frame.width(), frame.height()}),
                 i < 20 ? (ImageSize{64, 48}) : (ImageSize{96, 72}));
        QCOMPARE(numberIn(frame), int(i % 20));
    }
}

void TestFilmReader::lyingDuration()
{
    QTemporaryDir folder;
    QByteArray bytes = contents(media + "ntsc.mkv");
    const qsizetype duration = bytes.indexOf(QByteArray("\x44\x89\x88")); // an 8-byte real, in ms
    QVERIFY(duration > 0);
    for (const double claimed : {1e9, 10.0, 0.0, -5.0, 1e300, double(NAN)}) {
        uint64_t word;
        std::memcpy(&word, &claimed, sizeof word);
        for (int i = 0; i < 8; ++i)
            bytes[duration + 3 + i] = char(word >> (8 * (7 - i)));
        FilmReader film(write(folder, bytes));
        QCOMPARE(film.info().frameCount, int64_t(120));
        QCOMPARE(numberIn(film.frame(77)), 77);
        QCOMPARE(numberIn(film.frame(119)), 119);
        QCOMPARE(numberIn(film.frame(500)), 119); // an estimate that is too high is no loss
    }
}

void TestFilmReader::cutShort_data()
{
    QTest::addColumn<QString>("file");
    for (const char* file : {"index_first.mp4", "fragmented.mp4", "ntsc.mkv", "no_index.webm",
                             "h264.avi", "one_gop.mp4", "open_gop_hevc.mkv"})
        QTest::newRow(file) << file;
}

void TestFilmReader::cutShort()
{
    // What is there is read; what is not there is an error that names the frame, or one of the last
    // frames that are there when it lies just behind; nothing hangs.
    QFETCH(QString, file);
    QTemporaryDir folder;
    const QByteArray whole = contents(media + file);
    std::mt19937 random(uint32_t(whole.size()));
    // AVI does not say when frames are shown, and those before the cut lack others to be ordered
    // by.
    const int ahead = file == "h264.avi" ? 2 : 0;
    int readable = 0;
    for (int i = 0; i < 50; ++i) {
        const std::filesystem::path film =
            write(folder, whole.left(qsizetype(random() % uint64_t(whole.size()))));
        try {
            FilmReader reader(film);
            const int64_t count = reader.info().frameCount;
            const auto tolerance = int64_t(std::max(1.0, 0.05 * double(count)) + 2);
            bool lost = false;
            for (const int64_t index : sampleFrames(count, 8, reader.info().duration)) {
                try {
                    const int64_t number = numberIn(reader.frame(index));
                    QVERIFY2(number <= index + ahead && number >= index - tolerance,
                             qPrintable(QString("%1 for %2").arg(number).arg(index)));
                    QVERIFY(!lost || number < index); // nothing comes behind what is lost
                } catch (const Error& e) {
                    QVERIFY2(e.code() == Error::Code::BadMedia, e.what());
                    lost = true;
                }
            }
            QCOMPARE(numberIn(reader.frame(0)), 0);
            ++readable;
        } catch (const Error& e) {
            QVERIFY2(e.code() == Error::Code::BadMedia, e.what());
        }
    }
    // Only an index at the end is lost.
    QVERIFY(readable > 10 || file == "one_gop.mp4");
}

void TestFilmReader::halfAFilm()
{
    // Its header promises 200 frames of 8 s; about 37 are there.
    QTemporaryDir folder;
    const QByteArray whole = contents(media + "index_first.mp4");
    const std::filesystem::path film = write(folder, whole.left(whole.size() / 2));
    FilmReader reader(film);
    QCOMPARE(reader.info().frameCount, int64_t(200));
    QCOMPARE(numberIn(reader.frame(0)), 0);
    QCOMPARE(numberIn(reader.frame(25)), 25);
    for (const double time : {2.0, 7.96, 1e6}) {
        try {
            reader.frameAt(time);
            QFAIL("a frame that is not there was given");
        } catch (const Error& e) {
            QCOMPARE(int(e.code()), int(Error::Code::BadMedia));
            const QString frame =
                time == 2.0 ? "frame 50 of 200, at 2.00 s" : "frame 199 of 200, at 7.96 s";
            const QString what(e.what());
            QVERIFY2(what.startsWith(QString::fromStdString(film.string()) + ": " + frame) &&
                         what.contains("cut short") &&
                         what.contains("of 8.00 s; get the file again"),
                     e.what());
        }
    }
    QCOMPARE(numberIn(reader.frame(30)), 30); // and it works as before
}

void TestFilmReader::lastFramesMayBeMissing()
{
    QTemporaryDir folder;
    const QByteArray whole = contents(media + "index_first.mp4");
    FilmReader reader(write(folder, whole.chopped(20)));
    QCOMPARE(reader.info().frameCount, int64_t(200));
    const int last = numberIn(reader.frame(199));
    QVERIFY2(last >= 190, qPrintable(QString::number(last)));
    QCOMPARE(numberIn(reader.frameAt(1e6)), last);
}

void TestFilmReader::damagedStretch()
{
    // The bytes are there, but a third of them was never received.
    QTemporaryDir folder;
    QByteArray bytes = contents(media + "index_first.mp4");
    const qsizetype third = bytes.size() / 3;
    bytes.replace(bytes.size() - third, third, QByteArray(third, 0));
    FilmReader reader(write(folder, bytes));
    QCOMPARE(reader.info().frameCount, int64_t(200));
    QCOMPARE(numberIn(reader.frame(25)), 25);
    for (const int64_t index : {175, 199}) {
        try {
            const int number = numberIn(reader.frame(index));
            QFAIL(qPrintable(QString("%1 was given for %2").arg(number).arg(index)));
        } catch (const Error& e) {
            QCOMPARE(int(e.code()), int(Error::Code::BadMedia));
            QVERIFY2(QString(e.what()).contains(QString("frame %1 of 200, at %2 s")
                                                    .arg(index)
                                                    .arg(double(index) / 25, 0, 'f', 2)) &&
                         QString(e.what()).contains("damaged"),
                     e.what());
        }
    }
    QCOMPARE(numberIn(reader.frame(25)), 25);
}

void TestFilmReader::notFilms_data()
{
    QTest::addColumn<QString>("file");
    QTest::newRow("sound in mp4") << media + "sound.m4a";
    QTest::newRow("sound with a cover in mp4") << media + "cover.m4a";
    QTest::newRow("sound with a cover in mp3") << media + "cover.mp3";
    QTest::newRow("text") << media + "README.md";
    QTest::newRow("picture") << QString(ARGALI_TEST_DATA) + "/vectors/image_modes/rgb.png";
}

void TestFilmReader::notFilms()
{
    QFETCH(QString, file);
    try {
        FilmReader film(file.toStdString());
        QFAIL("it was opened");
    } catch (const Error& e) {
        QCOMPARE(int(e.code()), int(Error::Code::BadMedia));
        QVERIFY(QString(e.what()).startsWith(file + ": "));
    }
}

void TestFilmReader::limits()
{
    const auto refuses = [](const MediaLimits& limits) {
        try {
            FilmReader film(path("one_gop.mp4"), limits);
        } catch (const Error& e) {
            return e.code() == Error::Code::BadMedia;
        }
        return false;
    };
    MediaLimits limits; // 64 x 48, 200 frames, 8.5 kB
    QVERIFY(!refuses(limits));
    limits.pixels = 64 * 48 - 1;
    QVERIFY(refuses(limits));
    limits.pixels = 64 * 48;
    limits.frames = 200;
    QVERIFY(!refuses(limits));
    limits.frames = 199;
    QVERIFY(refuses(limits));
    limits = {};
    limits.fileBytes = 1000;
    QVERIFY(refuses(limits));
    limits = {};
    limits.openSeconds = 1e-9;
    QVERIFY(refuses(limits));
}

void TestFilmReader::mutated_data()
{
    QTest::addColumn<QString>("file");
    for (const QString& name :
         QDir(media).entryList({"*.mp4", "*.mkv", "*.webm", "*.avi", "*.mov"}))
        QTest::newRow(qPrintable(name)) << name;
}

void TestFilmReader::mutated()
{
    QFETCH(QString, file);
    QTemporaryDir folder;
    const QByteArray whole = contents(media + file);
    std::mt19937 random(uint32_t(whole.size()));
    for (int i = 0; i < 12; ++i) {
        QByteArray bytes = whole;
        for (int n = 1 + int(random() % 8); n > 0; --n)
            bytes[qsizetype(random() % uint64_t(bytes.size()))] = char(random());
        const auto start = std::chrono::steady_clock::now();
        try {
            FilmReader film(write(folder, bytes));
            for (const double time : {0.3, 2.0, 0.7})
                QVERIFY(!film.frameAt(time).isEmpty());
        } catch (const Error& e) {
            QVERIFY2(e.code() == Error::Code::BadMedia || e.code() == Error::Code::Unsupported,
                     e.what());
        }
        QVERIFY(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
    }
}

void TestFilmReader::stops()
{
    FilmReader film(path("one_gop.mp4"));
    std::mt19937 random(5);
    for (int i = 0; i < 50; ++i) {
        std::stop_source source;
        if (i % 5 == 0)
            source.request_stop();
        std::jthread stopper([&source, after = random() % 6000] {
            std::this_thread::sleep_for(std::chrono::microseconds(after));
            source.request_stop();
        });
        const int64_t wanted = int64_t(random() % 200);
        const Image frame = film.frame(wanted, source.get_token());
        if (i % 5 == 0)
            QVERIFY(frame.isEmpty());
        if (!frame.isEmpty())
            QCOMPARE(numberIn(frame), int(wanted));
        const int64_t then = int64_t(random() % 200); // and it works as before
        QCOMPARE(numberIn(film.frame(then)), int(then));
    }
}

void TestFilmReader::worksOnOtherThreads()
{
    std::vector<std::jthread> threads;
    std::atomic<int> right = 0;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&right, t] {
            FilmReader film(path(t % 2 ? "closed_gop.mp4" : "ntsc.mkv"));
            for (int i = t; i < 120; i += 10)
                right += numberIn(film.frame(i)) == i;
        });
    threads.clear();
    QCOMPARE(right.load(), 48);
}

QTEST_GUILESS_MAIN(TestFilmReader)
#include "tst_filmreader.moc"
