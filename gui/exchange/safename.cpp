#include "gui/exchange/safename.h"

#include <QFileInfo>
#include <QStringList>

#include "gui/chat/conversationbook.h"

namespace argali::gui {
namespace {

constexpr qsizetype longestBase = 120; // bytes; file systems allow 255, and endings come behind it
constexpr qsizetype longestEnding = 10;

/// Where the ending begins, with its dot; the size of the name when it has none.
qsizetype endingOf(const QString& name)
{
    const qsizetype dot = name.lastIndexOf(QLatin1Char('.'));
    return dot > 0 && name.size() - dot - 1 <= longestEnding && dot + 1 < name.size() ? dot
                                                                                      : name.size();
}

bool isDevice(const QString& base)
{
    static const QStringList names{QStringLiteral("con"), QStringLiteral("prn"),
                                   QStringLiteral("aux"), QStringLiteral("nul")};
    const QString name = base.section(QLatin1Char('.'), 0, 0).toLower();
    return names.contains(name) ||
           (name.size() == 4 && name.back().isDigit() &&
            (name.startsWith(QLatin1String("com")) || name.startsWith(QLatin1String("lpt"))));
}

QString numbered(const QString& name, int number)
{
    const qsizetype at = endingOf(name);
    return QStringLiteral("%1 %2%3").arg(name.left(at)).arg(number).arg(name.mid(at));
}

} // namespace

QString safeName(const QString& wanted, const QString& other)
{
    QString name;
    for (const QChar c : cleanName(wanted)) {
        const bool bad = QStringLiteral("/\\:*?\"<>|").contains(c) || c.unicode() == 0x7f;
        name += bad ? QLatin1Char('_') : c;
    }
    while (name.startsWith(QLatin1Char('.')) || name.startsWith(QLatin1Char(' ')))
        name.remove(0, 1);
    while (name.endsWith(QLatin1Char('.')) || name.endsWith(QLatin1Char(' ')))
        name.chop(1);
    const qsizetype at = endingOf(name);
    const QString ending = name.mid(at);
    QString base = name.left(at);
    while (base.toUtf8().size() > longestBase)
        base.chop(base.back().isLowSurrogate() ? 2 : 1);
    base = base.trimmed();
    if (base.isEmpty())
        return other + ending;
    return (isDevice(base) ? QStringLiteral("_") + base : base) + ending;
}

QString UniqueNames::take(const QString& name)
{
    const auto key = [](const QString& each) {
        return each.normalized(QString::NormalizationForm_C).toCaseFolded();
    };
    QString unique = name;
    for (int number = 2; m_taken.contains(key(unique)); ++number)
        unique = numbered(name, number);
    m_taken.insert(key(unique));
    return unique;
}

QString freePath(const QString& path)
{
    const QFileInfo file(path);
    QString free = path;
    const auto isTaken = [](const QString& each) {
        return QFileInfo::exists(each) || QFileInfo(each).isSymLink();
    };
    for (int number = 2; isTaken(free); ++number)
        free = file.path() + QLatin1Char('/') + numbered(file.fileName(), number);
    return free;
}

} // namespace argali::gui
