#include "engine/checkpoint/verification.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/paths.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/error.h"

namespace argali {
namespace {

using nlohmann::json;

constexpr int64_t largestList = int64_t(8) << 20;
constexpr size_t mostFiles = 20'000;
constexpr std::string_view indexNames[] = {"model.safetensors.index.json",
                                           "pytorch_model.bin.index.json"};

[[noreturn]] void bad(const std::filesystem::path& file, const std::string& what)
{
    throw Error(Error::Code::BadModel, file.string() + ": " + what);
}

/// 64 hexadecimal digits as small ones; nothing for other texts.
std::optional<std::string> digest(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'F')
            c = static_cast<char>(c - 'A' + 'a');
    const bool isDigest =
        result.size() == 64 && result.find_first_not_of("0123456789abcdef") == result.npos;
    return isDigest ? std::optional(result) : std::nullopt;
}

/// Whether a name stays in its folder.
bool isInside(std::string_view name)
{
    const std::string slashed = "/" + std::string(name) + "/";
    return !name.empty() && name.size() <= 1024 && name.find('\\') == name.npos &&
           slashed.find("/../") == slashed.npos && slashed.find("/./") == slashed.npos &&
           slashed.find("//") == slashed.npos && std::none_of(name.begin(), name.end(), [](char c) {
               return (c >= 0 && c < 32) || c == 127;
           });
}

/// Lines "DIGEST  NAME", or "DIGEST *NAME" of a file that is read as bytes.
void readSums(const std::filesystem::path& file, std::vector<ListedFile>& result)
{
    const std::string content = readFile(file, largestList);
    int64_t number = 0;
    for (size_t begin = 0; begin < content.size();) {
        const size_t end = std::min(content.find('\n', begin), content.size());
        std::string_view line = std::string_view(content).substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.empty() || line.starts_with('#'))
            continue;
        const auto sum = digest(line.substr(0, 64));
        const bool hasMark =
            line.size() > 66 && line[64] == ' ' && (line[65] == ' ' || line[65] == '*');
        std::string_view name = line.substr(std::min<size_t>(66, line.size()));
        if (name.starts_with("./"))
            name.remove_prefix(2);
        if (!sum || !hasMark || !isInside(name))
            bad(file, "line " + std::to_string(number) +
                          ": expected a SHA-256 and the name of a file in the folder, found " +
                          inQuotes(line));
        if (name != file.filename().string())
            result.push_back({std::string(name), {}, *sum, file.filename().string()});
    }
}

const json& member(const json& object, const char* key)
{
    static const json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nothing : *found;
}

/// "metadata": {"sha256": {FILE: DIGEST}}
void readIndexSums(const std::filesystem::path& file, std::vector<ListedFile>& result)
{
    const json index = parseJson(readFile(file), file.string(), Error::Code::BadModel);
    const json& sums = member(member(index, "metadata"), "sha256");
    if (sums.is_null())
        return;
    if (!sums.is_object())
        bad(file, std::string("expected an object metadata.sha256, found ") + sums.type_name());
    for (const auto& [name, value] : sums.items()) {
        const auto sum =
            value.is_string() ? digest(value.get_ref<const std::string&>()) : std::nullopt;
        if (!sum || !isInside(name))
            bad(file, "metadata.sha256: expected a file in the folder and its SHA-256 as " +
                          inQuotes(name));
        result.push_back({name, {}, *sum, file.filename().string()});
    }
}

/// Adds what a hub says of one file: its name, size and digest by the keys of that hub.
void addListed(const std::string& list, const json& name, const json& size, const json& sum,
               std::vector<ListedFile>& result)
{
    if (!name.is_string() || !isInside(name.get_ref<const std::string&>()))
        return;
    ListedFile file{name.get<std::string>(), {}, {}, list};
    if (size.is_number_unsigned() && size.get<uint64_t>() < (uint64_t(1) << 62))
        file.size = size.get<int64_t>();
    if (sum.is_string())
        file.sha256 = digest(sum.get_ref<const std::string&>()).value_or("");
    result.push_back(std::move(file));
}

