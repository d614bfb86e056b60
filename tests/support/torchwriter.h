#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace argali::test {

/// A number in so many bytes, little-endian.
inline std::string bytesOf(uint64_t value, int count)
{
    std::string result;
    for (int i = 0; i < count; ++i)
        result += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFF : 0);
    return result;
}

/// A member of an archive; what a test wants to be wrong is set by hand.
struct ZipPart {
    std::string name{};
    std::string bytes{};
    uint32_t flags = 0, method = 0;
    int64_t packedSize = -1, size = -1; ///< in the directory; -1: as it is
    int64_t ownSize = -1;               ///< in its own header
    int64_t header = -1;                ///< where the directory says that it lies
    std::string ownName{};              ///< in its own header, when it is another one
    std::string extra{};                ///< of the directory
    int64_t checksum = -1;
};

/// An archive of stored members.
std::string zipBytes(const std::vector<ZipPart>& parts, const std::string& comment = {});

// The opcodes of a pickle, as torch writes them.
inline std::string text(std::string_view value)
{
    return "X" + bytesOf(value.size(), 4) + std::string(value);
}
inline std::string number(int64_t value)
{
    return "J" + bytesOf(static_cast<uint64_t>(value), 4);
}
inline std::string longNumber(int64_t value)
{
    return std::string("\x8A\x08", 2) + bytesOf(static_cast<uint64_t>(value), 8);
}
inline std::string global(std::string_view module, std::string_view name)
{
    return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string tuple(const std::vector<std::string>& items)
{
    std::string result = "(";
    for (const std::string& item : items)
        result += item;
    return result + "t";
}
inline std::string storage(std::string_view key, int64_t count,
                           std::string_view type = "FloatStorage")
{
    return tuple({text("storage"), global("torch", type), text(key), text("cpu"), number(count)}) +
           "Q";
}
inline std::string numbers(const std::vector<int64_t>& values)
{
    std::vector<std::string> items;
    for (const int64_t value : values)
        items.push_back(longNumber(value));
    return tuple(items);
}
/// A tensor of a storage, by its offset, shape and strides.
inline std::string tensor(const std::string& of, int64_t offset, const std::vector<int64_t>& shape,
                          const std::vector<int64_t>& strides)
{
    return global("torch._utils", "_rebuild_tensor_v2") +
           tuple({of, longNumber(offset), numbers(shape), numbers(strides), "\x89",
                  global("collections", "OrderedDict") + ")R"}) +
           "R";
}
/// A whole stream around the items of a map: a text and a value each.
inline std::string pickleOf(const std::string& items)
{
    return "\x80\x02}(" + items + "u.";
}
/// The parts of a torch file with one storage of six floats, 0 to 5.
std::vector<ZipPart> torchParts(const std::string& pickle);
/// A file that torch could have written.
std::string torchBytes(const std::string& pickle);

} // namespace argali::test
