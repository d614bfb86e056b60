#include <memory>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <QElapsedTimer>
#include <QtTest>

#include "engine/tokenizer/qwensplitter.h"
#include "engine/tokenizer/unicode.h"
#include "tests/support/vectors.h"

using namespace argali;

class TestQwenSplitter final : public QObject {
    Q_OBJECT
private slots:
    void pieces_data();
    void pieces();
    void vectors();
    void classesAreThoseOfPcre2();
    void piecesAreThoseOfPcre2();
    void longRunsTakeLinearTime_data();
    void longRunsTakeLinearTime();
};

namespace {

std::vector<std::string> split(std::string_view text)
{
    std::vector<std::string> pieces;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = qwenPieceEnd(text, begin);
        if (end <= begin || end > text.size())
            return {"no progress at byte " + std::to_string(begin)};
        pieces.emplace_back(text.substr(begin, end - begin));
        begin = end;
    }
    return pieces;
}

QByteArray joined(const std::vector<std::string>& pieces)
{
    QByteArray result;
    for (const std::string& piece : pieces)
        result += "[" + QByteArray::fromStdString(piece) + "]";
    return result;
}

/// A compiled expression of PCRE2, the oracle here. It is no part of the program.
class Expression final {
public:
    explicit Expression(std::string_view pattern)
    {
        int error = 0;
        PCRE2_SIZE offset = 0;
        m_code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
        if (!m_code)
            qFatal("PCRE2: error %d at %zu", error, static_cast<size_t>(offset));
        m_match.reset(pcre2_match_data_create_from_pattern(m_code.get(), nullptr));
    }

    /// Begin and end of the first match from byte at on; begin == end == npos without one.
    std::pair<size_t, size_t> match(std::string_view text, size_t at) const
    {
        const int count = pcre2_match(m_code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                      text.size(), at, 0, m_match.get(), nullptr);
        if (count < 1)
            return {text.npos, text.npos};
        const PCRE2_SIZE* const places = pcre2_get_ovector_pointer(m_match.get());
        return {places[0], places[1]};
    }

    bool matches(std::string_view text) const { return match(text, 0).first == 0; }

private:
    struct Free {
        void operator()(pcre2_code* code) const { pcre2_code_free(code); }
        void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    };
    std::unique_ptr<pcre2_code, Free> m_code;
    std::unique_ptr<pcre2_match_data, Free> m_match;
};

// The Mongolian vowel separator has been no white space since Unicode 6.3; PCRE2 keeps it in \s
// because Perl's \h has it.
constexpr char32_t vowelSeparator = 0x180E;

/// Characters of every class, several of most. All are older than the Unicode version of
/// PCRE2 10.42 and of utf8proc 2.8 alike (14), but for those that no version assigns.
std::vector<std::string> alphabet()
{
    std::vector<std::string> result{"'s",   "'S",   "'t", "'re", "'RE", "'vE", "'m", "'ll", "'lL",
                                    "'d",   "'",    "''", "r",   "e",   "l",   "v",  "s",   "T",
                                    "\r\n", "\n\n", "  ", "   ", "\r",  "\n",  "\t", " ",   " "};
    for (const char32_t code :
         {U'a',         U'Z',      U'é',      U'ß',      U'ſ',      U'K',      U'ǅ',
          U'ʰ',         U'ª',      U'א',      U'ع',      U'अ',      U'ก',      U'你',
          U'好',        U'の',     U'한',     U'𝒜',      U'𠀀',     U'Ω',      U'ж', // letters
          U'0',         U'7',      U'²',      U'½',      U'٣',      U'३',      U'Ⅷ',
          U'〇',        U'①',      U'𝟘',      U'一', // numbers, and one that is none
          U'\u0301',    U'\u0327', U'\u093F', U'\u0E34', U'\uFE0F', U'\u20DD', U'\u3099', // marks
          U'.',         U',',      U'!',      U'-',      U'_',      U'/',      U'<',
          U'|',         U'>',      U'。',     U'，',     U'«',      U'’',      U'…',
          U'$',         U'€',      U'+',      U'∑',      U'^',      U'😀',      U'👍',
          U'🏽',      U'\u200D', U'\u200B', U'\uFEFF', U'\u00AD', // other
          U'\u000B',    U'\u000C', U'\u0085', U'\u00A0', U'\u1680', U'\u2003', U'\u2009',
          U'\u200A',    U'\u2028', U'\u2029', U'\u202F', U'\u205F', U'\u3000', // white space
          U'\u0001',    U'\u001C', U'\u001F', U'\u007F', U'\u0378', U'\uFFFF', U'\uE000',
          U'\U0010FFFF'}) {
        result.emplace_back();
        appendUtf8(result.back(), code);
    }
    return result;
}

} // namespace

