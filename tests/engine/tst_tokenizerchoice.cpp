#include <filesystem>

#include <QtTest>

#include "engine/tokenizer/tokenizer.h"
#include "tests/support/hostile.h"

using namespace argali;
using namespace argali::test;

// Which of a folder's files a tokenizer is read from, where there are several.
class TestTokenizerChoice final : public QObject {
    Q_OBJECT
private slots:
    void strayFilesChangeNothing_data();
    void strayFilesChangeNothing();
    void aClassNeedsItsFiles();
};

namespace {

namespace fs = std::filesystem;
const fs::path data = ARGALI_TEST_DATA;

using Files = QList<QByteArray>;

void copyTo(const QTemporaryDir& folder, const char* from, const Files& names)
{
    for (const QByteArray& name : names)
        fs::copy_file(data / from / name.toStdString(),
                      fs::path(folder.path().toStdString()) / name.toStdString(),
                      fs::copy_options::overwrite_existing);
}

std::vector<int32_t> idsIn(const QTemporaryDir& folder)
{
    return openTokenizer(folder.path().toStdString())->encode("Hello, 世界  12");
}

} // namespace

void TestTokenizerChoice::strayFilesChangeNothing_data()
{
    QTest::addColumn<QByteArray>("model");
    QTest::addColumn<Files>("own");
    QTest::addColumn<QByteArray>("tokenizerConfig"); // null: that of the model; empty: none
    QTest::addColumn<QByteArray>("config");          // empty: none
    QTest::addColumn<QByteArray>("stranger");
    QTest::addColumn<Files>("stray");
    const Files qwen{"vocab.json", "merges.txt", "added_tokens.json"};
    const Files json{"tokenizer.json"};
    const Files llama{"tokenizer.model"};
    const QByteArray ofQwen = R"({"tokenizer_class": "Qwen2Tokenizer"})";
    const auto row = [](const char* name, const char* model, const Files& own,
                        const QByteArray& tokenizerConfig, const QByteArray& config,
                        const char* stranger, const Files& stray) {
        QTest::newRow(name) << QByteArray(model) << own << tokenizerConfig << config
                            << QByteArray(stranger) << stray;
    };
    const char* const internlm = "internvl2-tiny-internlm2";
    row("Qwen2 with vocab.json", "internvl2-tiny-qwen2", qwen, {}, "", internlm, llama);
    row("fast Qwen2", "internvl2-tiny-qwen2", qwen, R"({"tokenizer_class": "Qwen2TokenizerFast"})",
        "", internlm, llama);
    row("Qwen2 with tokenizer.json", "ovis2_5-tiny", json, ofQwen, "", internlm, llama);
    row("any tokenizer.json", "ovis2_5-tiny", json,
        R"({"tokenizer_class": "PreTrainedTokenizerFast"})", "", internlm, llama);
    row("by the class in config.json", "ovis2_5-tiny", json, "", ofQwen, internlm, llama);
    row("by the model", "internvl2-tiny-qwen2", qwen, "", R"({"model_type": "qwen2"})", internlm,
        llama);
    row("by the language model", "internvl2-tiny-qwen2", qwen, "",
        R"({"model_type": "internvl_chat", "llm_config": {"model_type": "qwen2"}})", internlm,
        llama);
    row("a broken one", "ovis2_5-tiny", json, ofQwen, "", "hostile/broken", {"tokenizer.model"});
    row("InternLM2 beside vocab.json", internlm, llama, {}, "", "internvl2-tiny-qwen2",
        {"vocab.json", "merges.txt"});
    row("Llama beside vocab.json", "llava_1_5-tiny-original", llama, {}, "", "internvl2-tiny-qwen2",
        {"vocab.json", "merges.txt"});
    row("no class", "llava_1_5-tiny-original", llama, "", R"({"model_type": "llava_llama"})",
        "internvl2-tiny-qwen2", {"vocab.json", "merges.txt"});
}

void TestTokenizerChoice::strayFilesChangeNothing()
{
    QFETCH(QByteArray, model);
    QFETCH(Files, own);
    QFETCH(QByteArray, tokenizerConfig);
    QFETCH(QByteArray, config);
    QFETCH(QByteArray, stranger);
    QFETCH(Files, stray);
    const QTemporaryDir folder;
    copyTo(folder, model.constData(), own);
    if (tokenizerConfig.isNull())
        copyTo(folder, model.constData(), {"tokenizer_config.json"});
    else if (!tokenizerConfig.isEmpty())
        writeFile(folder, "tokenizer_config.json", tokenizerConfig.toStdString());
    if (!config.isEmpty())
        writeFile(folder, "config.json", config.toStdString());
    const std::vector<int32_t> expected = idsIn(folder);
    if (stranger == "hostile/broken")
        writeFile(folder, "tokenizer.model", "nothing that could be read");
    else
        copyTo(folder, stranger.constData(), stray);
    QCOMPARE(idsIn(folder), expected);
}

void TestTokenizerChoice::aClassNeedsItsFiles()
{
    // Without files of its own a class is held against those that are there, and named.
    const QTemporaryDir folder;
    copyTo(folder, "internvl2-tiny-internlm2", {"tokenizer.model"});
    writeFile(folder, "tokenizer_config.json", R"({"tokenizer_class": "Qwen2Tokenizer"})");
    QCOMPARE(throwsOtherwise(
                 [&] { idsIn(folder); }, Error::Code::Unsupported,
                 "tokenizer_config.json: |tokenizer_class \"Qwen2Tokenizer\" with tokenizer.model"),
             QByteArray());
    writeFile(folder, "tokenizer_config.json", R"({"tokenizer_class": 7})");
    copyTo(folder, "internvl2-tiny-qwen2", {"vocab.json", "merges.txt"});
    QCOMPARE(throwsOtherwise([&] { idsIn(folder); }, Error::Code::BadModel,
                             "tokenizer_config.json: |tokenizer_class"),
             QByteArray());
}

QTEST_APPLESS_MAIN(TestTokenizerChoice)
#include "tst_tokenizerchoice.moc"
