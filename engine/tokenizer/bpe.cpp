#include "engine/tokenizer/bpe.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/tokenizer/bytealphabet.h"
#include "engine/tokenizer/qwensplitter.h"
#include "engine/tokenizer/tokenizerlimits.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

constexpr size_t largestText = size_t(16) << 20;

[[noreturn]] void fail(const BpeDescription& description, const std::string& what)
{
    throw Error(Error::Code::BadModel, description.file + ": " + what);
}

int32_t checkedId(const BpeDescription& description, std::string_view text, int64_t id)
{
    if (id < 0 || id >= idLimit)
        fail(description, "token " + inQuotes(text) + ": expected an id from 0 to " +
                              std::to_string(idLimit - 1) + ", found " + std::to_string(id));
    return static_cast<int32_t>(id);
}

} // namespace

MergeTable::MergeTable(std::vector<Merge> merges, int32_t idCount) : m_merges(std::move(merges))
{
    // Sorted by left id with one count, then the few of each by right id.
    std::vector<int32_t> next(static_cast<size_t>(idCount) + 1, 0);
    for (const Merge& merge : m_merges)
        ++next[static_cast<size_t>(merge.left) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<int32_t> ends(next.begin() + 1, next.end());
    std::vector<int32_t> order(m_merges.size());
    for (size_t rank = 0; rank < m_merges.size(); ++rank)
        order[static_cast<size_t>(next[static_cast<size_t>(m_merges[rank].left)]++)] =
            static_cast<int32_t>(rank);

    m_begins.reserve(static_cast<size_t>(idCount) + 1);
    m_rights.reserve(order.size());
    m_ranks.reserve(order.size());
    auto slice = order.begin();
    for (const int32_t end : ends) {
        const auto sliceEnd = order.begin() + end;
        const auto rightOf = [&](int32_t rank) { return merge(rank).right; };
        std::sort(slice, sliceEnd, [&](int32_t a, int32_t b) {
            return rightOf(a) != rightOf(b) ? rightOf(a) < rightOf(b) : a > b;
        });
        m_begins.push_back(static_cast<int32_t>(m_rights.size()));
        for (; slice != sliceEnd; ++slice) {
            const bool isRepeated = static_cast<int32_t>(m_rights.size()) > m_begins.back() &&
                                    m_rights.back() == rightOf(*slice);
            if (isRepeated)
                continue;
            m_rights.push_back(rightOf(*slice));
            m_ranks.push_back(*slice);
        }
    }
    m_begins.push_back(static_cast<int32_t>(m_rights.size()));
}

int32_t MergeTable::rankOf(int32_t left, int32_t right) const
{
    const auto begin = m_rights.begin() + m_begins[static_cast<size_t>(left)];
    const auto end = m_rights.begin() + m_begins[static_cast<size_t>(left) + 1];
    const auto found = std::lower_bound(begin, end, right);
    if (found == end || *found != right)
        return -1;
    return m_ranks[static_cast<size_t>(found - m_rights.begin())];
}

Bpe::Bpe(const BpeDescription& description)
    : m_normalizes(description.normalizes), m_ignoresMerges(description.ignoresMerges)
{
    addVocabulary(description);
    addMerges(description);
    addAddedTokens(description);
}

void Bpe::addVocabulary(const BpeDescription& description)
{
    size_t byteCount = 0;
    int32_t idCount = 0;
    for (const auto& [text, id] : description.vocabulary) {
        idCount = std::max(idCount, checkedId(description, text, id) + 1);
        byteCount += text.size();
    }
    for (const AddedToken& added : description.added)
        byteCount += added.text.size();
    m_bytes.reserve(byteCount); // never moves again: m_ids has views into it
    m_tokens.resize(static_cast<size_t>(idCount));
    m_ids.reserve(description.vocabulary.size());
    std::vector<std::string_view> others;
    for (const auto& [text, id] : description.vocabulary) {
        Token& token = m_tokens[static_cast<size_t>(id)];
        if (token.isThere)
            fail(description, "tokens " + inQuotes(text) + " and " +
                                  inQuotes(spelledInBytes(view(token))) + " have the same id " +
                                  std::to_string(id));
        token.isThere = true;
        token.begin = static_cast<uint32_t>(m_bytes.size());
        // What is not spelled in the byte alphabet no piece of text can become; it decodes as it
        // is.
        const bool isSpelled = appendBytesSpelled(m_bytes, text);
        if (!isSpelled)
            m_bytes += text;
        token.length = static_cast<uint32_t>(m_bytes.size() - token.begin);
        if (isSpelled)
            m_ids.emplace_back(view(token), static_cast<int32_t>(id));
        else
            others.push_back(view(token));
    }
    std::sort(m_ids.begin(), m_ids.end());
    std::sort(others.begin(), others.end());
    const auto twice =
        std::adjacent_find(m_ids.begin(), m_ids.end(),
                           [](const Entry& a, const Entry& b) { return a.bytes == b.bytes; });
    if (twice != m_ids.end())
        fail(description, "token " + inQuotes(spelledInBytes(twice->bytes)) + " comes twice");
    if (const auto other = std::adjacent_find(others.begin(), others.end()); other != others.end())
        fail(description, "token " + inQuotes(*other) + " comes twice");

    for (int byte = 0; byte < 256; ++byte) {
        const char character = static_cast<char>(byte);
        const int32_t id = idOf({&character, 1});
        const bool occursInUtf8 = byte < 0xC0 || (byte > 0xC1 && byte < 0xF5);
        if (id < 0 && occursInUtf8)
            fail(description, "no token for byte " + std::to_string(byte) + ", " +
                                  inQuotes(spelledInBytes({&character, 1})) +
                                  "; expected a byte-level vocabulary");
        m_byteIds[static_cast<size_t>(byte)] = id;
    }
}

void Bpe::addMerges(const BpeDescription& description)
{
    std::vector<MergeTable::Merge> merges;
    merges.reserve(description.merges.size());
    std::string bytes;
    const auto idOfSpelled = [&](std::string_view text) {
        const int32_t id = !text.empty() && appendBytesSpelled(bytes, text) ? idOf(bytes) : -1;
        if (id < 0)
            fail(description, "merge " + std::to_string(merges.size() + 1) + " names " +
                                  inQuotes(text) + ", which is not in the vocabulary");
        return id;
    };
    std::string whole;
    for (const auto& [left, right] : description.merges) {
        bytes.clear();
        const int32_t leftId = idOfSpelled(left);
        bytes.clear();
        const int32_t rightId = idOfSpelled(right);
        bytes.clear();
        whole.assign(left).append(right);
        merges.push_back({leftId, rightId, idOfSpelled(whole)});
    }
    m_merges = MergeTable(std::move(merges), static_cast<int32_t>(m_tokens.size()));
}

void Bpe::addAddedTokens(const BpeDescription& description)
{
    m_added = description.added;
    std::sort(m_added.begin(), m_added.end(),
              [](const AddedToken& a, const AddedToken& b) { return a.text < b.text; });
    std::vector<AddedToken> raw, normalized;
    for (size_t i = 0; i < m_added.size(); ++i) {
        const AddedToken& added = m_added[i];
        if (added.text.empty() || added.text.size() > longestAddedToken)
            fail(description, "added token " + std::to_string(added.id) +
                                  ": expected a text of 1 to " + std::to_string(longestAddedToken) +
                                  " bytes, found " + std::to_string(added.text.size()));
        if (i > 0 && added.text == m_added[i - 1].text)
            fail(description, "added token " + inQuotes(added.text) + " comes twice");
        checkedId(description, added.text, added.id);

        std::string bytes;
        const bool isSpelled = appendBytesSpelled(bytes, added.text);
        if (!isSpelled)
            bytes = added.text;
        const auto index = static_cast<size_t>(added.id);
        if (index >= m_tokens.size())
            m_tokens.resize(index + 1);
        Token& token = m_tokens[index];
        if (token.isThere && view(token) != bytes)
            fail(description, "added token " + inQuotes(added.text) + " has the id " +
                                  std::to_string(added.id) + " of " + inQuotes(view(token)));
        const int32_t known = isSpelled ? idOf(bytes) : -1;
        if (known >= 0 && known != added.id)
            fail(description, "added token " + inQuotes(added.text) + " has the id " +
                                  std::to_string(added.id) + ", but " + std::to_string(known) +
                                  " in the vocabulary");
        if (!token.isThere) {
            token = {static_cast<uint32_t>(m_bytes.size()), static_cast<uint32_t>(bytes.size()),
                     true, false};
            m_bytes += bytes;
        }
        token.isSpecial = added.special;
        (added.normalized ? normalized : raw).push_back(added);
    }
    if (m_normalizes)
        for (AddedToken& token : normalized)
            token.text = toNfc(token.text);
    m_rawFinder = AddedTokenFinder(std::move(raw));
    m_normalizedFinder = AddedTokenFinder(std::move(normalized));
}

Bpe::Entry::Entry(std::string_view allBytes, int32_t ownId) : bytes(allBytes), id(ownId)
{
    for (size_t i = 0; i < 8; ++i)
        head = head << 8 | (i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0u);
}

int32_t Bpe::idOf(std::string_view bytes) const
{
    const auto found = std::lower_bound(m_ids.begin(), m_ids.end(), Entry(bytes));
    return found != m_ids.end() && found->bytes == bytes ? found->id : -1;
}

std::vector<int32_t> Bpe::encode(std::string_view text) const
{
    if (text.size() > largestText)
        throw Error(Error::Code::BadRequest, "a text of " + std::to_string(text.size()) +
                                                 " bytes; at most " + std::to_string(largestText) +
                                                 " can be turned into tokens");
    const std::string whole = replaceInvalidUtf8(text);
    std::vector<int32_t> ids;
    Scratch scratch;
    for (const TextSpan& span : m_rawFinder.split(whole)) {
        if (span.id >= 0) {
            ids.push_back(span.id);
            continue;
        }
        const std::string_view part =
            std::string_view(whole).substr(span.begin, span.end - span.begin);
        const std::string normal = m_normalizes ? toNfc(part) : std::string(part);
        for (const TextSpan& inner : m_normalizedFinder.split(normal)) {
            if (inner.id >= 0)
                ids.push_back(inner.id);
            else
                encodeText(std::string_view(normal).substr(inner.begin, inner.end - inner.begin),
                           scratch, ids);
        }
    }
    return ids;
}

void Bpe::encodeText(std::string_view text, Scratch& scratch, std::vector<int32_t>& ids) const
{
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = qwenPieceEnd(text, begin);
        encodePiece(text.substr(begin, end - begin), scratch, ids);
        begin = end;
    }
}

