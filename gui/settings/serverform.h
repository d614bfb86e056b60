#pragma once

#include <memory>
#include <optional>

#include <QWidget>

#include "gui/remote/connectionprofile.h"
#include "gui/remote/profilestore.h"

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;
class QVBoxLayout;

namespace argali::gui {

class AbilityList;
class Button;
class Disclosure;
class GroupFields;
class SegmentedControl;
class SendingFields;
class ServerBook;
class ServerConnection;
struct ServerDraft;

/// The fields of one server. What is wrong stands under its field; nothing is kept before "Save".
class ServerForm final : public QWidget {
    Q_OBJECT
public:
    explicit ServerForm(ServerBook& book, QWidget* parent = nullptr);
    ~ServerForm() override;

    void edit(const ConnectionProfile& profile); ///< one that is there, or a new one
    const ConnectionProfile& edited() const { return m_profile; }
    bool isEdited() const;                    ///< something is typed that is not saved
    std::optional<ServerDraft> draft() const; ///< what is typed and not saved
    void restore(const ServerDraft& draft);
    void save();
    void test();

    QLineEdit* nameField() const { return m_name; }
    QLineEdit* urlField() const { return m_url; }
    QLineEdit* keyField() const { return m_key; }
    QPlainTextEdit* headersField() const { return m_headers; }
    SegmentedControl* proxyChoice() const { return m_proxy; }
    QLineEdit* proxyField() const { return m_proxyUrl; }
    QLineEdit* certificateField() const { return m_certificates; }
    QSpinBox* connectField() const { return m_connectLimit; }
    QSpinBox* silenceField() const { return m_silenceLimit; }
    GroupFields* group() const { return m_group; }
    SendingFields* sending() const { return m_sending; }
    Disclosure* more() const { return m_more; }
    /// What the models of a server that is kept can; apart from "Save".
    Disclosure* abilitiesPart() const { return m_abilitiesPart; }
    AbilityList* abilities() const { return m_abilities; }
    Button* testButton() const { return m_test; }
    Button* saveButton() const { return m_save; }
    Button* cancelButton() const { return m_cancel; }
    Button* forgetKeyButton() const { return m_forgetKey; }
    QString urlNote() const;
    QString keyNote() const;
    QString headersNote() const;
    QString proxyNote() const;
    QString refusal() const; ///< why "Save" did nothing
    QString outcome() const; ///< of the test

signals:
    void saved(const QString& id);
    void cancelled();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void fill(const ConnectionProfile& profile);
    bool checkKey(const ConnectionProfile& profile);
    QLineEdit* addField(QVBoxLayout* layout, const QString& caption, const QString& placeholder);
    QLabel* addNote(QVBoxLayout* layout);
    void makeMore(QVBoxLayout* layout);
    void makeCertificates(QVBoxLayout* layout);
    void makeAbilities(QVBoxLayout* layout);
    void makeButtons(QVBoxLayout* layout);
    void chooseCertificates();
    ConnectionProfile typed() const;
    bool check();
    void showKeyState();
    void showOutcome();

    ServerBook& m_book;
    ConnectionProfile m_profile;
    bool m_forgetsKey = false;
    ProfileStore m_scratch; ///< of the test, which learns nothing
    std::unique_ptr<ServerConnection> m_tested;
    QLineEdit* m_name = nullptr;
    QLineEdit* m_url = nullptr;
    QLabel* m_urlNote = nullptr;
    QLineEdit* m_key = nullptr;
    Button* m_forgetKey = nullptr;
    QLabel* m_keyNote = nullptr;
    Disclosure* m_more = nullptr;
    QPlainTextEdit* m_headers = nullptr;
    QLabel* m_headersNote = nullptr;
    SegmentedControl* m_proxy = nullptr;
    QLineEdit* m_proxyUrl = nullptr;
    QLabel* m_proxyNote = nullptr;
    QLineEdit* m_certificates = nullptr;
    QSpinBox* m_connectLimit = nullptr;
    QSpinBox* m_silenceLimit = nullptr;
    GroupFields* m_group = nullptr;
    SendingFields* m_sending = nullptr;
    Disclosure* m_abilitiesPart = nullptr;
    AbilityList* m_abilities = nullptr;
    QLabel* m_outcome = nullptr;
    QLabel* m_refusal = nullptr;
    Button* m_test = nullptr;
    Button* m_save = nullptr;
    Button* m_cancel = nullptr;
};

} // namespace argali::gui
