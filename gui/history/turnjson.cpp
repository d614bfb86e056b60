#include "gui/history/turnjson.h"

#include <QJsonArray>

#include "gui/film/keyframeset.h"
#include "gui/jsonvalues.h"

namespace argali::gui {
namespace {

constexpr double mostTokens = 1e9;
constexpr double mostFrames = 1e15;
constexpr double longestTime = 1e12; // ms

} // namespace

QJsonObject mediaDetails(const MediaFile& file)
{
    QJsonObject o{{QStringLiteral("film"), file.isFilm()},
                  {QStringLiteral("width"), file.size.width()},
                  {QStringLiteral("height"), file.size.height()}};
    if (file.isFilm()) {
        o.insert(QStringLiteral("seconds"), file.duration);
        o.insert(QStringLiteral("frameCount"), file.frameCount);
        o.insert(QStringLiteral("frameRate"), file.frameRate);
        o.insert(QStringLiteral("frames"), file.frames);
        o.insert(QStringLiteral("firstFrame"), file.firstFrame);
        o.insert(QStringLiteral("lastFrame"), file.lastFrame);
        QJsonArray chosen;
        for (const qint64 index : file.chosen)
            chosen.append(index);
        o.insert(QStringLiteral("chosen"), chosen);
    }
    return o;
}

void readMediaDetails(MediaFile& file, const QJsonObject& o)
{
    file.kind = flagIn(o, "film") ? MediaFile::Kind::Film : MediaFile::Kind::Picture;
    file.size = QSize(int(wholeIn(o, "width", 0, 1e6, 0)), int(wholeIn(o, "height", 0, 1e6, 0)));
    file.duration = numberIn(o, "seconds", 0, 360'000'000, 0);
    file.frameCount = wholeIn(o, "frameCount", 0, mostFrames, 0);
    file.frameRate = numberIn(o, "frameRate", 0, 1e6, 0);
    file.frames = int(wholeIn(o, "frames", 0, KeyFrameSet::most, 8));
    // Held to what the film has once it has been read.
    file.firstFrame = wholeIn(o, "firstFrame", 0, mostFrames, 0);
    file.lastFrame = wholeIn(o, "lastFrame", -1, mostFrames, -1);
    for (const QJsonValue& index : o.value(QLatin1String("chosen")).toArray()) {
        if (file.chosen.size() < KeyFrameSet::most && index.isDouble())
            file.chosen.append(index.toInteger());
    }
}

QJsonObject turnDetails(const Turn& turn, bool withThinking)
{
    const Answer& answer = turn.answer;
    QJsonObject o = turn.options.toJson();
    o.insert(QStringLiteral("tellTimes"), turn.options.tellTimes);
    o.insert(QStringLiteral("device"), turn.device);
    o.insert(QStringLiteral("finishReason"), int(answer.finishReason));
    o.insert(QStringLiteral("contextReached"), answer.contextReached);
    o.insert(QStringLiteral("promptTokens"), qint64(answer.usage.promptTokens));
    o.insert(QStringLiteral("visualTokens"), qint64(answer.usage.visualTokens));
    o.insert(QStringLiteral("completionTokens"), qint64(answer.usage.completionTokens));
    o.insert(QStringLiteral("firstTokenMs"), answer.timings.firstToken.count());
    o.insert(QStringLiteral("tokensPerSecond"), answer.timings.decodeTokensPerSecond);
    if (withThinking && answer.thinkingDone) {
        o.insert(QStringLiteral("thinkingTokens"), answer.thinkingTokens);
        o.insert(QStringLiteral("thinkingMs"), answer.thinkingMs);
        o.insert(QStringLiteral("budgetReached"), answer.budgetReached);
    }
    if (answer.state == Answer::State::Failed) {
        o.insert(QStringLiteral("failureCode"), int(answer.failure.code()));
        o.insert(QStringLiteral("failureDetails"), answer.failure.details());
    }
    return o;
}

void readTurnDetails(Turn& turn, const QJsonObject& o)
{
    turn.options = AnswerOptions::fromJson(o);
    turn.options.tellTimes = flagIn(o, "tellTimes");
    turn.device = o.value(QLatin1String("device")).toString();
    Answer& answer = turn.answer;
    answer.finishReason =
        FinishReason(wholeIn(o, "finishReason", 0, int(FinishReason::Cancelled), 0));
    answer.contextReached = flagIn(o, "contextReached");
    answer.usage.promptTokens = wholeIn(o, "promptTokens", 0, mostTokens, 0);
    answer.usage.visualTokens = wholeIn(o, "visualTokens", 0, mostTokens, 0);
    answer.usage.completionTokens = wholeIn(o, "completionTokens", 0, mostTokens, 0);
    answer.timings.firstToken = Timings::Duration(numberIn(o, "firstTokenMs", 0, longestTime, 0));
    answer.timings.decodeTokensPerSecond = numberIn(o, "tokensPerSecond", 0, 1e9, 0);
    answer.thinkingTokens = int(wholeIn(o, "thinkingTokens", 0, mostTokens, 0));
    answer.usage.thinkingTokens = answer.thinkingTokens;
    answer.thinkingMs = wholeIn(o, "thinkingMs", 0, longestTime, 0);
    answer.budgetReached = flagIn(o, "budgetReached");
    if (answer.state == Answer::State::Failed)
        answer.failure = Failure(
            Error::Code(wholeIn(o, "failureCode", 0, int(Error::Code::Internal), 0)),
            o.value(QLatin1String("failureDetails")).toString());
}

} // namespace argali::gui
