#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/remote/answerdelta.h"

namespace argali::test {

/// Spells the steps of an answer, one a line, for comparing and for messages.
class AnswerSteps final {
public:
    void add(const std::vector<remote::AnswerDelta>& deltas)
    {
        for (const remote::AnswerDelta& delta : deltas) {
            std::visit(*this, delta);
            m_out << '\n';
        }
    }
    std::string text() const { return m_out.str(); }

    void operator()(const remote::TextDelta& d) { m_out << "text \"" << d.text << '"'; }
    void operator()(const remote::ThinkingDelta& d)
    {
        m_out << "thinking " << d.block << " \"" << d.text << '"';
    }
    void operator()(const remote::TextWasThinkingDelta&) { m_out << "was-thinking"; }
    void operator()(const remote::FinishDelta& d)
    {
        static constexpr const char* names[] = {"stop",    "length", "content-filter", "tool-calls",
                                                "aborted", "other",  "unknown"};
        m_out << "finish " << names[static_cast<int>(d.reason)] << " \"" << d.given << '"';
    }
    void operator()(const remote::UsageDelta& d)
    {
        m_out << "usage";
        show("prompt", d.promptTokens);
        show("cached", d.cachedTokens);
        show("completion", d.completionTokens);
        show("thinking", d.thinkingTokens);
    }
    void operator()(const remote::TimingsDelta& d)
    {
        m_out << "timings";
        show("load", d.load);
        show("queue", d.queue);
        show("prompt", d.prompt);
        show("first", d.firstToken);
        show("decode", d.decode);
        show("rate", d.tokensPerSecond);
    }
    void operator()(const remote::ProgressDelta& d)
    {
        m_out << "progress " << d.done << '/' << d.total;
    }
    void operator()(const remote::NoteDelta& d)
    {
        static constexpr const char* names[] = {"tool-calls", "refusal", "other-choices",
                                                "other-part", "wrong-type"};
        m_out << "note " << names[static_cast<int>(d.kind)] << " \"" << d.text << '"';
    }
    void operator()(const remote::FailureDelta& d)
    {
        m_out << "failure " << nameOf(d.failure.kind) << " \"" << d.failure.detail << '"';
    }

private:
    template <typename Value> void show(const char* name, const std::optional<Value>& value)
    {
        if (!value)
            return;
        m_out << ' ' << name << '=';
        if constexpr (requires { value->count(); })
            m_out << value->count();
        else
            m_out << *value;
    }

    std::ostringstream m_out;
};

} // namespace argali::test
