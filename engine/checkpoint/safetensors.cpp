#include "engine/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/error.h"

namespace argali {
namespace {

// The reference reader's bound for the header; the others are far above any published file.
constexpr uint64_t largestHeader = 100'000'000;
constexpr int64_t largestEntryCount = 1'000'000;
constexpr size_t longestName = 1024;
constexpr int64_t longestToken = int64_t(16) << 20; // metadata may hold a whole training log
constexpr uint64_t largestNumber = uint64_t(1) << 63;

/// One entry of the header as it is written, before the rules between entries are checked.
struct Entry {
    std::string name;
    DType type = DType::F32;
    std::array<uint64_t, Shape::maxRank> dims{};
    std::array<uint64_t, 2> offsets{};
    size_t rank = 0, offsetCount = 0;
    bool hasType = false, hasShape = false, hasOffsets = false;
};

/// Reads the header event by event: what does not belong is refused where it stands, so nothing of
/// a hostile header is ever built up in memory.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit HeaderReader(const std::string& file) : m_file(file) {}

    std::vector<Entry> entries;
    std::map<std::string, std::string> metadata;

    bool null() override { unexpected("null"); }
    bool boolean(bool) override { unexpected("true or false"); }
    bool binary(binary_t&) override { unexpected("binary"); }
    bool number_integer(number_integer_t value) override { badNumber(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { badNumber(inQuotes(text)); }

    bool number_unsigned(number_unsigned_t value) override
    {
        if (value >= largestNumber)
            badNumber(std::to_string(value));
        if (m_place == Place::Shape) {
            if (entry().rank == entry().dims.size())
                fail("has more than " + std::to_string(Shape::maxRank) +
                     " dimensions, which is the limit");
            entry().dims[entry().rank++] = value;
        } else if (m_place == Place::Offsets) {
            if (entry().offsetCount == entry().offsets.size())
                fail("has more than two data_offsets in the header");
            entry().offsets[entry().offsetCount++] = value;
        } else {
            unexpected("a number");
        }
        return true;
    }

    bool string(string_t& value) override
    {
        if (m_place == Place::Metadata)
            metadata[m_key] = std::move(value);
        else if (m_place == Place::Entry && m_key == "dtype")
            setType(value);
        else
            unexpected("a string");
        return true;
    }

    bool start_object(std::size_t) override
    {
        if (m_place == Place::Before)
            m_place = Place::Top;
        else if (m_place == Place::Top)
            m_place = m_key == "__metadata__" ? Place::Metadata : Place::Entry;
        else
            unexpected("an object");
        return true;
    }

    bool end_object() override
    {
        if (m_place == Place::Entry) {
            if (!entry().hasType || !entry().hasShape || !entry().hasOffsets)
                fail("lacks dtype, shape or data_offsets in the header");
            if (entry().offsetCount != entry().offsets.size())
                fail("has fewer than two data_offsets in the header");
        }
        m_place = Place::Top; // after the last one nothing is read any more
        return true;
    }

    bool start_array(std::size_t) override
    {
        if (m_place == Place::Entry && m_key == "shape")
            m_place = Place::Shape;
        else if (m_place == Place::Entry && m_key == "data_offsets")
            m_place = Place::Offsets;
        else
            unexpected("a list");
        return true;
    }

    bool end_array() override
    {
        m_place = Place::Entry;
        return true;
    }

    bool key(string_t& name) override
    {
        if (m_place == Place::Top)
            startEntry(name);
        else if (m_place == Place::Metadata && metadata.contains(name))
            refuse("the header's metadata has " + inQuotes(name) + " twice");
        else if (m_place == Place::Entry)
            startField(name);
        m_key = std::move(name);
        return true;
    }

    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::detail::exception& error) override
    {
        // A number beyond the range of double comes here as well and is as impossible.
        refuse("the header is not valid JSON: " + jsonComplaint(error));
    }

    [[noreturn]] void refuse(const std::string& what,
                             Error::Code code = Error::Code::BadModel) const
    {
        throw Error(code, m_file + ": " + what);
    }

private:
    enum class Place { Before, Top, Metadata, Entry, Shape, Offsets };

    Entry& entry() { return entries.back(); }

    void startEntry(const std::string& name)
    {
        if (name.size() > longestName)
            refuse("the tensor name " + inQuotes(name) + " has " + std::to_string(name.size()) +
                   " bytes, the limit is " + std::to_string(longestName));
        if (std::any_of(name.begin(), name.end(),
                        [](char c) { return (c >= 0 && c < 32) || c == 127; }))
            refuse("the header has control characters in the tensor name " + inQuotes(name));
        if (name == "__metadata__") {
            if (std::exchange(m_hasMetadata, true))
                refuse("the header has its metadata twice");
            return;
        }
        if (static_cast<int64_t>(entries.size()) == largestEntryCount)
            refuse("more tensors than the limit of " + std::to_string(largestEntryCount));
        entries.emplace_back().name = name;
    }

    void startField(const std::string& name)
    {
        bool* const seen = name == "dtype"          ? &entry().hasType
                           : name == "shape"        ? &entry().hasShape
                           : name == "data_offsets" ? &entry().hasOffsets
                                                    : nullptr;
        if (!seen)
            fail("has the unknown field " + inQuotes(name) + " in the header");
        if (std::exchange(*seen, true))
            fail("has the field " + inQuotes(name) + " twice in the header");
    }

    void setType(std::string_view name)
    {
        static constexpr std::pair<std::string_view, DType> known[] = {
            {"F32", DType::F32}, {"F16", DType::F16}, {"BF16", DType::BF16}, {"I64", DType::I64},
            {"I32", DType::I32}, {"I8", DType::I8},   {"U8", DType::U8},     {"BOOL", DType::Bool}};
        static constexpr std::string_view others[] = {
            "I16",     "U16",     "U32",         "U64",         "F64", "C64",     "F8_E4M3",
            "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F4",  "F6_E2M3", "F6_E3M2"};
        for (const auto& [text, type] : known)
            if (name == text) {
                entry().type = type;
                return;
            }
        static const std::string expected = "expected F32, F16, BF16, I64, I32, I8, U8 or BOOL";
        if (std::find(std::begin(others), std::end(others), name) != std::end(others))
            fail("has the dtype " + std::string(name) + ", which this program does not read; " +
                     expected,
                 Error::Code::Unsupported);
        fail("has the unknown dtype " + inQuotes(name) + "; " + expected);
    }

    [[noreturn]] void badNumber(const std::string& found)
    {
        if (m_place == Place::Shape)
            fail("has the impossible dimension " + found +
                 " in its shape; expected a whole number below 2^63");
        if (m_place == Place::Offsets)
            fail("has the impossible data_offsets value " + found +
                 "; expected a whole number below 2^63");
        unexpected("a number");
    }

    [[noreturn]] void unexpected(const std::string& what)
    {
        if (m_place == Place::Before)
            refuse("the header is " + what + ", expected an object of tensors");
        if (m_place == Place::Metadata)
            refuse("the header's metadata has " + what + " as " + inQuotes(m_key) +
                   ", expected a string");
        if (m_place == Place::Top)
            refuse("the header has " + what + " as entry " + inQuotes(m_key) +
                   ", expected an object");
        fail("has " + what + " in the header where it does not belong, in " + inQuotes(m_key));
    }

    [[noreturn]] void fail(const std::string& what, Error::Code code = Error::Code::BadModel)
    {
        refuse("tensor " + inQuotes(entry().name) + " " + what, code);
    }

    const std::string& m_file;
    Place m_place = Place::Before;
    std::string m_key;
    bool m_hasMetadata = false;
};

std::string_view headerOf(const MappedFile& mapping, const HeaderReader& reader)
{
    const auto bytes = mapping.bytes();
    const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (const auto foreign = foreignContent(content))
        reader.refuse(*foreign);
    if (bytes.size() < sizeof(uint64_t))
        reader.refuse("ends after " + std::to_string(bytes.size()) +
                      " bytes, before the length of its header; fetch it again");
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length); // little-endian, as this machine
    if (length > largestHeader)
        reader.refuse("is not a safetensors file, or damaged: a header of " +
                      std::to_string(length) + " bytes, the limit is " +
                      std::to_string(largestHeader));
    if (length > bytes.size() - sizeof length)
        reader.refuse("ends inside its header: " + std::to_string(length) + " bytes promised, " +
                      std::to_string(bytes.size() - sizeof length) + " there; fetch it again");
    const std::string_view header = content.substr(sizeof length, length);
    if (!header.starts_with('{'))
        reader.refuse("the header does not begin with '{'");
    return header;
}

/// Bytes of the elements of an entry. Throws: Error::Code::BadModel when they overflow
uint64_t sizeOf(const Entry& entry, const HeaderReader& reader)
{
    auto size = static_cast<uint64_t>(argali::sizeOf(entry.type));
    uint64_t count = 1;
    for (size_t i = 0; i < entry.rank; ++i)
        if (__builtin_mul_overflow(count, entry.dims[i], &count) || count >= largestNumber)
            reader.refuse("tensor " + inQuotes(entry.name) +
                          " has a shape of more than 2^63 elements");
    if (__builtin_mul_overflow(count, size, &size) || size >= largestNumber)
        reader.refuse("tensor " + inQuotes(entry.name) + " has a shape of more than 2^63 bytes");
    return size;
}

std::string offsetsOf(const Entry& entry)
{
    return std::to_string(entry.offsets[0]) + " to " + std::to_string(entry.offsets[1]);
}

void checkNames(std::vector<Entry>& entries, const HeaderReader& reader)
{
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(entries.begin(), entries.end(),
                           [](const Entry& a, const Entry& b) { return a.name == b.name; });
    if (twice != entries.end())
        reader.refuse("the header has the tensor " + inQuotes(twice->name) + " twice");
}

/// The rules between shapes, offsets and the file: every entry fits its bytes, and together they
/// tile the buffer without a gap.
void checkOffsets(std::vector<Entry>& entries, uint64_t bufferSize, const HeaderReader& reader)
{
    for (const Entry& entry : entries) {
        const auto fail = [&](const std::string& what) {
            reader.refuse("tensor " + inQuotes(entry.name) + " " + what);
        };
        if (entry.offsets[0] > entry.offsets[1])
            fail("has data_offsets whose begin lies behind the end: " + offsetsOf(entry));
        const uint64_t size = sizeOf(entry, reader);
        if (entry.offsets[1] > bufferSize)
            fail("has data_offsets " + offsetsOf(entry) + " beyond the " +
                 std::to_string(bufferSize) + " bytes of data in the file; was it fetched whole?");
        if (entry.offsets[1] - entry.offsets[0] != size)
            fail("has a shape of " + std::to_string(size) + " bytes, but data_offsets of " +
                 std::to_string(entry.offsets[1] - entry.offsets[0]));
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.offsets, a.name) < std::tie(b.offsets, b.name);
    });
    uint64_t end = 0;
    for (const Entry& entry : entries) {
        if (entry.offsets[0] != end)
            reader.refuse("tensor " + inQuotes(entry.name) + " has data_offsets " +
                          offsetsOf(entry) +
                          (entry.offsets[0] > end ? ", leaving a gap after byte "
                                                  : ", overlapping the bytes before ") +
                          std::to_string(end));
        end = entry.offsets[1];
    }
    if (end != bufferSize)
        reader.refuse("the data_offsets end at byte " + std::to_string(end) +
                      ", but the file has " + std::to_string(bufferSize) + " bytes of data");
}

} // namespace

