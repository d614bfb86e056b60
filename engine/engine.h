#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/media/image.h"
#include "engine/tensor.h"

namespace argali {

/// What a long call is doing: step done of total; total 0 when unknown.
struct Progress {
    enum class Phase { Loading, Media, Vision, Prefill, Answering };
    Phase phase = Phase::Loading;
    int64_t done = 0;
    int64_t total = 0;
};
using ProgressSink = std::function<void(const Progress&)>;

/// A picture of a message: a file, or pixels that are already decoded (then path may be empty).
struct PictureSource {
    std::filesystem::path path;
    std::shared_ptr<const Image> pixels;
};

/// A film of a message: a file and which of its frames, or the frames themselves.
struct FilmSource {
    std::filesystem::path path;
    int frameCount = 8;        ///< frames at int(i * total / n); 0: one a second, at most 30
    std::vector<double> times; ///< seconds; when given, these frames instead
    std::vector<PictureSource> frames; ///< when given, these and no file is opened
};

/// One piece of a message, in order.
struct ContentItem {
    enum class Type { Text, Picture, Film };
    Type type = Type::Text;
    std::string text; ///< UTF-8
    PictureSource picture;
    FilmSource film;
};

struct Message {
    enum class Role { System, User, Assistant };
    Role role = Role::User;
    std::vector<ContentItem> content;
};

/// How the next token is chosen; applied in this order: repetition penalty, temperature, top-k,
/// top-p, min-p.
struct Sampling {
    bool enabled = false; ///< false: the most likely token
    float temperature = 1;
    int topK = 0; ///< 0: all
    float topP = 1;
    float minP = 0;
    float repetitionPenalty = 1;  ///< over the generated tokens
    std::optional<uint64_t> seed; ///< none: a new one for each answer
};

/// How likely a chosen token was, and what else could have come.
struct TokenScore {
    struct Candidate {
        int32_t id = 0;
        std::string bytes; ///< not necessarily whole characters
        double logProbability = 0;
    };
    Candidate chosen;
    std::vector<Candidate> likeliest; ///< the likeliest first; the chosen one may be among them
    bool thinking = false;            ///< not part of the answer
    bool marker = false;              ///< not shown, such as the end of the answer
};
using TokenScoreSink = std::function<void(const TokenScore&)>;

/// A conversation to continue.
struct ChatRequest {
    std::vector<Message> messages; ///< the last one is the user's
    bool thinking = false;
    std::optional<int> thinkingBudget; ///< sampled tokens before the thinking is closed by force
    int maxNewTokens = 2048;           ///< thinking and forced tokens included
    std::optional<int64_t>
        maxLength; ///< of prompt and answer together; an answer has one token at least
    std::optional<Sampling> sampling; ///< none: what the model's generation_config.json says
    std::optional<int64_t> minPixels; ///< none: the family's default
    std::optional<int64_t> maxPixels;
    std::optional<int> maxTiles; ///< of a picture; none: the folder's default
    std::string promptTemplate;  ///< one of ModelInfo::templates; empty: the first
    std::string aspectRatio;     ///< one of ModelInfo::aspectRatios; empty: the first
    std::string adapter;         ///< one of Model::adapters(); empty: none
    std::vector<std::string>
        moreAdapters; ///< others of them, whose changes are added to those of the first
    /// Once requested, from any thread, thinking that is under way is closed as at the end of a
    /// budget that ends there; thinking that is over, or off, goes on as if nothing had been asked.
    std::stop_token answerNow;
    /// Where it is set, told of each token that is chosen, before its text is shown. Costs a pass
    /// over all logits for each.
    TokenScoreSink scores;
    int scoredAlternatives = 0; ///< length of TokenScore::likeliest
};

enum class FinishReason { Stop, Length, Cancelled };
/// "stop", "length", "cancelled"
const char* nameOf(FinishReason reason);

struct Usage {
    int64_t promptTokens = 0; ///< positions of the prompt, visual ones included
    int64_t visualTokens = 0; ///< positions that stand for pictures and films, indicators included
    int64_t thinkingTokens = 0;   ///< sampled ids up to and with the end of thinking
    int64_t completionTokens = 0; ///< all generated ids, forced ones included
    int64_t computedTokens = 0;   ///< of the prompt; the others were in the cache
    int64_t encodedTokens = 0;    ///< of pictures and frames that were seen for the first time
    bool isEstimate = false;      ///< counted from the text, for a server that does not count
};

struct Timings {
    using Duration = std::chrono::duration<double, std::milli>;
    Duration load{};
    Duration decodeMedia{};
    Duration vision{};
    Duration prefill{};
    Duration firstToken{}; ///< from the call to the first chosen token; 0 when there is none
    Duration decode{};
    double decodeTokensPerSecond = 0;
};

struct ChatResult {
    std::string text;           ///< the answer, stripped, without markers
    std::string thinking;       ///< stripped, without markers
    std::string markedThinking; ///< with its markers, as the reference implementation returns it
    std::vector<int32_t> ids;   ///< all generated ids, a stop id included
    FinishReason finishReason = FinishReason::Stop;
    bool budgetReached = false; ///< the thinking was closed by force, at its budget
    bool answeredNow = false; ///< the thinking was closed by force, as ChatRequest::answerNow asked
    bool contextReached = false; ///< the answer ended (as by length) because the context is full
    Usage usage;
    Timings timings;
};

/// A piece of the answer as it comes: whole UTF-8 characters.
struct TextPiece {
    bool thinking = false;
    std::string_view text;
};
using TextSink = std::function<void(const TextPiece&)>;

/// What becomes of one picture or film of a request.
struct VisualCost {
    ImageSize original; ///< upright
    ImageSize fed;      ///< each frame as the model gets it
    int64_t frames = 1; ///< 1 for a picture
    int64_t rows = 0;   ///< of patches in a frame
    int64_t columns = 0;
    int64_t tokens = 0; ///< positions of the prompt, with those around it
    int64_t tiles = 1;  ///< that each frame is cut into, with the thumbnail
};

/// What a question will cost, known without running the model.
struct RequestCost {
    int64_t promptTokens = 0;
    int64_t visualTokens = 0;
    int64_t context = 0;
    int64_t newTokens = 0;           ///< of the prompt, not in the cache from the question before
    int64_t newVisualTokens = 0;     ///< of pictures and frames that have not been seen yet
    std::vector<VisualCost> parts{}; ///< in order of the messages
};

/// Bytes of memory a model needs.
struct MemoryEstimate {
    int64_t weights = 0;
    int64_t kvPerToken = 0;
    int64_t workspace = 0; ///< largest of vision and language, they share it
    int64_t total = 0;     ///< weights, workspace and a cache of the context asked for

