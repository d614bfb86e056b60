#include <QTest>

#include "gui/chat/conversation.h"
#include "gui/film/keyframeset.h"

using namespace argali;
using namespace argali::gui;

namespace {

MediaFile film(qint64 frames, double rate, int count = 8)
{
    MediaFile file;
    file.kind = MediaFile::Kind::Film;
    file.path = QStringLiteral("/tmp/film.mp4");
    file.frameCount = frames;
    file.frameRate = rate;
    file.duration = double(frames) / rate;
    file.frames = count;
    return file;
}

KeyFrameSet evenly(qint64 frames, int count, double rate = 25)
{
    return KeyFrameSet::of(film(frames, rate, count));
}

} // namespace

class TestKeyFrameSet final : public QObject {
    Q_OBJECT
private slots:
    void spreadsByTheRule()
    {
        // int(i * total / n), the examples of the specification, 3.2
        QCOMPARE(evenly(300, 8).indices(), (QList<qint64>{0, 37, 75, 112, 150, 187, 225, 262}));
        QCOMPARE(evenly(7, 8).indices(), (QList<qint64>{0, 0, 1, 2, 3, 4, 5, 6}));
        QCOMPARE(evenly(100, 6).indices(), (QList<qint64>{0, 16, 33, 50, 66, 83}));
        QCOMPARE(evenly(1, 3).indices(), (QList<qint64>{0, 0, 0}));
    }

