#include "tests/cuda/modelcase.h"

#include <cmath>

#include "cuda/cudabackend.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/support/testdata.h"

namespace argali::test {

namespace {

/// Sum of squared differences over the sum of squares.
double nmse(const Tensor& found, const Tensor& expected)
{
    double difference = 0;
    double all = 0;
    for (int64_t i = 0; i < expected.count(); ++i) {
        const double e = expected.as<float>()[i];
        difference += std::pow(found.as<float>()[i] - e, 2);
        all += e * e;
    }
    return found.shape() == expected.shape() ? difference / all : INFINITY;
}

} // namespace

std::filesystem::path modelFolder()
{
    return testData() / "ovis2_5-tiny";
}

std::unique_ptr<LoadedModel> modelOn(std::vector<std::unique_ptr<Backend>> backends, DType dtype)
{
    ModelFolder files = openFolder(modelFolder());
    const std::shared_ptr<const WeightSource> weights = files.weights;
    std::unique_ptr<Family> family = makeFamily(std::move(files));
    std::vector<LayerShare> shares;
    int64_t left = family->info().layers;
    for (const auto& backend : backends) {
        const bool last = backend == backends.back();
        shares.push_back({backend.get(), last ? left : 1});
        left -= shares.back().layers;
    }
    if (!family->load(shares, dtype, {}, {}))
        throw Error(Error::Code::Internal, "loading was stopped");
    constexpr int64_t context = 512;
    return std::make_unique<LoadedModel>(std::move(backends), std::move(family), weights,
                                         openTokenizer(modelFolder()), Sampling{}, dtype, context);
}

std::unique_ptr<LoadedModel> modelOn(std::unique_ptr<Backend> op, DType dtype)
{
    std::vector<std::unique_ptr<Backend>> backends;
    backends.push_back(std::move(op));
    return modelOn(std::move(backends), dtype);
}

std::unique_ptr<LoadedModel> modelOnCard(DType dtype)
{
    return modelOn(std::make_unique<cuda::CudaBackend>(0), dtype);
}

ChatRequest question(int maxNewTokens)
{
    auto image = std::make_shared<Image>(70, 50);
    for (int y = 0; y < image->height(); ++y)
        for (int x = 0; x < image->width() * 3; ++x)
            image->row(y)[x] = static_cast<uint8_t>(x * 7 + y * 13);
    ContentItem shown;
    shown.type = ContentItem::Type::Picture;
    shown.picture.pixels = std::move(image);
    ContentItem text;
    text.text = "What is this?";
    ChatRequest request;
    request.messages.push_back({Message::Role::User, {shown, text}});
    request.maxNewTokens = maxNewTokens;
    request.sampling = Sampling{};
    return request;
}

std::vector<int32_t> answerOf(LoadedModel& model, std::stop_token stop)
{
    return model.generate(question(), std::move(stop), {}, {}).ids;
}

const std::vector<int32_t>& expectedAnswer()
{
    static const std::vector<int32_t> ids = answerOf(*modelOn(makeBackend("cpu"), DType::F32));
    return ids;
}

std::string differingStage(DType dtype)
{
    const double tolerance = dtype == DType::F32 ? 1e-9 : dtype == DType::F16 ? 1e-4 : 2e-3;
    const std::vector<int32_t> forced{1, 2, 3};
    const Trace expected = modelOn(makeBackend("cpu"), DType::F32)->trace(question(), forced, {});
    const Trace found = modelOnCard(dtype)->trace(question(), forced, {});
    const auto complaint = [](const char* stage, double error, double allowed) {
        return error < allowed ? std::string()
                               : std::string(stage) + ": NMSE " + std::to_string(error);
    };
    return complaint("pixel_values", nmse(found.pixelValues, expected.pixelValues), 1e-12) +
           complaint("visual_embeds", nmse(found.visualEmbeds, expected.visualEmbeds), tolerance) +
           complaint("logits", nmse(found.logits, expected.logits), tolerance);
}

} // namespace argali::test
