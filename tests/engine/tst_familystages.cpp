#include <cmath>
#include <cstring>
#include <fstream>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/checkpoint/safetensors.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include "engine/media/mediareader.h"

using namespace argali;

// Every family against its reference: stage by stage from the reference's own token ids on
// (pixel_values, visual_embeds, logits), and from the messages to the text of the answer.
class TestFamilyStages final : public QObject {
    Q_OBJECT
private slots:
    void stages_data() { addCases(); }
    void stages();
    void answers_data() { addCases(); }
    void answers();

private:
    static void addCases();
};

namespace {

const std::filesystem::path data = ARGALI_TEST_DATA;

nlohmann::json jsonOf(const std::filesystem::path& file)
{
    nlohmann::json value;
    std::ifstream(file) >> value;
    return value;
}

/// What a case's tolerances are exceeded by; empty when they are kept.
QString complaint(const char* name, const Tensor& found, const Tensor& expected,
                  const nlohmann::json& tolerances)
{
    if (found.isEmpty() || found.shape() != expected.shape())
        return QString("%1: %2 values, expected %3")
            .arg(name)
            .arg(found.isEmpty() ? 0 : found.count())
            .arg(QString::fromStdString(expected.shape().text()));
    double largest = 0;
    double squares = 0;
    double all = 0;
    for (int64_t i = 0; i < found.count(); ++i) {
        float wanted = 0;
        std::memcpy(&wanted, expected.raw() + i * 4, 4); // a file's tensors need not be aligned
        const double difference = found.as<float>()[i] - wanted;
        largest = std::max(largest, std::isfinite(difference) ? std::abs(difference) : INFINITY);
        squares += difference * difference;
        all += double(wanted) * wanted;
    }
    const nlohmann::json& tolerance = tolerances.at(name);
    if (largest <= tolerance.at("max_abs").get<double>() &&
        squares <= tolerance.at("nmse").get<double>() * all)
        return {};
    return QString("%1: largest difference %2, NMSE %3").arg(name).arg(largest).arg(squares / all);
}

/// Rows of several tensors as one on the host.
Tensor joined(const std::vector<Tensor>& parts)
{
    int64_t rows = 0;
    for (const Tensor& part : parts)
        rows += part.dim(0);
    Shape shape{rows};
    for (int i = 1; i < parts.front().shape().rank(); ++i)
        shape.append(parts.front().dim(i));
    Tensor whole = hostTensor(DType::F32, shape);
    float* at = whole.as<float>();
    for (const Tensor& part : parts)
        at = std::copy_n(part.as<float>(), part.count(), at);
    return whole;
}

} // namespace

void TestFamilyStages::addCases()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("name");
    for (const char* model :
         {"internvl2-tiny-qwen2", "internvl2-tiny-native", "internvl2-tiny-phi3",
          "internvl2-tiny-6b", "llava_1_5-tiny-hf", "llava_1_5-tiny-original", "chatglm2-tiny",
          "chatglm2-tiny-32k", "chatglm2-tiny-int4", "internvl2-seven-heads",
          "llava_1_5-seven-heads", "ovis2_5-five-heads", "chatglm2-five-heads"})
        for (const auto& entry : std::filesystem::directory_iterator(data / model / "cases")) {
            const QString name = QString::fromStdString(entry.path().filename().string());
            QTest::addRow("%s %s", model, qPrintable(name)) << model << name;
        }
}

