#include <cmath>
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include <QDir>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "engine/checkpoint/safetensorswriter.h"
#include "engine/engine.h"
#include "engine/families/families.h"
#include "tests/support/argalicli.h"

using namespace argali;
using namespace argali::test;

// What a model is said to need, against the most memory that a whole program had: a folder on the
// disk with the shapes of a published model and one layer, opened, a picture seen, a prompt read.
class TestPeakMemory final : public QObject {
    Q_OBJECT
private slots:
    void estimate_data();
    void estimate();

private:
    QString m_model; ///< what lies in m_dir
    std::optional<QTemporaryDir> m_dir;
};

namespace {

/// Beside the weights and the work: the program, its libraries and a picture. Bytes.
constexpr double programBytes = 40e6;
constexpr int promptTokens = 1000;
constexpr int newTokens = 4;

/// Weights in bf16 and configuration in the folder; the other small files are those of another
/// model.
void writeModel(const QString& model, const QString& others, const QString& folder)
{
    const ModelFolder made = syntheticFolder(model.toStdString(), DType::BF16);
    std::vector<WrittenTensor> tensors;
    for (const std::string& name : made.weights->names())
        tensors.push_back({name, *made.weights->describe(name)});
    writeSafetensors((folder + "/model.safetensors").toStdString(), tensors,
                     [&](const std::string& name) { return *made.weights->find(name); });
    for (const QString& name : QDir(others).entryList(QDir::Files))
        if (!name.contains("model-0") && !name.endsWith(".safetensors") && !name.endsWith(".bin") &&
            !name.contains(".index."))
            QFile::copy(others + "/" + name, folder + "/" + name);
    QFile::remove(folder + "/config.json");
    nlohmann::json config = made.config.json();
    // The estimate is for the largest picture: as many tiles as are seen here.
    if (config.contains("max_dynamic_patch"))
        config["max_dynamic_patch"] = 2;
    argali::test::write(folder + "/config.json", QByteArray::fromStdString(config.dump()));
}

} // namespace

void TestPeakMemory::estimate_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("others");
    QTest::addColumn<int>("compute");
    constexpr std::pair<const char*, const char*> models[] = {
        {"ovis2.5-2b/layers=1", "ovis2_5-tiny"},
        {"llava-1.5-7b/layers=1", "llava_1_5-tiny-original"},
        {"internvl2-1b/layers=1", "internvl2-tiny-qwen2"},
        {"chatglm2-6b/layers=1", "chatglm2-tiny"},
    };
    for (const auto& [model, others] : models)
        for (const DType compute : {DType::BF16, DType::F16, DType::F32})
            QTest::addRow("%s in %s", model, nameOf(compute))
                << QString(model) << dataFolder + "/" + others << static_cast<int>(compute);
}

void TestPeakMemory::estimate()
{
    QFETCH(QString, model);
    QFETCH(QString, others);
    QFETCH(int, compute);
    if (model != m_model) {
        m_model.clear();
        m_dir.reset(); // one after the other: each has more than a gigabyte
        m_dir.emplace();
        writeModel(model, others, m_dir->path());
        m_model = model;
    }
    const char* const type = nameOf(static_cast<DType>(compute));
    const Outcome run =
        argaliCli({"bench", "-m", m_dir->path(), "--dtype", type, "--image", "896x448", "--prompt",
                   QString::number(promptTokens), "--generate", QString::number(newTokens),
                   "--runs", "1", "--json"});
    QVERIFY2(run.status == 0, run.err);
    const QJsonObject report = object(run.out);
    int64_t visual = 0;
    const std::filesystem::path folder = m_dir->path().toStdString();
    if (describeModel(folder).seesPictures)
        for (const QJsonValue& phase : report["phases"].toArray())
            if (phase["phase"] == "prefill")
                visual = phase["tokens"].toInteger() - promptTokens;
    const MemoryEstimate told =
        estimateMemory(folder, static_cast<DType>(compute), promptTokens + newTokens + visual);
    const double found = report["peak_memory_bytes"].toDouble() - programBytes;
    const auto total = static_cast<double>(told.total);
    const QByteArray figures = "told " + QByteArray::number(total / 1e6, 'f', 0) + " MB, found " +
                               QByteArray::number(found / 1e6, 'f', 0) + " MB";
    qInfo("%s", figures.constData());
    QVERIFY2(std::abs(found - total) <= 0.1 * total, figures);
}

QTEST_APPLESS_MAIN(TestPeakMemory)
#include "tst_peakmemory.moc"
