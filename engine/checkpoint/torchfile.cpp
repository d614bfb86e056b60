#include "engine/checkpoint/torchfile.h"

#include <algorithm>
#include <cstring>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/torchpickle.h"
#include "engine/error.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

constexpr size_t longestKey = 1024;
constexpr size_t smallMember = 64; ///< "byteorder" and "version" have a few bytes

/// The members of a torch file, which all lie in one folder.
class TorchArchive final {
public:
    TorchArchive(const MappedFile& file, const ZipMembers& members)
        : m_file(file.path().string()), m_members(members)
    {
        if (members.empty())
            refuse("is an empty zip archive, expected a torch file");
        m_folder = folderOf(members.begin()->first);
        for (const auto& [name, member] : members)
            if (folderOf(name) != m_folder)
                refuse("zip archive: the members " + inQuotes(members.begin()->first) + " and " +
                       inQuotes(name) + " lie in different folders, expected one for all");
        const auto isCode = [&](const auto& member) {
            return member.first.starts_with(m_folder + "code/");
        };
        if (find("constants.pkl") || std::any_of(members.begin(), members.end(), isCode))
            refuse("is a TorchScript program, which is not opened; take a file of weights alone",
                   Error::Code::Unsupported);
    }

    std::string_view pickle() const
    {
        const ZipMember* const member = find("data.pkl");
        if (!member)
            refuse("zip archive without " + inQuotes(m_folder + "data.pkl") +
                   ", expected a torch file");
        if (crc32(member->bytes) != member->checksum)
            refuse("member " + inQuotes(m_folder + "data.pkl") +
                   " does not match its checksum; download the file again");
        return text(*member);
    }

    bool isBigEndian() const
    {
        const std::string_view order = smallText("byteorder").value_or("little");
        if (order != "little" && order != "big")
            refuse("byteorder is " + inQuotes(order) + ", expected little or big");
        return order == "big";
    }

    void checkVersion() const
    {
        std::string_view version = smallText("version").value_or("3");
        while (version.ends_with('\n'))
            version.remove_suffix(1);
        const bool isNumber = !version.empty() && version.size() < 10 &&
                              version.find_first_not_of("0123456789") == version.npos;
        if (!isNumber)
            refuse("version is " + inQuotes(version) + ", expected a number");
    }

    std::span<std::byte> storage(std::string_view key) const
    {
        const bool isKey =
            !key.empty() && key.size() < 20 && key.find_first_not_of("0123456789") == key.npos;
        const ZipMember* const member = isKey ? find("data/" + std::string(key)) : nullptr;
        if (!member)
            refuse("has no storage " + inQuotes(key) + ", but its pickle names it");
        return member->bytes;
    }

private:
    [[noreturn]] void refuse(const std::string& what,
                             Error::Code code = Error::Code::BadModel) const
    {
        throw Error(code, m_file + ": " + what);
    }

    /// The first folder of a name with its slash.
    std::string folderOf(const std::string& name) const
    {
        const size_t slash = name.find('/');
        if (slash == name.npos)
            refuse("zip archive: the member " + inQuotes(name) +
                   " lies in no folder, expected a torch file");
        return name.substr(0, slash + 1);
    }

    const ZipMember* find(const std::string& name) const
    {
        const auto found = m_members.find(m_folder + name);
        return found == m_members.end() ? nullptr : &found->second;
    }

    static std::string_view text(const ZipMember& member)
    {
        return {reinterpret_cast<const char*>(member.bytes.data()), member.bytes.size()};
    }

    std::optional<std::string_view> smallText(const char* name) const
    {
        const ZipMember* const member = find(name);
        if (!member)
            return std::nullopt;
        return text(*member).substr(0, smallMember);
    }

    const std::string m_file;
    const ZipMembers& m_members;
    std::string m_folder;
};

/// The map that holds the tensors: the root, or what lies under one of the usual keys.
const PickleValue& stateDict(const Pickle& pickle, const std::string& file)
{
    const PickleValue& root = pickle.values[pickle.root];
    if (root.kind != PickleValue::Kind::Map)
        throw Error(Error::Code::BadModel, file + ": holds " + nameOf(root.kind) +
                                               ", expected a map from names to tensors");
    for (const std::string_view key : {"state_dict", "module", "model"})
        for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
            const PickleValue& value = pickle.values[root.items[i + 1]];
            const PickleValue& name = pickle.values[root.items[i]];
            if (name.kind == PickleValue::Kind::Text && name.text == key &&
                value.kind == PickleValue::Kind::Map)
                return value;
        }
    return root;
}

void checkName(std::string_view name, const std::string& file)
{
    const auto fail = [&](const std::string& what) {
        throw Error(Error::Code::BadModel,
                    file + ": the tensor name " + inQuotes(name) + " " + what);
    };
    if (name.size() > longestKey)
        fail("has " + std::to_string(name.size()) + " bytes, the limit is " +
             std::to_string(longestKey));
    if (firstInvalidUtf8(name))
        fail("is not UTF-8");
    if (std::any_of(name.begin(), name.end(),
                    [](char c) { return (c >= 0 && c < 32) || c == 127; }))
        fail("has control characters");
}

