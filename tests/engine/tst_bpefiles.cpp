#include <functional>

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/checkpoint/json.h"
#include "engine/tokenizer/bpefiles.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/support/hostile.h"

using namespace argali;
using nlohmann::json;

class TestBpeFiles final : public QObject {
    Q_OBJECT
private slots:
    void acceptsWhatMeansTheSame_data();
    void acceptsWhatMeansTheSame();
    void refusesTokenizerJson_data();
    void refusesTokenizerJson();
    void refusesEveryTruncation();
    void refusesVocabularyFiles_data();
    void refusesVocabularyFiles();
    void readsMergesWithOddLineEnds();
    void addedTokensWithoutConfigurationAreNotSpecial();
    void theConfigurationAddsTokens();
    void opensTheOtherFolders();
    void namesWhatIsMissing();
};

namespace {

using Change = std::function<void(json&)>;

const std::filesystem::path data = ARGALI_TEST_DATA;

json tiny()
{
    static const json value =
        parseJson(readFile(data / "ovis2_5-tiny/tokenizer.json"), "tiny", Error::Code::Internal);
    return value;
}

json& split(json& root)
{
    return root["pre_tokenizer"]["pretokenizers"][0];
}

const std::string probe =
    "I'll say: <think>\xE4\xBD\xA0\xE5\xA5\xBD</think> e\xCC\x81 12<|im_end|>\n";

std::string opened(const QTemporaryDir& folder)
{
    return json(openTokenizer(folder.path().toStdString())->encode(probe)).dump();
}

} // namespace

Q_DECLARE_METATYPE(Change)

