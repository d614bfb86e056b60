#include <QtTest>

#include "cuda/kernels/argmax.h"
#include "cuda/kernels/attention.h"
#include "cuda/kernels/gemm.h"
#include "cuda/kernels/gemv.h"
#include "cuda/kernels/likeliest.h"
#include "cuda/kernels/norm.h"
#include "cuda/kernels/rope.h"
#include "cuda/kernels/rows.h"
#include "cuda/kernels/softmax.h"
#include "cuda/kernels/streamread.h"
#include "cuda/kernels/vision.h"
#include "tests/cuda/modelshapes.h"

using namespace argali;
using namespace argali::cuda;
using namespace argali::test;

// How kernels are spread, over the shapes of all models that can be asked for by name, against what
// every architecture allows and against the work that there is.

namespace {

constexpr std::array types{DType::F32, DType::F16, DType::BF16};
constexpr std::array<int64_t, 9> stepTokens{0, 1, 2, 3, 4, 5, 6, 7, 8};
// The last ones are whole contexts, which nobody computes in one piece.
constexpr std::array<int64_t, 6> promptTokens{9, 63, 512, 2048, 32768, 131072};
constexpr std::array<int64_t, 6> capacities{1, 64, 512, 8192, 32768, 131072};
// One picture, the frames of a film, and a conversation full of pictures.
constexpr std::array<int64_t, 3> pictureCounts{1, 8, 64};

struct Limits {
    const char* architecture;
    int64_t sharedBytes; ///< of a block that asks for more than 48 KiB
};
constexpr std::array architectures{
    Limits{"7.5", 64 * 1024},  Limits{"8.0", 163 * 1024}, Limits{"8.6", 99 * 1024},
    Limits{"8.9", 99 * 1024},  Limits{"9.0", 227 * 1024}, Limits{"10.0", 227 * 1024},
    Limits{"12.0", 99 * 1024},
};

int64_t blocksOf(const Launch& launch)
{
    return launch.grid[0] * launch.grid[1] * launch.grid[2];
}

/// What is wrong with a launch on some architecture; empty: nothing.
QString forbidden(const Launch& launch)
{
    const int64_t* const grid = launch.grid;
    if (grid[0] < 0 || grid[1] < 0 || grid[2] < 0 || launch.sharedBytes < 0)
        return QStringLiteral("something is negative");
    if (grid[0] > 0x7fffffff)
        return QStringLiteral("%1 blocks along x").arg(grid[0]);
    if (grid[1] > 65535 || grid[2] > 65535)
        return QStringLiteral("%1 x %2 blocks along y and z").arg(grid[1]).arg(grid[2]);
    if (launch.threads < 32 || launch.threads > 1024 || launch.threads % 32 != 0)
        return QStringLiteral("%1 threads").arg(launch.threads);
    for (const Limits& limits : architectures)
        if (launch.sharedBytes > limits.sharedBytes)
            return QStringLiteral("%1 bytes of shared memory on %2")
                .arg(launch.sharedBytes)
                .arg(limits.architecture);
    return {};
}

/// Whether `parts` of `size` hold count and none is empty.
bool holds(int64_t parts, int64_t size, int64_t count)
{
    return size > 0 && parts * size >= count && (parts - 1) * size < count;
}

struct Pictures {
    int64_t frames;
    int64_t framePatches;
};

/// From one smallest picture to as many of the largest as fit a conversation, in one piece.
std::vector<Pictures> picturesOf(const Encoder& e)
{
    std::vector<Pictures> pictures;
    for (const int64_t count : pictureCounts)
        for (const int64_t framePatches : {int64_t{4}, e.framePatches / 3, e.framePatches})
            if (e.width > 0)
                pictures.push_back({count * e.frames, framePatches});
    return pictures;
}

std::vector<int64_t> allRows(const Model& model)
{
    std::vector<int64_t> rows(stepTokens.begin(), stepTokens.end());
    for (const Pictures& pictures : picturesOf(model.encoder))
        rows.push_back(pictures.frames * pictures.framePatches);
    rows.insert(rows.end(), promptTokens.begin(), promptTokens.end());
    return rows;
}

} // namespace

