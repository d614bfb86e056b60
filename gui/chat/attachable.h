#pragma once

#include <QImage>
#include <QStringList>

class QFileDialog;
class QMimeData;
class QWidget;

namespace argali::gui {

/// What can be attached of something dropped or pasted: files, else a picture.
struct Attachable {
    QStringList files;
    QImage picture;
    bool onlyOnTheWeb = false; ///< the address of a picture and nothing else; nothing is fetched

    bool isEmpty() const { return files.isEmpty() && picture.isNull() && !onlyOnTheWeb; }
};

/// Text is never for attaching, but for text that is the address of a picture.
Attachable attachableIn(const QMimeData& mime);

/// Whether a drag is worth accepting; looks at the formats only, for what is dragged is not here
/// yet.
bool mayBeAttachable(const QMimeData& mime);

/// Whether a file's name ends as those of pictures and films do.
bool isNamedLikeMedia(const QString& path);

/// A dialog for pictures and films that deletes itself; open() it.
/// folder: where it begins; the user's pictures when there is no such folder
QFileDialog* makeMediaDialog(bool forFilms, const QString& folder, QWidget* parent);

} // namespace argali::gui
