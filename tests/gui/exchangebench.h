#pragma once

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>

#include "gui/exchange/chatexport.h"
#include "gui/exchange/chatimport.h"
#include "tests/gui/historybench.h"

namespace argali::gui {

inline QByteArray fileBytes(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

inline bool writeBytes(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
}

inline MediaFile pictureFile(const QString& path, int colour = 1)
{
    QImage image(40, 30, QImage::Format_RGB32);
    image.fill(QColor(colour, 20, 30));
    image.save(path);
    MediaFile file;
    file.path = path;
    file.size = image.size();
    file.thumbnail = image;
    return file;
}

/// The film of the samples that grows, with three frames chosen by hand.
inline MediaFile filmFile()
{
    MediaFile film;
    film.kind = MediaFile::Kind::Film;
    film.path = QStringLiteral(ARGALI_RESOURCES "/pocket/samples/grow.mp4");
    film.size = QSize(320, 240);
    film.duration = 3;
    film.frameCount = 90;
    film.frameRate = 30;
    film.frames = 3;
    film.chosen = {0, 15, 45};
    film.thumbnail = QImage(160, 120, QImage::Format_RGB32);
    film.thumbnail.fill(Qt::darkGreen);
    return film;
}

/// What an export ended with.
struct ExportEnd {
    std::optional<ExportResult> result;
    std::optional<Failure> failure;
    bool stopped = false;
};

inline ExportEnd exportChats(ChatExport& exporter, const QList<quint64>& chats,
                             const ExportOptions& options, const QString& path, bool isFolder)
{
    ExportEnd end;
    QObject context;
    bool over = false;
    QObject::connect(&exporter, &ChatExport::finished, &context, [&](const ExportResult& result) {
        end.result = result;
        over = true;
    });
    QObject::connect(&exporter, &ChatExport::failed, &context, [&](const Failure& failure) {
        end.failure = failure;
        over = true;
    });
    QObject::connect(&exporter, &ChatExport::stopped, &context, [&] { end.stopped = over = true; });
    exporter.start(chats, options, path, isFolder);
    if (!QTest::qWaitFor([&] { return over; }, 60'000))
        qWarning("the export does not end");
    return end;
}

inline ImportResult importFiles(ChatImport& importer, const QStringList& files)
{
    ImportResult result;
    QObject context;
    bool over = false;
    QObject::connect(&importer, &ChatImport::finished, &context, [&](const ImportResult& end) {
        result = end;
        over = true;
    });
    importer.start(files);
    if (!QTest::qWaitFor([&] { return over; }, 120'000))
        qWarning("the import does not end");
    return result;
}

/// A turn as two of them are compared, without numbers, paths and what was not exported.
inline QString describe(const Turn& turn)
{
    QStringList media;
    for (const MediaFile& file : turn.media)
        media << file.name() + QStringLiteral("/%1x%2/%3/%4/%5/%6")
                                   .arg(file.size.width())
                                   .arg(file.size.height())
                                   .arg(file.isFilm())
                                   .arg(file.frames)
                                   .arg(file.chosen.size())
                                   .arg(file.thumbnail.isNull());
    const AnswerOptions& options = turn.options;
    const Answer& answer = turn.answer;
    QStringList parts{turn.question,
                      answer.text,
                      answer.thinking,
                      turn.model,
                      turn.device,
                      options.systemPrompt,
                      answer.failure.details(),
                      media.join(QLatin1Char(','))};
    for (const double number :
         {double(turn.created), double(answer.state == Answer::State::Failed),
          double(answer.interrupted), double(answer.finishReason), double(answer.contextReached),
          double(answer.usage.completionTokens), double(answer.usage.promptTokens),
          double(answer.thinkingTokens), double(answer.thinkingMs),
          answer.timings.decodeTokensPerSecond, answer.timings.firstToken.count(),
          double(options.sampling.temperature), double(options.sampling.topP),
          double(options.sampling.seed.value_or(0)), double(options.thinking),
          double(options.thinkingBudget), double(options.longestAnswer), double(options.tellTimes)})
        parts << QString::number(number, 'g', 17);
    return parts.join(QLatin1Char('|'));
}

/// A chat as two of them are compared: its tree, with what each turn has and which are shown.
inline QStringList describe(const Conversation& chat)
{
    QStringList lines{chat.head().title, QString::number(chat.head().pinned),
                      QString::number(chat.head().created), QString::number(chat.head().changed)};
    std::map<quint64, int> places;
    for (const Turn* turn : chat.allTurns()) {
        const int place = int(places.size()) + 1;
        places[turn->id] = place;
        lines << QStringLiteral("%1<%2 %3 ")
                         .arg(place)
                         .arg(places[turn->parent])
                         .arg(chat.isChosen(turn->id)) +
                     describe(*turn);
        if (turn->parent == 0)
            places.erase(0);
    }
    return lines;
}

} // namespace argali::gui
