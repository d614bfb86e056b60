#include "gui/remote/remotereplysource.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <QRandomGenerator>

#include "engine/log.h"
#include "gui/displayname.h"
#include "gui/remote/remotefailure.h"

namespace argali::gui {
namespace {

remote::RemoteOptions optionsOf(const ChatRequest& request, const RemoteTarget& target)
{
    remote::RemoteOptions options;
    options.maxTokens = request.maxNewTokens;
    options.filmForm = target.filmForm;
    options.minPixels = request.minPixels;
    options.maxPixels = request.maxPixels;
    if (target.model.thinks != remote::Known::No) {
        using Thinking = remote::RemoteOptions::Thinking;
        options.thinking = request.thinking ? Thinking::On : Thinking::Off;
        if (request.thinking && request.thinkingBudget)
            options.thinkingBudget = *request.thinkingBudget;
    }
    if (!request.sampling)
        return options;
    const Sampling& sampling = *request.sampling;
    options.temperature = sampling.enabled ? double(sampling.temperature) : 0.0;
    if (!sampling.enabled)
        return options;
    options.topP = double(sampling.topP);
    if (sampling.topK > 0)
        options.topK = sampling.topK;
    if (sampling.minP > 0)
        options.minP = double(sampling.minP);
    if (sampling.repetitionPenalty != 1)
        options.repetitionPenalty = double(sampling.repetitionPenalty);
    if (sampling.seed)
        options.seed = int64_t(*sampling.seed & uint64_t(std::numeric_limits<int64_t>::max()));
    return options;
}

SendingRules rulesFor(const RemoteTarget& target, const ChatRequest& request)
{
    SendingRules rules;
    rules.originals = target.sendsOriginals;
    rules.filmAsFile = target.filmForm == remote::RemoteOptions::FilmForm::File;
    // A server that cannot be told how large a picture may be for the model gets none that is
    // larger.
    const bool isTold = remote::traitsOf(target.dialect).takesMediaOptions &&
                        !target.refused.contains(remote::RequestPart::MediaOptions);
    if (request.maxPixels && !isTold)
        rules.maxPixels = std::clamp<qint64>(*request.maxPixels, 1, rules.maxPixels);
    return rules;
}

bool isSameMember(const RemoteTarget& one, const RemoteTarget& other)
{
    return one.profile == other.profile && one.access.url == other.access.url &&
           one.weight == other.weight && one.model.id == other.model.id;
}

bool hasMedia(const ChatRequest& request)
{
    const auto isMedia = [](const ContentItem& item) {
        return item.type != ContentItem::Type::Text;
    };
    return std::any_of(request.messages.begin(), request.messages.end(), [&](const Message& each) {
        return std::any_of(each.content.begin(), each.content.end(), isMedia);
    });
}

/// Members that do not see what is asked about, unless none of them does: then the server says so.
std::set<size_t> unableOf(const std::vector<RemoteTarget>& targets, const ChatRequest& request)
{
    std::set<size_t> unable;
    for (size_t i = 0; i < targets.size() && hasMedia(request); ++i)
        if (targets[i].model.seesPictures == remote::Known::No)
            unable.insert(i);
    return unable.size() == targets.size() ? std::set<size_t>() : unable;
}

QString shownModel(const RemoteTarget& target)
{
    return QString::fromStdString(target.model.shown);
}

} // namespace

/// One question, from start() to its answer.
struct RemoteReplySource::Question {
    quint64 turn = 0;
    ChatRequest request;
    std::optional<remote::Continuation> continuation;
    std::vector<RemoteTarget> targets;
    std::shared_ptr<remote::Router> router;
    std::optional<remote::RoutedRequest> route;
    quint64 number = 0; ///< of its preparation
    std::stop_source stop;
    ServerHttp* http = nullptr;
    RemoteAnswer* answer = nullptr;
};

RemoteReplySource::RemoteReplySource(QObject* parent)
    : ReplySource(parent), m_preparer(new RemotePreparer)
{
    qRegisterMetaType<SharedMessages>();
    qRegisterMetaType<std::shared_ptr<const remote::RequestBody>>();
    m_thread.setObjectName(QStringLiteral("sending"));
    m_preparer->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_preparer, &QObject::deleteLater);
    connect(m_preparer, &RemotePreparer::progressed, this,
            [this](quint64 number, const Progress& progress) {
                if (m_question && m_question->number == number)
                    emit progressed(m_question->turn, progress);
            });
    connect(m_preparer, &RemotePreparer::prepared, this,
            [this](quint64 number, const SharedMessages& messages) {
                if (m_question && m_question->number == number)
                    ask(messages);
                else if (number == m_estimateNumber)
                    tellSize(*messages);
            });
    connect(m_preparer, &RemotePreparer::failed, this,
            [this](quint64 number, const Failure& failure) {
                if (m_question && m_question->number == number)
                    finish(failure);
                else if (number == m_estimateNumber)
                    emit costFailed(m_estimate, failure);
            });
    m_thread.start();
}

