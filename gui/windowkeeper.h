#pragma once

#include <memory>

#include <QObject>

#include "gui/language.h"
#include "gui/mainwindow.h"

namespace argali::gui {

/// The window, in the language of the settings. When another one is chosen, a new window takes the
/// place of the old one with all that stands in it: text is said where widgets are made, and
/// everything that lasts lies behind the window anyway.
/// Thread: GUI.
class WindowKeeper final : public QObject {
    Q_OBJECT
public:
    explicit WindowKeeper(const WindowParts& parts, QObject* parent = nullptr);
    ~WindowKeeper() override;

    MainWindow& window() const { return *m_window; }
    const QString& language() const { return m_language->code(); }

    /// A window as at the first start, after the settings were cleared.
    void startAnew();

signals:
    /// window() is another one; it is about to be shown.
    void replaced();
    void modelChosen(const QString& folder);
    void stopLoadingRequested();

private:
    void build();
    void changeLanguage();
    void takeLanguage();
    void replace(bool anew);

    WindowParts m_parts;
    QString m_chosen; ///< as the settings say
    std::unique_ptr<Language> m_language;
    std::unique_ptr<MainWindow> m_window;
    bool m_changing = false; ///< waits until it can be done
};

} // namespace argali::gui
