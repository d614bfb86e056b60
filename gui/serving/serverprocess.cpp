#include "gui/serving/serverprocess.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHostAddress>

#include "engine/error.h"
#include "engine/log.h"

namespace argali::gui {
namespace {

using namespace std::chrono_literals;

constexpr qint64 longestReply = 1 << 20;
constexpr auto whileStarting = 250ms;
constexpr auto whileRunning = 1000ms;
constexpr auto patience = 3000ms;  // with one that is to stop at once
constexpr int lastPatience = 1500; // ms, when the window goes

/// The port of "serving at http://127.0.0.1:8000, with an API key"; 0 for another line.
int portIn(const QString& line)
{
    const QString mark = QStringLiteral("serving at http://");
    if (!line.startsWith(mark))
        return 0;
    const QString place = line.mid(mark.size()).section(QLatin1Char(','), 0, 0);
    const int port = place.mid(place.lastIndexOf(QLatin1Char(':')) + 1).toInt();
    return port > 0 && port < 65536 ? port : 0;
}

/// Where this computer itself reaches what listens there.
std::string hostFor(const QString& address)
{
    const QHostAddress host(address);
    if (host == QHostAddress(QHostAddress::AnyIPv4) || host.isNull())
        return "127.0.0.1";
    if (host == QHostAddress(QHostAddress::AnyIPv6) || host == QHostAddress(QHostAddress::Any))
        return "[::1]";
    const std::string text = address.toStdString();
    return host.protocol() == QAbstractSocket::IPv6Protocol ? '[' + text + ']' : text;
}

} // namespace

bool ServingOptions::isLocal() const
{
    return QHostAddress(address).isLoopback();
}

ServerProcess::ServerProcess(const QString& program, QObject* parent)
    : QObject(parent), m_program(program)
{
    m_clock.callOnTimeout(this, &ServerProcess::poll);
    m_limit.setSingleShot(true);
    m_limit.setInterval(patience);
    m_limit.callOnTimeout(this, [this] {
        if (m_hasInput)
            end();
        else if (m_process)
            m_process->kill();
    });
}

ServerProcess::~ServerProcess()
{
    if (!m_process)
        return;
    m_process->disconnect(this);
    m_http.reset();
    m_process->closeWriteChannel(); // it stops what it is at, and removes what it keeps
    if (m_process->waitForFinished(lastPatience))
        return;
    m_process->kill();
    m_process->waitForFinished(lastPatience);
}

QString ServerProcess::usualProgram()
{
    return QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("argali-cli"));
}

/// The adapters that are loaded, by the names of their folders and files: of two with the same name
/// only the first. Those with alphas come first, since an alpha belongs to the next file.
QStringList ServerProcess::adapterWords(const LoadedModel& model)
{
    QStringList first;
    QStringList others;
    QStringList alphas;
    std::set<std::string> names;
    for (const LoadedAdapter& adapter : model.adapters) {
        if (!adapter.isReady())
            continue;
        AdapterSource source = adapter.known.source();
        source.name.clear();
        if (!names.insert(nameOf(source)).second)
            continue;
        QStringList list;
        if (adapter.known.textAlpha)
            list << QStringLiteral("text=%1").arg(*adapter.known.textAlpha);
        if (adapter.known.visionAlpha)
            list << QStringLiteral("vision=%1").arg(*adapter.known.visionAlpha);
        const bool hasAlphas = !list.isEmpty() && source.path.extension() == ".pth";
        (hasAlphas ? first : others) << QStringLiteral("--adapter") << adapter.known.path;
        if (hasAlphas)
            alphas << QStringLiteral("--adapter-alpha") << list.join(QLatin1Char(','));
    }
    return first + others + alphas;
}

QStringList ServerProcess::words(const LoadedModel& model) const
{
    QStringList words{QStringLiteral("serve"),  QStringLiteral("--until-input-ends"),
                      QStringLiteral("--host"), m_options.address,
                      QStringLiteral("--port"), QString::number(m_options.port)};
    if (!model.isPocket())
        words << QStringLiteral("-m") << QFileInfo(model.folder).absoluteFilePath();
    if (!model.askedDevice.isEmpty() && model.missingDevice.isEmpty())
        words << QStringLiteral("--device") << model.askedDevice;
    words << adapterWords(model);
    if (!m_options.key.isEmpty())
        words << QStringLiteral("--api-key-file") << QStringLiteral("-");
    return words;
}

