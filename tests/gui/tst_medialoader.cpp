#include <memory>

#include <QDir>
#include <QFile>
#include <QPainter>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include "engine/media/mediareader.h"
#include "gui/chat/medialoader.h"

using namespace argali;
using namespace argali::gui;

namespace {
QString sample(const char* name)
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/") + QLatin1String(name);
}
QString mode(const char* name)
{
    return QStringLiteral(ARGALI_TEST_DATA "/vectors/image_modes/") + QLatin1String(name);
}
} // namespace

class TestMediaLoader final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString pasted() const { return m_dir.filePath(QStringLiteral("pasted")); }

    MediaFile inspected(MediaLoader& loader, const QString& path)
    {
        QSignalSpy done(&loader, &MediaLoader::inspected);
        QSignalSpy failed(&loader, &MediaLoader::failed);
        const quint64 ticket = loader.inspect(path);
        if (!QTest::qWaitFor([&] { return done.count() + failed.count() > 0; }, 20'000) ||
            done.isEmpty())
            return {};
        if (done.first().first().toULongLong() != ticket)
            return {};
        return done.first().at(1).value<MediaFile>();
    }

private slots:
    void picture()
    {
        MediaLoader loader(pasted());
        const MediaFile file = inspected(loader, sample("objects.png"));
        QVERIFY(!file.isFilm());
        QVERIFY(!file.size.isEmpty());
        QVERIFY(!file.thumbnail.isNull());
        QVERIFY(file.thumbnail.width() <= MediaFile::thumbnailSize.width());
        QVERIFY(file.thumbnail.height() <= MediaFile::thumbnailSize.height());
        // The thumbnail is that picture: its mean colour is the file's.
        const auto mean = [](const QImage& image) {
            return image.scaled(1, 1, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                .pixelColor(0, 0);
        };
        const QColor a = mean(file.thumbnail);
        const QColor b = mean(QImage(sample("objects.png")));
        QVERIFY(qAbs(a.red() - b.red()) < 12 && qAbs(a.green() - b.green()) < 12 &&
                qAbs(a.blue() - b.blue()) < 12);
    }

    /// As when a window takes the place of another one while a file is being read.
    void whoeverListensWhenItArrives()
    {
        MediaLoader loader(pasted());
        int before = 0;
        int after = 0;
        auto former = std::make_unique<QObject>();
        connect(&loader, &MediaLoader::inspected, former.get(), [&] { ++before; });
        connect(&loader, &MediaLoader::failed, former.get(), [&] { ++before; });
        loader.inspect(sample("objects.png"));
        loader.inspect(sample("samples.json")); // cannot be read
        QThread::msleep(1000);                  // they have been read, and nobody was told yet
        former.reset();
        connect(&loader, &MediaLoader::inspected, this, [&] { after += 1; });
        connect(&loader, &MediaLoader::failed, this, [&] { after += 10; });
        QTRY_COMPARE(after, 11);
        QCOMPARE(before, 0);
    }

    void picturesStandUpright()
    {
        MediaLoader loader(pasted());
        const MediaFile straight = inspected(loader, mode("exif_1.jpg"));
        const MediaFile turned = inspected(loader, mode("exif_6.jpg"));
        QVERIFY(!straight.size.isEmpty());
        // All eight files hold the same stored pixels; number 6 is turned by a quarter.
        QCOMPARE(turned.size, straight.size.transposed());
        QCOMPARE(turned.thumbnail.size(), straight.thumbnail.size().transposed());
    }

    void film()
    {
        MediaLoader loader(pasted());
        const MediaFile file = inspected(loader, sample("grow.mp4"));
        QVERIFY(file.isFilm());
        QVERIFY(file.duration > 0);
        QVERIFY(file.frameCount > 1);
        QVERIFY(!file.thumbnail.isNull());
    }

    void formats_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("film");
        const QString media = QStringLiteral(ARGALI_TEST_DATA "/media/");
        for (const char* name :
             {"pictures/animated.png", "pictures/plain_rgb.jpg", "pictures/lossy_alpha.webp",
              "pictures/bits.bmp", "pictures/interlaced.gif", "pictures/orientation_8.tif",
              "still.avif", "still.heic"})
            QTest::newRow(name) << media + QLatin1String(name) << false;
        for (const char* name :
             {"closed_gop.mp4", "ntsc.mkv", "sixty.webm", "mjpeg.mov", "mpeg4.avi"})
            QTest::newRow(name) << media + QLatin1String(name) << true;
    }
    void formats()
    {
        QFETCH(QString, file);
        QFETCH(bool, film);
        MediaLoader loader(pasted());
        const MediaFile read = inspected(loader, file);
        QCOMPARE(read.path, file);
        QCOMPARE(read.isFilm(), film);
        QVERIFY(!read.thumbnail.isNull() && !read.size.isEmpty());
        if (film)
            QVERIFY(read.duration > 0 && read.frameRate > 0 && read.frameCount > 1);
    }

    void namesOfAnyCharacters()
    {
        MediaLoader loader(pasted());
        for (const char* name : {"a b.png", "50%20#?&.png", "\"quoted\" 'too'.png", "-rf.png",
                                 "two\nlines.png", "图像 🐏.png", "file:%2Fetc.png", "noending"}) {
            const QString path = m_dir.filePath(QString::fromUtf8(name));
            QVERIFY(QFile::copy(sample("objects.png"), path));
            QCOMPARE(inspected(loader, path).path, path);
            const QString film = path + QStringLiteral(".mp4");
            QVERIFY(QFile::copy(sample("grow.mp4"), film));
            QVERIFY(inspected(loader, film).isFilm());
        }
    }

    void brokenFiles_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("missing") << m_dir.filePath(QStringLiteral("nothing.png")) << QByteArray();
        QTest::newRow("text") << m_dir.filePath(QStringLiteral("text.png")) << QByteArray("hello");
        QTest::newRow("empty") << m_dir.filePath(QStringLiteral("empty.mp4")) << QByteArray("");
        QTest::newRow("folder") << m_dir.path() << QByteArray();
        QFile png(sample("objects.png"));
        if (png.open(QIODevice::ReadOnly))
            QTest::newRow("header only")
                << m_dir.filePath(QStringLiteral("cut.png")) << png.read(20);
    }
    void brokenFiles()
    {
        QFETCH(QString, path);
        QFETCH(QByteArray, content);
        if (!content.isNull()) {
            QFile out(path);
            QVERIFY(out.open(QIODevice::WriteOnly));
            out.write(content);
        }
        MediaLoader loader(pasted());
        QSignalSpy done(&loader, &MediaLoader::inspected);
        QSignalSpy failed(&loader, &MediaLoader::failed);
        loader.inspect(path);
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 30'000);
        QCOMPARE(done.count(), 0);
        QVERIFY(!failed.first().at(1).value<Failure>().sentence().isEmpty());
    }

    void pastedPicturesAreKeptByContent()
    {
        MediaLoader loader(pasted());
        QImage image(40, 30, QImage::Format_ARGB32);
        image.fill(Qt::darkGreen);
        QSignalSpy done(&loader, &MediaLoader::inspected);
        loader.keep(image);
        loader.keep(image);
        QTRY_COMPARE_WITH_TIMEOUT(done.count(), 2, 20'000);
        const MediaFile file = done.first().at(1).value<MediaFile>();
        QCOMPARE(file.size, QSize(40, 30));
        QVERIFY(file.path.startsWith(pasted()));
        QCOMPARE(QDir(pasted()).entryList(QDir::Files).size(), 1);
        loader.dropUnused({file.path});
        loader.dropUnused({});
        QTRY_VERIFY(QDir(pasted()).entryList(QDir::Files).isEmpty());
    }

    void framesOfAFilm()
    {
        MediaLoader loader(pasted());
        QSignalSpy ready(&loader, &MediaLoader::frameReady);
        QSignalSpy failed(&loader, &MediaLoader::frameFailed);
        QSignalSpy finished(&loader, &MediaLoader::framesFinished);
        loader.readFrames(sample("appear.mp4"), {0, 0.4, 0.8, 1.2, 1.6}, QSize(40, 40));
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 30'000);
        QCOMPARE(failed.count(), 0);
        QVERIFY(!ready.first().at(3).toBool()); // something is there at once
        QList<bool> exact(5, false);
        for (const QList<QVariant>& frame : ready) {
            if (frame.at(3).toBool())
                exact[frame.at(1).toInt()] = frame.at(2).value<QImage>().width() == 40;
        }
        QVERIFY(!exact.contains(false));
    }

    void pictureAsTheModelGetsIt()
    {
        MediaLoader loader(pasted());
        const MediaFile file = inspected(loader, sample("objects.png"));
        QSignalSpy ready(&loader, &MediaLoader::fedReady);
        loader.readAsFed(file, 0, {96, 64});
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, 20'000);
        const QImage seen = ready.first().at(1).value<QImage>();
        // Byte for byte what preprocessing makes of it.
        const Image fed =
            resize(readPicture(file.path.toStdString()), {96, 64}, ResizeFilter::Bilinear);
        const QImage expected(fed.pixels().data(), 96, 64, 3 * 96, QImage::Format_RGB888);
        QCOMPARE(seen.convertToFormat(QImage::Format_RGB888), expected);
    }

    void cancelledJobsSayNothing()
    {
        MediaLoader loader(pasted());
        QSignalSpy finished(&loader, &MediaLoader::framesFinished);
        QSignalSpy done(&loader, &MediaLoader::inspected);
        const quint64 first =
            loader.readFrames(sample("grow.mp4"), QList<double>(30, 1.0), QSize(64, 48));
        const quint64 second = loader.inspect(sample("chart.png"));
        loader.cancel(first);
        loader.cancel(second);
        loader.cancel(12345);
        loader.inspect(sample("objects.png")); // still works, after them
        QTRY_COMPARE_WITH_TIMEOUT(done.count(), 1, 20'000);
        QVERIFY(done.first().first().toULongLong() != second);
        QCOMPARE(finished.count(), 0);
    }

    void endsWhileItWorks()
    {
        for (int i = 0; i < 5; ++i) {
            MediaLoader loader(pasted());
            loader.readFrames(sample("grow.mp4"), QList<double>(30, 1.0), QSize(64, 48));
            QTest::qWait(i * 3);
        }
    }
};

QTEST_MAIN(TestMediaLoader)
#include "tst_medialoader.moc"
