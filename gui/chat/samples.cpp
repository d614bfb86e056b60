#include "gui/chat/samples.h"

#include <algorithm>

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "engine/engine.h"

namespace argali::gui {

namespace {

QStringList questionsIn(const QJsonValue& list)
{
    QStringList questions;
    for (const QJsonValue& entry : list.toArray()) {
        const QString text = entry.toObject().value(QStringLiteral("question")).toString();
        if (!text.isEmpty())
            questions.append(text);
    }
    return questions;
}

} // namespace

Result<QList<Sample>> readSamples(const QString& folder, const QString& language)
{
    const QDir dir(folder);
    QFile file(dir.filePath(QStringLiteral("samples.json")));
    if (!file.open(QIODevice::ReadOnly))
        return Failure(Error::Code::Missing,
                       file.fileName() + QStringLiteral(": ") + file.errorString());
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(file.read(1 << 20), &error);
    if (!document.isArray())
        return Failure(Error::Code::BadMedia,
                       file.fileName() + QStringLiteral(": ") + error.errorString());
    QList<Sample> samples;
    for (const QJsonValue& entry : document.array()) {
        const QJsonObject object = entry.toObject();
        Sample sample;
        const QString name = object.value(QStringLiteral("file")).toString();
        sample.path = dir.absoluteFilePath(name);
        sample.film = object.value(QStringLiteral("kind")).toString() == QLatin1String("video");
        sample.frames = std::clamp(object.value(QStringLiteral("frames")).toInt(8), 0, 30);
        // Only what the model answers right in that language is there.
        sample.questions = questionsIn(object.value(QStringLiteral("questions_%1").arg(language)));
        if (sample.questions.isEmpty())
            sample.questions = questionsIn(object.value(QStringLiteral("questions")));
        if (!name.isEmpty() && !sample.questions.isEmpty() && QFileInfo(sample.path).isFile())
            samples.append(sample);
    }
    return samples;
}

Result<QList<Sample>> pocketSamples(const QString& language)
{
    try {
        return readSamples(QFile::decodeName((pocketFolder() / "samples").c_str()), language);
    } catch (const std::exception& e) {
        return Failure::from(e);
    }
}

QList<Sample> chosenSamples(const QList<Sample>& samples, int pictures, int films)
{
    const auto spread = [&](bool film, int n) {
        QList<Sample> kind;
        std::copy_if(samples.begin(), samples.end(), std::back_inserter(kind),
                     [&](const Sample& s) { return s.film == film; });
        n = std::min(n, int(kind.size()));
        QList<Sample> chosen;
        for (int i = 0; i < n; ++i)
            chosen.append(kind.at(i * kind.size() / n));
        return chosen;
    };
    return spread(false, pictures) + spread(true, films);
}

} // namespace argali::gui
