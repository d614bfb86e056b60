#include <algorithm>

#include <QApplication>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>

#include "gui/settings/answerdefaultspage.h"
#include "gui/settings/samplingpanel.h"
#include "gui/widgets/button.h"
#include "gui/widgets/toggleswitch.h"
#include "gui/widgets/valueslider.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// The panel over a book of chats, as in the window.
struct Bench {
    explicit Bench(const QString& file) : store(file) {}
    AnswerOptions now() const { return options.current(); }
    /// Says something in the chat that is open, so that it is one.
    void say()
    {
        Turn turn;
        turn.id = book.newId();
        turn.answer.state = Answer::State::Finished;
        options.keep();
        book.current().append(turn);
    }

    Settings store;
    ConversationBook book;
    ChatOptions options{store, book};
    SamplingPanel panel{store, options};
};

void type(ValueSlider* slider, const QString& text)
{
    slider->number()->setFocus();
    slider->number()->selectAll();
    QTest::keyClicks(slider->number(), text);
}

void enter(ValueSlider* slider, const QString& text)
{
    type(slider, text);
    QTest::keyClick(slider->number(), Qt::Key_Return);
}

Button* resetOf(QWidget* panel, const QString& caption)
{
    for (Button* button : panel->findChildren<Button*>()) {
        if (button->accessibleName() == QStringLiteral("Default for ") + caption)
            return button;
    }
    return nullptr;
}

} // namespace

class TestSamplingPanel final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    int m_files = 0;
    QString file() { return m_dir.filePath(QStringLiteral("%1.ini").arg(m_files++)); }

