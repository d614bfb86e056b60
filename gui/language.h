#pragma once

#include <QList>
#include <QString>
#include <QTranslator>

namespace argali::gui {

/// Translates the application into a language; empty for the system's. English has a file, too, for
/// its plurals. Widgets that are there already stay as they are: WindowKeeper makes new ones.
/// Thread: GUI.
class Language final {
public:
    explicit Language(const QString& name);
    ~Language();
    Language(const Language&) = delete;
    Language& operator=(const Language&) = delete;

    /// Of the translation that is used: "en", "zh_CN".
    const QString& code() const { return m_code; }

    struct Offer {
        QString code; ///< what the setting holds
        QString name; ///< in the language itself
    };
    /// Those that there is a translation for.
    static QList<Offer> offered();

private:
    QTranslator m_own;
    QTranslator m_qt; ///< the texts of Qt's own dialogs
    QString m_code;
};

} // namespace argali::gui
