#include "gui/displayname.h"

namespace argali::gui {
namespace {

constexpr qsizetype longestName = 160;
constexpr int mostMarks = 4; // on one letter; more only paint over the lines around

/// Whether a character turns the direction of text, or is seen by nobody and only in the way.
bool isSteering(QChar c)
{
    const char16_t code = c.unicode();
    return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200E || code == 0x200F || code == 0x061C || code == 0xFEFF;
}

} // namespace

QString displayName(const QString& name)
{
    // Of a name without end only both ends are looked at.
    constexpr qsizetype most = 20 * longestName;
    const QString near = name.size() <= most ? name : name.left(most / 2) + name.right(most / 2);
    QString clean;
    int marks = 0;
    for (const QChar c : near) {
        marks = c.isMark() ? marks + 1 : 0;
        if (marks > mostMarks || isSteering(c))
            continue;
        const bool isBreak = c.category() == QChar::Other_Control ||
                             c.category() == QChar::Separator_Line ||
                             c.category() == QChar::Separator_Paragraph;
        clean += isBreak ? QChar(u' ') : c;
    }
    if (clean.size() <= longestName)
        return clean;
    qsizetype head = longestName / 2;
    qsizetype tail = clean.size() - longestName / 2;
    if (clean.at(head).isLowSurrogate())
        --head;
    if (clean.at(tail).isLowSurrogate())
        ++tail;
    return clean.left(head) + QChar(0x2026) + clean.mid(tail);
}

QString plainToolTip(const QString& text)
{
    // A frame around it, so that it is taken for rich text and its signs for themselves.
    return text.isEmpty() ? QString() : QStringLiteral("<span>%1</span>").arg(text.toHtmlEscaped());
}

} // namespace argali::gui
