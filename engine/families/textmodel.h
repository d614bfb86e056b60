#pragma once

#include <string>
#include <vector>

#include "engine/checkpoint/config.h"
#include "engine/families/loading.h"
#include "engine/layers/languagemodel.h"

// The language models of families: Llama and what differs from it in few points.

namespace argali {

/// Bounds of what a configuration may ask for: an order of magnitude above every published size,
/// and far from where products of two of them overflow.
namespace mostOf {
constexpr int64_t layers = 1024;
constexpr int64_t width = 1 << 17;
constexpr int64_t heads = 1024;
constexpr int64_t headWidth = 1024;
constexpr int64_t vocabulary = 1 << 24;
constexpr int64_t context = 1 << 24;
} // namespace mostOf

/// A language model by its configuration.
struct TextConfig {
    DecoderConfig decoder;
    RopeScaling rope;
    int64_t context = 0;   ///< positions at most
    bool tiedHead = false; ///< the output head is the embedding
    bool qkvBias = false;
    bool linearBias = false; ///< of all other matrices but the head; ChatGlm2 alone
    bool finalNorm = true;
    bool headsApart = false; ///< q, k and v of each head follow one another; ChatGlm2 alone
    bool headNorms = false;  ///< norms of each query and key head
};

/// What a configuration that leaves a key out means; 0: the key must be there.
struct TextDefaults {
    int64_t layers = 0;
    int64_t width = 0;
    int64_t heads = 0;
    int64_t groups = 0;    ///< -1: as many as heads
    int64_t headWidth = 0; ///< 0: width / heads
    int64_t feedForward = 0;
    int64_t vocabulary = 0;
    int64_t context = 0;
    double epsilon = 1e-6;
    double theta = 1e4;
};

/// family: for messages.
/// Throws: Error::Code::BadModel for values out of range, Unsupported for what is computed
/// otherwise (other
///         activations, kinds of rotary scaling, sliding windows, biases)
TextConfig readTextConfig(const Config& config, const TextDefaults& defaults,
                          const std::string& family);

/// How the tensors of a language model are named and packed.
enum class TextPacking {
    Llama,     ///< q, k, v, gate and up apart
    InternLm2, ///< one matrix in which each key head follows its query heads and its value head
               ///< follows it
    Phi3,      ///< one matrix of q, k and v, another of gate and up
    ChatGlm2   ///< like Phi3, with the pairs that are turned side by side in the first half of each
               ///< head
};

struct TextNames {
    TextPacking packing = TextPacking::Llama;
    std::string body; ///< "model.": before "layers.0." and "norm.weight"
    std::string head; ///< "lm_head.weight"

    std::string embedding() const;
    std::string finalNorm() const;
    std::string layer(int64_t i, const std::string& suffix) const;
};

/// Every tensor of a language model in the order of use.
std::vector<NamedShape> textTensors(const TextConfig& config, const TextNames& names);

/// Empty or unfinished once stopped.
LanguageModel loadTextModel(WeightLoader& loader, const std::vector<LayerShare>& shares,
                            const TextConfig& config, const TextNames& names, DType compute);

/// What the used tensors and a language model take; the rest of workspace is the family's.
/// visionWorkspace: bytes that pictures take; visualRows: rows that wait for the prompt.
MemoryEstimate estimateOf(const WeightSource& weights, const std::vector<NamedShape>& used,
                          const TextConfig& config, const TextNames& names, DType compute,
                          int64_t context, int64_t visionWorkspace, int64_t visualRows);

} // namespace argali
