#pragma once

#include <QDBusVariant>
#include <QObject>

#include "gui/theme.h"

class QDBusConnection;

namespace argali::gui {

/// What the desktop says of colours and contrast, through its portal on the session bus. Asked for
/// without waiting: until an answer comes, and where there is no portal, nothing is known.
/// Thread: GUI; the bus is reached by another thread, since that may take as long as it likes.
/// Source: the portal org.freedesktop.portal.Settings, namespace org.freedesktop.appearance
class DesktopAppearance final : public QObject {
    Q_OBJECT
public:
    /// bus: address of the bus; empty for the session's
    explicit DesktopAppearance(const QString& bus = {}, QObject* parent = nullptr);
    ~DesktopAppearance() override;

    const DesktopColours& colours() const { return m_colours; }
    bool isConnected() const { return m_connected; }

signals:
    void changed();
    void connected(); ///< The bus is reached, and its portal has been asked.

private slots:
    void takeSetting(const QString& space, const QString& key, const QDBusVariant& value);

private:
    void listen();
    void ask(const QDBusConnection& bus, const QString& key);

    const QString m_connection; ///< name of ours
    bool m_connected = false;
    DesktopColours m_colours;
};

} // namespace argali::gui
