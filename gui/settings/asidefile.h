#pragma once

#include <optional>

#include <QString>

namespace argali::gui {

/// Moves what lies in the place of a file, whatever it is, to a name of its own beside it, so that
/// nothing of it is lost. Returns the new path, or nothing when it cannot be moved.
std::optional<QString> putFileAside(const QString& fileName);

} // namespace argali::gui
