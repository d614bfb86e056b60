#pragma once

class QUrl;
class QWidget;

namespace argali::gui {

/// Asks whether an address that an answer names is to be opened in the web browser, and does it.
/// An answer may hold any address, so it is shown whole before anything is opened. Returns at once.
void askToOpen(const QUrl& url, QWidget* window);

} // namespace argali::gui
