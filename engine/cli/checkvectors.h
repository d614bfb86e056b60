#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/backend.h"
#include "engine/cli/checkreport.h"

namespace argali::cli {

/// What the checks of vector files need beside the files.
struct VectorContext {
    std::string device; ///< for the operations of a backend
    std::optional<std::filesystem::path>
        tokenizer; ///< none: the model folder that the files belong to
};

/// Whether this is the list of a set of vectors, one that this version knows or one of later
/// versions.
bool isVectorFile(const std::filesystem::path& file);

/// Compares every row of a vector file and adds its stages to the report; skips, in the report,
/// what this version has no check for. Throws: Error::Code::BadRequest for a file that breaks its
/// own format; Missing, BadModel
void checkVectorFile(const std::filesystem::path& file, const VectorContext& context,
                     CheckReport& report, std::stop_token stop);

} // namespace argali::cli
