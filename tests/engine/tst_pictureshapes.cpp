#include <array>

#include <QtTest>

#include "engine/error.h"
#include "engine/layers/ropescaling.h"
#include "engine/layers/squarepicture.h"
#include "engine/layers/tiling.h"

using namespace argali;

// What families make of a picture's size before they look at it, and of a sequence's length.
class TestPictureShapes final : public QObject {
    Q_OBJECT
private slots:
    void publishedGrids_data();
    void publishedGrids();
    void tiesTakeTheLargerGridForLargePictures();
    void tilesAreCutRowByRow();
    void paddingInStripsIsPadding_data();
    void paddingInStripsIsPadding();
    void oddRestIsAtTheEnd();
    void croppingTakesTheMiddle();
    void refusesExtremeEdges();
    void stops();
    void dynamicRope();
    void longRope();
};

namespace {

Image noise(int width, int height)
{
    Image image(width, height);
    uint32_t state = 7;
    for (uint8_t& value : image.pixels()) {
        state = state * 1664525 + 1013904223;
        value = static_cast<uint8_t>(state >> 24);
    }
    return image;
}

bool areEqual(const Image& a, const Image& b)
{
    return a.width() == b.width() && a.height() == b.height() &&
           std::ranges::equal(a.pixels(), b.pixels());
}

constexpr std::array<uint8_t, 3> colour{122, 116, 104};

} // namespace

void TestPictureShapes::publishedGrids_data()
{
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("rows");
    const int sizes[][4] = {{640, 480, 4, 3},   {1000, 300, 3, 1},  {448, 448, 1, 1},
                            {100, 100, 1, 1},   {640, 640, 2, 2},   {800, 800, 2, 2},
                            {1024, 1024, 3, 3}, {600, 300, 2, 1},   {1280, 720, 4, 2},
                            {1920, 1080, 4, 2}, {2000, 1000, 4, 2}, {2000, 500, 4, 1},
                            {200, 50, 4, 1},    {300, 1000, 1, 3},  {3000, 200, 12, 1}};
    for (const auto& [width, height, columns, rows] : sizes)
        QTest::addRow("%d x %d", width, height) << width << height << columns << rows;
}

void TestPictureShapes::publishedGrids()
{
    QFETCH(int, width);
    QFETCH(int, height);
    QFETCH(int, columns);
    QFETCH(int, rows);
    QCOMPARE(tileGrid({width, height}, 448, 1, 12), (std::array<int64_t, 2>{columns, rows}));
    QCOMPARE(tileGrid({width, height}, 448, 1, 1), (std::array<int64_t, 2>{1, 1}));
}

void TestPictureShapes::tiesTakeTheLargerGridForLargePictures()
{
    // 2 x 2 tiles of 448 have 802816 pixels: half of them is 633.6 squared.
    QCOMPARE(tileGrid({633, 633}, 448, 1, 12), (std::array<int64_t, 2>{1, 1}));
    QCOMPARE(tileGrid({634, 634}, 448, 1, 12), (std::array<int64_t, 2>{2, 2}));
    QVERIFY_EXCEPTION_THROWN(tileGrid({0, 5}, 448, 1, 12), Error);
    QVERIFY_EXCEPTION_THROWN(tileGrid({5, 5}, 448, 3, 2), Error);
}

void TestPictureShapes::tilesAreCutRowByRow()
{
    const Image image = noise(30, 20); // its own size: nothing is resized but the thumbnail
    const std::vector<Image> tiles = cutIntoTiles(image, {3, 2}, 10, true);
    QCOMPARE(tiles.size(), size_t(7));
    for (int i = 0; i < 6; ++i)
        QVERIFY(areEqual(tiles[size_t(i)], cropped(image, i % 3 * 10, i / 3 * 10, {10, 10})));
    QVERIFY(areEqual(tiles.back(), resize(image, {10, 10}, ResizeFilter::Bicubic)));
    QCOMPARE(cutIntoTiles(image, {3, 2}, 10, false).size(), size_t(6));
}

void TestPictureShapes::paddingInStripsIsPadding_data()
{
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("height");
    for (const auto& [width, height] :
         {std::pair{40, 40}, {90, 31}, {31, 90}, {200, 1}, {1, 200}, {57, 130}, {56, 20}})
        QTest::addRow("%d x %d", width, height) << width << height;
}

