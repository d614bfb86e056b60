#include "gui/settings/serverform.h"

#include <algorithm>

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/chat/conversationbook.h"
#include "gui/displayname.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/statussentence.h"
#include "gui/settings/abilitylist.h"
#include "gui/settings/groupfields.h"
#include "gui/settings/sendingfields.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/hairline.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {
namespace {

constexpr int mostListed = 8; // models that the outcome of a test names

QString headerText(const std::vector<ConnectionProfile::Header>& headers)
{
    QStringList lines;
    for (const auto& [name, value] : headers)
        lines.append(QString::fromUtf8(name) + QStringLiteral(": ") + QString::fromUtf8(value));
    return lines.join(QLatin1Char('\n'));
}

std::vector<ConnectionProfile::Header> headersIn(const QString& text)
{
    std::vector<ConnectionProfile::Header> headers;
    for (const QString& line : text.split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        const qsizetype colon = line.indexOf(QLatin1Char(':'));
        if (line.trimmed().isEmpty())
            continue;
        headers.emplace_back(line.left(colon).trimmed().toUtf8(),
                             colon < 0 ? QByteArray() : line.mid(colon + 1).trimmed().toUtf8());
    }
    return headers;
}

void setNote(QLabel* note, const QString& sentence, bool bad)
{
    QPalette colours;
    colours.setColor(QPalette::WindowText,
                     bad ? Theme::of(note->palette()).bad : Theme::of(note->palette()).muted);
    note->setPalette(colours);
    note->setText(sentence);
    note->setVisible(!sentence.isEmpty());
}

QString noteOf(const QLabel* note)
{
    return note->isHidden() ? QString() : note->text();
}

} // namespace

ServerForm::ServerForm(ServerBook& book, QWidget* parent)
    : QWidget(parent), m_book(book), m_scratch(QString())
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addWidget(new Hairline(Qt::Horizontal, this));
    layout->addSpacing(4);
    m_name = addField(layout, tr("Name"), tr("As you call it; empty: its address"));
    m_name->setMaxLength(ConnectionProfile::longestName);
    m_url = addField(layout, tr("Address"), QStringLiteral("http://localhost:8000"));
    m_urlNote = addNote(layout);
    m_key = addField(layout, tr("Key"), {});
    m_key->setEchoMode(QLineEdit::Password);
    m_keyNote = addNote(layout);
    m_forgetKey = new Button(Button::Kind::Outlined, {}, tr("Forget the key"), this);
    auto* keyRow = new QHBoxLayout;
    keyRow->addWidget(m_forgetKey);
    keyRow->addStretch(1);
    layout->addLayout(keyRow);
    m_more = new Disclosure(tr("More"), this);
    layout->addWidget(m_more);
    makeMore(m_more->contentLayout());
    makeAbilities(layout);
    makeButtons(layout);
    connect(m_url, &QLineEdit::textEdited, this, [this] { setNote(m_urlNote, {}, true); });
    connect(m_key, &QLineEdit::textEdited, this, &ServerForm::showKeyState);
    connect(m_forgetKey, &Button::clicked, this, [this] {
        m_forgetsKey = true;
        m_key->clear();
        m_key->setFocus();
        showKeyState();
    });
    connect(&book.keys(), &KeyKeeper::keepsChanged, this, &ServerForm::showKeyState);
    connect(&book.store(), &ProfileStore::learnt, this, [this](const QString& id) {
        if (id == m_profile.id) // else "Save" would put back what was known before
            m_profile.takeFindings(*m_book.store().find(id));
    });
    edit({});
}

ServerForm::~ServerForm() = default;

QLineEdit* ServerForm::addField(QVBoxLayout* layout, const QString& caption,
                                const QString& placeholder)
{
    auto* label = new QLabel(caption, this);
    auto* field = new QLineEdit(this);
    field->setProperty("field", true); // framed by the style sheet
    field->setPlaceholderText(placeholder);
    field->setAccessibleName(caption);
    label->setBuddy(field);
    layout->addWidget(label);
    layout->addWidget(field);
    return field;
}

