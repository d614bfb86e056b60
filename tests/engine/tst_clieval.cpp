#include <fstream>

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/checkpoint/json.h"
#include "engine/cli/answersfile.h"
#include "engine/cli/evaluation.h"
#include "engine/error.h"
#include "tests/support/hostile.h"

using namespace argali;
using namespace argali::cli;

namespace {

std::string row(const std::string& id, const std::string& text)
{
    return R"({"id":")" + id + R"(","text":")" + text + "\"}\n";
}

} // namespace

class TestCliEval final : public QObject {
    Q_OBJECT
private slots:
    void comparesAnswers_data();
    void comparesAnswers();
    void readsBothForms();
    void refusesBrokenQuestions_data();
    void refusesBrokenQuestions();
    void picturesBelongToTheFirstTurn();
    void framesAreOneFilm();
    void countsByType();
    void answersAreKept();
    void aTornLineIsCutOff_data();
    void aTornLineIsCutOff();
    void aLineWithoutItsEndIsKept();
    void foreignFilesAreLeftAlone_data();
    void foreignFilesAreLeftAlone();
    void twoRunsDoNotMix();

private:
    std::filesystem::path file(const char* name) const
    {
        return m_folder.filePath(QString::fromUtf8(name)).toStdString();
    }

    QTemporaryDir m_folder;
};

void TestCliEval::comparesAnswers_data()
{
    QTest::addColumn<QString>("answer");
    QTest::addColumn<QString>("accepted");
    QTest::addColumn<bool>("right");
    QTest::newRow("same") << "A red ball"
                          << "A red ball" << true;
    QTest::newRow("case") << "a RED ball"
                          << "A red ball" << true;
    QTest::newRow("case beyond ASCII") << "ÉTÉ Ж"
                                       << "été ж" << true;
    QTest::newRow("white space") << "  A\n red \t ball\u3000"
                                 << "A red ball" << true;
    QTest::newRow("stop") << "A red ball."
                          << "A red ball" << true;
    QTest::newRow("Chinese stop") << "红色的球。"
                                  << "红色的球" << true;
    QTest::newRow("exclamation mark") << "Yes!"
                                      << "yes" << true;
    QTest::newRow("only one stop goes") << "Yes.."
                                        << "yes" << false;
    QTest::newRow("only a final stop goes") << "a.b"
                                            << "ab" << false;
    QTest::newRow("question mark") << "Yes?"
                                   << "Yes" << false;
    QTest::newRow("other") << "A blue ball"
                           << "A red ball" << false;
    QTest::newRow("part") << "A red"
                          << "A red ball" << false;
    QTest::newRow("empty") << ""
                           << "x" << false;
}

void TestCliEval::comparesAnswers()
{
    QFETCH(const QString, answer);
    QFETCH(const QString, accepted);
    QTEST(isRight(answer.toStdString(), {"something else", accepted.toStdString()}), "right");
    QTEST(isRight(accepted.toStdString(), {answer.toStdString()}), "right");
}

void TestCliEval::readsBothForms()
{
    test::writeFile(
        m_folder, "both.jsonl",
        "{\"id\": \"a\", \"images\": [\"x/1.png\", \"2.png\"], \"question\": \"What?\", "
        "\"answers\": "
        "[\"That\"], \"type\": \"t\", \"thinking\": true, \"history\": [[\"Hi\", \"Ho\"]], "
        "\"more\": 1}\r\n"
        "\n"
        "{\"question_id\": 7, \"image\": \"3.png\", \"text\": \"Why?\", \"category\": \"c\"}\n"
        "{\"question_id\": \"n\", \"text\": \"No picture?\"}");
    const std::vector<Question> questions = readQuestions(file("both.jsonl"));
    QCOMPARE(questions.size(), size_t(3));
    QCOMPARE(questions[0].key(), std::string("\"a\""));
    QCOMPARE(questions[0].pictures, (std::vector<std::string>{"x/1.png", "2.png"}));
    QVERIFY(!questions[0].film);
    QCOMPARE(questions[0].text, std::string("What?"));
    QCOMPARE(questions[0].answers, std::vector<std::string>{"That"});
    QVERIFY(questions[0].thinking);
    QCOMPARE(questions[0].history.size(), size_t(1));
    QCOMPARE(questions[1].idKey, std::string("question_id"));
    QCOMPARE(questions[1].key(), std::string("7"));
    QCOMPARE(questions[1].pictures, std::vector<std::string>{"3.png"});
    QCOMPARE(questions[1].text, std::string("Why?"));
    QVERIFY(!questions[1].thinking);
    QVERIFY(questions[2].pictures.empty());
}

