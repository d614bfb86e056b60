#include <QElapsedTimer>
#include <QLocalServer>
#include <QLocalSocket>
#include <QSignalSpy>
#include <QTest>

#include "gui/desktopappearance.h"
#include "tests/support/fakeportal.h"

using namespace argali::gui;
using Scheme = DesktopColours::Scheme;

namespace {

const QString scheme = QStringLiteral("color-scheme");
const QString contrastKey = QStringLiteral("contrast");

} // namespace

class TestDesktopAppearance final : public QObject {
    Q_OBJECT
    PrivateBus m_bus;

private slots:
    void initTestCase() { QVERIFY2(!m_bus.address().isEmpty(), "the tests need dbus-daemon"); }

    void readsAndFollowsThePortal()
    {
        FakePortal portal(m_bus.address());
        portal.settings = {{scheme, FakePortal::twice(1U)}, {contrastKey, FakePortal::twice(0U)}};
        DesktopAppearance desktop(m_bus.address());
        QCOMPARE(desktop.colours(), DesktopColours()); // nobody has waited
        QSignalSpy changed(&desktop, &DesktopAppearance::changed);
        QTRY_COMPARE(desktop.colours(), (DesktopColours{Scheme::Dark, false}));
        portal.tellChange(scheme, 2U);
        QTRY_COMPARE(desktop.colours().scheme, Scheme::Light);
        portal.tellChange(contrastKey, 1U);
        QTRY_VERIFY(desktop.colours().moreContrast);
        portal.tellChange(scheme, 0U);
        QTRY_COMPARE(desktop.colours().scheme, Scheme::Unknown);
        portal.tellChange(contrastKey, 0U);
        QTRY_COMPARE(desktop.colours(), DesktopColours());
        QCOMPARE(changed.count(), 5);
    }

    /// What ReadOne() of newer portals would answer is understood, too.
    void oneVariantIsEnough()
    {
        FakePortal portal(m_bus.address());
        portal.settings = {{scheme, QVariant::fromValue(QDBusVariant(1U))}};
        DesktopAppearance desktop(m_bus.address());
        QTRY_COMPARE(desktop.colours().scheme, Scheme::Dark);
    }

    void withoutAPortal()
    {
        DesktopAppearance desktop(m_bus.address());
        QTRY_VERIFY(desktop.isConnected());
        QTest::qWait(200);
        QCOMPARE(desktop.colours(), DesktopColours());
    }

    void aPortalThatKnowsNoSuchSetting()
    {
        FakePortal portal(m_bus.address());
        DesktopAppearance desktop(m_bus.address());
        QTRY_COMPARE(portal.questions, 2);
        QTest::qWait(100);
        QCOMPARE(desktop.colours(), DesktopColours());
        portal.tellChange(scheme, 1U);
        QTRY_COMPARE(desktop.colours().scheme, Scheme::Dark);
    }

    void aPortalThatNeverAnswers()
    {
        FakePortal portal(m_bus.address());
        portal.answers = false;
        QElapsedTimer watch;
        watch.start();
        {
            DesktopAppearance desktop(m_bus.address());
            QVERIFY2(watch.elapsed() < 1000, qPrintable(QString::number(watch.elapsed())));
            QTRY_COMPARE(portal.questions, 2);
            QTest::qWait(100); // until the bus knows that we listen
            QCOMPARE(desktop.colours(), DesktopColours());
            portal.tellChange(scheme, 1U); // what it tells by itself counts all the same
            QTRY_COMPARE(desktop.colours().scheme, Scheme::Dark);
            watch.restart();
        }
        QVERIFY2(watch.elapsed() < 1000, qPrintable(QString::number(watch.elapsed())));
    }

    /// The bus itself takes the connection and says nothing.
    void aBusThatNeverAnswers()
    {
        QTemporaryDir dir;
        QLocalServer server;
        QVERIFY(server.listen(dir.filePath(QStringLiteral("bus"))));
        QElapsedTimer watch;
        watch.start();
        {
            DesktopAppearance desktop(QStringLiteral("unix:path=") + server.fullServerName());
            QTRY_VERIFY(server.hasPendingConnections());
            QCOMPARE(desktop.colours(), DesktopColours());
            QVERIFY(!desktop.isConnected());
            watch.restart();
        }
        QVERIFY2(watch.elapsed() < 1000, qPrintable(QString::number(watch.elapsed())));
        server.nextPendingConnection()->abort(); // the thread that still waits need not
    }

    void noBusAtAll()
    {
        DesktopAppearance desktop(QStringLiteral("unix:path=/nowhere/bus"));
        DesktopAppearance nonsense(QStringLiteral("no address"));
        QTest::qWait(200);
        QVERIFY(!desktop.isConnected());
        QVERIFY(!nonsense.isConnected());
    }

    void garbage_data()
    {
        QTest::addColumn<QVariant>("value");
        QTest::newRow("a text") << FakePortal::twice(QStringLiteral("dark"));
        QTest::newRow("a signed number") << FakePortal::twice(1);
        QTest::newRow("a fraction") << FakePortal::twice(1.0);
        QTest::newRow("yes") << FakePortal::twice(true);
        QTest::newRow("a list") << FakePortal::twice(QStringList{QStringLiteral("1")});
        QTest::newRow("a map") << FakePortal::twice(QVariantMap{{scheme, 1U}});
        QTest::newRow("not wrapped") << QVariant(QStringLiteral("1"));
        QTest::newRow("out of range") << FakePortal::twice(4'000'000'000U);
        QVariant deep(1U);
        for (int i = 0; i < 30; ++i)
            deep = QVariant::fromValue(QDBusVariant(deep));
        QTest::newRow("far too deep") << deep;
    }
    void garbage()
    {
        QFETCH(QVariant, value);
        FakePortal portal(m_bus.address());
        portal.settings = {{scheme, value}, {contrastKey, value}};
        DesktopAppearance desktop(m_bus.address());
        QTRY_COMPARE(portal.questions, 2);
        portal.tellChange({QStringLiteral("org.freedesktop.appearance"), scheme}); // too short
        portal.tellChange({1, 2, 3});
        if (value.canConvert<QDBusVariant>())
            portal.tellChange({QStringLiteral("org.freedesktop.appearance"), contrastKey, value});
        portal.tellChange(
            {QStringLiteral("org.other"), scheme, QVariant::fromValue(QDBusVariant(1U))});
        QTest::qWait(100);
        QCOMPARE(desktop.colours(), DesktopColours());
        portal.tellChange(scheme, 1U); // it goes on listening
        QTRY_COMPARE(desktop.colours().scheme, Scheme::Dark);
    }
};

QTEST_GUILESS_MAIN(TestDesktopAppearance)
#include "tst_desktopappearance.moc"
