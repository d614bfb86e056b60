#include <QApplication>
#include <QTest>

#include "gui/theme.h"

using namespace argali::gui;

Q_DECLARE_METATYPE(argali::gui::Theme)

namespace {

/// Yellow on black, as some desktops have it.
QPalette strongPalette()
{
    QPalette palette;
    for (const auto ground : {QPalette::Window, QPalette::Base, QPalette::Button})
        palette.setColor(ground, Qt::black);
    for (const auto ink : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(ink, QColor(0xff, 0xff, 0x80));
    palette.setColor(QPalette::Highlight, QColor(0x00, 0xff, 0x00));
    palette.setColor(QPalette::HighlightedText, Qt::black);
    palette.setColor(QPalette::Link, QColor(0x80, 0xff, 0xff));
    return palette;
}

} // namespace

class TestTheme final : public QObject {
    Q_OBJECT
private slots:
    void contrastOfKnownPairs()
    {
        QCOMPARE(qRound(contrast(Qt::black, Qt::white)), 21);
        QCOMPARE(contrast(Qt::red, Qt::red), 1.0);
        QVERIFY(qAbs(contrast(QColor(0x77, 0x77, 0x77), Qt::white) - 4.48) < 0.01);
    }

    void textIsReadable_data()
    {
        QTest::addColumn<Theme>("theme");
        QTest::newRow("light") << Theme::light();
        QTest::newRow("dark") << Theme::darkTheme();
        QTest::newRow("black on white") << Theme::highContrast(false);
        QTest::newRow("white on black") << Theme::highContrast(true);
        QTest::newRow("of the desktop") << Theme::from(strongPalette());
        QPalette poor = strongPalette(); // of which hardly a colour can be read
        for (const auto role : {QPalette::Link, QPalette::Highlight, QPalette::HighlightedText})
            poor.setColor(role, QColor(0x30, 0x30, 0x28));
        poor.setColor(QPalette::Base, Qt::white);
        poor.setColor(QPalette::Text, Qt::black);
        QTest::newRow("poor colours of the desktop") << Theme::from(poor);
    }
    void textIsReadable()
    {
        QFETCH(Theme, theme);
        const Theme& t = theme;
        for (const QColor& ground : {t.background, t.surface, t.side}) {
            for (const QColor& ink : {t.text, t.muted, t.accentText, t.bad})
                QVERIFY2(contrast(ink, ground) >= 4.5,
                         qPrintable(QStringLiteral("%1 on %2").arg(ink.name(), ground.name())));
        }
        QVERIFY(contrast(t.accentText, t.accentSoft) >= 4.5);
        QVERIFY(contrast(t.muted, t.accentSoft) >= 4.5);
        QVERIFY(contrast(t.onAccent, t.accent) >= 4.5);
        QVERIFY(contrast(t.text, t.user) >= 4.5);
        QVERIFY(contrast(t.text, t.code) >= 4.5);
        // The ring that shows the focus needs 3, as all that is not text. Of a palette that is not
        // ours it is what it is.
        if (!QByteArray(QTest::currentDataTag()).contains("desktop"))
            QVERIFY(contrast(t.accent, t.surface) >= 3);
    }

    void paletteCarriesTheTokens()
    {
        for (const Theme& t : {Theme::light(), Theme::darkTheme(), Theme::highContrast(false),
                               Theme::highContrast(true), Theme::from(strongPalette())}) {
            const Theme back = Theme::of(t.palette());
            QCOMPARE(back.dark, t.dark);
            QCOMPARE(back.background, t.background);
            QCOMPARE(back.surface, t.surface);
            QCOMPARE(back.side, t.side);
            QCOMPARE(back.line, t.line);
            QCOMPARE(back.text, t.text);
            QCOMPARE(back.muted, t.muted);
            QCOMPARE(back.accent, t.accent);
            QCOMPARE(back.accentSoft, t.accentSoft);
            QCOMPARE(back.accentText, t.accentText);
            QCOMPARE(back.onAccent, t.onAccent);
            QCOMPARE(back.ok, t.ok);
            QCOMPARE(back.bad, t.bad);
            QCOMPARE(back.user, t.user);
            QCOMPARE(back.code, t.code);
        }
    }