    // For a decoder that is spread over several devices:
    int64_t layers = 0;          ///< of the decoder
    int64_t weightsPerLayer = 0; ///< part of weights
    int64_t layerWorkspace = 0;  ///< what a device with nothing but layers takes of workspace
};

/// What a checkpoint folder holds, read without loading its weights.
struct ModelInfo {
    std::string family; ///< "ovis2_5"
    std::string name;   ///< folder name
    int64_t parameters = 0;
    int64_t context = 0; ///< positions at most
    int64_t layers = 0;  ///< of the decoder
    DType storedType = DType::BF16;
    int packedBits =
        0; ///< of the matrices in the files, which are unpacked when they are loaded; 0: not packed
    bool seesPictures = false;
    bool seesFilms = false;
    bool thinks = false;
    bool mixesPicturesAndFilms = false; ///< in one conversation
    int filmsAtMost = 1;                ///< in one conversation
    int64_t minPixels = 0;
    int64_t maxPixels = 0; ///< 0: pictures are of one size, whatever is asked for
    int maxTiles = 0; ///< a picture's by default, without the thumbnail; 0: the family has no tiles
    std::vector<std::string>
        templates; ///< of the prompt, the default first; empty: there is one only
    std::vector<std::string>
        aspectRatios; ///< ways to make a picture square, the default first; empty: none
    std::vector<std::filesystem::path> files; ///< all files that are read, relative to the folder
    std::vector<std::string> unknownTensors;  ///< in the files but not of the family
};

/// The folder of the embedded model: model/ is its checkpoint, samples/ has pictures, films and
/// questions. Looked for beside the installed program, then in the source tree it was built from;
/// ARGALI_POCKET overrides. Throws: Error::Code::Missing
std::filesystem::path pocketFolder();

/// Throws: Error::Code::Missing, BadModel, Unsupported
ModelInfo describeModel(const std::filesystem::path& folder);
/// How the files of a folder say that its model chooses tokens.
/// Throws: Error::Code::BadModel
/// Source: generation_config.json, with the keys and defaults of Hugging Face's GenerationConfig,
/// or the
///         defaults of the family's own code
Sampling defaultSampling(const std::filesystem::path& folder);
/// For a compute type and a cache of context positions.
MemoryEstimate estimateMemory(const std::filesystem::path& folder, DType compute, int64_t context);

/// A small change of a model: a LoRA, a projector, a prefix.
struct AdapterSource {
    std::filesystem::path path; ///< its folder, or its file
    std::string name{};         ///< that requests call it by; empty: that of the folder or file
    std::optional<double> textAlpha{}; ///< where the file does not hold them (XTuner's .pth)
    std::optional<double> visionAlpha{};
};

/// The name by which an adapter is asked for: its own, or that of its folder or file.
std::string nameOf(const AdapterSource& source);

struct OpenOptions {
    std::string device = "auto";
    std::optional<DType>
        dtype; ///< none: as stored; f32 for models of less than 64 million parameters
    int64_t context =
        0; ///< 0: the smaller of the model's and what fits, at least 4096 where it has them
    ProgressSink progress;
    std::vector<AdapterSource>
        adapters; ///< as by Model::addAdapter(); a card takes one at most, for all requests
    bool addsAdapters =
        false; ///< every request asks for all of them at once; a card then takes several
};

/// Every stage of an answer in numbers, for comparison with a reference.
struct Trace {
    std::vector<int32_t> inputIds; ///< placeholders expanded, negative ids for visual positions
    std::vector<std::array<int64_t, 3>>
        grids;                  ///< frames, rows, columns of patches per picture or film
    std::vector<int64_t> tiles; ///< of each picture and frame with its thumbnail; empty: no tiles
    std::vector<std::array<int64_t, 2>> tileGrids; ///< columns, rows
    Tensor pixelValues;  ///< f32, the family's input in the reference's arrangement; empty without
                         ///< pictures
    Tensor visualEmbeds; ///< f32 [negative ids, D]; empty without pictures
    Tensor logits;       ///< f32 [1 + forced, V]
};

/// A loaded model. Thread: one at a time, not necessarily the one that opened it.
class Model {
public:
    virtual ~Model() = default;
    virtual const ModelInfo& info() const = 0;
    virtual std::string deviceName() const = 0;
    virtual DType dtype() const = 0;
    virtual int64_t context() const = 0; ///< positions of this instance
    virtual MemoryEstimate memory() const = 0;
    /// Names of the adapters that a request may ask for. The weights of the model are there once,
    /// whatever their number, and another one from request to request costs no time.
    virtual std::vector<std::string> adapters() const = 0;
    /// Makes one more available. Returns false once stopped, with nothing added.
    /// Throws: Error::Code::Missing, BadModel (none to this model), Unsupported, BadRequest (a name
    /// that is
    ///         taken, an alpha that is missing), OutOfMemory
    virtual bool addAdapter(const AdapterSource& source, std::stop_token stop) = 0;
    /// Frees one of adapters(), whose name may be given again.
    /// Throws: Error::Code::BadRequest for another name; Unsupported for one that is merged into
    /// the weights
    virtual void removeAdapter(const std::string& name) = 0;

    /// Continues the conversation. Once stopped it returns what there is, with
    /// FinishReason::Cancelled; within 100 ms while answering, 500 ms before. Throws:
    /// Error::Code::Missing, BadMedia, BadRequest (also for adapters that cannot be added up),
    ///         ContextOverflow, OutOfMemory, Device, BadModel
    virtual ChatResult generate(const ChatRequest& request, std::stop_token stop,
                                const TextSink& text, const ProgressSink& progress) = 0;
    /// Opens pictures and films only as far as their sizes are needed.
    virtual RequestCost cost(const ChatRequest& request) = 0;
    /// The logits after the prompt and after each forced id.
    /// Throws: as generate()
    virtual Trace trace(const ChatRequest& request, std::span<const int32_t> forced,
                        std::stop_token stop) = 0;
};

/// Opens a checkpoint folder as it was published. Returns null once stopped (within 500 ms).
/// Throws: Error::Code::Missing, BadModel, Unsupported, OutOfMemory, Device
std::unique_ptr<Model> openModel(const std::filesystem::path& folder, const OpenOptions& options,
                                 std::stop_token stop);

} // namespace argali