#define FITS(launch) QCOMPARE(forbidden(launch), QString())

class TestCudaGeometry : public QObject {
    Q_OBJECT

private slots:
    void limits();
    void rows_data() { addModels(); }
    void rows();
    void vision_data() { addModels(); }
    void vision();
    void products_data() { addModels(); }
    void products();
    void steps_data() { addModels(); }
    void steps();
    void rope_data() { addModels(); }
    void rope();
    void attention_data() { addModels(); }
    void attention();
    void attentionStep_data() { addModels(); }
    void attentionStep();
    void logits_data() { addModels(); }
    void logits();
    void streamRead();

private:
    static void addModels();
};

void TestCudaGeometry::addModels()
{
    QTest::addColumn<int>("index");
    for (size_t i = 0; i < models.size(); ++i)
        QTest::newRow(models[i].name) << static_cast<int>(i);
}

/// The judge itself.
void TestCudaGeometry::limits()
{
    FITS((Launch{{0x7fffffff, 65535, 65535}, 1024, 64 * 1024}));
    FITS((Launch{{0, 1, 1}, 32, 0}));
    for (const Launch& bad :
         {Launch{{0x80000000, 1, 1}, 32, 0}, Launch{{1, 65536, 1}, 32, 0},
          Launch{{1, 1, 65536}, 32, 0}, Launch{{-1, 1, 1}, 32, 0}, Launch{{1, 1, 1}, 0, 0},
          Launch{{1, 1, 1}, 48, 0}, Launch{{1, 1, 1}, 1056, 0}, Launch{{1, 1, 1}, 32, -1},
          Launch{{1, 1, 1}, 32, 64 * 1024 + 1}})
        QVERIFY(!forbidden(bad).isEmpty());
}

/// Kernels that give each row its blocks: norms, embedding, positions, the gate, conversions.
void TestCudaGeometry::rows()
{
    QFETCH(int, index);
    const Model& model = models.at(static_cast<size_t>(index));
    const Decoder& d = model.decoder;
    for (const int64_t rows : allRows(model))
        for (const int64_t width :
             {d.width, d.feedForward, std::max<int64_t>(1, model.encoder.width)}) {
            const Launch norm = normRowsLaunch(rows, width);
            FITS(norm);
            QCOMPARE(norm.grid[0], rows);
            QCOMPARE(blocksOf(norm), rows);
            QVERIFY(norm.sharedBytes >= norm.threads / 32 * 4); // a float of each warp

            for (const int64_t each : {1, 4, 8}) {
                const int64_t vectors = width / each;
                const Launch spread = rowsLaunch(rows, vectors);
                FITS(spread);
                QCOMPARE(spread.grid[0], rows);
                QVERIFY(holds(spread.grid[1], spread.threads, vectors));
                QCOMPARE(spread.grid[2], 1);
            }
        }
    // Whole matrices of weights, element by element
    for (const Matrix& matrix : decoderMatrices(d))
        for (const int64_t each : {1, 8}) {
            const int64_t vectors = matrix.outputs * matrix.inputs / each;
            const Launch convert = convertLaunch(vectors);
            FITS(convert);
            QVERIFY(holds(convert.grid[0], convert.threads, vectors));
            QCOMPARE(blocksOf(convert), convert.grid[0]);
        }
}

