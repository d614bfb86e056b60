#include "gui/chat/attachable.h"

#include <algorithm>

#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>
#include <QStandardPaths>
#include <QUrl>

namespace argali::gui {
namespace {

/// Translations of the dialog.
struct MediaDialog {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::MediaDialog)
};

bool isWebAddress(const QString& text)
{
    const QString line = text.trimmed();
    return !line.contains(QLatin1Char('\n')) && (line.startsWith(QLatin1String("http://")) ||
                                                 line.startsWith(QLatin1String("https://")));
}

bool namesMedia(const QString& address)
{
    return isNamedLikeMedia(QUrl(address.trimmed()).path());
}

} // namespace

bool isNamedLikeMedia(const QString& path)
{
    static const QStringList endings{
        QStringLiteral(".png"),  QStringLiteral(".jpg"),  QStringLiteral(".jpeg"),
        QStringLiteral(".webp"), QStringLiteral(".gif"),  QStringLiteral(".bmp"),
        QStringLiteral(".tif"),  QStringLiteral(".tiff"), QStringLiteral(".avif"),
        QStringLiteral(".heic"), QStringLiteral(".heif"), QStringLiteral(".mp4"),
        QStringLiteral(".mkv"),  QStringLiteral(".mov"),  QStringLiteral(".webm"),
        QStringLiteral(".avi")};
    return std::any_of(endings.begin(), endings.end(),
                       [&](const QString& e) { return path.endsWith(e, Qt::CaseInsensitive); });
}

Attachable attachableIn(const QMimeData& mime)
{
    Attachable found;
    bool elsewhere = false;
    const QList<QUrl> urls = mime.urls();
    for (const QUrl& url : urls) {
        if (url.isLocalFile())
            found.files.append(url.toLocalFile());
        else
            elsewhere = true;
    }
    if (!found.files.isEmpty())
        return found;
    if (mime.hasImage()) // a browser gives the picture and its address; the picture is enough
        found.picture = qvariant_cast<QImage>(mime.imageData());
    if (found.picture.isNull())
        found.onlyOnTheWeb = elsewhere || (isWebAddress(mime.text()) && namesMedia(mime.text()));
    return found;
}

bool mayBeAttachable(const QMimeData& mime)
{
    return mime.hasUrls() || mime.hasImage();
}

QFileDialog* makeMediaDialog(bool forFilms, const QString& folder, QWidget* parent)
{
    auto* dialog = new QFileDialog(parent, MediaDialog::tr("Attach pictures or a film"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    const QString pictures =
        MediaDialog::tr("Pictures") +
        QStringLiteral(
            " (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff *.avif *.heic *.heif)");
    const QString films =
        MediaDialog::tr("Films") + QStringLiteral(" (*.mp4 *.mkv *.webm *.mov *.avi)");
    const QString all = MediaDialog::tr("All files") + QStringLiteral(" (*)");
    dialog->setNameFilters({pictures, films, all});
    dialog->selectNameFilter(forFilms ? films : pictures);
    dialog->setDirectory(!folder.isEmpty() && QFileInfo(folder).isDir()
                             ? folder
                             : QStandardPaths::writableLocation(QStandardPaths::PicturesLocation));
    return dialog;
}

} // namespace argali::gui
