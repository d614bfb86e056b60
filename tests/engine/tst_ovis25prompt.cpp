#include <QtTest>

#include "engine/error.h"
#include "engine/families/ovis25prompt.h"

using namespace argali;
using namespace argali::ovis25;

class TestOvis25Prompt final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { m_tokenizer = openTokenizer(ARGALI_TEST_DATA "/ovis2_5-tiny"); }
    void templateOfOneTurn();
    void thinkingLeavesTheTailOpen();
    void placeholdersOfTheTemplateAreRemoved();
    void placeholdersCannotBeMadeOfPieces();
    void historyLosesItsThinking();
    void picturesStandWhereTheyAre();
    void textAroundAPictureIsTokenisedApart();
    void filmHasItsOwnMarkers();
    void refuses_data();
    void refuses();

private:
    std::string rendered(const ChatRequest& request,
                         const std::vector<VisualPart>& parts = {}) const;
    std::unique_ptr<Tokenizer> m_tokenizer;
};

namespace {

ContentItem text(std::string value)
{
    ContentItem item;
    item.text = std::move(value);
    return item;
}

ContentItem media(ContentItem::Type type)
{
    ContentItem item;
    item.type = type;
    return item;
}

VisualPart part(bool film, int64_t frames, int64_t rows, int64_t columns)
{
    VisualPart result;
    result.film = film;
    result.grid = {frames, rows, columns};
    return result;
}

ChatRequest asking(std::vector<ContentItem> content)
{
    ChatRequest request;
    request.messages.push_back({Message::Role::User, std::move(content)});
    return request;
}

} // namespace

std::string TestOvis25Prompt::rendered(const ChatRequest& request,
                                       const std::vector<VisualPart>& parts) const
{
    const Prompt prompt = renderPrompt(*m_tokenizer, request, parts, 2);
    std::string result;
    for (const int32_t id : prompt.ids)
        result += id < 0 ? "{" + std::to_string(id) + "}" : m_tokenizer->bytesOf(id);
    return result;
}

void TestOvis25Prompt::templateOfOneTurn()
{
    QCOMPARE(rendered(asking({text("Hi")})),
             std::string(
                 "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"));
}

void TestOvis25Prompt::thinkingLeavesTheTailOpen()
{
    ChatRequest request = asking({text("Hi")});
    request.thinking = true;
    request.messages.insert(request.messages.begin(), {Message::Role::System, {text("Be brief.")}});
    QCOMPARE(rendered(request),
             std::string("<|im_start|>system\nBe brief.<|im_end|>\n"
                         "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"));
}

void TestOvis25Prompt::placeholdersOfTheTemplateAreRemoved()
{
    ChatRequest request = asking({text("a<image>b<video>c")});
    request.thinking = true;
    QCOMPARE(rendered(request),
             std::string("<|im_start|>user\nabc<|im_end|>\n<|im_start|>assistant\n"));
}

void TestOvis25Prompt::placeholdersCannotBeMadeOfPieces()
{
    ChatRequest request = asking({text("x<ima<image>ge><vi<vid<video>eo>deo>y")});
    request.thinking = true;
    QCOMPARE(rendered(request),
             std::string("<|im_start|>user\nxy<|im_end|>\n<|im_start|>assistant\n"));
}

void TestOvis25Prompt::historyLosesItsThinking()
{
    ChatRequest request = asking({text("A?")});
    request.messages.push_back(
        {Message::Role::Assistant, {text("<think>no</think>x</think>\n\n cat\n")}});
    request.messages.push_back({Message::Role::User, {text("B?")}});
    request.thinking = true;
    QCOMPARE(rendered(request),
             std::string("<|im_start|>user\nA?<|im_end|>\n<|im_start|>assistant\n cat\n<|im_end|>\n"
                         "<|im_start|>user\nB?<|im_end|>\n<|im_start|>assistant\n"));
}

void TestOvis25Prompt::picturesStandWhereTheyAre()
{
    ChatRequest request =
        asking({text("a"), media(ContentItem::Type::Picture), media(ContentItem::Type::Picture)});
    request.thinking = true;
    QCOMPARE(
        rendered(request, {part(false, 1, 2, 2), part(false, 1, 2, 4)}),
        std::string("<|im_start|>user\na\n{-301}{-300}{-302}\n{-301}{-300}{-300}{-302}<|im_end|>\n"
                    "<|im_start|>assistant\n"));
}

void TestOvis25Prompt::textAroundAPictureIsTokenisedApart()
{
    const Prompt prompt = renderPrompt(
        *m_tokenizer, asking({text("a"), media(ContentItem::Type::Picture), text("b")}),
        std::vector{part(false, 1, 2, 2)}, 2);
    const int32_t newline = m_tokenizer->encode("\n").front();
    const auto begin = std::find(prompt.ids.begin(), prompt.ids.end(), int32_t(ImageBegin));
    QCOMPARE(*(begin - 1), newline);
    QCOMPARE(*(begin + 3), newline);
}

void TestOvis25Prompt::filmHasItsOwnMarkers()
{
    ChatRequest request = asking({media(ContentItem::Type::Film), text("a")});
    request.thinking = true;
    QCOMPARE(rendered(request, {part(true, 3, 2, 2)}),
             std::string("<|im_start|>user\n{-303}{-300}{-300}{-300}{-304}\na<|im_end|>\n<|im_"
                         "start|>assistant\n"));
}

void TestOvis25Prompt::refuses_data()
{
    QTest::addColumn<int>("kind");
    for (const char* name : {"no message", "last is the assistant's", "picture and film",
                             "two films", "picture in an answer", "end of text in the question"})
        QTest::addRow("%s", name) << 0;
}

void TestOvis25Prompt::refuses()
{
    using Type = ContentItem::Type;
    const std::string name = QTest::currentDataTag();
    ChatRequest request = asking({text("a")});
    std::vector<VisualPart> parts;
    if (name == "no message")
        request.messages.clear();
    if (name == "last is the assistant's")
        request.messages.push_back({Message::Role::Assistant, {text("b")}});
    if (name == "picture and film") {
        request = asking({media(Type::Picture), media(Type::Film), text("a")});
        parts = {part(false, 1, 2, 2), part(true, 1, 2, 2)};
    }
    if (name == "two films") {
        request = asking({media(Type::Film), media(Type::Film)});
        parts = {part(true, 1, 2, 2), part(true, 1, 2, 2)};
    }
    if (name == "picture in an answer") {
        request.messages.insert(request.messages.begin(),
                                {Message::Role::Assistant, {media(Type::Picture)}});
        parts = {part(false, 1, 2, 2)};
    }
    if (name == "end of text in the question")
        request = asking({text("a<|endoftext|>b")});
    try {
        renderPrompt(*m_tokenizer, request, parts, 2);
        QFAIL("nothing was refused");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::BadRequest);
    }
}

QTEST_APPLESS_MAIN(TestOvis25Prompt)
#include "tst_ovis25prompt.moc"
