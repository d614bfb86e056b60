#include <QtTest>

#include "engine/cli/arguments.h"
#include "engine/error.h"

using namespace argali;
using namespace argali::cli;

namespace {

const std::vector<Option> options = {
    {.name = "--model", .value = "MODEL", .letter = 'm'},
    {.name = "--prompt", .value = "TEXT", .letter = 'p', .freeText = true},
    {.name = "--image", .value = "FILE", .repeatable = true},
    {.name = "--number", .value = "N"},
    {.name = "--json"}};

Arguments parse(std::vector<std::string> words)
{
    return Arguments(options, words);
}

/// What a wrong command line is answered with; empty when it is taken.
template <typename Action> QString refusal(Action action)
{
    try {
        action();
    } catch (const UsageError& e) {
        return QString::fromUtf8(e.what());
    }
    return {};
}

} // namespace

class TestCliArguments final : public QObject {
    Q_OBJECT
private slots:
    void takesWordsApart();
    void takesValuesOfBothForms();
    void freeTextMayLookLikeAnOption();
    void refusesWrongWords_data();
    void refusesWrongWords();
    void integersAreWholeAndBounded();
    void numbersAreFiniteAndBounded();
    void namesWhatExcludesWhat();
    void countsTheRest();
    void anUndeclaredOptionIsOurFault();
};

void TestCliArguments::takesWordsApart()
{
    const Arguments a =
        parse({"one", "--image", "a.png", "-m", "folder", "two", "--image", "b.png", "--json"});
    QVERIFY(a.has("--json"));
    QVERIFY(!a.has("--number"));
    QVERIFY(!a.text("--number"));
    QCOMPARE(*a.text("--model"), std::string("folder"));
    QCOMPARE(a.texts("--image"), (std::vector<std::string>{"a.png", "b.png"}));
    QCOMPARE(a.rest(), (std::vector<std::string>{"one", "two"}));
    const Arguments ended = parse({"--", "--json", "-x"});
    QVERIFY(!ended.has("--json"));
    QCOMPARE(ended.rest(), (std::vector<std::string>{"--json", "-x"}));
    QCOMPARE(parse({"-"}).rest(), std::vector<std::string>{"-"});
}

void TestCliArguments::takesValuesOfBothForms()
{
    QCOMPARE(*parse({"--model=x=y"}).text("--model"), std::string("x=y"));
    QCOMPARE(*parse({"--model="}).text("--model"), std::string());
    QCOMPARE(*parse({"--model", "-odd-name"}).text("--model"), std::string("-odd-name"));
}

void TestCliArguments::freeTextMayLookLikeAnOption()
{
    QCOMPARE(*parse({"-p", "--json"}).text("--prompt"), std::string("--json"));
    QVERIFY(!parse({"-p", "--json"}).has("--json"));
}

void TestCliArguments::refusesWrongWords_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("unknown") << QStringList{"--modle", "x"} << "unknown option \"--modle\"";
    QTest::newRow("unknown letter") << QStringList{"-x"} << "unknown option \"-x\"";
    QTest::newRow("bundled letters") << QStringList{"-mx"} << "unknown option \"-mx\"";
    QTest::newRow("unknown with value") << QStringList{"--x=1"} << "unknown option \"--x\"";
    QTest::newRow("control character") << QStringList{"--a\nb"} << "unknown option \"--a\\nb\"";
    QTest::newRow("no value") << QStringList{"--model"} << "--model needs a value: MODEL";
    QTest::newRow("option as value")
        << QStringList{"--model", "--json"} << "--model needs a value: MODEL";
    QTest::newRow("letter without value") << QStringList{"-m"} << "-m needs a value: MODEL";
    QTest::newRow("switch with value") << QStringList{"--json=yes"} << "--json takes no value";
    QTest::newRow("twice") << QStringList{"-m", "a", "--model", "b"} << "--model is given twice";
    QTest::newRow("switch twice") << QStringList{"--json", "--json"} << "--json is given twice";
}

void TestCliArguments::refusesWrongWords()
{
    QFETCH(const QStringList, words);
    std::vector<std::string> list;
    for (const QString& word : words)
        list.push_back(word.toStdString());
    QTEST(refusal([&] { parse(list); }), "sentence");
}

void TestCliArguments::integersAreWholeAndBounded()
{
    QCOMPARE(*parse({"--number", "12"}).integer("--number", 1, 12), int64_t(12));
    QCOMPARE(*parse({"--number", "-3"}).integer("--number", -3, 12), int64_t(-3));
    QVERIFY(!parse({}).integer("--number", 1, 12));
    for (const char* bad :
         {"0", "13", "1.5", "", " 1", "1 ", "0x1", "+1", "99999999999999999999", "nan"}) {
        const QString found = refusal([&] { parse({"--number", bad}).integer("--number", 1, 12); });
        QVERIFY2(found.startsWith("--number takes an integer from 1 to 12, not"),
                 qPrintable(found));
    }
}

void TestCliArguments::numbersAreFiniteAndBounded()
{
    QCOMPARE(*parse({"--number", "0.25"}).number("--number", 0, 1), 0.25);
    QCOMPARE(*parse({"--number", "1e-3"}).number("--number", 0, 1), 1e-3);
    for (const char* bad : {"-0.1", "1.1", "nan", "inf", "1,5", "", "half"}) {
        const QString found = refusal([&] { parse({"--number", bad}).number("--number", 0, 1); });
        QVERIFY2(found.startsWith("--number takes a number from 0 to 1, not"), qPrintable(found));
    }
}

void TestCliArguments::namesWhatExcludesWhat()
{
    const Arguments a = parse({"--json", "-m", "x"});
    QCOMPARE(refusal([&] { a.exclude("--json", "--model"); }),
             QString("--json and --model exclude each other"));
    QCOMPARE(refusal([&] { a.exclude("--json", "--number"); }), QString());
}

void TestCliArguments::countsTheRest()
{
    QCOMPARE(refusal([] { parse({}).requireRest(1, 1, "PATH"); }), QString("PATH is missing"));
    QCOMPARE(refusal([] {
                 parse({"a", "b"}).requireRest(1, 1, "PATH");
             }),
             QString("unexpected argument \"b\""));
    QCOMPARE(refusal([] { parse({"a"}).requireRest(1, 1, "PATH"); }), QString());
}

void TestCliArguments::anUndeclaredOptionIsOurFault()
{
    QVERIFY_EXCEPTION_THROWN(static_cast<void>(parse({}).has("--other")), Error);
}

QTEST_APPLESS_MAIN(TestCliArguments)
#include "tst_cliarguments.moc"
