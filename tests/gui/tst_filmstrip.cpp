#include <QApplication>
#include <QDragEnterEvent>
#include <QFile>
#include <QMimeData>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>

#include "engine/media/mediareader.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composer.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/dropzone.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/pointedmedia.h"
#include "gui/chat/transcriptview.h"
#include "gui/chat/turncontroller.h"
#include "gui/film/filmframes.h"
#include "gui/film/filmpreview.h"
#include "gui/film/filmtimeline.h"
#include "gui/film/regioncard.h"
#include "gui/widgets/button.h"
#include "gui/widgets/segmentedcontrol.h"
#include "tests/support/burntnumber.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {

QString media(const char* name)
{
    return QStringLiteral(ARGALI_TEST_DATA "/media/") + QLatin1String(name);
}

using argali::gui::numberIn;

int numberIn(const Image& image)
{
    return numberIn(QImage(image.pixels().data(), image.width(), image.height(), 3 * image.width(),
                           QImage::Format_RGB888));
}

struct Bench {
    QTemporaryDir dir;
    Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
    MediaLoader loader{dir.filePath(QStringLiteral("pasted"))};
    FakeReplySource source;
    ConversationBook book;
    TurnController turns{book, source};
    ChatWidget chat{settings, loader, source, book, turns, {}};
    Composer& composer = *chat.composer();
    FilmStrip& strip = *chat.composer()->strip();

    Bench()
    {
        chat.resize(900, 700);
        chat.show();
        chat.setModel(anyModel(), false);
    }
    ~Bench()
    {
        // A page that goes away answers what it was still asked, when its view is half gone.
        if (TranscriptView* page = chat.transcript()) {
            (void)QTest::qWaitFor([page] { return page->isReady(); }, 2'000);
            QTest::qWait(200);
        }
    }
    bool attach(const QString& path)
    {
        composer.attach(path);
        return settle();
    }
    bool settle() // until all frames are exact
    {
        return QTest::qWaitFor([this] { return !composer.isReading(); }, 20'000);
    }
    QList<int> shown() const
    {
        QList<int> numbers;
        for (int i = 0; i < strip.view()->count(); ++i)
            numbers.append(numberIn(strip.view()->frame(i).image));
        return numbers;
    }
    /// The frames that a request would get of its film.
    static QList<int> sent(const ChatRequest& request)
    {
        QList<int> numbers;
        const FilmSource& film = request.messages.back().content.front().film;
        if (film.path.empty())
            return numbers;
        FilmReader reader(film.path);
        for (const double seconds : film.times)
            numbers.append(numberIn(reader.frameAt(seconds)));
        return numbers;
    }
    QList<int> send()
    {
        composer.edit()->setPlainText(QStringLiteral("?"));
        chat.send();
        return source.requests.empty() ? QList<int>() : sent(source.requests.back());
    }
};

} // namespace

class TestFilmStrip final : public QObject {
    Q_OBJECT
private slots:
    void whatIsShownIsWhatIsSent_data()
    {
        QTest::addColumn<QString>("file");
        for (const char* name : {"one_gop.mp4", "closed_gop.mp4", "open_gop.mp4",
                                 "open_gop_hevc.mkv", "ntsc.mkv", "sixty.webm", "late_start.mkv",
                                 "edit_list.mp4", "variable.mp4", "mpeg4.avi", "mjpeg.mov"})
            QTest::newRow(name) << media(name);
    }
    void whatIsShownIsWhatIsSent()
    {
        QFETCH(QString, file);
        Bench bench;
        QVERIFY(bench.attach(file));
        QVERIFY(bench.strip.isExact());
        QCOMPARE(bench.strip.view()->count(), 8);
        // By the rule, then moved by hand.
        bench.strip.view()->setCurrent(3);
        QTest::keyClick(bench.strip.view(), Qt::Key_Right);
        QTest::keyClick(bench.strip.view(), Qt::Key_Left, Qt::ShiftModifier);
        bench.strip.addFrame(bench.strip.film().duration * 0.9);
        QVERIFY(bench.settle());
        const QList<int> shown = bench.shown();
        QCOMPARE(shown.size(), bench.strip.frameSet().size());
        QCOMPARE(bench.send(), shown);
    }

    void numbersAreThoseOfTheRule()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4"))); // 200 frames, one key frame
        QCOMPARE(bench.shown(), (QList<int>{0, 25, 50, 75, 100, 125, 150, 175}));
        QCOMPARE(bench.send(), (QList<int>{0, 25, 50, 75, 100, 125, 150, 175}));
    }

