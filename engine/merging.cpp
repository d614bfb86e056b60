#include "engine/merging.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <span>

#include <nlohmann/json.hpp>

#include "engine/adaptedfolder.h"
#include "engine/adapterfiles.h"
#include "engine/checkpoint/json.h"
#include "engine/checkpoint/newfiles.h"
#include "engine/checkpoint/safetensorswriter.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "engine/families/mergedweights.h"
#include "engine/numbers.h"
#include "engine/sha256.h"

namespace argali {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what)
{
    throw Error(Error::Code::BadRequest, path.string() + ": " + what);
}

/// One file of weights that is to be written.
struct Shard {
    std::string name;
    std::vector<WrittenTensor> tensors;
};

/// "pytorch_model-00001-of-00002.bin" as "model-00001-of-00002.safetensors"
std::string safetensorsName(const fs::path& file)
{
    std::string stem = file.stem().string();
    constexpr std::string_view torch = "pytorch_";
    if (stem.starts_with(torch))
        stem.erase(0, torch.size());
    return stem + ".safetensors";
}

/// The weights of the folder in the parts in which they are published.
std::vector<Shard> shardsOf(const fs::path& folder, const WeightSource& weights)
{
    std::vector<Shard> shards;
    std::set<std::string> known;
    for (const std::string& name : weights.names())
        known.insert(name);
    for (const fs::path& file : weights.files()) {
        if (fs::weakly_canonical(file).parent_path() != fs::weakly_canonical(folder) &&
            file.parent_path() != folder)
            continue;
        Shard shard{safetensorsName(file), {}};
        for (const std::string& name : openWeightFile(file)->names())
            if (known.erase(name) > 0)
                shard.tensors.push_back({name, weights.describe(name).value()});
        shards.push_back(std::move(shard));
    }
    // A projector that the model's files do not have.
    for (const std::string& name : known)
        if (!shards.empty() && name.find("mm_projector") != name.npos)
            shards.back().tensors.push_back({name, weights.describe(name).value()});
    return shards;
}

bool isWeightsFile(const fs::path& file)
{
    const std::string name = file.filename().string();
    if (name.ends_with(".safetensors.index.json") || name.ends_with(".bin.index.json"))
        return true;
    const std::set<std::string> suffixes{".safetensors", ".bin",  ".pt", ".pth",
                                         ".gguf",        ".onnx", ".h5", ".msgpack"};
    return suffixes.contains(file.extension().string());
}

/// Everything else, below the folder as well; hidden files and folders are left out.
std::vector<fs::path> otherFiles(const fs::path& folder)
{
    std::vector<fs::path> files;
    constexpr int deepest = 8;
    for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
        const bool isHidden = entry->path().filename().string().starts_with('.');
        if (entry->is_directory() && (isHidden || entry.depth() >= deepest))
            entry.disable_recursion_pending();
        // Weights that lie deeper are those of a vision tower.
        const bool isWeights = entry.depth() == 0 && isWeightsFile(entry->path());
        if (entry->is_regular_file() && !isHidden && !isWeights)
            files.push_back(entry->path().lexically_relative(folder));
    }
    std::ranges::sort(files);
    return files;
}

/// What is thrown where a stop has to leave a loop of others.
struct Stopped {};

void requireGoing(const std::stop_token& stop)
{
    if (stop.stop_requested())
        throw Stopped();
}

/// The digest of a tensor's values. Throws: Stopped
std::string digestOf(const Tensor& tensor, const std::stop_token& stop)
{
    constexpr int64_t piece = 4 << 20;
    Sha256 digest;
    for (int64_t begin = 0; begin < tensor.bytes(); begin += piece) {
        requireGoing(stop);
        digest.add({static_cast<const std::byte*>(tensor.raw()) + begin,
                    static_cast<size_t>(std::min(piece, tensor.bytes() - begin))});
    }
    return digest.finish();
}

