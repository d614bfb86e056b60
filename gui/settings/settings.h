#pragma once

#include <algorithm>
#include <type_traits>

#include <QByteArray>
#include <QObject>
#include <QSettings>
#include <QString>
#include <QStringList>
#include <QVariant>

#include "engine/engine.h"

namespace argali::gui {

/// One setting: key, default and, for numbers, the range that what is read is held to.
template <class T> struct Setting {
    const char* key;
    T fallback{};
    T minimum{};
    T maximum{};
};

/// What is read of a setting, held to its range.
template <class T> T heldTo(const Setting<T>& setting, T value)
{
    // NaN fails both comparisons.
    if (value >= setting.minimum && value <= setting.maximum)
        return value;
    return value < setting.minimum   ? setting.minimum
           : value > setting.maximum ? setting.maximum
                                     : setting.fallback;
}

/// Every setting, one a line and nowhere else.
namespace settings {
// What a new chat begins with; each chat then has its own (AnswerOptions).
inline const Setting<bool> sampling{"answer/sampling", false};
inline const Setting<double> temperature{"answer/temperature", 0.7, 0, 2};
inline const Setting<double> topP{"answer/topP", 1, 0.05, 1};
inline const Setting<int> topK{"answer/topK", 0, 0, 200};
inline const Setting<double> minP{"answer/minP", 0, 0, 0.5};
inline const Setting<double> repetitionPenalty{"answer/repetitionPenalty", 1, 1, 2};
inline const Setting<int> seed{"answer/seed", 0, 0, 999'999};
inline const Setting<bool> thinking{"answer/thinking", false};
inline const Setting<bool> hasBudget{"answer/hasBudget", true};
inline const Setting<int> thinkingBudget{"answer/thinkingBudget", 1024, 128, 1'000'000 - 128};
inline const Setting<int> longestAnswer{"answer/longestAnswer", 2048, 256, 1'000'000};
inline const Setting<QString> systemPrompt{"answer/systemPrompt"};
// Of all chats:
inline const Setting<int> filmFrames{"composer/filmFrames", 8, 0, 30};
inline const Setting<bool> tellTimes{"composer/tellTimes", false};
inline const Setting<bool> sendWithEnter{"composer/sendWithEnter", true}; // else with Ctrl+Enter
inline const Setting<QByteArray> speeds{"composer/speeds"};               // AnswerSpeed's
inline const Setting<QString> attachFolder{"composer/folder"};
inline const Setting<int> theme{"window/theme", 0, 0, 2};  // Theme::Choice
inline const Setting<QString> language{"window/language"}; // empty: the system's
inline const Setting<QByteArray> geometry{"window/geometry"};
inline const Setting<bool> sideOpen{"window/sideOpen", true};
inline const Setting<int> sideWidth{"window/sideWidth", 248, 160, 480};
inline const Setting<bool> panelOpen{"window/panelOpen", true};
inline const Setting<int> panelWidth{"window/panelWidth", 292, 240, 520};
inline const Setting<int> zoom{"window/zoom", 100, 50, 300}; // of the transcript, per cent
inline const Setting<bool> moreSampling{"window/moreSampling", false};
inline const Setting<QString> modelFolder{"model/folder"}; // empty: the pocket model
inline const Setting<QStringList> recentModels{"model/recent"};
inline const Setting<QString> library{"model/library"}; // empty: ModelLibrary::defaultFolder()
inline const Setting<QString> device{"model/device"};   // as chooseDevices(); empty: auto
// Who answers in a new chat, as AnswerSource; empty: this computer.
inline const Setting<QString> server{"model/server"};
inline const Setting<QString> serverModel{"model/serverModel"};
inline const Setting<QString> lastServer{"model/lastServer"}; // chosen last, if not now
inline const Setting<QString> lastServerModel{"model/lastServerModel"};
// How a model was served last; its key is not kept.
inline const Setting<QString> serveAddress{"serve/address", QStringLiteral("127.0.0.1")};
inline const Setting<int> servePort{"serve/port", 8000, 0, 65535};
inline const Setting<bool> serveWithKey{"serve/withKey", true};
} // namespace settings

/// The user's settings, in one file under $XDG_CONFIG_HOME/argali.
/// Thread: GUI.
class Settings final : public QObject {
    Q_OBJECT
public:
    /// Without a file name: the user's own file.
    explicit Settings(const QString& fileName = {}, QObject* parent = nullptr);

    template <class T> T value(const Setting<T>& setting) const
    {
        const QVariant stored = m_store.value(QLatin1String(setting.key));
        if (!stored.isValid() || !stored.canConvert<T>())
            return setting.fallback;
        const T value = stored.value<T>();
        if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
            return heldTo(setting, value); // the file is the user's to edit
        else
            return value;
    }
    template <class T> void set(const Setting<T>& setting, const std::type_identity_t<T>& value)
    {
        if (this->value(setting) == value && m_store.contains(QLatin1String(setting.key)))
            return;
        m_store.setValue(QLatin1String(setting.key), QVariant::fromValue(value));
        emit changed(setting.key);
    }
    /// Writes what is not on disk yet.
    void sync() { m_store.sync(); }
    /// Forgets all of them and removes the file. Returns whether it is gone.
    bool clear();
    QString fileName() const { return m_store.fileName(); }

signals:
    void changed(const QByteArray& key);

private:
    QSettings m_store;
};

} // namespace argali::gui
