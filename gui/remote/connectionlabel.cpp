#include "gui/remote/connectionlabel.h"

#include <QHBoxLayout>

#include "gui/displayname.h"
#include "gui/remote/serverconnection.h"
#include "gui/remote/statussentence.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {

StatusDot::State dotFor(const ServerConnection& connection)
{
    if (connection.isKeyMissing())
        return StatusDot::State::Bad;
    switch (connection.status().kind) {
    case remote::ServerStatus::Kind::NotChecked:
        return StatusDot::State::Off;
    case remote::ServerStatus::Kind::Connected:
        return StatusDot::State::Ready;
    case remote::ServerStatus::Kind::NoSeeingModel:
    case remote::ServerStatus::Kind::Starting:
        return StatusDot::State::Waiting;
    default:
        return StatusDot::State::Bad;
    }
}

ConnectionLabel::ConnectionLabel(QWidget* parent)
    : QWidget(parent),
      m_dot(new StatusDot(this)),
      m_words(new ElidedLabel({}, this)),
      m_check(new Button(Button::Kind::Ghost, QStringLiteral("reset"), {}, this))
{
    m_words->setFont(scaledFont(font(), 0.9));
    m_words->setForegroundRole(QPalette::PlaceholderText);
    m_check->setAccessibleName(tr("Check now"));
    m_check->setToolTip(tr("Check now how it stands with the server"));
    const int side = fontMetrics().height() + 4; // no higher than the line of the status
    m_check->setFixedSize(m_check->sizeHint().width(), side); // room for the icon
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(m_dot);
    row->addWidget(m_words, 1);
    row->addWidget(m_check);
    connect(m_check, &Button::clicked, this, [this] {
        if (m_connection)
            m_connection->checkNow();
    });
    showState();
}

void ConnectionLabel::setConnection(ServerConnection* connection)
{
    if (connection == m_connection)
        return;
    if (m_connection)
        m_connection->disconnect(this);
    m_connection = connection;
    if (connection) {
        connect(connection, &ServerConnection::statusChanged, this, &ConnectionLabel::showState);
        connect(connection, &ServerConnection::factsChanged, this, &ConnectionLabel::showState);
        connect(connection, &ServerConnection::profileChanged, this, &ConnectionLabel::showState);
        connect(connection, &ServerConnection::ready, this, &ConnectionLabel::showState);
        connect(connection, &QObject::destroyed, this, &ConnectionLabel::showState);
    }
    showState();
}

QString ConnectionLabel::text() const
{
    return m_words->text();
}

void ConnectionLabel::showState()
{
    setVisible(m_connection != nullptr);
    m_words->setText(m_connection ? statusSentence(*m_connection) : QString());
    m_words->setToolTip(plainToolTip(m_words->text()));
    m_dot->setState(m_connection ? dotFor(*m_connection) : StatusDot::State::Off);
}

} // namespace argali::gui
