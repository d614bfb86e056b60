#pragma once

#include <functional>

#include <QJsonArray>

namespace argali::gui {

class TranscriptTurn;
class TranscriptView;

/// What the user did in a transcript, as signals of its view. What a page says is checked: it may
/// name only turns, pictures and actions that are there.
/// Thread: GUI.
class TranscriptRequests final {
public:
    /// find: the turn of that number, or null
    TranscriptRequests(TranscriptView& view, std::function<TranscriptTurn*(quint64)> find);

    void take(const QJsonArray& events);          ///< As the page tells them.
    void take(quint64 turn, const QString& what); ///< As the plain text does: "copy", "action:ID"
    void takeLink(const QString& address);

private:
    void take(const QJsonObject& event);
    void takeAction(const TranscriptTurn& turn, const QString& action);
    void takeButton(const TranscriptTurn& turn, const QString& what);

    TranscriptView& m_view;
    const std::function<TranscriptTurn*(quint64)> m_find;
};

} // namespace argali::gui
