#pragma once

#include <QJsonObject>

#include "gui/settings/settings.h"

namespace argali::gui {

/// The least that an answer may be longer than the thinking budget. *Units*: tokens.
inline constexpr int answerReserve = 128;
/// The most characters of a system prompt.
inline constexpr int longestPrompt = 32'768;

/// How answers are made: in one chat, by a preset, in one turn, or in a new chat (the defaults).
struct AnswerOptions {
    Sampling sampling; ///< without a seed every answer takes another one
    bool thinking = false;
    bool hasBudget = true;     ///< false: it may think as long as the longest answer
    int thinkingBudget = 1024; ///< tokens
    int longestAnswer = 2048;  ///< tokens, thinking included
    QString systemPrompt;
    // What becomes of pictures, for models that leave a choice; 0 and empty: as the model comes.
    int maxTiles = 0;
    qint64 minPixels = 0;
    qint64 maxPixels = 0;
    QString aspectRatio;    ///< one of ModelInfo::aspectRatios
    QString promptTemplate; ///< one of ModelInfo::templates
    /// Name of the adapter that answers; empty: none. Of a chat or turn; no preset or default has
    /// one.
    QString adapter;
    /// The times of a film's frames stand before the question. Of one turn; a chat has none of it.
    bool tellTimes = false;

    /// What Argali comes with.
    static AnswerOptions builtIn();
    /// The defaults: what a new chat begins with.
    static AnswerOptions from(const Settings& settings);
    /// Makes them the defaults.
    void storeAsDefaults(Settings& settings) const;

    /// The tokens that thinking is held to; 0: it does not think, or nothing holds it.
    int budget() const { return thinking && hasBudget ? thinkingBudget : 0; }
    /// The same within the ranges of the settings, with the budget inside the longest answer.
    /// A seed that no setting can have was drawn for one answer, and goes.
    AnswerOptions held() const;
    /// Whether a chat would answer alike; tellTimes and the adapter do not count.
    bool isLike(const AnswerOptions& other) const;

    /// All but tellTimes.
    QJsonObject toJson() const;
    /// What is missing is as Argali comes. Numbers are finite; held() brings them into range.
    static AnswerOptions fromJson(const QJsonObject& object);
};

} // namespace argali::gui
