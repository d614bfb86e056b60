#pragma once

#include <QFile>
#include <QStringList>

namespace argali::test {

/// The lines of tests/data/hostile/texts.txt, which are meant to break out of wherever text is
/// shown.
inline QStringList hostileTexts()
{
    QFile file(QStringLiteral(ARGALI_TEST_DATA "/hostile/texts.txt"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QStringList texts =
        QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    texts.replaceInStrings(QStringLiteral("\u2424"), QStringLiteral("\n"));
    return texts;
}

} // namespace argali::test
