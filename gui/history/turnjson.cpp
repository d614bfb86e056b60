#include "gui/history/turnjson.h"

#include <QJsonArray>

#include "gui/film/keyframeset.h"
#include "gui/jsonvalues.h"

namespace argali::gui {
namespace {

constexpr double mostTokens = 1e9;
constexpr double mostFrames = 1e15;
constexpr double longestTime = 1e12; // ms
constexpr int longestName = 1000;
constexpr int longestSentence = 2000;
constexpr int mostRemarks = 16;

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
    if (!turn.answeredBy.isLocal()) {
        o.insert(QStringLiteral("server"), turn.answeredBy.server);
        o.insert(QStringLiteral("serverModel"), turn.answeredBy.model);
    }
    if (!answer.remarks.isEmpty())
        o.insert(QStringLiteral("remarks"), QJsonArray::fromStringList(answer.remarks));
    if (answer.usage.isEstimate)
        o.insert(QStringLiteral("estimated"), true);
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
        if (answer.failure.code() == Error::Code::Network) // what a server did has its own words
            o.insert(QStringLiteral("failureSentence"), answer.failure.sentence());
    }
    return o;
}

void readTurnDetails(Turn& turn, const QJsonObject& o)
{
    turn.options = AnswerOptions::fromJson(o);
    turn.options.tellTimes = flagIn(o, "tellTimes");
    turn.device = o.value(QLatin1String("device")).toString();
    turn.answeredBy.server = o.value(QLatin1String("server")).toString().left(longestName);
    turn.answeredBy.model = o.value(QLatin1String("serverModel")).toString().left(longestName);
    Answer& answer = turn.answer;
    for (const QJsonValue& remark : o.value(QLatin1String("remarks")).toArray()) {
        if (answer.remarks.size() < mostRemarks && remark.isString())
            answer.remarks.append(remark.toString().left(longestSentence));
    }
    answer.usage.isEstimate = flagIn(o, "estimated");
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
    if (answer.state != Answer::State::Failed)
        return;
    const auto code = Error::Code(wholeIn(o, "failureCode", 0, int(Error::Code::Internal), 0));
    const QString details = o.value(QLatin1String("failureDetails")).toString();
    const QString sentence =
        o.value(QLatin1String("failureSentence")).toString().left(longestSentence);
    answer.failure = sentence.isEmpty() ? Failure(code, details)
                                        : Failure::withSentence(code, sentence, details);
}

} // namespace argali::gui