void TestCudaGeometry::vision()
{
    QFETCH(int, index);
    const Encoder& e = models.at(static_cast<size_t>(index)).encoder;
    for (const auto& [frames, framePatches] : picturesOf(e)) {
        const int64_t patches = frames * framePatches;
        for (const int64_t each : {1, 4}) {
            const int64_t features = 3 * e.patch * e.patch / each;
            const Launch patchify = patchifyLaunch(patches, features);
            FITS(patchify);
            QCOMPARE(patchify.grid[0], patches);
            QVERIFY(holds(patchify.grid[1], patchify.threads, features));
            QCOMPARE(patchify.grid[2], 1);

            const Launch resize = resizePositionsLaunch(patches, e.width / each);
            FITS(resize);
            QCOMPARE(resize.grid[0], patches);
            QVERIFY(holds(resize.grid[1], resize.threads, e.width / each));
            QCOMPARE(resize.grid[2], 1);
        }
        const Launch rope = ropePatchesLaunch(patches, e.headWidth);
        FITS(rope);
        // Sine and cosine of half the columns for each patch of a block
        QVERIFY(holds(rope.grid[0], rope.sharedBytes / (e.headWidth * 4), patches));
        QCOMPARE(blocksOf(rope), rope.grid[0]);

        for (const DType type : types) {
            const Launch attend =
                attendFramesLaunch(patches, e.heads, e.headWidth, framePatches, type);
            FITS(attend);
            QCOMPARE(attend.grid[1], e.heads);
            QCOMPARE(attend.grid[2], 1);
            if (type == DType::F32) {
                QVERIFY(holds(attend.grid[0], attend.threads / 32, patches));
            } else {
                QCOMPARE(attend.grid[0] % frames, 0); // a block has queries of one frame
                QVERIFY(holds(attend.grid[0] / frames, 64, framePatches));
                QVERIFY(attend.sharedBytes >= 2 * 16 * e.headWidth * sizeOf(type));
            }
        }
        if (e.visualVocabulary > 0) {
            const Launch softmax = normSoftmaxRowsLaunch(patches / 4);
            FITS(softmax);
            QCOMPARE(softmax.grid[0], patches / 4);
            QCOMPARE(blocksOf(softmax), patches / 4);
        }
    }
    FITS(attendFramesLaunch(0, 16, 72, 0, DType::BF16));
    QCOMPARE(blocksOf(attendFramesLaunch(0, 16, 72, 0, DType::BF16)), 0);
}

/// Products of any number of rows by our own kernel.
void TestCudaGeometry::products()
{
    QFETCH(int, index);
    const Model& model = models.at(static_cast<size_t>(index));
    std::vector<Matrix> matrices = decoderMatrices(model.decoder);
    for (const Matrix& matrix : encoderMatrices(model.encoder, model.decoder))
        matrices.push_back(matrix);
    for (const int64_t rows : allRows(model))
        for (const Matrix& matrix : matrices) {
            const Launch finish = finishRowsLaunch(rows, matrix.outputs);
            FITS(finish);
            QCOMPARE(finish.grid[0], rows);
            QVERIFY(holds(finish.grid[1], finish.threads, matrix.outputs));
            QCOMPARE(finish.grid[2], 1);
            for (const DType type : types)
                for (const bool aligned : {false, true})
                    for (const GemmTiles tiles :
                         {GemmTiles::Best, GemmTiles::Large, GemmTiles::Small}) {
                        const GemmPlan plan = gemmPlan(rows, matrix.outputs, type, aligned, tiles);
                        FITS(plan.launch);
                        const int64_t tile = plan.large ? 128 : 64;
                        QVERIFY(holds(plan.launch.grid[0], tile, rows));
                        QVERIFY(holds(plan.launch.grid[1], tile, matrix.outputs));
                        QCOMPARE(plan.launch.grid[2], 1);
                        QVERIFY(plan.launch.sharedBytes <= 48 * 1024);
                        QVERIFY(aligned || !plan.large);
                        // Two stages of 16 columns of both operands at least
                        QVERIFY(plan.launch.sharedBytes >= 2 * tile * 16 * sizeOf(type));
                    }
        }
    for (const Matrix& matrix : matrices) { // a bias, or all of a matrix
        for (const int64_t count : {int64_t{0}, matrix.outputs, matrix.outputs * matrix.inputs}) {
            const Launch round = roundValuesLaunch(count);
            FITS(round);
            QVERIFY(holds(round.grid[0], round.threads, count));
            QCOMPARE(blocksOf(round), round.grid[0]);
        }
    }
}

