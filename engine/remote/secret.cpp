#include "engine/remote/secret.h"

namespace argali::remote {

Secret::Secret(Secret&& other) noexcept : m_value(other.m_value)
{
    // Copied and not moved: a short text lies within the object and would stay behind.
    other.wipe();
}

Secret& Secret::operator=(const Secret& other)
{
    if (this == &other)
        return *this;
    wipe();
    m_value = other.m_value;
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept
{
    if (this == &other)
        return *this;
    wipe();
    m_value = other.m_value;
    other.wipe();
    return *this;
}

bool Secret::equals(std::string_view other) const
{
    // The length is no secret: it is that of every key of its kind.
    if (other.size() != m_value.size())
        return false;
    unsigned difference = 0;
    for (size_t i = 0; i < other.size(); ++i)
        difference |= static_cast<unsigned char>(other[i]) ^ static_cast<unsigned char>(m_value[i]);
    return difference == 0;
}

void Secret::wipe()
{
    // volatile: the compiler would leave out writes to memory that nobody reads any more.
    volatile char* const bytes = m_value.data();
    for (size_t i = 0; i < m_value.size(); ++i)
        bytes[i] = 0;
    m_value.clear();
}

std::string without(std::string text, const Secret& secret)
{
    const std::string_view value = secret.reveal();
    if (value.empty())
        return text;
    constexpr std::string_view stars = "***";
    for (size_t at = text.find(value); at != text.npos; at = text.find(value, at + stars.size()))
        text.replace(at, value.size(), stars);
    return text;
}

} // namespace argali::remote