/// The answer of a hub: a list of files, or an object with one. Other .json files are none.
void readHubListing(const std::filesystem::path& file, std::vector<ListedFile>& result)
{
    const std::string content = readFile(file, largestList);
    const bool isCandidate = content.starts_with('[') || content.find("\"Files\"") != content.npos;
    json listing;
    try {
        if (isCandidate)
            listing = parseJson(content, file.string(), Error::Code::BadModel);
    } catch (const Error&) {
        return; // whoever needs the file says what is wrong with it
    }
    const std::string name = file.filename().string();
    if (listing.is_array())
        for (const json& entry : listing) {
            const json& large = member(entry, "lfs");
            if (member(entry, "type") == "file")
                addListed(name, member(entry, "path"), member(entry, "size"), member(large, "oid"),
                          result);
        }
    else
        for (const json& entry : member(member(listing, "Data"), "Files"))
            if (member(entry, "Type") == "blob")
                addListed(name, member(entry, "Path"), member(entry, "Size"),
                          member(entry, "Sha256"), result);
}

/// What the hub's own client keeps beside a download: NAME.metadata, whose second line is the
/// digest of large files.
void readHubCache(const std::filesystem::path& folder, std::vector<ListedFile>& result)
{
    const std::filesystem::path root = folder / ".cache/huggingface/download";
    std::error_code error;
    std::filesystem::recursive_directory_iterator entry(root, error);
    const std::filesystem::recursive_directory_iterator end;
    for (size_t count = 0; !error && entry != end && count < mostFiles; ++count) {
        const std::filesystem::path& path = entry->path();
        if (path.extension() == ".metadata" && entry->is_regular_file(error)) {
            const std::string content = readFile(path, 4096);
            const size_t begin = content.find('\n');
            const std::string_view rest = begin == content.npos
                                              ? std::string_view()
                                              : std::string_view(content).substr(begin + 1);
            const auto sum = digest(rest.substr(0, rest.find('\n')));
            const std::string name = path.lexically_relative(root).replace_extension().string();
            if (sum && isInside(name))
                result.push_back({name, {}, *sum, "the hub's record of the download"});
        }
        entry.increment(error);
    }
}

/// Whether a model cannot do without a file of this name.
bool isNeeded(const std::string& name, bool hasSafetensors)
{
    const std::filesystem::path path = name;
    const std::string extension = path.extension().string();
    if (path.has_parent_path())
        return false;
    return extension == ".json" || extension == ".safetensors" || name == "tokenizer.model" ||
           name == "merges.txt" || (extension == ".bin" && !hasSafetensors);
}

/// Tries a part of the work and keeps what it complains of.
template <typename Work> bool tried(std::vector<std::string>& problems, Work work)
{
    try {
        work();
        return true;
    } catch (const Error& error) {
        if (error.code() == Error::Code::Internal)
            throw;
        problems.emplace_back(error.what());
        return false;
    }
}