/// Products of up to eight rows, each weight read once.
void TestCudaGeometry::steps()
{
    QFETCH(int, index);
    const Model& model = models.at(static_cast<size_t>(index));
    std::vector<Matrix> matrices = decoderMatrices(model.decoder);
    for (const Matrix& matrix : encoderMatrices(model.encoder, model.decoder))
        matrices.push_back(matrix);
    for (const int64_t rows : stepTokens)
        for (const Matrix& matrix : matrices)
            for (const DType type : types)
                for (const bool gated : {false, true})
                    for (const bool aligned : {false, true}) {
                        const GemvPlan plan =
                            gemvPlan({rows, matrix.outputs, matrix.inputs}, type, gated, aligned);
                        const Launch& launch = plan.launch;
                        FITS(launch);
                        QVERIFY(plan.rows >= rows);
                        QVERIFY(plan.groups >= 1);
                        QVERIFY(plan.piece > 0 && plan.piece <= matrix.inputs);
                        QVERIFY(plan.groups == 1 || plan.piece == matrix.inputs);
                        const int64_t outputsOfBlock =
                            plan.groups * (launch.threads / 32) * (gated ? 1 : 2);
                        if (rows == 0)
                            QCOMPARE(launch.grid[0], 0);
                        else
                            QVERIFY(holds(launch.grid[0], outputsOfBlock, matrix.outputs));
                        QCOMPARE(blocksOf(launch), launch.grid[0]);
                        QVERIFY(launch.sharedBytes >= plan.rows * plan.piece * sizeOf(type));
                        QVERIFY(launch.sharedBytes < 49 * 1024);
                        if (plan.wide) // whole accesses
                            QCOMPARE(plan.piece * sizeOf(type) % 16, 0);
                    }
}

void TestCudaGeometry::rope()
{
    QFETCH(int, index);
    const Decoder& d = models.at(static_cast<size_t>(index)).decoder;
    const int64_t heads = d.heads + 2 * d.groups;
    std::vector<int64_t> counts(stepTokens.begin(), stepTokens.end());
    counts.insert(counts.end(), promptTokens.begin(), promptTokens.end());
    for (const int64_t tokens : counts)
        for (const int64_t capacity : capacities) {
            const Launch launch =
                headNormRopeLaunch({tokens, d.heads, d.groups, d.headWidth, capacity});
            FITS(launch);
            QCOMPARE(launch.grid[0], tokens);
            QVERIFY(holds(launch.grid[1], launch.threads / 32 * (tokens < 64 ? 1 : 4), heads));
            QCOMPARE(launch.grid[2], 1);
        }
}

void TestCudaGeometry::attention()
{
    QFETCH(int, index);
    const Decoder& d = models.at(static_cast<size_t>(index)).decoder;
    std::vector<int64_t> counts(stepTokens.begin(), stepTokens.end());
    counts.insert(counts.end(), promptTokens.begin(), promptTokens.end());
    // Widths of other models, the widest, and one that tiles are not for
    for (const int64_t width :
         {d.headWidth, int64_t{33}, int64_t{40}, int64_t{96}, attentionWidthLimit})
        for (const int64_t tokens : counts)
            for (const DType type : types) {
                const Launch launch =
                    attendPromptLaunch({tokens, d.heads, d.groups, width, 131072}, type);
                FITS(launch);
                const bool tiled = type != DType::F32 && width % 8 == 0;
                QVERIFY(holds(launch.grid[0], tiled ? 64 : launch.threads / 32, tokens));
                QCOMPARE(launch.grid[1], d.heads);
                QCOMPARE(launch.grid[2], 1);
                if (tiled) {
                    QCOMPARE(launch.threads, 128); // 16 queries of each warp
                    QVERIFY(launch.sharedBytes >= 2 * 16 * width * sizeOf(type));
                } else {
                    QVERIFY(launch.sharedBytes >= launch.threads / 32 * (width + 32) * 4);
                }
            }
}

