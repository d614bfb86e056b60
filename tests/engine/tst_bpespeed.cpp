#include <ctime>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/tokenizer/bytealphabet.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/support/hostile.h"
#include "tests/support/vectors.h"

using namespace argali;
using nlohmann::json;

/// How long opening and encoding take with a vocabulary of the published size, in processor time,
/// so that other tests beside this one do not count. The bounds are a few times what was measured.
class TestBpeSpeed final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void opensARealSize_data();
    void opensARealSize();
    void encodes_data();
    void encodes();

private:
    QTemporaryDir m_lists, m_texts, m_files; ///< merges as pairs, as text, in merges.txt
    std::vector<std::string> m_words;
};

namespace {

double milliseconds()
{
    return double(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

} // namespace

void TestBpeSpeed::initTestCase()
{
    // Merges of random earlier tokens, mostly short ones, as training makes them.
    constexpr int mergeCount = 151'387;
    std::mt19937 random(1);
    std::vector<std::string> tokens;
    std::unordered_set<std::string> known;
    json vocabulary = json::object(), pairs = json::array(), lines = json::array();
    for (int byte = 0; byte < 256; ++byte) {
        tokens.push_back(spelledInBytes(std::string(1, static_cast<char>(byte))));
        vocabulary[tokens.back()] = byte;
    }
    std::vector<std::string> parts;
    for (char letter = 'a'; letter <= 'z'; ++letter)
        parts.emplace_back(1, letter);
    parts.push_back("\xC4\xA0"); // the blank
    std::string merges = "#version: 0.2\n";
    const auto add = [&](const std::string& left, const std::string& right) {
        const std::string whole = left + right;
        if (!known.insert(whole).second)
            return;
        vocabulary[whole] = tokens.size();
        tokens.push_back(whole);
        parts.push_back(whole);
        pairs.push_back({left, right});
        lines.push_back(left + " " + right);
        merges += left + " " + right + "\n";
    };
    for (std::string run = "a"; run.size() < 64; run += run) // what a million of one letter becomes
        add(run, run);
    const std::string emoji = spelledInBytes("\xF0\x9F\x98\x80"); // four characters of two bytes
    add(emoji.substr(0, 2), emoji.substr(2, 2));
    add(emoji.substr(4, 2), emoji.substr(6, 2));
    add(emoji.substr(0, 4), emoji.substr(4));
    while (pairs.size() < mergeCount) {
        const std::string left = parts[std::min(random() % parts.size(), random() % parts.size())];
        const std::string right = parts[std::min(random() % parts.size(), random() % 400)];
        if (left.size() + right.size() <= 14 && right.find("\xC4\xA0") == right.npos)
            add(left, right);
    }
    known.clear();
    m_words = std::move(parts);

    json root =
        parseJson(readFile(std::filesystem::path(ARGALI_TEST_DATA) / "ovis2_5-tiny/tokenizer.json"),
                  "tiny", Error::Code::Internal);
    root["model"]["vocab"] = vocabulary;
    for (json& token : root["added_tokens"])
        token["id"] = token["id"].get<int>() - 560 + int(tokens.size());
    root["model"]["merges"] = pairs;
    test::writeFile(m_lists, "tokenizer.json", root.dump(2));
    root["model"]["merges"] = lines;
    test::writeFile(m_texts, "tokenizer.json", root.dump(2));
    test::writeFile(m_files, "vocab.json", vocabulary.dump());
    test::writeFile(m_files, "merges.txt", merges);
    QVERIFY(QFileInfo(m_lists.filePath("tokenizer.json")).size() > 11'000'000);
}

void TestBpeSpeed::opensARealSize_data()
{
    QTest::addColumn<QString>("folder");
    QTest::newRow("merges as pairs") << m_lists.path();
    QTest::newRow("merges as text") << m_texts.path();
    QTest::newRow("vocab.json and merges.txt") << m_files.path();
}

void TestBpeSpeed::opensARealSize()
{
    QFETCH(QString, folder);
    const double before = milliseconds();
    const auto tokenizer = openTokenizer(folder.toStdString());
    const double elapsed = milliseconds() - before;
    qInfo("%.0f ms", elapsed);
    QVERIFY(tokenizer->size() >= 151'643);
    QVERIFY(elapsed < 1000);
}

void TestBpeSpeed::encodes_data()
{
    QTest::addColumn<QByteArray>("text");
    constexpr int size = 1 << 20;
    const auto row = [](const char* name, const QByteArray& unit) {
        QTest::newRow(name) << unit.repeated(size / unit.size());
    };
    row("one letter", "a");
    row("one emoji", "\xF0\x9F\x98\x80");
    row("blanks", " ");
    row("newlines", "\n");
    row("points", ".");
    row("two letters", "ab");
    row("Chinese", "\xE4\xBD\xA0\xE5\xA5\xBD");
    row("marks out of order", "\xCC\x81\xCC\xA3");
    row("not UTF-8", "\xFF\xC3");
    row("added tokens", "<think>");
    row("almost added tokens", "<|object_ref_en");
    row("apostrophes", "'");
    std::mt19937 random(2);
    QByteArray words;
    while (words.size() < size)
        words += ' ' + QByteArray::fromStdString(m_words[random() % 26]) +
                 QByteArray::fromStdString(m_words[30 + random() % 5000]).replace("\xC4\xA0", "");
    QTest::newRow("words") << words;
    QTest::newRow("words without blanks") << words.replace(" ", "");
}

void TestBpeSpeed::encodes()
{
    QFETCH(QByteArray, text);
    const auto tokenizer = openTokenizer(m_texts.path().toStdString());
    const std::string bytes = text.toStdString();
    const double before = milliseconds();
    const auto ids = tokenizer->encode(bytes);
    const double elapsed = milliseconds() - before;
    qInfo("%zu tokens in %.0f ms", ids.size(), elapsed);
    if (text.startsWith("aaa"))
        QCOMPARE(ids.size(), bytes.size() / 64);
    QVERIFY(tokenizer->decode(ids, false).size() >= bytes.size() / 2);
    QVERIFY(elapsed < 2000);
}

QTEST_APPLESS_MAIN(TestBpeSpeed)
#include "tst_bpespeed.moc"
