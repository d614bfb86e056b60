#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>
#include <QtEndian>

#include <algorithm>
#include <cstring>
#include <future>
#include <random>
#include <sys/stat.h>

#include "engine/checkpoint/safetensors.h"
#include "engine/error.h"
#include "engine/log.h"
#include "engine/media/abandonable.h"
#include "engine/media/mediareader.h"
#include "engine/media/pictureheader.h"
#include "tests/support/jpegwriter.h"

using namespace argali;

namespace {

const QString modes = QString(ARGALI_TEST_DATA) + "/vectors/image_modes/";
const QString media = QString(ARGALI_TEST_DATA) + "/media/";

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Image read(const QByteArray& bytes, Orientation orientation = Orientation::Upright,
           const MediaLimits& limits = {})
{
    return readPicture(std::as_bytes(std::span(bytes.data(), size_t(bytes.size()))), "bytes",
                       orientation, {}, limits);
}

/// Empty when no byte differs by more than most; otherwise what differs.
QString difference(const Image& image, const uint8_t* expected, ImageSize size, int most)
{
    if (ImageSize{image.width(), image.height()} != size)
        return QString("%1x%2 and not %3x%4")
            .arg(image.width())
            .arg(image.height())
            .arg(size.width)
            .arg(size.height);
    for (size_t i = 0; i < image.pixels().size(); ++i)
        if (std::abs(int(image.pixels()[i]) - int(expected[i])) > most)
            return QString("byte %1: %2 and not %3").arg(i).arg(image.pixels()[i]).arg(expected[i]);
    return {};
}

QString difference(const Image& image, const Image& expected, int most)
{
    return difference(image, expected.pixels().data(), {expected.width(), expected.height()}, most);
}

void add32(QByteArray& bytes, qsizetype at, qsizetype value)
{
    qToBigEndian(qFromBigEndian<quint32>(bytes.constData() + at) + quint32(value),
                 bytes.data() + at);
}

/// still.avif with further properties: "r1" turns it by a quarter to the left, "m0" exchanges top
/// and bottom, "m1" left and right.
QByteArray avifWith(const QStringList& properties)
{
    QByteArray bytes = contents(media + "still.avif");
    QByteArray boxes, uses;
    for (const QString& each : properties) {
        boxes += QByteArray("\0\0\0\x09", 4) + (each[0] == 'r' ? "irot" : "imir") +
                 char(each[1].digitValue());
        uses += char(0x80 | (5 + uses.size())); // four properties are there already
    }
    const qsizetype meta = bytes.indexOf("meta") - 4, all = bytes.indexOf("iprp") - 4,
                    list = bytes.indexOf("ipco") - 4;
    add32(bytes, bytes.indexOf("iloc") + 18, boxes.size() + uses.size()); // where the data begin
    add32(bytes, meta, boxes.size() + uses.size());
    add32(bytes, all, boxes.size() + uses.size());
    add32(bytes, list, boxes.size());
    const qsizetype use = bytes.indexOf("ipma") - 4; // the last box of all
    add32(bytes, use, uses.size());
    bytes[use + 18] = char(bytes[use + 18] + uses.size());
    bytes.insert(use + 23, uses);
    return bytes.insert(use, boxes);
}

/// The code of the error that work throws; nothing else may come out of it.
template <typename Work> std::optional<Error::Code> errorOf(Work work)
{
    try {
        work();
    } catch (const Error& e) {
        return e.code();
    }
    return {};
}

/// A 24-bit BMP whose pixel (x, y) has the colour (x, y, x + y).
QByteArray bmp(int width, int height)
{
    const int stride = (3 * width + 3) & ~3;
    QByteArray file(54 + stride * height, '\0');
    const auto set32 = [&](int at, int value) { std::memcpy(file.data() + at, &value, 4); };
    file[0] = 'B';
    file[1] = 'M';
    set32(2, int(file.size()));
    set32(10, 54);
    set32(14, 40);
    set32(18, width);
    set32(22, -height); // rows from the top
    file[26] = 1;
    file[28] = 24;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            char* pixel = file.data() + 54 + stride * y + 3 * x;
            pixel[0] = char(x + y);
            pixel[1] = char(y);
            pixel[2] = char(x);
        }
    return file;
}

