#pragma once

#include <QString>

namespace argali::gui {

/// Draws every state of the window into PNG files, light and dark, English and Chinese, off-screen
/// and from the real widgets. Returns the exit status.
int drawShots(const QString& folder);

} // namespace argali::gui
