#include "gui/windowtoolbar.h"

#include <QHBoxLayout>

#include "gui/models/modelchooser.h"
#include "gui/shortcuts.h"
#include "gui/widgets/button.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {

WindowToolBar::WindowToolBar(Settings& settings, bool withServers, QWidget* parent)
    : QWidget(parent)
{
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    setMinimumHeight(47);
    auto* side = new Button(Button::Kind::Ghost, QStringLiteral("panel-left"), {}, this);
    side->setAccessibleName(tr("List of chats"));
    side->setToolTip(
        tr("Show or hide the list of chats (%1)").arg(Shortcuts::text(Shortcut::ToggleSide)));
    m_chooser = new ModelChooser(settings, this); // Tab goes in the order they are made
    if (withServers) {
        m_place = new SegmentedControl({tr("Here"), tr("Server")}, this);
        m_place->setAccessibleName(tr("Where answers come from"));
        m_place->segment(0)->setToolTip(tr("A model on this computer answers"));
        m_place->segment(1)->setToolTip(tr("A model of a server answers"));
    }
    auto* openSettings = new Button(Button::Kind::Ghost, QStringLiteral("settings"), {}, this);
    openSettings->setAccessibleName(tr("Settings"));
    openSettings->setToolTip(tr("Settings (%1)").arg(Shortcuts::text(Shortcut::OpenSettings)));
    auto* panel = new Button(Button::Kind::Ghost, QStringLiteral("panel-right"), {}, this);
    panel->setAccessibleName(tr("Answer panel"));
    panel->setToolTip(
        tr("Show or hide the Answer panel (%1)").arg(Shortcuts::text(Shortcut::TogglePanel)));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(10, 6, 10, 6);
    row->setSpacing(8);
    row->addWidget(side);
    if (m_place)
        row->addWidget(m_place);
    row->addWidget(m_chooser);
    row->addStretch(1);
    row->addWidget(openSettings);
    row->addWidget(panel);
    connect(side, &Button::clicked, this, &WindowToolBar::sideToggled);
    connect(openSettings, &Button::clicked, this, &WindowToolBar::settingsRequested);
    connect(panel, &Button::clicked, this, &WindowToolBar::panelToggled);
}

} // namespace argali::gui
