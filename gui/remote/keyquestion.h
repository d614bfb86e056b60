#pragma once

#include <QString>

class QInputDialog;
class QWidget;

namespace argali::gui {

class ServerBook;

/// Asks for the key of a server that wants one nobody has, and returns at once; null where the
/// server is not known any more.
QInputDialog* askForKey(ServerBook& servers, const QString& profile, QWidget* parent);

} // namespace argali::gui
