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

/// Reads samples.json of a folder; entries whose file is not there are left out.
/// Fails: Error::Code::Missing, BadMedia
Result<QList<Sample>> readSamples(const QString& folder);

/// The samples of the embedded pocket model.
Result<QList<Sample>> pocketSamples();

/// Pictures spread evenly over the list, then a film: what an empty chat offers.
QList<Sample> chosenSamples(const QList<Sample>& samples, int pictures, int films);

} // namespace argali::gui
