#pragma once

#include <optional>

#include <QList>
#include <QObject>

#include "gui/settings/settings.h"

namespace argali::gui {

/// A folder with a model in it, as far as it shows without being opened.
struct FoundModel {
    QString folder;
    QString name;
    QString family; ///< as its config.json calls it; may be empty
    qint64 bytes = 0;
    bool operator==(const FoundModel&) const = default;
};

/// The models that lie in the folder for models, itself or one or two levels below it. The folder
/// is read by another thread; which one it is the engine learns, too.
/// Thread: GUI.
class ModelLibrary final : public QObject {
    Q_OBJECT
public:
    enum class State { Unread, Read, Missing, Unreadable };

    explicit ModelLibrary(Settings& settings, QObject* parent = nullptr);

    static QString defaultFolder(); ///< $ARGALI_MODELS, or $XDG_DATA_HOME/argali/models
    QString folder() const;
    void setFolder(const QString& folder); ///< Reads it, too.
    const QList<FoundModel>& models() const { return m_models; }
    State state() const { return m_state; }
    /// Reads the folder anew; read() follows.
    void refresh();

    static constexpr int most = 200;
    /// What lies in a folder. Thread: any.
    static QList<FoundModel> readFolder(const QString& folder);

signals:
    void changed(); ///< folder, models or state
    void read();

private:
    Settings& m_settings;
    QList<FoundModel> m_models;
    State m_state = State::Unread;
    quint64 m_reading = 0; ///< the newest reading
};

} // namespace argali::gui
