#pragma once

#include <QDialog>

namespace argali::gui {

/// Makes a dialog belong to another window; it stays where and as it is.
inline void adoptDialog(QDialog& dialog, QWidget* window)
{
    const bool wasVisible = dialog.isVisible();
    const QRect place = dialog.geometry();
    dialog.setParent(window, dialog.windowFlags()); // hides it
    dialog.setGeometry(place);
    dialog.setVisible(wasVisible);
}

} // namespace argali::gui
