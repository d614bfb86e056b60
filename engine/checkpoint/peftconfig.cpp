#include "engine/checkpoint/peftconfig.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/error.h"

namespace argali {
namespace {

using nlohmann::json;

constexpr int64_t largestRank = 65536;
constexpr double largestAlpha = 1e6;
constexpr size_t mostPatterns = 10'000;

/// Settings that are read, or that say nothing about the arithmetic of a trained adapter.
constexpr std::string_view harmless[] = {"peft_type",
                                         "r",
                                         "lora_alpha",
                                         "use_rslora",
                                         "target_modules",
                                         "exclude_modules",
                                         "layers_to_transform",
                                         "layers_pattern",
                                         "rank_pattern",
                                         "alpha_pattern",
                                         "fan_in_fan_out",
                                         "bias",
                                         "modules_to_save",
                                         "lora_bias",
                                         "use_dora",
                                         "init_lora_weights",
                                         "base_model_name_or_path",
                                         "revision",
                                         "task_type",
                                         "inference_mode",
                                         "lora_dropout",
                                         "auto_mapping",
                                         "peft_version",
                                         "loftq_config",
                                         "eva_config",
                                         "corda_config",
                                         "megatron_core",
                                         "qalora_group_size",
                                         "runtime_config",
                                         "ensure_weight_tying",
                                         "lora_ga_config"};

/// Settings beside the ones above that PEFT has, by what they are.
constexpr std::pair<std::string_view, const char*> refused[] = {
    {"use_dora", "DoRA"},
    {"use_qalora", "QALoRA"},
    {"alora_invocation_tokens", "activated LoRA"},
    {"arrow_config", "Arrow routing"},
    {"target_parameters", "LoRA on parameters"},
    {"layer_replication", "replicated layers"},
    {"megatron_config", "Megatron layers"},
    {"trainable_token_indices", "trained tokens"},
    {"fan_in_fan_out", "transposed weights"}};

bool isOff(const json& value)
{
    return value.is_null() || value == false || (value.is_structured() && value.empty());
}

/// The names in a list, or nothing.
std::vector<std::string> namesAt(const Config& config, const char* key)
{
    std::vector<std::string> result;
    const auto found = config.json().find(key);
    if (found == config.json().end() || found->is_null())
        return result;
    const auto fail = [&] {
        throw Error(Error::Code::BadModel, config.file() + ": " + key +
                                               ": expected a list of module names, found " +
                                               found->type_name());
    };
    if (!found->is_array() || found->size() > mostPatterns)
        fail();
    for (const json& name : *found) {
        if (!name.is_string() || name.get_ref<const std::string&>().empty())
            fail();
        result.push_back(name.get<std::string>());
    }
    return result;
}

/// Keys are regular expressions; the ones in use are paths, with or without escapes.
std::string pathOf(const Config& config, const char* key, std::string_view pattern)
{
    std::string path;
    if (pattern.starts_with('^'))
        pattern.remove_prefix(1);
    if (pattern.ends_with('$'))
        pattern.remove_suffix(1);
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern.substr(i).starts_with("\\."))
            ++i;
        const char c = pattern[i];
        const bool isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (!isPlain)
            throw Error(Error::Code::Unsupported,
                        config.file() + ": " + key + ": the pattern " + inQuotes(pattern) +
                            " is more than the path of a module, which is not supported; use a "
                            "model that it was merged into");
        path += c;
    }
    return path;
}

void checkSettings(const Config& config)
{
    const auto unsupported = [&](std::string_view key, const std::string& what) {
        throw Error(Error::Code::Unsupported, config.file() + ": " + std::string(key) + ": " +
                                                  what +
                                                  ", which is not supported; use a model "
                                                  "that it was merged into");
    };
    if (const std::string type = config.string("peft_type"); type != "LORA")
        unsupported("peft_type", "the method " + inQuotes(type));
    for (const auto& [key, what] : refused)
        if (const auto found = config.json().find(std::string(key));
            found != config.json().end() && !isOff(*found))
            unsupported(key, what);
    // Some beginnings change the base model as well, so that the file alone means nothing.
    if (const auto start = config.json().find("init_lora_weights");
        start != config.json().end() && start->is_string()) {
        const std::string name = start->get<std::string>();
        if (name != "gaussian" && name != "orthogonal" && name != "true" && name != "false")
            unsupported("init_lora_weights", "an adapter to a changed base model (" +
                                                 inQuotes(name) +
                                                 "); convert it to a plain LoRA by PEFT");
    }
    for (const auto& [key, value] : config.json().items()) {
        const auto matches = [&key = key](const auto& name) { return name.first == key; };
        const bool isKnown = std::ranges::find(harmless, key) != std::end(harmless) ||
                             std::ranges::any_of(refused, matches);
        if (!isKnown && !isOff(value))
            unsupported(key, "an unknown setting");
    }
}

} // namespace

ModuleNumbers::ModuleNumbers(const Config& config, const char* key, double minimum, double maximum)
{
    if (!config.has(key))
        return;
    const Config table = config.object(key);
    m_source = config.file() + ": " + key;
    if (table.json().size() > mostPatterns)
        throw Error(Error::Code::BadModel,
                    m_source + ": more than " + std::to_string(mostPatterns) + " patterns");
    for (const auto& [pattern, value] : table.json().items()) {
        if (!value.is_number() || value.get<double>() < minimum || value.get<double>() > maximum)
            throw Error(Error::Code::BadModel,
                        m_source + "." + pattern + ": expected a number from " +
                            json(minimum).dump() + " to " + json(maximum).dump() + ", found " +
                            inQuotes(value.dump()));
        m_numbers.emplace_back(pathOf(config, key, pattern), value.get<double>());
    }
}

double ModuleNumbers::of(const std::string& module, double fallback) const
{
    const std::string path = "." + module;
    std::optional<double> found;
    for (const auto& [name, number] : m_numbers) {
        if (!path.ends_with("." + name))
            continue;
        // PEFT takes the first of the file, and the order of a JSON object means nothing.
        if (found && *found != number)
            throw Error(Error::Code::Unsupported,
                        m_source + ": several patterns with different numbers fit the module " +
                            inQuotes(module) +
                            ", which is not supported; use a model that it was "
                            "merged into");
        found = number;
    }
    return found.value_or(fallback);
}

PeftConfig readPeftConfig(const std::filesystem::path& folder)
{
    const Config config = Config::read(folder / "adapter_config.json");
    checkSettings(config);
    const std::string bias = config.string("bias", "none");
    if (bias != "none" && bias != "all" && bias != "lora_only")
        throw Error(Error::Code::BadModel, config.file() + ": bias: expected none, all or " +
                                               "lora_only, found " + inQuotes(bias));
    return {config,
            static_cast<double>(config.integer("r", 1, largestRank, 8)),
            config.number("lora_alpha", 0, largestAlpha, 8),
            config.boolean("use_rslora", false),
            bias != "none",
            namesAt(config, "modules_to_save"),
            ModuleNumbers(config, "rank_pattern", 1, largestRank),
            ModuleNumbers(config, "alpha_pattern", 0, largestAlpha)};
}

} // namespace argali
