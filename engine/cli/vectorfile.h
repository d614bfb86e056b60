#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/safetensors.h"
#include "engine/cli/checkreport.h"
#include "engine/media/image.h"

namespace argali::cli {

struct VectorContext;

/// A vector file: rows of JSON, with tensors beside it where it has some. Getters throw
/// Error::Code::BadRequest naming file, key and what was found.
class VectorFile final {
public:
    /// Throws: Error::Code::Missing, BadRequest
    explicit VectorFile(std::filesystem::path path);

    const std::filesystem::path& path() const { return m_path; }
    /// "vectors/smart_resize"
    std::string name() const;
    /// The whole of a .json file.
    const nlohmann::json& json() const { return m_json; }
    /// The elements of a list of the .json file, or of the list that it is, or the lines of a
    /// .jsonl file.
    const std::vector<nlohmann::json>& rows(const char* key);

    std::string text(const nlohmann::json& row, const char* key) const;
    int64_t integer(const nlohmann::json& row, const char* key) const;
    double number(const nlohmann::json& row, const char* key) const;
    std::vector<int32_t> ids(const nlohmann::json& row, const char* key) const;
    std::vector<std::string> texts(const nlohmann::json& row, const char* key) const;
    bool has(const nlohmann::json& row, const char* key) const
    {
        return row.is_object() && row.contains(key);
    }
    /// [height, width] or [rows, columns], each at least 1.
    ImageSize size(const nlohmann::json& row, const char* key) const;
    /// A file name beside the vector file, without any folder.
    std::filesystem::path neighbour(const nlohmann::json& row, const char* key) const;
    /// A tensor of the .safetensors file of the same name, as f32 or U8 and aligned.
    Tensor tensor(const std::string& name, DType type);
    /// An 8-bit picture [height, width, 3].
    Image picture(const std::string& name);

private:
    [[noreturn]] void refuse(const std::string& expected, const nlohmann::json& found) const;
    const nlohmann::json& member(const nlohmann::json& row, const char* key) const;

    std::filesystem::path m_path;
    nlohmann::json m_json;
    std::vector<nlohmann::json> m_rows;
    SafetensorsFile m_tensors;
    bool m_tensorsOpen = false;
};

/// Counts rows that agree and remembers the first one that does not.
class RowCount final {
public:
    void add(bool equal, const std::string& remark);
    /// One stage for all rows; the largest deviation when there is one.
    Stage stage(const std::string& of, const std::string& name) const;
    void deviates(double maxAbs) { m_maxAbs = std::max(m_maxAbs.value_or(0), maxAbs); }

private:
    int64_t m_rows = 0;
    int64_t m_equal = 0;
    std::string m_first;
    std::optional<double> m_maxAbs;
};

/// Largest difference of two pictures' bytes; 256 when their sizes differ.
int largestDifference(const Image& found, const Image& expected);

// One function for each kind of vectors.
void checkSmartResize(VectorFile& file, const VectorContext& context, CheckReport& report,
                      std::stop_token stop);
void checkBilinear(VectorFile& file, const VectorContext& context, CheckReport& report,
                   std::stop_token stop);
void checkBicubic(VectorFile& file, const VectorContext& context, CheckReport& report,
                  std::stop_token stop);
// In checkpictures.cpp.
void checkPadding(VectorFile& file, const VectorContext& context, CheckReport& report,
                  std::stop_token stop);
void checkCropping(VectorFile& file, const VectorContext& context, CheckReport& report,
                   std::stop_token stop);
void checkTiles(VectorFile& file, const VectorContext& context, CheckReport& report,
                std::stop_token stop);
void checkTileGrids(VectorFile& file, const VectorContext& context, CheckReport& report,
                    std::stop_token stop);
void checkPictureModes(VectorFile& file, const VectorContext& context, CheckReport& report,
                       std::stop_token stop);
// In checkprompts.cpp.
void checkGlmPrompts(VectorFile& file, const VectorContext& context, CheckReport& report,
                     std::stop_token stop);
void checkPositionTable(VectorFile& file, const VectorContext& context, CheckReport& report,
                        std::stop_token stop);
void checkBpeIds(VectorFile& file, const VectorContext& context, CheckReport& report,
                 std::stop_token stop);
void checkSentencePiece(VectorFile& file, const VectorContext& context, CheckReport& report,
                        std::stop_token stop);
void checkBpeSplits(VectorFile& file, const VectorContext& context, CheckReport& report,
                    std::stop_token stop);
void checkWeightFiles(VectorFile& file, const VectorContext& context, CheckReport& report,
                      std::stop_token stop);

} // namespace argali::cli
