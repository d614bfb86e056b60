#include "gui/chat/markdownblocks.h"

#include <algorithm>

namespace argali::gui {
namespace {

// Longer blocks are cut, so that the work on the open one stays bounded: at the next line that can
// begin a block, and within a line without an end.
constexpr size_t longBlock = 16 * 1024;
constexpr size_t longestLine = 32 * 1024;
constexpr size_t longestBlock = 4 * longBlock;

} // namespace

void MarkdownBlocks::append(QStringView piece)
{
    const QByteArray bytes = m_encode(piece);
    m_text.append(bytes.constData(), size_t(bytes.size()));
    readLines();
}

void MarkdownBlocks::finish()
{
    if (m_lineBegin < m_text.size())
        takeLine(m_text.size());
    endBlock(m_text.size());
    m_lineBegin = m_seen = m_text.size();
    m_reader = {};
}

std::string_view MarkdownBlocks::finished(size_t index) const
{
    const size_t begin = index == 0 ? 0 : m_ends[index - 1];
    return std::string_view(m_text).substr(begin, m_ends[index] - begin);
}

void MarkdownBlocks::endBlock(size_t end)
{
    if (end > openBegin())
        m_ends.push_back(end);
    m_kind = Kind::Empty;
    m_blankBefore = false;
}

void MarkdownBlocks::readLines()
{
    for (;;) {
        const size_t feed = m_text.find('\n', m_seen);
        const size_t end = feed == std::string::npos ? m_text.size() : feed;
        if (end - m_lineBegin > longestLine && !m_reader.inFence()) {
            size_t cut = m_lineBegin + longestLine;
            const size_t space = m_text.rfind(' ', cut);
            if (space != std::string::npos && space + 256 > cut)
                cut = space + 1;
            while ((m_text[cut] & 0xc0) == 0x80) // never within a character
                --cut;
            endBlock(cut);
            m_lineBegin = m_seen = cut;
            continue;
        }
        m_seen = end;
        if (feed == std::string::npos) {
            if (beginsBlock(std::string_view(m_text).substr(m_lineBegin)))
                endBlock(m_lineBegin);
            return;
        }
        takeLine(feed);
        m_lineBegin = m_seen = feed + 1;
    }
}

/// Whether the beginning of a line tells already that a block begins here, as takeLine() will find.
bool MarkdownBlocks::beginsBlock(std::string_view line) const
{
    if (m_kind == Kind::Empty || !m_blankBefore || m_reader.inFence() || line.empty())
        return false;
    if (m_kind == Kind::Text)
        return line.find_first_not_of(" \t\r") != std::string_view::npos;
    return std::string_view(" \t\r-+*0123456789").find(line[0]) == std::string_view::npos;
}

void MarkdownBlocks::takeLine(size_t end)
{
    using LineKind = MarkdownLine::Kind;
    const std::string_view text = std::string_view(m_text).substr(m_lineBegin, end - m_lineBegin);
    const MarkdownLine line = m_reader.next(text);
    if (line.kind == LineKind::Blank) {
        m_blankBefore = true;
        return;
    }
    if (line.kind == LineKind::Code || line.kind == LineKind::FenceEnd) {
        m_blankBefore = false;
        if (line.kind == LineKind::FenceEnd && !line.nested)
            endBlock(std::min(end + 1, m_text.size()));
        return;
    }
    const bool standsAlone =
        !line.nested && (line.kind == LineKind::FenceBegin || line.kind == LineKind::Heading);
    const bool continuesList = m_kind == Kind::List &&
                               (line.indent >= 2 || (line.listMark && line.listMark == m_listMark));
    const size_t length = m_lineBegin - openBegin();
    const bool isTooLong = (length > longBlock && line.indent == 0) || length > longestBlock;
    if (m_kind != Kind::Empty && (standsAlone || (m_blankBefore && !continuesList) ||
                                  (isTooLong && line.kind != LineKind::TableRow)))
        endBlock(m_lineBegin);
    m_blankBefore = false;
    if (m_kind != Kind::List && line.listMark) {
        m_kind = Kind::List;
        m_listMark = line.listMark;
    } else if (m_kind == Kind::Empty) {
        m_kind = Kind::Text;
    }
    if (standsAlone && line.kind == LineKind::Heading)
        endBlock(std::min(end + 1, m_text.size()));
}

} // namespace argali::gui
