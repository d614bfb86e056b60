#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/tokenizer/sentencepiecemodel.h"
#include "engine/tokenizer/streamdecoder.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/support/hostile.h"

using namespace argali;
using namespace argali::test;
using nlohmann::json;
using Type = SentencePieceModel::Type;

class TestSentencePiece final : public QObject {
    Q_OBJECT
private slots:
    void llama();
    void internLm2();
    void chatGlm2();
    void phi3();
    void legacyDecides();
    void theJsonAlone();
    void acceptsWhatMeansTheSame_data();
    void acceptsWhatMeansTheSame();
    void refusesTokenizerJson_data();
    void refusesTokenizerJson();
    void refusesModels_data();
    void refusesModels();
    void skipsWhatItDoesNotKnow();
    void tablesOfCharacters();
    void everyCutIsRefused();
    void everyFlippedByteIsHarmless();
    void refusesFolders();
    void addedTokensAreChecked();
    void streamsTheSame();
    void longTexts();
};

namespace {

using Change = std::function<void(json&)>;
using Ids = std::vector<int32_t>;

const std::filesystem::path data = ARGALI_TEST_DATA;
const std::filesystem::path folders = data / "tokenizers";

std::vector<json> rowsOf(const char* name)
{
    std::vector<json> rows;
    const std::string content = readFile(data / "vectors" / name);
    for (size_t begin = 0; begin < content.size();) {
        const size_t end = std::min(content.find('\n', begin), content.size());
        if (end > begin)
            rows.push_back(json::parse(content.substr(begin, end - begin)));
        begin = end + 1;
    }
    return rows;
}

/// A copy of a tokenizer's files, to be changed.
class Folder final {
public:
    explicit Folder(const char* name)
    {
        for (const auto& entry : std::filesystem::directory_iterator(folders / name))
            std::filesystem::copy_file(entry.path(), path() / entry.path().filename());
    }
    std::filesystem::path path() const { return m_folder.path().toStdString(); }
    void remove(const char* file) const { std::filesystem::remove(path() / file); }
    void write(const char* file, const std::string& content) const
    {
        writeFile(m_folder, file, content);
    }
    void change(const char* file, const Change& change) const
    {
        json value = json::parse(readFile(path() / file));
        change(value);
        write(file, value.dump());
    }
    std::unique_ptr<Tokenizer> open() const { return openTokenizer(path()); }

private:
    QTemporaryDir m_folder;
};

// A model file, field by field.
std::string varint(uint64_t value)
{
    std::string bytes;
    for (; value >= 0x80; value >>= 7)
        bytes += static_cast<char>(value | 0x80);
    return bytes + static_cast<char>(value);
}
std::string number(uint64_t field, uint64_t value)
{
    return varint(field << 3) + varint(value);
}
std::string bytes(uint64_t field, std::string_view value)
{
    return varint(field << 3 | 2) + varint(value.size()) + std::string(value);
}
std::string score(float value)
{
    std::string result = varint(2 << 3 | 5);
    return result.append(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string piece(std::string_view text, Type type = Type::Normal, float value = 0)
{
    return bytes(1, bytes(1, text) + score(value) + number(3, static_cast<uint64_t>(type)));
}
/// Unknown, begin, end and all bytes but one.
std::string basicPieces(int missingByte = -1)
{
    std::string result =
        piece("<unk>", Type::Unknown) + piece("<s>", Type::Control) + piece("</s>", Type::Control);
    for (int byte = 0; byte < 256; ++byte)
        if (byte != missingByte)
            result += piece(
                QByteArray("<0x" + QByteArray::number(byte, 16).toUpper().rightJustified(2, '0') +
                           ">")
                    .toStdString(),
                Type::Byte);
    return result;
}
const std::string trainer = bytes(2, number(3, 2)), normalizer = bytes(3, number(4, 0));
std::string modelOf(const std::string& more)
{
    return basicPieces() + more + trainer + normalizer;
}

/// A table of characters: units of a trie and the texts behind it.
std::string charsMap(std::vector<uint32_t> units, const std::string& texts, size_t count = 256)
{
    units.resize(count);
    std::string result(4, '\0');
    const auto size = static_cast<uint32_t>(count * 4);
    std::memcpy(result.data(), &size, 4);
    result.append(reinterpret_cast<const char*>(units.data()), size);
    return result + texts;
}

std::string streamed(const Tokenizer& tokenizer, const Ids& ids)
{
    StreamDecoder decoder(tokenizer);
    std::string text;
    for (const int32_t id : ids)
        text += decoder.push(id);
    return text + decoder.finish();
}

QByteArray named(const json& row)
{
    return QByteArray::fromStdString(row.dump()).left(300);
}

} // namespace

Q_DECLARE_METATYPE(Change)

void TestSentencePiece::llama()
{
    const auto tokenizer = openTokenizer(folders / "llama"); // with a tokenizer.json: legacy
    const Folder other("llama");
    other.remove("tokenizer.json");
    const auto nonLegacy = other.open();
    int count = 0;
    for (const json& row : rowsOf("sentencepiece_llama.jsonl")) {
        ++count;
        if (row.contains("decode")) {
            const Ids ids = row["decode"];
            QVERIFY2(tokenizer->decode(ids, true) == row["decoded"], named(row));
            QVERIFY2(streamed(*tokenizer, ids) == row["decoded"], named(row));
            continue;
        }
        const std::string text = row["text"];
        const auto withBegin = [](Ids ids) {
            ids.insert(ids.begin(), 1);
            return ids;
        };
        QVERIFY2(tokenizer->encode(text) == row["ids"].get<Ids>(), named(row));
        QVERIFY2(withBegin(tokenizer->encodePrompt(text)) == row["legacy"].get<Ids>(), named(row));
        QVERIFY2(nonLegacy->encode(text) == row["ids"].get<Ids>(), named(row));
        QVERIFY2(withBegin(nonLegacy->encodePrompt(text)) == row["nonlegacy"].get<Ids>(),
                 named(row));
        QVERIFY2(tokenizer->decode(row["ids"], false) == row["decoded"], named(row));
        QVERIFY2(streamed(*tokenizer, row["ids"]) == row["decoded"], named(row));
    }
    QCOMPARE(count, 640);
    QCOMPARE(tokenizer->addedToken("<image>"), 691);
    QCOMPARE(tokenizer->addedToken("<s>"), 1);
    QCOMPARE(tokenizer->size(), 693);
    QVERIFY(tokenizer->isSpecial(691) && tokenizer->isSpecial(2) && !tokenizer->isSpecial(300));
    QCOMPARE(tokenizer->encodePrompt("a<image>\n"), (Ids{264, 691, 520, 13}));
}

void TestSentencePiece::internLm2()
{
    const auto tokenizer = openTokenizer(folders / "internlm2");
    int count = 0;
    for (const json& row : rowsOf("sentencepiece_internlm2.jsonl")) {
        ++count;
        const bool decodes = row.contains("decode");
        const Ids ids = row[decodes ? "decode" : "ids"];
        QVERIFY2(tokenizer->decode(ids, true) == row["decoded"], named(row));
        QVERIFY2(streamed(*tokenizer, ids) == row["decoded"], named(row));
        if (decodes)
            continue;
        QVERIFY2(tokenizer->encode(row["text"].get<std::string>()) == ids, named(row));
        QVERIFY2(tokenizer->encodePrompt(row["text"].get<std::string>()) == ids, named(row));
    }
    QCOMPARE(count, 497);
    QCOMPARE(tokenizer->addedToken("<|im_end|>"), 600); // in the place of [UNUSED_TOKEN_145]
    QCOMPARE(tokenizer->bytesOf(600), std::string("<|im_end|>"));
    QCOMPARE(tokenizer->addedToken("<IMG_CONTEXT>"), 604);
}

void TestSentencePiece::chatGlm2()
{
    const auto tokenizer = openTokenizer(folders / "chatglm2");
    for (const json& row : rowsOf("sentencepiece_chatglm2.jsonl")) {
        const Ids ids = row["ids"];
        const std::string text = row["text"];
        QVERIFY2(tokenizer->encode(text) == ids, named(row));
        Ids prompt = {*tokenizer->addedToken("[gMASK]"), *tokenizer->addedToken("sop")};
        const Ids rest = tokenizer->encodePrompt(text);
        prompt.insert(prompt.end(), rest.begin(), rest.end());
        QVERIFY2(prompt == row["prompt_ids"].get<Ids>(), named(row));
        QVERIFY2(tokenizer->decode(ids, true) == row["decoded"], named(row));
    }
    for (const json& row : rowsOf("sentencepiece_chatglm2_decode.jsonl")) {
        QVERIFY2(tokenizer->decode(row["ids"], true) == row["text"], named(row));
        QVERIFY2(tokenizer->decode(row["ids"], false) == row["text"], named(row));
        QVERIFY2(streamed(*tokenizer, row["ids"]) == row["text"], named(row));
    }
    QCOMPARE(tokenizer->size(), 785);
    // Nobody can type them, nor the model's own.
    for (const char* text : {"[gMASK]", "sop", "</s>", "<unk>"})
        for (const int32_t id : tokenizer->encodePrompt(text))
            QVERIFY2(!tokenizer->isSpecial(id), text);
}

void TestSentencePiece::phi3()
{
    const auto tokenizer = openTokenizer(folders / "phi3");
    // The chat tokens swallow white space behind them; what stands before them stays.
    QCOMPARE(tokenizer->encodePrompt("<|user|>\nHello!<|end|><|assistant|>\n"),
             (Ids{510, 357, 288, 310, 309, 370, 507, 501}));
    QCOMPARE(tokenizer->encodePrompt("<|end|><|user|>\n<img><IMG_CONTEXT></img>\nWhat is this?"),
             (Ids{507, 510, 511, 513, 512, 332, 345, 276, 302, 260, 307, 261, 303, 307, 328}));
    QCOMPARE(tokenizer->encodePrompt("<|user|>\n\n Are you sure?<|end|>"),
             (Ids{510, 399, 263, 300, 323, 286, 264, 313, 263, 328, 507}));
    QCOMPARE(tokenizer->encodePrompt("<|assistant|>\nIt is a house.  <|end|>"),
             (Ids{501, 330, 302, 260, 307, 266, 300, 308, 286, 307, 301, 314, 262, 507}));
    QVERIFY(tokenizer->encode("<|user|>").front() != 510); // a text, not a prompt
}

void TestSentencePiece::legacyDecides()
{
    const Folder folder("llama");
    folder.remove("tokenizer.json");
    const Ids legacy{2, 441, 545}, nonLegacy{2, 395, 392, 545};
    QCOMPARE(folder.open()->encodePrompt("</s>USER:"), nonLegacy);
    folder.change("tokenizer_config.json", [](json& config) { config["legacy"] = true; });
    QCOMPARE(folder.open()->encodePrompt("</s>USER:"), legacy);
    folder.change("tokenizer_config.json", [](json& config) { config.erase("legacy"); });
    QCOMPARE(folder.open()->encodePrompt("</s>USER:"), legacy); // what a missing key means
    folder.remove("tokenizer_config.json");
    QCOMPARE(folder.open()->encodePrompt("</s>USER:"), legacy);
    QCOMPARE(folder.open()->addedToken("<image>"), 691); // from added_tokens.json
}

void TestSentencePiece::theJsonAlone()
{
    const Folder folder("llama");
    folder.remove("tokenizer.model");
    const auto tokenizer = folder.open();
    for (const json& row : rowsOf("sentencepiece_llama.jsonl")) {
        if (row.contains("decode"))
            continue;
        const std::string text = row["text"];
        Ids ids = tokenizer->encode(text);
        QVERIFY2(ids == tokenizer->encodePrompt(text), named(row));
        ids.insert(ids.begin(), 1);
        QVERIFY2(ids == row["legacy"].get<Ids>(), named(row));
        QVERIFY2(tokenizer->decode(row["ids"], true) == row["decoded"], named(row));
    }
    QCOMPARE(tokenizer->encode("a<image>\n"), (Ids{264, 691, 520, 13}));
}

void TestSentencePiece::acceptsWhatMeansTheSame_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<Ids>("ids"); // of " a</s>a"
    const auto row = [](const char* name, const Ids& ids, Change change) {
        QTest::newRow(name) << change << ids;
    };
    const auto metaspace = [](const char* scheme) {
        return [scheme](json& root) {
            root["normalizer"] = nullptr;
            root["pre_tokenizer"] = {{"type", "Metaspace"},
                                     {"replacement", "\xE2\x96\x81"},
                                     {"prepend_scheme", scheme},
                                     {"split", false}};
            if (std::string(scheme) == "never")
                root["decoder"]["decoders"].erase(3);
        };
    };
    row("as it is", {261, 526, 2, 264}, [](json&) {});
    row("merges as pairs", {261, 526, 2, 264}, [](json& root) {
        for (json& merge : root["model"]["merges"]) {
            const std::string text = merge.is_string() ? merge.get<std::string>() : "";
            if (!text.empty())
                merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
        }
    });
    row("no post processor", {261, 526, 2, 264},
        [](json& root) { root["post_processor"] = nullptr; });
    // Metaspace takes the blank that is there for its own.
    row("Metaspace always", {264, 2, 264}, metaspace("always"));
    row("Metaspace first", {264, 2, 526}, metaspace("first"));
    row("Metaspace never", {264, 2, 526}, metaspace("never"));
    row("no prefix", {264, 2, 526}, [](json& root) {
        root["normalizer"] = root["normalizer"]["normalizers"][1];
        root["decoder"]["decoders"].erase(3);
    });
}

void TestSentencePiece::acceptsWhatMeansTheSame()
{
    QFETCH(Change, change);
    QFETCH(Ids, ids);
    const Folder folder("llama");
    folder.remove("tokenizer.model");
    folder.change("tokenizer.json", change);
    QCOMPARE(folder.open()->encode(" a</s>a"), ids);
}

void TestSentencePiece::refusesTokenizerJson_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* name, const char* message, Change change,
                        Error::Code code = Error::Code::BadModel) {
        QTest::newRow(name) << change << int(code) << QByteArray(message);
    };
    const auto odd = Error::Code::Unsupported;
    for (const char* key :
         {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"})
        row(
            key, (std::string("model.") + key + " is set").c_str(),
            [key = std::string(key)](json& root) {
                root["model"][key] = key == "dropout"         ? json(0.1)
                                     : key == "ignore_merges" ? json(true)
                                                              : json("x");
            },
            odd);
    row(
        "normalizer", "normalizer \"NFKC\"",
        [](json& r) {
            r["normalizer"] = {{"type", "NFKC"}};
        },
        odd);
    row(
        "normalizer in the sequence", "normalizer \"Strip\"",
        [](json& r) {
            r["normalizer"]["normalizers"].push_back({{"type", "Strip"}});
        },
        odd);
    row(
        "another replacement", "normalizer \"Replace\"",
        [](json& r) { r["normalizer"]["normalizers"][1]["content"] = "_"; }, odd);
    row(
        "another prefix", "normalizer \"Prepend\"",
        [](json& r) { r["normalizer"]["normalizers"][0]["prepend"] = "_"; }, odd);
    row(
        "no normalizer", "no normalizer for blanks",
        [](json& r) {
            r["normalizer"] = nullptr;
            r["decoder"]["decoders"].erase(3);
        },
        odd);
    row(
        "pre_tokenizer", "pre_tokenizer \"ByteLevel\"",
        [](json& r) {
            r["pre_tokenizer"] = {{"type", "ByteLevel"}};
        },
        odd);
    row(
        "Metaspace that splits", "pre_tokenizer \"Metaspace\"",
        [](json& r) {
            r["normalizer"] = nullptr;
            r["pre_tokenizer"] = {{"type", "Metaspace"},
                                  {"replacement", "\xE2\x96\x81"},
                                  {"prepend_scheme", "first"},
                                  {"split", true}};
        },
        odd);
    row(
        "decoder", "decoder \"ByteLevel\"",
        [](json& r) {
            r["decoder"] = {{"type", "ByteLevel"}};
        },
        odd);
    row(
        "decoder without bytes", "decoder \"Replace, Fuse, Strip\"",
        [](json& r) { r["decoder"]["decoders"].erase(1); }, odd);
    row(
        "decoder without strip", "decoder \"Replace, ByteFallback, Fuse\"",
        [](json& r) { r["decoder"]["decoders"].erase(3); }, odd);
    row(
        "post_processor", "post_processor \"ByteLevel\"",
        [](json& r) {
            r["post_processor"] = {{"type", "ByteLevel"}};
        },
        odd);
    row("ids with a gap", "has the id 5000", [](json& r) { r["model"]["vocab"]["zzz"] = 5000; });
    row("id twice", "have the same id 300", [](json& r) {
        r["model"]["vocab"]["zzz"] = 300;
        r["model"]["vocab"]["zzzz"] = 692;
    });
    row("no unknown token", "0 pieces of type unknown",
        [](json& r) { r["model"]["unk_token"] = nullptr; });
    row("byte missing", "no piece for byte 10", [](json& r) {
        auto& v = r["model"]["vocab"];
        v["zzz"] = v["<0x0A>"];
        v.erase("<0x0A>");
    });
    row("empty token", "0 bytes", [](json& r) {
        auto& v = r["model"]["vocab"];
        v[""] = v["z"].is_null() ? json(690) : v["z"];
        v.erase("z");
    });
    row("merge without its whole", "model.merges[0]|lacks",
        [](json& r) { r["model"]["merges"][0] = "e \xE2\x96\x81"; });
    row("merge of bytes", "model.merges[0]|lacks",
        [](json& r) { r["model"]["merges"][0] = "<0x0A> <0x0B>"; });
    row("merge of three", "expected two tokens",
        [](json& r) { r["model"]["merges"][0] = "a b c"; });
    row("merge of a number", "model.merges[0]: expected",
        [](json& r) { r["model"]["merges"][0] = 1; });
    row("merges no list", "expected a list model.merges",
        [](json& r) { r["model"]["merges"] = 1; });
    row(
        "merge left out", "model.merges lacks", [](json& r) { r["model"]["merges"].erase(0); },
        odd);
    row(
        "merges in another order", "again, behind others",
        [](json& r) {
            auto& m = r["model"]["merges"];
            json first = m[0];
            m.push_back(first);
        },
        odd);
    row("added token without text", "expected a string as content",
        [](json& r) { r["added_tokens"][3].erase("content"); });
    row("added token without id", "expected an id",
        [](json& r) { r["added_tokens"][3].erase("id"); });
    row("added tokens no list", "expected a list added_tokens",
        [](json& r) { r["added_tokens"] = 3; });
}

void TestSentencePiece::refusesTokenizerJson()
{
    QFETCH(Change, change);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const Folder folder("llama");
    folder.remove("tokenizer.model");
    folder.change("tokenizer.json", change);
    QCOMPARE(
        throwsOtherwise([&] { folder.open(); }, Error::Code(code), "/tokenizer.json: |" + message),
        QByteArray());
}

void TestSentencePiece::refusesModels_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto raw = [](const char* name, const std::string& content, const char* message,
                        Error::Code code = Error::Code::BadModel) {
        QTest::newRow(name) << QByteArray::fromStdString(content) << int(code)
                            << QByteArray(message);
    };
    const auto odd = Error::Code::Unsupported;
    const auto more = [&](const char* name, const std::string& pieces, const char* message) {
        raw(name, modelOf(pieces), message);
    };
    raw("empty", "", "is empty");
    raw("pointer", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
    raw("page", "<!DOCTYPE html>", "web page");
    raw("zip", "PK\x03\x04", "zip archive");
    raw("text", "hello", "impossible kind|no SentencePiece");
    raw("field 0", varint(2) + varint(0), "field of number 0");
    raw("group", varint(1 << 3 | 3), "impossible kind 3");
    raw("long number", std::string(11, '\xFF'), "number of more than ten bytes");
    raw("cut number", "\x80", "wants 1 more bytes");
    raw("piece of 2^60 bytes", varint(1 << 3 | 2) + varint(uint64_t(1) << 60),
        "wants 1152921504606846976 more bytes");
    raw("piece that is a number", number(1, 7), "field 1 to 5 in the wrong form");
    raw("no pieces", trainer + normalizer, "has 0 pieces");
    raw("no trainer", basicPieces() + normalizer, "model_type 1, expected 2 (BPE)", odd);
    raw("unigram", basicPieces() + bytes(2, number(3, 1)) + normalizer, "model_type 1", odd);
    raw("word", basicPieces() + bytes(2, number(3, 3)) + normalizer, "model_type 3", odd);
    raw("model_type as text", basicPieces() + bytes(2, bytes(3, "x")) + normalizer,
        "trainer_spec has the field model_type in the wrong form");
    raw("suffix", basicPieces() + bytes(2, number(3, 2) + number(24, 1)) + normalizer,
        "treat_whitespace_as_suffix", odd);
    raw("trainer cut", basicPieces() + bytes(2, "\x18") + normalizer,
        "trainer_spec wants 1 more bytes");
    raw("no normalizer", basicPieces() + trainer, "remove_extra_whitespaces", odd);
    raw("removes blanks", basicPieces() + trainer + bytes(3, number(4, 1)),
        "remove_extra_whitespaces", odd);
    raw("no escapes", basicPieces() + trainer + bytes(3, number(4, 0) + number(5, 0)),
        "escape_whitespaces", odd);
    raw("prefix as text", basicPieces() + trainer + bytes(3, number(4, 0) + bytes(3, "x")),
        "normalizer_spec has the field add_dummy_prefix in the wrong form");
    raw("charsmap as a number", basicPieces() + trainer + bytes(3, number(4, 0) + number(2, 5)),
        "precompiled_charsmap in the wrong form");
    more("piece without text", bytes(1, score(0)), "piece 259 has 0 bytes");
    more("long piece", piece(std::string(513, 'x')), "piece 259 has 513 bytes");
    more("not UTF-8", piece("\xFF"), "piece 259 is not UTF-8");
    more("half a character", piece("\xE2\x96"), "piece 259 is not UTF-8");
    more("NUL", piece(std::string_view("a\0b", 3)), "piece 259 has a NUL");
    more("NaN", piece("x", Type::Normal, std::nanf("")), "piece 259 has a score");
    more("infinity", piece("x", Type::Normal, std::numeric_limits<float>::infinity()),
         "piece 259 has a score");
    more("type 0", bytes(1, bytes(1, "x") + number(3, 0)), "piece 259 has the type 0");
    more("type 7", bytes(1, bytes(1, "x") + number(3, 7)), "piece 259 has the type 7");
    more("huge type", bytes(1, bytes(1, "x") + number(3, ~uint64_t(0))),
         "piece 259 has the type 1844");
    more("type as text", bytes(1, bytes(1, "x") + bytes(3, "x")),
         "piece 259 has the field type in the wrong form");
    more("score as a number", bytes(1, bytes(1, "x") + number(2, 1)),
         "piece 259 has the field score in the wrong form");
    more("text as a number", bytes(1, number(1, 1)),
         "piece 259 has the field piece in the wrong form");
    more("piece cut", bytes(1, "\x0A\x05xx"), "piece 259 wants 5 more bytes");
    more("twice", piece("x") + piece("x"), "has the piece \"x\" twice");
    more("two unknown", piece("<u>", Type::Unknown), "has 2 pieces of type unknown");
    more("byte spelled otherwise", piece("<0x0a>", Type::Byte), "piece 259 is \"<0x0a>\"");
    more("byte of a word", piece("ten", Type::Byte), "piece 259 is \"ten\"");
    raw("byte missing", basicPieces(10) + trainer + normalizer, "no piece for byte 10");
    const auto map = [&](const char* name, const std::string& value, const char* message) {
        raw(name, basicPieces() + trainer + bytes(3, number(4, 0) + bytes(2, value)),
            (std::string("precompiled_charsmap ") + message).c_str());
    };
    const std::string texts("\0b\0", 3);
    map("map of a byte", "x", "has only 1 bytes");
    map("map of its size", std::string(4, '\0'), "has a trie of 0 bytes");
    map("trie of 2^32 bytes", "\xFF\xFF\xFF\xFF" + std::string(2000, '\0'),
        "has a trie of 4294967295 bytes");
    map("odd trie", charsMap({}, texts, 255), "has a trie of 1020 bytes");
    map("no texts", charsMap({}, ""), "has a trie of 1024 bytes");
    map("texts without an end", charsMap({}, "abc"), "has texts that do not end with NUL");
    map("texts that are not UTF-8", charsMap({}, std::string("\xFF\0", 2)),
        "has a text that is not UTF-8");
    map("root leads away", charsMap({0x1000 << 10}, texts), "leads from unit 0 to 4096");
    map("far unit leads away", charsMap({0, 0, 0xFFFFFC00 & 0x7FFFFFFF}, texts),
        "leads from unit 2 to");
    map("extended offset leads away", charsMap({0, 1 << 10 | 512}, texts),
        "leads from unit 1 to 257");
    map("text behind the texts",
        charsMap({0, 256 | (1 ^ 7) << 10, 0, 0, 0, 0, 0, 0x80000003}, texts),
        "names the text at byte 3 of 3");
    map("text far behind", charsMap({0, 256 | (1 ^ 7) << 10, 0, 0, 0, 0, 0, 0xFFFFFFFF}, texts),
        "names the text at byte 2147483647 of 3");
    map("text of no value", charsMap({0, 256 | (1 ^ 2) << 10, 99}, texts),
        "names the text at byte 99 of 3");
}

void TestSentencePiece::refusesModels()
{
    QFETCH(QByteArray, content);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const Folder folder("chatglm2");
    folder.write("tokenizer.model", content.toStdString());
    const QByteArray found = thrown([&] { folder.open(); });
    QVERIFY2(found.startsWith(QByteArray::number(code) + ": ") &&
                 found.contains("/tokenizer.model: "),
             found);
    bool isThere = false;
    for (const QByteArray& words : message.split('|'))
        isThere = isThere || found.contains(words);
    QVERIFY2(isThere, found);
}

void TestSentencePiece::skipsWhatItDoesNotKnow()
{
    const std::string unknown = number(200, 7) + bytes(201, "x") + varint(202 << 3 | 1) +
                                std::string(8, '\1') + varint(203 << 3 | 5) + std::string(4, '\1');
    const std::string x = bytes(1, bytes(1, "x") + unknown + number(3, 1));
    const Folder folder("chatglm2");
    folder.write("tokenizer.model", basicPieces() + x + bytes(2, number(3, 2) + unknown) +
                                        bytes(3, number(4, 0) + unknown) +
                                        bytes(4, bytes(1, "hostile")) +
                                        bytes(5, bytes(2, "hostile")) + unknown);
    QCOMPARE(folder.open()->encode("x"),
             (Ids{3 + 0xE2, 3 + 0x96, 3 + 0x81, 259})); // no piece for the blank
    // The last one of a field that comes twice counts.
    folder.write("tokenizer.model", modelOf(piece("x")) + bytes(3, number(3, 0)));
    QCOMPARE(folder.open()->encode("x"), (Ids{259}));
}

void TestSentencePiece::tablesOfCharacters()
{
    // A trie with one way: 'a', a unit with a text, becomes "b". Unit 0 leads by offset 1 to
    // 1 ^ 'a' = 96; that leads by offset 4 to 96 ^ 4 = 100, which is the value.
    std::vector<uint32_t> units(101);
    units[0] = 1 << 10;
    units[1 ^ 'a'] = 'a' | 256 | 4 << 10;
    units[100] = 0x80000001;
    const std::string map = charsMap(units, std::string("\0b\0", 3));
    const Folder folder("chatglm2");
    folder.write("tokenizer.model", basicPieces() + piece("a") + piece("b") + piece("c") + trainer +
                                        bytes(3, number(3, 0) + number(4, 0) + bytes(2, map)));
    QCOMPARE(folder.open()->encode("abc"), (Ids{260, 260, 261}));
}

void TestSentencePiece::everyCutIsRefused()
{
    const std::string content = readFile(folders / "phi3/tokenizer.model");
    int refused = 0;
    for (size_t length = 0; length < content.size(); length += length < 300 ? 1 : 7) {
        // A cut between two fields is a shorter model, which lacks something.
        const QByteArray found =
            thrown([&] { parseSentencePieceModel(content.substr(0, length), "m"); });
        QVERIFY2(found != "nothing" && !found.startsWith("more than"),
                 found + QByteArray::number(qulonglong(length)));
        ++refused;
    }
    QVERIFY(refused > 1000);
}

void TestSentencePiece::everyFlippedByteIsHarmless()
{
    const std::string content = modelOf(piece("\xE2\x96\x81") + piece("a") +
                                        piece("\xE2\x96\x81"
                                              "a",
                                              Type::Normal, -1) +
                                        piece("[x]", Type::UserDefined));
    const Folder folder("chatglm2");
    for (const int mask : {0x01, 0x80, 0xFF})
        for (size_t i = 0; i < content.size(); i += i < 4200 && i > 60 ? 37 : 1) {
            std::string changed = content;
            changed[i] = static_cast<char>(changed[i] ^ mask);
            folder.write("tokenizer.model", changed);
            try {
                const auto tokenizer = folder.open();
                tokenizer->decode(tokenizer->encode("a [x] \xE4\xBD\xA0 aa"), true);
            } catch (const Error& error) {
                QVERIFY2(error.code() != Error::Code::Internal, error.what());
            }
        }
}

void TestSentencePiece::refusesFolders()
{
    const Folder folder("llama");
    folder.remove("tokenizer.json");
    const auto open = [&] { folder.open(); };
    folder.change("tokenizer_config.json", [](json& c) { c["tokenizer_class"] = "T5Tokenizer"; });
    QCOMPARE(throwsOtherwise(open, Error::Code::Unsupported,
                             "tokenizer_config.json|tokenizer_class \"T5Tokenizer\""),
             QByteArray());
    folder.change("tokenizer_config.json", [](json& c) { c["tokenizer_class"] = 7; });
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "tokenizer_config.json|tokenizer_class"),
             QByteArray());
    folder.change("tokenizer_config.json", [](json& c) {
        c["tokenizer_class"] = "LlamaTokenizerFast";
        c["legacy"] = "yes";
    });
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "tokenizer_config.json|legacy"),
             QByteArray());
    folder.change("tokenizer_config.json", [](json& c) { c["legacy"] = nullptr; });
    QCOMPARE(folder.open()->encodePrompt("</s>USER:"), (Ids{2, 441, 545}));
    folder.write("tokenizer_config.json", "[");
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "tokenizer_config.json"), QByteArray());
    folder.remove("tokenizer.model");
    QCOMPARE(throwsOtherwise(open, Error::Code::Missing, "has no tokenizer"), QByteArray());
}