void readTensors(const Pickle& pickle, const TorchRules& rules, const std::string& file,
                 TorchFile& result)
{
    const auto fail = [&](const std::string& what) {
        throw Error(Error::Code::BadModel, file + ": " + what);
    };
    const PickleValue& dict = stateDict(pickle, file);
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        const PickleValue& key = pickle.values[dict.items[i]];
        const PickleValue& value = pickle.values[dict.items[i + 1]];
        if (key.kind != PickleValue::Kind::Text)
            fail(std::string("has ") + nameOf(key.kind) +
                 " as a key, expected the names of tensors");
        checkName(key.text, file);
        if (const std::string* const name = rules.foreignName(value))
            fail("has an object of " + inQuotes(*name) + " as " + inQuotes(key.text) +
                 ", expected a tensor");
        const TorchTensor* const tensor = rules.tensorOf(value);
        if (tensor && !result.tensors.emplace(key.text, *tensor).second)
            fail("has the tensor " + inQuotes(key.text) + " twice");
    }
    if (result.tensors.empty() && !dict.items.empty())
        fail("holds no tensors by name, expected a map from names to tensors");
}

void copyElement(std::byte* to, const std::byte* from, size_t size, bool isSwapped)
{
    if (isSwapped)
        std::reverse_copy(from, from + size, to);
    else
        std::memcpy(to, from, size);
}

} // namespace

bool TorchTensor::isDense() const
{
    int64_t expected = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
        if (shape.dim(i) == 0)
            return true;
        if (shape.dim(i) != 1 && strides[static_cast<size_t>(i)] != expected)
            return false;
        expected *= shape.dim(i);
    }
    return true;
}

Tensor TorchFile::tensor(const TorchTensor& stored) const
{
    if (stored.isDense() && !stored.isSwapped)
        return aligned(Tensor(stored.type, stored.shape, stored.first, mapping));
    Tensor copy = hostTensor(stored.type, stored.shape);
    const auto size = static_cast<size_t>(sizeOf(stored.type));
    const int rank = stored.shape.rank();
    std::array<int64_t, Shape::maxRank> index{};
    int64_t at = 0; // elements behind the first one
    std::byte* to = copy.raw();
    for (int64_t left = copy.count(); left > 0; --left, to += size) {
        copyElement(to, stored.first + at * sizeOf(stored.type), size, stored.isSwapped);
        for (int i = rank - 1; i >= 0; --i) {
            const auto place = static_cast<size_t>(i);
            at += stored.strides[place];
            if (++index[place] < stored.shape.dim(i))
                break;
            at -= stored.strides[place] * index[place];
            index[place] = 0;
        }
    }
    return copy;
}

void TorchFile::requireChecksums(std::stop_token stop) const
{
    constexpr size_t chunk = size_t(16) << 20; // looks at stop often enough
    for (const auto& [name, member] : members) {
        uint32_t value = 0;
        for (size_t at = 0; at < member.bytes.size() && !stop.stop_requested(); at += chunk)
            value =
                crc32(member.bytes.subspan(at, std::min(chunk, member.bytes.size() - at)), value);
        if (stop.stop_requested())
            return;
        if (value != member.checksum)
            throw Error(Error::Code::BadModel,
                        path.string() + ": member " + inQuotes(name) +
                            " does not match its checksum; download the file again");
    }
}

TorchFile openTorchFile(const std::filesystem::path& path, ForeignObjects foreign)
{
    const auto mapping = std::make_shared<const MappedFile>(path);
    const std::string file = path.string();
    const std::string_view head(reinterpret_cast<const char*>(mapping->bytes().data()),
                                std::min<size_t>(mapping->bytes().size(), 512));
    if (!head.starts_with("PK\x03\x04")) {
        if (const auto other = otherTorchForm(head))
            throw Error(Error::Code::Unsupported, file + ": " + *other);
        throw Error(Error::Code::BadModel,
                    file + ": " + foreignContent(head).value_or("is not a torch file, or damaged"));
    }
    TorchFile result{path, {}, readZip(*mapping), mapping};
    const TorchArchive archive(*mapping, result.members);
    archive.checkVersion();
    TorchRules rules(
        file, [&](std::string_view key) { return archive.storage(key); }, archive.isBigEndian(),
        foreign);
    const Pickle pickle = readPickle(archive.pickle(), file, rules);
    readTensors(pickle, rules, file, result);
    return result;
}

std::optional<std::string> otherTorchForm(std::string_view head)
{
    static const std::string advice =
        "; load it in Python with a newer torch and save it again, or take a .safetensors file";
    if (head.starts_with("\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19"))
        return "is a torch file of the form before version 1.6, which is not read" + advice;
    if (head.size() >= 262 && head.substr(257, 5) == "ustar")
        return "is a tar archive, the form of torch files before 2017, which is not read" + advice;
    if (head.starts_with('\x80') && head.size() > 1 && head[1] >= 2 && head[1] <= 5)
        return "is a bare pickle without the archive around it, which is not read" + advice;
    return std::nullopt;
}

} // namespace argali