RemoteReplySource::~RemoteReplySource()
{
    m_estimateStop.request_stop();
    drop();
    m_thread.quit();
    m_thread.wait(); // what runs there looks at its stop token between rows of pixels
}

void RemoteReplySource::setTargets(std::vector<RemoteTarget> targets, remote::Router::Policy policy)
{
    const bool isSame = m_router && policy == m_policy &&
                        std::equal(targets.begin(), targets.end(), m_targets.begin(),
                                   m_targets.end(), isSameMember);
    m_targets = std::move(targets);
    if (isSame)
        return;
    std::vector<remote::RouteMember> members;
    for (const RemoteTarget& target : m_targets)
        members.push_back({target.profile.toStdString(), target.weight});
    remote::BreakerRules rules;
    if (m_targets.size() == 1)
        rules.failures = std::numeric_limits<int>::max(); // who asks there wants it tried
    m_policy = policy;
    m_router = std::make_shared<remote::Router>(
        policy, std::move(members), [] { return QRandomGenerator::global()->generateDouble(); },
        rules);
}

void RemoteReplySource::setHealthy(const QString& profile, bool isHealthy)
{
    for (size_t i = 0; m_targets.size() > 1 && i < m_targets.size(); ++i)
        if (m_targets[i].profile == profile)
            m_router->setHealthy(i, isHealthy);
}

void RemoteReplySource::start(quint64 turn, const ChatRequest& request)
{
    begin(turn, request, std::nullopt);
}

bool RemoteReplySource::canResume() const
{
    return std::any_of(m_targets.begin(), m_targets.end(), [](const RemoteTarget& target) {
        return remote::traitsOf(target.dialect).continues &&
               !target.refused.contains(remote::RequestPart::Continuation);
    });
}

void RemoteReplySource::resume(quint64 turn, const ChatRequest& request, const AnswerSoFar& soFar)
{
    begin(turn, request,
          remote::Continuation{soFar.thinking.toStdString(), soFar.thinkingIsOver,
                               soFar.text.toStdString()});
}

void RemoteReplySource::begin(quint64 turn, const ChatRequest& request,
                              std::optional<remote::Continuation> continuation)
{
    cancel(); // a new turn ends the previous one
    m_estimateStop.request_stop();
    m_question = std::make_unique<Question>();
    m_question->turn = turn;
    m_question->request = request;
    m_question->continuation = std::move(continuation);
    m_question->targets = m_targets;
    m_question->router = m_router;
    if (m_router)
        m_question->route.emplace(*m_router, remote::Clock::now(), unableOf(m_targets, request));
    prepare();
}

const RemoteTarget& RemoteReplySource::target() const
{
    return m_question->targets[*m_question->route->member()];
}

