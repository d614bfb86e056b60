#include "engine/remote/jsonwriter.h"

#include <charconv>
#include <cmath>

#include "engine/error.h"
#include "engine/remote/base64.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"

namespace argali::remote {

void JsonWriter::key(std::string_view name)
{
    text(name);
    m_text += ':';
    m_needsComma = false;
}

void JsonWriter::text(std::string_view value)
{
    separate();
    m_text += '"';
    if (firstInvalidUtf8(value))
        escape(replaceInvalidUtf8(value));
    else
        escape(value);
    m_text += '"';
}

void JsonWriter::number(int64_t value)
{
    separate();
    m_text += std::to_string(value);
}

void JsonWriter::number(double value)
{
    if (!std::isfinite(value))
        throw Error(Error::Code::BadRequest, "a number of the request is not finite");
    separate();
    char digits[32];
    const auto result = std::to_chars(digits, digits + sizeof digits, value);
    m_text.append(digits, result.ptr);
}

void JsonWriter::flag(bool value)
{
    separate();
    m_text += value ? "true" : "false";
}

void JsonWriter::dataUrl(std::string_view mime, std::string_view bytes)
{
    separate();
    m_text += "\"data:";
    escape(mime);
    m_text += ";base64,";
    appendBase64(m_text, bytes);
    m_text += '"';
}

void JsonWriter::base64(std::string_view bytes)
{
    separate();
    m_text += '"';
    appendBase64(m_text, bytes);
    m_text += '"';
}

void JsonWriter::begin(char bracket)
{
    separate();
    m_text += bracket;
    m_needsComma = false;
}

void JsonWriter::end(char bracket)
{
    m_text += bracket;
    m_needsComma = true;
}

void JsonWriter::separate()
{
    if (m_needsComma)
        m_text += ',';
    m_needsComma = true;
}

/// Source: RFC 8259, section 7
void JsonWriter::escape(std::string_view value)
{
    static constexpr const char* digits = "0123456789abcdef";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            m_text += '\\';
            m_text += c;
        } else if (c == '\n') {
            m_text += "\\n";
        } else if (byte < 0x20 || byte == 0x7F) {
            m_text += "\\u00";
            m_text += digits[byte >> 4];
            m_text += digits[byte & 15];
        } else {
            m_text += c;
        }
    }
}

} // namespace argali::remote
