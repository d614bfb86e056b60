#include <filesystem>
#include <fstream>

#include <QtTest>

#include "engine/adapterfiles.h"
#include "engine/engine.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

// Every field of every configuration that is read, with a value of each wrong kind: refused with
// one sentence that names the file and the field, or not read at all.
class TestMalformedFields final : public QObject {
    Q_OBJECT
private slots:
    void areNamed_data();
    void areNamed();
    void thereAreEnough();

private:
    int m_refused = 0;
};

namespace {

namespace fs = std::filesystem;
const fs::path data = ARGALI_TEST_DATA;

/// Pointers to every field, also of objects in objects; of a list the first.
void collect(const nlohmann::json& value, const nlohmann::json::json_pointer& at,
             std::vector<nlohmann::json::json_pointer>& fields)
{
    constexpr size_t deepest = 4;
    if (!at.empty())
        fields.push_back(at);
    const bool goesOn =
        at.to_string().size() < 200 && std::ranges::count(at.to_string(), '/') < long(deepest);
    if (value.is_object() && goesOn)
        for (const auto& [key, inner] : value.items()) {
            collect(inner, at / key, fields);
            if (key.find_first_not_of("0123456789") == key.npos)
                break; // a list of many of one kind
        }
    if (value.is_array() && goesOn && !value.empty())
        collect(value[0], at / size_t(0), fields);
}

bool isKind(const nlohmann::json& a, const nlohmann::json& b)
{
    return a.type() == b.type() || (a.is_number_integer() && b.is_number_integer());
}

/// What an action is refused for: empty where it is not, or as it has to be.
QString complaint(const std::function<void()>& action, const fs::path& file,
                  const nlohmann::json::json_pointer& field, int& refused)
{
    try {
        action();
        return {};
    } catch (const Error& error) {
        ++refused;
        const QString what = error.what();
        const auto names = [&](const std::string& key) {
            return what.contains(QString::fromStdString(key));
        };
        // What is in a list goes by the name of the list, or by its number.
        const bool isNumbered = field.back().find_first_not_of("0123456789") == std::string::npos;
        const bool isNamed =
            names(field.back()) || (isNumbered && names(field.parent_pointer().back()));
        const bool isTyped =
            error.code() == Error::Code::BadModel || error.code() == Error::Code::Unsupported;
        const bool isOneLine = !what.contains('\n');
        if (isTyped && isOneLine && isNamed &&
            what.contains(QString::fromStdString(file.filename().string())))
            return {};
        return QString("%1: %2").arg(int(error.code())).arg(what);
    } catch (const std::exception& error) {
        return QString("not one of ours: ") + error.what();
    }
}

} // namespace

void TestMalformedFields::areNamed_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("file");
    for (const char* folder : {"ovis2_5-tiny", "llava_1_5-tiny-hf", "llava_1_5-tiny-original",
                               "internvl2-tiny-internlm2", "internvl2-tiny-qwen2",
                               "internvl2-tiny-phi3", "internvl2-tiny-native", "chatglm2-tiny"})
        QTest::addRow("%s", folder) << folder << "config.json";
    for (const char* folder : {"ovis2_5-tiny", "llava_1_5-tiny-hf", "internvl2-tiny-native"})
        QTest::addRow("%s preprocessor", folder) << folder << "preprocessor_config.json";
    QTest::newRow("sampling") << "ovis2_5-tiny"
                              << "generation_config.json";
    for (const char* folder : {"ovis2_5-tiny", "internvl2-tiny-internlm2", "internvl2-tiny-qwen2"})
        QTest::addRow("%s tokenizer", folder) << folder << "tokenizer_config.json";
    for (const char* file : {"vision_tower/config.json", "vision_tower/preprocessor_config.json"})
        QTest::addRow("llava_1_5-tiny-original %s", file) << "llava_1_5-tiny-original" << file;
    for (const char* folder : {"adapters/llava-tiny-lora", "adapters/llava-tiny-lora-rslora",
                               "adapters/internvl2-vision"})
        QTest::addRow("%s", folder) << folder << "adapter_config.json";
}

void TestMalformedFields::areNamed()
{
    QFETCH(QString, folder);
    QFETCH(QString, file);
    ModelFolder model(folder.toStdString());
    if (fs::exists(data / folder.toStdString() / "vision_tower"))
        fs::copy(data / folder.toStdString() / "vision_tower", model.path() / "vision_tower");
    nlohmann::json whole;
    const fs::path path = model.path() / file.toStdString();
    std::ifstream(path) >> whole;
    const auto open = [&] {
        if (file == "adapter_config.json") {
            readAdapter({model.path(), {}, {}, {}});
        } else if (file == "tokenizer_config.json") {
            openTokenizer(model.path());
        } else {
            describeModel(model.path());
            defaultSampling(model.path());
        }
    };
    std::vector<nlohmann::json::json_pointer> fields;
    collect(whole, nlohmann::json::json_pointer(), fields);
    const std::vector<nlohmann::json> values{"a text", -7, 1e300, nlohmann::json::array({"x"}),
                                             int64_t(1) << 62};
    open(); // as it is
    QStringList complaints;
    int refused = 0;
    for (const auto& field : fields)
        for (const nlohmann::json& value : values) {
            nlohmann::json changed = whole;
            if (isKind(changed[field], value) && !value.is_number())
                continue; // another text or choice may be as good
            changed[field] = value;
            std::ofstream(path) << changed;
            const QString found = complaint(open, path, field, refused);
            if (!found.isEmpty())
                complaints +=
                    QString::fromStdString(field.to_string() + " = " + value.dump() + ": ") + found;
        }
    m_refused += refused;
    QVERIFY2(complaints.isEmpty(), qPrintable(complaints.join('\n')));
    QVERIFY2(refused > 0, "nothing of this file is looked at");
}

void TestMalformedFields::thereAreEnough()
{
    QVERIFY2(m_refused >= 60, qPrintable(QString::number(m_refused)));
    qInfo("%d files were refused", m_refused);
}

QTEST_APPLESS_MAIN(TestMalformedFields)
#include "tst_malformedfields.moc"
