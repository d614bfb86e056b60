#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/tokenizer/addedtokens.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali {

/// What a tokenizer's files say, before it is checked. Tokens are spelled in the byte alphabet.
struct BpeDescription {
    std::string file; ///< for messages
    std::vector<std::pair<std::string, int64_t>> vocabulary;
    std::vector<std::pair<std::string_view, std::string_view>> merges; ///< best first
    std::vector<AddedToken> added;
    bool normalizes = true;     ///< text to NFC
    bool ignoresMerges = false; ///< pieces that are tokens are not built by merges
};

/// Pairs of neighbouring tokens that become one, by rank. Lookups take the same time whatever the
/// pairs are: there is no hash that a hostile file could aim at.
class MergeTable final {
public:
    struct Merge {
        int32_t left, right, result;
    };

    MergeTable() = default;
    /// idCount: all ids are below it. Of two equal pairs the later one counts.
    MergeTable(std::vector<Merge> merges, int32_t idCount);
    /// Rank of the pair, smallest first; -1 when it does not merge.
    int32_t rankOf(int32_t left, int32_t right) const;
    const Merge& merge(int32_t rank) const { return m_merges[static_cast<size_t>(rank)]; }

private:
    std::vector<Merge> m_merges;   ///< by rank
    std::vector<int32_t> m_begins; ///< of each left id in the two lists below
    std::vector<int32_t> m_rights, m_ranks;
};

/// Byte-level BPE with the Qwen splitter.
/// Source: arXiv:1508.07909; bytes as symbols: GPT-2's encoder; ids equal those of the Hugging Face
/// tokenizers library
class Bpe final : public Tokenizer {
public:
    /// Throws: Error::Code::BadModel for contradictions in the description
    explicit Bpe(const BpeDescription& description);
    Bpe(const Bpe&) = delete;
    Bpe& operator=(const Bpe&) = delete;

    /// Throws: Error::Code::BadRequest for more than 16 MiB of text
    std::vector<int32_t> encode(std::string_view text) const override;
    std::string bytesOf(int32_t id) const override;
    bool isSpecial(int32_t id) const override;
    std::optional<int32_t> addedToken(std::string_view text) const override;
    int32_t size() const override { return static_cast<int32_t>(m_tokens.size()); }

private:
    struct Token {
        uint32_t begin = 0, length = 0; ///< its bytes in m_bytes
        bool isThere = false, isSpecial = false;
    };
    /// One of the symbols that a piece still consists of.
    struct Symbol {
        int32_t id;             ///< -1 once it was merged into the one before it
        int32_t previous, next; ///< neighbours as indices, -1 at the ends
    };
    /// A token of the vocabulary in an order that mostly compares numbers: by the first eight
    /// bytes, then by all of them.
    struct Entry {
        explicit Entry(std::string_view bytes, int32_t id = -1);
        bool operator<(const Entry& other) const
        {
            return head != other.head ? head < other.head : bytes < other.bytes;
        }
        uint64_t head = 0;
        std::string_view bytes;
        int32_t id;
    };
    /// Memory that the pieces of one call share.
    struct Scratch {
        std::vector<Symbol> symbols;
        std::vector<uint64_t> queue;
    };

    std::string_view view(const Token& token) const
    {
        return std::string_view(m_bytes).substr(token.begin, token.length);
    }
    int32_t idOf(std::string_view bytes) const;
    void addVocabulary(const BpeDescription& description);
    void addMerges(const BpeDescription& description);
    void addAddedTokens(const BpeDescription& description);
    void encodeText(std::string_view text, Scratch& scratch, std::vector<int32_t>& ids) const;
    void encodePiece(std::string_view piece, Scratch& scratch, std::vector<int32_t>& ids) const;

    std::string m_bytes;         ///< of all tokens, one after another
    std::vector<Token> m_tokens; ///< by id
    std::vector<Entry> m_ids;    ///< vocabulary, sorted
    std::array<int32_t, 256> m_byteIds{};
    MergeTable m_merges;
    std::vector<AddedToken> m_added; ///< sorted by text
    AddedTokenFinder m_rawFinder{{}}, m_normalizedFinder{{}};
    bool m_normalizes = true;
    bool m_ignoresMerges = false;
};

} // namespace argali
