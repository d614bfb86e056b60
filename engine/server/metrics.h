#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "engine/engine.h"
#include "engine/server/modelset.h"

namespace argali::server {

/// What a server has done, as Prometheus reads it.
/// Thread: any.
class Metrics final {
public:
    /// A request was answered with that status; model is empty where none was concerned. Names come
    /// from the server, never from a request, so that nobody can make them many.
    void countRequest(const std::string& model, int status);
    void countAnswer(const std::string& model, const ChatResult& result,
                     std::chrono::milliseconds waited);
    /// Source: Prometheus' text format, version 0.0.4
    std::string text(const ModelSet& models, int connections) const;

private:
    static constexpr std::array<double, 10> bounds = {0.01, 0.03, 0.1, 0.3, 1,
                                                      3,    10,   30,  100, 300}; ///< seconds
    struct Histogram {
        std::array<uint64_t, bounds.size() + 1> counts{};
        double sum = 0;
        void add(double seconds);
    };
    struct OfModel {
        std::map<int, uint64_t> requests;
        uint64_t promptTokens = 0;
        uint64_t cachedTokens = 0;
        uint64_t visualTokens = 0;
        uint64_t encodedTokens = 0;
        uint64_t completionTokens = 0;
        uint64_t thinkingTokens = 0;
        Histogram firstToken;
        Histogram queue;
    };
    static void write(std::string& text, const char* name, const std::string& label,
                      const Histogram& histogram);

    mutable std::mutex m_mutex;
    std::map<std::string, OfModel> m_models;
};

} // namespace argali::server