private slots:
    void longestHoldsBudgetBothWays()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        QCOMPARE(panel.budget()->value(), 1024.0);
        QCOMPARE(panel.longest()->value(), 2048.0);
        panel.budget()->setValue(3968); // pushes the longest answer up
        QCOMPARE(panel.longest()->value(), 4096.0);
        panel.longest()->setValue(256); // pulls the budget down
        QCOMPARE(panel.budget()->value(), 128.0);
        panel.longest()->setValue(2048);
        QCOMPARE(panel.budget()->value(), 128.0); // only as far as needed
        panel.budget()->setValue(1920);
        QCOMPARE(panel.longest()->value(), 2048.0); // 1920 + 128 fits just so
        panel.budget()->setValue(1952);
        QCOMPARE(panel.longest()->value(), 2080.0);
        QCOMPARE(bench.now().thinkingBudget, 1952);
        QCOMPARE(bench.now().longestAnswer, 2080);
        // The defaults are another matter.
        QCOMPARE(bench.store.value(settings::thinkingBudget), 1024);
        QCOMPARE(bench.store.value(settings::longestAnswer), 2048);
    }

    void everyPairHolds()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        for (int step = 0; step <= 120; step += 7) {
            panel.budget()->slider()->setValue(step);
            QVERIFY(panel.longest()->value() >= panel.budget()->value() + answerReserve);
            panel.longest()->slider()->setValue(120 - step);
            QVERIFY(panel.longest()->value() >= panel.budget()->value() + answerReserve);
        }
    }

    void withoutBudgetTheyDoNotHoldEachOther()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        panel.thinking()->setChecked(true);
        QVERIFY(panel.budget()->isEnabled());
        QTest::keyClick(panel.form()->hasBudget(), Qt::Key_Space);
        QVERIFY(!panel.budget()->isEnabled()); // grey
        QVERIFY(panel.longest()->isEnabled());
        panel.longest()->setValue(512);
        QCOMPARE(panel.budget()->value(), 1024.0);
        QCOMPARE(bench.now().longestAnswer, 512);
        QCOMPARE(bench.now().budget(), 0);
        panel.form()->hasBudget()->setChecked(true); // it comes into what there is
        QVERIFY(panel.budget()->isEnabled());
        QCOMPARE(panel.longest()->value(), 512.0);
        QCOMPARE(panel.budget()->value(), 384.0);
        QCOMPARE(bench.now().budget(), 384);
    }

    void badPairInTheFileIsMended()
    {
        const QString name = file();
        Settings store(name);
        store.set(settings::thinkingBudget, 2048);
        store.set(settings::longestAnswer, 256);
        store.sync();
        Bench bench(name);
        QCOMPARE(bench.panel.budget()->value(), 2048.0);
        QCOMPARE(bench.panel.longest()->value(), 2176.0);
    }

    void moreThanTheSliderIsTyped()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        LoadedModel model = anyModel();
        model.context = 40'960;
        panel.setModel(model);
        panel.thinking()->setChecked(true);
        type(panel.longest(), QStringLiteral("10000"));
        QCOMPARE(bench.now().longestAnswer, 2048); // half a number changes nothing
        QTest::keyClick(panel.longest()->number(), Qt::Key_Return);
        QCOMPARE(panel.longest()->value(), 10'000.0);
        QCOMPARE(panel.longest()->slider()->value(), panel.longest()->slider()->maximum());
        QCOMPARE(bench.options.forAnswer(model).longestAnswer, 10'000);
        QCOMPARE(panel.form()->note(), QString());
        enter(panel.budget(), QStringLiteral("12000")); // pushes, beyond the sliders too
        QCOMPARE(panel.longest()->value(), 12'128.0);
        enter(panel.longest(), QStringLiteral("1000")); // between two steps
        QCOMPARE(panel.longest()->value(), 1000.0);
        QCOMPARE(panel.budget()->value(), 872.0);
    }

    void contextBoundsTheLongestAnswer()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        LoadedModel model = anyModel();
        model.context = 40'960;
        panel.setModel(model);
        panel.thinking()->setChecked(true);
        enter(panel.longest(), QStringLiteral("50000"));
        QCOMPARE(panel.longest()->value(), 40'960.0);
        QCOMPARE(panel.longest()->number()->value(), 40'960.0);
        QVERIFY2(panel.form()->note().contains(QStringLiteral("40,960")),
                 qPrintable(panel.form()->note()));
        enter(panel.budget(), QStringLiteral("999999"));
        QCOMPARE(panel.budget()->value(), 40'832.0);
        // A smaller model answers within its own, and the wish stays.
        LoadedModel small = anyModel();
        small.context = 2048;
        panel.setModel(small);
        QCOMPARE(panel.longest()->value(), 40'960.0);
        QVERIFY(panel.form()->note().contains(QStringLiteral("2,048")));
        const AnswerOptions sent = bench.options.forAnswer(small);
        QCOMPARE(sent.longestAnswer, 2048);
        QCOMPARE(sent.thinkingBudget, 1920);
        panel.longest()->setValue(1024);
        QCOMPARE(panel.form()->note(), QString());
        small.context = 60; // less than the reserve
        QCOMPARE(bench.options.forAnswer(small).longestAnswer, 60);
        QCOMPARE(bench.options.forAnswer(small).thinkingBudget, 1);
    }

    void samplingOffGreysItsSliders()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        QVERIFY(!panel.sampling()->isChecked());
        QVERIFY(!panel.temperature()->isEnabled());
        QTest::keyClick(panel.sampling(), Qt::Key_Space);
        QVERIFY(panel.temperature()->isEnabled());
        QVERIFY(bench.now().sampling.enabled);
        QVERIFY(!bench.store.value(settings::sampling));
    }

    void changesWithTheChat()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        bench.say();
        panel.temperature()->setValue(1.25);
        panel.systemPrompt()->setPlainText(QStringLiteral("Be brief."));
        panel.longest()->setValue(3008);
        const quint64 first = bench.book.current().id();
        bench.book.startNew();
        QCOMPARE(panel.temperature()->value(), 0.7);
        QCOMPARE(panel.longest()->value(), 2048.0);
        QCOMPARE(panel.systemPrompt()->toPlainText(), QString());
        bench.say();
        panel.thinking()->setChecked(true);
        panel.systemPrompt()->setPlainText(QStringLiteral("Rhyme."));
        type(panel.budget(), QStringLiteral("512")); // not confirmed when another chat is opened
        bench.book.open(bench.book.indexOf(first));
        QCOMPARE(panel.temperature()->value(), 1.25);
        QCOMPARE(panel.longest()->value(), 3008.0);
        QCOMPARE(panel.budget()->value(), 1024.0);
        QCOMPARE(panel.systemPrompt()->toPlainText(), QStringLiteral("Be brief."));
        QVERIFY(!panel.thinking()->isChecked());
        bench.book.open(0);
        QCOMPARE(panel.systemPrompt()->toPlainText(), QStringLiteral("Rhyme."));
        QVERIFY(panel.thinking()->isChecked());
        QCOMPARE(panel.budget()->value(), 512.0); // it was meant for this one
        QCOMPARE(panel.temperature()->value(), 0.7);
        // None of it reached the defaults.
        QVERIFY(AnswerOptions::from(bench.store).isLike(AnswerOptions::builtIn()));
    }

    void untouchedNewChatFollowsTheDefaults()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        bench.store.set(settings::thinking, true);
        QVERIFY(panel.thinking()->isChecked());
        QVERIFY(panel.budget()->isEnabled());
        panel.temperature()->setValue(0.2); // touched
        bench.store.set(settings::thinking, false);
        QVERIFY(panel.thinking()->isChecked());
        bench.options.useDefaults(); // an empty chat follows them again
        QVERIFY(!panel.thinking()->isChecked());
        bench.store.set(settings::temperature, 0.3);
        QCOMPARE(panel.temperature()->value(), 0.3);
        bench.say(); // a chat with words in it goes its own way
        bench.store.set(settings::temperature, 0.4);
        QCOMPARE(panel.temperature()->value(), 0.3);
        bench.options.useDefaults();
        bench.store.set(settings::temperature, 0.5);
        QCOMPARE(panel.temperature()->value(), 0.4);
        // The touched empty chat is not the one that a new chat begins in.
        bench.book.startNew();
        panel.temperature()->setValue(1);
        bench.book.open(1);
        bench.book.startNew();
        QCOMPARE(panel.temperature()->value(), 0.5);
    }

    void defaultButtonsLeadToTheDefaultsOfNewChats()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        bench.store.set(settings::temperature, 0.3);
        bench.store.set(settings::thinking, true);
        bench.store.set(settings::systemPrompt, QStringLiteral("Be kind."));
        panel.sampling()->setChecked(true);
        panel.temperature()->setValue(1.5);
        panel.thinking()->setChecked(false);
        panel.systemPrompt()->setPlainText(QStringLiteral("A long poem"));
        Button* reset = resetOf(&panel, QStringLiteral("Temperature"));
        QCOMPARE(reset->toolTip(), QStringLiteral("Back to 0.30, as in a new chat"));
        reset->click();
        QCOMPARE(bench.now().sampling.temperature, 0.3F);
        QVERIFY(reset->isHidden());
        reset = resetOf(&panel, QStringLiteral("Thinking"));
        QCOMPARE(reset->toolTip(), QStringLiteral("Back to on, as in a new chat"));
        reset->click();
        QVERIFY(bench.now().thinking);
        QVERIFY(reset->isHidden());
        reset = resetOf(&panel, QStringLiteral("System prompt"));
        reset->click();
        QCOMPARE(bench.now().systemPrompt, QStringLiteral("Be kind."));
        QVERIFY(reset->isHidden());
        panel.systemPrompt()->undo(); // what was written is not lost
        QCOMPARE(bench.now().systemPrompt, QStringLiteral("A long poem"));
        for (const char* caption :
             {"Sampling", "Temperature", "Top-p", "Top-k", "Min-p", "Repetition penalty", "Seed",
              "Thinking", "Thinking budget", "Budget", "Longest answer", "System prompt"})
            QVERIFY2(resetOf(&panel, QString::fromLatin1(caption)), caption);
    }

    void pageOfTheSettingsEditsTheDefaults()
    {
        Bench bench(file());
        bench.say(); // a chat of its own
        AnswerDefaultsPage page(bench.store);
        AnswerForm& form = *page.form();
        form.sampling()->setChecked(true);
        form.temperature()->setValue(1.5);
        form.thinking()->setChecked(true);
        form.budget()->setValue(3000); // pushes the longest answer
        form.systemPrompt()->insertPlainText(QStringLiteral("Be "));
        form.systemPrompt()->insertPlainText(QStringLiteral("kind.")); // where the caret was left
        const AnswerOptions defaults = AnswerOptions::from(bench.store);
        QCOMPARE(defaults.sampling.temperature, 1.5F);
        QVERIFY(defaults.thinking);
        QCOMPARE(defaults.longestAnswer, 3128);
        QCOMPARE(defaults.systemPrompt, QStringLiteral("Be kind."));
        QVERIFY(bench.now().isLike(AnswerOptions::builtIn()));
        bench.book.startNew();
        QVERIFY(bench.now().isLike(defaults));
        bench.store.set(settings::temperature, 0.5); // from elsewhere
        QCOMPARE(form.temperature()->value(), 0.5);
        Button* reset = resetOf(&page, QStringLiteral("Temperature"));
        QCOMPARE(reset->toolTip(), QStringLiteral("Back to 0.70, as Argali comes"));
        reset->click();
        QCOMPARE(bench.store.value(settings::temperature), 0.7);
    }

    void whatIsChosenHereBecomesTheDefaults()
    {
        Bench bench(file());
        bench.say();
        const quint64 other = bench.book.current().id();
        bench.book.startNew();
        Button* make = bench.panel.makeDefaults();
        QVERIFY(!make->isEnabled()); // they are
        bench.panel.longest()->setValue(3008);
        bench.panel.systemPrompt()->setPlainText(QStringLiteral("Rhyme."));
        QVERIFY(make->isEnabled());
        const AnswerOptions chosen = bench.now();
        make->click();
        QVERIFY(AnswerOptions::from(bench.store).isLike(chosen));
        QVERIFY(bench.now().isLike(chosen));
        QVERIFY(!make->isEnabled());
        bench.book.open(bench.book.indexOf(other));
        QVERIFY(bench.now().isLike(AnswerOptions::builtIn()));
    }

    void systemPromptHasAnEnd()
    {
        Bench bench(file());
        QPlainTextEdit* edit = bench.panel.systemPrompt();
        edit->setPlainText(QStringLiteral("Be brief."));
        edit->moveCursor(QTextCursor::Start);
        edit->insertPlainText(QString(longestPrompt, QLatin1Char('x')));
        QCOMPARE(edit->toPlainText(), QStringLiteral("Be brief."));
        QCOMPARE(bench.now().systemPrompt, QStringLiteral("Be brief."));
        const auto notes = bench.panel.findChildren<QLabel*>();
        QVERIFY(std::any_of(notes.begin(), notes.end(), [](const QLabel* note) {
            return !note->isHidden() && note->text().contains(QStringLiteral("32,768"));
        }));
    }

    void modelThatCannotThinkGreysThinking()
    {
        Bench bench(file());
        SamplingPanel& panel = bench.panel;
        panel.thinking()->setChecked(true);
        LoadedModel model = anyModel();
        model.info.thinks = false;
        panel.setModel(model);
        QVERIFY(!panel.thinking()->isEnabled());
        QVERIFY(!panel.form()->hasBudget()->isEnabled());
        QVERIFY(!panel.budget()->isEnabled());
        QVERIFY(bench.now().thinking); // the wish stays for the next model
        QVERIFY(!bench.options.forAnswer(model).thinking);
        panel.setModel(anyModel());
        QVERIFY(panel.thinking()->isEnabled());
        QVERIFY(panel.budget()->isEnabled());
    }
};

int main(int argc, char** argv)
{
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    QApplication application(argc, argv);
    TestSamplingPanel test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_samplingpanel.moc"
