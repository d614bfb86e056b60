#pragma once

#include <QList>
#include <QString>
#include <QStringList>

#include "gui/failure.h"

namespace argali::gui {

/// A picture or film that comes with the pocket model, and questions that it answers right.
struct Sample {
    QString path;
    bool film = false;
    int frames = 8;
    QStringList questions;
};

/// Reads samples.json of a folder; entries whose file is not there are left out. Questions are in a
/// language ("zh_CN") where the file has them in it, else in English.
/// Fails: Error::Code::Missing, BadMedia
Result<QList<Sample>> readSamples(const QString& folder,
                                  const QString& language = QStringLiteral("en"));

/// The samples of the embedded pocket model.
Result<QList<Sample>> pocketSamples(const QString& language = QStringLiteral("en"));

/// Pictures spread evenly over the list, then a film: what an empty chat offers.
QList<Sample> chosenSamples(const QList<Sample>& samples, int pictures, int films);

} // namespace argali::gui