test::JpegWriter jpegOf(int width, int height)
{
    test::JpegWriter jpeg;
    jpeg.width = width;
    jpeg.height = height;
    jpeg.level = [](int column, int row) { return 28 + (7 * column + 13 * row) % 200; };
    return jpeg;
}

void setBe(QByteArray& bytes, qsizetype at, uint32_t value, int count)
{
    for (int i = 0; i < count; ++i)
        bytes[at + i] = char(value >> (8 * (count - 1 - i)));
}

} // namespace

class TestMediaReader final : public QObject {
    Q_OBJECT
private slots:
    void knowsOfAbandonedWork();
    void modesEqualPillow_data();
    void modesEqualPillow();
    void furtherModesEqualPillow_data();
    void furtherModesEqualPillow();
    void avif();
    void heic_data();
    void heic();
    void heicLimits();
    void avifThatFfmpegCannotRead();
    void turnedAvif_data();
    void turnedAvif();
    void brokenAvifBoxes();
    void inksOfTiff_data();
    void inksOfTiff();
    void probe_data();
    void probe();
    void oddSizes();
    void jpegCodings();
    void hugeClaims_data();
    void hugeClaims();
    void limits();
    void notMedia_data();
    void notMedia();
    void notFiles();
    void truncated_data() { eachMode(); }
    void truncated();
    void mutated_data() { eachMode(); }
    void mutated();
    void randomBytes();
    void stops();
    void ffmpegIsHeardInTheLog();
    void samples();

private:
    void eachMode();
};

void TestMediaReader::eachMode()
{
    QTest::addColumn<QString>("path");
    for (const QString& name : QDir(modes).entryList(QDir::Files))
        if (!name.startsWith("expect") && !name.endsWith(".md"))
            QTest::newRow(qPrintable(name)) << modes + name;
    for (const char* name : {"animated_lossy.webp", "small_frame_transparent.gif", "rgb565.bmp",
                             "group4.tif", "animated.png", "ink_differences.jpg"})
        QTest::newRow(name) << media + "pictures/" + name;
    QTest::newRow("still.avif") << media + "still.avif";
}

void TestMediaReader::modesEqualPillow_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("most");
    const QJsonArray rows =
        QJsonDocument::fromJson(contents(modes + "expect.json"))["rows"].toArray();
    QCOMPARE(rows.size(), 42);
    for (const QJsonValue& row : rows)
        QTest::newRow(qPrintable(row["file"].toString()))
            << row["file"].toString() << row["max_abs"].toInt();
}

void TestMediaReader::modesEqualPillow()
{
    QFETCH(QString, file);
    QFETCH(int, most);
    const SafetensorsFile expected = openSafetensors((modes + "expect.safetensors").toStdString());
    const auto compare = [&](const char* form, Orientation orientation) {
        const Tensor& tensor = expected.tensors.at((file + "." + form).toStdString());
        const Image image = readPicture((modes + file).toStdString(), orientation);
        return difference(image, tensor.as<uint8_t>(), {int(tensor.dim(1)), int(tensor.dim(0))},
                          most);
    };
    QCOMPARE(compare("raw", Orientation::AsStored), QString());
    QCOMPARE(compare("upright", Orientation::Upright), QString());
}

void TestMediaReader::furtherModesEqualPillow_data()
{
    QTest::addColumn<QString>("path");
    for (const QString& name : QDir(media + "pictures").entryList(QDir::Files))
        if (!name.endsWith(".expect.png"))
            QTest::newRow(qPrintable(name)) << media + "pictures/" + name;
}

void TestMediaReader::furtherModesEqualPillow()
{
    QFETCH(QString, path);
    // Two inverse transforms may differ by a level each in brightness and in colour.
    const int most = path.endsWith(".jpg") ? 3 : 0;
    const Image expected = readPicture((path + ".expect.png").toStdString());
    QCOMPARE(difference(readPicture(path.toStdString()), expected, most), QString());
}

void TestMediaReader::avif()
{
    const Image original = readPicture((modes + "baseline_444.jpg").toStdString());
    const Image image = readPicture((media + "still.avif").toStdString());
    QCOMPARE(difference(image, original, 24), QString()); // coded once more, with loss
    QCOMPARE(probeMedia((media + "still.avif").toStdString()).format, std::string("avif"));
}

