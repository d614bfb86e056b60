#pragma once

#include <optional>

#include <QCoreApplication>
#include <QString>

#include "gui/chat/engineworker.h"

namespace argali::gui {

/// What a server takes that opens a model once more, beside the one in the window. *Units*: bytes
struct ServingCost {
    qint64 whole = 0; ///< with the context that the window's has
    qint64 least = 0; ///< with the shortest context that a model is opened with
    qint64 free = 0;  ///< of the devices it goes to

    enum class Room { Enough, ForLess, TooLittle };
    Room room() const;
    bool operator==(const ServingCost&) const = default;
};

/// By the engine's estimate; nothing where it cannot say.
/// Thread: any; reads files.
std::optional<ServingCost> servingCost(const LoadedModel& model);

/// One or two sentences for who is about to start it.
QString servingCostSentence(const ServingCost& cost);

} // namespace argali::gui
