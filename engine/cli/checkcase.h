#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/safetensors.h"
#include "engine/cli/checkreport.h"
#include "engine/engine.h"

namespace argali::cli {

/// The folder of a reference case, cases/NAME of a model folder, before anything but its case.json
/// is read.
struct CaseFile {
    std::filesystem::path folder; ///< real path, links resolved
    std::string name;             ///< "ovis2_5-tiny/one-image"
    std::filesystem::path model;  ///< the folder that holds cases/, or the base of that adapter
    std::optional<AdapterSource> adapter;
    nlohmann::json json;
};

/// Throws: Error::Code::Missing, BadRequest
CaseFile openCase(const std::filesystem::path& folder);

/// A conversation with the reference implementation's results.
struct ReferenceCase {
    std::string name;
    ChatRequest request;   ///< greedy; pictures decoded, not turned
    nlohmann::json expect; ///< as in case.json
    nlohmann::json tolerance;
    SafetensorsFile tensors; ///< expect.safetensors
};

/// Reads the rest of the case; nothing outside its folder is opened.
/// Throws: Error::Code::BadRequest for a case.json that breaks its rules, naming key, expected and
/// found;
///         Missing, BadModel, BadMedia for its files
ReferenceCase readCase(const CaseFile& file, std::stop_token stop);

/// Runs the case and adds a row to the report for each stage, in the order of the computation.
/// Throws: as Model's functions. Returns false once stopped.
bool runCase(const ReferenceCase& reference, Model& model, CheckReport& report,
             std::stop_token stop);

} // namespace argali::cli
