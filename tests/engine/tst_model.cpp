#include <random>
#include <set>
#include <thread>

#include <QtTest>

#include "engine/engine.h"
#include "engine/error.h"
#include "engine/media/mediareader.h"

using namespace argali;

class TestModel final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void streamsWhatItReturns();
    void aPictureIsEncodedOnce();
    void fivePicturesGiveFiveEmbeddings();
    void aFilmOfOnePictureRepeatsItsTokens();
    void chosenTimesAreTheFramesThatAreSeen();
    void sharedBeginningsGiveTheSameAnswer();
    void budgetIsExact_data();
    void budgetIsExact();
    void answerNowIsABudget();
    void contextOverflowNamesTheNumbers();
    void theAnswerEndsWithTheContext();
    void refusesBadRequests();
    void answersRightAfterCancelling();
    void loadingCanBeStopped();
    void progressOnlyGrows();
    void costIsWhatAnAnswerUses();
    void costKnowsWhatWasSeen();

private:
    std::unique_ptr<Model> open(int64_t context = 0) const;
    std::unique_ptr<Model> m_model;
};

namespace {

ContentItem text(std::string value)
{
    ContentItem item;
    item.text = std::move(value);
    return item;
}

std::shared_ptr<const Image> plain(uint8_t red, uint8_t green, uint8_t blue)
{
    auto image = std::make_shared<Image>(96, 64);
    for (size_t i = 0; i < image->pixels().size(); ++i)
        image->pixels()[i] = std::array{red, green, blue}[i % 3];
    return image;
}

ContentItem picture(std::shared_ptr<const Image> image)
{
    ContentItem item;
    item.type = ContentItem::Type::Picture;
    item.picture.pixels = std::move(image);
    return item;
}

ContentItem sample(const char* name)
{
    ContentItem item;
    item.type = ContentItem::Type::Picture;
    item.picture.path = pocketFolder() / "samples" / name;
    return item;
}

ChatRequest asking(std::vector<ContentItem> content)
{
    ChatRequest request;
    request.messages.push_back({Message::Role::User, std::move(content)});
    request.sampling = Sampling{};
    request.maxNewTokens = 64;
    return request;
}

const char* const shapeQuestion = "What shape is the green object?";
const std::string shapeAnswer = "The green object is a cross.";

} // namespace

std::unique_ptr<Model> TestModel::open(int64_t context) const
{
    OpenOptions options;
    options.context = context;
    return openModel(pocketFolder() / "model", options, {});
}

void TestModel::initTestCase()
{
    m_model = open();
}

void TestModel::streamsWhatItReturns()
{
    ChatRequest request = asking({sample("objects.png"), text(shapeQuestion)});
    for (const bool thinking : {false, true}) {
        request.thinking = thinking;
        std::string shown;
        std::string thought;
        const ChatResult result = m_model->generate(
            request, {},
            [&](const TextPiece& piece) { (piece.thinking ? thought : shown) += piece.text; }, {});
        QCOMPARE(result.finishReason, FinishReason::Stop);
        QCOMPARE(shown, result.text);
        QCOMPARE(thought, result.thinking);
        QCOMPARE(thought.empty(), !thinking);
        QCOMPARE(result.usage.thinkingTokens > 0, thinking);
        QVERIFY(result.usage.completionTokens == int64_t(result.ids.size()));
        if (!thinking)
            QCOMPARE(result.text, shapeAnswer);
    }
}

void TestModel::aPictureIsEncodedOnce()
{
    const std::unique_ptr<Model> model = open();
    int encoded = 0;
    const ProgressSink count = [&](const Progress& step) {
        encoded += step.phase == Progress::Phase::Vision && step.done == step.total;
    };
    ChatRequest request = asking({picture(plain(1, 2, 3)), text("What is it?")});
    request.maxNewTokens = 2;
    model->generate(request, {}, {}, count);
    QCOMPARE(encoded, 1);
    request.messages.push_back({Message::Role::Assistant, {text("Grey.")}});
    request.messages.push_back({Message::Role::User, {text("Sure?")}});
    model->generate(request, {}, {}, count);
    request.messages.insert(request.messages.begin(), {Message::Role::System, {text("Be brief.")}});
    model->generate(request, {}, {}, count); // nothing of the cache is shared, the tokens are
    QCOMPARE(encoded, 1);
    request.messages.back().content.push_back(picture(plain(1, 2, 4)));
    model->generate(request, {}, {}, count);
    QCOMPARE(encoded, 2);
}

