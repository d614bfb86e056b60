#include "gui/remote/remotemedia.h"

#include <fstream>

#include <QBuffer>
#include <QImage>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/error.h"
#include "engine/media/mediareader.h"
#include "tests/support/burntnumber.h"
#include "tests/support/testdata.h"

using namespace argali;
using namespace argali::gui;

namespace {

std::filesystem::path media(const char* name)
{
    return argali::test::testData() / "media" / name;
}

QImage decoded(const remote::RemotePicture& picture)
{
    return QImage::fromData(QByteArray(picture.bytes->data(), qsizetype(picture.bytes->size())));
}

ContentItem pictureItem(const std::filesystem::path& path)
{
    ContentItem item;
    item.type = ContentItem::Type::Picture;
    item.picture.path = path;
    return item;
}

ContentItem filmItem(const std::filesystem::path& path, std::vector<double> times)
{
    ContentItem item;
    item.type = ContentItem::Type::Film;
    item.film.path = path;
    item.film.times = std::move(times);
    return item;
}

ContentItem textItem(const std::string& text)
{
    ContentItem item;
    item.text = text;
    return item;
}

ChatRequest asking(std::vector<ContentItem> items)
{
    ChatRequest request;
    Message message;
    message.content = std::move(items);
    request.messages.push_back(std::move(message));
    return request;
}

/// A picture with a gradient, which a lossy coding changes.
QImage gradient(int width, int height)
{
    QImage picture(width, height, QImage::Format_RGB888);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            picture.setPixel(x, y, qRgb(x * 7 % 256, y * 5 % 256, (x + y) % 256));
    return picture;
}

} // namespace

class TestRemoteMedia final : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    RemoteMedia m_media;

    std::filesystem::path file(const char* name) const
    {
        return m_folder.filePath(QString::fromLatin1(name)).toStdString();
    }
    remote::RemotePicture sent(const std::filesystem::path& path, const SendingRules& rules = {})
    {
        return m_media.messages(asking({pictureItem(path)}), rules, {}, {})
            .at(0)
            .content.at(0)
            .picture;
    }

