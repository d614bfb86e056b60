#pragma once

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QDBusVirtualObject>
#include <QFile>
#include <QMap>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

namespace argali::gui {

/// A session bus of the test's own.
class PrivateBus final {
public:
    PrivateBus()
    {
        QFile file(m_dir.filePath(QStringLiteral("bus.conf")));
        if (!file.open(QIODevice::WriteOnly))
            return;
        file.write("<busconfig><type>session</type><listen>unix:path=" +
                   m_dir.filePath(QStringLiteral("bus")).toUtf8() +
                   "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow "
                   "send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow "
                   "own=\"*\"/></policy></busconfig>");
        file.close();
        m_daemon.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_daemon.start(QStringLiteral("dbus-daemon"),
                       {QStringLiteral("--config-file=") + file.fileName(),
                        QStringLiteral("--nofork"), QStringLiteral("--print-address=1")});
        if (m_daemon.waitForStarted(10'000) && m_daemon.waitForReadyRead(10'000))
            m_address = QString::fromLocal8Bit(m_daemon.readLine()).trimmed();
    }
    ~PrivateBus()
    {
        m_daemon.kill();
        m_daemon.waitForFinished(10'000);
    }
    /// Empty when there is no dbus-daemon.
    const QString& address() const { return m_address; }

private:
    QTemporaryDir m_dir;
    QProcess m_daemon;
    QString m_address;
};

/// A portal that says of its settings what the test wants, or nothing.
class FakePortal final : public QDBusVirtualObject {
public:
    explicit FakePortal(const QString& bus)
        : m_bus(QDBusConnection::connectToBus(bus, QStringLiteral("fake-portal")))
    {
        m_bus.registerVirtualObject(QStringLiteral("/org/freedesktop/portal/desktop"), this);
        m_bus.registerService(QStringLiteral("org.freedesktop.portal.Desktop"));
    }
    ~FakePortal() override { QDBusConnection::disconnectFromBus(QStringLiteral("fake-portal")); }

    QString introspect(const QString&) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override
    {
        ++questions;
        const QString key = message.arguments().value(1).toString();
        if (!answers)
            message.setDelayedReply(true);
        else if (settings.contains(key))
            connection.send(message.createReply(settings.value(key)));
        else
            connection.send(message.createErrorReply(QDBusError::InvalidArgs,
                                                     QStringLiteral("no such setting")));
        return true;
    }
    /// As the portal's Read() wraps it.
    static QVariant twice(const QVariant& value)
    {
        return QVariant::fromValue(QDBusVariant(QVariant::fromValue(QDBusVariant(value))));
    }
    void tellChange(const QVariantList& arguments)
    {
        QDBusMessage signal = QDBusMessage::createSignal(
            QStringLiteral("/org/freedesktop/portal/desktop"),
            QStringLiteral("org.freedesktop.portal.Settings"), QStringLiteral("SettingChanged"));
        signal.setArguments(arguments);
        m_bus.send(signal);
    }
    void tellChange(const QString& key, const QVariant& value)
    {
        tellChange({QStringLiteral("org.freedesktop.appearance"), key,
                    QVariant::fromValue(QDBusVariant(value))});
    }

    QMap<QString, QVariant> settings;
    bool answers = true;
    int questions = 0;

private:
    QDBusConnection m_bus;
};

} // namespace argali::gui
