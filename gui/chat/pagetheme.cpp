#include "gui/chat/pagetheme.h"

#include <algorithm>

#include <QFontInfo>

namespace argali::gui {
namespace {

constexpr double leastContrast = 4.5; // WCAG 2.1, 1.4.3

QColor mixed(const QColor& a, const QColor& b, double part)
{
    const auto mix = [part](double x, double y) { return float(x + (y - x) * part); };
    return QColor::fromRgbF(mix(a.redF(), b.redF()), mix(a.greenF(), b.greenF()),
                            mix(a.blueF(), b.blueF()));
}

/// A family name as a CSS string; whatever could end the string is left out.
QString familyList(const QFont& font, const char* generic)
{
    QString list;
    for (QString family : font.families() + QStringList{QFontInfo(font).family()}) {
        family.removeIf([](QChar c) {
            return c == QLatin1Char('"') || c == QLatin1Char('\\') || c < QLatin1Char(' ');
        });
        if (!family.isEmpty())
            list += QLatin1Char('"') + family + QLatin1String("\",");
    }
    return list + QLatin1String(generic);
}

} // namespace

QColor readable(const QColor& wanted, const QList<QColor>& grounds, const QColor& text)
{
    const auto isPoor = [&](const QColor& colour) {
        return std::any_of(grounds.begin(), grounds.end(), [&](const QColor& ground) {
            return contrast(colour, ground) < leastContrast;
        });
    };
    QColor colour = wanted;
    for (int step = 1; step <= 20 && isPoor(colour); ++step)
        colour = mixed(wanted, text, step / 20.0);
    return colour;
}

QJsonObject pageVariables(const Theme& theme, const QFont& font, const QFont& fixed)
{
    // A system's palette may have grounds on which its own text cannot be read.
    const auto ground = [&](const QColor& wanted) {
        return contrast(wanted, theme.text) < leastContrast ? theme.background : wanted;
    };
    const QColor surface = ground(theme.surface);
    const QColor user = ground(theme.user);
    const QColor code = ground(theme.code);
    QJsonObject variables;
    const auto set = [&](const char* name, const QColor& colour) {
        variables.insert(QLatin1String(name), colour.name());
    };
    const auto onPage = [&](const QColor& c) {
        return readable(c, {theme.background, surface, user}, theme.text);
    };
    const auto onCode = [&](const QColor& c) { return readable(c, {code}, theme.text); };
    set("--bg", theme.background);
    set("--surface", surface);
    set("--line", theme.line);
    set("--text", theme.text);
    set("--muted", onPage(theme.muted));
    set("--accent", theme.accent);
    set("--accent-soft", theme.accentSoft);
    set("--link", onPage(theme.accentText));
    set("--on-accent", theme.onAccent);
    set("--user", user);
    set("--code", code);
    set("--bad", onPage(theme.bad));
    set("--code-muted", onCode(theme.muted));
    set("--code-word", onCode(theme.accentText));
    set("--code-string", onCode(theme.ok));
    set("--code-number", onCode(theme.warn));
    set("--code-name", onCode(theme.dark ? QColor(0x8f, 0xb4, 0xe3) : QColor(0x2f, 0x5f, 0x9e)));
    set("--code-wrong", onCode(theme.bad));
    variables.insert(QStringLiteral("--font"), familyList(font, "sans-serif"));
    variables.insert(QStringLiteral("--fixed"), familyList(fixed, "monospace"));
    variables.insert(QStringLiteral("--size"),
                     QString::number(QFontInfo(font).pixelSize()) + QLatin1String("px"));
    variables.insert(QStringLiteral("color-scheme"),
                     theme.dark ? QStringLiteral("dark") : QStringLiteral("light"));
    return variables;
}

} // namespace argali::gui
