#pragma once

#include <optional>

#include <QDialog>

#include "gui/chat/engineworker.h"
#include "gui/serving/serverprocess.h"
#include "gui/serving/servingcost.h"

class QLabel;
class QPlainTextEdit;
class QSpinBox;
class QVBoxLayout;

namespace argali::gui {

class Button;
class ComboBox;
class Disclosure;
class ElidedLabel;
class ServedRequestList;
class ServingAccess;
class ServingKey;
class Settings;
class StatusDot;
class ThinBar;
class ToggleSwitch;

/// Serves the model that is open to other programs: how, and who asks. The server goes on when the
/// dialog is closed.
class ServeDialog final : public QDialog {
    Q_OBJECT
public:
    /// server and settings outlive it.
    ServeDialog(ServerProcess& server, Settings& settings, QWidget* parent);

    /// The model on this computer that is open.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// What is typed in another one, and how it lies.
    void takeOver(const ServeDialog& old);
    /// What a server would take, as if the engine had said so.
    void setCost(const std::optional<ServingCost>& cost);

    ComboBox* address() const { return m_address; } ///< The data of an entry is its address.
    QSpinBox* port() const { return m_port; }
    ToggleSwitch* keySwitch() const { return m_asksForKey; }
    ServingKey* key() const { return m_key; }
    Button* startButton() const { return m_start; }
    Button* stopButton() const { return m_stop; }
    ServingAccess* access() const { return m_access; } ///< Hidden while nothing runs.
    QPlainTextEdit* logText() const { return m_log; }
    Disclosure* logPart() const { return m_logPart; }
    ServedRequestList* requests() const { return m_requests; }
    QString stateText() const;
    QString costText() const;
    QString addressNote() const;

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void makeForm(QVBoxLayout* column);
    void makeKey(QVBoxLayout* column);
    void makeState(QVBoxLayout* column);
    void makeRequests(QVBoxLayout* column);
    QWidget* makeButtons();
    void fillAddresses();
    ServingOptions typed() const;
    void start();
    void showForm();
    void showState();
    void showRequests();
    void showLog();
    void lookAtCost();

    ServerProcess& m_server;
    Settings& m_settings;
    std::optional<LoadedModel> m_model;
    std::optional<ServingCost> m_cost;
    bool m_isLoading = false;
    quint64 m_looking = 0; ///< the newest look at the cost
    ServerProcess::State m_said = ServerProcess::State::Off;

    ElidedLabel* m_modelName = nullptr;
    ComboBox* m_address = nullptr;
    QLabel* m_addressNote = nullptr;
    QSpinBox* m_port = nullptr;
    ToggleSwitch* m_asksForKey = nullptr;
    ServingKey* m_key = nullptr;
    QLabel* m_costNote = nullptr;
    StatusDot* m_dot = nullptr;
    QLabel* m_state = nullptr;
    ThinBar* m_bar = nullptr;
    ServingAccess* m_access = nullptr;
    ServedRequestList* m_requests = nullptr;
    Disclosure* m_logPart = nullptr;
    QPlainTextEdit* m_log = nullptr;
    Button* m_start = nullptr;
    Button* m_stop = nullptr;
};

} // namespace argali::gui
