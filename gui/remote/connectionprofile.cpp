#include "gui/remote/connectionprofile.h"

#include <algorithm>
#include <array>

#include <QJsonArray>
#include <QUuid>

#include "engine/remote/headerlist.h"
#include "engine/remote/serverurl.h"
#include "gui/chat/conversationbook.h"
#include "gui/displayname.h"
#include "gui/jsonvalues.h"
#include "gui/remote/serverhttp.h"

namespace argali::gui {
namespace {

using remote::Known;
using remote::RequestPart;

// As they stand in the file; the order is that of the enumerations.
constexpr std::array dialects{"plain",  "vllm",      "lmdeploy", "llama-server",
                              "ollama", "lm-studio", "argali"};
static_assert(dialects.size() == size_t(remote::Dialect::Argali) + 1);
constexpr std::array parts{
    "media-options",  "thinking-switch",  "thinking-budget", "continuation",  "count-along",
    "stream-options", "completion-limit", "plain-limit",     "wide-sampling", "seed",
    "film-file"};
static_assert(parts.size() == size_t(RequestPart::FilmFile) + 1);
constexpr std::array proxies{"system", "none", "url"};
constexpr std::array groupModes{"ordered", "weighted"};
constexpr std::array filmForms{"frames", "file"};
static_assert(filmForms.size() == size_t(remote::RemoteOptions::FilmForm::File) + 1);

template <size_t N>
std::optional<int> indexOf(const std::array<const char*, N>& names, const QJsonValue& value)
{
    const auto found = std::find_if(names.begin(), names.end(), [&](const char* name) {
        return value.isString() && value.toString() == QLatin1String(name);
    });
    return found == names.end() ? std::nullopt : std::optional(int(found - names.begin()));
}

QJsonValue jsonOf(Known known)
{
    return known == Known::Unknown ? QJsonValue() : QJsonValue(known == Known::Yes);
}

Known knownIn(const QJsonObject& object, const char* key)
{
    const QJsonValue value = object.value(QLatin1String(key));
    return !value.isBool() ? Known::Unknown : value.toBool() ? Known::Yes : Known::No;
}

/// Names of headers that carry keys by custom; a profile is a readable file.
bool mayHoldKey(const QByteArray& name)
{
    const QByteArray lower = name.toLower();
    const std::array signs{"key", "token", "auth", "secret", "passw", "cookie", "credential"};
    return std::any_of(signs.begin(), signs.end(),
                       [&](const char* sign) { return lower.contains(sign); });
}

/// What files of before groups do not have is as it was then.
void readChoices(ConnectionProfile& profile, const QJsonObject& object)
{
    profile.group = cleanName(object.value(QLatin1String("group")).toString());
    profile.groupMode =
        GroupMode(indexOf(groupModes, object.value(QLatin1String("groupMode"))).value_or(0));
    profile.weight = int(
        wholeIn(object, "weight", 1, ConnectionProfile::largestWeight, ConnectionProfile().weight));
    profile.sendsOriginals = flagIn(object, "originals");
    profile.filmForm = remote::RemoteOptions::FilmForm(
        indexOf(filmForms, object.value(QLatin1String("film"))).value_or(0));
}

void readFindings(ConnectionProfile& profile, const QJsonObject& object)
{
    if (const auto index = indexOf(dialects, object.value(QLatin1String("dialect"))))
        profile.dialect = remote::Dialect(*index);
    for (const QJsonValue& each : object.value(QLatin1String("refused")).toArray())
        if (const auto index = indexOf(parts, each))
            profile.refused.insert(RequestPart(*index));
    const QJsonObject models = object.value(QLatin1String("models")).toObject();
    for (auto it = models.begin(); it != models.end(); ++it) {
        const QJsonObject said = it->toObject();
        const ModelAnswers answers{knownIn(said, "seesPictures"), knownIn(said, "seesFilms"),
                                   knownIn(said, "thinks")};
        if (profile.models.size() < ConnectionProfile::mostModels && answers != ModelAnswers())
            profile.models.insert(it.key(), answers);
    }
}

} // namespace

QString ConnectionProfile::newId()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces);
}

bool ConnectionProfile::isReachedLike(const ConnectionProfile& other) const
{
    return id == other.id && url == other.url && headers == other.headers && proxy == other.proxy &&
           certificateFile == other.certificateFile && connectLimit == other.connectLimit &&
           silenceLimit == other.silenceLimit && hasKey == other.hasKey;
}

void ConnectionProfile::forgetFindings()
{
    dialect.reset();
    refused.clear();
    models.clear();
}