void RemoteReplySource::prepare()
{
    if (!m_question->route || !m_question->route->member()) {
        const bool isGone = m_question->targets.empty();
        const QString sentence =
            isGone ? tr("The server that this goes to is not among yours any more. Choose another "
                        "model.")
                   : tr("No server of this group can be asked now. Look at the connections, or "
                        "choose another one.");
        const QString names = isGone ? QString() : m_question->targets.front().server;
        // Not at once: who starts a turn is not yet ready for its end.
        QMetaObject::invokeMethod(
            this,
            [this, turn = m_question->turn, sentence, names] {
                if (m_question && m_question->turn == turn)
                    finish(Failure::withSentence(Error::Code::Network, sentence, names));
            },
            Qt::QueuedConnection);
        return;
    }
    m_question->number = nextRequestNumber();
    QMetaObject::invokeMethod(
        m_preparer,
        [preparer = m_preparer, number = m_question->number, request = m_question->request,
         rules = rulesFor(target(), m_question->request),
         stop = m_question->stop.get_token()] { preparer->prepare(number, request, rules, stop); });
}

void RemoteReplySource::ask(const SharedMessages& messages)
{
    Question& question = *m_question;
    const RemoteTarget& target = this->target();
    remote::RemoteOptions options = optionsOf(question.request, target);
    options.continuation = question.continuation;
    question.http = new ServerHttp(target.access, this);
    question.answer =
        new RemoteAnswer(*question.http, *m_preparer, target, messages, options, this);
    connectAnswer();
    emit answering(target.profile, true);
    if (question.targets.size() > 1)
        emit sourceChanged(question.turn, shownModel(target), deviceOf(target),
                           {target.profile, QString::fromStdString(target.model.id)});
    question.answer->start();
}

void RemoteReplySource::connectAnswer()
{
    RemoteAnswer* const answer = m_question->answer;
    const quint64 turn = m_question->turn;
    connect(answer, &RemoteAnswer::uploaded, this,
            [this, turn](qint64 bytes, qint64 total) { emit uploaded(turn, bytes, total); });
    connect(answer, &RemoteAnswer::progressed, this,
            [this, turn](const Progress& progress) { emit progressed(turn, progress); });
    connect(answer, &RemoteAnswer::thinkingReady, this,
            [this, turn](const QString& text, qint64 tokens) {
                m_question->route->arrived();
                emit thinkingReady(turn, text, tokens);
                emit progressed(turn, {Progress::Phase::Answering, tokens, 0});
            });
    connect(answer, &RemoteAnswer::textReady, this,
            [this, turn](const QString& text, qint64 tokens) {
                m_question->route->arrived();
                emit textReady(turn, text, tokens);
                emit progressed(turn, {Progress::Phase::Answering, tokens, 0});
            });
    connect(answer, &RemoteAnswer::textTakenBack, this, [this, turn] { emit textTakenBack(turn); });
    connect(answer, &RemoteAnswer::partRefused, this,
            [this, profile = target().profile](remote::RequestPart part) {
                for (std::vector<RemoteTarget>* targets : {&m_targets, &m_question->targets})
                    for (RemoteTarget& target : *targets)
                        if (target.profile == profile)
                            target.refused.insert(part);
                emit partRefused(profile, part);
                if (part == remote::RequestPart::MediaOptions && m_question->request.maxPixels)
                    sendSmaller();
            });
    connect(answer, &RemoteAnswer::over, this, &RemoteReplySource::takeOver);
    connect(answer, &RemoteAnswer::failed, this, &RemoteReplySource::takeFailure);
    connect(answer, &RemoteAnswer::impossible, this, &RemoteReplySource::finish);
}

void RemoteReplySource::takeOver()
{
    m_question->route->succeeded();
    const quint64 turn = m_question->turn;
    const ChatResult result = m_question->answer->result();
    tellRemarks();
    drop();
    emit finished(turn, result);
}