void TestModel::fivePicturesGiveFiveEmbeddings()
{
    std::set<std::vector<float>> distinct;
    for (const uint8_t level : {0, 60, 120, 180, 240}) {
        const Trace trace =
            m_model->trace(asking({picture(plain(level, 10, 200)), text("?")}), {}, {});
        const float* values = trace.visualEmbeds.as<float>();
        distinct.emplace(values, values + trace.visualEmbeds.count());
    }
    QCOMPARE(distinct.size(), size_t(5));
}

void TestModel::aFilmOfOnePictureRepeatsItsTokens()
{
    const auto image = plain(200, 30, 30);
    const Trace one = m_model->trace(asking({picture(image), text("?")}), {}, {});
    ContentItem film;
    film.type = ContentItem::Type::Film;
    film.film.frames.assign(4, PictureSource{{}, image});
    const Trace four = m_model->trace(asking({film, text("?")}), {}, {});
    QCOMPARE(four.grids.front()[0], int64_t(4));
    const int64_t tokens = one.visualEmbeds.dim(0) - 2;
    QCOMPARE(four.visualEmbeds.dim(0), 4 * tokens + 2);
    for (int64_t frame = 0; frame < 4; ++frame) {
        const Tensor part = four.visualEmbeds.rows(1 + frame * tokens, tokens);
        const Tensor expected = one.visualEmbeds.rows(1, tokens);
        QVERIFY(
            std::equal(part.as<float>(), part.as<float>() + part.count(), expected.as<float>()));
    }
}

void TestModel::chosenTimesAreTheFramesThatAreSeen()
{
    const std::filesystem::path path = ARGALI_TEST_DATA "/media/one_gop.mp4";
    ContentItem chosen;
    chosen.type = ContentItem::Type::Film;
    chosen.film.path = path;
    ContentItem given;
    given.type = ContentItem::Type::Film;
    FilmReader reader(path);
    for (const int64_t index : {3, 13, 101, 198}) {
        chosen.film.times.push_back(reader.timeOf(index));
        given.film.frames.push_back({{}, std::make_shared<const Image>(reader.frame(index))});
    }
    const Trace ofTimes = m_model->trace(asking({chosen, text("What?")}), {}, {});
    const Trace ofFrames = m_model->trace(asking({given, text("What?")}), {}, {});
    QCOMPARE(ofTimes.inputIds, ofFrames.inputIds);
    QCOMPARE(ofTimes.pixelValues.count(), ofFrames.pixelValues.count());
    QVERIFY(std::equal(ofTimes.pixelValues.as<float>(),
                       ofTimes.pixelValues.as<float>() + ofTimes.pixelValues.count(),
                       ofFrames.pixelValues.as<float>()));
}

void TestModel::sharedBeginningsGiveTheSameAnswer()
{
    ChatRequest request = asking({sample("objects.png"), text("Describe this image in detail.")});
    const std::string fresh = open()->generate(request, {}, {}, {}).text;
    const std::unique_ptr<Model> model = open();
    ChatRequest other = asking({sample("objects.png"), text(shapeQuestion)});
    model->generate(other, {}, {}, {}); // shares the picture with the next
    QCOMPARE(model->generate(request, {}, {}, {}).text, fresh);
    QCOMPARE(model->generate(request, {}, {}, {}).text, fresh); // shares everything
    QCOMPARE(model->generate(other, {}, {}, {}).text, shapeAnswer);
}

void TestModel::budgetIsExact_data()
{
    QTest::addColumn<int>("budget");
    for (const int budget : {1, 3, 16, 128})
        QTest::addRow("%d", budget) << budget;
}

void TestModel::budgetIsExact()
{
    QFETCH(int, budget);
    ChatRequest request = asking({sample("objects.png"), text(shapeQuestion)});
    request.thinking = true;
    request.maxNewTokens = 512;
    const ChatResult free = m_model->generate(request, {}, {}, {});
    request.thinkingBudget = budget;
    const ChatResult result = m_model->generate(request, {}, {}, {});
    const bool forced = free.usage.thinkingTokens > budget;
    QCOMPARE(result.budgetReached, forced);
    QVERIFY(result.usage.thinkingTokens <= budget);
    QVERIFY(!result.text.empty());
    QCOMPARE(result.finishReason, FinishReason::Stop);
    QVERIFY(std::equal(result.ids.begin(),
                       result.ids.begin() + std::min<int64_t>(budget, free.usage.thinkingTokens),
                       free.ids.begin()));
    if (forced)
        QVERIFY(QString::fromStdString(result.thinking)
                    .endsWith("based on the thinking directly now."));
    else
        QCOMPARE(result.ids, free.ids);
}