void TestFamilyStages::stages()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    const std::filesystem::path model = data / folder.toStdString();
    const std::filesystem::path folderOfCase = model / "cases" / name.toStdString();
    const nlohmann::json value = jsonOf(folderOfCase / "case.json");
    const nlohmann::json& expect = value.at("expect");
    const SafetensorsFile tensors = openSafetensors(folderOfCase / "expect.safetensors");
    const std::unique_ptr<Backend> op = makeBackend("cpu");
    const std::unique_ptr<Family> family = makeFamily(openFolder(model));
    QVERIFY(family->load(*op, DType::F32, {}, {}));

    ChatRequest request;
    request.aspectRatio = value.at("options").value("image_aspect_ratio", std::string());
    std::vector<Tensor> pixels;
    std::vector<Tensor> rows;
    std::vector<int64_t> tiles;
    const auto see = [&](const std::vector<std::string>& files, bool film) {
        std::vector<std::shared_ptr<const Image>> frames;
        for (const std::string& file : files)
            frames.push_back(
                std::make_shared<Image>(readPicture(folderOfCase / file, Orientation::AsStored)));
        const VisualPart part = family->fit({frames.front()->width(), frames.front()->height()},
                                            film ? int64_t(frames.size()) : 0, request);
        const Tensor patches = family->preprocess(part, frames, {});
        pixels.push_back(family->asReference(part, op->download(patches)));
        const Tensor tokens = family->project(family->encode(part, patches, {}, {}), {});
        rows.push_back(op->download(family->withMarkers(part, tokens)));
        QCOMPARE(rows.back().dim(0), family->rowsOf(part));
        for (size_t i = 0; i < frames.size(); ++i)
            tiles.push_back(part.tileCount());
    };
    for (const nlohmann::json& message : value.at("messages"))
        if (message.at("content").is_array())
            for (const nlohmann::json& item : message.at("content")) {
                if (item.at("type") == "image")
                    see({item.at("path").get<std::string>()}, false);
                if (item.at("type") == "video")
                    see(item.at("paths").get<std::vector<std::string>>(), true);
            }
    if (expect.contains("tiles"))
        QCOMPARE(tiles, expect.at("tiles").get<std::vector<int64_t>>());

    Tensor visual;
    if (!rows.empty()) {
        QCOMPARE(complaint("pixel_values", joined(pixels), tensors.tensors.at("pixel_values"),
                           value.at("tolerance")),
                 QString());
        const Tensor all = joined(rows);
        QCOMPARE(complaint("visual_embeds", all, tensors.tensors.at("visual_embeds"),
                           value.at("tolerance")),
                 QString());
        visual = op->allocate(DType::F32, all.shape());
        op->upload(visual, all);
    }
    auto ids = expect.at("input_ids").get<std::vector<int32_t>>();
    if (!rows.empty()) {
        // Where the family leaves it to the tokenizer, its files say which id stands for a picture;
        // Ovis has ids below zero for the markers around one, too.
        if (!family->placeholderId().has_value() && folder.startsWith("internvl2"))
            std::ranges::replace(
                ids, jsonOf(model / "added_tokens.json").at("<IMG_CONTEXT>").get<int32_t>(), -200);
        else if (family->placeholderId().has_value())
            std::ranges::replace(ids, *family->placeholderId(), -200);
        QCOMPARE(std::ranges::count_if(ids, [](int32_t id) { return id < 0; }), visual.dim(0));
    }
    const auto generated = expect.at("generated_ids").get<std::vector<int32_t>>();
    const std::unique_ptr<KvCache> cache =
        family->makeCache(int64_t(ids.size() + generated.size()));
    std::vector<Tensor> logits{op->download(family->decode(ids, visual, *cache, {}, {}))};
    for (const int32_t id : generated)
        logits.push_back(op->download(family->decode(std::vector{id}, {}, *cache, {}, {})));
    QCOMPARE(
        complaint("logits", joined(logits), tensors.tensors.at("logits"), value.at("tolerance")),
        QString());
}

namespace {

ContentItem itemOf(const nlohmann::json& value, const std::filesystem::path& folder)
{
    const auto picture = [&](const std::string& file) {
        return PictureSource{
            {}, std::make_shared<Image>(readPicture(folder / file, Orientation::AsStored))};
    };
    ContentItem item;
    if (value.at("type") == "text") {
        item.text = value.at("text").get<std::string>();
    } else if (value.at("type") == "image") {
        item.type = ContentItem::Type::Picture;
        item.picture = picture(value.at("path").get<std::string>());
    } else {
        item.type = ContentItem::Type::Film;
        for (const nlohmann::json& path : value.at("paths"))
            item.film.frames.push_back(picture(path.get<std::string>()));
    }
    return item;
}

ChatRequest requestOf(const nlohmann::json& value, const std::filesystem::path& folder)
{
    ChatRequest request;
    for (const nlohmann::json& message : value.at("messages")) {
        const std::string role = message.at("role").get<std::string>();
        Message to;
        to.role = role == "system" ? Message::Role::System
                  : role == "user" ? Message::Role::User
                                   : Message::Role::Assistant;
        const nlohmann::json& content = message.at("content");
        if (content.is_string())
            to.content.push_back(itemOf({{"type", "text"}, {"text", content}}, folder));
        else
            for (const nlohmann::json& item : content)
                to.content.push_back(itemOf(item, folder));
        request.messages.push_back(to);
    }
    const nlohmann::json& options = value.at("options");
    request.maxNewTokens = options.at("max_new_tokens").get<int>();
    request.promptTemplate = options.value("template", std::string());
    request.aspectRatio = options.value("image_aspect_ratio", std::string());
    request.sampling = Sampling{};
    return request;
}

} // namespace

void TestFamilyStages::answers()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    const std::filesystem::path model = data / folder.toStdString();
    const std::filesystem::path folderOfCase = model / "cases" / name.toStdString();
    const nlohmann::json value = jsonOf(folderOfCase / "case.json");
    const nlohmann::json& expect = value.at("expect");
    const ChatRequest request = requestOf(value, folderOfCase);
    const std::unique_ptr<Model> opened = openModel(
        model, {.device = "cpu", .dtype = DType::F32, .progress = {}, .adapters = {}}, {});
    QCOMPARE(opened->trace(request, {}, {}).inputIds,
             expect.at("input_ids").get<std::vector<int32_t>>());
    const ChatResult result = opened->generate(request, {}, {}, {});
    QCOMPARE(result.ids, expect.at("generated_ids").get<std::vector<int32_t>>());
    QCOMPARE(result.text, expect.at("text").get<std::string>());
    QVERIFY(result.thinking.empty());
}

QTEST_APPLESS_MAIN(TestFamilyStages)
#include "tst_familystages.moc"
