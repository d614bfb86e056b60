#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"

namespace argali {

/// A change of low rank: y = W x + scale B (A x), for an embedding E[v] + scale B A[:, v].
/// Source: arXiv:2106.09685, eq. 3; scale alpha / sqrt(rank): arXiv:2312.03732
struct LoraPair {
    std::string module;         ///< path in the base model, "model.layers.0.self_attn.q_proj"
    Tensor a;                   ///< [rank, inputs]; of an embedding [rank, V]
    Tensor b;                   ///< [outputs, rank]
    std::optional<Tensor> bias; ///< [outputs], to be scaled and added as well
    bool isEmbedding = false;
    double alpha = 0;
    double scale = 0; ///< alpha / rank, or alpha / sqrt(rank)

    int64_t rank() const { return a.dim(0); }
};

/// What an adapter holds, before it is known whether it fits a model.
struct Adapter {
    std::filesystem::path path; ///< folder or file, for messages
    std::string base; ///< the model it was trained on, as its author calls it; may be empty
    std::vector<LoraPair> pairs;                ///< by module
    std::map<std::string, Tensor> replaced;     ///< whole tensors by their names in the base model
    std::shared_ptr<const WeightSource> prefix; ///< the tensors of a P-Tuning prefix; null: none
    std::vector<std::shared_ptr<const WeightSource>> weights; ///< that all this lies in

    bool changesWeights() const { return !pairs.empty() || !replaced.empty(); }
    bool isEmpty() const { return !changesWeights() && !prefix; }
};

/// Reads a PEFT LoRA: adapter_config.json with adapter_model.safetensors or adapter_model.bin. All
/// tensors are floating, finite, and fit each other and the configuration.
/// Throws: Error::Code::Missing; BadModel (file, field or tensor, expected, found); Unsupported
///         (DoRA and other methods, settings that change the arithmetic in ways not known here)
/// Source: Hugging Face PEFT, LoraConfig and save_and_load.py
Adapter readPeftAdapter(const std::filesystem::path& folder, const std::stop_token& stop = {});

} // namespace argali
