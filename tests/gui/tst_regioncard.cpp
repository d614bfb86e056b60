#include <QPainter>
#include <QTest>

#include "gui/film/regioncard.h"

using namespace argali::gui;

class TestRegionCard final : public QObject {
    Q_OBJECT
private slots:
    void readsBoxesAndPoints()
    {
        const PictureRegions box = PictureRegions::of(
            QStringLiteral("box"), {0.1, 0.2, 0.5, 0.9, 0.3, 0.4, 0.2, 0.1, 0.7});
        QCOMPARE(box.boxes.size(), 2); // the rest is not whole
        QCOMPARE(box.boxes.first(), QRectF(QPointF(0.1, 0.2), QPointF(0.5, 0.9)));
        QCOMPARE(box.boxes.last(), QRectF(QPointF(0.2, 0.1), QPointF(0.3, 0.4)));
        const PictureRegions point = PictureRegions::of(QStringLiteral("point"), {0.25, 0.75});
        QCOMPARE(point.points, QList<QPointF>{QPointF(0.25, 0.75)});
    }

    void hostileNumbersAreHeld()
    {
        const QString box = QStringLiteral("box");
        QVERIFY(PictureRegions::of(box, {}).isEmpty());
        QVERIFY(PictureRegions::of(box, {qQNaN(), 0, 1, 1}).isEmpty());
        QVERIFY(PictureRegions::of(box, {qInf(), 0, 1, 1}).isEmpty());
        QVERIFY(PictureRegions::of(QStringLiteral("polygon"), {0, 0, 1, 1}).isEmpty());
        QCOMPARE(PictureRegions::of(box, {-5, -1e300, 7, 1e300}).boxes.first(), QRectF(0, 0, 1, 1));
        QCOMPARE(PictureRegions::of(box, QList<double>(40'000, 0.5)).boxes.size(), 500);
    }

    void drawsWhereTheNumbersSay()
    {
        QImage image(400, 300, QImage::Format_RGB32);
        image.fill(Qt::black);
        QPainter painter(&image);
        paintRegions(painter, QRectF(100, 50, 200, 200),
                     PictureRegions::of(QStringLiteral("box"), {0.25, 0.5, 0.75, 1}), Qt::red);
        painter.end();
        QCOMPARE(image.pixelColor(150, 200), QColor(Qt::red)); // left side
        QCOMPARE(image.pixelColor(250, 200), QColor(Qt::red)); // right side
        QCOMPARE(image.pixelColor(200, 150), QColor(Qt::red)); // upper side
        QCOMPARE(image.pixelColor(200, 200), QColor(Qt::black));
        QCOMPARE(image.pixelColor(120, 100), QColor(Qt::black));
    }

    void showsAndHides()
    {
        QWidget chat;
        chat.resize(600, 400);
        RegionCard card(&chat);
        MediaFile picture;
        picture.thumbnail = QImage(384, 288, QImage::Format_RGB32);
        picture.thumbnail.fill(Qt::blue);
        card.showRegions(picture, PictureRegions::of(QStringLiteral("point"), {0.5, 0.5}));
        QVERIFY(!card.isHidden());
        QVERIFY(chat.rect().contains(card.geometry()));
        card.showRegions(picture, {});
        QVERIFY(card.isHidden());
        card.showRegions(MediaFile(), PictureRegions::of(QStringLiteral("point"), {0.5, 0.5}));
        QVERIFY(card.isHidden()); // there is nothing to draw it on
    }
};

QTEST_MAIN(TestRegionCard)
#include "tst_regioncard.moc"