/// One merge under way.
class Merge final {
public:
    Merge(const MergeRequest& request, std::stop_token stop)
        : m_request(request),
          m_stop(std::move(stop)),
          m_opened(openAdaptedFolder(request.model, {request.adapter})),
          m_folder(m_opened.files),
          m_fitted(std::make_shared<const FittedAdapter>(
              m_opened.isWhole ? FittedAdapter{.path = request.adapter.path}
                               : fitAdapter(readAdapter(request.adapter), *m_folder.weights))),
          m_merged(m_folder.weights, m_fitted, MergedWeights::Changes::Rounded, m_stop),
          m_shards(shardsOf(m_folder.path, *m_folder.weights)),
          m_files(otherFiles(m_folder.path))
    {
        if (m_fitted->prefix)
            throw Error(Error::Code::Unsupported,
                        m_fitted->path.string() + ": is a prefix, which is no part of a model's "
                                                  "weights; use it unmerged");
        makeFamily(m_folder); // whose checks the result has to pass, too
        requireAllInside();
        for (const Shard& shard : m_shards)
            m_bytes += safetensorsSize(shard.tensors);
        for (const fs::path& file : m_files)
            m_bytes += static_cast<int64_t>(fs::file_size(m_folder.path / file));
    }

    bool run();

private:
    void requireAllInside() const;
    void requireRoom(const fs::path& folder) const;
    void writeShard(const fs::path& folder, const Shard& shard);
    void writeIndex(const fs::path& folder) const;
    void copyFile(const fs::path& folder, const fs::path& file);
    Tensor valuesOf(const std::string& name);
    /// Opens what was written as a checkpoint, and compares all of it with what it should be.
    void check(const fs::path& folder);
    void checkTensors(const fs::path& folder);
    [[noreturn]] void refuseResult(const fs::path& folder, const std::string& what) const
    {
        refuse(m_request.target, "was not written as it should be: " + what +
                                     " is not on the disk in " + folder.parent_path().string() +
                                     " as it was written; look whether this disk is sound, or "
                                     "write elsewhere");
    }
    /// Bytes that are written, or checked: each counts twice.
    void report(int64_t bytes)
    {
        m_done += bytes;
        if (m_request.progress)
            m_request.progress(
                {Progress::Phase::Loading, std::min(m_done, 2 * m_bytes), 2 * m_bytes});
    }

    const MergeRequest& m_request;
    std::stop_token m_stop;
    AdaptedFolder m_opened;
    ModelFolder& m_folder;
    std::shared_ptr<const FittedAdapter> m_fitted;
    MergedWeights m_merged;
    std::vector<Shard> m_shards;
    std::vector<fs::path> m_files;
    std::map<std::string, std::string> m_ofTensors; ///< digests of what was written
    std::map<std::string, std::string> m_ofFiles;
    int64_t m_bytes = 0;
    int64_t m_done = 0;
};

void Merge::requireAllInside() const
{
    std::set<std::string> written;
    for (const Shard& shard : m_shards)
        for (const WrittenTensor& tensor : shard.tensors)
            written.insert(tensor.name);
    for (const std::string& name : m_merged.names())
        if (m_merged.isChanged(name) && !written.contains(name))
            throw Error(Error::Code::Unsupported,
                        m_fitted->path.string() + ": changes " + inQuotes(name) + " in " +
                            m_folder.weights->origin(name) +
                            ", which is no file of the model's folder; use the adapter unmerged");
}

void Merge::requireRoom(const fs::path& folder) const
{
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    constexpr int64_t reserve = 16 << 20;
    if (!error && space.available < static_cast<uint64_t>(m_bytes + reserve))
        refuse(m_request.target, "the merged model takes " + megabytes(m_bytes + reserve) +
                                     " and " + megabytes(static_cast<int64_t>(space.available)) +
                                     " are free there; free some, or give a folder elsewhere");
}

Tensor Merge::valuesOf(const std::string& name)
{
    requireGoing(m_stop);
    const Tensor value = m_merged.find(name).value();
    requireGoing(m_stop);
    if (m_merged.isChanged(name) && holdsNonFinite(value))
        throw Error(Error::Code::BadModel, m_fitted->path.string() + ": makes values of " +
                                               inQuotes(name) + " too large for " +
                                               nameOf(value.type()));
    m_ofTensors[name] = digestOf(value, m_stop);
    report(value.bytes());
    return value;
}

