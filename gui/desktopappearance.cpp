#include "gui/desktopappearance.h"

#include <atomic>

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QFileInfo>
#include <QVariant>

#include "gui/background.h"

namespace argali::gui {
namespace {

const QString portal = QStringLiteral("org.freedesktop.portal.Desktop");
const QString portalPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString portalSettings = QStringLiteral("org.freedesktop.portal.Settings");
const QString appearance = QStringLiteral("org.freedesktop.appearance");
const QString colourScheme = QStringLiteral("color-scheme");
const QString contrastKey = QStringLiteral("contrast");
constexpr int deepestVariant = 4; // variants in one another: Read() has two

QString newConnectionName()
{
    static std::atomic<int> next = 0;
    return QStringLiteral("argali-appearance-%1").arg(++next);
}

/// Whether there is a bus without one being started for us.
bool hasSessionBus()
{
    return !qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS") ||
           QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus"));
}

} // namespace

DesktopAppearance::DesktopAppearance(const QString& bus, QObject* parent)
    : QObject(parent), m_connection(newConnectionName())
{
    if (bus.isEmpty() && !hasSessionBus())
        return;
    inBackground(
        this,
        [bus, name = m_connection] {
            const QDBusConnection made =
                bus.isEmpty() ? QDBusConnection::connectToBus(QDBusConnection::SessionBus, name)
                              : QDBusConnection::connectToBus(bus, name);
            return made.isConnected();
        },
        [this](bool reached) {
            m_connected = reached;
            if (reached)
                listen();
        });
}

DesktopAppearance::~DesktopAppearance()
{
    if (m_connected)
        QDBusConnection::disconnectFromBus(m_connection);
}

void DesktopAppearance::listen()
{
    QDBusConnection bus(m_connection);
    // Of whatever sender: to look who owns the portal's name would be to wait for the bus.
    bus.connect({}, portalPath, portalSettings, QStringLiteral("SettingChanged"), this,
                SLOT(takeSetting(QString, QString, QDBusVariant)));
    ask(bus, colourScheme);
    ask(bus, contrastKey);
    emit connected();
}

void DesktopAppearance::ask(const QDBusConnection& bus, const QString& key)
{
    QDBusMessage question =
        QDBusMessage::createMethodCall(portal, portalPath, portalSettings, QStringLiteral("Read"));
    question.setArguments({appearance, key});
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(question), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, key] {
        watcher->deleteLater();
        const QDBusMessage answer = watcher->reply();
        // Without a portal, or with one that does not know the setting, there is nothing to follow.
        if (answer.type() == QDBusMessage::ReplyMessage && !answer.arguments().isEmpty())
            takeSetting(appearance, key, QDBusVariant(answer.arguments().first()));
    });
}

/// Any program of the session may have sent this.
void DesktopAppearance::takeSetting(const QString& space, const QString& key,
                                    const QDBusVariant& value)
{
    QVariant held = value.variant();
    for (int i = 0; i < deepestVariant && held.metaType() == QMetaType::fromType<QDBusVariant>();
         ++i)
        held = held.value<QDBusVariant>().variant();
    if (space != appearance || held.metaType() != QMetaType::fromType<uint>())
        return;
    DesktopColours colours = m_colours;
    const uint number = held.toUInt();
    if (key == colourScheme)
        colours.scheme = number == 1   ? DesktopColours::Scheme::Dark
                         : number == 2 ? DesktopColours::Scheme::Light
                                       : DesktopColours::Scheme::Unknown;
    else if (key == contrastKey)
        colours.moreContrast = number == 1;
    if (colours == m_colours)
        return;
    m_colours = colours;
    emit changed();
}

} // namespace argali::gui
