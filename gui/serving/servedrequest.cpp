#include "gui/serving/servedrequest.h"

#include <algorithm>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "gui/jsonvalues.h"

namespace argali::gui {
namespace {

constexpr qsizetype longestId = 64;
constexpr qsizetype longestName = 80;
constexpr double mostTokens = 1e9;
constexpr double mostSeconds = 1e8;

/// It becomes part of a path.
bool isId(const QString& id)
{
    return !id.isEmpty() && id.size() <= longestId &&
           std::all_of(id.begin(), id.end(), [](QChar c) {
               return (c.unicode() < 128 && c.isLetterOrNumber()) || c == QLatin1Char('-') ||
                      c == QLatin1Char('_');
           });
}

/// Negative for what is no number: it is not known.
double amountIn(const QJsonObject& object, const char* key, double most)
{
    return object.value(QLatin1String(key)).isDouble() ? numberIn(object, key, 0, most, 0) : -1;
}

ServedRequest::State stateOf(const QString& name)
{
    if (name == QLatin1String("reading"))
        return ServedRequest::State::Reading;
    if (name == QLatin1String("thinking"))
        return ServedRequest::State::Thinking;
    if (name == QLatin1String("answering"))
        return ServedRequest::State::Answering;
    return ServedRequest::State::Waiting;
}

} // namespace

std::optional<QList<ServedRequest>> servedRequestsIn(const QByteArray& reply)
{
    const QJsonValue data = QJsonDocument::fromJson(reply).object().value(QLatin1String("data"));
    if (!data.isArray())
        return std::nullopt;
    QList<ServedRequest> requests;
    for (const QJsonValue& each : data.toArray()) {
        const QJsonObject object = each.toObject();
        ServedRequest request;
        request.id = object.value(QLatin1String("id")).toString();
        if (!isId(request.id) || requests.size() == mostServedRequests)
            continue;
        request.client = object.value(QLatin1String("client")).toString().left(longestName);
        request.state = stateOf(object.value(QLatin1String("state")).toString());
        request.isLocal = object.value(QLatin1String("from")).toString() == QLatin1String("local");
        request.seconds = numberIn(object, "seconds", 0, mostSeconds, 0);
        request.promptTokens = qint64(amountIn(object, "prompt_tokens", mostTokens));
        request.tokens = qint64(amountIn(object, "tokens", mostTokens));
        requests.append(request);
    }
    return requests;
}

std::optional<ServedModelState> servedModelIn(const QByteArray& reply)
{
    const QJsonObject model = QJsonDocument::fromJson(reply)
                                  .object()
                                  .value(QLatin1String("models"))
                                  .toArray()
                                  .at(0)
                                  .toObject();
    const QString state = model.value(QLatin1String("state")).toString();
    if (state.isEmpty())
        return std::nullopt;
    ServedModelState found;
    if (state == QLatin1String("loaded"))
        found.kind = ServedModelState::Kind::Ready;
    else if (state == QLatin1String("failed"))
        found.kind = ServedModelState::Kind::Failed;
    found.progress = amountIn(model, "progress", 1);
    found.failure = model.value(QLatin1String("error"))
                        .toObject()
                        .value(QLatin1String("code"))
                        .toString()
                        .left(longestName);
    return found;
}

} // namespace argali::gui
