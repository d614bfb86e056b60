#pragma once

#include <optional>

#include <QList>

#include "gui/remote/serverbook.h"
#include "gui/settings/settingspage.h"

class QLabel;

namespace argali::gui {

class ServerForm;

/// The servers that the user has named: how it stands with each, and the form that changes one.
class ServersPage final : public SettingsPage {
    Q_OBJECT
public:
    explicit ServersPage(ServerBook& book, QWidget* parent = nullptr);
    ~ServersPage() override;

    ServerForm* form() const { return m_form; } ///< Hidden while nothing is edited.
    void add();
    void edit(const QString& id);
    void remove(const QString& id);
    void undo();
    void move(const QString& id, int places); ///< in the list, which orders groups, too

    struct Row {
        QString id;
        QLabel* status = nullptr;
        QLabel* group = nullptr; ///< what it is in its group
        Button* up = nullptr;    ///< hidden where there is only one server
        Button* down = nullptr;
        Button* check = nullptr;
        Button* edit = nullptr;
        Button* remove = nullptr;
    };
    const QList<Row>& rows() const { return m_rows; }
    Button* addButton() const { return m_add; }
    Button* undoButton() const { return m_undo; }
    QString note() const;    ///< What is said of the last step.
    QString trouble() const; ///< ... of the file, or the keychain.

protected:
    void showEvent(QShowEvent* event) override;

private:
    void showRows();
    void addServer(QWidget* list, ServerConnection* connection);
    void showTrouble();
    void openForm(const ConnectionProfile& profile);
    void closeForm();
    void say(const QString& sentence, bool canUndo);

    ServerBook& m_book;
    QWidget* m_list = nullptr;
    QList<Row> m_rows;
    Button* m_add = nullptr;
    QLabel* m_note = nullptr;
    Button* m_undo = nullptr;
    QLabel* m_trouble = nullptr;
    ServerForm* m_form = nullptr;
    std::optional<ServerBook::Removed> m_removed;
};

} // namespace argali::gui
