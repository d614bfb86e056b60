#pragma once

#include "gui/models/knownadapter.h"
#include "gui/settings/settings.h"

namespace argali::gui {

namespace settings {
// The adapters of each model folder; AdapterStore's.
inline const Setting<QByteArray> adapters{"model/adapters"};
} // namespace settings

/// Which adapters belong to which model, in the settings.
/// Thread: GUI.
class AdapterStore final {
public:
    explicit AdapterStore(Settings& settings) : m_settings(settings) {}

    /// folder: of the model; empty: the pocket model
    QList<KnownAdapter> of(const QString& folder) const;
    void set(const QString& folder, const QList<KnownAdapter>& adapters);

    static constexpr int mostModels = 200; ///< those that were changed last
    static constexpr int mostAdapters = 50;
    static constexpr int longestName = 200;
    static constexpr int longestPath = 4096;
    static constexpr double largestAlpha = 1e6;

private:
    Settings& m_settings;
};

} // namespace argali::gui
