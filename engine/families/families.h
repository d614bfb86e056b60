#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "engine/engine.h"
#include "engine/families/loadedweights.h"
#include "engine/layers/kvcache.h"
#include "engine/substitution.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali {

/// A checkpoint folder before its weights are loaded: configuration and names of tensors.
struct ModelFolder {
    std::filesystem::path path; ///< empty for weights made in memory
    Config config;
    Config generation; ///< generation_config.json; empty when not there
    Config
        preprocessor; ///< preprocessor_config.json or processor_config.json; empty when not there
    std::shared_ptr<const WeightSource> weights;
    /// What the family made of them once it is loaded.
    std::shared_ptr<LoadedWeights> loaded = std::make_shared<LoadedWeights>();
};

/// One picture or film of a prompt, not yet decoded: what the prompt needs to know about it.
struct VisualPart {
    bool film = false;
    std::array<int64_t, 3> grid{};      ///< frames, rows, columns of patches
    ImageSize size;                     ///< each frame in pixels as the model gets it
    std::array<int64_t, 2> tiles{1, 1}; ///< columns, rows that a frame is cut into
    bool thumbnail = false;             ///< one tile more, of the whole frame
    int variant = 0;                    ///< tells apart what one size is made in different ways

    int64_t tileCount() const { return tiles[0] * tiles[1] + (thumbnail ? 1 : 0); } ///< of a frame
};

/// A rendered conversation.
struct Prompt {
    std::vector<int32_t> ids;      ///< negative ids stand for visual positions
    std::vector<VisualPart> parts; ///< in order of their positions
};

/// How a family marks its thinking. Ids are -1 for families that do not think.
struct ThinkingRules {
    int32_t beginId = -1;            ///< "<think>"
    int32_t endId = -1;              ///< "</think>"
    std::vector<int32_t> closingIds; ///< forced after the budget
};

/// Everything that is particular to one model family, written in backend operations only.
/// Use: construct (reads no weights), load(), then the rest. Thread: engine.
class Family {
public:
    virtual ~Family() = default;

    virtual const ModelInfo& info() const = 0;
    virtual MemoryEstimate memory(DType compute, int64_t context) const = 0;

    /// Checks names and shapes of all tensors and hands them to the backends, which must outlive
    /// this object: the decoder's layers by the shares, everything else to the first, whose tensors
    /// all other functions take and give. Returns false once stopped; the object is then of no use.
    virtual bool load(const std::vector<LayerShare>& shares, DType compute,
                      const ProgressSink& progress, std::stop_token stop) = 0;
    /// All of it on one backend.
    bool load(Backend& op, DType compute, const ProgressSink& progress, std::stop_token stop)
    {
        return load({{&op, info().layers}}, compute, progress, std::move(stop));
    }

    /// What the family needs of a tokenizer, looked at when a model is opened.
    /// Throws: Error::Code::BadModel naming the token
    virtual void checkTokenizer(const Tokenizer& tokenizer) const = 0;
    /// Ids that end an answer, from the folder's files.
    virtual std::vector<int32_t> stopIds(const Tokenizer& tokenizer) const = 0;
    virtual ThinkingRules thinking(const Tokenizer& tokenizer) const = 0;

    /// The id that the reference shows at visual positions; none: those of Prompt.
    virtual std::optional<int32_t> placeholderId() const { return {}; }
    /// Ids from here on have logits without a meaning and are never chosen.
    virtual int64_t choosableIds() const { return std::numeric_limits<int32_t>::max(); }
    /// What the reference makes of an answer's text.
    virtual std::optional<Substitution> substitution() const { return {}; }

    /// What a picture or film of this size becomes with the request's options; frames is 0 for a
    /// picture. Throws: Error::Code::BadRequest
    virtual VisualPart fit(ImageSize size, int64_t frames, const ChatRequest& request) const = 0;
    /// parts: one for each picture and film of the messages, in order.
    /// Throws: Error::Code::BadRequest for what the family cannot take, in words for the user
    virtual Prompt prompt(const Tokenizer& tokenizer, const ChatRequest& request,
                          std::span<const VisualPart> parts) const = 0;

    // The three steps from pixels to rows of the prompt. Each takes any whole number of frames of a
    // part, so that long films go frame by frame; results are empty once stopped.

    /// The model's input for decoded frames of any size: f32 [P, features], backend memory.
    virtual Tensor preprocess(const VisualPart& part,
                              std::span<const std::shared_ptr<const Image>> frames,
                              std::stop_token stop) = 0;
    /// What preprocess() made of frames, in host memory, in the reference's arrangement.
    /// Shape:  f32 [P, features] -> f32
    virtual Tensor asReference(const VisualPart&, const Tensor& patches) const { return patches; }
    /// Features of patches. Shape:  patches [P, features] -> [P, width]
    virtual Tensor encode(const VisualPart& part, const Tensor& patches,
                          const ProgressSink& progress, std::stop_token stop) = 0;
    /// Soft tokens. Shape:  features [P, width] -> [tokens, D]
    virtual Tensor project(const Tensor& features, std::stop_token stop) = 0;
    /// Negative ids of a part in a prompt: its tokens and the markers around them.
    virtual int64_t rowsOf(const VisualPart& part) const = 0;
    /// Tokens of all frames with the markers around them: one row for each negative id of the part.
    /// Shape:  tokens [tokens, D] -> [rows, D]
    virtual Tensor withMarkers(const VisualPart&, const Tensor& tokens) { return tokens; }

    /// The prefix that P-Tuning trained, for a loaded model, from the tensors of its own files.
    /// Throws: Error::Code::Unsupported for a family that has none; BadModel naming tensor,
    /// expected and found
    virtual KvPrefix makePrefix(const WeightSource& files) const;
    /// Puts a prefix before every sequence whose cache is made from here on; an empty one: nothing.
    virtual void setPrefix(KvPrefix prefix);
    void setPrefix(const WeightSource& files) { setPrefix(makePrefix(files)); }

    virtual std::unique_ptr<KvCache> makeCache(int64_t capacity) const = 0;
    /// How many of the cache's first tokens are what decode() would make of them in a prompt of so
    /// many positions.
    virtual int64_t usable(const KvCache& cache, int64_t positions) const = 0;
    /// Logits after the last of the ids; the cache grows by them. visual holds the rows for
    /// negative ids, in order, and may be empty. Ids are handled in chunks. Shape:  T ids, visual
    /// [negative ids, D] -> f32 [1, V], backend memory, until the next call; empty once stopped
    virtual Tensor decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                          const ProgressSink& progress, std::stop_token stop) = 0;
};

/// Reads configuration and names of tensors; decides the family by model_type and keys.
/// Throws: Error::Code::Missing, BadModel, Unsupported (naming the model_type and what is
/// supported) config: takes the place of the folder's own.
ModelFolder openFolder(const std::filesystem::path& folder,
                       const std::optional<Config>& config = {});
std::unique_ptr<Family> makeFamily(ModelFolder folder);

/// How the model of a configuration chooses tokens where generation_config.json does not say it.
Sampling usualSampling(const Config& config);

/// The published shapes of NAME[/layers=N] with random weights of this stored type, which are made
/// when they are loaded; of no use once stopped. Throws: Error::Code::BadRequest for an unknown
/// name, listing the known ones
ModelFolder syntheticFolder(const std::string& name, DType stored, std::stop_token stop = {});

} // namespace argali