void Bpe::encodePiece(std::string_view piece, Scratch& scratch, std::vector<int32_t>& ids) const
{
    if (m_ignoresMerges)
        if (const int32_t id = idOf(piece); id >= 0) {
            ids.push_back(id);
            return;
        }

    // Candidates wait in a heap by rank, then by place; one that no longer fits when its turn comes
    // is skipped. A rank names its pair, so that the check needs no lookup.
    std::vector<Symbol>& symbols = scratch.symbols;
    std::vector<uint64_t>& queue = scratch.queue;
    const auto count = static_cast<int32_t>(piece.size());
    const auto candidate = [&](int32_t at) -> std::optional<uint64_t> {
        const Symbol& left = symbols[static_cast<size_t>(at)];
        if (left.next < 0)
            return std::nullopt;
        const int32_t rank = m_merges.rankOf(left.id, symbols[static_cast<size_t>(left.next)].id);
        if (rank < 0)
            return std::nullopt;
        return static_cast<uint64_t>(rank) << 32 | static_cast<uint64_t>(at);
    };
    symbols.clear();
    for (int32_t i = 0; i < count; ++i)
        symbols.push_back({m_byteIds[static_cast<uint8_t>(piece[static_cast<size_t>(i)])], i - 1,
                           i + 1 < count ? i + 1 : -1});
    queue.clear();
    for (int32_t i = 0; i < count; ++i)
        if (const auto entry = candidate(i))
            queue.push_back(*entry);
    std::make_heap(queue.begin(), queue.end(), std::greater<>());
    const auto push = [&](int32_t at) {
        if (const auto entry = candidate(at)) {
            queue.push_back(*entry);
            std::push_heap(queue.begin(), queue.end(), std::greater<>());
        }
    };
    while (!queue.empty()) {
        std::pop_heap(queue.begin(), queue.end(), std::greater<>());
        const uint64_t entry = queue.back();
        queue.pop_back();
        const auto at = static_cast<int32_t>(entry & 0xFFFFFFFF);
        const MergeTable::Merge& merge = m_merges.merge(static_cast<int32_t>(entry >> 32));
        Symbol& left = symbols[static_cast<size_t>(at)];
        if (left.id != merge.left || left.next < 0)
            continue;
        Symbol& right = symbols[static_cast<size_t>(left.next)];
        if (right.id != merge.right)
            continue;
        left.id = merge.result;
        left.next = right.next;
        right.id = -1;
        if (left.next >= 0)
            symbols[static_cast<size_t>(left.next)].previous = at;
        if (left.previous >= 0)
            push(left.previous);
        push(at);
    }
    for (int32_t at = 0; at >= 0; at = symbols[static_cast<size_t>(at)].next)
        ids.push_back(symbols[static_cast<size_t>(at)].id);
}

std::string Bpe::bytesOf(int32_t id) const
{
    if (id < 0 || id >= size())
        return {};
    return std::string(view(m_tokens[static_cast<size_t>(id)]));
}

bool Bpe::isSpecial(int32_t id) const
{
    return id >= 0 && id < size() && m_tokens[static_cast<size_t>(id)].isSpecial;
}

std::optional<int32_t> Bpe::addedToken(std::string_view text) const
{
    const auto found =
        std::lower_bound(m_added.begin(), m_added.end(), text,
                         [](const AddedToken& a, std::string_view t) { return a.text < t; });
    if (found == m_added.end() || found->text != text)
        return std::nullopt;
    return found->id;
}

} // namespace argali
