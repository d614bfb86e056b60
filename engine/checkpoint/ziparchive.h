#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "engine/checkpoint/mappedfile.h"

namespace argali {

/// One file in an archive.
struct ZipMember {
    std::span<std::byte> bytes; ///< a view into the mapping, not to be written
    uint32_t checksum = 0;      ///< CRC-32 that the directory promises
};

using ZipMembers = std::map<std::string, ZipMember, std::less<>>;

/// The files of a zip archive whose members are stored as they are, by name. Sizes come from the
/// central directory; folders are left out. The members do not overlap and lie in the file; their
/// names are UTF-8, differ, and stay within the archive.
/// Throws: Error::Code::BadModel (file, member, what), Unsupported (compressed or encrypted)
/// Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5
ZipMembers readZip(const MappedFile& file);

/// The checksum of zip archives: polynomial EDB88320, reflected. before: the checksum of what came
/// before these bytes.
uint32_t crc32(std::span<const std::byte> bytes, uint32_t before = 0);

} // namespace argali
