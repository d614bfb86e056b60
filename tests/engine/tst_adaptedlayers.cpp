#include <algorithm>
#include <cmath>
#include <random>

#include <QtTest>

#include "engine/adaptedbackend.h"
#include "engine/devices.h"
#include "engine/families/appliedadapter.h"
#include "engine/families/families.h"
#include "engine/families/mergedweights.h"
#include "engine/loadedmodel.h"
#include "engine/media/mediareader.h"
#include "engine/numbers.h"
#include "tests/support/hostile.h"

using namespace argali;
using namespace argali::test;

// An adapter to every matrix of a model, with new biases and norms: what is added while it runs is
// what is merged before, whatever a family joins, reorders, scales or computes in one operation.
class TestAdaptedLayers final : public QObject {
    Q_OBJECT
private slots:
    void sumsAreTheSame_data();
    void sumsAreTheSame();
    void refusesWhatCannotBeChanged_data();
    void refusesWhatCannotBeChanged();

private:
    static void addModels();
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;
std::mt19937 engine(7); // NOLINT: the same numbers every time

Tensor randomTensor(const Shape& shape, float size)
{
    std::normal_distribution<float> numbers(0, size);
    Tensor tensor = hostTensor(DType::F32, shape);
    std::generate_n(tensor.as<float>(), tensor.count(), [&] { return numbers(engine); });
    return tensor;
}

/// Whether an adapter may come to this matrix of the test's models.
bool isMatrix(const std::string& name, const TensorKind& kind)
{
    return kind.shape.rank() == 2 && name.ends_with(".weight") &&
           name.find("position") == name.npos && !name.ends_with("embed_tokens.weight") &&
           !name.ends_with("tok_embeddings.weight") && name.find("vte.") == name.npos &&
           name.find("visual_embeddings") == name.npos;
}

/// Pairs for all matrices, every third one with a bias where the model has one, and other biases
/// and norms.
FittedAdapter adapterTo(const WeightSource& base)
{
    FittedAdapter adapter;
    adapter.path = "/made/here";
    int64_t number = 0;
    for (const std::string& name : base.names()) {
        const TensorKind kind = *base.describe(name);
        if (isMatrix(name, kind)) {
            const int64_t rank = 1 + ++number % 3;
            LoraPair pair{name.substr(0, name.size() - 7),
                          randomTensor({rank, kind.shape.dim(1)}, 0.1F),
                          randomTensor({kind.shape.dim(0), rank}, 0.1F),
                          {},
                          false,
                          1,
                          0.5};
            if (number % 3 == 0 && base.describe(pair.module + ".bias"))
                pair.bias = randomTensor({kind.shape.dim(0)}, 0.1F);
            adapter.pairs.emplace(name, pair);
        } else if (kind.shape.rank() == 1 &&
                   (name.find("norm") != name.npos || name.ends_with("bias"))) {
            Tensor other = floatsOf(*base.find(name));
            const Tensor noise = randomTensor(other.shape(), 0.1F);
            for (int64_t i = 0; i < other.count(); ++i)
                other.as<float>()[i] += noise.as<float>()[i];
            adapter.replaced.emplace(name, other);
        }
    }
    return adapter;
}

/// A pair for the table of tokens, where the output head is another matrix.
void addEmbedding(FittedAdapter& adapter, const WeightSource& base)
{
    for (const std::string& name : base.names())
        if (name.ends_with("embed_tokens.weight") || name.ends_with("tok_embeddings.weight")) {
            const Shape shape = base.describe(name)->shape;
            adapter.pairs[name] = {name.substr(0, name.size() - 7),
                                   randomTensor({2, shape.dim(0)}, 0.1F),
                                   randomTensor({shape.dim(1), 2}, 0.1F),
                                   {},
                                   true,
                                   1,
                                   0.5};
        }
}

struct Made {
    std::unique_ptr<AppliedAdapter> adapter; // what the backend uses
    std::unique_ptr<LoadedModel> model;
};

Made load(ModelFolder files, std::shared_ptr<const FittedAdapter> adapter, bool merged)
{
    const std::filesystem::path folder = files.path;
    const std::shared_ptr<const WeightSource> base = files.weights;
    if (merged)
        files.weights = std::make_shared<MergedWeights>(base, adapter, MergedWeights::Changes::All);
    const std::shared_ptr<const WeightSource> weights = files.weights;
    const std::shared_ptr<const LoadedWeights> loaded = files.loaded;
    auto op = std::make_unique<AdaptedBackend>(makeBackend("cpu"));
    AdaptedBackend& adapted = *op;
    std::unique_ptr<Family> family = makeFamily(std::move(files));
    if (!family->load(adapted, DType::F32, {}, {}))
        throw Error(Error::Code::Internal, "not loaded");
    Made made;
    if (!merged) {
        made.adapter = std::make_unique<AppliedAdapter>(adapter, *loaded, base, DType::F32);
        adapted.use(made.adapter->partsOn(adapted));
    }
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(std::move(op));
    made.model = std::make_unique<LoadedModel>(std::move(backends), std::move(family), weights,
                                               openTokenizer(folder), Sampling(), DType::F32, 1024);
    return made;
}

/// The largest difference, as a part of the largest value.
double distance(const Tensor& found, const Tensor& expected)
{
    if (found.isEmpty() || found.shape() != expected.shape())
        return INFINITY;
    double largest = 0;
    double scale = 0;
    for (int64_t i = 0; i < found.count(); ++i) {
        largest =
            std::max(largest, double(std::abs(found.as<float>()[i] - expected.as<float>()[i])));
        scale = std::max(scale, double(std::abs(expected.as<float>()[i])));
    }
    return largest / scale;
}

} // namespace

