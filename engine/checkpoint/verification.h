#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace argali {

/// What a list in a folder says about one of its files.
struct ListedFile {
    std::string name; ///< within the folder, checked to stay there
    std::optional<int64_t> size;
    std::string sha256; ///< 64 small hexadecimal digits; empty: not told
    std::string list;   ///< name of the list, for messages
};

/// What the lists of a folder say: SHA256SUMS, "sha256" in the metadata of a weight index, the
/// answer of a hub's listing that was saved as .json, and what hub clients keep under
/// .cache/huggingface. Files that need not be there (texts, programs, weights in a format that is
/// not used) are named only where they are.
/// Throws: Error::Code::BadModel for a SHA256SUMS or index that breaks its format
/// Source: coreutils, sha256sum; the tree and files calls of the Hugging Face and ModelScope hubs
std::vector<ListedFile> listedFiles(const std::filesystem::path& folder);

/// What is wrong with the weights as a whole: shards that are missing, cut or without a tensor that
/// the index names, checksums within files, the sum of sizes that the index tells. One sentence
/// each; empty when all is well or once stopped.
std::vector<std::string> weightProblems(const std::filesystem::path& folder, std::stop_token stop);

/// The SHA-256 of a file of the folder by its name; empty once stopped.
using FileHash = std::function<std::string(const std::string& name)>;
/// What differs from the lists: one sentence for each file.
std::vector<std::string> listProblems(const std::filesystem::path& folder,
                                      const std::vector<ListedFile>& lists, const FileHash& hash);

} // namespace argali
