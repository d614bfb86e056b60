#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/families/preprocessing.h"
#include "engine/families/textmodel.h"
#include "engine/layers/visionblock.h"

namespace argali::internvl2 {

constexpr const char* familyName = "InternVL2";

enum class Layout {
    Original, ///< of the authors: llm_config
    Native    ///< of transformers: text_config
};

/// The prompt's frame around each message.
enum class Frame {
    ChatMl,      ///< <|im_start|>, and <|im_end|> with nothing behind it
    ChatMlLines, ///< the same with a newline behind <|im_end|>
    Phi3,        ///< <|user|>, <|end|>
};

/// Dimensions of a checkpoint and what else its configuration says.
struct Dimensions {
    Layout layout = Layout::Original;
    TextConfig text;
    TextPacking packing = TextPacking::Llama;
    bool beginsText = true; ///< <s> in front
    VisionConfig
        vision; ///< with the layers that are run; merge: patches of a side that become one token
    int64_t visionLayers = 0; ///< in the files
    bool visionBias = true;   ///< of q, k and v
    bool wholeNorms = false;  ///< norms of q and k before the heads are split
    bool rmsNorm = false;     ///< instead of LayerNorm
    int64_t tableSide = 0;    ///< of the square table of positions
    int64_t patch = 0;
    int64_t side = 0;        ///< of a tile in pixels
    bool transposed = false; ///< tokens of a tile go down its columns (ps_version v1)
    int64_t leastTiles = 1;
    int64_t mostTiles = 1;
    bool thumbnail = false;
    Frame frame = Frame::ChatMl;
    std::string system; ///< when a conversation has none; empty: no system message at all
    std::string context = "<IMG_CONTEXT>";

    int64_t gridSide() const { return side / patch; }
    int64_t patches() const { return gridSide() * gridSide(); }
    int64_t tileTokens() const { return patches() / (vision.merge * vision.merge); }
    int64_t mergedWidth() const { return vision.merge * vision.merge * vision.width; }
};

/// preprocessor: of the native layout, which says there how many tiles there may be.
/// Throws: Error::Code::BadModel for values out of range, Unsupported for what InternVL2 does not
/// do
Dimensions readDimensions(const Config& config, const Config& preprocessor);

/// The names of the tensors.
class Names final {
public:
    /// Finds out which spelling this checkpoint uses.
    /// Throws: Error::Code::BadModel when it uses none, naming the tensor that was looked for
    Names(const WeightSource& weights, const Dimensions& d);

    const TextNames& text() const { return m_text; }
    std::string classToken() const;
    std::string positions() const;
    std::string patchEmbedding(const std::string& suffix) const;
    std::string layer(int64_t i, const std::string& suffix) const;
    /// Matrices of q, k and v with biases where there are some.
    std::vector<LinearPart> qkv(int64_t i, const Dimensions& d) const;
    std::string attentionOutput(int64_t i) const;
    std::string norm(int64_t i, bool second) const;
    std::string scale(int64_t i, bool second) const;
    std::string wholeNorm(int64_t i, bool key) const;
    /// The projector's norm and its two linear layers.
    std::string projector(int64_t i, const std::string& suffix) const;

private:
    TextNames m_text;
    std::string m_vision; ///< "vision_model." or "...vision_tower."
    std::string m_projector;
    bool m_native = false;
};

/// Every tensor that the model uses, in the order of use.
std::vector<NamedShape> usedTensors(const Dimensions& d, const Names& names);

/// Original config of a published size; nothing for an unknown name.
std::optional<Config> publishedConfig(const std::string& name, int64_t layers);

} // namespace argali::internvl2
