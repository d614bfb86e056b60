#include "engine/checkpoint/json.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace argali {
namespace {

using nlohmann::json;

/// Builds the document while it is read, so that limits hold before memory is spent.
class DocumentBuilder final : public nlohmann::json_sax<json> {
public:
    DocumentBuilder(const std::string& where, Error::Code code, const JsonLimits& limits,
                    JsonTable* table)
        : m_where(where), m_code(code), m_limits(limits), m_table(table)
    {
        if (m_table)
            m_keys.resize(m_table->path.size());
    }

    json takeResult() { return std::move(m_root); }

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override
    {
        if (!m_inTable)
            return put(value);
        countValue();
        if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
            refuseMember(json(value));
        m_table->members.emplace_back(std::move(m_tableKey), static_cast<int64_t>(value));
        return true;
    }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { fail("binary values"); }

    bool start_object(std::size_t) override { return open(json::value_t::object); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(json::value_t::array); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override
    {
        if (m_inTable) {
            m_tableKey = std::move(name);
            return true;
        }
        if (m_table && m_open.size() <= m_table->path.size())
            m_keys[m_open.size() - 1] = name;
        auto& members = m_open.back()->get_ref<json::object_t&>();
        const auto [member, isNew] = members.try_emplace(std::move(name));
        if (!isNew && m_limits.refuseDuplicateKeys)
            fail("the key " + inQuotes(member->first) + " comes twice in one object");
        m_slot = &member->second;
        return true;
    }

    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::detail::exception& error) override
    {
        fail("not valid JSON: " + jsonComplaint(error));
    }

private:
    template <typename Value> bool put(Value&& value)
    {
        place(json(std::forward<Value>(value)));
        return true;
    }

    void countValue()
    {
        if (++m_values > m_limits.values)
            fail("more than " + std::to_string(m_limits.values) + " JSON values");
    }

    json* place(json value)
    {
        countValue();
        if (m_inTable)
            refuseMember(value);
        if (m_open.empty()) {
            m_root = std::move(value);
            return &m_root;
        }
        if (m_open.back()->is_array()) {
            auto& items = m_open.back()->get_ref<json::array_t&>();
            items.push_back(std::move(value));
            return &items.back();
        }
        *m_slot = std::move(value);
        return m_slot;
    }

    bool open(json::value_t type)
    {
        if (static_cast<int>(m_open.size()) == m_limits.depth)
            fail("JSON nested deeper than " + std::to_string(m_limits.depth));
        // An open value stays where it is: only its parent's last child grows.
        m_open.push_back(place(json(type)));
        if (m_table && m_open.size() == m_table->path.size() + 1 && m_keys == m_table->path)
            m_inTable = type == json::value_t::object;
        else if (m_table && m_open.size() <= m_table->path.size())
            m_keys[m_open.size() - 1].clear(); // not those of another object that was here before
        return true;
    }

    bool close()
    {
        m_open.pop_back();
        m_inTable = false;
        return true;
    }

    [[noreturn]] void fail(const std::string& what) const
    {
        throw Error(m_code, m_where + ": " + what);
    }

    [[noreturn]] void refuseMember(const json& value) const
    {
        fail(inQuotes(m_tableKey) + ": expected a whole number from 0, found " +
             (value.is_number() ? value.dump() : value.type_name()));
    }

    const std::string& m_where;
    const Error::Code m_code;
    const JsonLimits& m_limits;
    JsonTable* const m_table;
    std::vector<std::string> m_keys; ///< from the root to where we are, as far as the table's path
    std::string m_tableKey;
    bool m_inTable = false;
    json m_root;
    std::vector<json*> m_open;
    json* m_slot = nullptr;
    int64_t m_values = 0;
};

bool startsWithIgnoringCase(std::string_view text, std::string_view lowerCase)
{
    if (text.size() < lowerCase.size())
        return false;
    for (size_t i = 0; i < lowerCase.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(text[i])) != lowerCase[i])
            return false;
    return true;
}

/// The first bytes of a text as JSON spells it, without the quotes.
std::string escaped(std::string_view text, size_t most)
{
    // error_handler_t::replace makes it UTF-8 whatever it is, and a cut character becomes U+FFFD.
    std::string result = json(std::string(text.substr(0, most)))
                             .dump(-1, ' ', false, json::error_handler_t::replace);
    // Control characters that JSON leaves as they are: DEL, and U+0080 to U+009F (C2 80 to C2 9F),
    // which a terminal may obey.
    for (size_t i = 0; i < result.size(); ++i) {
        if (result[i] == '\x7f')
            result.replace(i, 1, "\\u007f");
        else if (result[i] == '\xC2' && (result[i + 1] & 0x60) == 0)
            result.replace(i, 2, "?");
    }
    return result.substr(1, result.size() - 2);
}

