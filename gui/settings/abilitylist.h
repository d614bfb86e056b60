#pragma once

#include <array>

#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>
#include <QWidget>

#include "gui/remote/serverbook.h"

class QLabel;

namespace argali::gui {

class Button;
class ComboBox;
class SegmentedControl;

/// What each model of a server can: as the server says; else as it was found by asking, or as the
/// user says. What is chosen here is kept at once, for this server and model.
class AbilityList final : public QWidget {
    Q_OBJECT
public:
    explicit AbilityList(ServerBook& book, QWidget* parent = nullptr);
    ~AbilityList() override;

    enum Ability { Pictures, Films, Thinking };
    static constexpr int abilities = 3;

    /// The models of this server; empty: nothing is shown.
    void setServer(const QString& profile);
    bool isEmpty() const; ///< The server has no models that are known.

    ComboBox* models() const { return m_models; }
    /// The user's choice: not known, yes, no; hidden where the server says it.
    SegmentedControl* choice(Ability ability) const { return m_rows[ability].choice; }
    QString said(Ability ability) const; ///< what the server says; empty: nothing
    Button* askButton() const { return m_ask; }
    Button* stopButton() const { return m_stop; }
    QString outcome() const; ///< of asking

signals:
    void changed(); ///< isEmpty()

private:
    struct Row {
        QLabel* said = nullptr;
        SegmentedControl* choice = nullptr;
    };
    ServerConnection* connection() const { return m_book.find(m_profile); }
    void listModels();
    void showModel();
    void choose(Ability ability, remote::Known answer);
    void ask();
    void stop();
    void showAsking();
    void showOutcome(const QString& model, remote::Known sees, const remote::Failure& failure);
    void say(const QString& sentence, bool bad = false);
    std::string current() const;

    ServerBook& m_book;
    QString m_profile;
    QPointer<ServerConnection> m_followed;
    ComboBox* const m_models;
    std::array<Row, abilities> m_rows;
    Button* const m_ask;
    Button* const m_stop;
    QLabel* const m_outcome;
    QTimer m_second; ///< while it is asked
    QElapsedTimer m_since;
};

} // namespace argali::gui