QLabel* ServerForm::addNote(QVBoxLayout* layout)
{
    auto* note = new QLabel(this);
    note->setTextFormat(Qt::PlainText);
    note->setTextInteractionFlags(Qt::TextSelectableByMouse);
    makeWrapping(note);
    note->setFont(scaledFont(font(), 0.92));
    note->hide();
    layout->addWidget(note);
    return note;
}

void ServerForm::makeMore(QVBoxLayout* layout)
{
    layout->setSpacing(6);
    auto* caption = new QLabel(tr("Further headers, each on a line of its own"), this);
    m_headers = new QPlainTextEdit(this);
    caption->setBuddy(m_headers);
    m_headers->setProperty("field", true); // framed by the style sheet
    m_headers->setFrameShape(QFrame::NoFrame);
    m_headers->setAccessibleName(caption->text());
    m_headers->setPlaceholderText(QStringLiteral("X-Team: vision"));
    m_headers->setTabChangesFocus(true);
    m_headers->setFixedHeight(fontMetrics().lineSpacing() * 3 + 16);
    layout->addWidget(caption);
    layout->addWidget(m_headers);
    m_headersNote = addNote(layout);
    m_proxy = new SegmentedControl({tr("System"), tr("None"), tr("Address")}, this);
    m_proxy->segment(0)->setToolTip(
        tr("HTTPS_PROXY, HTTP_PROXY and NO_PROXY; without them as the desktop says"));
    for (int i = 0; i < 3; ++i)
        m_proxy->segment(i)->setAccessibleName(
            //: one of System, None, Address
            tr("Proxy: %1").arg(m_proxy->segment(i)->text()));
    auto* row = new QHBoxLayout;
    row->addWidget(new QLabel(tr("Proxy"), this), 1);
    row->addWidget(m_proxy);
    layout->addLayout(row);
    m_proxyUrl = new QLineEdit(this);
    m_proxyUrl->setProperty("field", true); // framed by the style sheet
    m_proxyUrl->setPlaceholderText(QStringLiteral("http://proxy:3128"));
    m_proxyUrl->setAccessibleName(tr("Address of the proxy"));
    layout->addWidget(m_proxyUrl);
    m_proxyNote = addNote(layout);
    connect(m_proxy, &SegmentedControl::currentChanged, this,
            [this](int choice) { m_proxyUrl->setVisible(choice == 2); });
    makeCertificates(layout);
    m_sending = new SendingFields(this);
    layout->addSpacing(6);
    layout->addWidget(m_sending);
    m_group = new GroupFields(m_book.store(), this);
    layout->addSpacing(6);
    layout->addWidget(m_group);
    connect(m_group->nameField(), &QLineEdit::returnPressed, this, &ServerForm::save);
}

void ServerForm::makeAbilities(QVBoxLayout* layout)
{
    m_abilitiesPart = new Disclosure(tr("What its models can"), this);
    layout->addWidget(m_abilitiesPart);
    m_abilities = new AbilityList(m_book, this);
    QLabel* const hint = addNote(m_abilitiesPart->contentLayout());
    setNote(hint, tr("What you say here is kept at once, for this server and model."), false);
    m_abilitiesPart->contentLayout()->addWidget(m_abilities);
    connect(m_abilities, &AbilityList::changed, this,
            [this] { m_abilitiesPart->setVisible(!m_abilities->isEmpty()); });
}