/// Closes a file descriptor at the end of a scope.
struct Descriptor {
    int value;
    ~Descriptor() { ::close(value); }
};

} // namespace

json parseJson(std::string_view text, const std::string& where, Error::Code code,
               const JsonLimits& limits, JsonTable* table)
{
    if (static_cast<int64_t>(text.size()) > limits.bytes)
        throw Error(code, where + ": " + std::to_string(text.size()) + " bytes of JSON, at most " +
                              std::to_string(limits.bytes) + " are read");
    checkJsonText(text, limits.bytes, where, code);
    DocumentBuilder builder(where, code, limits, table);
    json::sax_parse(text.data(), text.data() + text.size(), &builder);
    return builder.takeResult();
}

void checkJsonText(std::string_view text, int64_t tokenBytes, const std::string& where,
                   Error::Code code)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        throw Error(code, where + ": begins with a byte order mark, expected plain UTF-8 JSON");
    if (const size_t nul = text.find('\0'); nul != text.npos)
        throw Error(code, where + ": NUL byte at " + std::to_string(nul) + ", expected JSON text");
    if (static_cast<int64_t>(text.size()) <= tokenBytes)
        return;
    size_t begin = 0;
    bool inString = false;
    const auto check = [&](size_t end) {
        if (static_cast<int64_t>(end - begin) > tokenBytes)
            throw Error(code, where + ": a string, number or gap of more than " +
                                  std::to_string(tokenBytes) + " bytes at byte " +
                                  std::to_string(begin));
    };
    for (size_t i = 0; i < text.size(); ++i) {
        check(i);
        const bool isBorder = text[i] == '"' || (!inString && std::strchr("{}[],:", text[i]));
        if (text[i] == '"')
            inString = !inString;
        if (isBorder)
            begin = i + 1;
        else if (inString && text[i] == '\\')
            ++i;
    }
    check(text.size());
}

std::string jsonComplaint(const std::exception& error)
{
    std::string_view text = error.what();
    if (const size_t end = text.find("] "); text.starts_with("[json.") && end != text.npos)
        text.remove_prefix(end + 2); // "[json.exception.parse_error.101] "
    return escaped(text, 240);
}

std::string readFile(const std::filesystem::path& path, int64_t limit)
{
    const auto fail = [&](const std::string& why) {
        throw Error(Error::Code::Missing, path.string() + ": " + why);
    };
    // Not blocking: opening a named pipe would wait for a writer.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.value < 0)
        fail(std::string("cannot be opened: ") + std::strerror(errno));
    struct stat status {};
    if (::fstat(file.value, &status) != 0)
        fail(std::string("cannot be read: ") + std::strerror(errno));
    if (!S_ISREG(status.st_mode))
        fail("is not a file");
    if (status.st_size > limit)
        fail(std::to_string(status.st_size) + " bytes, at most " + std::to_string(limit) +
             " are read of a file of this kind");
    // The file may change while it is read: what counts is what comes, never more than the limit.
    std::string content(static_cast<size_t>(status.st_size), '\0');
    size_t have = 0;
    while (have < content.size()) {
        const ssize_t got = ::read(file.value, content.data() + have, content.size() - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail(std::string("cannot be read: ") + std::strerror(errno));
        if (got == 0)
            break;
        have += static_cast<size_t>(got);
    }
    content.resize(have);
    return content;
}

std::optional<std::string> foreignContent(std::string_view head)
{
    head = head.substr(0, 512);
    if (head.empty())
        return "is empty: the download did not finish; fetch the file again";
    if (head.starts_with("version https://git-lfs"))
        return "is a Git LFS pointer, the file itself was never fetched: run \"git lfs pull\" in "
               "the "
               "folder or download it again";
    if (head.starts_with("PK\x03\x04"))
        return "is a zip archive (torch's own format?) under the name of another";
    if (head.starts_with("GGUF"))
        return "is a GGUF file under the name of another";
    if (head.starts_with("\x80\x02"))
        return "is a pickle file (torch's old format?) under the name of another";
    const size_t text = head.find_first_not_of(" \t\r\n");
    if (text != head.npos)
        for (const std::string_view tag : {"<!doctype", "<html", "<?xml", "<head", "<body"})
            if (startsWithIgnoringCase(head.substr(text), tag))
                return "is a web page, most likely an error page that was saved in its place: "
                       "download the file again";
    return std::nullopt;
}

std::string inQuotes(std::string_view text)
{
    return '"' + escaped(text, 100) + '"' + (text.size() > 100 ? "..." : "");
}

} // namespace argali
