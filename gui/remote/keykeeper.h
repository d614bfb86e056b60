#pragma once

#include <functional>
#include <optional>

#include <QHash>
#include <QObject>
#include <QString>

#include "engine/remote/secret.h"

namespace argali::gui {

/// Where the keys of servers are, by the id of a profile; never in a file of ours.
/// Thread: GUI; nothing waits.
class KeyKeeper : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// What became of a question or of a key.
    enum class Outcome {
        Done,   ///< read, kept or removed
        None,   ///< there is no such key
        Memory, ///< there is no keychain that works: keys are in memory until Argali ends
    };
    struct Answer {
        Outcome outcome = Outcome::None;
        remote::Secret key{}; ///< of read()
        QString words{};      ///< what the system says of a failure
    };
    using Callback = std::function<void(const Answer&)>;

    // Each calls back once, later, unless the context has gone by then.
    virtual void read(const QString& id, QObject* context, Callback callback) = 0;
    virtual void write(const QString& id, const remote::Secret& key, QObject* context,
                       Callback callback) = 0;
    virtual void remove(const QString& id, QObject* context, Callback callback) = 0;

    /// Whether keys outlive the program, as far as it is known by now.
    virtual std::optional<bool> keeps() const = 0;

signals:
    void keepsChanged();
};

/// Keys of this session only.
class MemoryKeys final : public KeyKeeper {
    Q_OBJECT
public:
    using KeyKeeper::KeyKeeper;
    void read(const QString& id, QObject* context, Callback callback) override;
    void write(const QString& id, const remote::Secret& key, QObject* context,
               Callback callback) override;
    void remove(const QString& id, QObject* context, Callback callback) override;
    std::optional<bool> keeps() const override { return false; }

private:
    QHash<QString, remote::Secret> m_keys;
};

} // namespace argali::gui