void TestBpeFiles::acceptsWhatMeansTheSame_data()
{
    QTest::addColumn<Change>("change");
    const auto row = [](const char* name, Change change) { QTest::newRow(name) << change; };
    row("as it is", [](json&) {});
    row("merges as text", [](json& root) {
        for (json& merge : root["model"]["merges"])
            merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
    });
    row("normaliser in a sequence", [](json& root) {
        root["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}}}};
    });
    row("no post processor", [](json& root) { root["post_processor"] = nullptr; });
    row("no model type, no flags", [](json& root) {
        for (const char* key : {"type", "dropout", "unk_token", "continuing_subword_prefix",
                                "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges"})
            root["model"].erase(key);
    });
    row("added token that is in the vocabulary too",
        [](json& root) { root["model"]["vocab"]["<think>"] = 584; });
    row("unused ids between", [](json& root) { root["model"]["vocab"]["\xC4\xA0zzz"] = 5000; });
}

void TestBpeFiles::acceptsWhatMeansTheSame()
{
    QFETCH(Change, change);
    const QTemporaryDir folder;
    json root = tiny();
    test::writeFile(folder, "tokenizer.json", root.dump());
    const std::string expected = opened(folder);
    change(root);
    test::writeFile(folder, "tokenizer.json", root.dump(1));
    QCOMPARE(opened(folder), expected);
}

void TestBpeFiles::refusesTokenizerJson_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto bad = [](const char* name, Change change, const char* message) {
        QTest::newRow(name) << change << int(Error::Code::BadModel) << QByteArray(message);
    };
    const auto unsupported = [](const char* name, Change change, const char* message) {
        QTest::newRow(name) << change << int(Error::Code::Unsupported) << QByteArray(message);
    };
    bad(
        "not an object", [](json& root) { root = json::array(); },
        "expected a JSON object, found array");
    bad(
        "no model", [](json& root) { root.erase("model"); }, "\"model\"");
    bad(
        "no vocabulary", [](json& root) { root["model"].erase("vocab"); },
        "model.vocab from token to id, found null");
    bad(
        "vocabulary as a list", [](json& root) { root["model"]["vocab"] = json::array(); },
        "model.vocab from token to id, found array");
    bad(
        "empty vocabulary", [](json& root) { root["model"]["vocab"] = json::object(); },
        "no token for byte 0");
    bad(
        "negative id", [](json& root) { root["model"]["vocab"]["A"] = -1; }, "\"A\"|found -1");
    bad(
        "fractional id", [](json& root) { root["model"]["vocab"]["A"] = 3.5; }, "\"A\"|found 3.5");
    bad(
        "id as text", [](json& root) { root["model"]["vocab"]["A"] = "3"; }, "\"A\"|found string");
    bad(
        "huge id", [](json& root) { root["model"]["vocab"]["A"] = 2147483647; },
        "\"A\"|found 2147483647");
    bad(
        "more than huge id", [](json& root) { root["model"]["vocab"]["A"] = UINT64_MAX; },
        "\"A\"|found 18446744073709551615");
    bad(
        "same id twice", [](json& root) { root["model"]["vocab"]["A"] = 7; }, "same id 7|\"A\"");
    bad(
        "a byte is missing", [](json& root) { root["model"]["vocab"].erase("A"); },
        "no token for byte 65, \"A\"");
    bad(
        "no merges", [](json& root) { root["model"].erase("merges"); }, "merges, found null");
    bad(
        "merge of one", [](json& root) { root["model"]["merges"][2] = json::array({"a"}); },
        "merges[2]");
    bad(
        "merge of three",
        [](json& root) {
            root["model"]["merges"][2] = json::array({"a", "b", "c"});
        },
        "merges[2]");
    bad(
        "merge of numbers",
        [](json& root) {
            root["model"]["merges"][2] = json::array({1, 2});
        },
        "merges[2]");
    bad(
        "merge text without a blank", [](json& root) { root["model"]["merges"][2] = "ab"; },
        "merge 3|\"ab\"");
    bad(
        "merge text with two blanks", [](json& root) { root["model"]["merges"][2] = "a b c"; },
        "merge 3|\"a b c\"");
    bad(
        "merge of nothing", [](json& root) { root["model"]["merges"][2] = " "; },
        "merge 3 names \"\"");
    bad(
        "merge of an empty token",
        [](json& root) {
            root["model"]["merges"][2] = json::array({"", "a"});
        },
        "merge 3 names \"\"");
    bad(
        "merge of an unknown token",
        [](json& root) {
            root["model"]["merges"][2] = json::array({"a", "qqqq"});
        },
        "merge 3 names \"qqqq\"");
    bad(
        "merge to an unknown token",
        [](json& root) {
            root["model"]["merges"][2] = json::array({"q", "q"});
        },
        "merge 3 names \"qq\"");
    bad(
        "added tokens as an object", [](json& root) { root["added_tokens"] = json::object(); },
        "added_tokens, found object");
    bad(
        "added token without id", [](json& root) { root["added_tokens"][0].erase("id"); },
        "id from 0, found null");
    bad(
        "added token with negative id", [](json& root) { root["added_tokens"][0]["id"] = -4; },
        "id from 0, found -4");
    bad(
        "added token with huge id", [](json& root) { root["added_tokens"][0]["id"] = 1 << 30; },
        "1073741824");
    bad(
        "added token without text", [](json& root) { root["added_tokens"][0].erase("content"); },
        "content, found null");
    bad(
        "empty added token", [](json& root) { root["added_tokens"][0]["content"] = ""; },
        "1 to 512 bytes, found 0");
    bad(
        "long added token",
        [](json& root) { root["added_tokens"][0]["content"] = std::string(513, 'x'); },
        "found 513");
    bad(
        "added token twice", [](json& root) { root["added_tokens"][0]["content"] = "<think>"; },
        "\"<think>\" comes twice");
    bad(
        "two added tokens with one id", [](json& root) { root["added_tokens"][0]["id"] = 561; },
        "id 561");
    bad(
        "added token with the id of another", [](json& root) { root["added_tokens"][0]["id"] = 7; },
        "the id 7 of");
    bad(
        "added token with another id in the vocabulary",
        [](json& root) { root["model"]["vocab"]["<think>"] = 600; },
        "\"<think>\" has the id 584, but 600");
    bad(
        "flag that is none", [](json& root) { root["added_tokens"][0]["special"] = 1; },
        "special, found number");

    unsupported(
        "other model", [](json& root) { root["model"]["type"] = "Unigram"; },
        "model type \"Unigram\"");
    unsupported(
        "dropout", [](json& root) { root["model"]["dropout"] = 0.1; }, "model.dropout");
    unsupported(
        "byte fallback", [](json& root) { root["model"]["byte_fallback"] = true; },
        "normalizer \"NFC\"; expected Prepend and Replace"); // of another kind of file
    unsupported(
        "word ends", [](json& root) { root["model"]["end_of_word_suffix"] = "</w>"; },
        "model.end_of_word_suffix");
    unsupported(
        "other normaliser", [](json& root) { root["normalizer"]["type"] = "NFKC"; },
        "normalizer \"NFKC\"");
    unsupported(
        "other normaliser in a sequence",
        [](json& root) {
            root["normalizer"] = {{"type", "Sequence"},
                                  {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}};
        },
        "normalizer \"Lowercase\"");
    unsupported(
        "no pre-tokeniser", [](json& root) { root["pre_tokenizer"] = nullptr; },
        "pre_tokenizer none");
    unsupported(
        "other pre-tokeniser", [](json& root) { root["pre_tokenizer"]["type"] = "Metaspace"; },
        "pre_tokenizer \"Metaspace\"");
    unsupported(
        "bytes alone", [](json& root) { root["pre_tokenizer"]["pretokenizers"].erase(0); },
        "\"ByteLevel\"");
    unsupported(
        "three steps",
        [](json& root) {
            root["pre_tokenizer"]["pretokenizers"].push_back({{"type", "Digits"}});
        },
        "\"Split, ByteLevel, Digits\"");
    unsupported(
        "other expression", [](json& root) { split(root)["pattern"]["Regex"] = "\\w+"; },
        "\"\\\\w+\"");
    unsupported(
        "expression as text",
        [](json& root) {
            split(root)["pattern"] = {{"String", " "}};
        },
        "something else than a Regex");
    unsupported(
        "other behaviour", [](json& root) { split(root)["behavior"] = "Removed"; }, "Isolated");
    unsupported(
        "inverted", [](json& root) { split(root)["invert"] = true; }, "inverted");
    unsupported(
        "GPT-2's own expression",
        [](json& root) { root["pre_tokenizer"]["pretokenizers"][1]["use_regex"] = true; },
        "use_regex");
    unsupported(
        "prefix blank",
        [](json& root) { root["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = true; },
        "add_prefix_space");
    unsupported(
        "other post processor",
        [](json& root) { root["post_processor"]["type"] = "TemplateProcessing"; },
        "\"TemplateProcessing\"");
    unsupported(
        "other decoder", [](json& root) { root["decoder"]["type"] = "WordPiece"; },
        "decoder \"WordPiece\"");
    unsupported(
        "no decoder", [](json& root) { root.erase("decoder"); }, "decoder none");
}

void TestBpeFiles::refusesTokenizerJson()
{
    QFETCH(Change, change);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const QTemporaryDir folder;
    json root = tiny();
    change(root);
    test::writeFile(folder, "tokenizer.json", root.dump());
    QCOMPARE(test::throwsOtherwise([&] { openTokenizer(folder.path().toStdString()); },
                                   Error::Code(code), message + "|tokenizer.json: "),
             QByteArray());
}

void TestBpeFiles::refusesEveryTruncation()
{
    const QTemporaryDir folder;
    const std::string whole = tiny().dump();
    const auto open = [&] { openTokenizer(folder.path().toStdString()); };
    for (size_t length = 0; length < whole.size(); length += 1 + length / 7) {
        test::writeFile(folder, "tokenizer.json", whole.substr(0, length));
        QCOMPARE(test::throwsOtherwise(open, Error::Code::BadModel, "tokenizer.json: "),
                 QByteArray());
    }
    std::string broken = whole;
    broken[broken.find("Hell", 0) != broken.npos ? broken.find("Hell") : broken.find("th\"")] =
        '\xFF';
    test::writeFile(folder, "tokenizer.json", broken);
    QCOMPARE(test::throwsOtherwise(open, Error::Code::BadModel, "UTF-8"), QByteArray());
    test::writeFile(folder, "tokenizer.json",
                    "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    QCOMPARE(test::throwsOtherwise(open, Error::Code::BadModel, "Git LFS pointer"), QByteArray());
    test::writeFile(folder, "tokenizer.json", std::string(500'000, '['));
    QCOMPARE(test::throwsOtherwise(open, Error::Code::BadModel, "nested deeper than 32"),
             QByteArray());
}

void TestBpeFiles::refusesVocabularyFiles_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QByteArray>("content"); // null: the file is not there
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* name, const char* file, const char* content, Error::Code code,
                        const char* message) {
        QTest::newRow(name) << QByteArray(file) << QByteArray(content) << int(code)
                            << QByteArray(message);
    };
    using Code = Error::Code;
    row("no merges", "merges.txt", nullptr, Code::Missing, "merges.txt: cannot be opened");
    row("no vocabulary", "vocab.json", nullptr, Code::Missing, "vocab.json: cannot be opened");
    row("empty merges", "merges.txt", "", Code::BadModel, "merges.txt: is empty");
    row("merge of one", "merges.txt", "#version: 0.2\nab\n", Code::BadModel, "merge 2|\"ab\"");
    row("merge of three", "merges.txt", "a b c\n", Code::BadModel, "merge 1|\"a b c\"");
    row("merge of unknown tokens", "merges.txt", "a \xFF\xFF\n", Code::BadModel, "merge 1 names");
    row("a web page", "merges.txt", "<!DOCTYPE html>\n", Code::BadModel, "web page");
    row("vocabulary as a list", "vocab.json", "[]", Code::BadModel, "expected a JSON object");
    row("vocabulary with a key twice", "vocab.json", R"({"a": 1, "a": 2})", Code::BadModel,
        "\"a\" comes twice");
    row("other class", "tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})",
        Code::Unsupported, "\"GPT2Tokenizer\"");
    row("prefix blank", "tokenizer_config.json", R"({"add_prefix_space": true})", Code::Unsupported,
        "add_prefix_space");
    row("id that is none", "tokenizer_config.json",
        R"({"added_tokens_decoder": {"5x": {"content": "<y>"}}})", Code::BadModel, "\"5x\"");
    row("id of another", "tokenizer_config.json",
        R"({"added_tokens_decoder": {"5": {"content": "<y>"}}})", Code::BadModel,
        "\"<y>\" has the id 5 of");
    row("decoder as a list", "tokenizer_config.json", R"({"added_tokens_decoder": [1]})",
        Code::BadModel, "added_tokens_decoder, found array");
    row("added ids as text", "added_tokens.json", R"({"<y>": "600"})", Code::BadModel,
        "added_tokens.json|found string");
    row("added ids negative", "added_tokens.json", R"({"<y>": -600})", Code::BadModel,
        "found -600");
}

void TestBpeFiles::refusesVocabularyFiles()
{
    QFETCH(QByteArray, file);
    QFETCH(QByteArray, content);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const QTemporaryDir folder;
    const QString source = QString::fromStdString((data / "ovis2_5-tiny").string());
    for (const char* name : {"vocab.json", "merges.txt"})
        QVERIFY(QFile::copy(source + "/" + name, folder.filePath(name)));
    QFile::remove(folder.filePath(QString::fromUtf8(file)));
    if (!content.isNull())
        test::writeFile(folder, file, content.toStdString());
    QCOMPARE(test::throwsOtherwise([&] { openTokenizer(folder.path().toStdString()); },
                                   Error::Code(code), message),
             QByteArray());
}

void TestBpeFiles::readsMergesWithOddLineEnds()
{
    const QTemporaryDir folder;
    const std::filesystem::path source = data / "ovis2_5-tiny";
    std::string merges = readFile(source / "merges.txt");
    for (const char* name : {"vocab.json", "added_tokens.json"})
        test::writeFile(folder, name, readFile(source / name));
    test::writeFile(folder, "merges.txt", merges);
    const std::string expected = opened(folder);
    merges = merges.substr(merges.find('\n') + 1); // no version line
    for (size_t at = merges.find('\n'); at != merges.npos; at = merges.find('\n', at + 2))
        merges.insert(at, "\r");
    merges.resize(merges.size() - 2); // no newline at the end
    test::writeFile(folder, "merges.txt", merges);
    QCOMPARE(opened(folder), expected);
}

void TestBpeFiles::addedTokensWithoutConfigurationAreNotSpecial()
{
    const QTemporaryDir folder;
    for (const char* name : {"vocab.json", "merges.txt", "added_tokens.json"})
        test::writeFile(folder, name, readFile(data / "ovis2_5-tiny" / name));
    const auto tokenizer = openTokenizer(folder.path().toStdString());
    QVERIFY(!tokenizer->isSpecial(562));
    QCOMPARE(tokenizer->addedToken("<|im_end|>"), std::optional<int32_t>(562));
    test::writeFile(folder, "special_tokens_map.json",
                    R"({"eos_token": {"content": "<|im_end|>"}})");
    QVERIFY(openTokenizer(folder.path().toStdString())->isSpecial(562));
}

void TestBpeFiles::theConfigurationAddsTokens()
{
    const QTemporaryDir folder;
    json root = tiny();
    const std::string all =
        (test::writeFile(folder, "tokenizer.json", root.dump()), opened(folder));
    root["added_tokens"] = json::array();
    test::writeFile(folder, "tokenizer.json", root.dump());
    QVERIFY(opened(folder) != all);
    test::writeFile(folder, "tokenizer_config.json",
                    readFile(data / "ovis2_5-tiny/tokenizer_config.json"));
    QCOMPARE(opened(folder), all);
    const std::unique_ptr<Tokenizer> tokenizer = openTokenizer(folder.path().toStdString());
    const std::optional<int32_t> end = tokenizer->addedToken("<|im_end|>");
    QCOMPARE(end, std::optional<int32_t>(562));
    QVERIFY(tokenizer->isSpecial(*end) && !tokenizer->isSpecial(*tokenizer->addedToken("<think>")));

    // Of a token that both list the file has the id, the configuration the rest.
    test::writeFile(folder, "tokenizer.json", tiny().dump());
    test::writeFile(folder, "tokenizer_config.json",
                    R"({"added_tokens_decoder": {"5": {"content": "<think>", "special": true}}})");
    const std::unique_ptr<Tokenizer> both = openTokenizer(folder.path().toStdString());
    QVERIFY(both->isSpecial(*both->addedToken("<think>")));
    QVERIFY(*both->addedToken("<think>") != 5);
}

void TestBpeFiles::opensTheOtherFolders()
{
    for (const std::filesystem::path& folder :
         {data / "ovis2_5-tiny-untied", std::filesystem::path(ARGALI_RESOURCES) / "pocket/model"}) {
        const auto tokenizer = openTokenizer(folder);
        QVERIFY(tokenizer->addedToken("<|im_end|>").has_value());
        const auto ids = tokenizer->encode(probe);
        QCOMPARE(tokenizer->decode(ids, false),
                 std::string(probe).replace(probe.find("e\xCC\x81"), 3, "\xC3\xA9"));
    }
}

void TestBpeFiles::namesWhatIsMissing()
{
    const QTemporaryDir folder;
    const auto open = [&] { openTokenizer(folder.path().toStdString()); };
    QCOMPARE(test::throwsOtherwise(open, Error::Code::Missing,
                                   "has no tokenizer; expected tokenizer.model, tokenizer.json"),
             QByteArray());
    test::writeFile(folder, "tokenizer.model", "x");
    QCOMPARE(test::throwsOtherwise(open, Error::Code::BadModel, "tokenizer.model: the model"),
             QByteArray());
    QVERIFY(QFile::remove(folder.filePath("tokenizer.model")));
    QVERIFY(QDir(folder.path()).mkdir("tokenizer.json"));
    QCOMPARE(test::throwsOtherwise(open, Error::Code::Missing, "is not a file"), QByteArray());
}

QTEST_APPLESS_MAIN(TestBpeFiles)
#include "tst_bpefiles.moc"