void TestAdaptedLayers::addModels()
{
    QTest::addColumn<QString>("name");
    for (const char* name :
         {"internvl2-tiny-qwen2", "internvl2-tiny-internlm2", "internvl2-tiny-phi3",
          "internvl2-tiny-6b", "internvl2-tiny-native", "llava_1_5-tiny-hf",
          "llava_1_5-tiny-original", "ovis2_5-tiny", "ovis2_5-tiny-untied"})
        if (std::filesystem::exists(data / name))
            QTest::newRow(name) << name;
}

void TestAdaptedLayers::sumsAreTheSame_data()
{
    addModels();
}

void TestAdaptedLayers::sumsAreTheSame()
{
    QFETCH(QString, name);
    const ModelFolder files = openFolder(data / name.toStdString());
    const std::vector<std::string> names = files.weights->names();
    const bool hasHead = std::ranges::any_of(names, [](const std::string& tensor) {
        return tensor.ends_with("lm_head.weight") ||
               tensor.ends_with("language_model.output.weight");
    });
    FittedAdapter made = adapterTo(*files.weights);
    if (hasHead && !files.config.boolean("tie_word_embeddings", false) && !name.startsWith("ovis"))
        addEmbedding(made, *files.weights);
    const auto adapter = std::make_shared<const FittedAdapter>(std::move(made));
    const Made unmerged = load(files, adapter, false);
    ModelFolder other = files;
    other.loaded = std::make_shared<LoadedWeights>();
    const Made merged = load(other, adapter, true);
    QVERIFY(unmerged.adapter->changesVision());

    ContentItem picture;
    picture.type = ContentItem::Type::Picture;
    picture.picture.pixels = std::make_shared<const Image>(readPicture(
        data / "adapters/internvl2-vision/cases/two-images/small.png", Orientation::AsStored));
    ContentItem text;
    text.text = "What is this?";
    ChatRequest request;
    request.messages = {{Message::Role::User, {picture, text}}};
    const std::vector<int32_t> forced{5, 9, 7};
    const Trace found = unmerged.model->trace(request, forced, {});
    const Trace expected = merged.model->trace(request, forced, {});
    QVERIFY2(distance(found.visualEmbeds, expected.visualEmbeds) < 2e-5,
             qPrintable(QString::number(distance(found.visualEmbeds, expected.visualEmbeds))));
    QVERIFY2(distance(found.logits, expected.logits) < 2e-5,
             qPrintable(QString::number(distance(found.logits, expected.logits))));
    const auto none = std::make_shared<const FittedAdapter>();
    ModelFolder bare = files;
    bare.loaded = std::make_shared<LoadedWeights>();
    const Trace before = load(bare, none, true).model->trace(request, forced, {});
    QVERIFY(distance(before.logits, expected.logits) > 1e-2);
    QVERIFY(distance(before.visualEmbeds, expected.visualEmbeds) > 1e-3);
}

void TestAdaptedLayers::refusesWhatCannotBeChanged_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("tensor");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("message");
    using Code = Error::Code;
    QTest::newRow("positions") << "internvl2-tiny-internlm2"
                               << "vision_model.embeddings.position_embedding"
                               << int(Code::Unsupported) << QByteArray("argali-cli merge");
    QTest::newRow("nothing") << "internvl2-tiny-internlm2"
                             << "" << int(Code::BadModel)
                             << QByteArray("changes nothing that this model computes with");
}

void TestAdaptedLayers::refusesWhatCannotBeChanged()
{
    QFETCH(QString, model);
    QFETCH(QString, tensor);
    QFETCH(int, code);
    QFETCH(QByteArray, message);
    const ModelFolder files = openFolder(data / model.toStdString());
    FittedAdapter adapter;
    adapter.path = "/made/here";
    if (const std::string name = tensor.toStdString(); !name.empty())
        adapter.replaced.emplace(name, floatsOf(files.weights->find(name).value()));
    QCOMPARE(
        throwsOtherwise([&] { load(files, std::make_shared<const FittedAdapter>(adapter), false); },
                        Error::Code(code), "/made/here: |" + message),
        QByteArray());
}

QTEST_APPLESS_MAIN(TestAdaptedLayers)
#include "tst_adaptedlayers.moc"
