#include "gui/remote/statussentence.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QLocale>
#include <QUrl>

#include "gui/displayname.h"
#include "gui/remote/serverconnection.h"

namespace argali::gui {
namespace {

using Kind = remote::ServerStatus::Kind;

class StatusSentence final {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::StatusSentence)
public:
    StatusSentence(const remote::ServerStatus& status, const ConnectionProfile& profile)
        : m_status(status), m_profile(profile), m_name(displayName(profile.shownName()))
    {
    }
    QString text() const;
    static QString keyMissing(const QString& name)
    {
        return tr("%1 wants a key, and Argali has none. Enter it in the settings, on the page "
                  "“Servers”.")
            .arg(name);
    }

private:
    QString starting() const;
    QString refused() const;
    QString wrongKey() const;
    QString tls() const;
    QString address() const;
    QString host() const { return displayName(QUrl(m_profile.url).host()); }
    /// What the server or the system said, behind the sentence.
    QString withDetail(const QString& sentence) const;

    const remote::ServerStatus& m_status;
    const ConnectionProfile& m_profile;
    const QString m_name;
};

QString StatusSentence::text() const
{
    const QString model = displayName(QString::fromStdString(m_status.model));
    switch (m_status.kind) {
    case Kind::NotChecked:
        return tr("%1 has not been looked at yet.").arg(m_name);
    case Kind::Connected:
        return tr("Connected to %1: %2").arg(m_name, model);
    case Kind::NoSeeingModel:
        return model.isEmpty()
                   ? tr("Connected to %1, which has no model. Load one there.").arg(m_name)
                   : tr("Connected to %1: %2. None of its models sees pictures; questions without "
                        "pictures work.")
                         .arg(m_name, model);
    case Kind::Starting:
        return starting();
    case Kind::Refused:
        return refused();
    case Kind::NameNotFound:
        return tr("The name %1 is not known. Check how it is written, and whether this computer is "
                  "on the network.")
            .arg(host());
    case Kind::TimedOut:
        return tr("%1 does not answer in time. It may be busy, switched off, or behind a firewall; "
                  "Argali keeps trying.")
            .arg(m_name);
    case Kind::WrongKey:
        return wrongKey();
    case Kind::Tls:
        return tls();
    case Kind::NotOpenAiStyle:
        return tr("What answers at %1 is no server of the OpenAI style. Check the port, and that "
                  "the address is the one before /v1.")
            .arg(address());
    case Kind::Other:
        break;
    }
    return m_status.detail.empty()
               ? tr("%1 cannot be used now, and does not say why. Look at its log.").arg(m_name)
               : tr("%1 cannot be used now: %2")
                     .arg(m_name, displayName(QString::fromStdString(m_status.detail)));
}

QString StatusSentence::starting() const
{
    if (!m_status.progress || !std::isfinite(*m_status.progress))
        return tr("%1 is starting and loads its model. It will be ready by itself.").arg(m_name);
    const int percent = int(std::lround(std::clamp(*m_status.progress, 0.0, 1.0) * 100));
    return tr("%1 is starting and loads its model: %2 %. It will be ready by itself.")
        .arg(m_name, QLocale().toString(percent));
}

QString StatusSentence::refused() const
{
    return tr("Nothing listens at %1. Start the server there, or check the port; a server on "
              "another machine has to listen on its network address, too.")
        .arg(address());
}

QString StatusSentence::wrongKey() const
{
    return m_profile.hasKey
               ? tr("%1 does not take the key. Enter the right one in the settings, on the page "
                    "“Servers”.")
                     .arg(m_name)
               : tr("%1 wants a key. Enter it in the settings, on the page “Servers”.").arg(m_name);
}

QString StatusSentence::tls() const
{
    return withDetail(
        m_profile.certificateFile.isEmpty()
            ? tr("There is no safe connection to %1. If its certificate is of your own authority, "
                 "name that file in the settings; if it has none, write http:// before the "
                 "address.")
                  .arg(m_name)
            : tr("There is no safe connection to %1. Check that the file of certificates is the "
                 "one of its authority, and that the address has the name in the certificate.")
                  .arg(m_name));
}

QString StatusSentence::address() const
{
    return displayName(m_profile.url);
}

QString StatusSentence::withDetail(const QString& sentence) const
{
    if (m_status.detail.empty())
        return sentence;
    //: a sentence, and what the system says
    return tr("%1 (%2)").arg(sentence, displayName(QString::fromStdString(m_status.detail)));
}

} // namespace

QString statusSentence(const remote::ServerStatus& status, const ConnectionProfile& profile)
{
    return StatusSentence(status, profile).text();
}

QString statusSentence(const ServerConnection& connection)
{
    if (connection.isKeyMissing())
        return StatusSentence::keyMissing(displayName(connection.profile().shownName()));
    return statusSentence(connection.status(), connection.profile());
}

} // namespace argali::gui
