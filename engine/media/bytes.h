#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argali {

/// Numbers read out of a foreign file's bytes. Whatever lies outside reads as 0, so that a parser
/// can only be led astray, never out of bounds; has() tells where that matters.
class Bytes final {
public:
    explicit Bytes(std::span<const uint8_t> data) : m_data(data) {}

    size_t size() const { return m_data.size(); }
    bool has(size_t at, size_t count) const
    {
        return at <= m_data.size() && count <= m_data.size() - at;
    }
    bool is(size_t at, std::string_view text) const
    {
        if (!has(at, text.size()))
            return false;
        for (size_t i = 0; i < text.size(); ++i)
            if (m_data[at + i] != uint8_t(text[i]))
                return false;
        return true;
    }
    /// Bytes [at, at + count), shorter or empty where the data end.
    std::span<const uint8_t> part(size_t at, size_t count) const
    {
        if (at >= m_data.size())
            return {};
        return m_data.subspan(at, count < m_data.size() - at ? count : m_data.size() - at);
    }
    uint32_t u8(size_t at) const { return at < m_data.size() ? m_data[at] : 0; }
    uint32_t be16(size_t at) const { return u8(at) << 8 | u8(at + 1); }
    uint32_t be32(size_t at) const { return be16(at) << 16 | be16(at + 2); }
    uint32_t le16(size_t at) const { return u8(at + 1) << 8 | u8(at); }
    uint32_t le24(size_t at) const { return u8(at + 2) << 16 | le16(at); }
    uint32_t le32(size_t at) const { return le16(at + 2) << 16 | le16(at); }

private:
    std::span<const uint8_t> m_data;
};

} // namespace argali
