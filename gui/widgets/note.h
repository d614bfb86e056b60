#pragma once

class QLabel;
class QWidget;

namespace argali::gui {

/// A line or more of small plain text under a control, as wide as its parent.
QLabel* makeNote(QWidget* parent);

} // namespace argali::gui