void ServerProcess::start(const LoadedModel& model, const ServingOptions& options)
{
    if (isOn())
        return;
    retire();
    m_options = options;
    m_served = model.name();
    m_port = 0;
    m_progress = -1;
    m_isSilent = false;
    m_trouble = Trouble::None;
    m_details.clear();
    m_log.clear();
    m_unread.clear();
    m_process = std::make_unique<QProcess>();
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.remove(QStringLiteral("ARGALI_API_KEY")); // only the key that is shown here holds
    m_process->setProcessEnvironment(environment);
    m_process->setStandardOutputFile(QProcess::nullDevice());
    m_process->setReadChannel(QProcess::StandardError);
    connect(m_process.get(), &QProcess::readyReadStandardError, this, &ServerProcess::readLog);
    connect(m_process.get(), &QProcess::finished, this, &ServerProcess::ended);
    connect(m_process.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            fail(Trouble::NoProgram,
                 QStringLiteral("%1: %2").arg(QDir::toNativeSeparators(m_program),
                                              m_process->errorString()));
    });
    m_hasInput = true;
    setState(State::Starting);
    m_process->start(m_program, words(model));
    if (m_state == State::Starting && !m_options.key.isEmpty())
        m_process->write(m_options.key.toLatin1() + '\n');
}

void ServerProcess::stop()
{
    if (m_state == State::Starting || m_state == State::Finishing || m_state == State::Failed)
        end();
    if (m_state != State::Running)
        return;
    m_process->terminate();
    if (m_requests.isEmpty())
        m_limit.start();
    setState(m_requests.isEmpty() ? State::Stopping : State::Finishing);
}

/// At once: it ends with its input.
void ServerProcess::end()
{
    if (!m_process)
        return;
    m_process->closeWriteChannel();
    m_hasInput = false;
    m_limit.start();
    if (m_state != State::Failed)
        setState(State::Stopping);
}

/// One that failed and has not ended yet is in nobody's way any more.
void ServerProcess::retire()
{
    if (!m_process)
        return;
    QProcess* old = m_process.release();
    old->disconnect(this);
    old->setParent(this);
    connect(old, &QProcess::finished, old, &QObject::deleteLater);
    old->kill();
    m_limit.stop();
    m_http.reset();
}

void ServerProcess::readLog()
{
    m_unread += m_process->readAllStandardError();
    for (qsizetype end = m_unread.indexOf('\n'); end >= 0; end = m_unread.indexOf('\n')) {
        const QByteArray line = m_unread.left(end);
        m_unread.remove(0, end + 1);
        takeLine(QString::fromUtf8(line.left(longestLine)));
    }
    m_unread.truncate(longestLine); // the rest of a line without an end is not kept
    while (m_log.size() > mostLines)
        m_log.removeFirst();
    emit logged();
}

void ServerProcess::takeLine(const QString& line)
{
    m_log.append(line);
    const int port = m_port == 0 && m_state == State::Starting ? portIn(line) : 0;
    if (port == 0)
        return;
    m_port = port;
    try {
        ServerAccess access;
        access.url = remote::ServerUrl::parse("http://" + hostFor(m_options.address) + ':' +
                                              std::to_string(port));
        access.key = remote::Secret(m_options.key.toStdString());
        access.proxy.kind = ProxyChoice::Kind::None;
        access.connectLimit = access.silenceLimit = 5s;
        m_http = std::make_unique<ServerHttp>(std::move(access));
    } catch (const Error& error) { // engine exceptions end here
        fail(Trouble::NoAddress, QString::fromUtf8(error.what()));
        return end();
    }
    m_clock.start(whileStarting);
    emit changed();
}

void ServerProcess::poll()
{
    if (!m_http || m_asked)
        return;
    if (m_state == State::Starting)
        pollHealth();
    else if (m_state == State::Running || m_state == State::Finishing)
        pollRequests();
}

void ServerProcess::pollHealth()
{
    m_asked = m_http->get("/health");
    collect(m_asked, longestReply, this, [this](const Collected& collected) {
        const auto* reply = std::get_if<remote::HttpReply>(&collected);
        const auto model =
            reply ? servedModelIn(QByteArray::fromStdString(reply->body)) : std::nullopt;
        if (m_state != State::Starting || !model)
            return; // it begins to listen, or is asked again
        if (model->kind == ServedModelState::Kind::Failed)
            return takeFailure(model->failure);
        if (model->kind == ServedModelState::Kind::Ready) {
            m_clock.start(whileRunning);
            QTimer::singleShot(0, this, &ServerProcess::poll);
            return setState(State::Running);
        }
        if (std::exchange(m_progress, model->progress) != model->progress)
            emit changed();
    });
}

