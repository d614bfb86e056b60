#include "engine/checkpoint/ziparchive.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

// Sizes of the fixed parts of records, and their signatures.
constexpr uint64_t endSize = 22, locator64Size = 20, end64Size = 56;
constexpr uint64_t directorySize = 46, localSize = 30;
constexpr uint32_t endMark = 0x06054B50, locator64Mark = 0x07064B50, end64Mark = 0x06064B50;
constexpr uint32_t directoryMark = 0x02014B50, localMark = 0x04034B50;
constexpr uint32_t narrow16 = 0xFFFF, narrow32 = 0xFFFFFFFF; // the value stands in a wider field

constexpr uint64_t largestCount = uint64_t(1) << 20; // published files have fewer than 2000 members
constexpr size_t longestEntryName = 1024;
// Encrypted, patched, strongly encrypted, directory encrypted.
constexpr uint32_t refusedFlags = 1 | 1 << 5 | 1 << 6 | 1 << 13;

/// Where the central directory lies.
struct Directory {
    uint64_t count = 0, begin = 0, size = 0;
    uint64_t limit = 0; ///< first byte behind that belongs to an end record
};

/// A member as the central directory has it.
struct Entry {
    std::string name;
    uint64_t header = 0; ///< where its local header lies
    uint64_t size = 0;
    uint64_t begin = 0; ///< of its bytes
    uint32_t checksum = 0;
};

class ZipReader final {
public:
    explicit ZipReader(const MappedFile& file)
        : m_file(file), m_bytes(file.bytes().data()), m_size(static_cast<uint64_t>(file.size()))
    {
    }

    ZipMembers read();

private:
    [[noreturn]] void refuse(const std::string& what,
                             Error::Code code = Error::Code::BadModel) const
    {
        throw Error(code, m_file.path().string() + ": " + what);
    }

    [[noreturn]] void refuseMember(const std::string& name, const std::string& what,
                                   Error::Code code = Error::Code::BadModel) const
    {
        refuse("member " + inQuotes(name) + " " + what, code);
    }

    /// A little-endian number of 2, 4 or 8 bytes; the caller has checked that it lies in the file.
    uint64_t number(uint64_t at, int bytes) const
    {
        uint64_t value = 0;
        for (int i = bytes - 1; i >= 0; --i)
            value = value << 8 | static_cast<uint8_t>(m_bytes[at + static_cast<uint64_t>(i)]);
        return value;
    }
    uint32_t number16(uint64_t at) const { return static_cast<uint32_t>(number(at, 2)); }
    uint32_t number32(uint64_t at) const { return static_cast<uint32_t>(number(at, 4)); }

    std::string text(uint64_t at, uint64_t length) const
    {
        return {reinterpret_cast<const char*>(m_bytes) + at, length};
    }

    bool lies(uint64_t begin, uint64_t size, uint64_t limit) const
    {
        return begin <= limit && size <= limit - begin;
    }

    uint64_t findEnd() const;
    Directory findDirectory() const;
    void readWide(Directory& directory, uint64_t end) const;
    Entry readEntry(uint64_t& at, uint64_t limit) const;
    void readWide(Entry& entry, uint64_t extra, uint64_t length, bool packed) const;
    void checkName(const std::string& name) const;
    void findBytes(Entry& entry, const Directory& directory) const;
    void checkOverlaps(std::vector<Entry>& entries) const;

    const MappedFile& m_file;
    std::byte* const m_bytes;
    const uint64_t m_size;
};

uint64_t ZipReader::findEnd() const
{
    // Behind the record there is a comment of up to 65535 bytes, whose length it tells.
    for (uint64_t comment = 0; comment <= narrow16 && endSize + comment <= m_size; ++comment) {
        const uint64_t at = m_size - endSize - comment;
        if (number32(at) == endMark && number16(at + 20) == comment)
            return at;
    }
    refuse("ends before the directory of its zip archive: the download did not finish, or the file "
           "is damaged; fetch it again");
}

/// The record of large archives, which a locator right before the usual one tells.
void ZipReader::readWide(Directory& directory, uint64_t end) const
{
    const uint64_t locator = end - locator64Size;
    if (end < locator64Size || number32(locator) != locator64Mark)
        refuse("zip archive: the record for large archives is missing");
    const uint64_t at = number(locator + 8, 8);
    if (!lies(at, end64Size, locator) || number32(at) != end64Mark)
        refuse("zip archive: the record for large archives is not where it should be");
    directory.count = number(at + 32, 8);
    directory.size = number(at + 40, 8);
    directory.begin = number(at + 48, 8);
    directory.limit = at;
    if (number32(at + 16) != 0 || number32(at + 20) != 0 || number(at + 24, 8) != directory.count)
        refuse("zip archive: is one of several parts, expected a single file");
}

