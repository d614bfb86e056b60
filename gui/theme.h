#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>

namespace argali::gui {

/// The colours of window and page; one set of tokens for both, so that they change together.
struct Theme {
    enum class Choice { System, Light, Dark };

    bool dark = false;
    QColor background; ///< transcript
    QColor surface;    ///< toolbar, panel, composer, cards
    QColor side;       ///< list, status bar
    QColor line;       ///< hairlines
    QColor text;
    QColor muted;      ///< secondary text
    QColor faint;      ///< hints beside text that says the same
    QColor accent;     ///< primary action, selection
    QColor accentSoft; ///< ground of what is selected
    QColor accentText; ///< links, live times, text on accentSoft
    QColor onAccent;   ///< text and icons on accent
    QColor user;       ///< ground of the user's words
    QColor code;       ///< ground of code
    QColor ok;
    QColor warn;
    QColor bad;

    static Theme light();
    static Theme darkTheme();
    /// The tokens behind a palette made by palette(), or the nearest to a foreign one.
    static Theme of(const QPalette& palette);
    /// Widgets read the tokens from these roles: Window background, Base surface, AlternateBase
    /// side, Mid line, Midlight accentSoft, PlaceholderText muted, Highlight accent, Link
    /// accentText.
    QPalette palette() const;
};

/// Contrast of two opaque colours, 1 to 21.
/// Source: WCAG 2.1, relative luminance
double contrast(const QColor& a, const QColor& b);

/// The application's font, scaled: 0.92 for secondary text, 0.85 for labels.
QFont scaledFont(const QFont& base, double factor, int weight = QFont::Normal);

/// Sets style, palette and style sheet of the whole application; call again when the choice or the
/// system's palette changes.
/// Thread: GUI.
void applyTheme(Theme::Choice choice);

} // namespace argali::gui
