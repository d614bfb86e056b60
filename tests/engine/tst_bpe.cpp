#include <algorithm>
#include <map>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/error.h"
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/bytealphabet.h"
#include "engine/tokenizer/qwensplitter.h"
#include "engine/tokenizer/unicode.h"
#include "tests/support/vectors.h"

using namespace argali;

class TestBpe final : public QObject {
    Q_OBJECT
private slots:
    void vectors_data();
    void vectors();
    void mergesAreThoseOfThePlainRule();
    void ignoresMergesOfWholePieces();
    void normalisesOnlyWhenTold();
    void addedTokens_data();
    void addedTokens();
    void addedTokensTakeWhiteSpaceOnce();
    void repeatedMergeCountsAsTheLater();
    void decodes();
    void readsInvalidUtf8AsReplacement();
    void refusesHugeText();
    void byteAlphabetGoesBothWays();
};

namespace {

const std::filesystem::path tiny = std::filesystem::path(ARGALI_TEST_DATA) / "ovis2_5-tiny";

using Merges = std::vector<std::pair<std::string, std::string>>;

/// A vocabulary of the 256 bytes, ids 0 to 255, and what the merges make, from 256 on.
struct SmallTokenizer {
    std::vector<std::string> texts;
    Merges merges;
    BpeDescription description;

    SmallTokenizer() : SmallTokenizer(Merges()) {}
    SmallTokenizer(const SmallTokenizer&) = delete; // the description has views into the texts
    SmallTokenizer& operator=(const SmallTokenizer&) = delete;
    explicit SmallTokenizer(Merges wanted) : merges(std::move(wanted))
    {
        for (int byte = 0; byte < 256; ++byte)
            texts.push_back(spelledInBytes(std::string(1, static_cast<char>(byte))));
        for (const auto& [left, right] : merges)
            if (std::find(texts.begin(), texts.end(), left + right) == texts.end())
                texts.push_back(left + right);
        description.file = "small";
        for (size_t i = 0; i < texts.size(); ++i)
            description.vocabulary.emplace_back(texts[i], static_cast<int64_t>(i));
        for (const auto& [left, right] : merges)
            description.merges.emplace_back(left, right);
    }

    int32_t idOf(const std::string& text) const
    {
        return static_cast<int32_t>(std::find(texts.begin(), texts.end(), text) - texts.begin());
    }
};

/// Byte pair encoding as its definition reads: always the first occurrence of the best pair.
std::vector<int32_t> plainRule(const SmallTokenizer& tokenizer, const std::string& piece)
{
    std::vector<std::string> symbols;
    for (const char byte : piece)
        symbols.push_back(spelledInBytes(std::string(1, byte)));
    while (true) {
        size_t bestRank = tokenizer.merges.size(), bestAt = 0;
        for (size_t i = 0; i + 1 < symbols.size(); ++i)
            for (size_t rank = 0; rank < bestRank; ++rank)
                if (tokenizer.merges[rank] == std::pair(symbols[i], symbols[i + 1])) {
                    bestRank = rank;
                    bestAt = i;
                }
        if (bestRank == tokenizer.merges.size())
            break;
        symbols[bestAt] += symbols[bestAt + 1];
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(bestAt) + 1);
    }
    std::vector<int32_t> ids;
    for (const std::string& symbol : symbols)
        ids.push_back(tokenizer.idOf(symbol));
    return ids;
}

} // namespace

void TestBpe::vectors_data()
{
    QTest::addColumn<QStringList>("files");
    QTest::newRow("tokenizer.json") << QStringList{"tokenizer.json"};
    QTest::newRow("vocabulary, merges, configuration")
        << QStringList{"vocab.json", "merges.txt", "tokenizer_config.json"};
    QTest::newRow("vocabulary, merges, added tokens, names of special ones")
        << QStringList{"vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"};
    QTest::newRow("everything") << QStringList{"tokenizer.json",    "vocab.json",
                                               "merges.txt",        "tokenizer_config.json",
                                               "added_tokens.json", "special_tokens_map.json"};
}

void TestBpe::vectors()
{
    QFETCH(QStringList, files);
    const QTemporaryDir folder;
    const QString source = QString::fromStdString(tiny.string());
    for (const QString& file : files)
        QVERIFY(QFile::copy(source + "/" + file, folder.filePath(file)));
    const auto tokenizer = openTokenizer(folder.path().toStdString());
    QCOMPARE(tokenizer->size(), 586);
    QCOMPARE(tokenizer->addedToken("</think>"), std::optional<int32_t>(585));
    QVERIFY(!tokenizer->addedToken("think"));
    QVERIFY(tokenizer->isSpecial(562) && !tokenizer->isSpecial(585));

    const auto rows = test::readVectors("bpe_tokenizer.jsonl");
    QCOMPARE(rows.size(), size_t(554));
    for (const auto& row : rows) {
        const auto ids = row["ids"].get<std::vector<int32_t>>();
        QVERIFY2(tokenizer->encode(row["text"].get<std::string>()) == ids,
                 row["text"].dump().c_str());
        QCOMPARE(tokenizer->decode(ids, false), row["decoded"].get<std::string>());
        QCOMPARE(tokenizer->decode(ids, true), row["decoded_without_special"].get<std::string>());
    }
}

