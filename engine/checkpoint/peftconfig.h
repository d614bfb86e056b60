#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/checkpoint/config.h"

namespace argali {

/// Numbers for modules whose path ends with a name ("mlp.fc1").
class ModuleNumbers final {
public:
    /// Throws: Error::Code::BadModel for other numbers, Unsupported for a pattern that is more than
    ///         the path of a module
    ModuleNumbers(const Config& config, const char* key, double minimum, double maximum);

    /// Throws: Error::Code::Unsupported when several names with different numbers fit
    double of(const std::string& module, double fallback) const;

private:
    std::string m_source; ///< file and key
    std::vector<std::pair<std::string, double>> m_numbers;
};

/// adapter_config.json of a LoRA.
struct PeftConfig {
    Config config;
    double rank = 8, alpha = 8;
    bool usesRoot = false;          ///< the scale is alpha / sqrt(rank) instead of alpha / rank
    bool hasBiases = false;         ///< the file may replace biases
    std::vector<std::string> saved; ///< modules_to_save: modules that the file replaces whole
    ModuleNumbers ranks, alphas;
};

/// Throws: Error::Code::Missing; BadModel (file, field, expected, found); Unsupported (DoRA and
///         other methods, settings that change the arithmetic in ways not known here)
/// Source: Hugging Face PEFT, LoraConfig
PeftConfig readPeftConfig(const std::filesystem::path& folder);

} // namespace argali
