#pragma once

#include <memory>
#include <stop_token>

#include <QList>
#include <QTimer>

#include "gui/settings/dataeraser.h"
#include "gui/settings/settingspage.h"

class QLabel;
class QMessageBox;

namespace argali::gui {

/// What is stored where and how large it is, and how to clear it.
class PrivacyPage final : public SettingsPage {
    Q_OBJECT
public:
    explicit PrivacyPage(DataEraser& eraser, QWidget* parent = nullptr);
    ~PrivacyPage() override;

    struct Store {
        QString name;
        QStringList paths; ///< files and folders; the first one is shown
        QLabel* size = nullptr;
    };
    const QList<Store>& stores() const { return m_stores; }
    QString outcome() const; ///< What is said of the last clearing.
    Button* clearChats() const { return m_chats; }
    Button* clearEverything() const { return m_everything; }
    /// The dialog that asks; it says exactly what goes.
    QMessageBox* ask(DataEraser::What what);

signals:
    void measured();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void addStore(const QString& name, const QStringList& paths, const QString& openName);
    void addClearing();
    void measure();
    void showState();

    DataEraser& m_eraser;
    QList<Store> m_stores;
    QLabel* m_outcome = nullptr;
    Button* m_chats = nullptr;
    Button* m_everything = nullptr;
    QTimer m_again;
    std::stop_source m_stop;
    bool m_measuring = false;
};

/// Bytes of a file, or of all files in a folder; links are not followed. Thread: any.
qint64 bytesAt(const QString& path, const std::stop_token& stop);

} // namespace argali::gui
