#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QFile>
#include <QFileDialog>
#include <QInputMethodEvent>
#include <QLabel>
#include <QMimeData>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include "gui/chat/attachmenttile.h"
#include "gui/chat/composer.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/dropzone.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/samplecard.h"
#include "gui/chat/seenpicture.h"
#include "gui/widgets/button.h"
#include "gui/widgets/overlaytag.h"
#include "gui/widgets/segmentedcontrol.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {

QString sample(const char* name)
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/") + QLatin1String(name);
}

struct Bench {
    QTemporaryDir dir;
    Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
    MediaLoader loader{dir.filePath(QStringLiteral("pasted"))};
    Composer composer{settings, loader};

    Bench()
    {
        composer.resize(720, 160);
        composer.show();
        composer.activateWindow();
        composer.focusText();
    }
    ComposerEdit* edit() { return composer.edit(); }
    bool settle() // until nothing is being read
    {
        return QTest::qWaitFor([this] { return !composer.isReading(); }, 20'000);
    }
};

LoadedModel modelForText()
{
    LoadedModel model = anyModel();
    model.info.seesPictures = model.info.seesFilms = false;
    return model;
}

void compose(QWidget* widget, const QString& preedit, const QString& commit = {})
{
    QInputMethodEvent event(preedit, {});
    event.setCommitString(commit);
    QApplication::sendEvent(widget, &event);
}

} // namespace

