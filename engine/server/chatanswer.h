#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "engine/server/apifailure.h"
#include "engine/server/chatcall.h"
#include "engine/server/chatwriter.h"
#include "engine/server/httpserver.h"
#include "engine/server/metrics.h"
#include "engine/server/modelhost.h"
#include "engine/server/requestbook.h"
#include "engine/server/scoredtokens.h"
#include "engine/server/stopfilter.h"

namespace argali::server {

/// Brings the answer of a model to the client who asked, whole or as a stream.
/// Thread: the model's, after its making.
class ChatAnswer final : public std::enable_shared_from_this<ChatAnswer> {
public:
    enum class Shape { Chat, Completion, Glm };
    /// metrics must outlive the model's thread.
    ChatAnswer(ChatCall call, Shape shape, std::string model, std::shared_ptr<HttpReply> reply,
               Metrics& metrics, std::shared_ptr<RequestBook::Entry> entry);
    /// The job that makes it; holds this alive.
    ModelHost::Job job();

private:
    /// Who has the way back to the client.
    enum class Holder { Nobody, Model, Over };

    bool isHeldByModel();
    void stopWaiting();
    void take(const TextPiece& piece);
    void takeScore(const TokenScore& score);
    void takeProgress(const Progress& progress);
    void note(const Progress& progress);
    void finish(const ChatResult& result, std::chrono::milliseconds waited);
    void fail(const ApiFailure& failure);
    void begin();
    void pass(bool thinking, const std::string& text);
    nlohmann::json logprobsOf(const std::vector<TokenScore>& scores);
    HttpAnswer glmAnswer(const std::string& text) const;

    ChatCall m_call; ///< also what keeps the media
    const Shape m_shape;
    const std::string m_model;
    const std::shared_ptr<HttpReply> m_reply;
    Metrics& m_metrics;
    ChatWriter m_writer;
    StopFilter m_filter;
    const std::shared_ptr<RequestBook::Entry> m_entry;
    std::atomic<Holder> m_holder = Holder::Nobody;
    std::string m_text; ///< what passed
    ScoredTokens m_scored;
    std::vector<TokenScore> m_passedScores; ///< of an answer that is not streamed
    int64_t m_offset = 0;                   ///< characters of the tokens whose scores are written
    bool m_begun = false;
    std::chrono::steady_clock::time_point m_lastSign;
    std::stop_callback<std::function<void()>> m_stopped; // last: it uses the others
};

} // namespace argali::server
