#include "engine/server/metrics.h"

#include "engine/server/prometheus.h"

namespace argali::server {

namespace {

std::string modelLabel(const std::string& model)
{
    return labelOf("model", model);
}

} // namespace

void Metrics::Histogram::add(double seconds)
{
    size_t at = 0;
    while (at < bounds.size() && seconds > bounds[at])
        ++at;
    ++counts[at];
    sum += seconds;
}

void Metrics::countRequest(const std::string& model, int status)
{
    const std::lock_guard lock(m_mutex);
    ++m_models[model].requests[status];
}

void Metrics::countAnswer(const std::string& model, const ChatResult& result,
                          std::chrono::milliseconds waited)
{
    const std::lock_guard lock(m_mutex);
    OfModel& of = m_models[model];
    const Usage& usage = result.usage;
    of.promptTokens += uint64_t(usage.promptTokens);
    of.cachedTokens += uint64_t(usage.promptTokens - usage.computedTokens);
    of.visualTokens += uint64_t(usage.visualTokens);
    of.encodedTokens += uint64_t(usage.encodedTokens);
    of.completionTokens += uint64_t(usage.completionTokens);
    of.thinkingTokens += uint64_t(usage.thinkingTokens);
    of.queue.add(double(waited.count()) / 1000);
    if (result.timings.firstToken.count() > 0)
        of.firstToken.add(result.timings.firstToken.count() / 1000);
}

void Metrics::write(std::string& text, const char* name, const std::string& label,
                    const Histogram& histogram)
{
    uint64_t total = 0;
    for (size_t i = 0; i < histogram.counts.size(); ++i) {
        total += histogram.counts[i];
        const std::string bound = i < bounds.size() ? numberText(bounds[i]) : "+Inf";
        addLine(text, std::string(name) + "_bucket", label + ",le=\"" + bound + '"', double(total));
    }
    addLine(text, std::string(name) + "_sum", label, histogram.sum);
    addLine(text, std::string(name) + "_count", label, double(total));
}

std::string Metrics::text(const ModelSet& models, int connections) const
{
    const std::lock_guard lock(m_mutex);
    std::string text;
    addHead(text, "argali_requests_total", "counter",
            "Requests that were answered, by HTTP status.");
    for (const auto& [model, of] : m_models)
        for (const auto& [status, count] : of.requests)
            addLine(text, "argali_requests_total",
                    modelLabel(model) + ",status=\"" + std::to_string(status) + '"', double(count));
    const auto counter = [&](const char* name, const char* help, uint64_t OfModel::*member) {
        addHead(text, name, "counter", help);
        for (const auto& [model, of] : m_models)
            addLine(text, name, modelLabel(model), double(of.*member));
    };
    counter("argali_prompt_tokens_total", "Tokens of prompts.", &OfModel::promptTokens);
    counter("argali_cached_tokens_total", "Tokens of prompts that were in the cache.",
            &OfModel::cachedTokens);
    counter("argali_visual_tokens_total", "Tokens that stand for pictures and films.",
            &OfModel::visualTokens);
    counter("argali_encoded_tokens_total", "Those of pictures that were seen for the first time.",
            &OfModel::encodedTokens);
    counter("argali_completion_tokens_total", "Tokens that were generated.",
            &OfModel::completionTokens);
    counter("argali_thinking_tokens_total", "Those of thinking.", &OfModel::thinkingTokens);
    addHead(text, "argali_time_to_first_token_seconds", "histogram",
            "From the end of waiting to the first token.");
    for (const auto& [model, of] : m_models)
        write(text, "argali_time_to_first_token_seconds", modelLabel(model), of.firstToken);
    addHead(text, "argali_queue_seconds", "histogram", "Time that requests waited for others.");
    for (const auto& [model, of] : m_models)
        write(text, "argali_queue_seconds", modelLabel(model), of.queue);
    addHead(text, "argali_queue_length", "gauge", "Requests that wait.");
    for (const auto& host : models.hosts())
        addLine(text, "argali_queue_length", modelLabel(host->name()),
                double(host->status().waiting));
    addHead(text, "argali_model_loaded", "gauge", "1 while the model is in memory.");
    for (const auto& host : models.hosts())
        addLine(text, "argali_model_loaded", modelLabel(host->name()),
                host->status().state == ModelHost::State::Ready ? 1 : 0);
    addHead(text, "argali_model_memory_bytes", "gauge", "Memory of the model, by estimate.");
    for (const auto& host : models.hosts())
        addLine(text, "argali_model_memory_bytes", modelLabel(host->name()),
                double(host->status().memory));
    addHead(text, "argali_connections", "gauge", "Connections that are open.");
    addLine(text, "argali_connections", {}, connections);
    return text;
}

} // namespace argali::server