void TestCliEval::refusesBrokenQuestions_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("parts");
    const auto add = [](const char* name, const char* line, const char* parts) {
        QTest::newRow(name) << QByteArray(line) << QByteArray(parts) + "|bad.jsonl, line 2";
    };
    add("no JSON", "nonsense", "JSON");
    add("no object", "[1]", "a JSON object");
    add("no id", R"({"question": "x"})", "\"id\" or \"question_id\"");
    add("odd id", R"({"id": [1], "question": "x"})", "a text or an integer as \"id\"");
    add("no question", R"({"id": 1})", "a text as \"question\"");
    add("no text", R"({"question_id": 1, "question": "x"})", "a text as \"text\"");
    add("pictures are no list", R"({"id": 1, "question": "x", "images": "a.png"})",
        "a list of texts as \"images\"");
    add("both kinds", R"({"id": 1, "question": "x", "images": [], "frames": []})", "not both");
    add("absolute path", R"({"id": 1, "question": "x", "images": ["/etc/passwd"]})",
        "within the pictures' folder");
    add("path upwards", R"({"id": 1, "question": "x", "frames": ["a/../../b"]})",
        "within the pictures' folder");
    add("LLaVA path upwards", R"({"question_id": 1, "text": "x", "image": "../b"})",
        "within the pictures' folder");
    add("answers", R"({"id": 1, "question": "x", "answers": [1]})",
        "a list of texts as \"answers\"");
    add("history", R"({"id": 1, "question": "x", "history": [["only one"]]})",
        "[question, answer]");
    add("thinking", R"({"id": 1, "question": "x", "thinking": "yes"})", "true or false");
    add("not UTF-8", "{\"id\": 1, \"question\": \"\xff\"}", "UTF-8");
    add("twice", R"({"id": 0, "question": "x"})", "came before");
}

void TestCliEval::refusesBrokenQuestions()
{
    QFETCH(const QByteArray, line);
    QFETCH(const QByteArray, parts);
    test::writeFile(m_folder, "bad.jsonl",
                    "{\"id\": 0, \"question\": \"good\"}\n" + line.toStdString() + "\n");
    const QByteArray found = test::throwsOtherwise([&] { readQuestions(file("bad.jsonl")); },
                                                   Error::Code::BadRequest, parts);
    QVERIFY2(found.isEmpty(), found);
    QVERIFY(test::throwsOtherwise([&] { readQuestions(file("none.jsonl")); }, Error::Code::Missing,
                                  "none.jsonl")
                .isEmpty());
}

void TestCliEval::picturesBelongToTheFirstTurn()
{
    Question question;
    question.pictures = {"a.png", "b.png"};
    question.history = {{"first", "answer"}};
    question.text = "last";
    question.thinking = true;
    const ChatRequest request = requestOf(question, "/pictures");
    QCOMPARE(request.messages.size(), size_t(3));
    const std::vector<ContentItem>& first = request.messages[0].content;
    QCOMPARE(first.size(), size_t(3));
    QVERIFY(first[0].type == ContentItem::Type::Picture);
    QCOMPARE(first[1].picture.path, std::filesystem::path("/pictures/b.png"));
    QCOMPARE(first[2].text, std::string("first"));
    QVERIFY(request.messages[1].role == Message::Role::Assistant);
    QCOMPARE(request.messages[2].content.size(), size_t(1));
    QVERIFY(request.thinking);
    QVERIFY(request.sampling && !request.sampling->enabled);
}

void TestCliEval::framesAreOneFilm()
{
    Question question;
    question.pictures = {"0.png", "1.png", "2.png"};
    question.film = true;
    question.text = "What moves?";
    const ChatRequest request = requestOf(question, "films");
    const std::vector<ContentItem>& content = request.messages.front().content;
    QCOMPARE(content.size(), size_t(2));
    QVERIFY(content[0].type == ContentItem::Type::Film);
    QCOMPARE(content[0].film.frames.size(), size_t(3));
    QCOMPARE(content[0].film.frames[2].path, std::filesystem::path("films/2.png"));
}

