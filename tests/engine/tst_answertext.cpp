#include <QtTest>

#include "engine/answertext.h"

using namespace argali;

namespace {

constexpr int32_t think = 256, thinkEnd = 257, stopId = 258;

/// Each byte is a token; then come two markers and a special one.
class Bytes final : public Tokenizer {
public:
    std::vector<int32_t> encode(std::string_view) const override { return {}; }
    std::string bytesOf(int32_t id) const override
    {
        return id == think      ? "<think>"
               : id == thinkEnd ? "</think>"
               : id == stopId   ? "<stop>"
                                : std::string(1, static_cast<char>(id));
    }
    bool isSpecial(int32_t id) const override { return id == stopId; }
    std::optional<int32_t> addedToken(std::string_view) const override { return std::nullopt; }
    int32_t size() const override { return 259; }
};

/// "(" and ")" stand for the markers, "." for the end.
std::vector<int32_t> idsOf(const char* text)
{
    std::vector<int32_t> ids;
    for (; *text; ++text)
        ids.push_back(*text == '('   ? think
                      : *text == ')' ? thinkEnd
                      : *text == '.' ? stopId
                                     : static_cast<uint8_t>(*text));
    return ids;
}

/// What a window shows that follows the pieces.
struct Shown {
    std::string text;
    std::string thinking;
    int takenBack = 0;

    void take(const TextPiece& piece)
    {
        if (piece.thinking && !text.empty()) {
            ++takenBack;
            text.clear();
        }
        (piece.thinking ? thinking : text) += piece.text;
    }
};

} // namespace

class TestAnswerText final : public QObject {
    Q_OBJECT
private slots:
    void showsWhatItSplits_data();
    void showsWhatItSplits();
    void openThinkingIsNeverAnAnswer();
    void substitutes_data();
    void substitutes();
};

void TestAnswerText::showsWhatItSplits_data()
{
    QTest::addColumn<QByteArray>("ids");
    QTest::addColumn<bool>("thinking");
    QTest::addColumn<QByteArray>("thought");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("takenBack");
    const auto row = [](const char* ids, bool thinking, const char* thought, const char* text,
                        int takenBack) {
        QTest::newRow(thinking ? ids : qPrintable(QString(ids) + " not asked for"))
            << QByteArray(ids) << thinking << QByteArray(thought) << QByteArray(text) << takenBack;
    };
    row("(\nhm, a ring\n)\n\nA ring.", true, "hm, a ring", "A ring", 0);
    row("hm, a ring\n)\n\nA ring.", true, "hm, a ring", "A ring", 1);
    row(" hm\n )", true, "hm", "", 1);
    row(")A ring.", true, "", "A ring", 0);
    row("\n)\nA ring.", true, "", "A ring", 0);
    row("()A ring.", true, "", "A ring", 0);
    row("A ring.", true, "", "A ring", 0);
    row("  ", true, "", "", 0);
    row("", true, "", "", 0);
    row("h(m)A ring.", true, "h<think>m", "A ring", 1);
    row("(h(m)A ) ring) .", true, "h<think>m", "A </think> ring</think>", 0);
    row("hm)A )ring.", true, "hm", "A </think>ring", 1);
    row("h\xE2\x82)\xE2\x82\xAC.", true, "h\xEF\xBF\xBD", "\xE2\x82\xAC", 1);
    row("(hm)A ring.", false, "", "<think>hm</think>A ring", 0);
    row("hm)A ring.", false, "", "hm</think>A ring", 0);
}

void TestAnswerText::showsWhatItSplits()
{
    QFETCH(QByteArray, ids);
    QFETCH(bool, thinking);
    QFETCH(QByteArray, thought);
    QFETCH(QByteArray, text);
    QFETCH(int, takenBack);
    const Bytes tokenizer;
    const ThinkingRules rules{think, thinkEnd, {}};
    Shown shown;
    const TextSink sink = [&](const TextPiece& piece) { shown.take(piece); };
    AnswerText answer(tokenizer, rules, thinking, sink);
    const std::vector<int32_t> all = idsOf(ids.constData());
    for (const int32_t id : all)
        answer.push(id);
    answer.finish();
    const SplitAnswer split = splitAnswer(tokenizer, rules, thinking, all);
    QCOMPARE(QByteArray::fromStdString(split.thinking), thought);
    QCOMPARE(QByteArray::fromStdString(split.text), text);
    QCOMPARE(QByteArray::fromStdString(shown.thinking), thought);
    QCOMPARE(QByteArray::fromStdString(shown.text), text);
    QCOMPARE(shown.takenBack, takenBack);
}

/// Opened and never closed, all of it is the answer in the end, as in the reference; until then
/// nobody knows.
void TestAnswerText::openThinkingIsNeverAnAnswer()
{
    const Bytes tokenizer;
    const ThinkingRules rules{think, thinkEnd, {}};
    Shown shown;
    const TextSink sink = [&](const TextPiece& piece) { shown.take(piece); };
    AnswerText answer(tokenizer, rules, true, sink);
    for (const int32_t id : idsOf("(\nhm "))
        answer.push(id);
    answer.finish();
    QCOMPARE(shown.thinking, std::string("hm"));
    QCOMPARE(shown.text, std::string());
    const SplitAnswer split = splitAnswer(tokenizer, rules, true, idsOf("(\nhm "));
    QCOMPARE(split.thinking, std::string());
    QCOMPARE(split.text, std::string("<think>\nhm"));
}

void TestAnswerText::substitutes_data()
{
    QTest::addColumn<QByteArray>("ids");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* ids, const char* text) {
        QTest::newRow(ids) << QByteArray(ids) << QByteArray(text);
    };
    row("in [[训练时间]]!", "in 2023年!");
    row("[[训练时间]]", "2023年");
    row("[[训练时间]][[训练时间]] x", "2023年2023年 x");
    row("[[[训练时间]]]", "[2023年]");
    row("[[训[[训练时间]]", "[[训2023年");
    row("[[训练时间]", "[[训练时间]");
    row("a [[训练", "a [[训练");
    row("a [[ ", "a [[");
    row("[[训练 时间]] [[训练时间 ]]", "[[训练 时间]] [[训练时间 ]]");
    row("  [[训练时间]]  ", "2023年");
    row("plain", "plain");
    row("", "");
}

void TestAnswerText::substitutes()
{
    QFETCH(QByteArray, ids);
    QFETCH(QByteArray, text);
    const Bytes tokenizer;
    const std::optional<Substitution> rule = Substitution{"[[训练时间]]", "2023年"};
    Shown shown;
    const TextSink sink = [&](const TextPiece& piece) { shown.take(piece); };
    AnswerText answer(tokenizer, {}, false, sink, rule);
    const std::vector<int32_t> all = idsOf(ids.constData());
    for (const int32_t id : all) {
        answer.push(id);
        QVERIFY2(text.startsWith(QByteArray::fromStdString(shown.text)), shown.text.c_str());
    }
    answer.finish();
    QCOMPARE(QByteArray::fromStdString(shown.text), text);
    QCOMPARE(QByteArray::fromStdString(splitAnswer(tokenizer, {}, false, all, rule).text), text);
    QVERIFY(!splitAnswer(tokenizer, {}, false, idsOf("[[训练时间]]")).text.starts_with("2023"));
}

QTEST_GUILESS_MAIN(TestAnswerText)
#include "tst_answertext.moc"