    void choiceIsApplied()
    {
        applyTheme(Theme::Choice::Dark);
        QVERIFY(Theme::of(QApplication::palette()).dark);
        applyTheme(Theme::Choice::Light);
        QVERIFY(!Theme::of(QApplication::palette()).dark);
        applyTheme(Theme::Choice::System); // the off-screen platform is light
        QVERIFY(!Theme::of(QApplication::palette()).dark);
        QCOMPARE(QApplication::palette().color(QPalette::Base), Theme::light().surface);
    }

    void strongPalettesAreKnown()
    {
        QVERIFY(isHighContrast(strongPalette()));
        QVERIFY(isHighContrast(Theme::highContrast(true).palette()));
        QVERIFY(!isHighContrast(Theme::light().palette()));
        QVERIFY(!isHighContrast(Theme::darkTheme().palette()));
        QPalette usual; // Fusion's and GNOME's are nearly black on nearly white
        usual.setColor(QPalette::Window, QColor(0xef, 0xef, 0xef));
        usual.setColor(QPalette::WindowText, Qt::black);
        usual.setColor(QPalette::Base, Qt::white);
        usual.setColor(QPalette::Text, Qt::black);
        QVERIFY(!isHighContrast(usual));
    }

    void theDesktopDecides()
    {
        using Choice = Theme::Choice;
        using Scheme = DesktopColours::Scheme;
        const QPalette pale = Theme::light().palette();
        const QPalette night = Theme::darkTheme().palette();
        const auto ground = [](const QPalette& palette) {
            return palette.color(QPalette::Active, QPalette::Window);
        };
        const QColor light = Theme::light().background;
        const QColor dark = Theme::darkTheme().background;
        // What the portal says; without a word of it the palette's lightness.
        QCOMPARE(ground(chosenPalette(Choice::System, {Scheme::Dark, false}, pale)), dark);
        QCOMPARE(ground(chosenPalette(Choice::System, {Scheme::Light, false}, night)), light);
        QCOMPARE(ground(chosenPalette(Choice::System, {}, night)), dark);
        QCOMPARE(ground(chosenPalette(Choice::System, {}, pale)), light);
        // A choice of the user's own is stronger.
        QCOMPARE(ground(chosenPalette(Choice::Light, {Scheme::Dark, false}, night)), light);
        QCOMPARE(ground(chosenPalette(Choice::Dark, {Scheme::Light, false}, pale)), dark);
        // More contrast holds for each of them.
        for (const Choice choice : {Choice::System, Choice::Light, Choice::Dark}) {
            const QPalette p = chosenPalette(choice, {Scheme::Unknown, true}, pale);
            QVERIFY(isHighContrast(p));
            QCOMPARE(ground(p), choice == Choice::Dark ? QColor(Qt::black) : QColor(Qt::white));
        }
        // The desktop's own palette of high contrast stays as it is.
        const QPalette strong = strongPalette();
        for (const Choice choice : {Choice::System, Choice::Dark}) {
            const QPalette p = chosenPalette(choice, {Scheme::Light, false}, strong);
            QCOMPARE(ground(p), ground(strong));
            QCOMPARE(p.color(QPalette::WindowText), strong.color(QPalette::WindowText));
            QCOMPARE(p.color(QPalette::Highlight), strong.color(QPalette::Highlight));
        }
        QCOMPARE(ground(chosenPalette(Choice::Light, {}, strong)), QColor(Qt::white));
        QVERIFY(isHighContrast(chosenPalette(Choice::Light, {}, strong)));
    }

    void fontsScale()
    {
        QFont font;
        font.setPointSizeF(10);
        QCOMPARE(scaledFont(font, 1.8).pointSizeF(), 18.0);
        font.setPixelSize(20);
        QCOMPARE(scaledFont(font, 0.85).pixelSize(), 17);
    }
};

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