void TestPictureShapes::paddingInStripsIsPadding()
{
    QFETCH(int, width);
    QFETCH(int, height);
    const Image image = noise(width, height);
    const Image square = paddedToSquare(image, colour);
    QCOMPARE(square.width(), std::max(width, height));
    QCOMPARE(square.height(), std::max(width, height));
    for (const int side : {14, 56, 300})
        QVERIFY(areEqual(squareByPadding(image, colour, side),
                         resize(square, {side, side}, ResizeFilter::Bicubic)));
}

void TestPictureShapes::oddRestIsAtTheEnd()
{
    const Image square = paddedToSquare(noise(9, 4), colour); // 5 rows more: 2 above, 3 below
    for (const int row : {0, 1, 6, 7, 8})
        for (int i = 0; i < 27; ++i)
            QCOMPARE(square.row(row)[i], colour[size_t(i) % 3]);
    QVERIFY(areEqual(cropped(square, 0, 2, {9, 4}), noise(9, 4)));
}

void TestPictureShapes::croppingTakesTheMiddle()
{
    const Image image = noise(23, 10);
    QVERIFY(areEqual(squareByCropping(image, 10, 10), cropped(image, 6, 0, {10, 10})));
    // the long side is int(20 * 23 / 10) = 46
    QVERIFY(areEqual(squareByCropping(image, 20, 14),
                     cropped(resize(image, {46, 20}, ResizeFilter::Bicubic), 16, 3, {14, 14})));
}

void TestPictureShapes::refusesExtremeEdges()
{
    const auto refused = [](const auto& call) {
        try {
            call();
        } catch (const Error& error) {
            return error.code() == Error::Code::BadRequest &&
                   QString(error.what()).contains("pixels");
        }
        return false;
    };
    QVERIFY(refused([] { squareByPadding(Image(65536, 1), colour, 56); }));
    QVERIFY(refused([] { squareByCropping(Image(65535, 1), 336, 336); }));
    QVERIFY_EXCEPTION_THROWN(cropped(Image(4, 4), 2, 0, {3, 1}), Error);
}

void TestPictureShapes::stops()
{
    std::stop_source source;
    source.request_stop();
    const Image image = noise(90, 31);
    QVERIFY(squareByPadding(image, colour, 56, source.get_token()).isEmpty());
    QVERIFY(squareByPadding(noise(31, 90), colour, 56, source.get_token()).isEmpty());
    QVERIFY(squareByCropping(image, 56, 56, source.get_token()).isEmpty());
    QVERIFY(cutIntoTiles(image, {3, 2}, 10, true, source.get_token()).empty());
}

void TestPictureShapes::dynamicRope()
{
    RopeScaling scaling;
    scaling.kind = RopeScaling::Kind::Dynamic;
    scaling.theta = 1e6;
    scaling.headWidth = 128;
    scaling.length = 512;
    scaling.factor = 2;
    QCOMPARE(scaling.at(512).theta, 1e6F);
    // 1e6 * (2 * 768 / 512 - 1)^(128 / 126)
    QVERIFY(std::abs(scaling.at(768).theta / 2022126.6F - 1) < 1e-6F);
}

void TestPictureShapes::longRope()
{
    RopeScaling scaling;
    scaling.kind = RopeScaling::Kind::Long;
    scaling.theta = 1e4;
    scaling.length = 4096;
    scaling.magnitude = 1.19F;
    scaling.shortFactors = {1, 2};
    scaling.longFactors = {3, 4};
    QCOMPARE(scaling.at(4096).factors, (std::vector<float>{1, 2}));
    QCOMPARE(scaling.at(4097).factors, (std::vector<float>{3, 4}));
    QCOMPARE(scaling.at(1).magnitude, 1.19F);
    QVERIFY(scaling.at(1) == scaling.at(4096));
    scaling.kind = RopeScaling::Kind::Fixed;
    QCOMPARE(scaling.at(1).factors, (std::vector<float>{1, 2}));
    QCOMPARE(scaling.at(100'000).factors, (std::vector<float>{1, 2}));
    QCOMPARE(scaling.at(1).magnitude, 1.0F);
}

QTEST_APPLESS_MAIN(TestPictureShapes)
#include "tst_pictureshapes.moc"
