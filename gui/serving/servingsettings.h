#pragma once

#include "gui/settings/settings.h"

namespace argali::gui::settings {

// How a model was served last; its key is not kept.
inline const Setting<QString> serveAddress{"serve/address", QStringLiteral("127.0.0.1")};
inline const Setting<int> servePort{"serve/port", 8000, 0, 65535};
inline const Setting<bool> serveWithKey{"serve/withKey", true};

} // namespace argali::gui::settings
