#include "gui/windowkeeper.h"

#include <chrono>
#include <utility>

#include <QApplication>
#include <QTimer>

#include "gui/chat/samples.h"

namespace argali::gui {
namespace {

constexpr auto patience = std::chrono::milliseconds(200);

/// Whether something is open whose end another part of the program waits for.
bool isSomethingPending()
{
    return QApplication::activePopupWidget() || QApplication::activeModalWidget();
}

} // namespace

WindowKeeper::WindowKeeper(const WindowParts& parts, QObject* parent)
    : QObject(parent),
      m_parts(parts),
      m_chosen(parts.settings.value(settings::language)),
      m_language(std::make_unique<Language>(m_chosen))
{
    build();
    connect(&parts.settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key != settings::language.key || m_changing)
            return;
        m_changing = true;
        // Later: it was chosen in a part of the window that is to go.
        QTimer::singleShot(0, this, &WindowKeeper::changeLanguage);
    });
}

WindowKeeper::~WindowKeeper() = default;

void WindowKeeper::build()
{
    const Result<QList<Sample>> samples = pocketSamples(m_language->code());
    m_parts.samples = samples ? chosenSamples(*samples, 3, 1) : QList<Sample>();
    m_window = std::make_unique<MainWindow>(m_parts);
    connect(m_window.get(), &MainWindow::modelChosen, this, &WindowKeeper::modelChosen);
    connect(m_window.get(), &MainWindow::stopLoadingRequested, this,
            &WindowKeeper::stopLoadingRequested);
}

void WindowKeeper::changeLanguage()
{
    if (isSomethingPending()) {
        QTimer::singleShot(patience, this, &WindowKeeper::changeLanguage);
        return;
    }
    m_changing = false;
    if (m_parts.settings.value(settings::language) != m_chosen)
        replace(false);
}

void WindowKeeper::startAnew()
{
    replace(true);
}

void WindowKeeper::takeLanguage()
{
    const QString chosen = m_parts.settings.value(settings::language);
    if (chosen == m_chosen)
        return;
    m_chosen = chosen;
    m_language.reset(); // before the next one, which is to be asked first
    m_language = std::make_unique<Language>(chosen);
}

/// anew: only the model is the same
void WindowKeeper::replace(bool anew)
{
    takeLanguage();
    const std::unique_ptr<MainWindow> old = std::move(m_window);
    if (!anew)
        old->keep();
    build();
    if (anew)
        m_window->showModelOf(*old);
    else
        m_window->takeOver(*old);
    emit replaced();
    // The new one first: the program ends with its last window.
    if (old->isVisible()) {
        m_window->show();
        m_window->takeDialogs(*old);
    }
    old->hide();
}

} // namespace argali::gui
