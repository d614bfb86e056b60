#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <cstring>
#include <ctime>
#include <random>

#include "engine/checkpoint/safetensors.h"
#include "engine/error.h"
#include "engine/media/image.h"
#include "engine/media/orientation.h"
#include "engine/media/resample.h"

using namespace argali;

namespace {

Image imageOf(const Tensor& tensor)
{
    Image image(int(tensor.dim(1)), int(tensor.dim(0)));
    std::memcpy(image.pixels().data(), tensor.as<uint8_t>(), image.pixels().size());
    return image;
}

Image noise(int width, int height, unsigned seed)
{
    std::mt19937 random(seed);
    Image image(width, height);
    for (uint8_t& value : image.pixels())
        value = uint8_t(random());
    return image;
}

/// Empty when equal, otherwise where the first difference is.
QString difference(const Image& a, const Image& b)
{
    if (a.width() != b.width() || a.height() != b.height())
        return QString("%1x%2 and %3x%4")
            .arg(a.width())
            .arg(a.height())
            .arg(b.width())
            .arg(b.height());
    for (size_t i = 0; i < a.pixels().size(); ++i)
        if (a.pixels()[i] != b.pixels()[i])
            return QString("byte %1: %2 and %3").arg(i).arg(a.pixels()[i]).arg(b.pixels()[i]);
    return {};
}

std::vector<const resample::Kernels*> allKernels()
{
    std::vector<const resample::Kernels*> kernels{&resample::scalarKernels()};
    if (resample::avx2Kernels())
        kernels.push_back(resample::avx2Kernels());
    return kernels;
}

} // namespace

class TestImage final : public QObject {
    Q_OBJECT
private slots:
    void equalsPillow_data();
    void equalsPillow();
    void kernelsAgree();
    void constantStaysConstant();
    void sameSizeIsACopy();
    void refusesEmptySizes();
    void stops();
    void orientations_data();
    void orientations();
    void orientationOfOddSizes();
    void speed();
};

void TestImage::equalsPillow_data()
{
    QTest::addColumn<QString>("set");
    QTest::addColumn<int>("filter");
    QTest::newRow("bilinear") << "resize_bilinear" << int(ResizeFilter::Bilinear);
    QTest::newRow("bicubic") << "resize_bicubic" << int(ResizeFilter::Bicubic);
}

void TestImage::equalsPillow()
{
    QFETCH(QString, set);
    QFETCH(int, filter);
    const QString base = QString(ARGALI_TEST_DATA) + "/vectors/" + set;
    QFile index(base + ".json");
    QVERIFY(index.open(QIODevice::ReadOnly));
    const QJsonArray rows = QJsonDocument::fromJson(index.readAll())["rows"].toArray();
    QVERIFY(!rows.isEmpty());
    const SafetensorsFile file = openSafetensors((base + ".safetensors").toStdString());
    for (const QJsonValue& row : rows) {
        const Image in = imageOf(file.tensors.at(row["in"].toString().toStdString()));
        const Image expected = imageOf(file.tensors.at(row["out"].toString().toStdString()));
        const ImageSize size{row["to"][1].toInt(), row["to"][0].toInt()};
        QCOMPARE(difference(resize(in, size, ResizeFilter(filter)), expected), QString());
        for (const resample::Kernels* kernels : allKernels())
            QCOMPARE(
                difference(resample::run(in, size, ResizeFilter(filter), *kernels, {}), expected),
                QString());
    }
}

void TestImage::kernelsAgree()
{
    std::mt19937 random(7);
    const auto side = [&](int most) { return int(random() % unsigned(most)) + 1; };
    for (int i = 0; i < 200; ++i) {
        const Image image = noise(side(90), side(90), unsigned(i));
        const ImageSize size{side(120), side(120)};
        const ResizeFilter filter = i % 2 ? ResizeFilter::Bicubic : ResizeFilter::Bilinear;
        const Image expected = resample::run(image, size, filter, resample::scalarKernels(), {});
        for (const resample::Kernels* kernels : allKernels())
            QCOMPARE(difference(resample::run(image, size, filter, *kernels, {}), expected),
                     QString());
    }
}

void TestImage::constantStaysConstant()
{
    // Weights are rounded one by one, so their sum may miss 2^22 by a few units: never by a level.
    const ImageSize sizes[] = {{1, 1}, {1, 77}, {200, 1}, {64, 32}, {333, 7}, {500, 500}};
    for (const int level : {0, 1, 127, 128, 254, 255})
        for (const ImageSize from : sizes)
            for (const ImageSize to : sizes)
                for (const ResizeFilter filter : {ResizeFilter::Bilinear, ResizeFilter::Bicubic}) {
                    Image image(from.width, from.height);
                    std::ranges::fill(image.pixels(), uint8_t(level));
                    Image expected(to.width, to.height);
                    std::ranges::fill(expected.pixels(), uint8_t(level));
                    QCOMPARE(difference(resize(image, to, filter), expected), QString());
                }
}

