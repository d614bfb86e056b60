#pragma once

#include <chrono>

#include "gui/remote/keykeeper.h"

namespace QKeychain {
class Job;
}

namespace argali::gui {

/// Keys in the system's keychain (Secret Service or KWallet). Where there is none, or it does not
/// answer, they are in memory until the program ends.
class KeychainKeys final : public KeyKeeper {
    Q_OBJECT
public:
    /// service: under which name the keychain lists them
    explicit KeychainKeys(const QString& service = QStringLiteral("Argali"),
                          QObject* parent = nullptr);

    void read(const QString& id, QObject* context, Callback callback) override;
    void write(const QString& id, const remote::Secret& key, QObject* context,
               Callback callback) override;
    void remove(const QString& id, QObject* context, Callback callback) override;
    std::optional<bool> keeps() const override { return m_keeps; }

    /// For a keychain that asks the user to unlock it.
    static constexpr std::chrono::seconds patience{120};

private:
    void start(QKeychain::Job* job, const QString& id, QObject* context, const Callback& callback,
               const std::function<Answer(const QKeychain::Job&)>& read);
    void note(bool keeps);

    const QString m_service;
    QHash<QString, remote::Secret> m_keys; ///< of this session
    std::optional<bool> m_keeps;
};

} // namespace argali::gui
