#include "gui/windowpanes.h"

#include <algorithm>
#include <utility>

#include <QSplitter>
#include <QVBoxLayout>

#include "gui/settings/settings.h"
#include "gui/widgets/hairline.h"

namespace argali::gui {
namespace {

QSplitter* makeSplitter(QWidget* parent)
{
    auto* splitter = new QSplitter(Qt::Horizontal, parent);
    splitter->setHandleWidth(1);
    splitter->setChildrenCollapsible(false);
    return splitter;
}

} // namespace

WindowPanes::WindowPanes(Settings& settings, QWidget* side, QWidget* main, QWidget* panel,
                         QWidget* bar, QWidget* window)
    : QObject(window),
      m_settings(settings),
      m_window(window),
      m_side(side),
      m_panel(panel),
      m_outer(makeSplitter(window)),
      m_inner(makeSplitter(window))
{
    side->setMinimumWidth(settings::sideWidth.minimum);
    main->setMinimumWidth(chatNeeds);
    panel->setMinimumWidth(settings::panelWidth.minimum);
    m_inner->addWidget(main);
    m_inner->addWidget(panel);
    m_inner->setStretchFactor(0, 1);
    auto* right = new QWidget(window);
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(bar);
    column->addWidget(new Hairline);
    column->addWidget(m_inner, 1);
    m_outer->addWidget(side);
    m_outer->addWidget(right);
    m_outer->setStretchFactor(1, 1);
}

QWidget* WindowPanes::whole() const
{
    return m_outer;
}

void WindowPanes::setSideOpen(bool open)
{
    m_side->setVisible(open);
    if (m_window->width() >= sideNeeds)
        m_settings.set(settings::sideOpen, open);
}

void WindowPanes::setPanelOpen(bool open)
{
    m_panel->setVisible(open);
    if (m_window->width() >= panelNeeds)
        m_settings.set(settings::panelOpen, open);
}

void WindowPanes::restore()
{
    const int width = m_window->width();
    m_fitted = width;
    const int side = m_settings.value(settings::sideWidth);
    const int panel = m_settings.value(settings::panelWidth);
    m_outer->setSizes({side, std::max(chatNeeds, width - side)});
    m_inner->setSizes({std::max(chatNeeds, width - side - panel), panel});
    m_side->setVisible(m_settings.value(settings::sideOpen) && width >= sideNeeds);
    m_panel->setVisible(m_settings.value(settings::panelOpen) && width >= panelNeeds);
}

void WindowPanes::store()
{
    if (isSideOpen())
        m_settings.set(settings::sideWidth, m_side->width());
    if (isPanelOpen())
        m_settings.set(settings::panelWidth, m_panel->width());
}

/// Closes what there is no room for, and opens it again where the user had it open.
void WindowPanes::fit()
{
    const int width = m_window->width();
    const int before = std::exchange(m_fitted, width);
    const auto crossed = [&](int edge) { return (before < edge) != (width < edge); };
    if (crossed(panelNeeds))
        m_panel->setVisible(width >= panelNeeds && m_settings.value(settings::panelOpen));
    if (crossed(sideNeeds))
        m_side->setVisible(width >= sideNeeds && m_settings.value(settings::sideOpen));
}

void WindowPanes::takeOver(const WindowPanes& old)
{
    m_side->setVisible(old.isSideOpen());
    m_panel->setVisible(old.isPanelOpen());
}

} // namespace argali::gui
