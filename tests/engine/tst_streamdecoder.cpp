#include <QtTest>

#include "engine/tokenizer/streamdecoder.h"
#include "engine/tokenizer/unicode.h"
#include "tests/support/vectors.h"

using namespace argali;

class TestStreamDecoder final : public QObject {
    Q_OBJECT
private slots:
    void holdsBackHalfCharacters();
    void vectorsStreamAsTheyDecode();
    void randomIdsStreamAsTheyDecode();
};

namespace {

std::unique_ptr<Tokenizer> openTiny()
{
    return openTokenizer(std::filesystem::path(ARGALI_TEST_DATA) / "ovis2_5-tiny");
}

bool isWholeUtf8(const std::string& text)
{
    return replaceInvalidUtf8(text) == text;
}

/// Each byte is a token; 256 is special.
class Bytes final : public Tokenizer {
public:
    std::vector<int32_t> encode(std::string_view) const override { return {}; }
    std::string bytesOf(int32_t id) const override { return std::string(1, static_cast<char>(id)); }
    bool isSpecial(int32_t id) const override { return id == 256; }
    std::optional<int32_t> addedToken(std::string_view) const override { return std::nullopt; }
    int32_t size() const override { return 257; }
};

} // namespace

void TestStreamDecoder::holdsBackHalfCharacters()
{
    const Bytes bytes;
    StreamDecoder decoder(bytes);
    QCOMPARE(decoder.push('a'), std::string("a"));
    QCOMPARE(decoder.push(0xF0), std::string());
    QCOMPARE(decoder.push(0x9F), std::string());
    QCOMPARE(decoder.push(256), std::string());
    QCOMPARE(decoder.push(0x98), std::string());
    QCOMPARE(decoder.push(0x80), std::string("\xF0\x9F\x98\x80"));
    QCOMPARE(decoder.push(0xE2), std::string());
    QCOMPARE(decoder.push('b'), std::string("\xEF\xBF\xBD"
                                            "b")); // can become nothing any more
    QCOMPARE(decoder.push(0xFF), std::string("\xEF\xBF\xBD"));
    QCOMPARE(decoder.push(0xE2), std::string());
    QCOMPARE(decoder.push(0x82), std::string());
    QCOMPARE(decoder.finish(), std::string("\xEF\xBF\xBD"));
    QCOMPARE(decoder.finish(), std::string());
    QCOMPARE(decoder.push('c'), std::string("c"));
}

void TestStreamDecoder::vectorsStreamAsTheyDecode()
{
    const auto tokenizer = openTiny();
    for (const auto& row : test::readVectors("bpe_tokenizer.jsonl")) {
        StreamDecoder decoder(*tokenizer);
        std::string text;
        for (const auto& id : row["ids"])
            text += decoder.push(id.get<int32_t>());
        QCOMPARE(text + decoder.finish(), row["decoded_without_special"].get<std::string>());
    }
}

void TestStreamDecoder::randomIdsStreamAsTheyDecode()
{
    const auto tokenizer = openTiny();
    const Bytes bytes;
    std::mt19937 random(11);
    for (int round = 0; round < 4000; ++round) {
        const Tokenizer& source =
            round % 2 == 0 ? *tokenizer : static_cast<const Tokenizer&>(bytes);
        std::vector<int32_t> ids(random() % 60);
        for (int32_t& id :
             ids) // some beyond the vocabulary; of the bytes mostly parts of characters
            id = round % 2 == 0 ? static_cast<int32_t>(random() % 700) - 50
                                : static_cast<int32_t>(random() % 8 == 0 ? random() % 257
                                                                         : 0x80 + random() % 0x80);
        if (round % 2 == 0)
            QCOMPARE(source.decode(ids, true), [&] {
                std::string kept;
                for (const int32_t id : ids)
                    kept += source.isSpecial(id) ? std::string() : source.bytesOf(id);
                return replaceInvalidUtf8(kept);
            }());
        StreamDecoder decoder(source);
        std::string text;
        for (const int32_t id : ids) {
            const std::string part = decoder.push(id);
            QVERIFY(isWholeUtf8(part));
            text += part;
        }
        QCOMPARE(text + decoder.finish(), source.decode(ids, true));
    }
}

QTEST_APPLESS_MAIN(TestStreamDecoder)
#include "tst_streamdecoder.moc"
