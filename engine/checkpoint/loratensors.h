#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/checkpoint/adapter.h"

namespace argali {

/// What is known of a LoRA beside its tensors.
struct LoraRules {
    /// The path in the base model of what a file calls so; nothing for what is not looked at.
    /// Throws: Error::Code::BadModel for what should not be there
    std::function<std::optional<std::string>(const std::string& name)> pathOf;
    /// What a module's rank has to be; empty: whatever the tensors say.
    std::function<double(const std::string& module)> rankOf;
    std::function<double(const std::string& module, int64_t rank)> alphaOf;
    bool usesRoot = false; ///< the scale is alpha / sqrt(rank) instead of alpha / rank
    /// Whether a whole tensor of this path is a replacement.
    std::function<bool(const std::string& path)> mayReplace;
    /// Once stopped the adapter stays as it is, unfinished.
    std::stop_token stop{};
};

/// Puts the halves of pairs in a file together and adds them and the replaced tensors to an
/// adapter. All are floating, finite, and fit each other.
/// Throws: Error::Code::BadModel naming file and tensor; Unsupported for DoRA and kinds of tensors
///         that are not known
/// Source: Hugging Face PEFT, save_and_load.py
void addLoraTensors(Adapter& adapter, std::shared_ptr<const WeightSource> weights,
                    const LoraRules& rules);

/// A tensor as a replacement. Throws: Error::Code::BadModel when it is no floating one, empty, or
///                                    holds what is not a finite number
Tensor requireFinite(const WeightSource& weights, const std::string& name);

} // namespace argali
