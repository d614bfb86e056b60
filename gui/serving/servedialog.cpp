#include "gui/serving/servedialog.h"

#include <algorithm>
#include <utility>

#include <QAccessible>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHostAddress>
#include <QKeyEvent>
#include <QLabel>
#include <QNetworkInterface>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QVBoxLayout>

#include "gui/background.h"
#include "gui/displayname.h"
#include "gui/serving/servedrequestlist.h"
#include "gui/serving/servingaccess.h"
#include "gui/serving/servingkey.h"
#include "gui/serving/servingwords.h"
#include "gui/settings/settings.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/disclosure.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/hairline.h"
#include "gui/widgets/statusdot.h"
#include "gui/widgets/thinbar.h"
#include "gui/widgets/toggleswitch.h"

namespace argali::gui {
namespace {

using State = ServerProcess::State;

QLabel* textLabel(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    makeWrapping(label);
    return label;
}

QLabel* noteLabel(const QString& text, QWidget* parent)
{
    QLabel* label = textLabel(text, parent);
    label->setFont(scaledFont(parent->font(), 0.92));
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

/// bad: in the colour of what went wrong
void setNote(QLabel* note, const QString& sentence, bool bad)
{
    QPalette colours;
    if (bad)
        colours.setColor(QPalette::PlaceholderText, Theme::of(note->palette()).bad);
    note->setPalette(colours);
    note->setText(sentence);
    note->setVisible(!sentence.isEmpty());
}

QString noteOf(const QLabel* note)
{
    return note->isHidden() ? QString() : note->text();
}

void addRow(QVBoxLayout* column, const QString& caption, QWidget* control, int stretch = 0)
{
    auto* label = new QLabel(caption, control->parentWidget());
    label->setTextFormat(Qt::PlainText);
    label->setBuddy(control);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(label, 1);
    row->addWidget(control, stretch);
    column->addLayout(row);
}

StatusDot::State dotOf(const ServerProcess& server)
{
    switch (server.state()) {
    case State::Off:
        return StatusDot::State::Off;
    case State::Running:
        return server.isSilent() ? StatusDot::State::Bad : StatusDot::State::Ready;
    case State::Failed:
        return StatusDot::State::Bad;
    case State::Starting:
    case State::Finishing:
    case State::Stopping:
        break;
    }
    return StatusDot::State::Waiting;
}

} // namespace

ServeDialog::ServeDialog(ServerProcess& server, Settings& settings, QWidget* parent)
    : QDialog(parent), m_server(server), m_settings(settings), m_said(server.state())
{
    setWindowTitle(tr("Serve this model"));
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(20, 16, 20, 16);
    column->setSpacing(10);
    column->addWidget(noteLabel(tr("Other programs ask the model at an address of this computer, "
                                   "as they ask servers of the OpenAI style. Nothing leaves this "
                                   "computer but the answers to them."),
                                page));
    makeForm(column);
    makeKey(column);
    makeState(column);
    makeRequests(column);
    column->addStretch(1);
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus); // what it holds has it
    scroll->setWidget(page);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(0);
    whole->addWidget(scroll, 1);
    whole->addWidget(new Hairline(Qt::Horizontal, this));
    whole->addWidget(makeButtons());
    const int em = fontMetrics().height();
    const QSize wanted(36 * em, 44 * em);
    resize(parent ? wanted.boundedTo(parent->size()) : wanted);
    setMinimumSize(26 * em, 16 * em);