void TestModel::answerNowIsABudget()
{
    ChatRequest request = asking({sample("objects.png"), text(shapeQuestion)});
    request.thinking = true;
    request.maxNewTokens = 512;
    request.thinkingBudget = 3;
    const ChatResult budgeted = m_model->generate(request, {}, {}, {});
    QVERIFY(budgeted.budgetReached);
    QVERIFY(!budgeted.answeredNow);

    std::stop_source now;
    request.thinkingBudget = std::nullopt;
    request.answerNow = now.get_token();
    const auto ask = [&](const Progress& progress) {
        if (progress.phase == Progress::Phase::Answering && progress.done == 3)
            now.request_stop();
    };
    const ChatResult asked = m_model->generate(request, {}, {}, ask);
    QCOMPARE(asked.ids, budgeted.ids);
    QCOMPARE(asked.text, budgeted.text);
    QCOMPARE(asked.thinking, budgeted.thinking);
    QCOMPARE(asked.usage.thinkingTokens, budgeted.usage.thinkingTokens);
    QVERIFY(asked.answeredNow);
    QVERIFY(!asked.budgetReached);

    // Without thinking there is nothing to close.
    request.thinking = false;
    const ChatResult plain = m_model->generate(request, {}, {}, {});
    QVERIFY(!plain.answeredNow);
    QVERIFY(plain.thinking.empty());
    QVERIFY(!plain.text.empty());
}

void TestModel::contextOverflowNamesTheNumbers()
{
    const std::unique_ptr<Model> model = open(128);
    std::string words;
    for (int i = 0; i < 200; ++i)
        words += "red ";
    try {
        model->generate(asking({text(words)}), {}, {}, {});
        QFAIL("a prompt was cut");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::ContextOverflow);
        const int64_t needed = m_model->cost(asking({text(words)})).promptTokens;
        QVERIFY2(QString(error.what()).contains(QString::number(needed)), error.what());
        QVERIFY2(QString(error.what()).contains("128"), error.what());
    }
    QCOMPARE(model->generate(asking({sample("objects.png"), text(shapeQuestion)}), {}, {}, {}).text,
             shapeAnswer);
}

void TestModel::theAnswerEndsWithTheContext()
{
    ChatRequest request = asking({sample("objects.png"), text("Describe this image in detail.")});
    const int64_t prompt = m_model->cost(request).promptTokens;
    const std::unique_ptr<Model> model = open(prompt + 5);
    const ChatResult result = model->generate(request, {}, {}, {});
    QCOMPARE(result.usage.completionTokens, int64_t(5));
    QCOMPARE(result.finishReason, FinishReason::Length);
    QVERIFY(result.contextReached);
}

void TestModel::refusesBadRequests()
{
    ChatRequest request = asking({text("a")});
    request.maxNewTokens = 0;
    QVERIFY_EXCEPTION_THROWN(m_model->generate(request, {}, {}, {}), Error);
    request = asking({text("a")});
    request.thinking = true;
    request.thinkingBudget = 0;
    QVERIFY_EXCEPTION_THROWN(m_model->generate(request, {}, {}, {}), Error);
    request = asking({sample("not there.png")});
    QVERIFY_EXCEPTION_THROWN(m_model->generate(request, {}, {}, {}), Error);
    for (const Message::Role role : {Message::Role::System, Message::Role::User}) {
        request = asking({text("a")});
        request.messages.insert(request.messages.begin(), {role, {text("b\xE7\xBA")}});
        try {
            m_model->generate(request, {}, {}, {});
            QFAIL("a text that is not UTF-8 was taken");
        } catch (const Error& e) {
            QCOMPARE(e.code(), Error::Code::BadRequest);
            QVERIFY2(QByteArray(e.what()).contains("is not UTF-8 at byte 1; "), e.what());
        }
    }
    request = asking({text("a")});
    request.minPixels = 0;
    request.messages.back().content.push_back(picture(plain(1, 1, 1)));
    QVERIFY_EXCEPTION_THROWN(m_model->generate(request, {}, {}, {}), Error);
}

void TestModel::answersRightAfterCancelling()
{
    const std::unique_ptr<Model> model = open();
    std::mt19937 random(3);
    ChatRequest request = asking({sample("objects.png"), text(shapeQuestion)});
    request.thinking = true;
    request.maxNewTokens = 256;
    const auto begin = std::chrono::steady_clock::now();
    model->generate(request, {}, {}, {});
    const auto whole = std::chrono::steady_clock::now() - begin;
    for (int round = 0; round < 50; ++round) {
        // another picture each time, so that vision and prefill are stopped as well as answering
        ChatRequest other = request;
        other.messages.back().content.front() =
            picture(plain(uint8_t(round), 99, uint8_t(5 * round)));
        std::stop_source stop;
        const auto delay = whole * std::uniform_int_distribution(0, 100)(random) / 100;
        std::thread stopper([&] {
            std::this_thread::sleep_for(delay);
            stop.request_stop();
        });
        const ChatResult result = model->generate(other, stop.get_token(), {}, {});
        stopper.join();
        QVERIFY(result.finishReason == FinishReason::Cancelled ||
                result.finishReason == FinishReason::Stop ||
                result.finishReason == FinishReason::Length);
        if (round % 10 == 9) {
            ChatRequest plainQuestion = asking({sample("objects.png"), text(shapeQuestion)});
            QCOMPARE(model->generate(plainQuestion, {}, {}, {}).text, shapeAnswer);
        }
    }
}

