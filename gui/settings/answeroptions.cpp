#include "gui/settings/answeroptions.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gui/jsonvalues.h"
#include "gui/settings/picturesettings.h"

namespace argali::gui {
namespace {

constexpr double mostTokens = 1e6; // of what is read
constexpr int longestChoice = 200; // name of a template or adapter

/// 0.7 rather than 0.69999998807, which a float's 0.7 becomes.
double tidy(float value)
{
    return std::round(double(value) * 1e6) / 1e6;
}

float held(const Setting<double>& setting, float value)
{
    return float(heldTo(setting, tidy(value)));
}

} // namespace

AnswerOptions AnswerOptions::builtIn()
{
    AnswerOptions options;
    options.sampling.enabled = settings::sampling.fallback;
    options.sampling.temperature = float(settings::temperature.fallback);
    options.sampling.topP = float(settings::topP.fallback);
    options.sampling.topK = settings::topK.fallback;
    options.sampling.minP = float(settings::minP.fallback);
    options.sampling.repetitionPenalty = float(settings::repetitionPenalty.fallback);
    options.thinking = settings::thinking.fallback;
    options.hasBudget = settings::hasBudget.fallback;
    options.thinkingBudget = settings::thinkingBudget.fallback;
    options.longestAnswer = settings::longestAnswer.fallback;
    return options;
}

AnswerOptions AnswerOptions::from(const Settings& store)
{
    AnswerOptions options;
    options.sampling.enabled = store.value(settings::sampling);
    options.sampling.temperature = float(store.value(settings::temperature));
    options.sampling.topP = float(store.value(settings::topP));
    options.sampling.topK = store.value(settings::topK);
    options.sampling.minP = float(store.value(settings::minP));
    options.sampling.repetitionPenalty = float(store.value(settings::repetitionPenalty));
    options.sampling.seed = uint64_t(store.value(settings::seed));
    options.thinking = store.value(settings::thinking);
    options.hasBudget = store.value(settings::hasBudget);
    options.thinkingBudget = store.value(settings::thinkingBudget);
    options.longestAnswer = store.value(settings::longestAnswer);
    options.systemPrompt = store.value(settings::systemPrompt);
    options.maxTiles = store.value(settings::maxTiles);
    options.minPixels = store.value(settings::minPixels);
    options.maxPixels = store.value(settings::maxPixels);
    options.aspectRatio = store.value(settings::aspectRatio);
    options.promptTemplate = store.value(settings::promptTemplate);
    return options.held(); // a file edited by hand may hold anything
}

void AnswerOptions::storeAsDefaults(Settings& store) const
{
    const AnswerOptions options = held();
    store.set(settings::sampling, options.sampling.enabled);
    store.set(settings::temperature, tidy(options.sampling.temperature));
    store.set(settings::topP, tidy(options.sampling.topP));
    store.set(settings::topK, options.sampling.topK);
    store.set(settings::minP, tidy(options.sampling.minP));
    store.set(settings::repetitionPenalty, tidy(options.sampling.repetitionPenalty));
    store.set(settings::seed, int(options.sampling.seed.value_or(0)));
    store.set(settings::thinking, options.thinking);
    store.set(settings::hasBudget, options.hasBudget);
    store.set(settings::thinkingBudget, options.thinkingBudget);
    store.set(settings::longestAnswer, options.longestAnswer);
    store.set(settings::systemPrompt, options.systemPrompt);
    store.set(settings::maxTiles, options.maxTiles);
    store.set(settings::minPixels, options.minPixels);
    store.set(settings::maxPixels, options.maxPixels);
    store.set(settings::aspectRatio, options.aspectRatio);
    store.set(settings::promptTemplate, options.promptTemplate);
}

AnswerOptions AnswerOptions::held() const
{
    AnswerOptions options = *this;
    Sampling& s = options.sampling;
    s.temperature = gui::held(settings::temperature, s.temperature);
    s.topP = gui::held(settings::topP, s.topP);
    s.topK = heldTo(settings::topK, s.topK);
    s.minP = gui::held(settings::minP, s.minP);
    s.repetitionPenalty = gui::held(settings::repetitionPenalty, s.repetitionPenalty);
    if (s.seed && (*s.seed == 0 || *s.seed > uint64_t(settings::seed.maximum)))
        s.seed.reset();
    options.thinkingBudget = heldTo(settings::thinkingBudget, options.thinkingBudget);
    options.longestAnswer = heldTo(settings::longestAnswer, options.longestAnswer);
    if (options.hasBudget)
        options.longestAnswer =
            std::max(options.longestAnswer, options.thinkingBudget + answerReserve);
    if (options.systemPrompt.size() > longestPrompt) {
        options.systemPrompt.truncate(longestPrompt);
        if (options.systemPrompt.back().isHighSurrogate())
            options.systemPrompt.chop(1);
    }
    options.maxTiles = heldTo(settings::maxTiles, options.maxTiles);
    options.minPixels = heldTo(settings::minPixels, options.minPixels);
    options.maxPixels = heldTo(settings::maxPixels, options.maxPixels);
    if (options.maxPixels > 0)
        options.minPixels = std::min(options.minPixels, options.maxPixels);
    for (QString* name : {&options.aspectRatio, &options.promptTemplate, &options.adapter}) {
        if (name->size() > longestChoice)
            name->clear(); // no model has such a one
    }
    options.tellTimes = false;
    return options;
}

bool AnswerOptions::isLike(const AnswerOptions& other) const
{
    const Sampling& a = sampling;
    const Sampling& b = other.sampling;
    return a.enabled == b.enabled && a.temperature == b.temperature && a.topP == b.topP &&
           a.topK == b.topK && a.minP == b.minP && a.repetitionPenalty == b.repetitionPenalty &&
           a.seed == b.seed && thinking == other.thinking && hasBudget == other.hasBudget &&
           thinkingBudget == other.thinkingBudget && longestAnswer == other.longestAnswer &&
           systemPrompt == other.systemPrompt && maxTiles == other.maxTiles &&
           minPixels == other.minPixels && maxPixels == other.maxPixels &&
           aspectRatio == other.aspectRatio && promptTemplate == other.promptTemplate;
}

QJsonObject AnswerOptions::toJson() const
{
    QJsonObject o{{QStringLiteral("sampling"), sampling.enabled},
                  {QStringLiteral("temperature"), tidy(sampling.temperature)},
                  {QStringLiteral("topP"), tidy(sampling.topP)},
                  {QStringLiteral("topK"), sampling.topK},
                  {QStringLiteral("minP"), tidy(sampling.minP)},
                  {QStringLiteral("repetitionPenalty"), tidy(sampling.repetitionPenalty)},
                  {QStringLiteral("think"), thinking},
                  {QStringLiteral("hasBudget"), hasBudget},
                  {QStringLiteral("thinkingBudget"), thinkingBudget},
                  {QStringLiteral("longestAnswer"), longestAnswer},
                  {QStringLiteral("systemPrompt"), systemPrompt}};
    // A number of JSON is exact to 2^53 only.
    if (sampling.seed)
        o.insert(QStringLiteral("seed"), QString::number(*sampling.seed));
    for (const auto& [key, number] :
         {std::pair("maxTiles", qint64(maxTiles)), std::pair("minPixels", minPixels),
          std::pair("maxPixels", maxPixels)}) {
        if (number > 0)
            o.insert(QLatin1String(key), number);
    }
    for (const auto& [key, name] :
         {std::pair("aspectRatio", &aspectRatio), std::pair("promptTemplate", &promptTemplate),
          std::pair("adapter", &adapter)}) {
        if (!name->isEmpty())
            o.insert(QLatin1String(key), *name);
    }
    return o;
}

AnswerOptions AnswerOptions::fromJson(const QJsonObject& o)
{
    AnswerOptions options = builtIn();
    Sampling& s = options.sampling;
    const auto part = [&](const Setting<double>& setting, const char* key) {
        return float(numberIn(o, key, setting.minimum, setting.maximum, setting.fallback));
    };
    s.enabled = flagIn(o, "sampling");
    s.temperature = part(settings::temperature, "temperature");
    s.topP = part(settings::topP, "topP");
    s.topK = int(wholeIn(o, "topK", settings::topK.minimum, settings::topK.maximum, 0));
    s.minP = part(settings::minP, "minP");
    s.repetitionPenalty = part(settings::repetitionPenalty, "repetitionPenalty");
    bool isNumber = false;
    const quint64 seed = o.value(QLatin1String("seed")).toString().toULongLong(&isNumber);
    s.seed = isNumber ? std::optional<uint64_t>(seed) : std::nullopt;
    options.thinking = flagIn(o, "think");
    options.hasBudget = flagIn(o, "hasBudget", true);
    options.thinkingBudget =
        int(wholeIn(o, "thinkingBudget", 1, mostTokens, settings::thinkingBudget.fallback));
    options.longestAnswer =
        int(wholeIn(o, "longestAnswer", 1, mostTokens, settings::longestAnswer.fallback));
    options.systemPrompt = o.value(QLatin1String("systemPrompt")).toString();
    options.maxTiles = int(wholeIn(o, "maxTiles", 0, settings::maxTiles.maximum, 0));
    options.minPixels = wholeIn(o, "minPixels", 0, double(settings::minPixels.maximum), 0);
    options.maxPixels = wholeIn(o, "maxPixels", 0, double(settings::maxPixels.maximum), 0);
    options.aspectRatio = o.value(QLatin1String("aspectRatio")).toString();
    options.promptTemplate = o.value(QLatin1String("promptTemplate")).toString();
    options.adapter = o.value(QLatin1String("adapter")).toString();
    return options;
}

} // namespace argali::gui