void TestQwenSplitter::pieces_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("nothing") << QByteArray() << QByteArray();
    QTest::newRow("words") << QByteArray("a bc d") << QByteArray("[a][ bc][ d]");
    QTest::newRow("blanks before a word") << QByteArray("a   b") << QByteArray("[a][  ][ b]");
    QTest::newRow("blanks at the end") << QByteArray("a   ") << QByteArray("[a][   ]");
    QTest::newRow("digits") << QByteArray("x12 3") << QByteArray("[x][1][2][ ][3]");
    QTest::newRow("contractions") << QByteArray("I'm you'RE o'c 'twas")
                                  << QByteArray("[I]['m][ you]['RE][ o]['c][ '][twas]");
    QTest::newRow("long s") << QByteArray("a'\xC5\xBF") << QByteArray("[a]['\xC5\xBF]");
    QTest::newRow("newlines") << QByteArray("a \n \n  b") << QByteArray("[a][ \n \n][ ][ b]");
    QTest::newRow("newline after points")
        << QByteArray("a ..\r\n\nb") << QByteArray("[a][ ..\r\n\n][b]");
    QTest::newRow("no newline before letters") << QByteArray("\nb") << QByteArray("[\n][b]");
    QTest::newRow("tab before letters") << QByteArray("\tb\t1") << QByteArray("[\tb][\t][1]");
    QTest::newRow("one blank at the very end") << QByteArray(" ") << QByteArray("[ ]");
}

void TestQwenSplitter::pieces()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QCOMPARE(joined(split(text.toStdString())), expected);
}

void TestQwenSplitter::vectors()
{
    const auto rows = test::readVectors("bpe_splits.jsonl");
    QCOMPARE(rows.size(), size_t(554));
    for (const auto& row : rows) {
        const auto text = row["text"].get<std::string>();
        const std::string normal = toNfc(text);
        QCOMPARE(QByteArray::fromStdString(normal),
                 QByteArray::fromStdString(row["nfc"].get<std::string>()));
        QCOMPARE(joined(split(normal)), joined(row["pieces"].get<std::vector<std::string>>()));
    }
}

void TestQwenSplitter::classesAreThoseOfPcre2()
{
    const Expression letter("\\p{L}"), number("\\p{N}"), space("\\s"), unassigned("\\p{Cn}");
    int assigned = 0;
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if ((code >= 0xD800 && code <= 0xDFFF) || code == vowelSeparator)
            continue;
        std::string text;
        appendUtf8(text, code);
        if (unassigned.matches(text))
            continue; // newer versions of Unicode may disagree
        ++assigned;
        const QByteArray name = "U+" + QByteArray::number(code, 16);
        QVERIFY2(isLetter(code) == letter.matches(text), name);
        QVERIFY2(isNumber(code) == number.matches(text), name);
        QVERIFY2(isWhiteSpace(code) == space.matches(text), name);
    }
    QVERIFY(assigned > 280'000);
    QVERIFY(!isWhiteSpace(vowelSeparator));
}

void TestQwenSplitter::piecesAreThoseOfPcre2()
{
    const Expression expression(qwenExpression);
    const std::vector<std::string> characters = alphabet();
    std::mt19937 random(20250829);
    for (int i = 0; i < 40'000; ++i) {
        const std::string text = test::randomText(random, characters, 24);
        std::vector<std::string> expected;
        for (size_t at = 0; at < text.size();) {
            const auto [begin, end] = expression.match(text, at);
            QVERIFY(begin == at && end > begin); // the expression leaves no gaps
            expected.push_back(text.substr(begin, end - begin));
            at = end;
        }
        if (split(text) != expected)
            QCOMPARE(joined(split(text)), joined(expected));
    }
}

void TestQwenSplitter::longRunsTakeLinearTime_data()
{
    QTest::addColumn<QByteArray>("unit");
    for (const char* unit : {" ", "\n", " \n", "\n ", "a", ".", " .", "'", "1", "\xE4\xBD\xA0",
                             "\xCC\x81", "' ", "\t"})
        QTest::newRow(QByteArray(unit).toHex()) << QByteArray(unit);
}

void TestQwenSplitter::longRunsTakeLinearTime()
{
    // Quadratic time would be hours; the bound leaves room for sanitizers on a busy machine.
    QFETCH(QByteArray, unit);
    const std::string text = unit.repeated((1 << 20) / int(unit.size())).toStdString() + "x";
    QElapsedTimer timer;
    timer.start();
    for (size_t begin = 0; begin < text.size();)
        begin = qwenPieceEnd(text, begin);
    QVERIFY2(timer.elapsed() < 5000, QByteArray::number(timer.elapsed()));
}

QTEST_APPLESS_MAIN(TestQwenSplitter)
#include "tst_qwensplitter.moc"