void Merge::writeShard(const fs::path& folder, const Shard& shard)
{
    writeSafetensors(folder / shard.name, shard.tensors,
                     [this](const std::string& name) { return valuesOf(name); });
}

void Merge::writeIndex(const fs::path& folder) const
{
    if (m_shards.size() == 1 && m_shards.front().name == "model.safetensors")
        return; // found by its name; one that is a part of one is not
    nlohmann::json index = {{"metadata", {{"total_size", 0}}}};
    int64_t size = 0;
    for (const Shard& shard : m_shards)
        for (const WrittenTensor& tensor : shard.tensors) {
            index["weight_map"][tensor.name] = shard.name;
            size += tensor.kind.bytes();
        }
    index["metadata"]["total_size"] = size;
    NewFile file(folder / "model.safetensors.index.json");
    file.write(index.dump(2) + '\n');
    file.finish();
}

void Merge::copyFile(const fs::path& folder, const fs::path& file)
{
    std::error_code error;
    fs::create_directories((folder / file).parent_path(),
                           error); // the file tells when it is not there
    // Where the adapter brings a configuration, it is that of the result.
    const fs::path source =
        file == "config.json" ? fs::path(m_folder.config.file()) : m_folder.path / file;
    std::ifstream from(source, std::ios::binary);
    NewFile copy(folder / file);
    Sha256 digest;
    std::vector<char> piece(size_t(1) << 20);
    while (from) {
        requireGoing(m_stop);
        from.read(piece.data(), std::ssize(piece));
        const auto count = static_cast<size_t>(from.gcount());
        copy.write({piece.data(), count});
        digest.add(std::as_bytes(std::span(piece.data(), count)));
        report(static_cast<int64_t>(count));
    }
    if (!from.eof())
        refuse(source, "cannot be read");
    copy.finish();
    m_ofFiles[file.string()] = digest.finish();
}

void Merge::checkTensors(const fs::path& folder)
{
    const std::unique_ptr<WeightSource> result = openCheckpoint(folder);
    size_t count = 0;
    for (const Shard& shard : m_shards)
        for (const WrittenTensor& tensor : shard.tensors) {
            const std::optional<Tensor> found = result->find(tensor.name);
            if (!found || found->type() != tensor.kind.type ||
                found->shape() != tensor.kind.shape ||
                digestOf(*found, m_stop) != m_ofTensors.at(tensor.name))
                refuseResult(folder, "tensor " + inQuotes(tensor.name));
            report(tensor.kind.bytes());
            ++count;
        }
    if (result->names().size() != count)
        refuseResult(folder, "the list of its tensors");
}

void Merge::check(const fs::path& folder)
{
    try {
        checkTensors(folder);
    } catch (const Error& error) {
        if (error.code() != Error::Code::BadModel && error.code() != Error::Code::Missing)
            throw;
        refuseResult(folder, std::string("a part of it (") + error.what() + ")");
    }
    for (const fs::path& file : m_files) {
        const std::string digest = sha256OfFile(folder / file, m_stop);
        requireGoing(m_stop);
        if (digest != m_ofFiles.at(file.string()))
            refuseResult(folder, file.string());
        report(static_cast<int64_t>(fs::file_size(folder / file)));
    }
}

bool Merge::run()
{
    m_folder.weights->requireWhole();
    m_fitted->requireWhole();
    NewFolder folder(m_request.target);
    requireRoom(folder.path());
    try {
        for (const Shard& shard : m_shards)
            writeShard(folder.path(), shard);
        writeIndex(folder.path());
        for (const fs::path& file : m_files)
            copyFile(folder.path(), file);
        check(folder.path());
        requireGoing(m_stop);
    } catch (const Stopped&) {
        return false;
    }
    folder.finish();
    return true;
}

} // namespace

bool mergeAdapter(const MergeRequest& request, std::stop_token stop)
{
    try {
        return Merge(request, std::move(stop)).run();
    } catch (const fs::filesystem_error& error) {
        throw Error(Error::Code::BadRequest, request.model.string() + ": " + error.what());
    }
}

} // namespace argali