void ServerForm::makeCertificates(QVBoxLayout* layout)
{
    auto* caption = new QLabel(tr("Certificates of an authority of your own (PEM)"), this);
    m_certificates = new QLineEdit(this);
    m_certificates->setProperty("field", true); // framed by the style sheet
    m_certificates->setAccessibleName(caption->text());
    m_certificates->setPlaceholderText(tr("None: those of the system"));
    caption->setBuddy(m_certificates);
    auto* choose = new Button(Button::Kind::Outlined, {}, tr("Choose…"), this);
    choose->setAccessibleName(tr("Choose the file of certificates"));
    connect(choose, &Button::clicked, this, &ServerForm::chooseCertificates);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_certificates, 1);
    row->addWidget(choose);
    layout->addWidget(caption);
    layout->addLayout(row);
    const auto limit = [&](const QString& words) {
        auto* label = new QLabel(words, this);
        makeWrapping(label);
        auto* field = new QSpinBox(this);
        field->setRange(int(ConnectionProfile::shortestLimit.count()),
                        int(ConnectionProfile::longestLimit.count()));
        field->setSuffix(tr(" s"));
        field->setButtonSymbols(QAbstractSpinBox::NoButtons);
        field->setAccessibleName(words);
        label->setBuddy(field);
        auto* line = new QHBoxLayout;
        line->addWidget(label, 1);
        line->addWidget(field);
        layout->addLayout(line);
        return field;
    };
    m_connectLimit = limit(tr("Longest wait for the connection"));
    m_silenceLimit = limit(tr("Longest silence within an answer"));
}

void ServerForm::makeButtons(QVBoxLayout* layout)
{
    m_outcome = addNote(layout);
    m_refusal = addNote(layout);
    m_test = new Button(Button::Kind::Outlined, {}, tr("Test connection"), this);
    m_cancel = new Button(Button::Kind::Outlined, {}, tr("Cancel"), this);
    m_save = new Button(Button::Kind::Primary, {}, tr("Save"), this);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_test);
    row->addStretch(1);
    row->addWidget(m_cancel);
    row->addWidget(m_save);
    layout->addSpacing(6);
    layout->addLayout(row);
    connect(m_test, &Button::clicked, this, &ServerForm::test);
    connect(m_save, &Button::clicked, this, &ServerForm::save);
    connect(m_cancel, &Button::clicked, this, &ServerForm::cancelled);
    for (QLineEdit* field : {m_name, m_url, m_key})
        connect(field, &QLineEdit::returnPressed, this, &ServerForm::save);
}

void ServerForm::edit(const ConnectionProfile& profile)
{
    m_profile = profile;
    if (const ConnectionProfile* kept = m_book.store().find(profile.id))
        m_profile.takeFindings(*kept); // a draft may be older than what was learnt
    m_forgetsKey = false;
    m_tested.reset();
    m_test->setEnabled(true);
    m_key->clear();
    for (QLabel* note : {m_urlNote, m_headersNote, m_proxyNote, m_refusal, m_outcome})
        setNote(note, {}, true);
    fill(profile);
}

void ServerForm::fill(const ConnectionProfile& profile)
{
    m_name->setText(profile.name);
    m_url->setText(profile.url);
    m_headers->setPlainText(headerText(profile.headers));
    m_proxy->setCurrentIndex(int(profile.proxy.kind));
    m_proxyUrl->setText(profile.proxy.url);
    m_proxyUrl->setVisible(profile.proxy.kind == ProxyChoice::Kind::Url);
    m_certificates->setText(profile.certificateFile);
    m_connectLimit->setValue(int(profile.connectLimit.count()));
    m_silenceLimit->setValue(int(profile.silenceLimit.count()));
    m_sending->fill(profile);
    m_group->fill(profile);
    m_abilities->setServer(profile.id);
    m_abilitiesPart->setVisible(!m_abilities->isEmpty());
    ConnectionProfile plain;
    plain.id = profile.id;
    plain.url = profile.url;
    plain.hasKey = profile.hasKey;
    const bool isChosen =
        !profile.group.isEmpty() || profile.sendsOriginals || profile.filmForm != plain.filmForm;
    m_more->setOpen(!profile.id.isEmpty() && (isChosen || !plain.isReachedLike(profile)));
    showKeyState();
}

std::optional<ServerDraft> ServerForm::draft() const
{
    if (!isEdited())
        return std::nullopt;
    return ServerDraft{m_profile, typed(), remote::Secret(m_key->text().toStdString()),
                       m_forgetsKey};
}

