#include "engine/families/preprocessing.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/families/refusal.h"

namespace argali {

namespace {

std::array<float, 3> perChannel(const Config& config, const char* key, double least,
                                std::array<float, 3> fallback)
{
    if (!config.has(key))
        return fallback;
    const nlohmann::json& list = config.json().at(key);
    const auto isGood = [&](const nlohmann::json& value) {
        return value.is_number() && value.get<double>() >= least && value.get<double>() <= 255;
    };
    if (!list.is_array() || list.size() != 3 || !std::all_of(list.begin(), list.end(), isGood))
        throw Error(Error::Code::BadModel, config.file() + ": " + key +
                                               ": expected a list of three numbers, one " +
                                               "a channel, found " + inQuotes(list.dump()));
    return {list[0].get<float>(), list[1].get<float>(), list[2].get<float>()};
}

} // namespace

Normalization readNormalization(const Config& config, const Normalization& published,
                                const std::string& family)
{
    for (const char* step : {"do_resize", "do_rescale", "do_normalize"})
        if (!config.boolean(step, true))
            refuse(config, std::string(step) + " false (only true)", family);
    constexpr double factor = 1.0 / 255;
    constexpr double tolerance = 1e-6; // of f32 and of printed decimals
    const double found = config.number("rescale_factor", 0, 1e6, factor);
    if (std::abs(found - factor) > tolerance * factor)
        refuse(config,
               "rescale_factor " + nlohmann::json(found).dump() + " (only 1/255, " +
                   nlohmann::json(factor).dump() + ")",
               family);
    constexpr double leastDeviation = 1e-6;
    return {perChannel(config, "image_mean", -255, published.mean),
            perChannel(config, "image_std", leastDeviation, published.deviation)};
}

void requireInteger(const Config& config, const char* key, int64_t wanted,
                    const std::string& family)
{
    constexpr int64_t most = 1 << 20;
    if (const int64_t value = config.integer(key, 0, most, wanted); value != wanted)
        refuse(config,
               std::string(key) + " " + std::to_string(value) + " (only " + std::to_string(wanted) +
                   ")",
               family);
}

void requireText(const Config& config, const char* key, const char* wanted,
                 const std::string& family)
{
    if (const std::string value = config.string(key, wanted); value != wanted)
        refuse(config, std::string(key) + " \"" + value + "\" (only \"" + wanted + "\")", family);
}

} // namespace argali
