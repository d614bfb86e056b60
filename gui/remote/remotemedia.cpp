#include "gui/remote/remotemedia.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <QBuffer>
#include <QFile>
#include <QImage>
#include <QImageReader>
#include <QImageWriter>

#include "engine/error.h"
#include "engine/media/mediareader.h"

namespace argali::gui {
namespace {

constexpr qint64 keptAtMost = qint64(192) << 20;
constexpr qint64 largestPng = qint64(4) << 20; // a larger one is sent as JPEG
constexpr int jpegQuality = 95;

/// A JPEG that a server shows as we do, whether it knows of EXIF or not.
bool isUprightJpeg(const std::filesystem::path& path, const std::string& format)
{
    return format == "jpeg" &&
           QImageReader(QFile::decodeName(path.c_str()), "jpg").transformation() ==
               QImageIOHandler::TransformationNone;
}

ImageSize sizeToSend(ImageSize size, const SendingRules& rules)
{
    const qint64 pixels = qint64(size.width) * size.height;
    if (rules.originals || pixels <= rules.maxPixels)
        return size;
    const double scale = std::sqrt(double(rules.maxPixels) / double(pixels));
    return {std::max(1, int(size.width * scale)), std::max(1, int(size.height * scale))};
}

remote::SharedBytes encode(const QImage& picture, const char* format, int quality)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QImageWriter writer(&buffer, format);
    writer.setQuality(quality);
    if (!writer.write(picture))
        throw Error(Error::Code::Internal, std::string("a picture cannot be written as ") + format +
                                               ": " + writer.errorString().toStdString());
    return std::make_shared<const std::string>(bytes.constData(), size_t(bytes.size()));
}

/// isLossless: the source was; then sharp edges stay as they are where that is not too large.
remote::RemotePicture encoded(const Image& image, bool isLossless, const SendingRules& rules)
{
    const QImage picture(image.pixels().data(), image.width(), image.height(), image.width() * 3,
                         QImage::Format_RGB888);
    if (isLossless) {
        const remote::SharedBytes png = encode(picture, "png", -1);
        if (rules.originals || qint64(png->size()) <= largestPng)
            return {png, "image/png"};
    }
    return {encode(picture, "jpg", jpegQuality), "image/jpeg"};
}

std::string fileBytes(const std::filesystem::path& path, qint64 atMost)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const auto size = file ? qint64(file.tellg()) : -1;
    if (size < 0)
        throw Error(Error::Code::Missing, path.string() + ": cannot be read");
    if (size > atMost)
        throw Error(Error::Code::BadMedia, path.string() + ": " + std::to_string(size) +
                                               " bytes, more than the " + std::to_string(atMost) +
                                               " that are sent in one piece");
    std::string bytes(size_t(size), '\0');
    file.seekg(0);
    if (!file.read(bytes.data(), std::streamsize(size)))
        throw Error(Error::Code::Missing, path.string() + ": cannot be read to its end");
    return bytes;
}

/// A file as it is now, so that one that changes is read anew.
std::string keyOf(const std::filesystem::path& path, const SendingRules& rules)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    const auto time = std::filesystem::last_write_time(path, error).time_since_epoch().count();
    return path.string() + '|' + std::to_string(size) + '|' + std::to_string(time) + '|' +
           std::to_string(rules.originals) + '|' + std::to_string(rules.maxPixels);
}

std::string filmMime(const std::string& format)
{
    if (format.find("matroska") != format.npos || format.find("mkv") != format.npos)
        return "video/x-matroska";
    if (format.find("webm") != format.npos)
        return "video/webm";
    if (format.find("avi") != format.npos)
        return "video/x-msvideo";
    return "video/mp4";
}

std::vector<double> timesOf(const FilmSource& source, const FilmReader& reader)
{
    if (!source.times.empty())
        return source.times;
    std::vector<double> times;
    const MediaInfo& info = reader.info();
    for (const int64_t index : sampleFrames(info.frameCount, source.frameCount, info.duration))
        times.push_back(reader.timeOf(index));
    return times;
}

int64_t framesOf(const FilmSource& film)
{
    if (!film.frames.empty())
        return int64_t(film.frames.size());
    return film.times.empty() ? film.frameCount : int64_t(film.times.size());
}

int64_t framesIn(const ChatRequest& request)
{
    int64_t count = 0;
    for (const Message& message : request.messages)
        for (const ContentItem& item : message.content) {
            if (item.type == ContentItem::Type::Picture)
                ++count;
            else if (item.type == ContentItem::Type::Film)
                count += framesOf(item.film);
        }
    return count;
}

} // namespace