void RemoteReplySource::takeFailure(const remote::Failure& failure)
{
    const RemoteTarget failed = target();
    log(LogLevel::Warning, std::string("a server gave no whole answer: ") + nameOf(failure.kind));
    if (m_question->answer->hasArrived())
        m_question->route->arrived();
    if (m_question->route->failed(failure, remote::Clock::now()))
        goOnAtNext(failed.server);
    else
        finish(remoteFailure(failure, failed.server, shownModel(failed)));
}

/// Nothing of the answer has come: another member is asked the same.
void RemoteReplySource::goOnAtNext(const QString& before)
{
    dropAnswer();
    const RemoteTarget& next = target();
    emit remarked(m_question->turn, tr("%1 did not answer; %2 was asked instead.")
                                        .arg(displayName(before), displayName(next.server)));
    prepare();
}

/// The server decides how large pictures are for the model: they are made ready anew, and smaller.
void RemoteReplySource::sendSmaller()
{
    tellRemarks();
    dropAnswer();
    prepare();
}

void RemoteReplySource::tellRemarks()
{
    for (const RemoteAnswer::Remark remark : m_question->answer->remarks())
        emit remarked(m_question->turn, sentenceOf(remark, target().server));
}

/// The exchange with a server, but not the question.
void RemoteReplySource::dropAnswer()
{
    emit answering(m_question->answer->target().profile, false);
    m_question->answer->abort();
    m_question->answer->deleteLater();
    m_question->http->deleteLater();
    m_question->answer = nullptr;
    m_question->http = nullptr;
}

void RemoteReplySource::finish(const Failure& failure)
{
    const quint64 turn = m_question->turn;
    drop();
    emit failed(turn, failure);
}

/// Ends the question under way without a word.
void RemoteReplySource::drop()
{
    if (!m_question)
        return;
    m_question->stop.request_stop();
    if (m_question->answer)
        dropAnswer();
    m_question.reset();
}

void RemoteReplySource::cancel()
{
    if (!m_question)
        return;
    const quint64 turn = m_question->turn;
    ChatResult result;
    if (m_question->answer)
        result = m_question->answer->result();
    result.finishReason = FinishReason::Cancelled;
    drop();
    QMetaObject::invokeMethod(
        this, [this, turn, result] { emit finished(turn, result); }, Qt::QueuedConnection);
}

bool RemoteReplySource::canAnswerNow() const
{
    return m_question && m_question->answer && m_question->answer->canEndThinking();
}

void RemoteReplySource::answerNow()
{
    if (canAnswerNow())
        m_question->answer->endThinking();
}

void RemoteReplySource::estimate(quint64 question, const ChatRequest& request)
{
    m_estimateStop.request_stop();
    m_estimateStop = std::stop_source();
    if (m_targets.empty() || m_question)
        return; // media of a question under way comes first
    m_estimate = question;
    m_estimateNumber = nextRequestNumber();
    QMetaObject::invokeMethod(m_preparer, [preparer = m_preparer, number = m_estimateNumber,
                                           request, rules = rulesFor(m_targets.front(), request),
                                           stop = m_estimateStop.get_token()] {
        preparer->prepare(number, request, rules, stop);
    });
}

void RemoteReplySource::tellSize(const std::vector<remote::RemoteMessage>& messages)
{
    int pictures = 0;
    qint64 bytes = 0;
    const auto add = [&](const remote::SharedBytes& part) {
        ++pictures;
        bytes += part ? qint64(part->size()) : 0;
    };
    for (const remote::RemoteMessage& message : messages)
        for (const remote::RemoteItem& item : message.content) {
            bytes += qint64(item.text.size());
            if (item.type == remote::RemoteItem::Type::Picture)
                add(item.picture.bytes);
            if (item.film.file) {
                add(item.film.file);
                continue;
            }
            for (const remote::RemoteFilm::Frame& frame : item.film.frames)
                add(frame.picture.bytes);
        }
    emit sizeReady(m_estimate, pictures, bytes);
}

} // namespace argali::gui
