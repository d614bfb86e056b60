#pragma once

#include <optional>

#include <QObject>

#include "gui/chat/engineworker.h"
#include "gui/failure.h"

namespace argali::gui {

class ChatWidget;
class ModelChooser;
class SamplingPanel;
class SegmentedControl;
class Settings;
class SourceChoice;
class StatusLine;

/// Which model is open or on its way, or which one of a server answers instead, told to every part
/// of a window that shows it, and in the status line why one did not open. Thread: GUI.
class ShownModel final : public QObject {
    Q_OBJECT
public:
    /// The parts of a window that show it.
    struct Views {
        StatusLine& status;
        ModelChooser& chooser;
        SegmentedControl* place; ///< here or on a server; null where there are no servers
        ChatWidget& chat;
        SamplingPanel& panel;
    };
    /// sources: who answers; null: always the model that is open here
    ShownModel(const Views& views, Settings& settings, SourceChoice* sources, QObject* parent);

    /// The one on this computer.
    const std::optional<LoadedModel>& model() const { return m_model; }
    bool isLoading() const { return m_loading.has_value(); }
    bool hasFailed() const { return m_failure.has_value(); }

    /// A model is being opened, from this folder.
    void showLoading(const QString& folder);
    void showProgress(const Progress& progress);
    void show(const std::optional<LoadedModel>& model);
    /// Others than before belong to the one on this computer.
    void setAdapters(const QList<LoadedAdapter>& adapters);
    /// The model that stays when the one being loaded does not open.
    void setFormer(const LoadedModel& model) { m_model = model; }
    void showFailure(const QString& folder, const Failure& failure, bool modelKept);
    void showStopped(bool modelKept);
    /// As in another window.
    void takeOver(const ShownModel& old);

signals:
    void changed(); ///< model() or isLoading()
    void failed(const QString& sentence);

private:
    struct LoadFailure {
        QString folder;
        Failure failure;
        bool modelKept = false;
    };

    void present();

    const Views m_views;
    Settings& m_settings;
    SourceChoice* const m_sources;
    std::optional<LoadedModel> m_model;
    std::optional<QString> m_loading;
    std::optional<LoadFailure> m_failure; ///< while the status line says so
};

} // namespace argali::gui