void TestImage::sameSizeIsACopy()
{
    const Image image = noise(13, 17, 1);
    QCOMPARE(difference(resize(image, {13, 17}, ResizeFilter::Bicubic), image), QString());
}

void TestImage::refusesEmptySizes()
{
    const Image image = noise(4, 4, 1);
    for (const ImageSize size : {ImageSize{0, 4}, ImageSize{4, 0}, ImageSize{-1, 4}}) {
        try {
            resize(image, size, ResizeFilter::Bilinear);
            QFAIL("an empty size was accepted");
        } catch (const Error& e) {
            QCOMPARE(e.code(), Error::Code::BadRequest);
        }
    }
    QVERIFY_THROWS_EXCEPTION(Error, resize(Image(), {4, 4}, ResizeFilter::Bilinear));
}

void TestImage::stops()
{
    std::stop_source source;
    source.request_stop();
    QVERIFY(
        resize(noise(40, 40, 1), {20, 20}, ResizeFilter::Bilinear, source.get_token()).isEmpty());
    QVERIFY(
        resize(noise(40, 40, 1), {40, 20}, ResizeFilter::Bilinear, source.get_token()).isEmpty());
    QVERIFY(
        resize(noise(40, 40, 1), {20, 40}, ResizeFilter::Bilinear, source.get_token()).isEmpty());
}

void TestImage::orientations_data()
{
    // A picture of 3 x 2 pixels: a b c / d e f. Rows as they stand upright, from Exif's table 6.
    QTest::addColumn<int>("orientation");
    QTest::addColumn<QByteArray>("upright");
    QTest::addColumn<int>("width");
    QTest::newRow("1") << 1 << QByteArray("abcdef") << 3;
    QTest::newRow("2") << 2 << QByteArray("cbafed") << 3;
    QTest::newRow("3") << 3 << QByteArray("fedcba") << 3;
    QTest::newRow("4") << 4 << QByteArray("defabc") << 3;
    QTest::newRow("5") << 5 << QByteArray("adbecf") << 2;
    QTest::newRow("6") << 6 << QByteArray("daebfc") << 2;
    QTest::newRow("7") << 7 << QByteArray("fcebda") << 2;
    QTest::newRow("8") << 8 << QByteArray("cfbead") << 2;
}

void TestImage::orientations()
{
    QFETCH(int, orientation);
    QFETCH(QByteArray, upright);
    QFETCH(int, width);
    Image image(3, 2);
    for (size_t i = 0; i < 6; ++i)
        for (size_t c = 0; c < 3; ++c)
            image.pixels()[3 * i + c] = uint8_t('a' + i + 40 * c);
    const Image out = oriented(image, orientation);
    QCOMPARE(out.width(), width);
    QCOMPARE(out.height(), 6 / width);
    for (size_t i = 0; i < 6; ++i)
        for (size_t c = 0; c < 3; ++c)
            QCOMPARE(int(out.pixels()[3 * i + c]),
                     int(uint8_t(upright[qsizetype(i)])) + int(40 * c));
}

void TestImage::orientationOfOddSizes()
{
    // Each number has an inverse: 6 and 8 undo each other, the others undo themselves.
    for (const ImageSize size :
         {ImageSize{1, 1}, ImageSize{1, 40}, ImageSize{37, 1}, ImageSize{33, 47}})
        for (int n = 1; n <= 8; ++n) {
            const Image image = noise(size.width, size.height, 5);
            const Image there = oriented(image, n);
            QCOMPARE(uprightSize(size, n), (ImageSize{there.width(), there.height()}));
            QCOMPARE(difference(oriented(there, n == 6 ? 8 : n == 8 ? 6 : n), image), QString());
        }
    QVERIFY_THROWS_EXCEPTION(Error, oriented(noise(2, 2, 1), 0));
    QVERIFY_THROWS_EXCEPTION(Error, oriented(noise(2, 2, 1), 9));
}

void TestImage::speed()
{
    const Image image = noise(4032, 3024, 3);
    double best = 1e9; // processor time: others may be busy here
    for (int i = 0; i < 5; ++i) {
        const std::clock_t start = std::clock();
        const Image out = resize(image, {1792, 1344}, ResizeFilter::Bilinear);
        best = std::min(best, 1000.0 * double(std::clock() - start) / CLOCKS_PER_SEC);
        QCOMPARE(out.height(), 1344);
    }
    qInfo("4032x3024 to 1792x1344 on one core: %.1f ms", best);
}

QTEST_GUILESS_MAIN(TestImage)
#include "tst_image.moc"
