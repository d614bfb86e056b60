#include "gui/theme.h"

#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QStyle>
#include <QStyleFactory>

namespace argali::gui {
namespace {

QColor rgb(QRgb value)
{
    return QColor::fromRgb(value);
}

double luminance(const QColor& colour)
{
    const auto linear = [](double c) {
        return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) +
           0.0722 * linear(colour.blueF());
}

// Fusion draws what our own widgets do not; only radii, paddings and grounds are said here, colours
// come from the palette.
QString styleSheet()
{
    return QStringLiteral(
        "QToolTip { color: palette(tool-tip-text); background: palette(tool-tip-base);"
        " border: 1px solid palette(mid); padding: 4px 6px; }"
        "QMenu { background: palette(base); border: 1px solid palette(mid); padding: 4px; }"
        "QMenu::item { padding: 5px 22px 5px 12px; border-radius: 5px; }"
        "QMenu::item:selected { background: palette(midlight); color: palette(link); }"
        "QMenu::item:disabled { color: palette(placeholder-text); }"
        "QMenu::separator { height: 1px; background: palette(mid); margin: 4px 8px; }"
        "QMenu::icon { padding-left: 8px; }"
        "QAbstractSpinBox, QPlainTextEdit[field=\"true\"], QLineEdit[field=\"true\"] { color: "
        "palette(text); background: "
        "palette(base);"
        " border: 1px solid palette(mid); border-radius: 6px; padding: 1px 6px;"
        " selection-background-color: palette(highlight); selection-color: "
        "palette(highlighted-text); }"
        "QAbstractSpinBox { min-width: 3.2em; }"
        "QPlainTextEdit[field=\"true\"], QLineEdit[field=\"true\"] { border-radius: 7px; padding: "
        "4px 6px; }"
        "QAbstractSpinBox:focus, QPlainTextEdit[field=\"true\"]:focus,"
        " QLineEdit[field=\"true\"]:focus { border-color: "
        "palette(highlight); }"
        "QAbstractSpinBox:disabled { color: palette(placeholder-text); }"
        "QListWidget[pages=\"true\"] { background: palette(alternate-base); border: none; outline: "
        "none;"
        " padding: 8px; }"
        "QListWidget[pages=\"true\"]::item { padding: 7px 8px; border: 1px solid transparent;"
        " border-radius: 7px; color: palette(text); }"
        "QListWidget[pages=\"true\"]::item:selected { background: palette(midlight); color: "
        "palette(link); }"
        "QListWidget[pages=\"true\"]::item:selected:focus { border-color: palette(highlight); }"
        "QComboBox QAbstractItemView { color: palette(text); background: palette(base); border: "
        "1px "
        "solid palette(mid); outline: none; padding: 4px; selection-background-color: "
        "palette(midlight); selection-color: palette(link); }"
        "QSplitter::handle { background: palette(mid); }"
        "QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }"
        "QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }"
        "QScrollBar::handle { background: palette(mid); border-radius: 3px; margin: 2px; }"
        "QScrollBar::handle:vertical { min-height: 28px; }"
        "QScrollBar::handle:horizontal { min-width: 28px; }"
        "QScrollBar::handle:hover { background: palette(placeholder-text); }"
        "QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }"
        "QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }");
}

bool isDark(const QPalette& palette)
{
    return luminance(palette.color(QPalette::Window)) <
           luminance(palette.color(QPalette::WindowText));
}

/// The colour itself where it can be read on all of the grounds, else the other one.
QColor legible(const QColor& colour, const QList<QColor>& grounds, const QColor& other)
{
    for (const QColor& ground : grounds) {
        if (contrast(colour, ground) < 4.5)
            return other;
    }
    return colour;
}

} // namespace

Theme Theme::light()
{
    Theme t;
    t.dark = false;
    t.background = rgb(0xfff7f6f4);
    t.surface = rgb(0xffffffff);
    t.side = rgb(0xfff1efec);
    t.line = rgb(0xffe2ded8);
    t.text = rgb(0xff1f1d1a);
    t.muted = rgb(0xff6f685f);
    t.faint = rgb(0xffa39b90);
    t.accent = rgb(0xffa8591c);
    t.accentSoft = rgb(0xfff6e9dc);
    t.accentText = rgb(0xff8a4512);
    t.onAccent = rgb(0xffffffff);
    t.user = rgb(0xfff1eee9);
    t.code = rgb(0xfff5f3f0);
    t.ok = rgb(0xff2f7d4f);
    t.warn = rgb(0xffb07a12);
    t.bad = rgb(0xffb3372f);
    return t;
}

Theme Theme::darkTheme()
{
    Theme t;
    t.dark = true;
    t.background = rgb(0xff1b1a18);
    t.surface = rgb(0xff232220);
    t.side = rgb(0xff1f1e1c);
    t.line = rgb(0xff37342f);
    t.text = rgb(0xffece8e2);
    t.muted = rgb(0xffa49c91);
    t.faint = rgb(0xff7a736a);
    t.accent = rgb(0xffe08a45);
    t.accentSoft = rgb(0xff3a2a1c);
    t.accentText = rgb(0xfff0a86d);
    t.onAccent = rgb(0xff1b1a18);
    t.user = rgb(0xff2c2a27);
    t.code = rgb(0xff1d1c1a);
    t.ok = rgb(0xff63b687);
    t.warn = rgb(0xffd8a541);
    t.bad = rgb(0xffe07a70);
    return t;
}

Theme Theme::highContrast(bool dark)
{
    Theme t;
    t.dark = dark;
    t.background = t.surface = t.side = t.user = t.code = dark ? Qt::black : Qt::white;
    t.line = t.text = t.muted = t.faint = dark ? Qt::white : Qt::black;
    t.accent = rgb(dark ? 0xffffb070 : 0xff7a3c00);
    t.accentSoft = rgb(dark ? 0xff402000 : 0xffffe8d2);
    t.accentText = rgb(dark ? 0xffffc48f : 0xff6b3400);
    t.onAccent = dark ? Qt::black : Qt::white;
    t.ok = rgb(dark ? 0xff7dffa8 : 0xff00562a);
    t.warn = rgb(dark ? 0xffffd75e : 0xff6b4400);
    t.bad = rgb(dark ? 0xffffa79e : 0xff8f0d06);
    return t;
}

Theme Theme::from(const QPalette& foreign)
{
    const auto colour = [&](QPalette::ColorRole role) {
        return foreign.color(QPalette::Active, role);
    };
    Theme t = highContrast(isDark(foreign));
    t.background = t.side = colour(QPalette::Window);
    t.text = t.muted = t.faint = t.line = colour(QPalette::WindowText);
    t.surface = t.user = t.code =
        contrast(t.text, colour(QPalette::Base)) < 4.5 ? t.background : colour(QPalette::Base);
    t.accent = colour(QPalette::Highlight);
    t.onAccent =
        legible(colour(QPalette::HighlightedText), {t.accent},
                contrast(Qt::black, t.accent) > contrast(Qt::white, t.accent) ? QColor(Qt::black)
                                                                              : QColor(Qt::white));
    const QColor tint = QColor::fromRgbF((3 * t.surface.redF() + t.accent.redF()) / 4,
                                         (3 * t.surface.greenF() + t.accent.greenF()) / 4,
                                         (3 * t.surface.blueF() + t.accent.blueF()) / 4);
    t.accentSoft = contrast(t.text, tint) < 4.5 ? t.surface : tint;
    t.accentText = legible(colour(QPalette::Link), {t.background, t.surface, t.accentSoft}, t.text);
    for (QColor* sign : {&t.ok, &t.warn, &t.bad})
        *sign = legible(*sign, {t.background, t.surface}, t.text);
    return t;
}

Theme Theme::of(const QPalette& palette)
{
    const bool strong = isHighContrast(palette);
    Theme t = strong ? highContrast(isDark(palette)) : isDark(palette) ? darkTheme() : light();
    t.background = palette.color(QPalette::Active, QPalette::Window);
    t.surface = palette.color(QPalette::Active, QPalette::Base);
    t.side = palette.color(QPalette::Active, QPalette::AlternateBase);
    t.line = palette.color(QPalette::Active, QPalette::Mid);
    t.text = palette.color(QPalette::Active, QPalette::WindowText);
    t.muted = palette.color(QPalette::Active, QPalette::PlaceholderText);
    t.accent = palette.color(QPalette::Active, QPalette::Highlight);
    t.accentSoft = palette.color(QPalette::Active, QPalette::Midlight);
    t.accentText = palette.color(QPalette::Active, QPalette::Link);
    t.onAccent = palette.color(QPalette::Active, QPalette::HighlightedText);
    if (strong) {
        t.user = t.code = t.surface;
        t.faint = t.text;
        for (QColor* sign : {&t.ok, &t.warn, &t.bad})
            *sign = legible(*sign, {t.background, t.surface}, t.text);
    }
    return t;
}

QPalette Theme::palette() const
{
    QPalette p;
    const auto set = [&](QPalette::ColorRole role, const QColor& colour, const QColor& disabled) {
        p.setColor(QPalette::Active, role, colour);
        p.setColor(QPalette::Inactive, role, colour);
        p.setColor(QPalette::Disabled, role, disabled);
    };
    set(QPalette::Window, background, background);
    set(QPalette::WindowText, text, faint);
    set(QPalette::Base, surface, surface);
    set(QPalette::AlternateBase, side, side);
    set(QPalette::Text, text, faint);
    set(QPalette::Button, surface, surface);
    set(QPalette::ButtonText, text, faint);
    set(QPalette::BrightText, bad, bad);
    set(QPalette::PlaceholderText, muted, faint);
    set(QPalette::ToolTipBase, surface, surface);
    set(QPalette::ToolTipText, text, text);
    set(QPalette::Highlight, accent, line);
    set(QPalette::HighlightedText, onAccent, muted);
    set(QPalette::Link, accentText, faint);
    set(QPalette::LinkVisited, accentText, faint);
    set(QPalette::Mid, line, line);
    set(QPalette::Midlight, accentSoft, accentSoft);
    set(QPalette::Light, surface, surface);
    set(QPalette::Dark, muted, muted);
    set(QPalette::Shadow, dark ? QColor(0, 0, 0, 0x66) : QColor(0, 0, 0, 0x0d),
        dark ? QColor(0, 0, 0, 0x66) : QColor(0, 0, 0, 0x0d));
    return p;
}

double contrast(const QColor& a, const QColor& b)
{
    const double la = luminance(a);
    const double lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

bool isHighContrast(const QPalette& palette)
{
    constexpr double asGoodAsBlackOnWhite = 19; // a grey window of Fusion's has 18
    const auto pair = [&](QPalette::ColorRole ground, QPalette::ColorRole ink) {
        return contrast(palette.color(QPalette::Active, ground),
                        palette.color(QPalette::Active, ink)) >= asGoodAsBlackOnWhite;
    };
    return pair(QPalette::Window, QPalette::WindowText) && pair(QPalette::Base, QPalette::Text);
}

QPalette chosenPalette(Theme::Choice choice, const DesktopColours& desktop, const QPalette& system)
{
    using Scheme = DesktopColours::Scheme;
    const bool strongSystem = isHighContrast(system);
    bool dark = choice == Theme::Choice::Dark;
    if (choice == Theme::Choice::System)
        dark = desktop.scheme == Scheme::Unknown || strongSystem ? isDark(system)
                                                                 : desktop.scheme == Scheme::Dark;
    if (strongSystem && dark == isDark(system))
        return Theme::from(system).palette();
    if (strongSystem || desktop.moreContrast)
        return Theme::highContrast(dark).palette();
    return (dark ? Theme::darkTheme() : Theme::light()).palette();
}

QFont scaledFont(const QFont& base, double factor, int weight)
{
    QFont font = base;
    if (base.pointSizeF() > 0)
        font.setPointSizeF(base.pointSizeF() * factor);
    else
        font.setPixelSize(qRound(base.pixelSize() * factor));
    font.setWeight(QFont::Weight(weight));
    return font;
}

void applyTheme(Theme::Choice choice, const DesktopColours& desktop)
{
    if (qApp->style()->name().compare(QLatin1String("fusion"), Qt::CaseInsensitive) != 0)
        QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    // Under a style sheet palettes do not reach the widgets that are there already, so it steps
    // aside.
    qApp->setStyleSheet({});
    QApplication::setPalette(QPalette()); // back to the system's, to see what it is now
    QApplication::setPalette(chosenPalette(choice, desktop, QApplication::palette()));
    qApp->setStyleSheet(styleSheet());
}

} // namespace argali::gui