Directory ZipReader::findDirectory() const
{
    const uint64_t end = findEnd();
    Directory result{number16(end + 10), number32(end + 16), number32(end + 12), end};
    if (result.count == narrow16 || result.begin == narrow32 || result.size == narrow32)
        readWide(result, end);
    else if (number16(end + 4) != 0 || number16(end + 6) != 0 || number16(end + 8) != result.count)
        refuse("zip archive: is one of several parts, expected a single file");
    if (!lies(result.begin, result.size, result.limit))
        refuse("zip archive: the directory of " + std::to_string(result.size) + " bytes at byte " +
               std::to_string(result.begin) + " does not lie in the file");
    if (result.count > largestCount)
        refuse("zip archive: " + std::to_string(result.count) + " members, the limit is " +
               std::to_string(largestCount));
    if (result.count > result.size / directorySize)
        refuse("zip archive: the directory of " + std::to_string(result.size) +
               " bytes is too small for the " + std::to_string(result.count) +
               " members it should list");
    return result;
}

/// The fields of 64 bits, which stand in the extra field 1 in this order, as far as they are
/// needed.
void ZipReader::readWide(Entry& entry, uint64_t extra, uint64_t length, bool packed) const
{
    const uint64_t end = extra + length;
    while (end - extra >= 4) {
        const uint64_t id = number16(extra), size = number16(extra + 2);
        extra += 4;
        if (size > end - extra)
            refuseMember(entry.name, "has an extra field that does not fit its record");
        if (id == 1) {
            uint64_t at = extra;
            const auto take = [&](uint64_t& field) {
                if (field != narrow32)
                    return;
                if (extra + size - at < 8)
                    refuseMember(entry.name, "has a cut record of its sizes");
                field = number(at, 8);
                at += 8;
            };
            take(entry.size);
            uint64_t packedSize = packed ? narrow32 : entry.size;
            take(packedSize);
            if (packedSize != entry.size)
                refuseMember(entry.name, "has a compressed size of " + std::to_string(packedSize) +
                                             " bytes, but a size of " + std::to_string(entry.size));
            take(entry.header);
            return;
        }
        extra += size;
    }
}

void ZipReader::checkName(const std::string& name) const
{
    if (name.empty() || name.size() > longestEntryName)
        refuse("zip archive: a member name of " + std::to_string(name.size()) +
               " bytes, expected 1 to " + std::to_string(longestEntryName));
    if (firstInvalidUtf8(name) || std::any_of(name.begin(), name.end(), [](char c) {
            return (c >= 0 && c < 32) || c == 127;
        }))
        refuseMember(name, "has a name that is not plain text");
    const std::string slashed = "/" + name + "/";
    if (name.starts_with('/') || name.find('\\') != name.npos || name.find(':') != name.npos ||
        slashed.find("/../") != slashed.npos || slashed.find("/./") != slashed.npos)
        refuseMember(name, "has a name that leads out of the archive");
}

/// Reads one record of the directory and moves at behind it.
Entry ZipReader::readEntry(uint64_t& at, uint64_t limit) const
{
    if (!lies(at, directorySize, limit) || number32(at) != directoryMark)
        refuse("zip archive: the directory has no record at byte " + std::to_string(at) +
               ", but should list more members");
    const uint64_t nameLength = number16(at + 28), extraLength = number16(at + 30),
                   commentLength = number16(at + 32);
    const uint64_t length = directorySize + nameLength + extraLength + commentLength;
    if (!lies(at, length, limit))
        refuse("zip archive: the record at byte " + std::to_string(at) +
               " does not fit the directory");
    Entry entry;
    entry.name = text(at + directorySize, nameLength);
    checkName(entry.name);
    if (number16(at + 8) & refusedFlags)
        refuseMember(entry.name, "is encrypted; expected an archive without a password",
                     Error::Code::Unsupported);
    if (const uint32_t method = number16(at + 10); method != 0)
        refuseMember(entry.name,
                     "is compressed (method " + std::to_string(method) +
                         "); torch stores members as they are: save the file again by torch",
                     Error::Code::Unsupported);
    entry.checksum = number32(at + 16);
    entry.size = number32(at + 24);
    entry.header = number32(at + 42);
    const uint64_t packedSize = number32(at + 20);
    const bool isWide =
        packedSize == narrow32 || entry.size == narrow32 || entry.header == narrow32;
    if (isWide)
        readWide(entry, at + directorySize + nameLength, extraLength, packedSize == narrow32);
    else if (packedSize != entry.size)
        refuseMember(entry.name, "has a compressed size of " + std::to_string(packedSize) +
                                     " bytes, but a size of " + std::to_string(entry.size));
    at += length;
    return entry;
}

