#pragma once

#include <QString>

namespace argali::gui {

/// A name from outside (of a file, model or folder) as it may stand within a sentence of ours: one
/// line of plain text, without characters that turn the direction of what stands around them, and
/// cut in the middle where it is longer than anybody reads. The ending of a file name stays.
QString displayName(const QString& name);

/// A text from outside as a tooltip: shown as it is, whatever markup it has. Empty stays empty.
QString plainToolTip(const QString& text);

} // namespace argali::gui
