#include "gui/chat/transcriptpicture.h"

#include <QBuffer>

namespace argali::gui {
namespace {

// In the page's pixels; twice that is kept for dense screens.
constexpr QSize thumbnailSize(172, 172);

} // namespace

TranscriptTurn::Picture pagePicture(const TranscriptView::Attachment& attachment)
{
    TranscriptTurn::Picture picture;
    picture.name = attachment.name;
    picture.badge = attachment.badge;
    picture.film = attachment.film;
    QImage image = attachment.thumbnail;
    if (image.isNull())
        return picture;
    const QSize most = thumbnailSize * 2;
    if (image.width() > most.width() || image.height() > most.height())
        image = image.scaled(most, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    picture.size = image.size();
    if (picture.size.width() > thumbnailSize.width() ||
        picture.size.height() > thumbnailSize.height())
        picture.size.scale(thumbnailSize, Qt::KeepAspectRatio);
    picture.size = picture.size.expandedTo({1, 1});
    const bool opaque = !image.hasAlphaChannel();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, opaque ? "JPEG" : "PNG", opaque ? 88 : -1))
        return picture;
    picture.source = QLatin1String(opaque ? "data:image/jpeg;base64," : "data:image/png;base64,") +
                     QString::fromLatin1(bytes.toBase64());
    return picture;
}

} // namespace argali::gui