void TestBpe::mergesAreThoseOfThePlainRule()
{
    // Ranks that undo one another's chances, overlaps, and results that several pairs make.
    const SmallTokenizer small(Merges{{"b", "c"},
                                      {"a", "b"},
                                      {"a", "a"},
                                      {"aa", "a"},
                                      {"ab", "c"},
                                      {"a", "bc"},
                                      {"bc", "bc"},
                                      {"c", "a"},
                                      {"aa", "aa"},
                                      {"ca", "b"},
                                      {"abc", "abc"},
                                      {"cab", "cab"}});
    const Bpe bpe(small.description);
    std::mt19937 random(5);
    for (int i = 0; i < 3000; ++i) {
        const std::string text = test::randomText(random, {"a", "b", "c"}, 40);
        QVERIFY2(bpe.encode(text) == plainRule(small, text), text.c_str());
    }
}

void TestBpe::ignoresMergesOfWholePieces()
{
    SmallTokenizer small(Merges{{"a", "b"}, {"b", "c"}, {"a", "bc"}});
    QCOMPARE(Bpe(small.description).encode("abc"), std::vector<int32_t>({256, 'c'})); // never "abc"
    small.description.ignoresMerges = true;
    QCOMPARE(Bpe(small.description).encode("abc"), std::vector<int32_t>({258}));
    QCOMPARE(Bpe(small.description).encode("abcb"), std::vector<int32_t>({256, 'c', 'b'}));
}

void TestBpe::normalisesOnlyWhenTold()
{
    SmallTokenizer small;
    const std::string composed = "\xC3\xA9", decomposed = "e\xCC\x81";
    QCOMPARE(Bpe(small.description).encode(decomposed), std::vector<int32_t>({0xC3, 0xA9}));
    small.description.normalizes = false;
    QCOMPARE(Bpe(small.description).encode(decomposed), std::vector<int32_t>({'e', 0xCC, 0x81}));
    QCOMPARE(Bpe(small.description).encode(composed), std::vector<int32_t>({0xC3, 0xA9}));
}

void TestBpe::addedTokens_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected"); // text parts in [], added tokens by their letter
    const auto row = [](const char* name, const char* text, const char* expected) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(expected);
    };
    row("none", "plain", "[plain]");
    row("longest of several", "<a><ab><abc>", "ABC");
    row("longest fails late", "<abx><ab", "[<abx><ab]");
    row("leftmost first", "<<a>>", "[<]A[>]");
    row("case counts", "<A>", "[<A>]");
    row("left strip", "x \t\n<l> y", "[x]L[ y]");
    row("right strip", "x <r> \xE3\x80\x80y", "[x ]R[y]");
    row("strips meet", "<r>  <l>", "RL");
    row("single word alone", "a word b", "[a ]W[ b]");
    row("single word at the ends", "word", "W");
    row("single word inside", "swords", "[swords]");
    row("single word beside punctuation", "(word)", "[(]W[)]");
    row("single word beside a mark", "word\xE2\x83\x9D", "[word\xE2\x83\x9D]");
    row("single word beside other scripts", "\xE4\xBD\xA0word", "[\xE4\xBD\xA0word]");
    row("single word beside underscore", "word_", "[word_]");
    row("single word beside a circled letter", "word\xE2\x93\x90", "[word\xE2\x93\x90]");
    row("single word beside a dash", "word-", "W[-]");
    row("normalised is found composed", "x\xC3\xA9!", "[x]N[!]");
    row("normalised is found decomposed", "xe\xCC\x81!", "[x]N[!]");
    row("not normalised as it stands", "\xE1\xB9\xBB", "U");
    row("not normalised decomposed", "u\xCC\x84\xCC\x88",
        "[\xE1\xB9\xBB]"); // looked for before it is composed
}

