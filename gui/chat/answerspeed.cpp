#include "gui/chat/answerspeed.h"

#include <cmath>

#include <QJsonDocument>

namespace argali::gui {
namespace {

constexpr qsizetype mostModels = 60;
constexpr qint64 fewTokens = 8; // too few to measure a speed by
const QString promptKey = QStringLiteral("prompt");
const QString visualKey = QStringLiteral("visual");
const QString deviceKey = QStringLiteral("device");
const QString sizeKey = QStringLiteral("parameters");

QString keyOf(const LoadedModel& model)
{
    return QStringList{model.name(), model.deviceId, model.isa, model.typeName(),
                       QString::number(model.info.parameters)}
        .join(QLatin1Char('|'));
}

QString deviceOf(const LoadedModel& model)
{
    return model.deviceId + QLatin1Char('|') + model.device;
}

/// The newer measurement counts as much as all before it.
void blend(QJsonObject& speeds, const QString& key, double measured)
{
    if (!std::isfinite(measured) || measured <= 0)
        return;
    const double before = speeds.value(key).toDouble(0);
    speeds.insert(key, before > 0 ? (before + measured) / 2 : measured);
}

} // namespace

AnswerSpeed::AnswerSpeed(Settings& settings) : m_settings(settings) {}

QJsonObject AnswerSpeed::models() const
{
    return QJsonDocument::fromJson(m_settings.value(settings::speeds)).object();
}

void AnswerSpeed::learn(const LoadedModel& model, const Usage& usage, const Timings& timings)
{
    if (timings.firstToken.count() <= 0)
        return; // stopped before its first word: nothing in it is whole
    QJsonObject models = this->models();
    QJsonObject speeds = models.value(keyOf(model)).toObject();
    if (usage.computedTokens >= fewTokens)
        blend(speeds, promptKey, timings.prefill.count() / double(usage.computedTokens));
    if (usage.encodedTokens >= fewTokens)
        blend(speeds, visualKey,
              (timings.vision + timings.decodeMedia).count() / double(usage.encodedTokens));
    if (speeds.isEmpty())
        return;
    speeds.insert(deviceKey, deviceOf(model));
    speeds.insert(sizeKey, double(model.info.parameters));
    if (models.size() >= mostModels && !models.contains(keyOf(model)))
        models.erase(models.begin());
    models.insert(keyOf(model), speeds);
    m_settings.set(settings::speeds, QJsonDocument(models).toJson(QJsonDocument::Compact));
}

std::optional<double> AnswerSpeed::firstWord(const LoadedModel& model,
                                             const RequestCost& cost) const
{
    const QJsonObject models = this->models();
    const QJsonObject speeds = models.value(keyOf(model)).toObject();
    const auto borrow = [&](const QString& key) {
        double best = 0;
        double nearest = 0;
        for (const QJsonValue other : models) {
            const QJsonObject known = other.toObject();
            const double size = known.value(sizeKey).toDouble();
            const double speed = known.value(key).toDouble();
            if (known.value(deviceKey).toString() != deviceOf(model) || size <= 0 || speed <= 0 ||
                model.info.parameters <= 0)
                continue;
            const double ratio = double(model.info.parameters) / size;
            if (best == 0 || std::abs(std::log(ratio)) < nearest) {
                best = speed * ratio;
                nearest = std::abs(std::log(ratio));
            }
        }
        return best;
    };
    const auto speedOf = [&](const QString& key) {
        const double known = speeds.value(key).toDouble();
        return known > 0 ? known : borrow(key);
    };
    const double prompt = speedOf(promptKey);
    const double visual = speedOf(visualKey);
    if (prompt <= 0 || (cost.newVisualTokens > 0 && visual <= 0))
        return std::nullopt;
    return (prompt * double(cost.newTokens) + visual * double(cost.newVisualTokens)) / 1000;
}

} // namespace argali::gui