    connect(&server, &ServerProcess::changed, this, &ServeDialog::showState);
    connect(&server, &ServerProcess::requestsChanged, this, &ServeDialog::showRequests);
    connect(&server, &ServerProcess::logged, this, &ServeDialog::showLog);
    showForm();
    showState();
    showRequests();
    showLog();
}

void ServeDialog::makeForm(QVBoxLayout* column)
{
    QWidget* page = column->parentWidget();
    m_modelName = new ElidedLabel({}, page);
    m_modelName->setAlignment(Qt::AlignTrailing | Qt::AlignVCenter);
    addRow(column, tr("Model"), m_modelName, 2);
    m_address = new ComboBox(page);
    m_address->setAccessibleName(tr("Reached from"));
    addRow(column, tr("Reached from"), m_address);
    m_addressNote = noteLabel({}, page);
    column->addWidget(m_addressNote);
    m_port = new QSpinBox(page);
    m_port->setRange(0, 65535);
    m_port->setButtonSymbols(QAbstractSpinBox::NoButtons);
    //: in place of the number of a port
    m_port->setSpecialValueText(tr("One that is free"));
    m_port->setValue(m_settings.value(settings::servePort));
    m_port->setAccessibleName(tr("Port"));
    m_port->setToolTip(tr("0: one that is free"));
    addRow(column, tr("Port"), m_port);
    fillAddresses();
    connect(m_address, &QComboBox::currentIndexChanged, this, &ServeDialog::showForm);
}

/// Those of this computer. One that was chosen before and is not there now stays chosen.
void ServeDialog::fillAddresses()
{
    const QString chosen = m_settings.value(settings::serveAddress);
    m_address->addItem(tr("This computer only"), QStringLiteral("127.0.0.1"));
    m_address->addItem(tr("All computers of the network"), QStringLiteral("0.0.0.0"));
    const QList<QHostAddress> all = QNetworkInterface::allAddresses();
    for (const QHostAddress& each : all)
        if (each.protocol() == QAbstractSocket::IPv4Protocol && !each.isLoopback())
            m_address->addItem(tr("Computers that reach %1").arg(each.toString()), each.toString());
    if (m_address->findData(chosen) < 0 && !QHostAddress(chosen).isNull())
        m_address->addItem(tr("Computers that reach %1").arg(chosen), chosen);
    m_address->setCurrentIndex(std::max(m_address->findData(chosen), 0));
}

void ServeDialog::makeKey(QVBoxLayout* column)
{
    QWidget* page = column->parentWidget();
    m_asksForKey = new ToggleSwitch(tr("Programs have to send a key"), page);
    m_asksForKey->setChecked(m_settings.value(settings::serveWithKey));
    column->addWidget(m_asksForKey);
    m_key = new ServingKey(page);
    column->addWidget(m_key);
    m_costNote = noteLabel({}, page);
    column->addWidget(m_costNote);
    connect(m_asksForKey, &ToggleSwitch::toggled, this, &ServeDialog::showForm);
    connect(m_key, &ServingKey::changed, this, &ServeDialog::showForm);
}

void ServeDialog::makeState(QVBoxLayout* column)
{
    QWidget* page = column->parentWidget();
    column->addWidget(new Hairline(Qt::Horizontal, page));
    m_dot = new StatusDot(page);
    m_state = textLabel({}, page);
    m_state->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    auto* place = new QVBoxLayout; // in the middle of the first line
    place->addSpacing((m_state->fontMetrics().height() - m_dot->height()) / 2);
    place->addWidget(m_dot);
    place->addStretch(1);
    row->addLayout(place);
    row->addWidget(m_state, 1);
    column->addLayout(row);
    m_bar = new ThinBar(page);
    m_bar->setAccessibleName(tr("Progress"));
    column->addWidget(m_bar);
    m_access = new ServingAccess(page);
    column->addWidget(m_access);
}

void ServeDialog::makeRequests(QVBoxLayout* column)
{
    QWidget* page = column->parentWidget();
    column->addWidget(new Hairline(Qt::Horizontal, page));
    auto* heading = new QLabel(tr("Requests"), page);
    heading->setFont(scaledFont(font(), 1, QFont::DemiBold));
    column->addWidget(heading);
    m_requests = new ServedRequestList(page);
    m_requests->setAccessibleName(heading->text());
    column->addWidget(m_requests);
    m_logPart = new Disclosure(tr("Log of the server"), page);
    m_log = new QPlainTextEdit(m_logPart);
    m_log->setReadOnly(true);
    m_log->setProperty("field", true); // framed by the style sheet
    m_log->setFrameShape(QFrame::NoFrame);
    m_log->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_log->setAccessibleName(tr("Log of the server"));
    m_log->setTabChangesFocus(true);
    m_log->setMinimumHeight(fontMetrics().lineSpacing() * 9);
    m_logPart->contentLayout()->addWidget(m_log);
    m_logPart->setOpen(false);
    column->addWidget(m_logPart);
    connect(m_requests, &ServedRequestList::stopRequested, &m_server, &ServerProcess::stopRequest);
}

QWidget* ServeDialog::makeButtons()
{
    auto* bar = new QWidget(this);
    auto* close = new Button(Button::Kind::Outlined, {}, tr("Close"), bar);
    close->setToolTip(tr("Closes this window. What is served stays served."));
    m_stop = new Button(Button::Kind::Outlined, QStringLiteral("stop"), {}, bar);
    m_start = new Button(Button::Kind::Primary, {}, tr("Start serving"), bar);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(20, 10, 20, 10);
    row->setSpacing(8);
    row->addStretch(1);
    row->addWidget(close);
    row->addWidget(m_stop);
    row->addWidget(m_start);
    connect(close, &Button::clicked, this, &QDialog::close);
    connect(m_stop, &Button::clicked, &m_server, &ServerProcess::stop);
    connect(m_start, &Button::clicked, this, &ServeDialog::start);
    return bar;
}

void ServeDialog::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    const bool isSame = m_model && model && m_model->folder == model->folder &&
                        m_model->context == model->context && m_model->dtype == model->dtype;
    m_model = model;
    m_isLoading = loading;
    if (!isSame)
        lookAtCost();
    showForm();
}

void ServeDialog::takeOver(const ServeDialog& old)
{
    m_port->setValue(old.m_port->value());
    m_address->setCurrentIndex(std::max(m_address->findData(old.m_address->currentData()), 0));
    m_asksForKey->setChecked(old.m_asksForKey->isChecked());
    m_key->takeOver(*old.m_key);
    m_logPart->setOpen(old.m_logPart->isOpen());
    m_access->examplePart()->setOpen(old.m_access->examplePart()->isOpen());
    move(old.pos());
    resize(old.size());
}

