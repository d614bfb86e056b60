#pragma once

#include <optional>

#include <QObject>
#include <QStringList>

#include "gui/places.h"

namespace argali::gui {

class ConversationBook;
class DraftStore;
class HistoryStore;
class MediaLoader;
class Settings;
class TurnController;

/// Clears what Argali has kept: the answer under way is stopped, what is in memory goes at once,
/// and each part of what is on disk is removed by the thread that writes it.
/// Thread: GUI.
class DataEraser final : public QObject {
    Q_OBJECT
public:
    enum class What { Chats, Everything };
    struct Parts {
        Places places;
        Settings& settings;
        ConversationBook& book;
        TurnController& turns;
        DraftStore& drafts;
        MediaLoader& loader;
        HistoryStore& history;
    };
    struct Outcome {
        What what = What::Chats;
        QStringList left; ///< paths of what could not be removed
    };

    explicit DataEraser(const Parts& parts, QObject* parent = nullptr);

    const Places& places() const { return m_parts.places; }
    QString settingsFile() const;
    /// Chats: with drafts and all pictures. Everything: presets, servers
    /// with their keys, settings and log, too. finished() follows.
    void erase(What what);
    bool isBusy() const { return m_waiting > 0; }
    const std::optional<Outcome>& last() const { return m_last; }

signals:
    void begun();
    void finished(const argali::gui::DataEraser::Outcome& outcome);

private:
    void takePart(const QStringList& left);

    Parts m_parts;
    What m_what = What::Chats;
    int m_waiting = 0; ///< parts that are not removed yet
    QStringList m_left;
    std::optional<Outcome> m_last;
};

} // namespace argali::gui