void TestMediaReader::heic_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("orientation");
    QTest::newRow("upright") << media + "still.heic" << 1;
    QTest::newRow("turned") << media + "turned.heic" << 6;
}

void TestMediaReader::heic()
{
    QFETCH(QString, file);
    QFETCH(int, orientation);
    const Image original = readPicture((modes + "baseline_444.jpg").toStdString());
    const Image upright = oriented(original, orientation);
    const std::string path = file.toStdString();
    QCOMPARE(difference(readPicture(path), upright, 40), QString()); // coded with loss
    QCOMPARE(difference(readPicture(path, Orientation::AsStored), original, 40), QString());
    const MediaInfo info = probeMedia(path);
    QCOMPARE(info.format, std::string("heic"));
    QCOMPARE(info.size, (ImageSize{upright.width(), upright.height()}));
}

void TestMediaReader::heicLimits()
{
    const std::string path = (media + "still.heic").toStdString();
    MediaLimits few;
    few.pixels = 100;
    QVERIFY_EXCEPTION_THROWN(readPicture(path, Orientation::Upright, {}, few), Error);
    QVERIFY_EXCEPTION_THROWN(probeMedia(path, few), Error);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(readPicture(path, Orientation::Upright, stop.get_token()).isEmpty());
    // Cut or changed anywhere it is refused, or read; never more than that.
    const QByteArray whole = contents(media + "still.heic");
    std::mt19937 random(5);
    for (int i = 0; i < 300; ++i) {
        QByteArray bytes = whole;
        if (i % 3 == 0)
            bytes.truncate(int(random() % unsigned(whole.size())));
        else
            for (int change = 0; change < 1 + i % 4; ++change)
                bytes[int(random() % unsigned(whole.size()))] = char(random());
        try {
            readPicture(std::as_bytes(std::span(bytes.constData(), size_t(bytes.size()))), "heic");
        } catch (const Error& error) {
            QVERIFY(error.code() != Error::Code::Internal);
        }
    }
}

void TestMediaReader::avifThatFfmpegCannotRead()
{
    // The picture lies in a box of the header.
    const Image original = readPicture((modes + "baseline_444.jpg").toStdString());
    const std::string path = (media + "still_idat.avif").toStdString();
    QCOMPARE(difference(readPicture(path), original, 24), QString());
    QCOMPARE(probeMedia(path).size, (ImageSize{original.width(), original.height()}));
}

void TestMediaReader::turnedAvif_data()
{
    QTest::addColumn<QStringList>("properties");
    QTest::addColumn<int>("orientation");
    const auto row = [](const QStringList& properties, int orientation) {
        QTest::newRow(qPrintable("properties: " + properties.join(' ')))
            << properties << orientation;
    };
    row({}, 1);
    row({"r0"}, 1);
    row({"r1"}, 8);
    row({"r2"}, 3);
    row({"r3"}, 6);
    row({"m0"}, 4);
    row({"m1"}, 2);
    row({"r1", "m0"}, 5);
    row({"r3", "m1"}, 5);
    row({"r1", "m1"}, 7);
    row({"r3", "m0"}, 7);
    row({"r2", "m1"}, 4);
    row({"m1", "r1"}, 5); // in the order in which they stand
}

