#include "engine/server/modellist.h"

#include <nlohmann/json.hpp>

#include "engine/server/apifailure.h"
#include "engine/server/chatwriter.h"

namespace argali::server {

namespace {

using nlohmann::json;
using remote::Known;

/// Whether a server that said nothing of it can do something is left open.
json known(Known value)
{
    return value == Known::Unknown ? json() : json(value == Known::Yes);
}

json describe(const ModelHost& host, int64_t created)
{
    const ModelHost::Status status = host.status();
    const ModelInfo& info = host.info();
    json inputs = json::array({"text"});
    if (info.seesPictures)
        inputs.push_back("image");
    if (info.seesFilms)
        inputs.push_back("video");
    return {{"id", host.name()},
            {"object", "model"},
            {"created", created},
            {"owned_by", "argali"},
            {"max_model_len", status.context ? status.context : info.context},
            {"state", nameOf(status.state)},
            {"architecture", {{"input_modalities", inputs}, {"family", info.family}}},
            {"capabilities",
             {{"vision", info.seesPictures}, {"video", info.seesFilms}, {"thinking", info.thinks}}},
            {"meta", {{"n_params", info.parameters}, {"n_ctx_train", info.context}}}};
}

json describe(const UpstreamSet::Listed& listed, int64_t created)
{
    const remote::RemoteModel& about = listed.about;
    json inputs = json::array({"text"});
    if (about.seesPictures == Known::Yes)
        inputs.push_back("image");
    if (about.seesFilms == Known::Yes)
        inputs.push_back("video");
    json model = {{"id", listed.id},
                  {"object", "model"},
                  {"created", created},
                  {"owned_by", "argali"},
                  {"state", listed.isUp ? "loaded" : "unavailable"},
                  {"upstreams", listed.upstreams}};
    if (about.context)
        model["max_model_len"] = *about.context;
    if (about.seesPictures != Known::Unknown)
        model["architecture"] = {{"input_modalities", inputs}};
    model["capabilities"] = {{"vision", known(about.seesPictures)},
                             {"video", known(about.seesFilms)},
                             {"thinking", known(about.thinks)}};
    return model;
}

const char* nameOf(const remote::ServerStatus& status)
{
    if (status.isUsable())
        return "up";
    using Kind = remote::ServerStatus::Kind;
    return status.kind == Kind::Starting     ? "starting"
           : status.kind == Kind::NotChecked ? "not looked at yet"
                                             : "down";
}

} // namespace

HttpAnswer jsonAnswer(const json& value, int status)
{
    HttpAnswer answer;
    answer.status = status;
    answer.body = toLine(value);
    return answer;
}

HttpAnswer healthAnswer(const ModelSet& models, const UpstreamSet* upstreams)
{
    bool isLoading = false;
    bool isReady = upstreams && upstreams->isAnyUp();
    json list = json::array();
    for (const auto& host : models.hosts()) {
        const ModelHost::Status status = host->status();
        isLoading = isLoading || status.state == ModelHost::State::Loading;
        isReady = isReady || status.state == ModelHost::State::Ready;
        json model = {
            {"id", host->name()}, {"state", nameOf(status.state)}, {"waiting", status.waiting}};
        if (status.state == ModelHost::State::Loading && status.progress.total > 0)
            model["progress"] = double(status.progress.done) / double(status.progress.total);
        if (status.failure)
            model["error"] = {{"code", toFailure(Error(*status.failure, {})).code()}};
        list.push_back(model);
    }
    json answer = {{"status", "ok"}, {"models", list}};
    if (upstreams) {
        answer["upstreams"] = json::array();
        for (const UpstreamSet::State& state : upstreams->states())
            answer["upstreams"].push_back({{"name", state.name}, {"state", nameOf(state.status)}});
    }
    const bool hasNobody = models.hosts().empty() && !isReady;
    if (isReady || (!isLoading && !hasNobody))
        return jsonAnswer(answer);
    answer["status"] = isLoading ? "loading" : "unavailable";
    answer["error"] = {{"code", 503},
                       {"message", isLoading ? "Loading model" : "no upstream can be asked now"},
                       {"type", "unavailable_error"}};
    return jsonAnswer(answer, 503);
}

HttpAnswer modelsAnswer(const ModelSet& models, const UpstreamSet* upstreams, int64_t created)
{
    json data = json::array();
    for (const auto& host : models.hosts()) {
        data.push_back(describe(*host, created));
        for (const std::string& adapter : host->adapters()) {
            json model = describe(*host, created);
            model["id"] = host->name() + '+' + adapter;
            model["parent"] = host->name();
            data.push_back(std::move(model));
        }
    }
    if (upstreams)
        for (const UpstreamSet::Listed& listed : upstreams->models())
            data.push_back(describe(listed, created));
    return jsonAnswer({{"object", "list"}, {"data", data}});
}

} // namespace argali::server
