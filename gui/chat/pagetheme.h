#pragma once

#include <QFont>
#include <QJsonObject>
#include <QList>

#include "gui/theme.h"

namespace argali::gui {

/// A colour for text on any of these grounds: the wanted one, moved towards text until its contrast
/// is 4.5 on each, or the most there is.
QColor readable(const QColor& wanted, const QList<QColor>& grounds, const QColor& text);

/// The CSS variables of the page for a theme, with the fonts of window and code.
QJsonObject pageVariables(const Theme& theme, const QFont& font, const QFont& fixed);

} // namespace argali::gui
