#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>

namespace argali::gui {

/// What the desktop asks for, as far as it says so.
struct DesktopColours {
    enum class Scheme { Unknown, Dark, Light };
    Scheme scheme = Scheme::Unknown; ///< Unknown: the lightness of the system's palette decides
    bool moreContrast = false;
    bool operator==(const DesktopColours&) const = default;
};

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
    /// Black and white, lines as strong as text, colours with a contrast of 7 and more.
    static Theme highContrast(bool dark);
    /// A palette of high contrast that is not ours, as tokens: what cannot be read in it is
    /// replaced.
    static Theme from(const QPalette& foreign);
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

/// Whether text and ground are as good as black and white.
bool isHighContrast(const QPalette& palette);

/// The palette to draw in. system: what it is without us; when it is one of high contrast it wins,
/// unless light or dark was chosen against it.
QPalette chosenPalette(Theme::Choice choice, const DesktopColours& desktop, const QPalette& system);

/// The application's font, scaled: 0.92 for secondary text, 0.85 for labels.
QFont scaledFont(const QFont& base, double factor, int weight = QFont::Normal);

/// Sets style, palette and style sheet of the whole application; call again when the choice, the
/// system's palette or what the desktop asks for changes.
/// Thread: GUI.
void applyTheme(Theme::Choice choice, const DesktopColours& desktop = {});

} // namespace argali::gui
