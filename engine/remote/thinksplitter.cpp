#include "engine/remote/thinksplitter.h"

#include <algorithm>
#include <utility>

namespace argali::remote {
namespace {

constexpr std::string_view opening = "<think>";
constexpr std::string_view closing = "</think>";

} // namespace

ThinkSplitter::ThinkSplitter(Beginning beginning)
    : m_thinking(beginning == Beginning::Thinking),
      m_undecided(beginning == Beginning::Undecided),
      m_mayReopen(m_thinking),
      m_newBlock(m_thinking)
{
}

std::vector<ThinkSplitter::Piece> ThinkSplitter::push(std::string_view text)
{
    std::vector<Piece> pieces;
    m_held += text;
    if (!skipsOpening())
        return pieces;
    while (takeTag(pieces)) {
    }
    m_held.erase(0, m_at); // once for all tags: a text may hold a great many
    m_at = 0;
    return pieces;
}

std::vector<ThinkSplitter::Piece> ThinkSplitter::finish()
{
    std::vector<Piece> pieces;
    emitUntil(m_held.size(), pieces);
    m_held.clear();
    m_at = 0;
    return pieces;
}

/// Skips a tag at the beginning of thinking that is open already. False while it may still come.
bool ThinkSplitter::skipsOpening()
{
    if (!m_mayReopen)
        return true;
    const size_t begin = m_held.find_first_not_of(" \t\r\n");
    const std::string_view rest =
        begin == std::string::npos ? std::string_view() : std::string_view(m_held).substr(begin);
    if (opening.starts_with(rest) && rest.size() < opening.size())
        return false;
    if (rest.starts_with(opening))
        m_held.erase(0, begin + opening.size());
    m_mayReopen = false;
    return true;
}

/// Gives what stands before the next tag and passes the tag; false when no whole tag is there.
bool ThinkSplitter::takeTag(std::vector<Piece>& pieces)
{
    for (size_t at = m_held.find('<', m_at); at != std::string::npos;
         at = m_held.find('<', at + 1)) {
        if ((at == m_at ? m_before : m_held[at - 1]) == '`')
            continue;
        const std::string_view rest = std::string_view(m_held).substr(at);
        const bool seeksOpening = !m_thinking;
        const bool seeksClosing = m_thinking || m_undecided;
        if (seeksOpening && rest.starts_with(opening)) {
            emitUntil(at, pieces);
            passTag(opening.size(), true);
            return true;
        }
        if (seeksClosing && rest.starts_with(closing)) {
            emitUntil(at, pieces);
            if (!m_thinking)
                pieces.push_back({Piece::Kind::AnswerWasThinking, {}, false});
            passTag(closing.size(), false);
            return true;
        }
        if ((seeksOpening && opening.starts_with(rest)) ||
            (seeksClosing && closing.starts_with(rest))) {
            emitUntil(at, pieces); // the rest may become a tag
            return false;
        }
    }
    emitUntil(m_held.size(), pieces);
    return false;
}

void ThinkSplitter::emitUntil(size_t end, std::vector<Piece>& pieces)
{
    if (end == m_at)
        return;
    m_before = m_held[end - 1];
    const auto kind = m_thinking ? Piece::Kind::Thinking : Piece::Kind::Answer;
    pieces.push_back(
        {kind, m_held.substr(m_at, end - m_at), m_thinking && std::exchange(m_newBlock, false)});
    m_at = end;
}

void ThinkSplitter::passTag(size_t length, bool opens)
{
    m_at += length;
    m_before = '>';
    m_thinking = m_newBlock = opens;
    m_undecided = false;
}

} // namespace argali::remote
