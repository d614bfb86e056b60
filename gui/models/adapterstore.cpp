#include "gui/models/adapterstore.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace argali::gui {
namespace {

constexpr qsizetype mostBytes = 8 << 20;

QString keyOf(const QString& folder)
{
    return folder.isEmpty() ? QString() : QDir::cleanPath(QFileInfo(folder).absoluteFilePath());
}

QJsonArray modelsIn(const Settings& settings)
{
    const QByteArray stored = settings.value(settings::adapters);
    return stored.size() <= mostBytes ? QJsonDocument::fromJson(stored).array() : QJsonArray();
}

std::optional<double> alphaIn(const QJsonObject& object, QLatin1String key)
{
    const double alpha = object.value(key).toDouble();
    return alpha > 0 && alpha <= AdapterStore::largestAlpha ? std::optional(alpha) : std::nullopt;
}

QJsonObject toJson(const KnownAdapter& adapter)
{
    QJsonObject object{{QStringLiteral("name"), adapter.name},
                       {QStringLiteral("path"), adapter.path}};
    if (adapter.textAlpha)
        object.insert(QStringLiteral("textAlpha"), *adapter.textAlpha);
    if (adapter.visionAlpha)
        object.insert(QStringLiteral("visionAlpha"), *adapter.visionAlpha);
    return object;
}

KnownAdapter fromJson(const QJsonObject& object)
{
    return {object.value(QLatin1String("name")).toString(),
            object.value(QLatin1String("path")).toString(),
            alphaIn(object, QLatin1String("textAlpha")),
            alphaIn(object, QLatin1String("visionAlpha"))};
}

/// The file is the user's to edit.
bool isUsable(const KnownAdapter& adapter, const QList<KnownAdapter>& before)
{
    if (adapter.name.isEmpty() || adapter.name.size() > AdapterStore::longestName ||
        adapter.path.isEmpty() || adapter.path.size() > AdapterStore::longestPath)
        return false;
    return std::none_of(before.begin(), before.end(), [&](const KnownAdapter& other) {
        return other.name == adapter.name || other.path == adapter.path;
    });
}

} // namespace

QList<KnownAdapter> AdapterStore::of(const QString& folder) const
{
    const QString key = keyOf(folder);
    QList<KnownAdapter> adapters;
    for (const QJsonValue& model : modelsIn(m_settings)) {
        const QJsonValue name = model.toObject().value(QLatin1String("model"));
        if (!name.isString() || name.toString() != key)
            continue;
        for (const QJsonValue& entry :
             model.toObject().value(QLatin1String("adapters")).toArray()) {
            const KnownAdapter adapter = fromJson(entry.toObject());
            if (adapters.size() < mostAdapters && isUsable(adapter, adapters))
                adapters.append(adapter);
        }
        break;
    }
    return adapters;
}

void AdapterStore::set(const QString& folder, const QList<KnownAdapter>& adapters)
{
    const QString key = keyOf(folder);
    QJsonArray models;
    QJsonArray list;
    for (const KnownAdapter& adapter : adapters)
        list.append(toJson(adapter));
    if (!list.isEmpty())
        models.append(
            QJsonObject{{QStringLiteral("model"), key}, {QStringLiteral("adapters"), list}});
    for (const QJsonValue& model : modelsIn(m_settings)) {
        const QJsonValue name = model.toObject().value(QLatin1String("model"));
        if (models.size() < mostModels && name.isString() && name.toString() != key)
            models.append(model);
    }
    m_settings.set(settings::adapters, QJsonDocument(models).toJson(QJsonDocument::Compact));
}

} // namespace argali::gui