void ServerForm::restore(const ServerDraft& draft)
{
    edit(draft.before);
    fill(draft.typed);
    m_key->setText(
        QString::fromUtf8(draft.key.reveal().data(), qsizetype(draft.key.reveal().size())));
    m_forgetsKey = draft.forgetsKey;
    showKeyState();
}

ConnectionProfile ServerForm::typed() const
{
    ConnectionProfile profile = m_profile;
    profile.name = cleanName(m_name->text());
    const QString url = regularUrl(m_url->text());
    profile.url = url.isEmpty() ? m_url->text() : url;
    profile.headers = headersIn(m_headers->toPlainText());
    profile.proxy.kind = ProxyChoice::Kind(m_proxy->currentIndex());
    profile.proxy.url =
        profile.proxy.kind == ProxyChoice::Kind::Url ? m_proxyUrl->text().trimmed() : QString();
    profile.certificateFile = m_certificates->text().trimmed();
    profile.connectLimit = std::chrono::seconds(m_connectLimit->value());
    profile.silenceLimit = std::chrono::seconds(m_silenceLimit->value());
    m_sending->writeTo(profile);
    m_group->writeTo(profile);
    profile.hasKey = !m_key->text().isEmpty() || (m_profile.hasKey && !m_forgetsKey);
    if (profile.url != m_profile.url)
        profile.forgetFindings();
    return profile;
}

bool ServerForm::isEdited() const
{
    return !m_key->text().isEmpty() || typed() != m_profile;
}

/// Says under each field what is wrong with it.
bool ServerForm::check()
{
    const ConnectionProfile profile = typed();
    setNote(m_urlNote, urlTrouble(m_url->text()), true);
    QString headers;
    for (const auto& header : profile.headers)
        if (headers.isEmpty())
            headers = headerTrouble(header);
    setNote(m_headersNote, headers, true);
    setNote(m_proxyNote, proxyTrouble(profile.proxy), true);
    const bool isBehindMore = !headers.isEmpty() || !m_proxyNote->text().isEmpty();
    if (isBehindMore)
        m_more->setOpen(true);
    if (!m_urlNote->text().isEmpty())
        m_url->setFocus();
    else if (!headers.isEmpty())
        m_headers->setFocus();
    else if (isBehindMore)
        m_proxyUrl->setFocus();
    return m_urlNote->text().isEmpty() && !isBehindMore && checkKey(profile);
}

/// A key goes to the machine it was typed for, and never from a safe connection to an open one.
bool ServerForm::checkKey(const ConnectionProfile& profile)
{
    showKeyState();
    const QUrl before(m_profile.url);
    const QUrl after(profile.url);
    const bool isSame = before.host() == after.host() && (after.scheme() == before.scheme() ||
                                                          after.scheme() == QLatin1String("https"));
    if (isSame || !m_profile.hasKey || m_forgetsKey || !m_key->text().isEmpty())
        return true;
    setNote(m_keyNote, tr("The key was entered for another address. Enter it again, or forget it."),
            true);
    m_key->setFocus();
    return false;
}

void ServerForm::keyPressEvent(QKeyEvent* event)
{
    if (event->key() != Qt::Key_Escape || event->modifiers() != Qt::NoModifier)
        return QWidget::keyPressEvent(event);
    event->accept(); // the dialog would close
    if (isEdited())
        setNote(m_refusal, tr("What you changed is not saved yet. Save it, or choose Cancel."),
                true);
    else
        emit cancelled();
}

void ServerForm::save()
{
    if (!check())
        return;
    ConnectionProfile profile = typed();
    if (profile.id.isEmpty())
        profile.id = ConnectionProfile::newId();
    const QString refusal = m_book.store().put(profile);
    setNote(m_refusal, refusal, true);
    if (!refusal.isEmpty())
        return;
    if (!m_key->text().isEmpty())
        m_book.setKey(profile.id, remote::Secret(m_key->text().trimmed().toStdString()), this,
                      [](bool) {});
    else if (m_profile.hasKey && !profile.hasKey)
        m_book.keys().remove(profile.id, this, [](const KeyKeeper::Answer&) {});
    m_key->clear();
    m_profile = profile;
    emit saved(profile.id);
}