void TestMediaReader::turnedAvif()
{
    QFETCH(QStringList, properties);
    QFETCH(int, orientation);
    const QByteArray bytes = avifWith(properties);
    const Image stored = readPicture((media + "still.avif").toStdString());
    QCOMPARE(difference(read(bytes), oriented(stored, orientation), 0), QString());
    QCOMPARE(difference(read(bytes, Orientation::AsStored), stored, 0), QString());
    QTemporaryDir folder;
    QFile file(folder.filePath("turned.avif"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size());
    file.close();
    const bool onItsSide = orientation >= 5;
    QCOMPARE(probeMedia(file.fileName().toStdString()).size,
             onItsSide ? (ImageSize{19, 27}) : (ImageSize{27, 19}));
}

void TestMediaReader::brokenAvifBoxes()
{
    const QByteArray whole = avifWith({"r1", "m0"});
    const auto orientationOf = [](const QByteArray& bytes) {
        return avifOrientation(
            {reinterpret_cast<const uint8_t*>(bytes.data()), size_t(bytes.size())});
    };
    QCOMPARE(orientationOf(whole), 5);
    QCOMPARE(orientationOf({}), 1);
    const qsizetype metaEnd = whole.indexOf("mdat") - 4;
    for (qsizetype at = 0; at < metaEnd; ++at) {
        const int cut = orientationOf(whole.left(at));
        QVERIFY(cut >= 1 && cut <= 8);
        for (const int byte : {0, 1, 0x7f, 0xff}) {
            QByteArray broken = whole;
            broken[at] = char(byte);
            const int found = orientationOf(broken);
            QVERIFY(found >= 1 && found <= 8);
        }
    }
}

void TestMediaReader::inksOfTiff_data()
{
    QTest::addColumn<bool>("little");
    QTest::newRow("II") << true;
    QTest::newRow("MM") << false;
}

void TestMediaReader::inksOfTiff()
{
    QFETCH(bool, little);
    QByteArray bytes = little ? "II" : "MM";
    const auto add = [&](int count, uint32_t value) {
        for (int i = 0; i < count; ++i)
            bytes += char(value >> 8 * (little ? i : count - 1 - i));
    };
    const auto entry = [&](uint32_t tag, uint32_t type, uint32_t count, uint32_t value) {
        add(2, tag);
        add(2, type);
        add(4, count);
        const bool isShort = type == 3 && count == 1;
        add(isShort ? 2 : 4, value);
        if (isShort)
            add(2, 0);
    };
    constexpr uint32_t entries = 9, bits = 8 + 2 + 12 * entries + 4, pixels = bits + 8;
    add(2, 42);
    add(4, 8);
    add(2, entries);
    entry(256, 3, 1, 5); // width, height
    entry(257, 3, 1, 1);
    entry(258, 3, 4, bits);
    entry(259, 3, 1, 1);      // not compressed
    entry(262, 3, 1, 5);      // inks
    entry(273, 4, 1, pixels); // one strip
    entry(277, 3, 1, 4);
    entry(278, 3, 1, 1);
    entry(279, 4, 1, 20);
    add(4, 0);
    for (int i = 0; i < 4; ++i)
        add(2, 8);
    const uint8_t inks[5][4] = {
        {0, 0, 0, 0}, {255, 0, 0, 0}, {0, 0, 0, 255}, {10, 20, 30, 40}, {255, 255, 255, 0}};
    bytes.append(reinterpret_cast<const char*>(inks), sizeof inks);
    // White paper less black is 215 in the fourth; the inks take 10, 20 and 30 of 255 off that,
    // rounded: 8, 17, 25.
    const uint8_t expected[5][3] = {
        {255, 255, 255}, {0, 255, 255}, {0, 0, 0}, {207, 198, 190}, {0, 0, 0}};
    QCOMPARE(difference(read(bytes), &expected[0][0], {5, 1}, 0), QString());
}

void TestMediaReader::probe_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("format");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    const auto row = [](const QString& path, const char* format, int width, int height) {
        QTest::newRow(qPrintable(path.section('/', -1))) << path << format << width << height;
    };
    row(modes + "rgb.png", "png", 27, 19);
    row(modes + "exif_6.jpg", "jpeg", 16, 24);
    row(modes + "exif_8.webp", "webp", 16, 24);
    row(modes + "first_frame.gif", "gif", 27, 19);
    row(modes + "lzw.tiff", "tiff", 27, 19);
    row(modes + "rgb.bmp", "bmp", 27, 19);
    row(media + "pictures/frame_beyond_screen.gif", "gif", 50, 37);
    row(media + "pictures/animated_lossy.webp", "webp", 37, 31);
}