void TestCudaGeometry::attentionStep()
{
    QFETCH(int, index);
    const Decoder& d = models.at(static_cast<size_t>(index)).decoder;
    for (const int64_t width : {d.headWidth, int64_t{33}, int64_t{96}, attentionWidthLimit})
        for (const int64_t tokens : stepTokens)
            for (const int64_t capacity : capacities)
                for (const DType type : types) {
                    const AttentionShape shape{tokens, d.heads, d.groups, width, capacity};
                    const Launch launch = attendStepLaunch(shape, type);
                    FITS(launch);
                    const int64_t splits = attendStepSplits(capacity);
                    QCOMPARE(launch.grid[0], splits);
                    // One lane of a warp puts each part together.
                    QVERIFY(splits >= 1 && splits <= 32);
                    QVERIFY(splits == 32 || splits * 64 >= capacity);
                    // Each block counts in one counter: 16 rows of a group at most.
                    const int64_t rows = tokens * d.heads / d.groups;
                    QCOMPARE(launch.grid[1], attendStepCounters(shape));
                    QCOMPARE(launch.grid[1] % d.groups, 0);
                    QVERIFY(holds(launch.grid[1] / d.groups, 16, rows));
                    QCOMPARE(launch.grid[2], 1);
                    QVERIFY(attendStepScratchFloats(shape) >=
                            splits * tokens * d.heads * (width + 2));
                    // Tiles of 16 keys and values at least, queries and weights of the rows in f32
                    const int64_t blockRows = std::min<int64_t>(16, rows);
                    QVERIFY(launch.sharedBytes >=
                            2 * 16 * width * sizeOf(type) + blockRows * (width + splits) * 4);
                }
}

/// The output row: the largest logit.
void TestCudaGeometry::logits()
{
    QFETCH(int, index);
    const int64_t vocabulary = models.at(static_cast<size_t>(index)).decoder.vocabulary;
    for (const int64_t count :
         {int64_t{0}, int64_t{1}, int64_t{65532}, vocabulary, 100 * vocabulary}) {
        const Launch launch = argmaxLaunch(count);
        FITS(launch);
        QCOMPARE(blocksOf(launch), launch.grid[0]);
        // Blocks take more than one part of 2048 each where there are many, but no block has none.
        QVERIFY((launch.grid[0] - 1) * 2048 < count || count == 0);
        QVERIFY(launch.grid[0] * 2048 >= count || launch.grid[0] == 1024);
        QCOMPARE(argmaxScratch(count), 2 * launch.grid[0]); // a value and a place of each
        QVERIFY(launch.sharedBytes >= launch.threads / 32 * 8);
        const Launch sorting = likeliestLaunch(count);
        FITS(sorting);
        QVERIFY(sorting.grid[0] * 2048 >= count);
        QCOMPARE(sorting.sharedBytes, int64_t{2048 * 8});
        QCOMPARE(likeliestScratch(count, 50), 2 * sorting.grid[0] * 50);
    }
}

void TestCudaGeometry::streamRead()
{
    for (int multiprocessors = 1; multiprocessors <= 256; ++multiprocessors) {
        const Launch launch = streamReadLaunch(multiprocessors);
        FITS(launch);
        QCOMPARE(launch.grid[0] % multiprocessors, 0);
        QCOMPARE(blocksOf(launch), launch.grid[0]);
        QVERIFY(launch.threads * (launch.grid[0] / multiprocessors) >=
                1024); // half of what fits and more
    }
}

QTEST_APPLESS_MAIN(TestCudaGeometry)
#include "tst_cudageometry.moc"