void ConnectionProfile::takeFindings(const ConnectionProfile& other)
{
    dialect = other.dialect;
    refused = other.refused;
    models = other.models;
}

QJsonObject ConnectionProfile::toJson() const
{
    QJsonArray extra;
    for (const Header& header : headers)
        extra.append(QJsonArray{QString::fromUtf8(header.first), QString::fromUtf8(header.second)});
    QJsonArray left;
    for (const RequestPart part : refused)
        left.append(QLatin1String(parts[size_t(part)]));
    QJsonObject said;
    for (auto it = models.begin(); it != models.end(); ++it)
        said.insert(it.key(),
                    QJsonObject{{QStringLiteral("seesPictures"), jsonOf(it->seesPictures)},
                                {QStringLiteral("seesFilms"), jsonOf(it->seesFilms)},
                                {QStringLiteral("thinks"), jsonOf(it->thinks)}});
    QJsonObject object{
        {QStringLiteral("id"), id},
        {QStringLiteral("name"), name},
        {QStringLiteral("url"), url},
        {QStringLiteral("headers"), extra},
        {QStringLiteral("proxy"), QLatin1String(proxies[size_t(proxy.kind)])},
        {QStringLiteral("proxyUrl"), proxy.url},
        {QStringLiteral("certificates"), certificateFile},
        {QStringLiteral("connectSeconds"), double(connectLimit.count())},
        {QStringLiteral("silenceSeconds"), double(silenceLimit.count())},
        {QStringLiteral("hasKey"), hasKey},
        {QStringLiteral("group"), group},
        {QStringLiteral("groupMode"), QLatin1String(groupModes[size_t(groupMode)])},
        {QStringLiteral("weight"), weight},
        {QStringLiteral("originals"), sendsOriginals},
        {QStringLiteral("film"), QLatin1String(filmForms[size_t(filmForm)])},
        {QStringLiteral("refused"), left},
        {QStringLiteral("models"), said},
    };
    if (dialect)
        object.insert(QStringLiteral("dialect"), QLatin1String(dialects[size_t(*dialect)]));
    return object;
}

std::optional<ConnectionProfile> ConnectionProfile::fromJson(const QJsonObject& object)
{
    ConnectionProfile profile;
    profile.id = object.value(QLatin1String("id")).toString();
    profile.name = cleanName(object.value(QLatin1String("name")).toString());
    profile.url = regularUrl(object.value(QLatin1String("url")).toString());
    const QJsonArray extra = object.value(QLatin1String("headers")).toArray();
    if (profile.id.isEmpty() || profile.id.size() > longestName || extra.size() > mostHeaders)
        return std::nullopt;
    for (const QJsonValue& each : extra)
        profile.headers.emplace_back(each.toArray().at(0).toString().toUtf8(),
                                     each.toArray().at(1).toString().toUtf8());
    const auto kind = indexOf(proxies, object.value(QLatin1String("proxy")));
    profile.proxy.kind = ProxyChoice::Kind(kind.value_or(0));
    profile.proxy.url = object.value(QLatin1String("proxyUrl")).toString().left(2048);
    profile.certificateFile = object.value(QLatin1String("certificates")).toString().left(4096);
    const auto limit = [&](const char* key, std::chrono::seconds other) {
        return std::chrono::seconds(wholeIn(object, key, double(shortestLimit.count()),
                                            double(longestLimit.count()), other.count()));
    };
    profile.connectLimit = limit("connectSeconds", profile.connectLimit);
    profile.silenceLimit = limit("silenceSeconds", profile.silenceLimit);
    profile.hasKey = flagIn(object, "hasKey");
    readChoices(profile, object);
    readFindings(profile, object);
    if (!kind || !profileTrouble(profile).isEmpty())
        return std::nullopt;
    return profile;
}

QString regularUrl(const QString& url)
{
    const auto found = remote::ServerUrl::read(url.toStdString());
    const auto* const read = std::get_if<remote::ServerUrl>(&found);
    return read ? QString::fromStdString(read->text()) : QString();
}

