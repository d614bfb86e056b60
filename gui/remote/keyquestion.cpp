#include "gui/remote/keyquestion.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/remote/serverbook.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"

namespace argali::gui {
namespace {

constexpr int textWidth = 380;

} // namespace

KeyQuestion::KeyQuestion(ServerBook& servers, const QString& profile, QWidget* parent)
    : QDialog(parent),
      m_key(new QLineEdit(this)),
      m_use(new Button(Button::Kind::Primary, {}, tr("Use this key"), this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Key of a server"));
    const ServerConnection* const connection = servers.find(profile);
    const QString name = connection ? displayName(connection->profile().shownName()) : QString();
    auto* words = new QLabel(tr("%1 wants a key, and none is known here.").arg(name), this);
    words->setTextFormat(Qt::PlainText);
    words->setWordWrap(true);
    words->setFixedWidth(textWidth);
    m_key->setEchoMode(QLineEdit::Password);
    m_key->setProperty("field", true); // framed by the style sheet
    m_key->setAccessibleName(words->text());
    auto* note = new QLabel(this);
    note->setObjectName(QStringLiteral("note"));
    note->setText(servers.keys().keeps() == false
                      ? tr("There is no keychain on this system: the key is in memory only, and "
                           "asked for again at the next start.")
                      : tr("It will be kept in the system's keychain, and in no file of Argali."));
    note->setTextFormat(Qt::PlainText);
    note->setWordWrap(true);
    note->setFixedWidth(textWidth);
    note->setFont(scaledFont(font(), 0.92));
    note->setForegroundRole(QPalette::PlaceholderText);
    auto* later = new Button(Button::Kind::Outlined, {}, tr("Later"), this);
    m_use->setEnabled(false);
    setTabOrder(later, m_use);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch(1);
    buttons->addWidget(later);
    buttons->addWidget(m_use);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(8);
    column->addWidget(words);
    column->addWidget(m_key);
    column->addWidget(note);
    column->addSpacing(4);
    column->addLayout(buttons);
    connect(m_key, &QLineEdit::textChanged, this,
            [this](const QString& text) { m_use->setEnabled(!text.trimmed().isEmpty()); });
    connect(m_key, &QLineEdit::returnPressed, m_use, &Button::click);
    connect(later, &Button::clicked, this, &QDialog::reject);
    connect(m_use, &Button::clicked, this, [this, &servers, profile] {
        servers.setKey(profile, remote::Secret(m_key->text().trimmed().toStdString()), &servers,
                       [](bool) {});
        accept();
    });
}

QString KeyQuestion::note() const
{
    return findChild<QLabel*>(QStringLiteral("note"))->text();
}

KeyQuestion* askForKey(ServerBook& servers, const QString& profile, QWidget* parent)
{
    if (!servers.find(profile))
        return nullptr;
    auto* question = new KeyQuestion(servers, profile, parent);
    question->open();
    return question;
}

} // namespace argali::gui
