#include <fstream>

#include <QtTest>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/layers/smartresize.h"

using namespace argali;

class TestSmartResize final : public QObject {
    Q_OBJECT
private slots:
    void equalsTheReference();
    void refusesNothingness();
};

void TestSmartResize::equalsTheReference()
{
    std::ifstream file(ARGALI_TEST_DATA "/vectors/smart_resize.json");
    const nlohmann::json rows = nlohmann::json::parse(file).at("rows");
    QVERIFY(rows.size() > 500);
    for (const nlohmann::json& row : rows) {
        const ImageSize from{row.at("width").get<int>(), row.at("height").get<int>()};
        const ImageSize to = smartResize(from, 32, row.at("min_pixels").get<int64_t>(),
                                         row.at("max_pixels").get<int64_t>());
        const ImageSize expected{row.at("expect").at(1).get<int>(),
                                 row.at("expect").at(0).get<int>()};
        QVERIFY2(to == expected, row.dump().c_str());
    }
}

void TestSmartResize::refusesNothingness()
{
    QVERIFY_EXCEPTION_THROWN(smartResize({0, 5}, 32, 1, 100), Error);
    QVERIFY_EXCEPTION_THROWN(smartResize({5, 5}, 32, 1, 0), Error);
}

QTEST_APPLESS_MAIN(TestSmartResize)
#include "tst_smartresize.moc"
