#include "engine/cli/vectorfile.h"

#include <cstring>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/cli/lines.h"
#include "engine/error.h"

namespace argali::cli {

VectorFile::VectorFile(std::filesystem::path path) : m_path(std::move(path))
{
    if (m_path.extension() != ".jsonl") {
        m_json = parseJson(readFile(m_path), m_path.string(), Error::Code::BadRequest);
        return;
    }
    std::ifstream stream(m_path, std::ios::binary);
    if (!stream)
        throw Error(Error::Code::Missing,
                    m_path.string() + ": cannot be read; check its permissions");
    LineReader lines(stream, m_path.string());
    while (const auto line = lines.next())
        m_rows.push_back(parseJson(*line, lines.where(), Error::Code::BadRequest));
}

std::string VectorFile::name() const
{
    return (m_path.parent_path().filename() / m_path.stem()).string();
}

void VectorFile::refuse(const std::string& expected, const nlohmann::json& found) const
{
    using Handler = nlohmann::json::error_handler_t;
    throw Error(Error::Code::BadRequest,
                m_path.string() + ": " + expected + " expected, found " +
                    found.dump(-1, ' ', false, Handler::replace).substr(0, 80) +
                    "; its README describes the format");
}

const std::vector<nlohmann::json>& VectorFile::rows(const char* key)
{
    if (m_rows.empty() && m_path.extension() != ".jsonl") {
        const nlohmann::json& list = m_json.is_array() ? m_json : member(m_json, key);
        if (!list.is_array())
            refuse(std::string("a list as \"") + key + "\"", list);
        m_rows.assign(list.begin(), list.end());
    }
    if (m_rows.empty())
        refuse("at least one row", m_json);
    return m_rows;
}

const nlohmann::json& VectorFile::member(const nlohmann::json& row, const char* key) const
{
    if (!row.is_object() || !row.contains(key))
        refuse(std::string("key \"") + key + "\"", row);
    return row[key];
}

std::string VectorFile::text(const nlohmann::json& row, const char* key) const
{
    const nlohmann::json& value = member(row, key);
    if (!value.is_string())
        refuse(std::string("a text as \"") + key + "\"", value);
    return value.get<std::string>();
}

int64_t VectorFile::integer(const nlohmann::json& row, const char* key) const
{
    const nlohmann::json& value = member(row, key);
    if (!value.is_number_integer())
        refuse(std::string("an integer as \"") + key + "\"", value);
    return value.get<int64_t>();
}

double VectorFile::number(const nlohmann::json& row, const char* key) const
{
    const nlohmann::json& value = member(row, key);
    if (!value.is_number())
        refuse(std::string("a number as \"") + key + "\"", value);
    return value.get<double>();
}

std::vector<int32_t> VectorFile::ids(const nlohmann::json& row, const char* key) const
{
    const nlohmann::json& value = member(row, key);
    const auto isId = [](const nlohmann::json& id) {
        return id.is_number_integer() && id.get<int64_t>() >= 0 &&
               id.get<int64_t>() <= std::numeric_limits<int32_t>::max();
    };
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), isId))
        refuse(std::string("a list of token ids as \"") + key + "\"", value);
    return value.get<std::vector<int32_t>>();
}

std::vector<std::string> VectorFile::texts(const nlohmann::json& row, const char* key) const
{
    const nlohmann::json& value = member(row, key);
    const auto isText = [](const nlohmann::json& text) { return text.is_string(); };
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), isText))
        refuse(std::string("a list of texts as \"") + key + "\"", value);
    return value.get<std::vector<std::string>>();
}

ImageSize VectorFile::size(const nlohmann::json& row, const char* key) const
{
    const nlohmann::json& value = member(row, key);
    const auto isSide = [](const nlohmann::json& side) {
        return side.is_number_integer() && side.get<int64_t>() >= 1 &&
               side.get<int64_t>() <= std::numeric_limits<int>::max();
    };
    if (!value.is_array() || value.size() != 2 || !isSide(value[0]) || !isSide(value[1]))
        refuse(std::string("[height, width] as \"") + key + "\"", value);
    return {value[1].get<int>(), value[0].get<int>()};
}

std::filesystem::path VectorFile::neighbour(const nlohmann::json& row, const char* key) const
{
    const std::filesystem::path file = text(row, key);
    if (file.empty() || file.has_parent_path() || file == "." || file == "..")
        refuse("the name of a file beside this one", row);
    return m_path.parent_path() / file;
}

Tensor VectorFile::tensor(const std::string& name, DType type)
{
    if (!m_tensorsOpen) {
        m_tensors =
            openSafetensors(std::filesystem::path(m_path).replace_extension(".safetensors"));
        m_tensorsOpen = true;
    }
    const auto it = m_tensors.tensors.find(name);
    if (it == m_tensors.tensors.end() || it->second.type() != type)
        throw Error(Error::Code::BadRequest, m_tensors.path.string() + ": tensor " +
                                                 inQuotes(name) + " of type " + nameOf(type) +
                                                 " is missing");
    const Tensor aligned = hostTensor(type, it->second.shape());
    if (aligned.bytes() > 0)
        std::memcpy(aligned.raw(), it->second.raw(), static_cast<size_t>(aligned.bytes()));
    return aligned;
}

Image VectorFile::picture(const std::string& name)
{
    const Tensor pixels = tensor(name, DType::U8);
    constexpr int64_t largest = 65536;
    if (pixels.shape().rank() != 3 || pixels.dim(2) != 3 || pixels.dim(0) < 1 ||
        pixels.dim(1) < 1 || pixels.dim(0) > largest || pixels.dim(1) > largest)
        throw Error(Error::Code::BadRequest, m_tensors.path.string() + ": tensor " +
                                                 inQuotes(name) +
                                                 " is no picture [height, width, 3]");
    Image image(static_cast<int>(pixels.dim(1)), static_cast<int>(pixels.dim(0)));
    std::memcpy(image.pixels().data(), pixels.raw(), image.pixels().size());
    return image;
}

void RowCount::add(bool equal, const std::string& remark)
{
    ++m_rows;
    if (equal)
        ++m_equal;
    else if (m_first.empty())
        m_first = remark;
}

Stage RowCount::stage(const std::string& of, const std::string& name) const
{
    Stage s{.of = of, .name = name};
    s.pass = m_rows > 0 && m_equal == m_rows;
    s.maxAbs = m_maxAbs;
    s.remark = std::to_string(m_equal) + " of " + std::to_string(m_rows) + " rows agree";
    if (!m_first.empty())
        s.remark += "; first that does not: " + m_first;
    return s;
}

int largestDifference(const Image& found, const Image& expected)
{
    constexpr int otherSize = 256;
    if (found.width() != expected.width() || found.height() != expected.height())
        return otherSize;
    int largest = 0;
    for (size_t i = 0; i < expected.pixels().size(); ++i)
        largest = std::max(largest, std::abs(int(found.pixels()[i]) - int(expected.pixels()[i])));
    return largest;
}

} // namespace argali::cli
