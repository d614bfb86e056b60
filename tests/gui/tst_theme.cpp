#include <QApplication>
#include <QTest>

#include "gui/theme.h"

using namespace argali::gui;

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
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void textIsReadable()
    {
        QFETCH(bool, dark);
        const Theme t = dark ? Theme::darkTheme() : Theme::light();
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
        // The ring that shows the focus needs 3, as all that is not text.
        QVERIFY(contrast(t.accent, t.surface) >= 3);
    }

    void paletteCarriesTheTokens()
    {
        for (const Theme& t : {Theme::light(), Theme::darkTheme()}) {
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