void TestBpe::addedTokens()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    SmallTokenizer small;
    int32_t id = 300;
    std::map<int32_t, char> letters;
    const auto add = [&](const char* content, char letter) -> AddedToken& {
        AddedToken token;
        token.id = id;
        token.text = content;
        letters[id++] = letter;
        return small.description.added.emplace_back(std::move(token));
    };
    add("<a>", 'A');
    add("<ab>", 'B');
    add("<abc>", 'C');
    add("<l>", 'L').leftStrip = true;
    add("<r>", 'R').rightStrip = true;
    add("word", 'W').singleWord = true;
    add("e\xCC\x81", 'N').normalized = true;
    add("\xE1\xB9\xBB", 'U');

    const Bpe bpe(small.description);
    QByteArray found;
    QByteArray bytes;
    const auto flush = [&] {
        if (!bytes.isEmpty())
            found += "[" + bytes + "]";
        bytes.clear();
    };
    for (const int32_t token : bpe.encode(text.toStdString())) {
        if (token < 256) {
            bytes += static_cast<char>(token);
            continue;
        }
        flush();
        found += letters[token];
    }
    flush();
    QCOMPARE(found, expected);
}

void TestBpe::addedTokensTakeWhiteSpaceOnce()
{
    AddedToken blank;
    blank.id = 300;
    blank.text = " ";
    blank.leftStrip = blank.rightStrip = true;
    const std::string text = std::string(1 << 20, ' ') + "x";
    // Each blank is a token; what it would take along the first one has taken. Quadratic time would
    // be minutes.
    const auto spans = AddedTokenFinder({blank}).split(text);
    QCOMPARE(spans.size(), text.size());
    QCOMPARE(spans.front().end, text.size() - 1);
    QCOMPARE(spans.back().id, -1);
}

void TestBpe::repeatedMergeCountsAsTheLater()
{
    SmallTokenizer small(Merges{{"a", "b"}, {"b", "c"}});
    QCOMPARE(Bpe(small.description).encode("abc"), std::vector<int32_t>({256, 'c'}));
    small.description.merges.emplace_back("a", "b");
    QCOMPARE(Bpe(small.description).encode("abc"), std::vector<int32_t>({'a', 257}));
}

void TestBpe::decodes()
{
    SmallTokenizer small(Merges{{"a", "b"}});
    small.description.vocabulary.emplace_back("two words", 258); // 257 has no token
    AddedToken token;
    token.text = "<|x|>";
    token.id = 260;
    token.special = true;
    small.description.added.push_back(token);
    token.text = "\xEF\xBD\x9C";
    token.id = 261;
    token.special = false;
    small.description.added.push_back(token);

    const Bpe bpe(small.description);
    QCOMPARE(bpe.size(), 262);
    QCOMPARE(bpe.decode({256, 258, 260, 261}, false), std::string("abtwo words<|x|>\xEF\xBD\x9C"));
    QCOMPARE(bpe.decode({256, 258, 260, 261}, true), std::string("abtwo words\xEF\xBD\x9C"));
    QCOMPARE(bpe.decode({-1, 257, 259, 262, INT32_MAX, INT32_MIN, 'z'}, false), std::string("z"));
    QVERIFY(!bpe.isSpecial(-300) && !bpe.isSpecial(262) && bpe.isSpecial(260));
    // Halves of a character join across tokens that are left out.
    QCOMPARE(bpe.decode({0xC3, 260, 0xA9}, true), std::string("\xC3\xA9"));
    QCOMPARE(bpe.decode({0xC3, 'x', 0xE2, 0x82}, true), std::string("\xEF\xBF\xBDx\xEF\xBF\xBD"));
}

void TestBpe::readsInvalidUtf8AsReplacement()
{
    const Bpe bpe(SmallTokenizer().description);
    QCOMPARE(bpe.encode("a\xFF\xE2\x82z"),
             std::vector<int32_t>({'a', 0xEF, 0xBF, 0xBD, 0xEF, 0xBF, 0xBD, 'z'}));
    QCOMPARE(bpe.encode(std::string_view("\0\x7f", 2)), std::vector<int32_t>({0, 0x7f}));
}

void TestBpe::refusesHugeText()
{
    const Bpe bpe(SmallTokenizer().description);
    try {
        bpe.encode(std::string((16 << 20) + 1, 'a'));
        QFAIL("accepted");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::BadRequest);
        QVERIFY(QByteArray(error.what()).contains("16777217"));
    }
}

void TestBpe::byteAlphabetGoesBothWays()
{
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte)
        bytes += static_cast<char>(byte);
    const std::string spelled = spelledInBytes(bytes);
    QVERIFY(spelled.find(' ') == spelled.npos);
    QVERIFY(spelledInBytes(" \n") == "\xC4\xA0\xC4\x8A"); // U+0120 U+010A
    std::string back;
    QVERIFY(appendBytesSpelled(back, spelled));
    QCOMPARE(back, bytes);
    QVERIFY(!appendBytesSpelled(back, "a b"));
    QVERIFY(!appendBytesSpelled(back, "a\xFF"));
    QCOMPARE(back, bytes);
}

QTEST_APPLESS_MAIN(TestBpe)
#include "tst_bpe.moc"