void ServeDialog::showEvent(QShowEvent* event)
{
    QDialog::showEvent(event);
    if (event->spontaneous())
        return;
    (m_server.isOn() ? m_stop : m_start)->setFocus();
    if (!m_server.isOn())
        lookAtCost(); // what is free changes
}

/// Free memory is asked of the devices, which may take a moment.
void ServeDialog::lookAtCost()
{
    const quint64 looking = ++m_looking;
    if (!m_model)
        return setCost(std::nullopt);
    inBackground(
        this, [model = *m_model] { return servingCost(model); },
        [this, looking](const std::optional<ServingCost>& cost) {
            if (looking == m_looking)
                setCost(cost);
        });
}

void ServeDialog::setCost(const std::optional<ServingCost>& cost)
{
    ++m_looking;
    m_cost = cost;
    showForm();
}

ServingOptions ServeDialog::typed() const
{
    ServingOptions options;
    options.address = m_address->currentData().toString();
    options.port = m_port->value();
    if (m_asksForKey->isChecked() || !options.isLocal())
        options.key = m_key->key();
    return options;
}

void ServeDialog::start()
{
    if (!m_start->isEnabled() || !m_model || m_server.isOn())
        return;
    m_settings.set(settings::serveAddress, m_address->currentData().toString());
    m_settings.set(settings::servePort, m_port->value());
    m_settings.set(settings::serveWithKey, m_asksForKey->isChecked());
    m_server.start(*m_model, typed());
}

/// What may be changed, and what is wrong with it.
void ServeDialog::showForm()
{
    const bool isOn = m_server.isOn();
    const bool isLocal = typed().isLocal();
    const bool hasKey = m_asksForKey->isChecked() || !isLocal;
    const bool isWhole = !hasKey || m_key->trouble().isEmpty();
    m_modelName->setText(isOn      ? displayName(m_server.served())
                         : m_model ? displayName(m_model->name())
                                   : tr("None is open"));
    for (QWidget* each : {static_cast<QWidget*>(m_address), static_cast<QWidget*>(m_port)})
        each->setEnabled(!isOn);
    // Whoever is let in from outside needs a key, whatever was chosen.
    m_asksForKey->setVisible(isLocal);
    m_asksForKey->setEnabled(!isOn);
    m_key->setVisible(hasKey);
    m_key->setFixed(isOn);
    setNote(m_addressNote,
            isLocal ? QString()
                    : tr("Others can read what goes over the network, since it is not encrypted. "
                         "Programs have to send the key below."),
            false);
    setNote(m_costNote, m_cost && !isOn ? servingCostSentence(*m_cost) : QString(),
            m_cost && m_cost->room() == ServingCost::Room::TooLittle);
    m_start->setVisible(!isOn);
    m_start->setEnabled(!isOn && m_model && !m_isLoading && isWhole);
    m_start->setToolTip(m_model ? QString() : tr("Open a model on this computer first."));
}

void ServeDialog::showState()
{
    const State state = m_server.state();
    const QWidget* const focused = focusWidget(); // hiding it would give the focus to another one
    const bool hadFocus = focused && (focused == m_start || focused == m_stop);
    showForm();
    m_dot->setState(dotOf(m_server));
    m_state->setText(servingSentence(m_server));
    m_state->setToolTip(plainToolTip(m_server.details()));
    m_bar->setVisible(state == State::Starting);
    m_bar->setProgress(qint64(std::max(m_server.progress(), 0.0) * 1000),
                       m_server.progress() < 0 ? 0 : 1000);
    const bool isReached = state == State::Running;
    m_access->setVisible(isReached);
    if (isReached)
        m_access->setServer(m_server);
    m_stop->setVisible(m_server.isOn());
    m_stop->setText(state == State::Finishing  ? tr("Stop them now")
                    : state == State::Starting ? tr("Cancel")
                                               : tr("Stop serving"));
    m_stop->setEnabled(state != State::Stopping);
    m_requests->setStoppable(state == State::Running);
    m_requests->setEmptyWords(isReached ? tr("Nobody asks at the moment.")
                                        : tr("Requests are listed here while the model is "
                                             "served."));
    if (hadFocus)
        (m_server.isOn() ? m_stop : m_start)->setFocus();
    if (state == State::Failed && m_said != state && !m_server.log().isEmpty())
        m_logPart->setOpen(true);
    if (std::exchange(m_said, state) == state)
        return;
    QAccessibleEvent event(m_state, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void ServeDialog::showRequests()
{
    m_requests->setRequests(m_server.requests());
}

void ServeDialog::showLog()
{
    QScrollBar* bar = m_log->verticalScrollBar();
    const bool isAtEnd = bar->value() == bar->maximum();
    m_log->setPlainText(m_server.log().join(QLatin1Char('\n')));
    if (isAtEnd)
        bar->setValue(bar->maximum());
}

void ServeDialog::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        return start();
    QDialog::keyPressEvent(event);
}

QString ServeDialog::stateText() const
{
    return m_state->text();
}

QString ServeDialog::costText() const
{
    return noteOf(m_costNote);
}

QString ServeDialog::addressNote() const
{
    return noteOf(m_addressNote);
}

} // namespace argali::gui
