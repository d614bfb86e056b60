#include "engine/remote/serverprobe.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/remote/failurereading.h"
#include "engine/remote/jsonfields.h"
#include "engine/remote/jsonwriter.h"

namespace argali::remote {
namespace {

using nlohmann::json;

constexpr size_t mostShown = 32; // models that Ollama is asked about one by one
constexpr size_t versionBytes = 60;

json jsonOf(const HttpReply& reply)
{
    return tryServerJson(reply.body).value_or(json());
}

/// Whether there was an answer to a probe that this kind of server knows.
bool isAnswer(const HttpReply& reply, const json& value)
{
    return reply.isSuccess() && value.is_object() && !member(value, "error");
}

/// Failures that say nothing of what else the server knows.
bool isOfThisPath(const Failure& failure)
{
    return failure.kind == FailureKind::NotOpenAiStyle || failure.kind == FailureKind::BadRequest ||
           failure.kind == FailureKind::ModelNotFound;
}

} // namespace

std::optional<Dialect> betrayedDialect(const HttpReply& reply)
{
    const std::string server = lowerCase(reply.header("server").value_or(""));
    if (server.find("llama.cpp") != server.npos)
        return Dialect::LlamaServer;
    if (server.starts_with("argali"))
        return Dialect::Argali;
    const json value = jsonOf(reply);
    const std::string owner = lowerCase(textOf(value, "data.0.owned_by").value_or(""));
    if (owner == "vllm")
        return Dialect::Vllm;
    if (owner == "lmdeploy")
        return Dialect::LmDeploy;
    if (owner == "llamacpp")
        return Dialect::LlamaServer;
    if (owner == "argali")
        return Dialect::Argali;
    if (owner == "library" || owner == "ollama")
        return Dialect::Ollama;
    if (owner == "organization_owner")
        return Dialect::LmStudio;
    return std::nullopt;
}

ServerProbe::ServerProbe(std::optional<Dialect> known)
{
    if (known && *known != Dialect::Plain) {
        planFor(*known);
        m_isKnown = false;
        m_isAssumed = true;
    } else {
        planForAll();
    }
    go(Step::Models);
}

void ServerProbe::go(Step step)
{
    m_step = step;
    switch (step) {
    case Step::Models:
        m_next = ProbeRequest{"GET", "/v1/models", {}};
        return;
    case Step::Health:
        m_next = ProbeRequest{"GET", "/health", {}};
        return;
    case Step::OllamaVersion:
        m_next = ProbeRequest{"GET", "/api/version", {}};
        return;
    case Step::OllamaTags:
        m_next = ProbeRequest{"GET", "/api/tags", {}};
        return;
    case Step::OllamaShow: {
        JsonWriter body(64 + m_facts.models[m_shown].id.size());
        body.beginObject();
        body.member("model", m_facts.models[m_shown].id);
        body.endObject();
        m_next = ProbeRequest{"POST", "/api/show", body.take()};
        return;
    }
    case Step::Props:
        m_next = ProbeRequest{"GET", "/props", {}};
        return;
    case Step::LmStudio:
        m_next = ProbeRequest{"GET", "/api/v0/models", {}};
        return;
    case Step::Version:
        m_next = ProbeRequest{"GET", "/version", {}};
        return;
    case Step::Done:
        m_next.reset();
        return;
    }
}

void ServerProbe::goOn()
{
    if (m_plan.empty() && m_isAssumed && !m_isKnown)
        planForAll(); // another server stands at that address now
    if (!m_plan.empty()) {
        const Step step = m_plan.front();
        m_plan.pop_front();
        go(step);
        return;
    }
    go(Step::Done);
    if (!m_hasModels && !m_facts.failure)
        m_facts.failure = Failure{FailureKind::NotOpenAiStyle, "no list of models at /v1/models"};
}

void ServerProbe::planForAll()
{
    m_isAssumed = false;
    m_facts.dialect = Dialect::Plain;
    m_plan = {Step::OllamaVersion, Step::Props, Step::LmStudio, Step::Version};
}

/// What is still to be asked of a server of that kind.
void ServerProbe::planFor(Dialect dialect)
{
    m_isKnown = true;
    m_facts.dialect = dialect;
    switch (dialect) {
    case Dialect::Vllm:
    case Dialect::Argali:
        m_plan = {Step::Version};
        return;
    case Dialect::LlamaServer:
        m_plan = {Step::Props};
        return;
    case Dialect::Ollama:
        m_plan = {Step::OllamaVersion};
        return;
    case Dialect::LmStudio:
        m_plan = {Step::LmStudio};
        return;
    case Dialect::LmDeploy:
    case Dialect::Plain:
        m_plan.clear();
        return;
    }
}

void ServerProbe::found(Dialect dialect)
{
    m_isKnown = true;
    m_facts.dialect = dialect;
    m_plan.clear();
}

void ServerProbe::end(const Failure& failure)
{
    m_facts.failure = failure;
    m_plan.clear();
    go(Step::Done);
}

void ServerProbe::fail(const Failure& failure)
{
    if (!m_next)
        return;
    // Once there is a list of models the rest is only more than that.
    if (m_hasModels)
        goOn();
    else
        end(failure);
}

void ServerProbe::take(const HttpReply& reply)
{
    switch (m_step) {
    case Step::Models:
        takeModels(reply);
        return;
    case Step::Health:
        takeHealth(reply);
        return;
    case Step::OllamaVersion:
        takeOllamaVersion(reply);
        return;
    case Step::OllamaTags:
        takeOllamaTags(reply);
        return;
    case Step::OllamaShow:
        takeOllamaShow(reply);
        return;
    case Step::Props:
        takeProps(reply);
        return;
    case Step::LmStudio:
        takeLmStudio(reply);
        return;
    case Step::Version:
        takeVersion(reply);
        return;
    case Step::Done:
        return;
    }
}

void ServerProbe::takeModels(const HttpReply& reply)
{
    if (const auto dialect = betrayedDialect(reply))
        planFor(*dialect);
    if (!reply.isSuccess()) {
        const Failure failure = failureFromReply(reply);
        if (failure.kind == FailureKind::Starting ||
            (failure.kind == FailureKind::ServerError && failure.status == 503)) {
            // Only the health page says how far it is.
            m_facts.failure = failure;
            go(Step::Health);
        } else if (isOfThisPath(failure)) {
            goOn();
        } else {
            end(failure);
        }
        return;
    }
    const json value = jsonOf(reply);
    if (auto models = modelsIn(value, m_facts.dialect)) {
        m_facts.models = std::move(*models);
        m_hasModels = true;
    } else if (const auto failure = failureIn(value, 0)) {
        end(*failure);
        return;
    }
    goOn();
}

void ServerProbe::takeHealth(const HttpReply& reply)
{
    if (const auto dialect = betrayedDialect(reply))
        m_facts.dialect = *dialect;
    if (reply.isSuccess()) {
        m_facts.failure->kind = FailureKind::ServerError; // up, and yet it has no models
        end(*m_facts.failure);
        return;
    }
    Failure failure = failureFromReply(reply);
    if (failure.status == 503) {
        failure.kind = FailureKind::Starting;
        const json value = jsonOf(reply);
        for (const char* const path : {"progress", "error.progress", "status.progress"})
            if (const auto progress = amountOf(value, path))
                failure.progress = std::min(*progress, 1.0);
    }
    end(failure.kind == FailureKind::Starting ? failure : *m_facts.failure);
}

void ServerProbe::takeOllamaVersion(const HttpReply& reply)
{
    const json value = jsonOf(reply);
    const auto version = textOf(value, "version");
    if (isAnswer(reply, value) && version) {
        found(Dialect::Ollama);
        m_facts.version = cleanLine(*version, versionBytes);
        if (m_hasModels)
            showOllama();
        else
            go(Step::OllamaTags); // from before it spoke OpenAI's way
        return;
    }
    goOn();
}

/// Its lists do not say what a model can do: it is asked about each.
void ServerProbe::showOllama()
{
    if (m_shown < std::min(m_facts.models.size(), mostShown))
        go(Step::OllamaShow);
    else
        goOn();
}

void ServerProbe::takeOllamaTags(const HttpReply& reply)
{
    if (auto models = modelsIn(jsonOf(reply), Dialect::Ollama); models && reply.isSuccess()) {
        m_facts.models = std::move(*models);
        m_hasModels = true;
    }
    showOllama();
}

void ServerProbe::takeOllamaShow(const HttpReply& reply)
{
    const json value = jsonOf(reply);
    if (isAnswer(reply, value))
        addOllamaShow(m_facts.models[m_shown], value);
    ++m_shown;
    showOllama();
}

void ServerProbe::takeProps(const HttpReply& reply)
{
    if (reply.status == 503) {
        // It lists its model while it still loads it.
        if (Failure failure = failureFromReply(reply); failure.kind == FailureKind::Starting) {
            found(Dialect::LlamaServer);
            m_facts.failure = std::move(failure);
            go(Step::Health);
            return;
        }
    }
    const json value = jsonOf(reply);
    if (isAnswer(reply, value) && member(value, "default_generation_settings")) {
        found(Dialect::LlamaServer);
        m_facts.version = cleanLine(textOf(value, "build_info").value_or(""), versionBytes);
        // A router has many models and no properties of its own.
        if (m_facts.models.size() == 1) {
            addProps(m_facts.models.front(), value);
            if (m_facts.models.front().state == RemoteModel::State::Unknown)
                m_facts.models.front().state = RemoteModel::State::Loaded;
        }
    }
    goOn();
}

void ServerProbe::takeLmStudio(const HttpReply& reply)
{
    const json value = jsonOf(reply);
    if (isAnswer(reply, value))
        if (const auto details = modelsIn(value, Dialect::LmStudio)) {
            found(Dialect::LmStudio);
            if (!m_hasModels)
                m_facts.models = *details;
            m_hasModels = true;
            addDetails(m_facts.models, *details);
            // Its list at /v1/models has embeddings among the others.
            std::erase_if(m_facts.models, [&](const RemoteModel& model) {
                return !details->empty() &&
                       std::none_of(details->begin(), details->end(),
                                    [&](const RemoteModel& other) { return other.id == model.id; });
            });
        }
    goOn();
}

void ServerProbe::takeVersion(const HttpReply& reply)
{
    const json value = jsonOf(reply);
    if (const auto version = textOf(value, "version"); isAnswer(reply, value) && version) {
        if (!m_isKnown)
            found(textOf(value, "server") == "argali" ? Dialect::Argali : Dialect::Vllm);
        m_facts.version = cleanLine(*version, versionBytes);
    }
    goOn();
}

} // namespace argali::remote
