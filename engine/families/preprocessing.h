#pragma once

#include <array>
#include <string>

#include "engine/checkpoint/config.h"

namespace argali {

/// What the values of a pixel become: (u / 255 - mean) / deviation for each channel.
struct Normalization {
    std::array<float, 3> mean{0.5F, 0.5F, 0.5F};
    std::array<float, 3> deviation{0.5F, 0.5F, 0.5F};
};

/// The values of a preprocessor's configuration; where it is silent, those given. family: for
/// messages. Throws: Error::Code::BadModel for values out of range, Unsupported for another factor
/// or a step left out
Normalization readNormalization(const Config& config, const Normalization& published,
                                const std::string& family);

/// Refuses every value of a key but one, which also stands for a key that is not there.
/// Throws: Error::Code::Unsupported, BadModel
void requireInteger(const Config& config, const char* key, int64_t wanted,
                    const std::string& family);
void requireText(const Config& config, const char* key, const char* wanted,
                 const std::string& family);

} // namespace argali