/// One call of messages().
struct RemoteMedia::Work {
    const SendingRules& rules;
    const std::stop_token stop;
    const ProgressSink& progress;
    int64_t done = 0;
    int64_t total = 0;

    Image resized(Image image) const
    {
        const ImageSize size = sizeToSend({image.width(), image.height()}, rules);
        if (image.isEmpty() || (size.width == image.width() && size.height == image.height()))
            return image;
        return resize(image, size, ResizeFilter::Bicubic, stop);
    }
    void step()
    {
        ++done;
        if (progress)
            progress({Progress::Phase::Media, std::min(done, total), total});
    }
};

std::vector<remote::RemoteMessage> RemoteMedia::messages(const ChatRequest& request,
                                                         const SendingRules& rules,
                                                         std::stop_token stop,
                                                         const ProgressSink& progress)
{
    Work work{rules, stop, progress, 0, framesIn(request)};
    std::vector<remote::RemoteMessage> messages;
    for (const Message& message : request.messages) {
        remote::RemoteMessage sent;
        sent.role = static_cast<remote::RemoteMessage::Role>(message.role);
        for (const ContentItem& item : message.content) {
            remote::RemoteItem piece;
            piece.type = static_cast<remote::RemoteItem::Type>(item.type);
            if (item.type == ContentItem::Type::Text)
                piece.text = item.text;
            else if (item.type == ContentItem::Type::Picture)
                piece.picture = picture(item.picture, work);
            else
                piece.film = film(item.film, work);
            if (stop.stop_requested())
                return {};
            sent.content.push_back(std::move(piece));
        }
        messages.push_back(std::move(sent));
    }
    return messages;
}

remote::RemotePicture RemoteMedia::picture(const PictureSource& source, Work& work)
{
    const auto make = [&]() -> remote::RemotePicture {
        if (source.pixels)
            return encoded(work.resized(*source.pixels), true, work.rules);
        const MediaInfo info = probeMedia(source.path);
        const std::string& format = info.format;
        if (work.rules.originals && isUprightJpeg(source.path, format))
            return {std::make_shared<const std::string>(
                        fileBytes(source.path, MediaLimits().pictureBytes)),
                    "image/jpeg"};
        const Image image = work.resized(readPicture(source.path, Orientation::Upright, work.stop));
        const bool isLossless =
            format == "png" || format == "bmp" || format == "gif" || format == "tiff";
        return image.isEmpty() ? remote::RemotePicture() : encoded(image, isLossless, work.rules);
    };
    remote::RemotePicture made =
        source.pixels ? make() : kept(keyOf(source.path, work.rules), make);
    work.step();
    return made;
}

remote::RemoteFilm RemoteMedia::film(const FilmSource& source, Work& work)
{
    remote::RemoteFilm film;
    for (size_t i = 0; i < source.frames.size(); ++i) {
        const double seconds = i < source.times.size() ? source.times[i] : double(i);
        film.frames.push_back({seconds, picture(source.frames[i], work)});
    }
    if (!film.frames.empty())
        return film;
    FilmReader reader(source.path);
    if (work.rules.filmAsFile) {
        film.file = std::make_shared<const std::string>(fileBytes(source.path, largestFilm));
        film.mime = filmMime(reader.info().format);
    }
    const std::string file = keyOf(source.path, work.rules);
    for (const double seconds : timesOf(source, reader)) {
        const std::string key = file + '@' + std::to_string(seconds);
        remote::RemotePicture frame = kept(key, [&]() -> remote::RemotePicture {
            const Image image = work.resized(reader.frameAt(seconds, work.stop));
            return image.isEmpty() ? remote::RemotePicture() : encoded(image, false, work.rules);
        });
        if (work.stop.stop_requested())
            return {};
        film.frames.push_back({seconds, std::move(frame)});
        work.step();
    }
    return film;
}

remote::RemotePicture RemoteMedia::kept(const std::string& key,
                                        const std::function<remote::RemotePicture()>& make)
{
    if (const auto it = m_kept.find(key); it != m_kept.end()) {
        m_uses.splice(m_uses.begin(), m_uses, it->second.use);
        return it->second.picture;
    }
    remote::RemotePicture picture = make();
    if (!picture.bytes)
        return picture; // it was stopped
    m_uses.push_front(key);
    m_kept[key] = {picture, m_uses.begin()};
    m_keptBytes += qint64(picture.bytes->size());
    while (m_keptBytes > keptAtMost && m_uses.size() > 1) {
        const auto oldest = m_kept.find(m_uses.back());
        m_keptBytes -= qint64(oldest->second.picture.bytes->size());
        m_kept.erase(oldest);
        m_uses.pop_back();
    }
    return picture;
}

} // namespace argali::gui
