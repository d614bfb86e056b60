#include "engine/adapterfiles.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/config.h"
#include "engine/checkpoint/loratensors.h"
#include "engine/checkpoint/paths.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/error.h"

namespace argali {
namespace {

constexpr const char* prefixTable = "transformer.prefix_encoder.embedding.weight";
constexpr std::string_view projectorPrefix = "mm_projector.";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what,
                         Error::Code code = Error::Code::BadModel)
{
    throw Error(code, path.string() + ": " + what);
}

void replace(Adapter& adapter, const WeightSource& file, const std::string& name,
             const std::string& path)
{
    if (!adapter.replaced.emplace(path, requireFinite(file, name)).second)
        refuse(file.origin(name), "tensor " + inQuotes(name) + " replaces " + inQuotes(path) +
                                      ", which another one does already");
}

/// non_lora_trainables.bin: what LLaVA trains beside the LoRA.
/// Source: load_pretrained_model() of LLaVA's model/builder.py
void addTrained(Adapter& adapter, const std::filesystem::path& file)
{
    const std::shared_ptr<const WeightSource> weights = openWeightFile(file);
    constexpr std::string_view wrapper = "base_model.";
    constexpr std::string_view model = "model.";
    const auto unwrapped = [&](const std::string& name) {
        return name.starts_with(wrapper) ? name.substr(wrapper.size()) : name;
    };
    const std::vector<std::string> names = weights->names();
    const bool isDouble = std::ranges::any_of(names, [&](const std::string& name) {
        return unwrapped(name).starts_with("model.model.");
    });
    for (const std::string& name : names) {
        std::string path = unwrapped(name);
        if (isDouble && path.starts_with(model))
            path.erase(0, model.size());
        replace(adapter, *weights, name, path);
    }
    adapter.weights.push_back(weights);
}

/// mm_projector.bin: the projector alone, and the embedding where tokens were added.
Adapter readProjector(const std::filesystem::path& path, const std::filesystem::path& file)
{
    Adapter adapter;
    adapter.path = path;
    const std::shared_ptr<const WeightSource> weights = openWeightFile(file);
    for (const std::string& name : weights->names()) {
        const size_t projector = name.find(projectorPrefix);
        if (projector != name.npos)
            replace(adapter, *weights, name, "model." + name.substr(projector));
        else if (name.ends_with("embed_tokens.weight"))
            replace(adapter, *weights, name, "model.embed_tokens.weight");
        else
            refuse(file, "tensor " + inQuotes(name) +
                             " is no part of a projector; give a LoRA by its folder with "
                             "adapter_config.json");
    }
    if (adapter.isEmpty())
        refuse(file, "has no tensors, expected those of a projector");
    adapter.weights.push_back(weights);
    return adapter;
}

/// The part of a model that a path is of, as alphas are given for.
enum class Side { Text, Vision, Neither };

Side sideOf(const std::string& path)
{
    return path.starts_with("language_model.") ? Side::Text
           : path.starts_with("vision_model.") ? Side::Vision
                                               : Side::Neither;
}

/// The trained part of an XTuner run, whose alphas are in its script and not in its file.
/// Source: xtuner/model/internvl.py (InternVL_V1_5)
Adapter readTrainingState(const AdapterSource& source, const std::stop_token& stop)
{
    Adapter adapter;
    adapter.path = source.path;
    const std::shared_ptr<const WeightSource> weights =
        openWeightFile(source.path, ForeignObjects::Skip);
    LoraRules rules;
    rules.pathOf = [&](const std::string& name) {
        constexpr std::string_view wrapper = "base_model.model.";
        std::string path = name.starts_with("model.") ? name.substr(6) : name;
        const Side side = sideOf(path);
        if (side == Side::Neither && !path.starts_with("mlp1."))
            refuse(source.path, "tensor " + inQuotes(name) +
                                    " is no part of an InternVL model that XTuner trained");
        if (const size_t dot = path.find('.') + 1;
            side != Side::Neither && path.compare(dot, wrapper.size(), wrapper) == 0)
            path.erase(dot, wrapper.size());
        return std::optional(path);
    };
    rules.alphaOf = [&](const std::string& module, int64_t) {
        const bool isText = sideOf(module) == Side::Text;
        const std::optional<double> alpha = isText ? source.textAlpha : source.visionAlpha;
        if (!alpha)
            refuse(source.path,
                   std::string("does not hold the alpha of its ") + (isText ? "text" : "vision") +
                       " LoRA; give it as in the training script (--adapter-alpha " +
                       (isText ? "text" : "vision") + "=N)",
                   Error::Code::BadRequest);
        return *alpha;
    };
    rules.mayReplace = [](const std::string&) { return true; };
    rules.stop = stop;
    addLoraTensors(adapter, weights, rules);
    if (adapter.isEmpty() && !stop.stop_requested())
        refuse(source.path, "has no tensors, expected those of a LoRA or a projector");
    return adapter;
}

/// The folders that XTuner makes of a LLaVA run.
/// Source: xtuner/tools/model_converters/pth_to_hf.py
struct Part {
    const char* folder;
    const char* prefix; ///< of its paths in the whole model
};
constexpr std::array xtunerParts{Part{"llm_adapter", ""}, Part{"visual_encoder_adapter", ""}};

void addPart(Adapter& adapter, Adapter part)
{
    adapter.base = adapter.base.empty() ? part.base : adapter.base;
    adapter.pairs.insert(adapter.pairs.end(), part.pairs.begin(), part.pairs.end());
    for (const auto& [name, tensor] : part.replaced)
        if (!adapter.replaced.emplace(name, tensor).second)
            refuse(part.path, "tensor " + inQuotes(name) + " is in another part already");
    adapter.weights.insert(adapter.weights.end(), part.weights.begin(), part.weights.end());
}

Adapter readParts(const std::filesystem::path& folder, const std::stop_token& stop)
{
    Adapter adapter;
    adapter.path = folder;
    for (const Part& part : xtunerParts)
        if (isThere(folder / part.folder))
            addPart(adapter, readPeftAdapter(folder / part.folder, stop));
    for (const char* whole : {"llm", "visual_encoder"})
        if (isThere(folder / whole))
            refuse(folder / whole,
                   "is a whole model and no adapter; convert the run to the "
                   "official or the Hugging Face form",
                   Error::Code::Unsupported);
    if (isThere(folder / "projector")) {
        const std::shared_ptr<const WeightSource> weights = openCheckpoint(folder / "projector");
        for (const std::string& name : weights->names())
            replace(adapter, *weights, name,
                    name.starts_with("model.") ? "model.mm_projector." + name.substr(6) : name);
        adapter.weights.push_back(weights);
    }
    return adapter;
}

/// A P-Tuning checkpoint: the tensors of a prefix alone.
/// Source: PrefixEncoder of ChatGLM2's published code, and its ptuning/trainer.py
Adapter readPrefix(const std::filesystem::path& folder)
{
    constexpr std::string_view part = "transformer.prefix_encoder.";
    Adapter adapter;
    adapter.path = folder;
    adapter.prefix = openCheckpoint(folder);
    for (const std::string& name : adapter.prefix->names()) {
        if (!name.starts_with(part))
            refuse(
                folder,
                "tensor " + inQuotes(name) +
                    " is no part of a P-Tuning prefix; a whole model is no adapter; give it as -m");
        requireFinite(*adapter.prefix, name);
    }
    const Config config = Config::readIfThere(folder / "config.json");
    const auto table = adapter.prefix->describe(prefixTable);
    constexpr int64_t longest = 1 << 24;
    if (config.has("pre_seq_len") && table->shape.rank() == 2 &&
        config.integer("pre_seq_len", 1, longest) != table->shape.dim(0))
        refuse(config.file(), "pre_seq_len: expected " + std::to_string(table->shape.dim(0)) +
                                  ", the rows of " + prefixTable);
    adapter.weights.push_back(adapter.prefix);
    return adapter;
}

/// Whether a folder's weights have this tensor.
bool hasPrefix(const std::filesystem::path& folder)
{
    const bool hasWeights = std::ranges::any_of(
        std::array{"pytorch_model.bin", "model.safetensors", "pytorch_model.bin.index.json",
                   "model.safetensors.index.json"},
        [&](const char* name) { return isThere(folder / name); });
    return hasWeights && openCheckpoint(folder)->describe(prefixTable);
}

Adapter readFolder(const AdapterSource& source, const std::stop_token& stop)
{
    const std::filesystem::path& folder = source.path;
    if (isThere(folder / "adapter_config.json")) {
        Adapter adapter = readPeftAdapter(folder, stop);
        if (isThere(folder / "non_lora_trainables.bin"))
            addTrained(adapter, folder / "non_lora_trainables.bin");
        return adapter;
    }
    if (isThere(folder / "mm_projector.bin"))
        return readProjector(folder, folder / "mm_projector.bin");
    if (hasPrefix(folder))
        return readPrefix(folder);
    if (folder.extension() == ".pth")
        refuse(folder, "is the partitioned state of a DeepSpeed run; convert it to one file first",
               Error::Code::Unsupported);
    if (Adapter adapter = readParts(folder, stop); !adapter.isEmpty() || stop.stop_requested())
        return adapter;
    refuse(folder,
           "is no adapter: it has neither adapter_config.json nor mm_projector.bin nor "
           "a P-Tuning prefix nor the parts of an XTuner run; give the folder of one",
           Error::Code::Missing);
}

} // namespace

Adapter readAdapter(const AdapterSource& source, const std::stop_token& stop)
{
    std::error_code error;
    if (!isThere(source.path))
        refuse(source.path, "is not there; give the folder or file of an adapter",
               Error::Code::Missing);
    const bool isFolder = std::filesystem::is_directory(source.path, error);
    const bool isTraining = !isFolder && source.path.extension() == ".pth";
    if (!isTraining && (source.textAlpha || source.visionAlpha))
        refuse(source.path,
               "holds its own alpha; an alpha is given for the .pth files of XTuner "
               "only",
               Error::Code::BadRequest);
    if (isTraining)
        return readTrainingState(source, stop);
    return isFolder ? readFolder(source, stop) : readProjector(source.path, source.path);
}

} // namespace argali
