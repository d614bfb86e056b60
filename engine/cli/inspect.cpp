#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/verification.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "engine/numbers.h"
#include "engine/sha256.h"

namespace argali::cli {

namespace {

constexpr std::array computeTypes = {DType::F32, DType::BF16, DType::F16};
/// Positions that the memory is told for; a model that has fewer, for all of them.
constexpr int64_t usualContext = 4096;

struct FileFacts {
    std::string name;
    int64_t size = 0;
    std::string sha256;
};

/// What lies in the folder itself, and what is read from folders within it; in the order of their
/// names.
std::set<std::filesystem::path> fileNames(const std::filesystem::path& folder,
                                          const ModelInfo& info)
{
    std::set<std::filesystem::path> names(info.files.begin(), info.files.end());
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.is_regular_file(error))
            names.insert(entry.path().filename());
    return names;
}

/// Nothing once interrupted.
std::optional<std::vector<FileFacts>> readFiles(const std::filesystem::path& folder,
                                                const ModelInfo& info, std::stop_token stop)
{
    std::vector<FileFacts> files;
    ProgressLine progress;
    for (const std::filesystem::path& name : fileNames(folder, info)) {
        progress.show("sha256 of " + name.string());
        std::error_code error;
        const auto size = std::filesystem::file_size(folder / name, error);
        if (error)
            throw Error(Error::Code::Missing, (folder / name).string() + ": " + error.message() +
                                                  "; the folder changed meanwhile, try again");
        files.push_back(
            {name.string(), static_cast<int64_t>(size), sha256OfFile(folder / name, stop)});
        if (stop.stop_requested())
            return {};
    }
    return files;
}

bool isFloating(const Tensor& tensor)
{
    return tensor.type() == DType::F32 || tensor.type() == DType::F16 ||
           tensor.type() == DType::BF16;
}

/// Reads every value. Throws: Error::Code::BadModel naming the first tensor that holds an infinity
/// or something that is not a number
void requireFinite(const std::string& where, const std::string& name, const Tensor& tensor)
{
    if (isFloating(tensor) && tensor.count() > 0 && holdsNonFinite(tensor))
        throw Error(Error::Code::BadModel,
                    where + ": tensor " + inQuotes(name) +
                        " holds values that are not finite numbers; download the file again");
}

/// False once interrupted.
bool verifyWeights(const std::filesystem::path& folder, std::stop_token stop)
{
    const ModelFolder files = openFolder(folder);
    ProgressLine progress;
    for (const std::string& name : files.weights->names()) {
        if (stop.stop_requested())
            return false;
        progress.show("values of " + name);
        if (const auto tensor = files.weights->find(name))
            requireFinite(folder.string(), name, *tensor);
    }
    return true;
}

nlohmann::ordered_json memoryJson(const MemoryEstimate& memory)
{
    return {{"weights", memory.weights},
            {"kv_per_token", memory.kvPerToken},
            {"workspace", memory.workspace},
            {"total", memory.total}};
}

void printModelJson(const std::filesystem::path& folder, const ModelInfo& info,
                    const std::vector<FileFacts>& files, int64_t context)
{
    nlohmann::ordered_json value = {{"family", info.family},
                                    {"name", info.name},
                                    {"parameters", info.parameters},
                                    {"context", info.context},
                                    {"stored_dtype", nameOf(info.storedType)},
                                    {"packed_bits", info.packedBits},
                                    {"min_pixels", info.minPixels},
                                    {"max_pixels", info.maxPixels},
                                    {"files", nlohmann::ordered_json::array()},
                                    {"memory_context", context},
                                    {"memory", nlohmann::ordered_json::object()},
                                    {"unknown_tensors", info.unknownTensors}};
    for (const FileFacts& file : files)
        value["files"].push_back(
            {{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
    for (const DType type : computeTypes)
        value["memory"][nameOf(type)] = memoryJson(estimateMemory(folder, type, context));
    printJson(value);
}

void printModelText(const std::filesystem::path& folder, const ModelInfo& info,
                    const std::vector<FileFacts>& files, int64_t context)
{
    std::string text = describe(info) + "\n";
    text += "context  " + std::to_string(info.context) + " positions\n";
    if (info.seesPictures)
        text += "pictures " + std::to_string(info.minPixels) + " to " +
                std::to_string(info.maxPixels) + " pixels" + (info.seesFilms ? ", films too" : "") +
                "\n";
    text += "memory, with a context of " + std::to_string(context) + " positions\n";
    for (const DType type : computeTypes) {
        const MemoryEstimate m = estimateMemory(folder, type, context);
        std::string name = nameOf(type);
        name.resize(6, ' ');
        text += "  " + name + sizeText(m.total) + ": weights " + sizeText(m.weights) +
                ", workspace " + sizeText(m.workspace) + ", " + sizeText(m.kvPerToken) +
                " a position\n";
    }
    text += "files\n";
    for (const FileFacts& file : files)
        text += "  " + file.sha256 + "  " + file.name + "  " + sizeText(file.size) + "\n";
    for (const std::string& name : info.unknownTensors)
        text += "unknown tensor " + oneLine(name) + "\n";
    print(text);
}

/// All problems as one line. Does nothing for none.
void requireNone(const std::filesystem::path& folder, const std::vector<std::string>& problems)
{
    constexpr size_t mostTold = 8;
    if (problems.empty())
        return;
    std::string text = folder.string() + ": ";
    for (size_t i = 0; i < std::min(problems.size(), mostTold); ++i)
        text += (i == 0 ? "" : " | ") + problems[i];
    if (problems.size() > mostTold)
        text += " | and " + std::to_string(problems.size() - mostTold) + " more";
    throw Error(Error::Code::BadModel, text + "; download these files again");
}

/// Compares the files with the lists that lie in the folder. False once interrupted.
bool verifyLists(const std::filesystem::path& folder, const std::vector<FileFacts>& files,
                 std::stop_token stop)
{
    const auto hash = [&](const std::string& name) {
        const auto known = std::ranges::find(files, name, &FileFacts::name);
        return known != files.end() ? known->sha256 : sha256OfFile(folder / name, stop);
    };
    const std::vector<std::string> problems = listProblems(folder, listedFiles(folder), hash);
    if (stop.stop_requested())
        return false;
    requireNone(folder, problems);
    return true;
}

int inspectModel(const std::filesystem::path& folder, bool verify, bool json)
{
    const Interruptible work;
    if (verify)
        requireNone(folder, weightProblems(folder, work.token()));
    if (work.stopped())
        return statusInterrupted;
    const ModelInfo info = describeModel(folder);
    const auto files = readFiles(folder, info, work.token());
    if (!files || (verify && (!verifyLists(folder, *files, work.token()) ||
                              !verifyWeights(folder, work.token()))))
        return statusInterrupted;
    const int64_t context = std::min(info.context, usualContext);
    (json ? printModelJson : printModelText)(folder, info, *files, context);
    return statusDone;
}

/// The row of a tensor for --json; with its hash where the file is to be verified.
nlohmann::ordered_json tensorRow(const std::string& name, const Tensor& tensor, bool verify)
{
    nlohmann::ordered_json row = {{"name", name}, {"dtype", nameOf(tensor.type())}};
    row["shape"] = nlohmann::ordered_json::array();
    for (int i = 0; i < tensor.shape().rank(); ++i)
        row["shape"].push_back(tensor.dim(i));
    if (verify)
        row["sha256"] = sha256({tensor.raw(), static_cast<size_t>(tensor.bytes())});
    return row;
}

int inspectFile(const std::filesystem::path& path, bool verify, bool json)
{
    const std::unique_ptr<WeightSource> file = openWeightFile(path);
    const Interruptible work;
    if (verify)
        file->requireChecksums(work.token());
    // Files of torch hold more than weights, masks with infinities for one.
    const bool holdsWeights = path.extension() == ".safetensors";
    nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
    std::string text;
    for (const std::string& name : file->names()) {
        if (work.stopped())
            return statusInterrupted;
        const TensorKind kind = file->describe(name).value();
        const Tensor tensor =
            verify ? file->find(name).value() : Tensor(kind.type, kind.shape, nullptr, nullptr);
        if (verify && holdsWeights)
            requireFinite(path.string(), name, tensor);
        nlohmann::ordered_json row = tensorRow(name, tensor, verify);
        text += oneLine(name) + "  " + nameOf(kind.type) + "  " + kind.shape.text();
        if (verify)
            text += "  " + row["sha256"].get<std::string>();
        text += "\n";
        tensors.push_back(std::move(row));
    }
    if (json)
        printJson({{"tensors", std::move(tensors)}});
    else
        print(text);
    return statusDone;
}

int run(const Arguments& arguments)
{
    arguments.requireRest(1, 1, "MODEL or FILE");
    const std::filesystem::path path = arguments.rest().front();
    std::error_code error;
    const bool isFile = std::filesystem::is_regular_file(path, error);
    return isFile ? inspectFile(path, arguments.has("--verify"), arguments.has("--json"))
                  : inspectModel(requireModel(path.string(),
                                              "give the folder of a published checkpoint, or a "
                                              "file of weights"),
                                 arguments.has("--verify"), arguments.has("--json"));
}

} // namespace

const Command& inspectCommand()
{
    static const Command command = {.name = "inspect",
                                    .summary = "what a model folder or a weights file holds",
                                    .help =
                                        R"(usage: argali-cli inspect MODEL|FILE [--verify] [--json]

MODEL, a checkpoint folder: family, parameters, context, files with size and sha256, and the
memory that it takes in each arithmetic (with a context of 4096 positions); tensors that the
family does not know are named.
FILE, a .safetensors file or one of torch (.bin, .pt, .pth): its tensors.

  --verify  read every value too: numbers that are not finite are an error, as is a shard that
            is missing or cut, and a file that differs from a list in the folder (SHA256SUMS,
            the index, a hub's listing). For a file the sha256 of each tensor
  --json    MODEL: {"family", "name", "parameters", "context", "stored_dtype", "packed_bits",
            "min_pixels", "max_pixels", "files": [{"name", "size", "sha256"}], "memory_context",
            "memory": {DTYPE: {"weights", "kv_per_token", "workspace", "total"}},
            "unknown_tensors"}, sizes in bytes;
            FILE: {"tensors": [{"name", "dtype", "shape", "sha256" (with --verify)}]}
)",
                                    .options = {{.name = "--verify"}, {.name = "--json"}},
                                    .run = run};
    return command;
}

} // namespace argali::cli