void TestModel::loadingCanBeStopped()
{
    std::stop_source stop;
    OpenOptions options;
    int steps = 0;
    options.progress = [&](const Progress&) {
        if (++steps == 20)
            stop.request_stop();
    };
    QVERIFY(!openModel(pocketFolder() / "model", options, stop.get_token()));
    QCOMPARE(steps, 20);
}

void TestModel::progressOnlyGrows()
{
    const std::unique_ptr<Model> model = open();
    ContentItem film;
    film.type = ContentItem::Type::Film;
    film.film.frames = {{{}, plain(1, 1, 1)}, {{}, plain(2, 2, 2)}, {{}, plain(3, 3, 3)}};
    std::map<Progress::Phase, Progress> last;
    const auto take = [&](const Progress& step) {
        if (const auto before = last.find(step.phase); before != last.end()) {
            QVERIFY(step.done >= before->second.done);
            QCOMPARE(step.total, before->second.total);
        }
        QVERIFY(step.done <= step.total);
        last[step.phase] = step;
    };
    const ChatRequest request = asking({film, text("What happens?")});
    ChatResult result = model->generate(request, {}, {}, take);
    QCOMPARE(last[Progress::Phase::Vision].done, last[Progress::Phase::Vision].total);
    QCOMPARE(last[Progress::Phase::Prefill].done, last[Progress::Phase::Prefill].total);
    QCOMPARE(last[Progress::Phase::Prefill].total, result.usage.promptTokens);
    // Asked again, all but the last position is known, and counts.
    last.clear();
    result = model->generate(request, {}, {}, take);
    QCOMPARE(result.usage.computedTokens, int64_t(1));
    QCOMPARE(last[Progress::Phase::Prefill].total, result.usage.promptTokens);
    QVERIFY(last[Progress::Phase::Prefill].done >= result.usage.promptTokens - 1);
}

void TestModel::costIsWhatAnAnswerUses()
{
    const ChatRequest request = asking({sample("objects.png"), text(shapeQuestion)});
    const RequestCost cost = m_model->cost(request);
    const ChatResult result = m_model->generate(request, {}, {}, {});
    QCOMPARE(cost.promptTokens, result.usage.promptTokens);
    QCOMPARE(cost.visualTokens, result.usage.visualTokens);
    QCOMPARE(cost.context, m_model->context());
}

void TestModel::costKnowsWhatWasSeen()
{
    const std::unique_ptr<Model> model = open();
    const ChatRequest first = asking({sample("objects.png"), text(shapeQuestion)});
    RequestCost cost = model->cost(first);
    QCOMPARE(cost.parts.size(), size_t(1));
    const VisualCost& part = cost.parts.front();
    QCOMPARE(part.tokens, cost.visualTokens);
    QCOMPARE(part.frames, int64_t(1));
    QVERIFY(part.original.width > 0 && part.fed.width > 0 && part.rows > 0 && part.columns > 0);
    QCOMPARE(cost.newTokens, cost.promptTokens);
    QCOMPARE(cost.newVisualTokens, cost.visualTokens);
    ChatResult result = model->generate(first, {}, {}, {});
    QCOMPARE(result.usage.computedTokens, cost.newTokens);
    QVERIFY(result.usage.encodedTokens > 0 && result.usage.encodedTokens <= cost.newVisualTokens);

    // The same picture again: it was seen, and the cache holds the beginning.
    const ChatRequest second = asking({sample("objects.png"), text("What is blue?")});
    cost = model->cost(second);
    QCOMPARE(cost.newVisualTokens, int64_t(0));
    QVERIFY(cost.newTokens < cost.promptTokens - cost.visualTokens);
    result = model->generate(second, {}, {}, {});
    QCOMPARE(result.usage.computedTokens, cost.newTokens);
    QCOMPARE(result.usage.encodedTokens, int64_t(0));
    // Another one before it was not.
    cost = model->cost(asking({sample("pair.png"), sample("objects.png"), text("What is blue?")}));
    QCOMPARE(cost.parts.size(), size_t(2));
    QVERIFY(cost.newVisualTokens > 0 && cost.newVisualTokens < cost.visualTokens);
    QVERIFY(cost.newTokens > cost.visualTokens);
}

QTEST_APPLESS_MAIN(TestModel)
#include "tst_model.moc"
