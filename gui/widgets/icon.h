#pragma once

#include <QIcon>
#include <QPalette>
#include <QPixmap>

namespace argali::gui {

/// The side of the chevron on controls that open a list.
inline constexpr int chevronSize = 14;

/// An icon of ours by its file name without ending, drawn in a colour of the palette that holds
/// when it is painted, so that icons follow the theme. Thread: GUI.
QIcon icon(const QString& name, QPalette::ColorRole role = QPalette::WindowText);

/// The same as pixels. *Units*: size in device-independent pixels.
QPixmap iconPixmap(const QString& name, int size, const QColor& colour, qreal devicePixelRatio);

} // namespace argali::gui