private slots:
    void keepsRolesAndOrder()
    {
        ChatRequest request =
            asking({textItem("look"), pictureItem(media("pictures/plain_rgb.jpg")),
                    filmItem(media("closed_gop.mp4"), {0.0, 0.5}), textItem("what?")});
        Message system;
        system.role = Message::Role::System;
        system.content.push_back(textItem("be brief"));
        Message answer;
        answer.role = Message::Role::Assistant;
        answer.content.push_back(textItem("so it is"));
        request.messages.insert(request.messages.begin(), {system, request.messages[0], answer});
        const auto messages = m_media.messages(request, {}, {}, {});
        QCOMPARE(messages.size(), size_t(4));
        QVERIFY(messages[0].role == remote::RemoteMessage::Role::System);
        QVERIFY(messages[2].role == remote::RemoteMessage::Role::Assistant);
        const auto& content = messages[3].content;
        QCOMPARE(content.size(), size_t(4));
        QCOMPARE(content[0].text, std::string("look"));
        QVERIFY(content[1].type == remote::RemoteItem::Type::Picture);
        QVERIFY(content[2].type == remote::RemoteItem::Type::Film);
        QCOMPARE(content[3].text, std::string("what?"));
        // The same picture in two turns is the same bytes, shared.
        QVERIFY(messages[1].content[1].picture.bytes == content[1].picture.bytes);
    }

    void losslessStaysLossless()
    {
        const QImage picture = gradient(120, 80);
        QVERIFY(picture.save(QString::fromStdString(file("a.png").string())));
        const remote::RemotePicture png = sent(file("a.png"));
        QCOMPARE(png.mime, std::string("image/png"));
        QCOMPARE(decoded(png).convertToFormat(QImage::Format_RGB888), picture);
        const remote::RemotePicture jpeg = sent(media("pictures/plain_rgb.jpg"));
        QCOMPARE(jpeg.mime, std::string("image/jpeg"));
        QVERIFY(jpeg.bytes->starts_with("\xff\xd8"));
    }

    void aPngThatIsTooLargeBecomesJpeg()
    {
        QImage noise(1700, 1700, QImage::Format_RGB888);
        quint32 state = 1;
        for (int y = 0; y < noise.height(); ++y)
            for (int x = 0; x < noise.width(); ++x) {
                state = state * 1664525 + 1013904223;
                noise.setPixel(x, y, state >> 8);
            }
        QVERIFY(noise.save(QString::fromStdString(file("noise.png").string())));
        QCOMPARE(sent(file("noise.png")).mime, std::string("image/jpeg"));
        SendingRules originals;
        originals.originals = true;
        const remote::RemotePicture whole = sent(file("noise.png"), originals);
        QCOMPARE(whole.mime, std::string("image/png"));
        QCOMPARE(decoded(whole).size(), noise.size());
    }

    void largePicturesAreMadeSmaller()
    {
        QVERIFY(gradient(4000, 1000).save(QString::fromStdString(file("wide.png").string())));
        SendingRules rules;
        const QImage shown = decoded(sent(file("wide.png"), rules));
        QVERIFY(qint64(shown.width()) * shown.height() <= rules.maxPixels);
        QVERIFY(qint64(shown.width()) * shown.height() > rules.maxPixels * 99 / 100);
        QVERIFY(qAbs(double(shown.width()) / shown.height() - 4) < 0.01);
        rules.originals = true;
        QCOMPARE(decoded(sent(file("wide.png"), rules)).size(), QSize(4000, 1000));
    }

    void picturesStandUpright()
    {
        const QSize upright = [&] {
            const Image image = readPicture(media("pictures/orientation_8.tif"));
            return QSize(image.width(), image.height());
        }();
        QCOMPARE(decoded(sent(media("pictures/orientation_8.tif"))).size(), upright);
    }

    /// A photograph's place is nobody's affair; an original is what it says.
    void carriesNothingOfTheFile()
    {
        // A JPEG with an EXIF block: orientation 1 and a text in it.
        const QImage picture = gradient(64, 48);
        QByteArray jpeg;
        QBuffer buffer(&jpeg);
        buffer.open(QIODevice::WriteOnly);
        picture.save(&buffer, "jpg", 90);
        const auto exif = [](char orientation) {
            QByteArray block("Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 25);
            block += orientation;
            block += QByteArray("\0\0\0\0\0\0", 6) + QByteArray("secret place");
            QByteArray segment("\xff\xe1\0", 3);
            segment += char(block.size() + 2);
            return segment + block;
        };
        const auto write = [&](const char* name, char orientation) {
            QByteArray bytes = jpeg;
            bytes.insert(2, exif(orientation));
            std::ofstream(file(name), std::ios::binary).write(bytes.data(), bytes.size());
        };
        write("upright.jpg", 1);
        write("turned.jpg", 6);
        SendingRules originals;
        originals.originals = true;
        QVERIFY(sent(file("upright.jpg")).bytes->find("secret") == std::string::npos);
        QVERIFY(sent(file("upright.jpg"), originals).bytes->find("secret") != std::string::npos);
        // One that lies on its side is turned, also as an original.
        QCOMPARE(decoded(sent(file("turned.jpg"), originals)).size(), QSize(48, 64));
        QVERIFY(sent(file("turned.jpg"), originals).bytes->find("secret") == std::string::npos);
    }

    void aPictureIsAlwaysTheSameBytes()
    {
        const auto path = media("pictures/half_width_colour.jpg");
        const std::string first = *sent(path).bytes;
        RemoteMedia other; // as after a start
        QCOMPARE(
            *other.messages(asking({pictureItem(path)}), {}, {}, {})[0].content[0].picture.bytes,
            first);
    }

    void aChangedFileIsReadAnew()
    {
        const QString path = QString::fromStdString(file("changing.png").string());
        QVERIFY(gradient(20, 20).save(path));
        (void)sent(path.toStdString());
        QVERIFY(gradient(30, 20).save(path));
        QCOMPARE(decoded(sent(path.toStdString())).size(), QSize(30, 20));
    }

    void framesAreExact()
    {
        const std::filesystem::path path = media("one_gop.mp4");
        FilmReader reader(path);
        std::vector<double> times;
        for (const int64_t index : {3, 11, 17})
            times.push_back(reader.timeOf(index));
        const auto messages = m_media.messages(asking({filmItem(path, times)}), {}, {}, {});
        const remote::RemoteFilm& film = messages[0].content[0].film;
        QCOMPARE(film.frames.size(), size_t(3));
        QVERIFY(!film.file);
        QCOMPARE(numberIn(decoded(film.frames[0].picture)), 3);
        QCOMPARE(numberIn(decoded(film.frames[1].picture)), 11);
        QCOMPARE(numberIn(decoded(film.frames[2].picture)), 17);
        QCOMPARE(film.frames[1].seconds, times[1]);
        SendingRules whole;
        whole.filmAsFile = true;
        const auto sentWhole = m_media.messages(asking({filmItem(path, times)}), whole, {}, {});
        QCOMPARE(sentWhole[0].content[0].film.file->size(), std::filesystem::file_size(path));
        QCOMPARE(sentWhole[0].content[0].film.mime, std::string("video/mp4"));
    }

    void countsWhatIsReady()
    {
        std::vector<std::pair<int64_t, int64_t>> steps;
        RemoteMedia fresh;
        (void)fresh.messages(asking({pictureItem(media("pictures/plain_rgb.jpg")),
                                     filmItem(media("closed_gop.mp4"), {0.0, 0.2, 0.4})}),
                             {}, {},
                             [&](const Progress& p) { steps.emplace_back(p.done, p.total); });
        QCOMPARE(steps.size(), size_t(4));
        QCOMPARE(steps.front(), std::make_pair(int64_t(1), int64_t(4)));
        QCOMPARE(steps.back(), std::make_pair(int64_t(4), int64_t(4)));
    }

    void stops()
    {
        std::stop_source stop;
        stop.request_stop();
        RemoteMedia fresh;
        QVERIFY(fresh
                    .messages(asking({pictureItem(media("pictures/plain_rgb.jpg"))}), {},
                              stop.get_token(), {})
                    .empty());
        // What was broken off is not remembered as if it were whole.
        QVERIFY(
            fresh.messages(asking({pictureItem(media("pictures/plain_rgb.jpg"))}), {}, {}, {})[0]
                .content[0]
                .picture.bytes);
    }

    void saysWhatIsWrong()
    {
        QVERIFY_EXCEPTION_THROWN(sent(file("missing.png")), Error);
        std::ofstream(file("broken.jpg")) << "no picture";
        QVERIFY_EXCEPTION_THROWN(sent(file("broken.jpg")), Error);
    }
};

QTEST_GUILESS_MAIN(TestRemoteMedia)
#include "tst_remotemedia.moc"