void TestMediaReader::probe()
{
    QFETCH(QString, path);
    QFETCH(QString, format);
    QFETCH(int, width);
    QFETCH(int, height);
    // By content: a name that lies changes nothing.
    QTemporaryDir folder;
    const QString renamed = folder.filePath("film.mp4");
    QVERIFY(QFile::copy(path, renamed));
    const MediaInfo info = probeMedia(renamed.toStdString());
    QCOMPARE(info.kind, MediaInfo::Kind::Picture);
    QCOMPARE(QString::fromStdString(info.format), format);
    QCOMPARE(info.size, (ImageSize{width, height}));
    const Image image = readPicture(renamed.toStdString());
    QCOMPARE(info.size, (ImageSize{image.width(), image.height()}));
}

void TestMediaReader::oddSizes()
{
    for (const ImageSize size :
         {ImageSize{1, 1}, {1, 300}, {300, 1}, {2000, 10}, {10, 2000}, {17, 33}}) {
        const Image image = read(bmp(size.width, size.height));
        QCOMPARE((ImageSize{image.width(), image.height()}), size);
        for (int y = 0; y < size.height; ++y)
            for (int x = 0; x < size.width; ++x) {
                const uint8_t* pixel = image.row(y) + 3 * x;
                QVERIFY(pixel[0] == uint8_t(x) && pixel[1] == uint8_t(y) &&
                        pixel[2] == uint8_t(x + y));
            }
    }
}

void TestMediaReader::jpegCodings()
{
    for (const ImageSize size :
         {ImageSize{1, 1}, {1, 300}, {300, 1}, {2000, 10}, {10, 2000}, {133, 77}})
        for (const bool progressive : {false, true})
            for (const int factor : {1, 2}) {
                test::JpegWriter jpeg = jpegOf(size.width, size.height);
                jpeg.progressive = progressive;
                jpeg.factor = factor;
                const std::vector<std::byte> bytes = jpeg.write();
                const Image image = readPicture(bytes, "bytes");
                QCOMPARE((ImageSize{image.width(), image.height()}), size);
                for (int y = 0; y < size.height; ++y)
                    for (int x = 0; x < 3 * size.width; ++x)
                        QCOMPARE(int(image.row(y)[x]), jpeg.level(x / 24, y / 8));
            }
}

