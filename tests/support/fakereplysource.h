#pragma once

#include <vector>

#include <QList>

#include "gui/chat/engineworker.h"
#include "gui/chat/replysource.h"

namespace argali::gui {

/// Answers what the test says, when it says so.
class FakeReplySource final : public ReplySource {
public:
    using ReplySource::ReplySource;

    void start(quint64 turn, const ChatRequest& request) override
    {
        turns.append(turn);
        requests.push_back(request);
    }
    void cancel() override { ++cancels; }
    bool canAnswerNow() const override { return true; }
    void answerNow() override { ++answersNow; }
    void estimate(quint64 question, const ChatRequest& request) override
    {
        questions.append(question);
        estimated.push_back(request);
    }

    quint64 lastTurn() const { return turns.isEmpty() ? 0 : turns.last(); }
    void write(quint64 turn, const QString& text, qint64 tokens = 1)
    {
        emit textReady(turn, text, tokens);
    }
    void think(quint64 turn, const QString& text, qint64 tokens = 1)
    {
        emit thinkingReady(turn, text, tokens);
    }
    void takeTextBack(quint64 turn) { emit textTakenBack(turn); }
    void report(quint64 turn, const Progress& progress) { emit progressed(turn, progress); }
    void finish(quint64 turn, const QString& text, FinishReason reason = FinishReason::Stop)
    {
        ChatResult result;
        result.text = text.toStdString();
        result.finishReason = reason;
        result.usage.completionTokens = 7;
        result.timings.decodeTokensPerSecond = 120;
        result.timings.firstToken = std::chrono::milliseconds(210);
        emit finished(turn, result);
    }
    void finish(quint64 turn, const ChatResult& result) { emit finished(turn, result); }
    void fail(quint64 turn, const Failure& failure) { emit failed(turn, failure); }
    void tellCost(const RequestCost& cost) { emit costReady(questions.last(), cost); }

    QList<quint64> turns;
    std::vector<ChatRequest> requests;
    QList<quint64> questions;
    std::vector<ChatRequest> estimated;
    int cancels = 0;
    int answersNow = 0;
};

/// A model that takes everything.
inline LoadedModel anyModel()
{
    LoadedModel model;
    model.folder = QStringLiteral("/models/Any-1B");
    model.info.name = "Any-1B";
    model.info.seesPictures = true;
    model.info.seesFilms = true;
    model.info.thinks = true;
    model.info.parameters = 1'000'000'000;
    model.deviceId = QStringLiteral("cpu");
    model.device = QStringLiteral("Some processor");
    model.isa = QStringLiteral("avx2");
    model.threads = 2;
    model.deviceMemory = 8'000'000'000;
    model.memory.total = 2'100'000'000;
    model.context = 4096;
    return model;
}

} // namespace argali::gui