void TestSentencePiece::addedTokensAreChecked()
{
    const Folder folder("llama");
    const auto open = [&] { folder.open(); };
    const auto with = [&](const char* id, const json& token) {
        folder.change("tokenizer_config.json", [&](json& c) {
            c["added_tokens_decoder"] = {{id, token}};
        });
    };
    with("691", {{"content", ""}});
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel,
                             "added token 691: expected a text of 1 to 512 bytes"),
             QByteArray());
    with("691", {{"content", std::string(600, 'x')}});
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel,
                             "added token 691: expected a text of 1 to 512 bytes, found 600"),
             QByteArray());
    with("2000000000", {{"content", "x"}});
    QCOMPARE(
        throwsOtherwise(open, Error::Code::BadModel, "added token \"x\": expected an id from 0 to"),
        QByteArray());
    with("-1", {{"content", "x"}});
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "expected an id from 0 as key"),
             QByteArray());
    folder.change("tokenizer_config.json", [&](json& c) {
        c["added_tokens_decoder"] = {{"691", {{"content", "x"}}}, {"692", {{"content", "x"}}}};
    });
    QCOMPARE(throwsOtherwise(open, Error::Code::BadModel, "added token \"x\" comes twice"),
             QByteArray());
}

void TestSentencePiece::streamsTheSame()
{
    const auto tokenizer = openTokenizer(folders / "llama");
    StreamDecoder decoder(*tokenizer);
    const Ids blankFirst{520, 264}; // the blank goes, what follows it stays
    QCOMPARE(decoder.push(520), std::string());
    QCOMPARE(decoder.push(261), std::string("  "));
    QCOMPARE(decoder.finish(), std::string());
    // A second text loses its blank anew; a blank that comes as a byte stays.
    QCOMPARE(decoder.push(264), std::string("a"));
    decoder.finish();
    QCOMPARE(decoder.push(3 + ' '), std::string(" "));
    QCOMPARE(decoder.finish(), std::string());
    // U+1F600 in bytes: nothing comes out before the last one.
    for (const int byte : {0xF0, 0x9F, 0x98})
        QCOMPARE(decoder.push(3 + byte), std::string());
    QCOMPARE(decoder.push(3 + 0x80), std::string("\xF0\x9F\x98\x80"));
    for (const int byte : {0xF0, 0x9F})
        QCOMPARE(decoder.push(3 + byte), std::string());
    QCOMPARE(decoder.finish(), std::string("\xEF\xBF\xBD\xEF\xBF\xBD"));
    QCOMPARE(tokenizer->decode(blankFirst, true), std::string("a").insert(0, " "));
}

void TestSentencePiece::longTexts()
{
    const auto tokenizer = openTokenizer(folders / "llama");
    QElapsedTimer timer;
    timer.start();
    std::string text;
    while (text.size() < 200'000)
        text += "the \xE4\xBD\xA0 aaaa \n";
    QCOMPARE(tokenizer->decode(tokenizer->encode(text), true), text);
    QVERIFY(tokenizer->encode(std::string(100'000, 'a')).size() > 1000);
    QVERIFY2(timer.elapsed() < 20'000, QByteArray::number(timer.elapsed()));
    QCOMPARE(throwsOtherwise([&] { tokenizer->encode(std::string((4 << 20) + 1, 'a')); },
                             Error::Code::BadRequest, "at most 4194304"),
             QByteArray());
    // What is not UTF-8 is read as U+FFFD.
    QCOMPARE(tokenizer->decode(tokenizer->encode("a\xFF"), true), std::string("a\xEF\xBF\xBD"));
    QCOMPARE(tokenizer->decode(tokenizer->encode(std::string("a\0b", 3)), true),
             std::string("a\0b", 3));
}

QTEST_APPLESS_MAIN(TestSentencePiece)
#include "tst_sentencepiece.moc"