void ServerForm::test()
{
    if (!check())
        return;
    ConnectionProfile profile = typed();
    remote::Secret key(m_key->text().trimmed().toStdString());
    const ServerConnection* const kept = m_book.find(m_profile.id);
    if (key.isEmpty() && kept && profile.hasKey)
        key = kept->key();
    profile.id = ConnectionProfile::newId(); // what comes out is not of the one that is kept
    profile.hasKey = false;                  // it is given here
    m_tested = std::make_unique<ServerConnection>(profile, m_scratch, m_book.keys());
    connect(m_tested.get(), &ServerConnection::checked, this, &ServerForm::showOutcome);
    m_test->setEnabled(false);
    setNote(m_outcome, tr("Asking the server…"), false);
    m_tested->setKey(key);
}

void ServerForm::showOutcome()
{
    m_test->setEnabled(true);
    const ServerConnection& tested = *m_tested;
    QStringList lines{statusSentence(tested)};
    const bool isUsable = tested.status().isUsable();
    if (isUsable) {
        const QString kind = tested.facts().dialect == remote::Dialect::Plain
                                 ? tr("of the OpenAI style")
                                 : QString::fromUtf8(remote::nameOf(tested.facts().dialect));
        const QString version = displayName(QString::fromStdString(tested.facts().version));
        lines.append(version.isEmpty() ? tr("Kind of server: %1").arg(kind)
                                       : tr("Kind of server: %1 %2").arg(kind, version));
        QStringList names;
        for (const remote::RemoteModel& model : tested.facts().models)
            if (names.size() < mostListed)
                names.append(displayName(QString::fromStdString(model.shown)));
        const int more = int(tested.facts().models.size()) - int(names.size());
        const QString listed = names.join(QStringLiteral(", "));
        if (!names.isEmpty())
            lines.append(more > 0 ? tr("Models: %1 and %Ln more", nullptr, more).arg(listed)
                                  : tr("Models: %1").arg(listed));
    }
    const bool isWaiting = tested.status().kind == remote::ServerStatus::Kind::Starting;
    setNote(m_outcome, lines.join(QLatin1Char('\n')), !isUsable && !isWaiting);
}

void ServerForm::showKeyState()
{
    const bool isKept = m_profile.hasKey && !m_forgetsKey;
    m_forgetKey->setVisible(isKept && m_key->text().isEmpty());
    m_key->setPlaceholderText(isKept ? tr("There is one; type another to replace it") : tr("None"));
    const bool isAsked = m_book.keys().keeps() == false;
    QString words;
    if (isAsked && (isKept || !m_key->text().isEmpty()))
        words = tr("There is no keychain on this system: the key is in memory only, and asked for "
                   "again at the next start.");
    else if (isKept)
        words = tr("Kept in the system's keychain.");
    else if (m_forgetsKey)
        words = tr("The key is forgotten when you save.");
    else if (!m_key->text().isEmpty())
        words = tr("It will be kept in the system's keychain, and in no file of Argali.");
    setNote(m_keyNote, words, isAsked && !words.isEmpty());
}

void ServerForm::chooseCertificates()
{
    auto* dialog = new QFileDialog(window(), tr("Choose the file of certificates"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    if (!m_certificates->text().isEmpty())
        dialog->setDirectory(QFileInfo(m_certificates->text()).absolutePath());
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& chosen) { m_certificates->setText(chosen); });
    dialog->open();
}

QString ServerForm::urlNote() const
{
    return noteOf(m_urlNote);
}

QString ServerForm::keyNote() const
{
    return noteOf(m_keyNote);
}

QString ServerForm::headersNote() const
{
    return noteOf(m_headersNote);
}

QString ServerForm::proxyNote() const
{
    return noteOf(m_proxyNote);
}

QString ServerForm::refusal() const
{
    return noteOf(m_refusal);
}

QString ServerForm::outcome() const
{
    return noteOf(m_outcome);
}

} // namespace argali::gui
