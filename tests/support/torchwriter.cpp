#include "tests/support/torchwriter.h"

#include <cstring>

#include "engine/checkpoint/ziparchive.h"

namespace argali::test {
namespace {

uint64_t orElse(int64_t value, uint64_t usual)
{
    return value < 0 ? usual : static_cast<uint64_t>(value);
}

uint32_t checksumOf(const std::string& bytes)
{
    return crc32(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

} // namespace

std::string zipBytes(const std::vector<ZipPart>& parts, const std::string& comment)
{
    std::string file, directory;
    for (const ZipPart& part : parts) {
        const uint64_t header = orElse(part.header, file.size());
        const std::string& ownName = part.ownName.empty() ? part.name : part.ownName;
        const std::string checksum = bytesOf(orElse(part.checksum, checksumOf(part.bytes)), 4);
        const std::string ownSize = bytesOf(orElse(part.ownSize, part.bytes.size()), 4);
        file += "PK\x03\x04" + bytesOf(10, 2) + bytesOf(part.flags, 2) + bytesOf(part.method, 2) +
                bytesOf(0, 4) + checksum + ownSize + ownSize + bytesOf(ownName.size(), 2) +
                bytesOf(0, 2) + ownName + part.bytes;
        directory += "PK\x01\x02" + bytesOf(10, 2) + bytesOf(10, 2) + bytesOf(part.flags, 2) +
                     bytesOf(part.method, 2) + bytesOf(0, 4) + checksum +
                     bytesOf(orElse(part.packedSize, part.bytes.size()), 4) +
                     bytesOf(orElse(part.size, part.bytes.size()), 4) +
                     bytesOf(part.name.size(), 2) + bytesOf(part.extra.size(), 2) + bytesOf(0, 10) +
                     bytesOf(header, 4) + part.name + part.extra;
    }
    const uint64_t begin = file.size();
    return file + directory + "PK\x05\x06" + bytesOf(0, 4) + bytesOf(parts.size(), 2) +
           bytesOf(parts.size(), 2) + bytesOf(directory.size(), 4) + bytesOf(begin, 4) +
           bytesOf(comment.size(), 2) + comment;
}

std::vector<ZipPart> torchParts(const std::string& pickle)
{
    std::string bytes(6 * sizeof(float), '\0');
    for (size_t i = 0; i < 6; ++i) {
        const auto value = static_cast<float>(i);
        std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
    return {{.name = "m/data.pkl", .bytes = pickle},
            {.name = "m/data/0", .bytes = bytes},
            {.name = "m/version", .bytes = "3\n"}};
}

std::string torchBytes(const std::string& pickle)
{
    return zipBytes(torchParts(pickle));
}

} // namespace argali::test