/// The shards of an index one by one, so that all that is wrong is told.
void verifyShards(const std::filesystem::path& indexFile, std::vector<std::string>& problems,
                  std::stop_token stop)
{
    const json index = parseJson(readFile(indexFile), indexFile.string(), Error::Code::BadModel);
    std::map<std::string, std::vector<std::string>> shards;
    for (const auto& [name, file] : member(index, "weight_map").items())
        if (file.is_string())
            shards[file.get<std::string>()].push_back(name);
    int64_t total = 0;
    const size_t before = problems.size();
    for (const auto& [file, names] : shards) {
        const std::filesystem::path path = indexFile.parent_path() / file;
        if (stop.stop_requested())
            return;
        if (!isInside(file) || file.find('/') != file.npos) {
            problems.push_back(indexFile.string() + ": names the file " + inQuotes(file) +
                               " outside of its folder");
            continue;
        }
        if (!isThere(path)) {
            problems.push_back(path.string() + ": is missing, but " +
                               indexFile.filename().string() + " names " +
                               std::to_string(names.size()) + " tensors in it");
            continue;
        }
        tried(problems, [&, &path = path, &names = names] {
            const auto source = openWeightFile(path);
            for (const std::string& name : names) {
                const auto kind = source->describe(name);
                if (!kind)
                    bad(path, "has no tensor " + inQuotes(name) + ", but " +
                                  indexFile.filename().string() + " names it there");
                total += kind->bytes();
            }
            source->requireChecksums(stop);
        });
    }
    const json& told = member(member(index, "metadata"), "total_size");
    if (problems.size() == before && told.is_number() && told != total)
        problems.push_back(indexFile.string() + ": metadata.total_size is " + told.dump() +
                           " bytes, but its tensors have " + std::to_string(total));
}

} // namespace

std::vector<ListedFile> listedFiles(const std::filesystem::path& folder)
{
    std::vector<ListedFile> result;
    for (const char* name : {"SHA256SUMS", "SHA256SUMS.txt"})
        if (isThere(folder / name))
            readSums(folder / name, result);
    for (const std::string_view name : indexNames)
        if (isThere(folder / name))
            readIndexSums(folder / name, result);
    std::vector<ListedFile> ofHubs;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == ".json" && entry.is_regular_file(error) &&
            static_cast<int64_t>(entry.file_size(error)) <= largestList)
            readHubListing(entry.path(), ofHubs);
    readHubCache(folder, ofHubs);
    const bool hasSafetensors =
        isThere(folder / "model.safetensors") || isThere(folder / std::string(indexNames[0]));
    for (ListedFile& file : ofHubs)
        if (isThere(folder / file.name) || isNeeded(file.name, hasSafetensors))
            result.push_back(std::move(file));
    return result;
}

std::vector<std::string> weightProblems(const std::filesystem::path& folder, std::stop_token stop)
{
    std::vector<std::string> problems;
    for (const auto& [index, single] : {std::pair(indexNames[0], "model.safetensors"),
                                        std::pair(indexNames[1], "pytorch_model.bin")}) {
        const std::filesystem::path indexFile = folder / std::string(index);
        if (isThere(indexFile)) {
            tried(problems, [&] { verifyShards(indexFile, problems, stop); });
            break;
        }
        if (isThere(folder / single)) {
            tried(problems,
                  [&, name = single] { openWeightFile(folder / name)->requireChecksums(stop); });
            break;
        }
    }
    return problems;
}

std::vector<std::string> listProblems(const std::filesystem::path& folder,
                                      const std::vector<ListedFile>& lists, const FileHash& hash)
{
    std::vector<std::string> problems;
    std::map<std::string, std::string> hashes;
    std::set<std::string> complained;
    for (const ListedFile& file : lists) {
        const std::filesystem::path path = folder / file.name;
        const auto complain = [&](const std::string& what) {
            if (complained.insert(file.name).second)
                problems.push_back(path.string() + ": " + what + " (" + file.list + ")");
        };
        std::error_code error;
        const auto size = static_cast<int64_t>(std::filesystem::file_size(path, error));
        if (error) {
            complain("is missing");
            continue;
        }
        if (file.size && *file.size != size)
            complain("has " + std::to_string(size) + " bytes, expected " +
                     std::to_string(*file.size));
        if (file.sha256.empty() || complained.contains(file.name))
            continue;
        const auto [found, isNew] = hashes.try_emplace(file.name);
        if (isNew)
            found->second = hash(file.name);
        if (found->second.empty())
            return {}; // stopped
        if (found->second != file.sha256)
            complain("has the SHA-256 " + found->second + ", expected " + file.sha256);
    }
    return problems;
}

} // namespace argali