    void keysMoveFrames()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4")));
        FilmFrames* view = bench.strip.view();
        view->setFocus();
        QTest::keyClick(view, Qt::Key_Down);
        QCOMPARE(view->current(), 1);
        QTest::keyClick(view, Qt::Key_Right);
        QCOMPARE(bench.strip.frameSet().indices().at(1), 26);
        QTest::keyClick(view, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(bench.strip.frameSet().indices().at(1), 36);
        QTest::keyClick(view, Qt::Key_Left, Qt::ShiftModifier);
        QTest::keyClick(view, Qt::Key_Left);
        QCOMPARE(bench.strip.frameSet().indices().at(1), 25);
        QTest::keyClick(view, Qt::Key_Delete);
        QCOMPARE(bench.strip.frameSet().size(), 7);
        QCOMPARE(bench.composer.draft().media.first().frames, 7);
        QTest::keyClick(view, Qt::Key_End);
        QTest::keyClick(view, Qt::Key_Right, Qt::ShiftModifier);
        QTest::keyClick(view, Qt::Key_Home);
        QCOMPARE(view->current(), 0);
        QVERIFY(view->accessibleDescription().contains(QStringLiteral("1 of 7")));
        QVERIFY(bench.settle());
        QCOMPARE(bench.shown(), (QList<int>{0, 50, 75, 100, 125, 150, 185}));
    }

    void theLastFrameStays()
    {
        Bench bench;
        QVERIFY(bench.attach(media("closed_gop.mp4")));
        bench.strip.slider()->setValue(1);
        QTest::keyClick(bench.strip.view(), Qt::Key_Delete);
        QCOMPARE(bench.strip.frameSet().size(), 1);
        QVERIFY(!bench.composer.note().isEmpty());
    }

