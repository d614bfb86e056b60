#include "gui/chat/transcriptrequests.h"

#include <algorithm>
#include <utility>

#include <QClipboard>
#include <QGuiApplication>
#include <QJsonObject>

#include "gui/chat/transcriptview.h"

namespace argali::gui {

TranscriptRequests::TranscriptRequests(TranscriptView& view,
                                       std::function<TranscriptTurn*(quint64)> find)
    : m_view(view), m_find(std::move(find))
{
}

void TranscriptRequests::take(const QJsonArray& events)
{
    for (const auto& event : events)
        take(event.toObject());
}

void TranscriptRequests::take(const QJsonObject& event)
{
    const QString what = event.value(QLatin1String("what")).toString();
    if (what == QLatin1String("link")) {
        takeLink(event.value(QLatin1String("url")).toString());
        return;
    }
    if (what == QLatin1String("copyCode")) {
        QGuiApplication::clipboard()->setText(event.value(QLatin1String("text")).toString());
        return;
    }
    const quint64 id = event.value(QLatin1String("turn")).toString().toULongLong();
    const TranscriptTurn* turn = m_find(id);
    if (!turn)
        return;
    const auto number = [&event](const char* name) {
        return event.value(QLatin1String(name)).toDouble(-1);
    };
    const auto region = [&] {
        const auto part = [&](const char* name) { return std::clamp(number(name), 0.0, 1.0); };
        return TranscriptView::Region{
            event.value(QLatin1String("name")).toString(),
            QRectF(QPointF(part("x"), part("y")), QPointF(part("right"), part("bottom"))),
            event.value(QLatin1String("point")).toBool()};
    };
    if (what == QLatin1String("action")) {
        takeAction(*turn, event.value(QLatin1String("id")).toString());
    } else if (what == QLatin1String("branch")) {
        const double step = number("step");
        if (step == 1 || event.value(QLatin1String("step")).toDouble() == -1)
            emit m_view.branchRequested(id, step == 1 ? 1 : -1);
    } else if (what == QLatin1String("picture")) {
        takePicture(*turn, event.value(QLatin1String("index")).toInt(-1));
    } else if (what == QLatin1String("time")) {
        if (number("seconds") >= 0)
            emit m_view.timeActivated(id, number("seconds"));
    } else if (what == QLatin1String("regionChosen")) {
        emit m_view.regionActivated(id, region());
    } else if (what == QLatin1String("region")) {
        emit m_view.regionHovered(id, region());
    } else if (what == QLatin1String("regionLeft")) {
        emit m_view.regionLeft(id);
    } else {
        takeButton(*turn, what);
    }
}

void TranscriptRequests::take(quint64 id, const QString& what)
{
    const TranscriptTurn* turn = m_find(id);
    if (!turn)
        return;
    const QString action = QStringLiteral("action:");
    const QString picture = QStringLiteral("picture:");
    bool isNumber = false;
    if (what.startsWith(action))
        takeAction(*turn, what.mid(action.size()));
    else if (const int index = what.mid(picture.size()).toInt(&isNumber);
             what.startsWith(picture) && isNumber)
        takePicture(*turn, index);
    else
        takeButton(*turn, what);
}

void TranscriptRequests::takeLink(const QString& address)
{
    const QString safe = safeLink(address);
    if (!safe.isEmpty())
        emit m_view.linkActivated(QUrl(safe));
}

void TranscriptRequests::takeAction(const TranscriptTurn& turn, const QString& action)
{
    if (turn.hasAction(action))
        emit m_view.actionRequested(turn.id(), action);
}

void TranscriptRequests::takePicture(const TranscriptTurn& turn, int index)
{
    if (turn.hasPicture(index))
        emit m_view.pictureActivated(turn.id(), index);
}

/// What page and plain text both have.
void TranscriptRequests::takeButton(const TranscriptTurn& turn, const QString& what)
{
    const quint64 id = turn.id();
    if (what == QLatin1String("copy"))
        emit m_view.copyRequested(id);
    else if (what == QLatin1String("copyQuestion"))
        emit m_view.copyQuestionRequested(id);
    else if (what == QLatin1String("regenerate"))
        emit m_view.regenerateRequested(id);
    else if (what == QLatin1String("edit"))
        emit m_view.editRequested(id, turn.question());
    else if (what == QLatin1String("delete"))
        emit m_view.deleteRequested(id);
    else if (what == QLatin1String("answerNow"))
        emit m_view.answerNowRequested(id);
}

} // namespace argali::gui
