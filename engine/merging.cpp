#include "engine/merging.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "engine/adaptedfolder.h"
#include "engine/adapterfiles.h"
#include "engine/checkpoint/json.h"
#include "engine/checkpoint/safetensorswriter.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "engine/families/mergedweights.h"
#include "engine/numbers.h"

namespace argali {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what)
{
    throw Error(Error::Code::BadRequest, path.string() + ": " + what);
}

void sync(const fs::path& path)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int reason = errno;
    if (descriptor >= 0)
        ::close(descriptor);
    if (!done)
        refuse(path, std::string("cannot be written (") + std::strerror(reason) + ")");
}

/// A hidden folder that becomes the target, or goes.
class NewFolder final {
public:
    explicit NewFolder(const fs::path& target)
        : m_target(fs::absolute(target).lexically_normal())
    {
        if (!m_target.has_filename())
            m_target = m_target.parent_path();
        std::error_code error;
        if (fs::exists(fs::symlink_status(m_target, error)))
            refuse(m_target, "is there already; give a folder that does not exist");
        if (!fs::is_directory(m_target.parent_path(), error))
            refuse(m_target.parent_path(), "is no folder; make it first");
        std::string name =
            (m_target.parent_path() / ("." + m_target.filename().string() + ".part-XXXXXX")).string();
        if (!::mkdtemp(name.data()))
            refuse(m_target, std::string("cannot be made (") + std::strerror(errno) + ")");
        m_path = name;
    }
    ~NewFolder()
    {
        std::error_code error;
        if (!m_path.empty())
            fs::remove_all(m_path, error);
    }
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;

    const fs::path& path() const { return m_path; }

    /// From here on it is the target.
    void finish()
    {
        const mode_t mask = ::umask(0);
        ::umask(mask);
        ::chmod(m_path.c_str(), 0777 & ~mask);
        sync(m_path);
        if (::renameat2(AT_FDCWD, m_path.c_str(), AT_FDCWD, m_target.c_str(), RENAME_NOREPLACE) != 0)
            refuse(m_target, std::string("cannot be made (") + std::strerror(errno) + ")");
        m_path.clear();
        sync(m_target.parent_path());
    }

private:
    fs::path m_target;
    fs::path m_path; ///< empty once it is the target
};

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
    const std::set<std::string> suffixes{".safetensors", ".bin", ".pt", ".pth", ".gguf",
                                         ".onnx", ".h5", ".msgpack"};
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

/// One merge under way.
class Merge final {
public:
    Merge(const MergeRequest& request, std::stop_token stop)
        : m_request(request), m_stop(std::move(stop)),
          m_opened(openAdaptedFolder(request.model, {request.adapter})), m_folder(m_opened.files),
          m_fitted(std::make_shared<const FittedAdapter>(
              m_opened.isWhole ? FittedAdapter{.path = request.adapter.path}
                               : fitAdapter(readAdapter(request.adapter), *m_folder.weights))),
          m_merged(m_folder.weights, m_fitted, MergedWeights::Changes::Rounded, m_stop),
          m_shards(shardsOf(m_folder.path, *m_folder.weights)), m_files(otherFiles(m_folder.path))
    {
        if (m_fitted->prefix)
            throw Error(Error::Code::Unsupported,
                        m_fitted->path.string() + ": is a prefix, which is no part of a model's "
                                                  "weights; use it unmerged");
        makeFamily(m_folder); // whose checks the result has to pass, too
        requireAllInside();
        for (const Shard& shard : m_shards)
            m_total += safetensorsSize(shard.tensors);
        for (const fs::path& file : m_files)
            m_total += static_cast<int64_t>(fs::file_size(m_folder.path / file));
    }

    bool run();

private:
    void requireAllInside() const;
    void requireRoom(const fs::path& folder) const;
    void writeShard(const fs::path& folder, const Shard& shard);
    void writeIndex(const fs::path& folder) const;
    void copyFile(const fs::path& folder, const fs::path& file);
    Tensor valuesOf(const std::string& name);
    void report(int64_t bytes)
    {
        m_done += bytes;
        if (m_request.progress)
            m_request.progress({Progress::Phase::Loading, std::min(m_done, m_total), m_total});
    }

    const MergeRequest& m_request;
    std::stop_token m_stop;
    AdaptedFolder m_opened;
    ModelFolder& m_folder;
    std::shared_ptr<const FittedAdapter> m_fitted;
    MergedWeights m_merged;
    std::vector<Shard> m_shards;
    std::vector<fs::path> m_files;
    int64_t m_total = 0;
    int64_t m_done = 0;
};

/// What is thrown where a stop has to leave a loop of others.
struct Stopped {};

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
    if (!error && space.available < static_cast<uint64_t>(m_total + reserve))
        refuse(m_request.target, "the merged model takes " + megabytes(m_total + reserve) + " and " +
                                     megabytes(static_cast<int64_t>(space.available)) +
                                     " are free there; free some, or give a folder elsewhere");
}

Tensor Merge::valuesOf(const std::string& name)
{
    if (m_stop.stop_requested())
        throw Stopped();
    const Tensor value = m_merged.find(name).value();
    if (m_stop.stop_requested())
        throw Stopped();
    if (m_merged.isChanged(name) && holdsNonFinite(value))
        throw Error(Error::Code::BadModel, m_fitted->path.string() + ": makes values of " +
                                               inQuotes(name) + " too large for " +
                                               nameOf(value.type()));
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
    if (m_shards.size() < 2)
        return;
    nlohmann::json index = {{"metadata", {{"total_size", 0}}}};
    int64_t size = 0;
    for (const Shard& shard : m_shards)
        for (const WrittenTensor& tensor : shard.tensors) {
            index["weight_map"][tensor.name] = shard.name;
            size += tensor.kind.bytes();
        }
    index["metadata"]["total_size"] = size;
    const fs::path file = folder / "model.safetensors.index.json";
    std::ofstream stream(file, std::ios::binary);
    stream << index.dump(2) << '\n';
    if (!stream.flush())
        refuse(file, "cannot be written");
    sync(file);
}

void Merge::copyFile(const fs::path& folder, const fs::path& file)
{
    if (m_stop.stop_requested())
        throw Stopped();
    std::error_code error;
    fs::create_directories((folder / file).parent_path(), error);
    // Where the adapter brings a configuration, it is that of the result.
    const fs::path source = file == "config.json" ? fs::path(m_folder.config.file()) : m_folder.path / file;
    if (!fs::copy_file(source, folder / file, error) || error)
        refuse(folder / file, "cannot be written (" + error.message() + ")");
    sync(folder / file);
    report(static_cast<int64_t>(fs::file_size(folder / file)));
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