void TestMediaReader::hugeClaims_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QByteArray png = contents(modes + "rgb.png");
    setBe(png, 16, 200'000, 4);
    setBe(png, 20, 200'000, 4);
    QTest::newRow("png") << png;
    QByteArray jpeg = contents(modes + "progressive.jpg");
    const qsizetype frame = jpeg.indexOf("\xff\xc2");
    QVERIFY(frame > 0);
    setBe(jpeg, frame + 5, 65'500, 2);
    setBe(jpeg, frame + 7, 65'500, 2);
    QTest::newRow("jpeg") << jpeg;
    QByteArray bitmap = bmp(4, 4);
    setBe(bitmap, 18, 0xffffff7f, 4); // little endian: two thousand million
    QTest::newRow("bmp") << bitmap;
    QByteArray gif = contents(modes + "first_frame.gif");
    setBe(gif, 6, 0xffffffff, 4);
    QTest::newRow("gif") << gif;
    QByteArray webp = contents(media + "pictures/animated_lossy.webp");
    const qsizetype canvas = webp.indexOf("VP8X") + 12;
    setBe(webp, canvas, 0xffffff, 3);
    setBe(webp, canvas + 3, 0xffffff, 3);
    QTest::newRow("webp") << webp;
    QByteArray nothing = contents(modes + "rgb.png");
    setBe(nothing, 16, 0, 4);
    QTest::newRow("no width") << nothing;
}

void TestMediaReader::hugeClaims()
{
    QFETCH(QByteArray, bytes);
    QVERIFY(errorOf([&] { read(bytes); }) == Error::Code::BadMedia);
}

void TestMediaReader::limits()
{
    const QByteArray bytes = contents(modes + "rgb.png"); // 27 x 19
    MediaLimits limits;
    limits.pixels = 27 * 19;
    QCOMPARE(read(bytes, Orientation::Upright, limits).width(), 27);
    --limits.pixels;
    QVERIFY(errorOf([&] { read(bytes, Orientation::Upright, limits); }) == Error::Code::BadMedia);
    limits = {};
    limits.pictureBytes = bytes.size() - 1;
    QVERIFY(errorOf([&] { read(bytes, Orientation::Upright, limits); }) == Error::Code::BadMedia);
}

void TestMediaReader::notMedia_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    const int bad = int(Error::Code::BadMedia), unsupported = int(Error::Code::Unsupported);
    QTest::newRow("empty") << QByteArray() << bad;
    QTest::newRow("text") << QByteArray("Once upon a time there was a picture.\n") << bad;
    QTest::newRow("one byte") << QByteArray("\x89") << bad;
    QTest::newRow("zeros") << QByteArray(5000, '\0') << bad;
    QTest::newRow("sound") << contents(media + "cover.mp3") << bad;
    QTest::newRow("film") << contents(media + "one_gop.mp4") << bad;
    QTest::newRow("pdf") << QByteArray("%PDF-1.7\n") << unsupported;
    QTest::newRow("jpeg 2000") << QByteArray("\0\0\0\x0cjP  \r\n\x87\n", 12) << unsupported;
    QTest::newRow("heic") << QByteArray("\0\0\0\x18"
                                        "ftypheic\0\0\0\0mif1heic",
                                        24)
                          << bad;
    QTest::newRow("playlist") << QByteArray("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n") << bad;
    QTest::newRow("list of files") << QByteArray("ffconcat version 1.0\nfile /etc/passwd\n") << bad;
    QTest::newRow("signature only") << QByteArray("\x89PNG\r\n\x1a\n") << bad;
    QTest::newRow("lossless jpeg")
        << QByteArray("\xff\xd8\xff\xc3\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0\xff\xd9", 17)
        << unsupported;
}

void TestMediaReader::notMedia()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    try {
        read(bytes);
        QFAIL("it was read");
    } catch (const Error& e) {
        QCOMPARE(int(e.code()), code);
        QVERIFY2(QString(e.what()).startsWith("bytes: "), e.what()); // which file it is about
    }
}

void TestMediaReader::notFiles()
{
    QTemporaryDir folder;
    const auto code = [](const QString& path) {
        return errorOf([&] { readPicture(path.toStdString()); });
    };
    QVERIFY(code(folder.filePath("nothing.png")) == Error::Code::Missing);
    QVERIFY(code(folder.path()) == Error::Code::Missing);
    QVERIFY(code("/dev/zero") == Error::Code::Missing);
    const QString pipe = folder.filePath("pipe");
    QCOMPARE(::mkfifo(pipe.toLocal8Bit().constData(), 0600), 0);
    QVERIFY(code(pipe) == Error::Code::Missing); // and at once, without waiting for a writer
    QFile(folder.filePath("empty.png")).open(QIODevice::WriteOnly);
    QVERIFY(code(folder.filePath("empty.png")) == Error::Code::BadMedia);
}

void TestMediaReader::truncated()
{
    QFETCH(QString, path);
    const QByteArray whole = contents(path);
    const Image expected = read(whole, Orientation::AsStored);
    std::mt19937 random(uint32_t(whole.size()));
    for (int i = 0; i < 50; ++i) {
        const QByteArray part = whole.left(qsizetype(random() % uint64_t(whole.size())));
        try {
            // Without its last, unneeded bytes a picture may be whole; anything else is refused.
            // A JPEG's decoder cannot tell a last block cut in the middle.
            const Image image = read(part, Orientation::AsStored);
            QCOMPARE(image.width(), expected.width());
            QCOMPARE(image.height(), expected.height());
            const size_t sure = path.endsWith(".jpg") ? size_t(3 * image.width()) *
                                                            size_t(std::max(image.height() - 16, 0))
                                                      : image.pixels().size();
            QVERIFY2(std::ranges::equal(image.pixels().first(sure), expected.pixels().first(sure)),
                     qPrintable(QString("cut to %1 bytes").arg(part.size())));
        } catch (const Error& e) {
            QVERIFY2(e.code() == Error::Code::BadMedia, e.what());
        }
    }
}

void TestMediaReader::mutated()
{
    QFETCH(QString, path);
    const QByteArray whole = contents(path);
    std::mt19937 random(uint32_t(whole.size()) + 1);
    MediaLimits limits; // a picture that grows into millions is right, but takes its time
    limits.pixels = 1'000'000;
    for (int i = 0; i < 100; ++i) {
        QByteArray bytes = whole;
        // Half of the changes hit the headers.
        for (int n = 1 + int(random() % 4); n > 0; --n) {
            const size_t size =
                size_t(i % 2 ? bytes.size() : std::min<qsizetype>(bytes.size(), 200));
            bytes[qsizetype(random() % size)] = char(random());
        }
        const std::optional<Error::Code> code =
            errorOf([&] { read(bytes, Orientation::Upright, limits); });
        QVERIFY(!code || code == Error::Code::BadMedia || code == Error::Code::Unsupported);
    }
}

void TestMediaReader::randomBytes()
{
    std::mt19937 random(11);
    for (const QByteArray& head :
         {QByteArray("\xff\xd8\xff\xe0"), QByteArray("\x89PNG\r\n\x1a\n"), QByteArray("GIF89a"),
          QByteArray("BM"), QByteArray("II*\0", 4), QByteArray("RIFF\xff\0\0\0WEBPVP8L", 16),
          QByteArray("RIFF\xff\0\0\0WEBPVP8X", 16),
          QByteArray("\0\0\0\x18"
                     "ftypavif",
                     12)})
        for (int i = 0; i < 40; ++i) {
            QByteArray bytes = head;
            for (int n = int(random() % 3000); n > 0; --n)
                bytes.append(char(random()));
            const std::optional<Error::Code> code = errorOf([&] { read(bytes); });
            QVERIFY(code == Error::Code::BadMedia || code == Error::Code::Unsupported);
        }
}

void TestMediaReader::stops()
{
    std::stop_source source;
    source.request_stop();
    for (const char* name : {"rgb.png", "baseline_420.jpg", "lossy.webp", "raw.tiff"})
        QVERIFY(readPicture((modes + name).toStdString(), Orientation::Upright, source.get_token())
                    .isEmpty());
    QVERIFY(
        readPicture((media + "still.avif").toStdString(), Orientation::Upright, source.get_token())
            .isEmpty());
}

void TestMediaReader::ffmpegIsHeardInTheLog()
{
    int messages = 0;
    setLogSink([&](LogLevel level, std::string_view message) {
        messages += level == LogLevel::Debug && message.starts_with("ffmpeg: ");
    });
    QByteArray bytes = contents(modes + "rgb.png");
    bytes[bytes.indexOf("IDAT") + 6] = char(bytes[bytes.indexOf("IDAT") + 6] ^ 1);
    const std::optional<Error::Code> code = errorOf([&] { read(bytes); });
    setLogSink({});
    QVERIFY(code == Error::Code::BadMedia);
    QVERIFY(messages > 0);
}

void TestMediaReader::samples()
{
    using Indices = std::vector<int64_t>;
    QCOMPARE(sampleFrames(300, 8, 12), (Indices{0, 37, 75, 112, 150, 187, 225, 262}));
    QCOMPARE(sampleFrames(7, 8, 1), (Indices{0, 0, 1, 2, 3, 4, 5, 6}));
    QCOMPARE(sampleFrames(100, 6, 4), (Indices{0, 16, 33, 50, 66, 83}));
    QCOMPARE(sampleFrames(1, 3, 1), (Indices{0, 0, 0}));
    QCOMPARE(int(sampleFrames(250, 0, 10).size()), 10);
    QCOMPARE(int(sampleFrames(250, 0, 9.5).size()), 10);
    QCOMPARE(int(sampleFrames(250, 0, 0.2).size()), 1);
    QCOMPARE(int(sampleFrames(250000, 0, 10000).size()), 30);
    QVERIFY(errorOf([] { sampleFrames(0, 8, 1); }) == Error::Code::BadRequest);
    QVERIFY(errorOf([] { sampleFrames(10, -1, 1); }) == Error::Code::BadRequest);
}

void TestMediaReader::knowsOfAbandonedWork()
{
    std::promise<void> permission;
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(!abandonedWorkGoesOn());
    QVERIFY(!runAbandonable([wait = permission.get_future().share()] { wait.wait(); },
                            stop.get_token()));
    QVERIFY(abandonedWorkGoesOn());
    permission.set_value();
    QTRY_VERIFY(!abandonedWorkGoesOn());
}

QTEST_GUILESS_MAIN(TestMediaReader)
#include "tst_mediareader.moc"
