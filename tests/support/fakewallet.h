#pragma once

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVirtualObject>
#include <QHash>
#include <QStringList>

namespace argali::gui {

/// A keychain as KDE has it, with what the test wants in it.
class FakeWallet final : public QDBusVirtualObject {
public:
    explicit FakeWallet(const QString& bus)
        : m_bus(QDBusConnection::connectToBus(bus, QStringLiteral("fake-wallet")))
    {
        m_bus.registerVirtualObject(QStringLiteral("/modules/kwalletd5"), this);
        m_bus.registerService(QStringLiteral("org.kde.kwalletd5"));
    }
    ~FakeWallet() override { QDBusConnection::disconnectFromBus(QStringLiteral("fake-wallet")); }

    QString introspect(const QString&) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override
    {
        const QString call = message.member();
        const QVariantList arguments = message.arguments();
        const QString entry = arguments.value(2).toString();
        calls.append(call);
        if (arguments.size() > 3)
            folders.append(arguments.value(1).toString());
        if (call == QLatin1String("networkWallet"))
            return say(connection, message, QStringLiteral("wallet"));
        if (call == QLatin1String("isEnabled"))
            return say(connection, message, true);
        if (call == QLatin1String("open"))
            return say(connection, message, isLocked ? -1 : 7);
        if (call == QLatin1String("entryType"))
            return say(connection, message, entries.contains(entry) ? 2 : 0);
        if (call == QLatin1String("readEntry"))
            return say(connection, message, entries.value(entry));
        if (call == QLatin1String("writeEntry")) {
            entries[entry] = arguments.value(3).toByteArray();
            return say(connection, message, 0);
        }
        if (call == QLatin1String("removeEntry"))
            return say(connection, message, entries.remove(entry) > 0 ? 0 : -3);
        return false;
    }

    QHash<QString, QByteArray> entries;
    QStringList calls;
    QStringList folders; ///< of the entries that were asked for
    bool isLocked = false;

private:
    static bool say(const QDBusConnection& connection, const QDBusMessage& message,
                    const QVariant& value)
    {
        return connection.send(message.createReply(value));
    }

    QDBusConnection m_bus;
};

} // namespace argali::gui
