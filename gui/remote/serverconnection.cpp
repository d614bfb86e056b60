#include "gui/remote/serverconnection.h"

#include <algorithm>
#include <array>
#include <utility>

#include <QBuffer>
#include <QFile>
#include <QImage>

#include "engine/error.h"
#include "engine/remote/failurereading.h"
#include "engine/remote/requestbody.h"
#include "gui/exchange/regularfile.h"
#include "gui/remote/profilestore.h"

namespace argali::gui {
namespace {

using remote::Known;

constexpr qint64 largestReply = 8 << 20;        // of a check
constexpr qint64 largestCertificates = 1 << 20; // of a file

void overrule(Known& said, Known answer)
{
    if (answer != Known::Unknown)
        said = answer;
}

/// Never empty, so that a file that cannot be read is not taken for "none".
QByteArray certificatesIn(const QString& path)
{
    QFile file;
    QByteArray bytes;
    if (openRegular(file, path, Links::Follow))
        bytes = file.read(largestCertificates);
    return bytes.isEmpty() ? QByteArrayLiteral("cannot be read") : bytes;
}

remote::SharedBytes tinyPicture()
{
    QImage picture(2, 2, QImage::Format_RGB32);
    picture.fill(Qt::red);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    return std::make_shared<const std::string>(bytes.toStdString());
}

std::string sightBody(const std::string& model, const ConnectionProfile& profile)
{
    remote::RemoteItem picture;
    picture.type = remote::RemoteItem::Type::Picture;
    picture.picture = {tinyPicture(), "image/png"};
    remote::RemoteItem text;
    text.text = "Which colour?";
    remote::RemoteOptions options;
    options.model = model;
    options.stream = false;
    options.maxTokens = 1;
    return remote::chatBody({{remote::RemoteMessage::Role::User, {picture, text}}}, options,
                            profile.dialect.value_or(remote::Dialect::Plain), profile.refused)
        .json;
}

template <size_t N> bool hasOneOf(const std::string& text, const std::array<const char*, N>& words)
{
    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return text.find(word) != text.npos; });
}

} // namespace

Known sightIn(const remote::HttpReply& reply)
{
    if (reply.isSuccess())
        return Known::Yes;
    const std::string detail =
        QString::fromStdString(remote::failureFromReply(reply).detail).toLower().toStdString();
    const std::array about{"image",       "picture", "vision", "multimodal",
                           "multi-modal", "mmproj",  "modalit"};
    const std::array ofSize{"larger than", "too small", "at least", "minimum", "must be larger"};
    const std::array refusing{400, 404, 415, 422, 500, 501};
    const bool refuses =
        std::find(refusing.begin(), refusing.end(), reply.status) != refusing.end();
    if (!refuses || !hasOneOf(detail, about))
        return Known::Unknown;
    // Who minds how small it is has looked at it.
    return hasOneOf(detail, ofSize) ? Known::Yes : Known::No;
}

ServerConnection::ServerConnection(const ConnectionProfile& profile, ProfileStore& store,
                                   KeyKeeper& keys, QObject* parent,
                                   const remote::HealthIntervals& intervals)
    : QObject(parent),
      m_profile(profile),
      m_store(store),
      m_monitor(remote::Clock::now(), intervals)
{
    m_wake.setSingleShot(true);
    m_wake.setTimerType(Qt::CoarseTimer);
    connect(&m_wake, &QTimer::timeout, this, &ServerConnection::go);
    if (!profile.hasKey) {
        makeHttp();
        return;
    }
    keys.read(profile.id, this, [this](const KeyKeeper::Answer& answer) {
        if (m_http)
            return; // the user was quicker
        m_key = answer.key;
        makeHttp();
        emit ready();
        go();
    });
}

ServerConnection::~ServerConnection() = default;

void ServerConnection::makeHttp()
{
    if (m_probe) { // it begins anew
        m_monitor.finished(remote::Clock::now(), m_monitor.check(), m_status);
        m_monitor.checkNow(remote::Clock::now());
    }
    dropCheck();
    ServerAccess access{remote::ServerUrl::parse(m_profile.url.toStdString()), m_key};
    access.headers = m_profile.headers;
    access.proxy = m_profile.proxy;
    if (!m_profile.certificateFile.isEmpty())
        access.certificates = certificatesIn(m_profile.certificateFile);
    access.connectLimit = m_profile.connectLimit;
    access.silenceLimit = m_profile.silenceLimit;
    m_http = std::make_unique<ServerHttp>(std::move(access)); // what was open ends here
    if (const QString model = std::exchange(m_sightModel, {}); !model.isEmpty())
        emit sightProbed(model, Known::Unknown, {});
}

void ServerConnection::setKey(const remote::Secret& key)
{
    m_key = key;
    makeHttp();
    emit ready();
    checkNow();
}

void ServerConnection::setProfile(const ConnectionProfile& profile)
{
    m_profile = profile;
    const remote::ServerFacts facts = withAnswers(m_found);
    if (facts.models != m_facts.models) {
        m_facts = facts;
        if (m_status.isUsable())
            setStatus(remote::statusOf(facts));
        emit factsChanged(m_facts);
    }
    emit profileChanged();
}

const remote::RemoteModel* ServerConnection::model(const std::string& id) const
{
    const auto found = std::find_if(m_facts.models.begin(), m_facts.models.end(),
                                    [&](const auto& model) { return model.id == id; });
    return found == m_facts.models.end() ? nullptr : &*found;
}

void ServerConnection::setActive(bool active)
{
    m_isActive = active;
    go();
}

