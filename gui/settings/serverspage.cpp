#include "gui/settings/serverspage.h"

#include <utility>

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QTimer>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/remote/connectionlabel.h"
#include "gui/remote/profilestore.h"
#include "gui/remote/statussentence.h"
#include "gui/settings/groupfields.h"
#include "gui/settings/serverform.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {

ServersPage::ServersPage(ServerBook& book, QWidget* parent)
    : SettingsPage(parent),
      m_book(book),
      m_list(new QWidget(this)),
      m_add(new Button(Button::Kind::Outlined, QStringLiteral("plus"), tr("Add a server"), this))
{
    addHint(tr("Models on other machines, or in other programs of this one: vLLM, LMDeploy, "
               "llama-server, Ollama, LM Studio and others of the OpenAI style. What you send to a "
               "server leaves this computer; Argali asks no others than those you name here."));
    column()->addWidget(m_list);
    m_note = addText({});
    m_undo = new Button(Button::Kind::Outlined, {}, tr("Undo"), this);
    m_undo->setAccessibleName(m_undo->text());
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_add);
    row->addWidget(m_undo);
    row->addStretch(1);
    column()->addLayout(row);
    m_trouble = addText({});
    m_trouble->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_form = new ServerForm(book, this);
    m_form->hide();
    column()->addWidget(m_form);
    finish();

    connect(m_add, &Button::clicked, this, &ServersPage::add);
    connect(m_undo, &Button::clicked, this, &ServersPage::undo);
    connect(m_form, &ServerForm::cancelled, this, &ServersPage::closeForm);
    connect(m_form, &ServerForm::saved, this, [this](const QString& id) {
        closeForm();
        if (ServerConnection* connection = m_book.find(id))
            connection->checkNow();
    });
    connect(&book, &ServerBook::changed, this, &ServersPage::showRows);
    connect(&book.store(), &ProfileStore::changed, this, &ServersPage::showTrouble);
    connect(&book.store(), &ProfileStore::erased, this, [this] {
        m_book.draft.reset();
        closeForm();
        m_removed.reset();
        say({}, false);
    });
    connect(&book.keys(), &KeyKeeper::keepsChanged, this, &ServersPage::showTrouble);
    say({}, false);
    showRows();
    showTrouble();
    if (m_book.draft) {
        openForm(m_book.draft->before);
        m_form->restore(*m_book.draft);
        m_book.draft.reset();
    }
}

ServersPage::~ServersPage()
{
    if (!m_form->isHidden())
        m_book.draft = m_form->draft();
}

void ServersPage::showEvent(QShowEvent* event)
{
    SettingsPage::showEvent(event);
    m_book.checkAll();
}

void ServersPage::showRows()
{
    auto* list = new QWidget(this);
    auto* rows = new QVBoxLayout(list);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(10);
    m_rows.clear();
    for (ServerConnection* connection : m_book.connections())
        addServer(list, connection);
    if (m_rows.isEmpty()) {
        auto* none = new QLabel(tr("There is no server yet."), list);
        none->setForegroundRole(QPalette::PlaceholderText);
        rows->addWidget(none);
    }
    delete column()->replaceWidget(m_list, list);
    m_list->hide();
    m_list->deleteLater(); // one of its buttons may have been clicked
    m_list = list;
    list->show();
    const QString edited = m_form->edited().id;
    if (!m_form->isHidden() && !edited.isEmpty() && !m_book.find(edited))
        closeForm();
}

void ServersPage::addServer(QWidget* list, ServerConnection* connection)
{
    const QString id = connection->profile().id;
    auto* dot = new StatusDot(list);
    auto* name = new ElidedLabel({}, list);
    auto* address = new ElidedLabel({}, list);
    address->setForegroundRole(QPalette::PlaceholderText);
    auto* status = new QLabel(list);
    status->setTextFormat(Qt::PlainText);
    status->setTextInteractionFlags(Qt::TextSelectableByMouse);
    makeWrapping(status);
    auto* group = new QLabel(list);
    group->setTextFormat(Qt::PlainText);
    group->setForegroundRole(QPalette::PlaceholderText);
    makeWrapping(group);
    for (QLabel* label : {static_cast<QLabel*>(address), status, group})
        label->setFont(scaledFont(font(), 0.92));
    const auto button = [&](const char* icon) {
        return new Button(Button::Kind::Ghost, QLatin1String(icon), {}, list);
    };
    const Row row{id,
                  status,
                  group,
                  button("chevron-up"),
                  button("chevron-down"),
                  button("reset"),
                  button("settings"),
                  button("trash")};
    const int place = m_book.store().indexOf(id);
    const int last = int(m_book.store().profiles().size()) - 1;
    row.up->setVisible(last > 0);
    row.down->setVisible(last > 0);
    row.up->setEnabled(place > 0);
    row.down->setEnabled(place < last);
    const auto showState = [this, connection, dot, name, address, row] {
        const QString shown = displayName(connection->profile().shownName());
        name->setText(shown);
        address->setText(displayName(connection->profile().url));
        row.status->setText(statusSentence(*connection));
        row.group->setText(groupSentence(m_book.store(), connection->profile()));
        row.group->setVisible(!row.group->text().isEmpty());
        dot->setState(dotFor(*connection));
        const auto call = [](Button* each, const QString& words) {
            each->setAccessibleName(words);
            each->setToolTip(plainToolTip(words));
        };
        call(row.up, tr("Move %1 up").arg(shown));
        call(row.down, tr("Move %1 down").arg(shown));
        call(row.check, tr("Check %1 now").arg(shown));
        call(row.edit, tr("Change %1").arg(shown));
        call(row.remove, tr("Remove %1").arg(shown));
    };
    connect(connection, &ServerConnection::statusChanged, list, showState);
    connect(connection, &ServerConnection::ready, list, showState);
    connect(connection, &ServerConnection::profileChanged, list, showState);
    connect(row.check, &Button::clicked, connection, &ServerConnection::checkNow);
    connect(row.up, &Button::clicked, this, [this, id] { move(id, -1); });
    connect(row.down, &Button::clicked, this, [this, id] { move(id, 1); });
    connect(row.edit, &Button::clicked, this, [this, id] { edit(id); });
    connect(row.remove, &Button::clicked, this, [this, id] { remove(id); });
    showState();
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(dot);
    head->addWidget(name);
    head->addWidget(address, 1);
    head->addWidget(row.up);
    head->addWidget(row.down);
    head->addWidget(row.check);
    head->addWidget(row.edit);
    head->addWidget(row.remove);
    auto* both = new QVBoxLayout;
    both->setSpacing(1);
    both->addLayout(head);
    both->addWidget(status);
    both->addWidget(group);
    static_cast<QVBoxLayout*>(list->layout())->addLayout(both);
    m_rows.append(row);
}