    void automaticIsOneASecond()
    {
        QCOMPARE(evenly(250, 0).size(), 10);
        QCOMPARE(evenly(5, 0).size(), 1);
        QCOMPARE(evenly(25'000, 0).size(), 30);
        KeyFrameSet part = evenly(250, 0);
        part.setRange(50, 124); // three seconds
        QCOMPARE(part.indices(), (QList<qint64>{50, 75, 100}));
        QCOMPARE(part.count(), 0);
    }

    void rangeSpreadsWithin()
    {
        KeyFrameSet set = evenly(100, 4);
        set.setRange(20, 59);
        QCOMPARE(set.indices(), (QList<qint64>{20, 30, 40, 50}));
        set.setRange(99, 99);
        QCOMPARE(set.indices(), (QList<qint64>{99, 99, 99, 99}));
        set.setRange(-5, 1000);
        QVERIFY(set.isWhole());
        QCOMPARE(set.indices(), (QList<qint64>{0, 25, 50, 75}));
    }

    void rangeDropsWhatIsOutside()
    {
        KeyFrameSet set = evenly(100, 4);
        QCOMPARE(set.nudge(1, 1), 1);
        QVERIFY(set.isByHand());
        KeyFrameSet narrow = set;
        narrow.setRange(20, 60);
        QCOMPARE(narrow.indices(), (QList<qint64>{26, 50}));
        QCOMPARE(narrow.count(), 2);
        narrow.setRange(80, 99); // none is left: as many as there were, anew
        QCOMPARE(narrow.indices(), (QList<qint64>{80, 90}));
    }

    void nudges()
    {
        KeyFrameSet set = evenly(100, 4);
        QCOMPARE(set.nudge(2, -1), 2);
        QCOMPARE(set.indices(), (QList<qint64>{0, 25, 49, 75}));
        QCOMPARE(set.nudge(0, 10), 0);
        QCOMPARE(set.nudge(0, -100), 0);
        QCOMPARE(set.indices(), (QList<qint64>{0, 25, 49, 75}));
        QCOMPARE(set.nudge(3, 100), 3);
        QCOMPARE(set.indices().last(), 99);
        // Past a neighbour, behind one on the same spot, and back from a wall of them.
        QCOMPARE(set.nudge(0, 30), 1);
        QCOMPARE(set.indices(), (QList<qint64>{25, 30, 49, 99}));
        QCOMPARE(set.nudge(0, 5), 1);
        QCOMPARE(set.indices(), (QList<qint64>{30, 31, 49, 99}));
        QCOMPARE(set.nudge(2, 50), 2);
        QCOMPARE(set.indices(), (QList<qint64>{30, 31, 98, 99}));
        QCOMPARE(set.nudge(2, 1), 2);
        QCOMPARE(set.indices(), (QList<qint64>{30, 31, 98, 99}));
        QCOMPARE(set.nudge(7, 1), 7);
    }

    void removesButTheLast()
    {
        KeyFrameSet set = evenly(100, 2);
        QVERIFY(set.remove(0));
        QCOMPARE(set.indices(), (QList<qint64>{50}));
        QVERIFY(!set.remove(0));
        QVERIFY(!set.remove(4));
        QCOMPARE(set.count(), 1);
    }

    void adds()
    {
        KeyFrameSet set = evenly(100, 2);
        QCOMPARE(set.add(10), std::optional(1));
        QCOMPARE(set.add(10), std::optional(1)); // it is there already
        QCOMPARE(set.indices(), (QList<qint64>{0, 10, 50}));
        QCOMPARE(set.add(1000), std::optional(3));
        QCOMPARE(set.indices().last(), 99);
        set.setRange(0, 20);
        QCOMPARE(set.add(40), std::optional(2)); // the range gives way
        QCOMPARE(set.last(), 40);
        KeyFrameSet full = evenly(100, 30);
        QCOMPARE(full.add(1), std::nullopt);
        QCOMPARE(full.size(), 30);
    }

    void countSpreadsAnew()
    {
        KeyFrameSet set = evenly(100, 4);
        set.nudge(1, 3);
        set.setCount(2);
        QVERIFY(!set.isByHand());
        QCOMPARE(set.indices(), (QList<qint64>{0, 50}));
        set.setCount(99);
        QCOMPARE(set.size(), 30);
    }

    void timesAndBack()
    {
        const KeyFrameSet set = KeyFrameSet::of(film(300, 30000.0 / 1001));
        for (qint64 index = 0; index < 300; ++index)
            QCOMPARE(set.indexAt(set.timeOf(index)), index);
        QCOMPARE(set.indexAt(-1), 0);
        QCOMPARE(set.indexAt(1e9), 299);
        QCOMPARE(set.indexAt(std::nan("")), 0);
        QCOMPARE(set.placeNear(0), 0);
        QCOMPARE(set.placeNear(1e9), 7);
        QCOMPARE(set.placeNear(set.timeAt(3) + 0.1), 3);
    }

    void comesBackFromAFile()
    {
        MediaFile file = film(100, 25, 6);
        KeyFrameSet set = KeyFrameSet::of(file);
        set.setRange(10, 80);
        set.nudge(2, 3);
        set.writeTo(file);
        QCOMPARE(KeyFrameSet::of(file), set);
        QCOMPARE(file.frames, 6);
        file.frameCount = 40; // another film under the same name
        const KeyFrameSet held = KeyFrameSet::of(file);
        for (const qint64 index : held.indices())
            QVERIFY(index >= 0 && index < 40);
    }

    void hostileChoicesAreHeld()
    {
        MediaFile file = film(10, 25, 900);
        file.firstFrame = -7;
        file.lastFrame = INT64_MAX;
        for (qint64 i = 0; i < 500; ++i)
            file.chosen.append(i * 1'000'000'007 - 5);
        const KeyFrameSet set = KeyFrameSet::of(file);
        QCOMPARE(set.size(), 30);
        QVERIFY(set.indices().first() >= 0 && set.indices().last() <= 9);
        MediaFile nothing;
        nothing.frameRate = std::nan("");
        QCOMPARE(KeyFrameSet::of(nothing).total(), 1);
    }

    void theRequestHasTheChosenTimes()
    {
        MediaFile file = film(100, 25, 3);
        KeyFrameSet set = KeyFrameSet::of(file);
        set.nudge(1, 4);
        set.writeTo(file);
        const ChatRequest request =
            makeRequest(Conversation(), {QStringLiteral("When?"), {file}}, AnswerOptions());
        const std::vector<ContentItem>& content = request.messages.back().content;
        QCOMPARE(content.size(), size_t(2)); // no times in words, unless asked for
        QCOMPARE(content.front().film.times, set.times());
        QCOMPARE(content.front().film.times.at(1), 37 / 25.0);
    }

    void timesAreToldOnlyWhenAskedFor()
    {
        AnswerOptions options;
        options.tellTimes = true;
        const ChatRequest request =
            makeRequest(Conversation(), {QStringLiteral("When?"), {film(100, 25, 2)}}, options);
        const std::vector<ContentItem>& content = request.messages.back().content;
        QCOMPARE(content.size(), size_t(3));
        const QString line = QString::fromStdString(content.at(1).text);
        QVERIFY2(line.contains(QStringLiteral("00:00.0, 00:02.0")), qPrintable(line));
        QVERIFY(!line.contains(QLatin1Char('\n')));
        QCOMPARE(content.at(2).text, std::string("When?"));
    }
};

QTEST_MAIN(TestKeyFrameSet)
#include "tst_keyframeset.moc"
