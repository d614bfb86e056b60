#include "engine/media/picturereader.h"

#include <algorithm>
#include <exception>
#include <new>

#include "engine/media/abandonable.h"
#include "engine/media/frameconverter.h"
#include "engine/media/heifreader.h"
#include "engine/media/orientation.h"
#include "engine/media/picturedecoder.h"
#include "engine/media/pixelrows.h"
#include "engine/media/trackdecoder.h"

namespace argali {

namespace {

const char* nameOf(MediaKind kind)
{
    switch (kind) {
    case MediaKind::Jpeg:
        return "jpeg";
    case MediaKind::Png:
        return "png";
    case MediaKind::Gif:
        return "gif";
    case MediaKind::Bmp:
        return "bmp";
    case MediaKind::Tiff:
        return "tiff";
    case MediaKind::WebP:
        return "webp";
    case MediaKind::Heic:
        return "heic";
    default:
        return "avif";
    }
}

void fill(uint8_t* out, int pixels, uint32_t colour)
{
    for (int x = 0; x < pixels; ++x, out += 3) {
        out[0] = uint8_t(colour >> 16);
        out[1] = uint8_t(colour >> 8);
        out[2] = uint8_t(colour);
    }
}

/// Row y of the picture that a frame of an animation makes: what is around it has one colour.
void framedRow(const AVFrame& frame, const PictureHeader& header, const RowFunction& row, int y,
               uint8_t* out)
{
    const int left = header.partX, top = header.partY;
    const int right = header.size.width - left - header.part.width;
    const bool inside = y >= top && y < top + header.part.height;
    if (frame.width == header.size.width && frame.height == header.size.height)
        row(y, out); // GIF: the decoder has put the frame in its place
    else if (inside)
        row(y - top, out + size_t(3) * size_t(left));
    if (!inside) {
        fill(out, header.size.width, header.around);
        return;
    }
    fill(out, left, header.around);
    fill(out + size_t(3) * size_t(header.size.width - right), right, header.around);
}

/// The decoded frame as an upright picture; empty once stopped.
Image toImage(const AVFrame& frame, MediaKind kind, const PictureHeader& header, int orientation,
              const MediaSource& source, const std::stop_token& stop)
{
    const RowFunction row = rgbRows(frame, kind, header);
    if (!row) {
        FrameConverter converter;
        return converter.convert(frame, orientation, source);
    }
    UprightWriter writer(header.size, orientation);
    const size_t rowBytes = size_t(3) * size_t(header.size.width);
    std::vector<uint8_t> band(rowBytes * UprightWriter::bandRows);
    for (int top = 0; top < header.size.height; top += UprightWriter::bandRows) {
        if (stop.stop_requested())
            return {};
        const int count = std::min(UprightWriter::bandRows, header.size.height - top);
        for (int i = 0; i < count; ++i) {
            uint8_t* out = band.data() + rowBytes * size_t(i);
            if (header.part == ImageSize{})
                row(top + i, out);
            else
                framedRow(frame, header, row, top + i, out);
        }
        writer.write(band.data(), top, count);
    }
    return writer.take();
}

/// The one frame of an AVIF file, which is a film as far as its container goes. Owns all it needs,
/// so that it can be left alone with it.
struct AvifDecoding {
    PictureBytes file;
    std::string name;
    MediaLimits limits;
    int orientation = 1;
    Image image;
    std::exception_ptr failure;

    void run()
    try {
        TrackDecoder track(memorySource(std::as_bytes(file.bytes()), name), MediaKind::Avif,
                           limits);
        TimedFrame first;
        if (track.next(first, {}) != TrackDecoder::Step::Frame)
            throw damaged(track.source(), "nothing can be decoded");
        image = FrameConverter().convert(*first.frame, orientation, track.source());
    } catch (...) {
        failure = std::current_exception();
    }
};

Image readAvif(MediaSource& source, Orientation orientation, const std::stop_token& stop,
               const MediaLimits& limits)
{
    const auto decoding = std::make_shared<AvifDecoding>();
    decoding->file = PictureBytes::readAll(source, limits.pictureBytes, stop);
    decoding->name = source.name();
    decoding->limits = limits;
    if (orientation == Orientation::Upright && !decoding->file.isEmpty())
        decoding->orientation = avifOrientation(decoding->file.bytes());
    if (decoding->file.isEmpty() || !runAbandonable([decoding] { decoding->run(); }, stop))
        return {};
    if (decoding->failure)
        std::rethrow_exception(decoding->failure);
    return std::move(decoding->image);
}

ImageSize probeAvif(MediaSource& source, const MediaLimits& limits)
{
    Demuxer demuxer(source, MediaKind::Avif, limits);
    const PictureBytes file = PictureBytes::readAll(source, limits.pictureBytes, {});
    return uprightSize({demuxer.track().codecpar->width, demuxer.track().codecpar->height},
                       avifOrientation(file.bytes()));
}

/// What FFmpeg makes of a file, or libheif where FFmpeg cannot; what FFmpeg says of it where
/// neither can.
template <class First, class Second> auto orByHeif(const First& first, const Second& second)
{
    try {
        return first();
    } catch (const Error& error) {
        if (error.code() != Error::Code::BadMedia && error.code() != Error::Code::Unsupported)
            throw;
        try {
            return second();
        } catch (const Error&) {
            throw error;
        }
    }
}

} // namespace

MediaInfo probePicture(MediaSource& source, MediaKind kind, const MediaLimits& limits)
{
    prepareLibav();
    MediaInfo info;
    info.format = nameOf(kind);
    if (kind == MediaKind::Heic) {
        info.size = probeHeif(source, limits);
        return info;
    }
    if (kind == MediaKind::Avif) {
        info.size = orByHeif([&] { return probeAvif(source, limits); },
                             [&] { return probeHeif(source, limits); });
        return info;
    }
    const PictureBytes file = PictureBytes::readAll(source, limits.pictureBytes, {});
    const PictureHeader header = readPictureHeader(kind, file.bytes(), source);
    requireSize(source, header.size.width, header.size.height, limits.pixels);
    info.size = uprightSize(header.size, header.orientation);
    return info;
}

Image readPicture(std::unique_ptr<MediaSource> source, Orientation orientation,
                  const std::stop_token& stop, const MediaLimits& limits)
{
    return orOutOfMemory([&]() -> Image {
        prepareLibav();
        const MediaKind kind = recognise(*source);
        if (!isPicture(kind))
            throw source->error(Error::Code::BadMedia,
                                "is a film, not a picture; add it as a film");
        if (kind == MediaKind::Heic)
            return readHeif(*source, orientation, stop, limits);
        if (kind == MediaKind::Avif)
            return orByHeif([&] { return readAvif(*source, orientation, stop, limits); },
                            [&] { return readHeif(*source, orientation, stop, limits); });
        PictureBytes file = PictureBytes::readAll(*source, limits.pictureBytes, stop);
        if (file.isEmpty())
            return {};
        const PictureHeader header = readPictureHeader(kind, file.bytes(), *source);
        requireSize(*source, header.size.width, header.size.height, limits.pixels);
        const FramePtr frame = decodePicture(kind, std::move(file), header, *source, stop);
        if (!frame)
            return {};
        return toImage(*frame, kind, header,
                       orientation == Orientation::Upright ? header.orientation : 1, *source, stop);
    });
}

} // namespace argali
