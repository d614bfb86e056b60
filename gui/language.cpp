#include "gui/language.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QLibraryInfo>
#include <QLocale>

namespace argali::gui {

Language::Language(const QString& name)
{
    const QLocale locale = name.isEmpty() ? QLocale::system() : QLocale(name);
    QLocale::setDefault(locale); // numbers and dates, too
    // Of the system's languages the first that there is a translation for.
    if (!m_own.load(locale, QStringLiteral("argali"), QStringLiteral("_"),
                    QStringLiteral(":/translations")))
        (void)m_own.load(QStringLiteral(":/translations/argali_en.qm"));
    m_code = QFileInfo(m_own.filePath()).baseName().mid(int(qstrlen("argali_")));
    if (m_qt.load(locale, QStringLiteral("qtbase"), QStringLiteral("_"),
                  QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&m_qt);
    QCoreApplication::installTranslator(&m_own);
}

Language::~Language()
{
    QCoreApplication::removeTranslator(&m_own);
    QCoreApplication::removeTranslator(&m_qt);
}

QList<Language::Offer> Language::offered()
{
    return {{QStringLiteral("en"), QStringLiteral("English")},
            {QStringLiteral("zh_CN"), QStringLiteral("简体中文")}};
}

} // namespace argali::gui