void TestCliEval::countsByType()
{
    Tally tally;
    Question question;
    question.type = "count";
    question.answers = {"3", "three"};
    tally.add(question, "Three.");
    tally.add(question, "4");
    question.type.clear();
    tally.add(question, "3");
    question.answers.clear();
    tally.add(question, "nobody knows");
    const nlohmann::ordered_json found = tally.json();
    QCOMPARE(QByteArray::fromStdString(found.dump()),
             QByteArray(R"({"questions":4,"right":2,"accuracy":0.6666666666666666,)"
                        R"("types":{"count":{"n":2,"right":1},"other":{"n":1,"right":1}}})"));
    QVERIFY(QString::fromStdString(tally.text()).contains("count                1 of 2  50.0 %"));
    QVERIFY(Tally().json()["accuracy"].is_null());
}

void TestCliEval::answersAreKept()
{
    {
        AnswersFile answers(file("kept.jsonl"));
        QVERIFY(!answers.find("\"a\""));
        answers.append("\"a\"", "yes", {{"id", "a"}, {"text", "yes"}});
        answers.append("7", "no", {{"question_id", 7}, {"text", "no"}});
    }
    const AnswersFile again(file("kept.jsonl"));
    QVERIFY(again.find("\"a\""));
    QCOMPARE(*again.find("\"a\""), std::string("yes"));
    QCOMPARE(*again.find("7"), std::string("no"));
    QCOMPARE(readFile(file("kept.jsonl")), std::string("{\"id\":\"a\",\"text\":\"yes\"}\n"
                                                       "{\"question_id\":7,\"text\":\"no\"}\n"));
}

void TestCliEval::aTornLineIsCutOff_data()
{
    QTest::addColumn<QByteArray>("torn");
    QTest::newRow("one character") << QByteArray("{");
    QTest::newRow("half of the key") << QByteArray("{\"question_");
    QTest::newRow("half of the text") << QByteArray("{\"id\":\"b\",\"text\":\"ha");
    QTest::newRow("within a character") << QByteArray("{\"id\":\"b\",\"text\":\"\xe7\xba");
    QTest::newRow("torn, then ended") << QByteArray("{\"id\":\"b\",\"te\n");
}

void TestCliEval::aTornLineIsCutOff()
{
    QFETCH(const QByteArray, torn);
    test::writeFile(m_folder, "torn.jsonl", row("a", "yes") + torn.toStdString());
    {
        AnswersFile answers(file("torn.jsonl"));
        QVERIFY(answers.find("\"a\""));
        QVERIFY(!answers.find("\"b\""));
        answers.append("\"b\"", "no", {{"id", "b"}, {"text", "no"}});
    }
    QCOMPARE(readFile(file("torn.jsonl")), row("a", "yes") + row("b", "no"));
}

void TestCliEval::aLineWithoutItsEndIsKept()
{
    std::string whole = row("a", "yes") + row("b", "no");
    test::writeFile(m_folder, "open.jsonl", whole.substr(0, whole.size() - 1));
    for (int i = 0; i < 2; ++i) {
        const AnswersFile answers(file("open.jsonl"));
        QVERIFY(answers.find("\"b\""));
        QCOMPARE(*answers.find("\"b\""), std::string("no"));
        QCOMPARE(readFile(file("open.jsonl")), whole);
    }
}

void TestCliEval::foreignFilesAreLeftAlone_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("prose") << QByteArray("Dear diary,\nnothing today.\n");
    QTest::newRow("one line") << QByteArray("Dear diary");
    QTest::newRow("a configuration") << QByteArray("{\n  \"model_type\": \"x\"\n}\n");
    QTest::newRow("questions") << QByteArray(
        "{\"id\": \"a\", \"question\": \"x\"}\n{\"id\": \"b\", \"question\": \"x\"}\n");
    QTest::newRow("broken in the middle")
        << QByteArray::fromStdString(row("a", "x") + "{\"id\":\n" + row("b", "y"));
}

void TestCliEval::foreignFilesAreLeftAlone()
{
    QFETCH(const QByteArray, content);
    test::writeFile(m_folder, "foreign.jsonl", content.toStdString());
    const QByteArray found =
        test::throwsOtherwise([&] { AnswersFile answers(file("foreign.jsonl")); },
                              Error::Code::BadRequest, "foreign.jsonl, line|another file");
    QVERIFY2(found.isEmpty(), found);
    QCOMPARE(QByteArray::fromStdString(readFile(file("foreign.jsonl"))), content);
}

void TestCliEval::twoRunsDoNotMix()
{
    const AnswersFile first(file("shared.jsonl"));
    const QByteArray found =
        test::throwsOtherwise([&] { AnswersFile second(file("shared.jsonl")); },
                              Error::Code::Missing, "locked|wait for the other run");
    QVERIFY2(found.isEmpty(), found);
}

QTEST_APPLESS_MAIN(TestCliEval)
#include "tst_clieval.moc"
