#pragma once

#include <optional>

#include <QWidget>

#include "gui/chat/engineworker.h"
#include "gui/settings/settings.h"

class QMenu;

namespace argali::gui {

class Button;
class ModelLibrary;
class SourceChoice;

/// The button that names the model, with a menu of the models that can be opened.
class ModelChooser final : public QWidget {
    Q_OBJECT
public:
    explicit ModelChooser(Settings& settings, QWidget* parent = nullptr);

    /// Lists the models found there, too.
    void setLibrary(ModelLibrary* library);
    /// Lists the models of servers, too.
    void setSources(SourceChoice* sources);
    /// loadingFolder: of the model that is being loaded, when there is one; empty for the pocket
    /// model.
    void setModel(const std::optional<LoadedModel>& model,
                  const std::optional<QString>& loadingFolder);
    /// Lists that the model that is open can be served.
    void offerServing() { m_offersServing = true; }
    /// Lists the adapters of the model that is open; the menu outlives this one's entries.
    void offerAdapters(QMenu* menu) { m_adapterMenu = menu; }
    /// The one that answers in the chat that is open; empty: none.
    void setAdapter(const QString& name);
    void showMenu();
    void chooseFolder(); ///< Opens the folder dialog and returns at once.
    QMenu* menu() const { return m_menu; }
    Button* button() const { return m_button; }

signals:
    void folderChosen(const QString& folder); ///< empty: the pocket model
    void stopRequested();                     ///< of loading
    void serversRequested();                  ///< to add one, or to look at them
    void serveRequested();                    ///< the model on this computer that is open
    void comparisonRequested();               ///< of two models

private:
    void showName();
    void fillMenu();
    void addModel(const QString& folder, bool isThere);
    void addServers();
    void addNotes();
    bool isLocal() const;

    Settings& m_settings;
    ModelLibrary* m_library = nullptr;
    SourceChoice* m_sources = nullptr;
    bool m_offersServing = false;
    QMenu* m_adapterMenu = nullptr;
    QString m_adapter;
    std::optional<LoadedModel> m_model;
    std::optional<QString> m_loading;
    Button* const m_button;
    QMenu* const m_menu;
};

} // namespace argali::gui