void ServerProcess::pollRequests()
{
    m_asked = m_http->get("/v1/requests");
    collect(m_asked, longestReply, this, [this](const Collected& collected) {
        const auto* reply = std::get_if<remote::HttpReply>(&collected);
        const auto requests = reply && reply->isSuccess()
                                  ? servedRequestsIn(QByteArray::fromStdString(reply->body))
                                  : std::nullopt;
        if (m_state == State::Finishing && !requests)
            return; // it may have ended meanwhile
        if (std::exchange(m_isSilent, !requests) == requests.has_value())
            emit changed();
        setRequests(requests.value_or(QList<ServedRequest>()));
    });
}

void ServerProcess::stopRequest(const QString& id)
{
    const bool isKnown = std::any_of(m_requests.begin(), m_requests.end(),
                                     [&](const ServedRequest& each) { return each.id == id; });
    if (!m_http || !isKnown)
        return;
    collect(m_http->remove("/v1/requests/" + id.toStdString()), longestReply, this,
            [this](const Collected& collected) {
                if (const auto* failure = std::get_if<remote::Failure>(&collected))
                    argali::log(LogLevel::Warning, "a request was not stopped: " + failure->detail);
                poll(); // what is there still
            });
}

/// The model was not loaded.
void ServerProcess::takeFailure(const QString& code)
{
    const Trouble trouble = code == QLatin1String("out_of_memory")       ? Trouble::NoMemory
                            : code == QLatin1String("model_unavailable") ? Trouble::BadModel
                            : code == QLatin1String("device_failed")     ? Trouble::NoDevice
                                                                         : Trouble::Other;
    fail(trouble, lastWarning());
    end();
}

QString ServerProcess::lastWarning() const
{
    const QString mark = QStringLiteral("warning: ");
    for (qsizetype i = m_log.size() - 1; i >= 0; --i)
        if (m_log[i].startsWith(mark))
            return m_log[i].mid(mark.size());
    return {};
}

/// What the last words of a server that did not start mean.
ServerProcess::Trouble ServerProcess::troubleOf(const QString& line) const
{
    if (line.contains(QLatin1String("is no address of this machine")) ||
        line.contains(QLatin1String("Cannot assign requested address")))
        return Trouble::NoAddress;
    if (!line.contains(QLatin1String("cannot listen at")))
        return line.contains(QLatin1String("not enough memory")) ? Trouble::NoMemory
                                                                 : Trouble::Other;
    if (line.contains(QLatin1String("Address already in use")))
        return Trouble::PortTaken;
    return line.contains(QLatin1String("Permission denied")) ? Trouble::PortNotAllowed
                                                             : Trouble::Other;
}

void ServerProcess::ended(int status, QProcess::ExitStatus how)
{
    readLog();
    if (!m_unread.isEmpty())
        m_log.append(QString::fromUtf8(std::exchange(m_unread, {})));
    const State before = m_state;
    m_clock.stop();
    m_limit.stop();
    m_http.reset();
    // Not from within its own signal.
    m_process.release()->deleteLater();
    setRequests({});
    if (before == State::Finishing || before == State::Stopping)
        return setState(State::Off);
    if (before == State::Failed) { // it is known why, and its last words may say more
        if (m_details.isEmpty())
            m_details = lastWarning();
        return emit changed();
    }
    const QString last = m_log.isEmpty() ? QString() : m_log.last();
    if (before == State::Starting && how == QProcess::NormalExit)
        return fail(troubleOf(last), last);
    fail(Trouble::Died, how == QProcess::CrashExit
                            ? QStringLiteral("the server ended by signal %1").arg(status)
                            : QStringLiteral("the server ended with status %1").arg(status));
}

void ServerProcess::setState(State state)
{
    if (std::exchange(m_state, state) != state)
        emit changed();
}

void ServerProcess::fail(Trouble trouble, const QString& details)
{
    m_trouble = trouble;
    m_details = details;
    if (m_process && m_process->state() == QProcess::NotRunning)
        m_process.release()->deleteLater(); // it never ran
    m_state = State::Failed;
    emit changed();
}

void ServerProcess::setRequests(const QList<ServedRequest>& requests)
{
    if (m_requests == requests)
        return;
    m_requests = requests;
    emit requestsChanged();
}

} // namespace argali::gui
