#include <cstring>

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QtTest>

#include "engine/cli/benchrun.h"
#include "engine/cli/countingbackend.h"
#include "engine/cli/testpicture.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/fitting.h"
#include "engine/media/mediareader.h"
#include "engine/sha256.h"

using namespace argali;
using namespace argali::cli;

namespace {

Tensor floats(const Shape& shape, float value)
{
    const Tensor tensor = hostTensor(DType::F32, shape);
    std::fill_n(tensor.as<float>(), tensor.count(), value);
    return tensor;
}

std::unique_ptr<Family> tinyModel()
{
    return makeFamily(openFolder(std::filesystem::path(ARGALI_TEST_DATA) / "ovis2_5-tiny"));
}

} // namespace

class TestCliBench final : public QObject {
    Q_OBJECT
private slots:
    void sha256Vectors();
    void sha256OfPieces();
    void noiseIsAPicture();
    void theMiddleOfTheRuns();
    void aProductByHand();
    void aDecoderByHand();
    void aVisionEncoderByHand();
    void timesEveryPhase();
    void endsWhenStopped();
    void estimatesBeforeWeightsAreMade();
};

void TestCliBench::sha256Vectors()
{
    // FIPS 180-4's examples, as published with the standard
    const auto of = [](std::string_view text) { return sha256(std::as_bytes(std::span(text))); };
    QCOMPARE(of(""),
             std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    QCOMPARE(of("abc"),
             std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    QCOMPARE(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
             std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    QCOMPARE(of(std::string(1'000'000, 'a')),
             std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

void TestCliBench::sha256OfPieces()
{
    const std::string text(100'001, 'x');
    Sha256 hash;
    for (size_t begin = 0; begin < text.size(); begin += 777)
        hash.add(std::as_bytes(
            std::span(text).subspan(begin, std::min<size_t>(777, text.size() - begin))));
    QCOMPARE(hash.finish(), sha256(std::as_bytes(std::span(text))));
    const std::filesystem::path weights =
        std::filesystem::path(ARGALI_TEST_DATA) / "ovis2_5-tiny" / "model.safetensors";
    QFile file(QString::fromStdString(weights.string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCryptographicHash other(QCryptographicHash::Sha256);
    QVERIFY(other.addData(&file));
    QCOMPARE(QByteArray::fromStdString(sha256OfFile(weights, {})), other.result().toHex());
    std::stop_source stop;
    stop.request_stop();
    QCOMPARE(sha256OfFile(weights, stop.get_token()), std::string());
    QVERIFY_EXCEPTION_THROWN(sha256OfFile("/nowhere/at/all", {}), Error);
}

void TestCliBench::noiseIsAPicture()
{
    for (const ImageSize size : {ImageSize{1, 1}, {3, 2}, {4, 5}, {63, 17}}) {
        const Image image = readPicture(noisePicture(size, 1), "noise");
        QCOMPARE(image.width(), size.width);
        QCOMPARE(image.height(), size.height);
    }
    const Image first = readPicture(noisePicture({8, 8}, 1), "noise");
    const Image second = readPicture(noisePicture({8, 8}, 2), "noise");
    QVERIFY(std::memcmp(first.pixels().data(), second.pixels().data(), first.pixels().size()) != 0);
    QVERIFY(noisePicture({8, 8}, 1) == noisePicture({8, 8}, 1));
}

void TestCliBench::theMiddleOfTheRuns()
{
    Phase phase;
    phase.seconds = {5, 1, 3};
    QCOMPARE(phase.median(), 3.0);
    phase.seconds = {4, 1, 3, 100};
    QCOMPARE(phase.median(), 3.5);
}

void TestCliBench::aProductByHand()
{
    CountingBackend op(makeBackend("cpu"));
    const Linear w = op.makeLinear({{floats({5, 3}, 2)}, {}, DType::F32});
    Tensor x = op.allocate(DType::F32, {7, 3});
    op.upload(x, floats({7, 3}, 1));
    Tensor out = op.allocate(DType::F32, {7, 5});
    op.begin({});
    op.linear(out, x, *w, Activation::None);
    QCOMPARE(op.work().operations, 2.0 * 7 * 5 * 3);
    QCOMPARE(op.work().bytes, static_cast<double>(w->bytes()));
    const Tensor host = op.download(out); // and the product itself is there
    for (int64_t i = 0; i < host.count(); ++i)
        QCOMPARE(host.as<float>()[i], 6.0F);
}

void TestCliBench::aDecoderByHand()
{
    CountingBackend op(makeBackend("cpu"));
    const std::unique_ptr<Family> family = tinyModel();
    QVERIFY(family->load(op, DType::F32, {}, {}));
    const std::unique_ptr<KvCache> cache = family->makeCache(16);
    const auto workOf = [&](std::vector<int32_t> ids) {
        const Work before = op.work();
        family->decode(ids, {}, *cache, {}, {});
        return op.work() - before;
    };
    // config.json: 3 layers, width 56, 4 heads of 128 over 2 groups, feed-forward 88, vocabulary
    // 600
    constexpr double layer = 56 * (4 + 2 * 2) * 128 + 4 * 128 * 56 + 3 * 56 * 88;
    constexpr double head = 56 * 600;
    constexpr double pair =
        4.0 * 4 * 128; // operations of attention for a query and a key, all heads
    const Work prompt = workOf({1, 2, 3, 4, 5});
    QCOMPARE(prompt.operations,
             2 * (5 * 3 * layer + head) + 3 * pair * 15); // 1 + 2 + ... + 5 pairs
    const Work token = workOf({6});
    QCOMPARE(token.operations, 2 * (3 * layer + head) + 3 * pair * 6);
    QVERIFY(token.bytes > 6 * 3 * 2 * 2 * 128 * 4.0); // keys and values at least
    cache->truncate(2);
    QCOMPARE(workOf({7}).operations, 2 * (3 * layer + head) + 3 * pair * 3);
}

void TestCliBench::aVisionEncoderByHand()
{
    CountingBackend op(makeBackend("cpu"));
    const std::unique_ptr<Family> family = tinyModel();
    QVERIFY(family->load(op, DType::F32, {}, {}));
    ChatRequest request;
    request.minPixels = request.maxPixels = 64 * 64;
    const VisualPart part = family->fit({64, 64}, 0, request);
    QCOMPARE(part.grid[1] * part.grid[2], int64_t(16));
    const auto image =
        std::make_shared<const Image>(readPicture(noisePicture({64, 64}, 0), "noise"));
    const Tensor patches = family->preprocess(part, {&image, 1}, {});
    Work before = op.work();
    const Tensor features = family->encode(part, patches, {}, {});
    // 3 layers, width 144, feed-forward as in the file; 16 patches of 768 features in one frame
    QFile config(QString(ARGALI_TEST_DATA) + "/ovis2_5-tiny/config.json");
    QVERIFY(config.open(QIODevice::ReadOnly));
    const auto json = nlohmann::json::parse(config.readAll().toStdString());
    const auto inner = json["vit_config"]["intermediate_size"].get<double>();
    const double products = 16 * (768 * 144 + 3 * (4 * 144 * 144 + 2 * 144 * inner));
    QCOMPARE((op.work() - before).operations, 2 * products + 3 * 4.0 * 16 * 16 * 144);
    before = op.work();
    QVERIFY(!family->project(features, {}).isEmpty());
    // 4 tokens: logits of the visual vocabulary without its 4 indicators, then its table of width
    // 56
    const double rows = json["visual_vocab_size"].get<double>() - 4;
    QCOMPARE((op.work() - before).operations, 2 * 4 * rows * (4 * 144 + 56));
}

void TestCliBench::timesEveryPhase()
{
    CountingBackend op(makeBackend("cpu"));
    const std::unique_ptr<Family> family = tinyModel();
    QVERIFY(family->load(op, DType::F32, {}, {}));
    BenchSettings settings;
    settings.pictures = {{64, 64}, {64, 32}};
    settings.promptTokens = 5;
    settings.generateTokens = 3;
    settings.runs = 2;
    BenchRun run(op, *family, settings);
    QVERIFY(run.run({}));
    QStringList names;
    for (const Phase& phase : run.phases()) {
        names << QString::fromStdString(phase.name);
        QCOMPARE(phase.seconds.size(), size_t(2));
        QVERIFY(phase.median() > 0);
        QVERIFY(phase.work.bytes > 0);
        QCOMPARE(phase.work.operations > 0,
                 phase.name != "decode_media" && phase.name != "preprocess");
    }
    QCOMPARE(names, (QStringList{"decode_media", "preprocess", "vision", "projector", "prefill",
                                 "decode"}));
    QCOMPARE(run.phases()[4].tokens, run.visualTokens() + 5);
    QCOMPARE(run.phases()[5].tokens, int64_t(3));

    settings.pictures = {{64, 64}};
    settings.frames = 4;
    BenchRun film(op, *family, settings);
    QVERIFY(film.run({}));
    QVERIFY(film.visualTokens() > 4);

    settings.promptTokens = 1'000'000;
    QVERIFY_EXCEPTION_THROWN(BenchRun(op, *family, settings), Error);
}

void TestCliBench::endsWhenStopped()
{
    CountingBackend op(makeBackend("cpu"));
    const std::unique_ptr<Family> family = tinyModel();
    QVERIFY(family->load(op, DType::F32, {}, {}));
    std::stop_source stop;
    stop.request_stop();
    BenchSettings settings;
    settings.pictures = {{64, 64}};
    QVERIFY(!BenchRun(op, *family, settings).run(stop.get_token()));
}

void TestCliBench::estimatesBeforeWeightsAreMade()
{
    // 18 GB of weights that nobody asks for, and a machine that has no room for them.
    QElapsedTimer timer;
    timer.start();
    std::stop_source stop;
    const std::unique_ptr<Family> family =
        makeFamily(syntheticFolder("ovis2.5-9b", DType::BF16, stop.get_token()));
    Device device = listDevices().front();
    device.freeMemory = int64_t(1) << 30;
    const int64_t positions = positionsOf({.pictures = {{448, 448}}}, *family);
    QCOMPARE(positions, int64_t(196 + 2 + 512 + 32));
    try {
        fittingContext(*family, DType::BF16, positions, {device});
        QFAIL("it does not fit");
    } catch (const Error& e) {
        QCOMPARE(e.code(), Error::Code::OutOfMemory);
        QVERIFY2(QByteArray(e.what()).contains("weights 1"), e.what());
    }
    // Once stopped nothing is filled, however much there is.
    stop.request_stop();
    CountingBackend op(makeBackend("cpu"));
    QVERIFY(!family->load(op, DType::BF16, {}, stop.get_token()));
    QVERIFY2(timer.elapsed() < 20000, QByteArray::number(timer.elapsed()));
}

QTEST_APPLESS_MAIN(TestCliBench)
#include "tst_clibench.moc"
