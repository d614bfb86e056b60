#include <QElapsedTimer>
#include <QtTest>

#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"
#include "tests/support/vectors.h"

using namespace argali;

class TestUnicode final : public QObject {
    Q_OBJECT
private slots:
    void replacesMaximalInvalidParts_data();
    void replacesMaximalInvalidParts();
    void findsTheFirstInvalidByte();
    void everyCharacterGoesBothWays();
    void randomBytesBecomeWhatQtMakesOfThem();
    void strips_data();
    void strips();
    void nfcIsThatOfQt();
    void nfcOfManyMarksTakesNoAges();
};

void TestUnicode::replacesMaximalInvalidParts_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected"); // with ? for U+FFFD
    const auto row = [](const char* name, const char* bytes, const char* expected) {
        QTest::newRow(name) << QByteArray(bytes)
                            << QByteArray(expected).replace("?", "\xEF\xBF\xBD");
    };
    row("good", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    // Unicode 15, table 3-8 to 3-11
    row("overlong", "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", "????????A");
    row("surrogates", "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", "????????A");
    row("beyond", "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", "?????A??B");
    row("truncated", "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "????A");
    row("cut at the end", "a\xF0\x9F\x98", "a?");
    row("only a beginning", "\xE2", "?");
    row("stray continuation", "\x80\x80", "??");
}

void TestUnicode::replacesMaximalInvalidParts()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);
    QCOMPARE(QByteArray::fromStdString(replaceInvalidUtf8(bytes.toStdString())), expected);
}

void TestUnicode::findsTheFirstInvalidByte()
{
    QVERIFY(!firstInvalidUtf8(""));
    QVERIFY(!firstInvalidUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    QCOMPARE(firstInvalidUtf8("\xFF"), std::optional<size_t>(0));
    QCOMPARE(firstInvalidUtf8("\xC3\xA9\xE2\x82"), std::optional<size_t>(2));
    QCOMPARE(firstInvalidUtf8("ab\xED\xA0\x80"), std::optional<size_t>(2));
}

void TestUnicode::everyCharacterGoesBothWays()
{
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (code == 0xD800)
            code = 0xE000;
        std::string text;
        appendUtf8(text, code);
        const Utf8Step step = utf8At(text, 0);
        QVERIFY(step.state == Utf8Step::State::Whole && step.code == code &&
                step.length == text.size());
        for (size_t length = 1; length < text.size(); ++length) {
            const Utf8Step cut = utf8At(std::string_view(text).substr(0, length), 0);
            QVERIFY(cut.state == Utf8Step::State::Cut && cut.length == length);
        }
    }
}

void TestUnicode::randomBytesBecomeWhatQtMakesOfThem()
{
    // Qt replaces maximal parts too, but takes a broken sequence byte by byte; so only whether a
    // text is good is compared, and that nothing good is lost.
    std::mt19937 random(3);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes(random() % 12, '\0');
        for (char& byte : bytes)
            byte = static_cast<char>(random() % 3 == 0 ? random() % 0x80 : 0x80 + random() % 0x80);
        const std::string replaced = replaceInvalidUtf8(bytes);
        const bool isGood = QByteArray::fromStdString(bytes).isValidUtf8();
        QCOMPARE(replaced == bytes, isGood);
        QVERIFY(QByteArray::fromStdString(replaced).isValidUtf8());
    }
}

void TestUnicode::strips_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("nothing") << QByteArray() << QByteArray();
    QTest::newRow("blank") << QByteArray(" \t\r\n\v\f") << QByteArray();
    QTest::newRow("both ends") << QByteArray("\n a b\n\n") << QByteArray("a b");
    QTest::newRow("wide") << QByteArray("\xE3\x80\x80\xC2\xA0\xC2\x85x\xE2\x80\xA8\xE1\x9A\x80")
                          << QByteArray("x");
    QTest::newRow("separators") << QByteArray("\x1C\x1Dx\x1E\x1F") << QByteArray("x");
    QTest::newRow("not white") << QByteArray("\xE2\x80\x8Bx\xEF\xBB\xBF")
                               << QByteArray("\xE2\x80\x8Bx\xEF\xBB\xBF");
    QTest::newRow("broken") << QByteArray(" \x80x\x80 ") << QByteArray("\x80x\x80");
}

void TestUnicode::strips()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QCOMPARE(QByteArray::fromStdString(std::string(stripped(text.toStdString()))), expected);
}

void TestUnicode::nfcIsThatOfQt()
{
    // Code points that Unicode 14 has already, which Qt 6.4 knows.
    std::vector<std::string> alphabet{"a", "e", "A", " ", ">"};
    for (const char32_t code : {0x00E9, 0x00C5,  0x1E9B, 0x1EAD,  0x03B1,  0x1F80, 0x0344,
                                0x212B, 0x2126,  0x212A, 0xFB01,  0x1D15E, // composed, singletons
                                0x0300, 0x0301,  0x0302, 0x0308,  0x030A,  0x0323, 0x0327,
                                0x0331, 0x0338,  0x0345, 0x0313,  0x0342, // marks
                                0x093C, 0x0928,  0x0929, 0x09C7,  0x09BE,  0x0B47, 0x0B56,
                                0x3099, 0x304B,  0x304C, // other scripts
                                0x1100, 0x1161,  0x11A8, 0xAC00,  0xAC01,  0xD7A3, 0x11A7, // Hangul
                                0xF900, 0x2F800, 0x4F60, 0x1F600, 0x0F71,  0x0F72, 0x0F73,
                                0x302A, 0x302E,  0x05B4, 0x05BC}) {
        alphabet.emplace_back();
        appendUtf8(alphabet.back(), static_cast<char32_t>(code));
    }
    std::mt19937 random(17);
    for (int i = 0; i < 30'000; ++i) {
        const std::string text = test::randomText(random, alphabet, 14);
        const QString expected =
            QString::fromStdString(text).normalized(QString::NormalizationForm_C);
        QCOMPARE(QByteArray::fromStdString(toNfc(text)).toHex(' '), expected.toUtf8().toHex(' '));
    }
}

void TestUnicode::nfcOfManyMarksTakesNoAges()
{
    // Swapping neighbours into order would take an hour.
    std::string text = "a";
    for (int i = 0; i < 250'000; ++i)
        text += "\xCC\x81\xCC\xA3"; // class 230, class 220
    QElapsedTimer timer;
    timer.start();
    const std::string normal = toNfc(text);
    QVERIFY2(timer.elapsed() < 10'000, QByteArray::number(timer.elapsed()));
    QVERIFY(normal.starts_with(
        "\xE1\xBA\xA1\xCC\xA3\xCC\xA3")); // a with dot below, the other dots, then the accents
    QVERIFY(normal.ends_with("\xCC\x81\xCC\x81"));
}

QTEST_APPLESS_MAIN(TestUnicode)
#include "tst_unicode.moc"
