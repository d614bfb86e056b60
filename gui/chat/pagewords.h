#pragma once

#include <QJsonObject>

namespace argali::gui {

/// The words that the transcript's page puts on its buttons, in the language of the moment.
QJsonObject pageWords();

} // namespace argali::gui
