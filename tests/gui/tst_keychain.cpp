// Keys in a keychain of the desktop: a bus of the test's own, with KDE's on it.
#include <optional>

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTest>

#include "gui/remote/keychainkeys.h"
#include "tests/support/fakeportal.h"
#include "tests/support/fakewallet.h"

using namespace argali;
using namespace argali::gui;
using Outcome = KeyKeeper::Outcome;

class TestKeychain final : public QObject {
    Q_OBJECT
    PrivateBus m_bus;
    std::optional<FakeWallet> m_wallet;
    const QString m_id = QStringLiteral("rack");

    /// What came of a question.
    std::optional<KeyKeeper::Answer> m_answer;
    KeyKeeper::Callback note()
    {
        m_answer.reset();
        return [this](const KeyKeeper::Answer& answer) { m_answer = answer; };
    }

private slots:
    void initTestCase()
    {
        if (m_bus.address().isEmpty())
            QSKIP("there is no dbus-daemon");
        // Before anything asks for the session's bus.
        qputenv("DBUS_SESSION_BUS_ADDRESS", m_bus.address().toLocal8Bit());
        qputenv("XDG_CURRENT_DESKTOP", "KDE");
        qputenv("KDE_FULL_SESSION", "true");
        qputenv("KDE_SESSION_VERSION", "5");
        m_wallet.emplace(m_bus.address());
    }

    void keepsAKeyForLater()
    {
        {
            KeychainKeys keys;
            QSignalSpy changed(&keys, &KeyKeeper::keepsChanged);
            QCOMPARE(keys.keeps(), std::nullopt);
            keys.read(m_id, this, note());
            QTRY_VERIFY(m_answer);
            QCOMPARE(m_answer->outcome, Outcome::None);
            QCOMPARE(keys.keeps(), std::optional(true));
            QCOMPARE(changed.count(), 1);
            keys.write(m_id, remote::Secret("sk-4711"), this, note());
            QTRY_VERIFY(m_answer);
            QCOMPARE(m_answer->outcome, Outcome::Done);
        }
        QCOMPARE(m_wallet->entries.value(m_id), QByteArray("sk-4711"));
        QCOMPARE(m_wallet->folders.last(), QStringLiteral("Argali"));
        KeychainKeys later; // the next start
        later.read(m_id, this, note());
        QTRY_VERIFY(m_answer);
        QCOMPARE(m_answer->outcome, Outcome::Done);
        QVERIFY(m_answer->key.equals("sk-4711"));
        const qsizetype calls = m_wallet->calls.size();
        later.read(m_id, this, note()); // known by now
        QTRY_VERIFY(m_answer);
        QCOMPARE(m_wallet->calls.size(), calls);
    }

    void forgetsAKey()
    {
        m_wallet->entries[m_id] = "sk-4711";
        KeychainKeys keys;
        keys.remove(m_id, this, note());
        QTRY_VERIFY(m_answer);
        QCOMPARE(m_answer->outcome, Outcome::Done);
        QVERIFY(m_wallet->entries.isEmpty());
        keys.read(m_id, this, note());
        QTRY_VERIFY(m_answer);
        QCOMPARE(m_answer->outcome, Outcome::None);
    }

    void goesOnWithoutAKeychainThatIsLocked()
    {
        m_wallet->entries[m_id] = "sk-4711";
        m_wallet->isLocked = true;
        KeychainKeys keys;
        keys.read(m_id, this, note());
        QTRY_VERIFY(m_answer);
        QCOMPARE(m_answer->outcome, Outcome::Memory);
        QCOMPARE(keys.keeps(), std::optional(false));
        keys.write(m_id, remote::Secret("typed"), this, note());
        QTRY_VERIFY(m_answer);
        QCOMPARE(m_answer->outcome, Outcome::Memory);
        keys.read(m_id, this, note());
        QTRY_VERIFY(m_answer);
        QVERIFY(m_answer->key.equals("typed"));
        QCOMPARE(m_wallet->entries.value(m_id), QByteArray("sk-4711")); // nothing was overwritten
    }

    void asksNobodyWhoHasGone()
    {
        m_wallet->isLocked = false;
        KeychainKeys keys;
        {
            QObject context;
            keys.read(m_id, &context, note());
        }
        QTest::qWait(200);
        QVERIFY(!m_answer);
    }
};

QTEST_GUILESS_MAIN(TestKeychain)
#include "tst_keychain.moc"
