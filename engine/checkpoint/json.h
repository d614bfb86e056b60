#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/error.h"

namespace argali {

/// Bounds that keep a hostile text from taking memory or stack.
struct JsonLimits {
    int64_t bytes = int64_t(64) << 20;
    int64_t values = 1'000'000; ///< values of every kind, keys not counted; each may cost 150 bytes
    int depth = 32;
    bool refuseDuplicateKeys = true; ///< otherwise the last one counts
};

/// One object of a document, from key to whole number, that is read into a list of its own. As a
/// part of the document a vocabulary would take several times the time and memory.
struct JsonTable {
    std::vector<std::string> path; ///< keys from the root on; none for the root itself
    std::vector<std::pair<std::string, int64_t>> members; ///< in their order; a key may come twice
};

/// Parses JSON from outside. where names the source in messages. The object that table names is
/// left empty in the result.
/// Throws: Error with the given code for text that is not UTF-8 JSON within the limits; a byte
/// order mark and NUL bytes are refused too, and members of the table that are not from 0 to 2^63 -
/// 1
nlohmann::json parseJson(std::string_view text, const std::string& where, Error::Code code,
                         const JsonLimits& limits = {}, JsonTable* table = nullptr);

/// What the parser library would let pass: a byte order mark, NUL bytes, and strings, numbers and
/// gaps of more than tokenBytes bytes, for each of which it would allocate several times their
/// size. For callers that bring a SAX handler of their own. Throws: Error with the given code
void checkJsonText(std::string_view text, int64_t tokenBytes, const std::string& where,
                   Error::Code code);

/// The parser's complaint as one short line without control characters.
std::string jsonComplaint(const std::exception& error);

/// The whole of a regular file.
/// Throws: Error::Code::Missing when it cannot be read or is larger than limit bytes
std::string readFile(const std::filesystem::path& path, int64_t limit = int64_t(64) << 20);

/// What a file is that was put in place of the one that was wanted, as the end of a sentence that
/// begins with its name: a pointer of an incomplete clone, an HTML page, another container. Looks
/// at the first bytes only.
std::optional<std::string> foreignContent(std::string_view head);

/// Text from outside in double quotes, fit for a one-line message: escaped, UTF-8, at most about
/// 100 bytes.
std::string inQuotes(std::string_view text);

} // namespace argali
