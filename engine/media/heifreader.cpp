#include "engine/media/heifreader.h"

#include <libheif/heif.h>

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "engine/media/abandonable.h"
#include "engine/media/libav.h"
#include "engine/media/picturedecoder.h"

namespace argali {

namespace {

template <class T, void (*release)(T*)> struct Release {
    void operator()(T* object) const { release(object); }
};
using Context = std::unique_ptr<heif_context, Release<heif_context, heif_context_free>>;
struct ReleaseHandle {
    void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
};
struct ReleaseImage {
    void operator()(heif_image* image) const { heif_image_release(image); }
};
using Handle = std::unique_ptr<heif_image_handle, ReleaseHandle>;
using Picture = std::unique_ptr<heif_image, ReleaseImage>;
using DecodingOptions = std::unique_ptr<heif_decoding_options,
                                        Release<heif_decoding_options, heif_decoding_options_free>>;

/// One decoding and all that it owns, so that it can be left alone with it.
struct Decoding {
    PictureBytes file;
    std::string name;
    MediaLimits limits;
    Orientation orientation = Orientation::Upright;
    bool onlySize = false;
    ImageSize size;
    Image image;
    std::exception_ptr failure;

    void run()
    try {
        decode();
    } catch (...) {
        failure = std::current_exception();
    }

private:
    void decode();
    void require(const MediaSource& source, const heif_error& error) const;
};

void Decoding::require(const MediaSource& source, const heif_error& error) const
{
    switch (error.code) {
    case heif_error_Ok:
        return;
    case heif_error_Memory_allocation_error:
        throw source.error(Error::Code::OutOfMemory, "needs more memory than there is");
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
        throw source.error(Error::Code::Unsupported,
                           std::string("is a picture that libheif cannot decode here (") +
                               (error.message ? error.message : "") + "); save it as JPEG or PNG");
    default:
        throw damaged(source, error.message ? error.message : "libheif gives no reason");
    }
}

void Decoding::decode()
{
    const std::unique_ptr<MediaSource> source = memorySource(std::as_bytes(file.bytes()), name);
    const Context context(heif_context_alloc());
    if (!context)
        throw std::bad_alloc();
    require(*source, heif_context_read_from_memory_without_copy(context.get(), file.bytes().data(),
                                                                file.bytes().size(), nullptr));
    heif_image_handle* primary = nullptr;
    require(*source, heif_context_get_primary_image_handle(context.get(), &primary));
    const Handle handle(primary);
    const bool asStored = orientation == Orientation::AsStored;
    size = asStored ? ImageSize{heif_image_handle_get_ispe_width(primary),
                                heif_image_handle_get_ispe_height(primary)}
                    : ImageSize{heif_image_handle_get_width(primary),
                                heif_image_handle_get_height(primary)};
    requireSize(*source, size.width, size.height, limits.pixels);
    if (onlySize)
        return;

    const DecodingOptions options(heif_decoding_options_alloc());
    if (!options)
        throw std::bad_alloc();
    options->ignore_transformations = asStored;
    options->convert_hdr_to_8bit = 1;
    heif_image* decoded = nullptr;
    require(*source, heif_decode_image(primary, &decoded, heif_colorspace_RGB,
                                       heif_chroma_interleaved_RGB, options.get()));
    const Picture picture(decoded);
    const int width = heif_image_get_primary_width(decoded);
    const int height = heif_image_get_primary_height(decoded);
    // As it is stored it may be larger by what the header cuts off.
    requireSize(*source, width, height, limits.pixels);
    if (!asStored && ImageSize{width, height} != size)
        throw damaged(*source, "another size inside than outside");
    int stride = 0;
    const uint8_t* rows = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
    if (!rows || stride < 3 * width)
        throw damaged(*source, "nothing can be decoded");
    image = Image(width, height);
    for (int y = 0; y < height; ++y)
        std::memcpy(image.row(y), rows + size_t(stride) * size_t(y), size_t(3) * size_t(width));
}

/// Returns nothing once stopped.
std::shared_ptr<Decoding> work(MediaSource& source, Orientation orientation, bool onlySize,
                               const std::stop_token& stop, const MediaLimits& limits)
{
    auto decoding = std::make_shared<Decoding>();
    decoding->file = PictureBytes::readAll(source, limits.pictureBytes, stop);
    decoding->name = source.name();
    decoding->limits = limits;
    decoding->orientation = orientation;
    decoding->onlySize = onlySize;
    if (decoding->file.isEmpty() || !runAbandonable([decoding] { decoding->run(); }, stop))
        return nullptr;
    if (decoding->failure)
        std::rethrow_exception(decoding->failure);
    return decoding;
}

} // namespace

ImageSize probeHeif(MediaSource& source, const MediaLimits& limits)
{
    return work(source, Orientation::Upright, true, {}, limits)->size;
}

Image readHeif(MediaSource& source, Orientation orientation, const std::stop_token& stop,
               const MediaLimits& limits)
{
    const std::shared_ptr<Decoding> decoding = work(source, orientation, false, stop, limits);
    return decoding ? std::move(decoding->image) : Image();
}

} // namespace argali
