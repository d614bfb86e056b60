#include "engine/remote/headerlist.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/remote/jsonfields.h"

namespace argali::remote {
namespace {

constexpr size_t mostHeaders = 64;
constexpr size_t mostBytes = 8192;
// What says where a message ends, or is for the next machine only.
constexpr std::array<std::string_view, 10> ofTransport{
    "host", "content-length", "transfer-encoding", "connection", "upgrade",
    "te",   "trailer",        "keep-alive",        "expect",     "proxy-connection"};

[[noreturn]] void refuse(std::string_view name, const char* why)
{
    throw Error(Error::Code::BadRequest, "the header " + inQuotes(name) + ": " + why);
}

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool isValueCharacter(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
}

const char* wordsFor(HeaderTrouble trouble)
{
    switch (trouble) {
    case HeaderTrouble::Name:
        return "its name has characters that HTTP does not allow";
    case HeaderTrouble::OfTransport:
        return "belongs to the connection and cannot be set";
    case HeaderTrouble::Value:
        return "its value has line ends or other control characters";
    case HeaderTrouble::TooLong:
        return "is longer than 8192 bytes";
    }
    return "cannot be sent";
}

void check(std::string_view name, std::string_view value)
{
    if (const std::optional<HeaderTrouble> trouble = troubleOf(name, value))
        refuse(name, wordsFor(*trouble));
}

std::string_view trimmed(std::string_view value)
{
    const size_t begin = value.find_first_not_of(" \t");
    if (begin == value.npos)
        return {};
    return value.substr(begin, value.find_last_not_of(" \t") + 1 - begin);
}

} // namespace

std::optional<HeaderTrouble> troubleOf(std::string_view name, std::string_view value)
{
    if (name.empty() || !std::all_of(name.begin(), name.end(), isNameCharacter))
        return HeaderTrouble::Name;
    const std::string lower = lowerCase(name);
    if (std::find(ofTransport.begin(), ofTransport.end(), lower) != ofTransport.end())
        return HeaderTrouble::OfTransport;
    if (!std::all_of(value.begin(), value.end(), isValueCharacter))
        return HeaderTrouble::Value;
    if (name.size() > mostBytes || value.size() > mostBytes)
        return HeaderTrouble::TooLong;
    return std::nullopt;
}

void HeaderList::add(std::string_view name, std::string_view value)
{
    check(name, value);
    put({std::string(name), std::string(trimmed(value)), {}});
}

void HeaderList::addSecret(std::string_view name, const Secret& value)
{
    check(name, value.reveal());
    put({std::string(name), {}, value});
}

void HeaderList::addKey(const Secret& key)
{
    if (key.isEmpty())
        return;
    check("Authorization", key.reveal());
    std::string value;
    value.reserve(7 + key.reveal().size()); // no copy is left behind by growing
    value += "Bearer ";
    value += trimmed(key.reveal());
    addSecret("Authorization", Secret(std::move(value)));
}

void HeaderList::put(Header header)
{
    const std::string name = lowerCase(header.name);
    const auto same = std::find_if(m_headers.begin(), m_headers.end(), [&](const Header& other) {
        return lowerCase(other.name) == name;
    });
    if (same != m_headers.end()) {
        *same = std::move(header);
        return;
    }
    if (m_headers.size() == mostHeaders)
        refuse(header.name, "is one too many: a request has at most 64");
    m_headers.push_back(std::move(header));
}

} // namespace argali::remote
