#pragma once

#include <algorithm>
#include <cmath>

#include <QJsonObject>
#include <QJsonValue>

namespace argali::gui {

// Values of JSON that came from outside, each held to a range.

inline double numberIn(const QJsonObject& object, const char* key, double low, double high,
                       double other)
{
    const double value = object.value(QLatin1String(key)).toDouble(other);
    return std::isfinite(value) ? std::clamp(value, low, high) : other;
}

inline qint64 wholeIn(const QJsonObject& object, const char* key, double low, double high,
                      qint64 other)
{
    return qint64(std::llround(numberIn(object, key, low, high, double(other))));
}

inline bool flagIn(const QJsonObject& object, const char* key, bool other = false)
{
    return object.value(QLatin1String(key)).toBool(other);
}

} // namespace argali::gui