/// Looks up where the bytes begin: the header before them has its own lengths.
void ZipReader::findBytes(Entry& entry, const Directory& directory) const
{
    const uint64_t at = entry.header;
    if (!lies(at, localSize, directory.begin) || number32(at) != localMark)
        refuseMember(entry.name, "has no header at byte " + std::to_string(at) +
                                     ", where the directory says that it lies");
    const uint64_t nameLength = number16(at + 26);
    entry.begin = at + localSize + nameLength + number16(at + 28);
    if (!lies(at + localSize, nameLength, directory.begin) ||
        text(at + localSize, nameLength) != entry.name)
        refuseMember(entry.name, "has another name in its own header");
    if (number16(at + 8) != 0 || (number16(at + 6) & refusedFlags) != 0)
        refuseMember(entry.name,
                     "is compressed or encrypted by its own header, not by the directory");
    if (!lies(entry.begin, entry.size, directory.begin))
        refuseMember(entry.name, "has " + std::to_string(entry.size) + " bytes from byte " +
                                     std::to_string(entry.begin) +
                                     " on, which do not lie in the file");
    // A header may leave the size to what follows the bytes; then it says 0.
    const uint64_t ownSize = number32(at + 22);
    if (ownSize != 0 && ownSize != narrow32 && ownSize != entry.size)
        refuseMember(entry.name, "has a size of " + std::to_string(ownSize) +
                                     " bytes in its own header, of " + std::to_string(entry.size) +
                                     " in the directory");
}

void ZipReader::checkOverlaps(std::vector<Entry>& entries) const
{
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.header, a.name) < std::tie(b.header, b.name);
    });
    for (size_t i = 1; i < entries.size(); ++i)
        if (entries[i].header < entries[i - 1].begin + entries[i - 1].size)
            refuseMember(entries[i].name, "overlaps the member " + inQuotes(entries[i - 1].name));
}

ZipMembers ZipReader::read()
{
    const Directory directory = findDirectory();
    std::vector<Entry> entries;
    uint64_t at = directory.begin;
    for (uint64_t i = 0; i < directory.count; ++i) {
        entries.push_back(readEntry(at, directory.begin + directory.size));
        findBytes(entries.back(), directory);
    }
    if (at != directory.begin + directory.size)
        refuse("zip archive: the directory goes on behind the " + std::to_string(directory.count) +
               " members it should list");
    checkOverlaps(entries);
    ZipMembers result;
    for (Entry& entry : entries) {
        if (entry.name.ends_with('/') && entry.size == 0)
            continue;
        const ZipMember member{{m_bytes + entry.begin, static_cast<size_t>(entry.size)},
                               entry.checksum};
        if (!result.emplace(entry.name, member).second)
            refuseMember(entry.name, "is there twice");
    }
    return result;
}

/// Tables for eight bytes at a time.
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;

constexpr CrcTables makeCrcTables()
{
    CrcTables tables{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = value & 1 ? value >> 1 ^ 0xEDB88320 : value >> 1;
        tables[0][byte] = value;
    }
    for (size_t i = 1; i < tables.size(); ++i)
        for (uint32_t byte = 0; byte < 256; ++byte)
            tables[i][byte] = tables[i - 1][byte] >> 8 ^ tables[0][tables[i - 1][byte] & 0xFF];
    return tables;
}

} // namespace

ZipMembers readZip(const MappedFile& file)
{
    return ZipReader(file).read();
}

uint32_t crc32(std::span<const std::byte> bytes, uint32_t before)
{
    static constexpr CrcTables tables = makeCrcTables();
    uint32_t value = ~before;
    size_t at = 0;
    for (; bytes.size() - at >= 8; at += 8) {
        uint32_t next = 0;
        for (size_t i = 0; i < 8; ++i) {
            const auto byte = static_cast<uint32_t>(bytes[at + i]);
            const uint32_t mixed = i < 4 ? byte ^ (value >> (8 * i) & 0xFF) : byte;
            next ^= tables[7 - i][mixed];
        }
        value = next;
    }
    for (; at < bytes.size(); ++at)
        value = value >> 8 ^ tables[0][(value ^ static_cast<uint32_t>(bytes[at])) & 0xFF];
    return ~value;
}

} // namespace argali
