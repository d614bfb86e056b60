#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/families/preprocessing.h"
#include "engine/families/textmodel.h"
#include "engine/layers/visionblock.h"

namespace argali::llava15 {

constexpr const char* familyName = "LLaVA-1.5";

/// One of the two layouts a checkpoint is published in.
enum class Layout {
    Original, ///< of the authors: mm_* keys, the vision tower in a folder of its own
    Native    ///< of transformers: text_config, vision_config
};
Layout layoutOf(const Config& config);

/// Dimensions of a checkpoint.
struct Dimensions {
    Layout layout = Layout::Original;
    TextConfig text;
    VisionConfig vision;      ///< with the layers that are run
    int64_t visionLayers = 0; ///< in the files
    int64_t patch = 0;
    int64_t side = 0;            ///< of a picture in pixels
    bool keepsClass = false;     ///< the class token's features are used too
    int64_t projectorLayers = 2; ///< linear layers, with GELU between them
    bool projectorBias = true;
    int32_t placeholder = 0;    ///< what stands for a visual position in the reference's ids
    bool marksPictures = false; ///< <im_start> and <im_end> around each
    bool legacyPrefix = true;   ///< text behind a control token begins like a text of its own
    std::string aspectRatio;    ///< "pad" or "crop", when nobody asks

    int64_t gridSide() const { return side / patch; }
    int64_t patches() const { return gridSide() * gridSide(); }
    int64_t rows() const
    {
        return patches() + (keepsClass ? 1 : 0);
    } ///< of the prompt, for a picture
};

/// tower: config.json of the vision tower, for the original layout.
/// Throws: Error::Code::BadModel for values out of range, Unsupported for what LLaVA-1.5 does not
/// do
Dimensions readDimensions(const Config& config, const Config& tower);

/// How pictures become the model's input.
struct Preprocessing {
    Normalization normalization;
    int shortEdge = 0; ///< before the middle is cut out
};
/// Throws: as readDimensions()
Preprocessing readPreprocessing(const Config& config, const Dimensions& d);

/// The names of the tensors; those inside of the parts are the same everywhere.
class Names final {
public:
    /// Finds out which spelling this checkpoint uses.
    /// Throws: Error::Code::BadModel when it uses none, naming the tensor that was looked for
    Names(const WeightSource& weights, const Dimensions& d);

    const TextNames& text() const { return m_text; }
    const std::string& vision() const { return m_vision; } ///< "...vision_model."
    std::string visionLayer(int64_t i, const std::string& suffix) const;
    /// Linear layer i of the projector.
    std::string projector(int64_t i, const std::string& suffix) const;
    /// Published, but not used: buffers, and what lies behind the features.
    bool isExpected(const std::string& name, const Dimensions& d) const;

private:
    TextNames m_text;
    std::string m_vision;
    std::string m_projector;
    bool m_numbered = false; ///< "0.", "2." instead of "linear_1.", "linear_2."
    bool m_single = false;
};

/// Every tensor that the model uses, in the order of use.
std::vector<NamedShape> usedTensors(const Dimensions& d, const Names& names);

/// The folder of the vision tower that a checkpoint of the original layout names; nothing when it
/// has none. Looked for as the first of: the absolute path itself; vision_tower/ in the folder;
/// beside the folder by the last part of the id; one level up by the whole id; the model library by
/// the id. Where an adapter brings the configuration, around its folder before around the model's.
std::optional<std::filesystem::path> towerFolder(const std::filesystem::path& folder,
                                                 const Config& config);

/// Throws: Error::Code::Missing naming the tower's id, all places that were looked at, and where to
/// put its folder
[[noreturn]] void refuseMissingTower(const std::filesystem::path& folder, const Config& config);

/// Native config and names of a published size; nothing for an unknown name.
std::optional<Config> publishedConfig(const std::string& name, int64_t layers);

} // namespace argali::llava15
