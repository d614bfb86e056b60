#include "gui/serving/servingwords.h"

#include <algorithm>
#include <array>

#include <QCoreApplication>
#include <QHostAddress>
#include <QLocale>
#include <QNetworkInterface>
#include <QRandomGenerator>

#include "gui/displayname.h"

namespace argali::gui {
namespace {

using State = ServerProcess::State;
using Trouble = ServerProcess::Trouble;

constexpr qsizetype longestKey = 256;
constexpr qsizetype shortestKey = 16;

/// Translations of the sentences.
struct ServingWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ServingWords)
};

QString troubleSentence(const ServerProcess& server)
{
    const QString port = QString::number(server.options().port);
    switch (server.trouble()) {
    case Trouble::NoProgram:
        return ServingWords::tr("The server cannot be started: its program, argali-cli, is not "
                                "beside this one or cannot be run. Install Argali again.");
    case Trouble::PortTaken:
        return ServingWords::tr("Port %1 is taken by another program. Choose another one, or 0 for "
                                "one that is free.")
            .arg(port);
    case Trouble::PortNotAllowed:
        return ServingWords::tr("You may not use port %1. Choose one from 1024 on.").arg(port);
    case Trouble::NoAddress:
        return ServingWords::tr("%1 is no address of this computer now. Choose another one.")
            .arg(server.options().address);
    case Trouble::NoMemory:
        return ServingWords::tr("There is not enough memory to open the model a second time. Close "
                                "other programs, or open a smaller model.");
    case Trouble::BadModel:
        return ServingWords::tr("The server cannot open the model. The log below says why.");
    case Trouble::NoDevice:
        return ServingWords::tr("The device that computes has failed, or is not there any more. "
                                "Choose another one in the settings.");
    case Trouble::Died:
        return ServingWords::tr("The server has ended unexpectedly. The log below may say why; "
                                "start it again.");
    case Trouble::None:
    case Trouble::Other:
        break;
    }
    return ServingWords::tr("The server did not start. The log below says why.");
}

QString durationText(double seconds)
{
    const auto whole = qint64(seconds);
    if (whole < 60)
        return ServingWords::tr("%1 s").arg(whole);
    if (whole < 3600)
        //: minutes and seconds
        return ServingWords::tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    //: hours and minutes
    return ServingWords::tr("%1 h %2 min").arg(whole / 3600).arg(whole / 60 % 60);
}

QString stateText(ServedRequest::State state)
{
    switch (state) {
    case ServedRequest::State::Waiting:
        return ServingWords::tr("Waiting");
    case ServedRequest::State::Reading:
        return ServingWords::tr("Reading");
    case ServedRequest::State::Thinking:
        return ServingWords::tr("Thinking");
    case ServedRequest::State::Answering:
        break;
    }
    return ServingWords::tr("Answering");
}

/// The address of this computer that others in its network most likely reach.
QString networkAddress()
{
    const QList<QHostAddress> all = QNetworkInterface::allAddresses();
    for (const QHostAddress& each : all)
        if (each.protocol() == QAbstractSocket::IPv4Protocol && !each.isLoopback() &&
            !each.isLinkLocal())
            return each.toString();
    return QStringLiteral("127.0.0.1");
}

} // namespace

QString servingSentence(const ServerProcess& server)
{
    switch (server.state()) {
    case State::Off:
        return ServingWords::tr("The model is not served.");
    case State::Starting:
        if (server.progress() >= 0)
            return ServingWords::tr("Starting: the model is being loaded, %1 %.")
                .arg(QLocale().toString(int(server.progress() * 100)));
        return ServingWords::tr("Starting…");
    case State::Running:
        if (server.isSilent())
            return ServingWords::tr("The server runs, but does not answer this window at the "
                                    "moment.");
        return ServingWords::tr("%1 is served at %2.")
            .arg(displayName(server.served()), servingUrl(server));
    case State::Finishing:
        return ServingWords::tr("Finishing the answers that are under way; no others are begun.");
    case State::Stopping:
        return ServingWords::tr("Stopping…");
    case State::Failed:
        break;
    }
    return troubleSentence(server);
}

QString shortServingSentence(const ServerProcess& server)
{
    const int requests = int(server.requests().size());
    switch (server.state()) {
    case State::Off:
        return {};
    case State::Starting:
        return ServingWords::tr("Server starting");
    case State::Running:
        return requests > 0 ? ServingWords::tr("Serving, %Ln request(s)", nullptr, requests)
                            : ServingWords::tr("Serving");
    case State::Finishing:
    case State::Stopping:
        return ServingWords::tr("Server stopping");
    case State::Failed:
        break;
    }
    return ServingWords::tr("Server failed");
}

QString askerOf(const ServedRequest& request)
{
    const QString client = displayName(request.client);
    if (client.isEmpty())
        return request.isLocal ? ServingWords::tr("A program on this computer")
                               : ServingWords::tr("A program on another computer");
    return request.isLocal ? ServingWords::tr("%1, on this computer").arg(client)
                           : ServingWords::tr("%1, on another computer").arg(client);
}

QString progressOf(const ServedRequest& request)
{
    const QLocale locale;
    QStringList parts{stateText(request.state)};
    if (request.promptTokens >= 0 && request.tokens >= 0)
        //: of a question and of the answer so far
        parts << ServingWords::tr("%1 + %2 tokens")
                     .arg(locale.toString(request.promptTokens), locale.toString(request.tokens));
    else if (request.promptTokens >= 0)
        //: of a question
        parts << ServingWords::tr("%1 tokens").arg(locale.toString(request.promptTokens));
    parts << durationText(request.seconds);
    return parts.join(QStringLiteral(" · "));
}

QString servingUrl(const ServerProcess& server)
{
    if (server.port() == 0)
        return {};
    QString host = server.options().address;
    if (QHostAddress(host) == QHostAddress(QHostAddress::AnyIPv4))
        host = networkAddress();
    if (host.contains(QLatin1Char(':')))
        host = QLatin1Char('[') + host + QLatin1Char(']');
    return QStringLiteral("http://%1:%2").arg(host).arg(server.port());
}

QString servingExample(const ServerProcess& server)
{
    QString text = QStringLiteral("curl %1/v1/chat/completions").arg(servingUrl(server));
    if (!server.options().key.isEmpty())
        text += QStringLiteral(" \\\n  -H \"Authorization: Bearer $ARGALI_API_KEY\"");
    return text + QStringLiteral(" \\\n  -H \"Content-Type: application/json\" \\\n"
                                 "  -d '{\"messages\": [{\"role\": \"user\", \"content\": "
                                 "\"Hello\"}]}'");
}

QString newServingKey()
{
    std::array<quint32, 6> numbers{};
    QRandomGenerator::system()->fillRange(numbers.data(), qsizetype(numbers.size()));
    const QByteArray bytes(reinterpret_cast<const char*>(numbers.data()),
                           qsizetype(sizeof(numbers)));
    return QLatin1String("argali-") +
           QString::fromLatin1(
               bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals));
}

QString servingKeyTrouble(const QString& key)
{
    const bool isPlain = std::all_of(key.begin(), key.end(),
                                     [](QChar c) { return c.unicode() > 32 && c.unicode() < 127; });
    if (!isPlain || key.size() > longestKey)
        return ServingWords::tr("A key has letters, digits and signs of English keyboards, no "
                                "blanks, and at most %1 of them.")
            .arg(longestKey);
    if (key.size() < shortestKey)
        return ServingWords::tr("A key that nobody guesses has at least %1 characters.")
            .arg(shortestKey);
    return {};
}

} // namespace argali::gui
