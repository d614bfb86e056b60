#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "engine/families/preprocessing.h"
#include "engine/families/textmodel.h"
#include "engine/layers/visionblock.h"

namespace argali::ovis25 {

/// Dimensions of an Ovis2.5 checkpoint, from its config.json in either published form: HUB
/// (llm_config, vit_config) or NATIVE (text_config, vision_config).
struct Dimensions {
    TextConfig language;
    DecoderConfig text; ///< of language
    VisionConfig vision;
    int64_t patch = 0;            ///< side of a patch in pixels
    int64_t visualVocabulary = 0; ///< rows of the visual embedding table, indicators included

    int64_t softRows() const; ///< columns of the visual head
    int64_t patchFeatures() const { return 3 * patch * patch; }
    int64_t mergedWidth() const { return vision.merge * vision.merge * vision.width; }
};

/// Rows of the visual embedding table that mark where pictures and films begin and end.
constexpr int64_t indicators = 4;

/// Throws: Error::Code::BadModel for values out of range, Unsupported for what no published model
/// uses
///         (window attention, scaled rotary embedding, biases, other activations)
Dimensions readDimensions(const Config& config);

/// The values of a preprocessor's configuration that change pixels; where it is silent, the
/// published ones. Throws: Error::Code::BadModel for values out of range, Unsupported for another
/// way to make patches of a
///         picture (another filter, factor or size of patches, a step left out)
/// Source: specification of the checkpoint, "Published preprocessor values"
Normalization readPreprocessing(const Config& config, const Dimensions& d);

/// The names under which the tensors of a checkpoint are published; suffixes are the same
/// everywhere. Source: specification of the checkpoint, "NATIVE layout and full name mapping"
class Names final {
public:
    /// Finds out which spelling this checkpoint uses.
    /// Throws: Error::Code::BadModel when it uses none, naming the tensor that was looked for
    explicit Names(const WeightSource& weights);

    TextNames language() const { return {TextPacking::Llama, m_text, m_outputHead}; }
    std::string outputHead() const { return m_outputHead; }
    std::string patchEmbedding(const std::string& suffix) const;
    std::string positionTable() const { return m_embeddings + "position_embedding.weight"; }
    std::string visionLayer(int64_t layer, const std::string& suffix) const;
    std::string visualHead() const { return m_headLinear + "weight"; }
    std::string visualHeadNorm(const std::string& suffix) const { return m_headNorm + suffix; }
    std::string visualTable() const { return m_table + "weight"; }
    /// Published, but not used: the norm after the last block.
    std::string unusedNorm(const std::string& suffix) const { return m_postNorm + suffix; }

private:
    std::string m_text;
    std::string m_outputHead;
    std::string m_embeddings;
    std::string m_visionLayers;
    std::string m_postNorm;
    std::string m_headLinear;
    std::string m_headNorm;
    std::string m_table;
};

/// Every tensor that the model uses, in the order of use. side: of the square position table.
std::vector<NamedShape> usedTensors(const Dimensions& d, const Names& names, int64_t side);

/// HUB config and HUB names of a published size: "ovis2.5-2b" or "ovis2.5-9b"; nothing for another
/// name.
std::optional<Config> publishedConfig(const std::string& name, int64_t layers);
std::vector<NamedShape> publishedTensors(const Dimensions& d);

} // namespace argali::ovis25