class TestComposer final : public QObject {
    Q_OBJECT
private slots:
    void enterSends()
    {
        Bench bench;
        QSignalSpy sent(&bench.composer, &Composer::sendRequested);
        QTest::keyClicks(bench.edit(), QStringLiteral("Hello"));
        QTest::keyClick(bench.edit(), Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClicks(bench.edit(), QStringLiteral("there"));
        QCOMPARE(sent.count(), 0);
        QCOMPARE(bench.edit()->toPlainText(), QStringLiteral("Hello\nthere"));
        QTest::keyClick(bench.edit(), Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
        QTest::keyClick(bench.edit(), Qt::Key_Enter, Qt::KeypadModifier);
        QCOMPARE(sent.count(), 2);
        QCOMPARE(bench.edit()->toPlainText(),
                 QStringLiteral("Hello\nthere")); // cleared by who sends, not before
    }

    void heldEnterSendsOnce()
    {
        Bench bench;
        QSignalSpy sent(&bench.composer, &Composer::sendRequested);
        QKeyEvent repeated(QEvent::KeyPress, Qt::Key_Return, Qt::NoModifier, QStringLiteral("\r"),
                           true);
        QApplication::sendEvent(bench.edit(), &repeated);
        QCOMPARE(sent.count(), 0);
    }

    void inputMethodsEnterNeverSends()
    {
        Bench bench;
        QSignalSpy sent(&bench.composer, &Composer::sendRequested);
        compose(bench.edit(), QStringLiteral("tu xiang"));
        QVERIFY(bench.edit()->isComposing());
        QTest::keyClick(bench.edit(), Qt::Key_Return);
        QTest::keyClick(bench.edit(), Qt::Key_Enter);
        QTest::keyClick(bench.edit(), Qt::Key_Return, Qt::ShiftModifier);
        QCOMPARE(sent.count(), 0);
        compose(bench.edit(), {}, QStringLiteral("图像"));
        QVERIFY(!bench.edit()->isComposing());
        QCOMPARE(bench.edit()->toPlainText(), QStringLiteral("图像"));
        QTest::keyClick(bench.edit(), Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
    }

    void growsToEightLines()
    {
        Bench bench;
        const int one = bench.edit()->sizeHint().height();
        bench.edit()->setPlainText(QStringLiteral("1\n2\n3"));
        const int three = bench.edit()->sizeHint().height();
        QVERIFY(three > one);
        bench.edit()->setPlainText(QStringLiteral("1\n2\n3\n4\n5\n6\n7\n8"));
        const int eight = bench.edit()->sizeHint().height();
        bench.edit()->setPlainText(QString(40, QLatin1Char('\n')));
        QCOMPARE(bench.edit()->sizeHint().height(), eight);
        bench.edit()->clear();
        QCOMPARE(bench.edit()->sizeHint().height(), one);
    }

    void aMegabyteOfTextIsTaken()
    {
        Bench bench;
        const QString text(1 << 20, QLatin1Char('a')); // one word, which is the hardest
        auto* mime = new QMimeData;
        mime->setText(text);
        QGuiApplication::clipboard()->setMimeData(mime);
        QElapsedTimer watch;
        watch.start();
        bench.edit()->paste();
        QCoreApplication::processEvents();
        QVERIFY2(watch.elapsed() < 10'000, qPrintable(QString::number(watch.elapsed())));
        QCOMPARE(bench.composer.draft().text.size(), text.size());
        bench.composer.setDraft({text, {}});
        QCOMPARE(bench.composer.draft().text.size(), text.size());
        bench.composer.clear();
        QVERIFY(bench.composer.isEmpty());
    }

    void pastesABitmap()
    {
        Bench bench;
        QImage image(64, 48, QImage::Format_RGB32);
        image.fill(Qt::red);
        auto* mime = new QMimeData;
        mime->setImageData(image);
        QGuiApplication::clipboard()->setMimeData(mime);
        bench.edit()->paste();
        QVERIFY(bench.settle());
        const Draft draft = bench.composer.draft();
        QCOMPARE(draft.media.size(), 1);
        QCOMPARE(draft.media.first().size, QSize(64, 48));
        QVERIFY(QFile::exists(draft.media.first().path)); // outlives a crash
        QCOMPARE(draft.text, QString());
    }

    void pastesFiles()
    {
        Bench bench;
        QMimeData mime;
        mime.setUrls(
            {QUrl::fromLocalFile(sample("objects.png")), QUrl::fromLocalFile(sample("pair.png"))});
        QVERIFY(bench.composer.take(mime));
        QVERIFY(bench.settle());
        QCOMPARE(bench.composer.draft().media.size(), 2);
        QCOMPARE(bench.composer.draft().media.at(1).name(), QStringLiteral("pair.png"));
    }

    void addressOfAPictureIsRefused()
    {
        Bench bench;
        bench.edit()->setPlainText(QStringLiteral("draft"));
        QMimeData mime;
        mime.setUrls({QUrl(QStringLiteral("https://example.org/cat.png"))});
        QVERIFY(bench.composer.take(mime));
        QVERIFY(bench.composer.entries().isEmpty());
        QVERIFY(bench.composer.note().contains(QStringLiteral("web")));
        QCOMPARE(bench.edit()->toPlainText(), QStringLiteral("draft"));
        QMimeData text;
        text.setText(QStringLiteral("https://example.org/a.JPG?size=2"));
        QVERIFY(bench.composer.take(text));
        QMimeData words; // an address in a question stays text
        words.setText(QStringLiteral("What is at https://example.org/a.png?"));
        QVERIFY(!bench.composer.take(words));
        QMimeData page;
        page.setText(QStringLiteral("https://example.org/article"));
        QVERIFY(!bench.composer.take(page));
    }

    void pictureOfABrowserWins()
    {
        Bench bench;
        QMimeData mime; // "Copy image" gives both
        QImage image(8, 8, QImage::Format_RGB32);
        image.fill(Qt::blue);
        mime.setImageData(image);
        mime.setUrls({QUrl(QStringLiteral("https://example.org/cat.png"))});
        QVERIFY(bench.composer.take(mime));
        QCOMPARE(bench.composer.entries().size(), 1);
        QVERIFY(bench.composer.note().isEmpty());
    }

    void formattedTextIsPastedPlain()
    {
        Bench bench;
        auto* mime = new QMimeData;
        mime->setHtml(QStringLiteral("<b>bold</b><script>x</script>"));
        mime->setText(QStringLiteral("bold"));
        QGuiApplication::clipboard()->setMimeData(mime);
        bench.edit()->paste();
        QCOMPARE(bench.edit()->toPlainText(), QStringLiteral("bold"));
    }

    void brokenFileIsNamedAndTheDraftStays()
    {
        Bench bench;
        bench.edit()->setPlainText(QStringLiteral("What is it?"));
        bench.composer.attach(sample("objects.png"));
        bench.composer.attach(sample("samples.json"));
        QVERIFY(bench.settle());
        QCOMPARE(bench.composer.entries().at(1).state, ComposerEntry::State::Broken);
        QVERIFY(bench.composer.obstacle().contains(QStringLiteral("samples.json")));
        QCOMPARE(bench.composer.draft().media.size(), 1);
        QCOMPARE(bench.edit()->toPlainText(), QStringLiteral("What is it?"));
        const auto isNamed = [&] {
            bool named = false;
            for (const QLabel* label : bench.composer.findChildren<QLabel*>())
                named = named || (label->isVisible() &&
                                  label->text().contains(QStringLiteral("samples.json")));
            return named;
        };
        QTRY_VERIFY(isNamed());
        for (Button* button : bench.composer.findChildren<Button*>()) {
            if (button->isVisible() &&
                button->accessibleName().contains(QStringLiteral("samples.json")))
                button->click();
        }
        QCOMPARE(bench.composer.entries().size(), 1);
        QCOMPARE(bench.composer.obstacle(), QString());
    }

    void folderSaysWhatToDo()
    {
        Bench bench;
        bench.composer.attach(bench.dir.path());
        QVERIFY(bench.settle());
        QVERIFY(bench.composer.entries().first().problem.contains(QStringLiteral("folder")));
    }

    void fileNamesAreNotMarkup()
    {
        Bench bench;
        QFile odd(bench.dir.filePath(QStringLiteral("<img src=x onerror=1>&b.png")));
        QVERIFY(odd.open(QIODevice::WriteOnly));
        odd.write("no picture");
        odd.close();
        bench.composer.attach(odd.fileName());
        QVERIFY(bench.settle());
        bool escaped = false;
        for (const QLabel* label : bench.composer.findChildren<QLabel*>())
            escaped = escaped || label->text().contains(
                                     QStringLiteral("&lt;img src=x onerror=1&gt;&amp;b.png"));
        QVERIFY(escaped);
    }

    void picturesOrOneFilm()
    {
        Bench bench;
        bench.edit()->setPlainText(QStringLiteral("?"));
        bench.composer.attach(sample("objects.png"));
        bench.composer.attach(sample("grow.mp4"));
        bench.composer.attach(sample("pair.png"));
        QVERIFY(bench.settle());
        QVERIFY(bench.composer.entries().at(0).isSendable());
        QVERIFY(!bench.composer.entries().at(1).isSendable());
        QVERIFY(bench.composer.entries().at(2).isSendable());
        QVERIFY(!bench.composer.obstacle().isEmpty());
        // Without the pictures the film can go.
        for (int left = 3; left > 1; --left) {
            RemoveButton* visible = nullptr;
            const auto seesOne = [&] {
                for (RemoveButton* button : bench.composer.findChildren<RemoveButton*>())
                    visible = button->isVisible() ? button : visible;
                return visible != nullptr;
            };
            QTRY_VERIFY(seesOne());
            visible->click();
            QCOMPARE(bench.composer.entries().size(), left - 1);
        }
        QCOMPARE(bench.composer.entries().size(), 1);
        QVERIFY(bench.composer.entries().first().isSendable());
        QCOMPARE(bench.composer.obstacle(), QString());
        QVERIFY(bench.composer.draft().media.first().isFilm());
        bench.composer.attach(sample("appear.mp4"));
        QVERIFY(bench.settle());
        QVERIFY(bench.composer.entries().at(1).problem.contains(QStringLiteral("one film")));
    }

    void filmFramesFollowTheSlider()
    {
        Bench bench;
        bench.composer.attach(sample("grow.mp4"));
        QVERIFY(bench.settle());
        auto* strip = bench.composer.findChild<FilmStrip*>();
        QVERIFY(strip->isVisible());
        QCOMPARE(strip->frames(), 8);
        QCOMPARE(strip->slider()->minimum(), 0);
        QCOMPARE(strip->slider()->maximum(), 30);
        strip->slider()->setValue(12);
        QCOMPARE(bench.composer.draft().media.first().frames, 12);
        QTRY_VERIFY_WITH_TIMEOUT(strip->isExact(), 20'000);
        strip->slider()->setValue(7);
        QVERIFY(!strip->isExact());
        strip->slider()->setValue(0);
        QCOMPARE(bench.composer.draft().media.first().frames, 0);
        auto* kind = bench.composer.findChild<SegmentedControl*>();
        QCOMPARE(kind->currentIndex(), 1);
    }

    void picturesChangePlacesByKeyboard()
    {
        Bench bench;
        for (const char* name : {"objects.png", "pair.png", "text.png"})
            bench.composer.attach(sample(name));
        QVERIFY(bench.settle());
        const auto names = [&] {
            QStringList found;
            const Draft draft = bench.composer.draft();
            for (const MediaFile& file : draft.media)
                found.append(file.name());
            return found.join(QLatin1Char(' '));
        };
        auto* row = bench.composer.findChild<AttachmentRow*>();
        QTest::qWait(50); // laid out
        row->tiles().at(0)->setFocus();
        QTest::keyClick(row->tiles().at(0), Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(names(), QStringLiteral("pair.png objects.png text.png"));
        QVERIFY(bench.composer.focusWidget() == row->tiles().at(1)); // it goes with what it moves
        QTest::keyClick(row->tiles().at(1), Qt::Key_Right, Qt::AltModifier);
        QTest::keyClick(row->tiles().at(2), Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(names(), QStringLiteral("pair.png text.png objects.png"));
        QTest::keyClick(row->tiles().at(1), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(names(), QStringLiteral("text.png pair.png objects.png"));
        QTest::keyClick(row->tiles().at(2), Qt::Key_Delete);
        QCOMPARE(names(), QStringLiteral("text.png pair.png"));
    }

    void picturesChangePlacesByDrag()
    {
        Bench bench;
        for (const char* name : {"objects.png", "pair.png", "text.png"})
            bench.composer.attach(sample(name));
        QVERIFY(bench.settle());
        auto* row = bench.composer.findChild<AttachmentRow*>();
        QTest::qWait(50); // laid out
        AttachmentTile* first = row->tiles().at(0);
        const QWidget* third = row->tiles().at(2);
        const QPoint last = third->mapToGlobal(third->rect().center());
        QTest::mousePress(first, Qt::LeftButton, {}, first->rect().center());
        QTest::mouseMove(first, first->rect().center() + QPoint(30, 0));
        QTest::mouseMove(first, first->mapFromGlobal(last + QPoint(10, 0)));
        QTest::mouseRelease(first, Qt::LeftButton, {}, first->rect().center());
        QCOMPARE(bench.composer.entries().last().name, QStringLiteral("objects.png"));
        QCOMPARE(bench.composer.entries().first().name, QStringLiteral("pair.png"));
    }

    void whatTheModelSees()
    {
        Bench bench;
        bench.composer.setModel(anyModel());
        bench.composer.attach(sample("objects.png"));
        QVERIFY(bench.settle());
        auto* row = bench.composer.findChild<AttachmentRow*>();
        QTest::keyClick(row->tiles().at(0), Qt::Key_Return);
        QVERIFY(!bench.composer.note().isEmpty()); // not known yet
        bench.composer.setCosts({{{128, 96}, {96, 64}, 1, 8, 12, 26}});
        QVERIFY(row->tiles().at(0)->toolTip().contains(QStringLiteral("96 × 64")));
        QVERIFY(row->tiles().at(0)->toolTip().contains(QStringLiteral("6 × 4")));
        QTest::keyClick(row->tiles().at(0), Qt::Key_Return);
        auto* seen = bench.composer.findChild<SeenPicture*>();
        QVERIFY(seen);
        QCOMPARE(seen->grid(), QSize(6, 4));
        QTRY_VERIFY_WITH_TIMEOUT(!seen->picture().isNull(), 10'000);
        QCOMPARE(seen->picture().size(), QSize(96, 64));
    }

    void modelDecidesWhatItTakes()
    {
        Bench bench;
        bench.edit()->setPlainText(QStringLiteral("?"));
        bench.composer.attach(sample("grow.mp4"));
        QVERIFY(bench.settle());
        LoadedModel model = anyModel();
        model.info.seesFilms = false;
        bench.composer.setModel(model);
        QVERIFY(bench.composer.obstacle().contains(QStringLiteral("grow.mp4")));
        QVERIFY(bench.composer.entries().first().problem.contains(QStringLiteral("Any-1B")));
        bench.composer.setModel(anyModel());
        QCOMPARE(bench.composer.obstacle(), QString());
    }

    void modelForTextTakesNoMedia()
    {
        Bench bench;
        Button* attach = nullptr;
        for (Button* button : bench.composer.findChildren<Button*>())
            if (button->accessibleName() == QStringLiteral("Attach"))
                attach = button;
        QVERIFY(attach && attach->isEnabled());
        auto* kind = bench.composer.findChild<SegmentedControl*>();
        bench.composer.setModel(modelForText());
        QVERIFY(!attach->isEnabled());
        QVERIFY(attach->toolTip().contains(QStringLiteral("no pictures")));
        QVERIFY(!kind->segment(0)->isEnabled() && !kind->segment(1)->isEnabled());
        QVERIFY(!bench.edit()->placeholderText().contains(QStringLiteral("picture")));
        bench.composer.chooseFiles(); // by its key
        QVERIFY(bench.composer.note().contains(QStringLiteral("no pictures")));
        QVERIFY(!bench.composer.findChild<QFileDialog*>());
        // What is dropped all the same stays, and says why it does not go.
        bench.edit()->setPlainText(QStringLiteral("?"));
        bench.composer.attach(sample("objects.png"));
        QVERIFY(bench.settle());
        QVERIFY(bench.composer.obstacle().contains(QStringLiteral("objects.png")));
        bench.composer.setModel(anyModel());
        QVERIFY(attach->isEnabled() && kind->segment(0)->isEnabled());
        QVERIFY(bench.edit()->placeholderText().contains(QStringLiteral("picture")));
        QCOMPARE(bench.composer.obstacle(), QString());
    }

    void emptyChatOfAModelForText()
    {
        Bench bench;
        EmptyState empty(bench.loader, {{sample("objects.png"), false, 8, {QStringLiteral("?")}},
                                        {sample("grow.mp4"), true, 8, {QStringLiteral("?")}}});
        const auto enabled = [&] {
            int count = 0;
            for (const SampleCard* card : empty.cards())
                count += card->isEnabled();
            for (const DropZone* zone : empty.findChildren<DropZone*>())
                count += zone->isEnabled();
            return count;
        };
        const auto says = [&](const char* words) {
            for (const QLabel* label : empty.findChildren<QLabel*>())
                if (label->text().contains(QLatin1String(words)))
                    return true;
            return false;
        };
        QCOMPARE(enabled(), 4);
        empty.setModel(modelForText(), false);
        QCOMPARE(enabled(), 0);
        QVERIFY(says("reads and writes text") && !says("Ask about a picture"));
        empty.setModel(anyModel(), false);
        QCOMPARE(enabled(), 4);
        QVERIFY(!says("reads and writes text") && says("Ask about a picture"));
        LoadedModel pictures = anyModel();
        pictures.info.seesFilms = false;
        empty.setModel(pictures, false);
        QCOMPARE(enabled(), 2);
    }

    void thinkingChipFollowsTheModel()
    {
        Bench bench;
        LoadedModel model = anyModel();
        model.info.thinks = false;
        bench.composer.setModel(model);
        Button* chip = nullptr;
        for (Button* button : bench.composer.findChildren<Button*>()) {
            if (button->isCheckable() && button->accessibleName() == QStringLiteral("Thinking"))
                chip = button;
        }
        QVERIFY(chip);
        QVERIFY(!chip->isEnabled());
        QVERIFY(!chip->toolTip().isEmpty());
        bench.composer.setModel(anyModel());
        QSignalSpy chosen(&bench.composer, &Composer::thinkingChosen);
        chip->click();
        QCOMPARE(chosen.count(), 1);
        QVERIFY(chosen.first().first().toBool());
        bench.composer.setThinking(true, 1024);
        QVERIFY(chip->text().contains(QStringLiteral("1024")));
        bench.composer.setThinking(true, 0); // nothing holds it
        QCOMPARE(chip->text(), QStringLiteral("Thinking"));
        QVERIFY(chip->isChecked());
        bench.composer.setThinking(false, 0);
        QVERIFY(!chip->isChecked());
        QCOMPARE(chosen.count(), 1);
    }

    void draftComesBackWhole()
    {
        Bench bench;
        bench.composer.attach(sample("grow.mp4"), 5);
        bench.edit()->setPlainText(QStringLiteral("When?"));
        QVERIFY(bench.settle());
        const Draft draft = bench.composer.keptDraft();
        bench.composer.clear();
        QVERIFY(bench.composer.isEmpty());
        bench.composer.setDraft(draft);
        QVERIFY(bench.settle());
        QCOMPARE(bench.composer.draft().text, QStringLiteral("When?"));
        QCOMPARE(bench.composer.draft().media.first().frames, 5);
    }

    void blankTextIsNotSent()
    {
        Bench bench;
        bench.composer.attach(sample("objects.png"));
        QVERIFY(bench.settle());
        QVERIFY(!bench.composer.obstacle().isEmpty());
        bench.edit()->setPlainText(QStringLiteral("  \n"));
        QVERIFY(!bench.composer.obstacle().isEmpty());
    }

    void sendButtonStopsWhileBusy()
    {
        Bench bench;
        QSignalSpy sent(&bench.composer, &Composer::sendRequested);
        QSignalSpy stopped(&bench.composer, &Composer::stopRequested);
        bench.composer.setBusy(true);
        Button* send = nullptr;
        for (Button* button : bench.composer.findChildren<Button*>()) {
            if (button->accessibleName() == QStringLiteral("Stop"))
                send = button;
        }
        QVERIFY(send && send->isEnabled());
        send->click();
        QCOMPARE(stopped.count(), 1);
        bench.composer.setBusy(false);
        QVERIFY(!send->isEnabled()); // nothing to send
        bench.edit()->setPlainText(QStringLiteral("x"));
        send->click();
        QCOMPARE(sent.count(), 1);
    }

    void tooManyFilesAreRefused()
    {
        Bench bench;
        for (int i = 0; i < 60; ++i)
            bench.composer.attach(sample("objects.png"));
        QCOMPARE(bench.composer.entries().size(), 50);
        QVERIFY(!bench.composer.note().isEmpty());
    }
};

QTEST_MAIN(TestComposer)
#include "tst_composer.moc"