void ServerConnection::setHidden(bool hidden)
{
    m_monitor.setHidden(hidden);
    go();
}

void ServerConnection::setAnswering(bool answering)
{
    m_monitor.setAnswering(answering);
    go();
}

void ServerConnection::checkNow()
{
    m_isAsked = true;
    m_monitor.checkNow(remote::Clock::now());
    go();
}

/// Does what the monitor says, and comes again when it has something to say.
void ServerConnection::go()
{
    m_wake.stop();
    if (!m_http || (!m_isActive && !m_isAsked && !m_probe))
        return;
    switch (m_monitor.tick(remote::Clock::now())) {
    case remote::HealthMonitor::Action::Start:
        begin();
        break;
    case remote::HealthMonitor::Action::Abort:
        dropCheck();
        setStatus(m_monitor.status());
        m_isAsked = m_isAsked && m_monitor.status().kind != remote::ServerStatus::Kind::TimedOut;
        emit checked();
        break;
    case remote::HealthMonitor::Action::None:
        break;
    }
    const auto wake = m_monitor.wake();
    if (!wake || (!m_isActive && !m_isAsked && !m_probe))
        return;
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(*wake - remote::Clock::now());
    m_wake.start(std::max(pause, std::chrono::milliseconds(1)));
}

void ServerConnection::begin()
{
    m_probe.emplace(m_profile.dialect);
    step();
}

void ServerConnection::step()
{
    const auto& request = m_probe->next();
    if (!request)
        return endCheck();
    m_exchange = request->method == "POST" ? m_http->post(request->path, request->body)
                                           : m_http->get(request->path);
    collect(m_exchange, largestReply, this, [this](const Collected& collected) {
        if (const auto* reply = std::get_if<remote::HttpReply>(&collected))
            m_probe->take(*reply);
        else
            m_probe->fail(std::get<remote::Failure>(collected));
        step();
    });
}

void ServerConnection::endCheck()
{
    const remote::ServerFacts facts = withAnswers(m_probe->facts());
    const remote::ServerFacts found = m_probe->facts();
    m_probe.reset();
    m_isAsked = false;
    remote::ServerStatus status = remote::statusOf(facts);
    status.detail = remote::without(std::move(status.detail), m_key);
    m_monitor.finished(remote::Clock::now(), m_monitor.check(), status);
    const QPointer<ServerConnection> self(this); // who listens may remove the profile
    setStatus(status);
    if (self && !facts.failure)
        takeFacts(found);
    if (!self)
        return;
    emit checked();
    if (self)
        go();
}

void ServerConnection::dropCheck()
{
    m_probe.reset();
    if (!m_exchange)
        return;
    m_exchange->abort();
    m_exchange->deleteLater();
    m_exchange.clear();
}

void ServerConnection::setStatus(const remote::ServerStatus& status)
{
    if (status == m_status)
        return;
    m_status = status;
    emit statusChanged(m_status);
}

void ServerConnection::takeFacts(const remote::ServerFacts& found)
{
    const remote::ServerFacts facts = withAnswers(found);
    const bool isOther = facts.dialect != m_facts.dialect || facts.version != m_facts.version ||
                         facts.models != m_facts.models;
    m_found = found;
    m_facts = facts;
    if (m_profile.dialect != facts.dialect) {
        m_profile.dialect = facts.dialect;
        m_store.learn(m_profile.id,
                      [&](ConnectionProfile& profile) { profile.dialect = facts.dialect; });
    }
    if (isOther)
        emit factsChanged(m_facts);
}

remote::ServerFacts ServerConnection::withAnswers(remote::ServerFacts facts) const
{
    for (remote::RemoteModel& model : facts.models) {
        const ModelAnswers answers = m_profile.models.value(QString::fromStdString(model.id));
        overrule(model.seesPictures, answers.seesPictures);
        overrule(model.seesFilms, answers.seesFilms);
        overrule(model.thinks, answers.thinks);
    }
    return facts;
}

void ServerConnection::probeSight(const std::string& model)
{
    if (!m_http || isProbing())
        return;
    m_sightModel = QString::fromStdString(model);
    m_sightExchange = m_http->post("/v1/chat/completions", sightBody(model, m_profile));
    collect(m_sightExchange, largestReply, this, [this](const Collected& collected) {
        takeSight(std::exchange(m_sightModel, {}), collected);
    });
}

void ServerConnection::stopProbing()
{
    if (!isProbing())
        return;
    if (m_sightExchange) {
        m_sightExchange->abort();
        m_sightExchange->deleteLater();
        m_sightExchange.clear();
    }
    emit sightProbed(std::exchange(m_sightModel, {}), Known::Unknown, {});
}

void ServerConnection::takeSight(const QString& model, const Collected& collected)
{
    Known sees = Known::Unknown;
    remote::Failure failure;
    if (const auto* reply = std::get_if<remote::HttpReply>(&collected)) {
        sees = sightIn(*reply);
        if (!reply->isSuccess())
            failure = remote::failureFromReply(*reply);
    } else {
        failure = std::get<remote::Failure>(collected);
    }
    failure.detail = remote::without(std::move(failure.detail), m_key);
    if (sees != Known::Unknown) {
        ConnectionProfile profile = m_profile;
        profile.models[model].seesPictures = sees;
        m_store.learn(profile.id,
                      [&](ConnectionProfile& kept) { kept.models[model].seesPictures = sees; });
        setProfile(profile);
    }
    emit sightProbed(model, sees, failure);
}

} // namespace argali::gui
