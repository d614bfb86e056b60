#pragma once

#include "gui/settings/settings.h"

namespace argali::gui::settings {

// What becomes of pictures in a new chat; 0 and empty: as the model comes.
inline const Setting<int> maxTiles{"answer/maxTiles", 0, 0, 64};
inline const Setting<qint64> minPixels{"answer/minPixels", 0, 0, 64'000'000};
inline const Setting<qint64> maxPixels{"answer/maxPixels", 0, 0, 64'000'000};
inline const Setting<QString> aspectRatio{"answer/aspectRatio"};
inline const Setting<QString> promptTemplate{"answer/promptTemplate"};

} // namespace argali::gui::settings