void ServersPage::showTrouble()
{
    QString words = m_book.store().trouble();
    bool isBad = !words.isEmpty();
    bool hasKeys = false;
    for (const ConnectionProfile& profile : m_book.store().profiles())
        hasKeys = hasKeys || profile.hasKey;
    if (!isBad && hasKeys && m_book.keys().keeps() == false)
        words = tr("There is no keychain on this system that Argali can use. Keys are in memory "
                   "only, and asked for again at the next start.");
    QPalette colours;
    if (isBad)
        colours.setColor(QPalette::WindowText, Theme::of(palette()).bad);
    m_trouble->setPalette(colours);
    m_trouble->setText(words);
    m_trouble->setVisible(!words.isEmpty());
}

void ServersPage::add()
{
    openForm({});
}

void ServersPage::edit(const QString& id)
{
    if (const ConnectionProfile* profile = m_book.store().find(id))
        openForm(*profile);
}

void ServersPage::openForm(const ConnectionProfile& profile)
{
    if (!m_form->isHidden() && m_form->isEdited()) {
        if (profile.id != m_form->edited().id)
            say(tr("Save what you have changed, or choose Cancel, before you open another server."),
                false);
        m_form->nameField()->setFocus();
        return;
    }
    say({}, false);
    m_removed.reset();
    m_form->edit(profile);
    m_form->show();
    m_add->hide();
    m_form->nameField()->setFocus();
    QTimer::singleShot(0, m_form, [this] { // once it has its place
        for (QWidget* each = parentWidget(); each; each = each->parentWidget()) {
            if (auto* scroll = qobject_cast<QScrollArea*>(each)) {
                scroll->ensureWidgetVisible(m_form->saveButton());
                scroll->ensureWidgetVisible(m_form->nameField());
            }
        }
    });
}

void ServersPage::closeForm()
{
    if (m_form->isHidden())
        return;
    const bool hadFocus = m_form->isAncestorOf(focusWidget());
    m_form->hide();
    m_form->edit({});
    m_add->show();
    say({}, false);
    if (hadFocus)
        m_add->setFocus();
}

void ServersPage::remove(const QString& id)
{
    const ServerConnection* const connection = m_book.find(id);
    const QString name = connection ? displayName(connection->profile().shownName()) : QString();
    ServerBook::Removed removed;
    const QString refusal = m_book.remove(id, removed);
    if (!refusal.isEmpty())
        return say(refusal, false);
    m_removed = std::move(removed);
    say(tr("The server “%1” was removed.").arg(name), true);
}

void ServersPage::move(const QString& id, int places)
{
    const QString refusal = m_book.store().move(id, places);
    say(refusal, false);
    if (!refusal.isEmpty())
        return;
    for (const Row& row : m_rows) { // the rows are others now; who moves on by keys goes on there
        if (row.id != id)
            continue;
        Button* const again = places < 0 ? row.up : row.down;
        (again->isEnabled() ? again : places < 0 ? row.down : row.up)->setFocus();
    }
}

void ServersPage::undo()
{
    if (!m_removed)
        return;
    const ServerBook::Removed removed = *std::exchange(m_removed, std::nullopt);
    const QString refusal = m_book.putBack(removed);
    say(refusal, false);
    if (ServerConnection* connection = m_book.find(removed.profile.id))
        connection->checkNow();
}

void ServersPage::say(const QString& sentence, bool canUndo)
{
    const bool hadFocus = m_undo->hasFocus();
    m_note->setText(sentence);
    m_note->setVisible(!sentence.isEmpty());
    m_undo->setVisible(canUndo);
    if (hadFocus && !canUndo)
        m_add->setFocus();
    if (sentence.isEmpty())
        return;
    QAccessibleEvent event(m_note, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

QString ServersPage::note() const
{
    return m_note->isHidden() ? QString() : m_note->text();
}

QString ServersPage::trouble() const
{
    return m_trouble->isHidden() ? QString() : m_trouble->text();
}

} // namespace argali::gui
