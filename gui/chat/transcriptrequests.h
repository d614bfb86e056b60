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

    void take(const QJsonArray& events); ///< As the page tells them.
    /// As the plain text tells it: "copy", "action:ID", "picture:0"
    void take(quint64 turn, const QString& what);
    void takeLink(const QString& address);

private:
    void take(const QJsonObject& event);
    void takeAction(const TranscriptTurn& turn, const QString& action);
    void takePicture(const TranscriptTurn& turn, int index);
    void takeButton(const TranscriptTurn& turn, const QString& what);

    TranscriptView& m_view;
    const std::function<TranscriptTurn*(quint64)> m_find;
};

} // namespace argali::gui