QString urlTrouble(const QString& url)
{
    using Trouble = remote::UrlTrouble;
    const auto found = remote::ServerUrl::read(url.toStdString());
    const Trouble* const trouble = std::get_if<Trouble>(&found);
    if (!trouble)
        return {};
    switch (*trouble) {
    case Trouble::Empty:
        return ConnectionProfile::tr(
            "A server needs an address, such as http://localhost:8000 or https://example.org/v1.");
    case Trouble::TooLong:
        return ConnectionProfile::tr("An address of more than 2048 bytes cannot be used.");
    case Trouble::Scheme:
        return ConnectionProfile::tr(
            "The address of a server begins with http:// or https://, not with anything else.");
    case Trouble::Query:
        return ConnectionProfile::tr("This address has something after a ? or #. Leave that out: "
                                     "host, port and path are enough.");
    case Trouble::Password:
        return ConnectionProfile::tr("This address has a user or a password in it, which would be "
                                     "kept in a file that can be read. A key belongs in its own "
                                     "field.");
    case Trouble::OpenBracket:
        return ConnectionProfile::tr("A bracket in this address is not closed. An IPv6 address is "
                                     "written like http://[::1]:8000.");
    case Trouble::AfterBracket:
        return ConnectionProfile::tr("After the bracket in this address only a port can follow, "
                                     "as in http://[::1]:8000.");
    case Trouble::BareIpv6:
        return ConnectionProfile::tr(
            "An IPv6 address has to stand in brackets, as in http://[::1]:8000.");
    case Trouble::BadIpv6:
        return ConnectionProfile::tr("What stands in brackets is no IPv6 address.");
    case Trouble::Host:
        return ConnectionProfile::tr("No host has a name like that. Expected is something like "
                                     "http://localhost:8000 or https://example.org/v1.");
    case Trouble::Port:
        return ConnectionProfile::tr("The port has to be a number from 1 to 65535.");
    case Trouble::Path:
        return ConnectionProfile::tr("The path of this address has spaces or characters that have "
                                     "to be written with %, as %20 for a space.");
    case Trouble::Upwards:
        return ConnectionProfile::tr("The path of this address goes up with “..”. Write the path "
                                     "that it leads to.");
    }
    return {};
}

QString headerTrouble(const ConnectionProfile::Header& header)
{
    const QString name = displayName(QString::fromUtf8(header.first));
    if (isOwnHeader(header.first))
        return ConnectionProfile::tr("The header %1 is set by Argali itself. A key belongs in the "
                                     "field for the key.")
            .arg(name);
    if (mayHoldKey(header.first))
        return ConnectionProfile::tr("The header %1 looks like one for a key. Headers are kept in "
                                     "a file that can be read: a key belongs in its own field.")
            .arg(name);
    const auto trouble = remote::troubleOf(header.first.toStdString(), header.second.toStdString());
    if (!trouble)
        return {};
    switch (*trouble) {
    case remote::HeaderTrouble::Name:
        return ConnectionProfile::tr("“%1” is no name of a header. Write each on a line of its "
                                     "own, as in “X-Team: vision”.")
            .arg(name);
    case remote::HeaderTrouble::OfTransport:
        return ConnectionProfile::tr("The header %1 belongs to the connection and cannot be set.")
            .arg(name);
    case remote::HeaderTrouble::Value:
        return ConnectionProfile::tr("The header %1 has characters in it that cannot be sent.")
            .arg(name);
    case remote::HeaderTrouble::TooLong:
        return ConnectionProfile::tr("The header %1 is longer than 8192 bytes.").arg(name);
    }
    return {};
}

QString proxyTrouble(const ProxyChoice& proxy)
{
    if (proxy.kind != ProxyChoice::Kind::Url || proxyAt(proxy.url, false))
        return {};
    if (proxyAt(proxy.url, true))
        return ConnectionProfile::tr("The address of the proxy has a password in it, which would "
                                     "be kept in a file that can be read. Set HTTPS_PROXY and "
                                     "HTTP_PROXY instead, and choose “System”.");
    return ConnectionProfile::tr("This is no address of a proxy. Expected is something like "
                                 "http://proxy:3128 or socks5://proxy:1080.");
}

QString profileTrouble(const ConnectionProfile& profile)
{
    if (const QString trouble = urlTrouble(profile.url); !trouble.isEmpty())
        return trouble;
    if (int(profile.headers.size()) > ConnectionProfile::mostHeaders)
        return ConnectionProfile::tr("A server can have %1 further headers.")
            .arg(ConnectionProfile::mostHeaders);
    for (const auto& header : profile.headers)
        if (const QString trouble = headerTrouble(header); !trouble.isEmpty())
            return trouble;
    if (profile.weight < 1 || profile.weight > ConnectionProfile::largestWeight)
        return ConnectionProfile::tr("The share of a server is a number from 1 to %1.")
            .arg(ConnectionProfile::largestWeight);
    return proxyTrouble(profile.proxy);
}

} // namespace argali::gui