SafetensorsFile openSafetensors(const std::filesystem::path& path)
{
    const auto mapping = std::make_shared<const MappedFile>(path);
    const std::string where = path.string();
    HeaderReader reader(where);
    const std::string_view header = headerOf(*mapping, reader);
    checkJsonText(header, longestToken, where, Error::Code::BadModel);
    nlohmann::json::sax_parse(header.data(), header.data() + header.size(), &reader);

    checkNames(reader.entries, reader);
    const uint64_t bufferBegin = sizeof(uint64_t) + header.size();
    checkOffsets(reader.entries, static_cast<uint64_t>(mapping->size()) - bufferBegin, reader);

    SafetensorsFile result{path, {}, std::move(reader.metadata), mapping};
    for (Entry& entry : reader.entries) {
        Shape shape;
        for (size_t i = 0; i < entry.rank; ++i)
            shape.append(static_cast<int64_t>(entry.dims[i]));
        Tensor tensor(entry.type, shape, mapping->bytes().data() + bufferBegin + entry.offsets[0],
                      mapping);
        result.tensors.emplace(std::move(entry.name), std::move(tensor));
    }
    return result;
}

Tensor aligned(const Tensor& tensor)
{
    const auto size = static_cast<uintptr_t>(sizeOf(tensor.type()));
    if (reinterpret_cast<uintptr_t>(tensor.raw()) % size == 0)
        return tensor;
    Tensor copy = hostTensor(tensor.type(), tensor.shape());
    std::memcpy(copy.raw(), tensor.raw(), static_cast<size_t>(tensor.bytes()));
    return copy;
}

} // namespace argali