    void handlesTrim()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4")));
        FilmTimeline* line = bench.strip.timeline();
        QWidget* start = line->startHandle();
        QTest::keyClick(start, Qt::Key_Right, Qt::ShiftModifier); // ten frames
        QTest::keyClick(start, Qt::Key_Up);                       // a second
        QCOMPARE(bench.strip.frameSet().first(), 35);
        QTest::keyClick(line->endHandle(), Qt::Key_Home); // not past the other
        QCOMPARE(bench.strip.frameSet().last(), 35);
        QTest::keyClick(line->endHandle(), Qt::Key_End);
        QTest::keyClick(line->endHandle(), Qt::Key_Left);
        QCOMPARE(bench.strip.frameSet().last(), 198);
        QVERIFY(bench.settle());
        // first + int(i * frames / n)
        QCOMPARE(bench.shown(), (QList<int>{35, 55, 76, 96, 117, 137, 158, 178}));
        QCOMPARE(bench.composer.draft().media.first().firstFrame, 35);
        QCOMPARE(bench.send(), (QList<int>{35, 55, 76, 96, 117, 137, 158, 178}));
    }

    void handlesAreDragged()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4")));
        bench.strip.view()->setCurrent(1);
        QTest::keyClick(bench.strip.view(), Qt::Key_Right); // by hand from here on
        FilmTimeline* line = bench.strip.timeline();
        QWidget* start = line->startHandle();
        const QPoint grip = start->rect().center();
        QTest::mousePress(start, Qt::LeftButton, {}, grip);
        QTest::mouseMove(start, grip + QPoint(line->width() * 12 / 25, 0));
        QCOMPARE(bench.strip.frameSet().size(), 4); // 100 and on
        QTest::mouseMove(start, start->rect().center() - QPoint(line->width() / 4, 0));
        QTest::mouseRelease(start, Qt::LeftButton, {}, start->rect().center());
        QCOMPARE(bench.strip.frameSet().size(), 6); // those passed on the way are back
        QVERIFY(bench.strip.frameSet().isByHand());
    }

    void sendingWaitsForTheExactFrames()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4")));
        bench.composer.edit()->setPlainText(QStringLiteral("?"));
        bench.strip.slider()->setValue(20);
        QVERIFY(!bench.strip.isExact());
        bench.chat.send();
        QVERIFY(bench.source.requests.empty());
        QVERIFY(bench.chat.isWaitingToSend());
        QTRY_COMPARE_WITH_TIMEOUT(bench.source.requests.size(), size_t(1), 20'000);
        QCOMPARE(bench.source.requests.front().messages.back().content.front().film.times.size(),
                 size_t(20));
    }

    void choiceIsKeptInTheDraft()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4")));
        bench.strip.view()->setCurrent(2);
        QTest::keyClick(bench.strip.view(), Qt::Key_Right);
        bench.strip.addFrame(7.0);
        const KeyFrameSet chosen = bench.strip.frameSet();
        const Draft draft = bench.composer.keptDraft();
        bench.composer.clear();
        QVERIFY(bench.strip.isHidden());
        bench.composer.setDraft(draft);
        QVERIFY(bench.settle());
        QCOMPARE(bench.strip.frameSet(), chosen);
    }

    void frameThatCannotBeDecodedMarksTheFilm()
    {
        // Whole at the start, in the middle and at the end, but not everywhere: some stretch is.
        QFile original(media("closed_gop.mp4"));
        QVERIFY(original.open(QIODevice::ReadOnly));
        const QByteArray whole = original.readAll();
        const qsizetype data = whole.indexOf("mdat") + 4;
        const qsizetype size = whole.indexOf("moov") - 4 - data;
        Bench bench;
        bool found = false;
        for (int from = 10; from < 45 && !found; from += 3) {
            QByteArray bytes = whole;
            for (qsizetype i = data + size * from / 100; i < data + size * (from + 14) / 100; ++i)
                bytes[i] = char(0);
            const QString path = bench.dir.filePath(QStringLiteral("damaged %1.mp4").arg(from));
            QFile out(path);
            QVERIFY(out.open(QIODevice::WriteOnly) && out.write(bytes) == bytes.size());
            out.close();
            bench.composer.clear();
            bench.composer.edit()->setPlainText(QStringLiteral("What happens?"));
            bench.composer.attach(path);
            QVERIFY(bench.settle());
            QCOMPARE(bench.composer.edit()->toPlainText(), QStringLiteral("What happens?"));
            found = bench.composer.entries().first().framesBroken;
        }
        QVERIFY(found);
        QVERIFY(
            bench.composer.entries().first().problem.contains(QStringLiteral("cannot be decoded")));
        QVERIFY(!bench.strip.isHidden()); // others can be chosen
        bench.chat.send();
        QVERIFY(bench.source.requests.empty());
        bench.strip.slider()->setValue(1); // the first frame is whole
        QVERIFY(bench.settle());
        QVERIFY2(bench.composer.obstacle().isEmpty(), qPrintable(bench.composer.obstacle()));
    }

    void cutFilmIsRefusedAtOnce()
    {
        QFile original(media("index_first.mp4"));
        QVERIFY(original.open(QIODevice::ReadOnly));
        Bench bench;
        const QString path = bench.dir.filePath(QStringLiteral("cut \"50 %\" 图.mp4"));
        QFile out(path);
        QVERIFY(out.open(QIODevice::WriteOnly));
        out.write(original.read(original.size() * 6 / 10));
        out.close();
        bench.composer.edit()->setPlainText(QStringLiteral("keep me"));
        bench.composer.attach(path);
        QVERIFY(bench.settle());
        QCOMPARE(bench.composer.entries().first().state, ComposerEntry::State::Broken);
        QVERIFY(bench.composer.obstacle().contains(QStringLiteral("cut \"50 %\" 图.mp4")));
        QCOMPARE(bench.composer.edit()->toPlainText(), QStringLiteral("keep me"));
        QVERIFY(bench.composer.draft().media.isEmpty());
    }

    void soundIsNoFilm()
    {
        Bench bench;
        for (const char* name : {"sound.m4a", "cover.mp3"}) {
            bench.composer.clear();
            QVERIFY(bench.attach(media(name)));
            QCOMPARE(bench.composer.entries().first().state, ComposerEntry::State::Broken);
            QVERIFY(bench.composer.obstacle().contains(QLatin1String(name)));
            QVERIFY(!bench.composer.entries().first().details.isEmpty());
        }
    }

    void dropZonesSort()
    {
        Bench bench;
        const QList<DropZone*> zones = bench.chat.emptyState()->findChildren<DropZone*>();
        QCOMPARE(zones.size(), 2); // for pictures and for a film; the window is the third
        const auto drop = [](DropZone& zone, const QString& path) {
            QMimeData mime;
            mime.setUrls({QUrl::fromLocalFile(path)});
            QDragEnterEvent enter(zone.rect().center(), Qt::CopyAction, &mime, Qt::LeftButton, {});
            QApplication::sendEvent(&zone, &enter);
            QVERIFY(enter.isAccepted());
            QDropEvent event(zone.rect().center(), Qt::CopyAction, &mime, Qt::LeftButton, {});
            QApplication::sendEvent(&zone, &event);
        };
        auto* kind = bench.composer.findChild<SegmentedControl*>();
        for (DropZone* zone : zones) { // what it is comes from its content, wherever it falls
            drop(*zone, media("closed_gop.mp4"));
            QVERIFY(bench.settle());
            QVERIFY(bench.composer.draft().media.first().isFilm());
            QVERIFY(!bench.strip.isHidden());
            QCOMPARE(kind->currentIndex(), 1);
            bench.composer.clear();
            drop(*zone, QStringLiteral(ARGALI_RESOURCES "/pocket/samples/objects.png"));
            QVERIFY(bench.settle());
            QVERIFY(!bench.composer.draft().media.first().isFilm());
            QVERIFY(bench.strip.isHidden());
            QCOMPARE(kind->currentIndex(), 0); // the switch shows what will be sent
            bench.composer.clear();
        }
    }

    void secondFilmOfAChatIsRefused()
    {
        Bench bench;
        QVERIFY(bench.attach(media("closed_gop.mp4")));
        bench.send();
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("It counts."));
        QVERIFY(bench.attach(media("one_gop.mp4")));
        QVERIFY(bench.composer.entries().first().problem.contains(QStringLiteral("new chat")));
        bench.composer.clear();
        QVERIFY(bench.attach(QStringLiteral(ARGALI_RESOURCES "/pocket/samples/objects.png")));
        QVERIFY(bench.composer.entries().first().problem.contains(QStringLiteral("film")));
        // A family that takes them takes them.
        LoadedModel model = anyModel();
        model.info.mixesPicturesAndFilms = true;
        bench.chat.setModel(model, false);
        QVERIFY(bench.composer.entries().first().problem.isEmpty());
        // A new chat begins anew.
        bench.chat.setModel(anyModel(), false);
        bench.book.startNew();
        QVERIFY(bench.attach(media("one_gop.mp4")));
        QVERIFY(bench.composer.entries().first().problem.isEmpty());
    }

    void timesGoToTheFilm()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4"))); // eight seconds
        bench.send();
        const quint64 turn = bench.source.lastTurn();
        bench.source.finish(turn, QStringLiteral("At 00:04."));
        bench.chat.media()->showTime(turn, 4.0);
        QVERIFY(bench.chat.preview());
        QTRY_VERIFY_WITH_TIMEOUT(bench.chat.preview()->isExact(), 10'000);
        QCOMPARE(numberIn(bench.chat.preview()->view()->picture()), 100);
        bench.chat.media()->showTime(turn, 1e12);
        QCOMPARE(bench.chat.preview()->index(), 199);
        bench.chat.media()->showTime(turn + 5, 1);
        // In the composer, the strip moves.
        bench.book.startNew();
        QVERIFY(bench.attach(media("one_gop.mp4")));
        bench.composer.edit()->setPlainText(QStringLiteral("And then?"));
        bench.chat.media()->showTime(turn, 5.1);
        QCOMPARE(bench.strip.view()->current(), 5);
    }

    void placesAreDrawnOnThePicture()
    {
        Bench bench;
        QVERIFY(bench.attach(QStringLiteral(ARGALI_RESOURCES "/pocket/samples/objects.png")));
        bench.send();
        const quint64 turn = bench.source.lastTurn();
        bench.source.finish(turn, QStringLiteral("<box>(0.1,0.2),(0.3,0.4)</box>"));
        bench.chat.media()->showRegion(turn, QStringLiteral("box"), {0.1, 0.2, 0.3, 0.4});
        QVERIFY(!bench.chat.media()->regionCard()->isHidden());
        QCOMPARE(bench.chat.media()->regionCard()->regions().boxes.size(), 1);
        bench.chat.media()->showRegion(turn, QStringLiteral("box"), {});
        QVERIFY(bench.chat.media()->regionCard()->isHidden());
        bench.chat.media()->showRegion(turn + 7, QStringLiteral("box"), {0, 0, 1, 1});
        QVERIFY(bench.chat.media()->regionCard()->isHidden());
    }

    void timesAreToldWhenAskedFor()
    {
        Bench bench;
        QVERIFY(bench.attach(media("one_gop.mp4")));
        Button* chip = nullptr;
        for (Button* button : bench.composer.findChildren<Button*>()) {
            if (button->text() == QStringLiteral("Tell times"))
                chip = button;
        }
        QVERIFY(chip && !chip->isHidden() && !chip->isChecked()); // off until it is asked for
        chip->click();
        bench.send();
        const std::vector<ContentItem>& content =
            bench.source.requests.back().messages.back().content;
        QCOMPARE(content.size(), size_t(3));
        QVERIFY(content.at(1).text.find("00:00.0, 00:01.0, 00:02.0") != std::string::npos);
        QVERIFY(chip->isHidden()); // no film, no times
    }

    void previewAddsTheFrameItShows()
    {
        Bench bench;
        QVERIFY(bench.attach(media("open_gop.mp4")));
        emit bench.strip.view()->openRequested(2);
        FilmPreview* preview = bench.chat.preview();
        QVERIFY(preview);
        QCOMPARE(preview->index(), bench.strip.frameSet().indices().at(2));
        preview->goTo(0.52);
        QTRY_VERIFY_WITH_TIMEOUT(preview->isExact(), 10'000);
        const int number = numberIn(preview->view()->picture());
        QCOMPARE(number, 13);
        QTest::keyClick(preview, Qt::Key_Return);
        QVERIFY(bench.settle());
        QVERIFY(bench.strip.frameSet().indices().contains(13));
        QVERIFY(bench.shown().contains(number));
        QVERIFY(bench.send().contains(number));
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestFilmStrip test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_filmstrip.moc"
