#include "gui/serving/servingcost.h"

#include <algorithm>
#include <filesystem>

#include "engine/devices.h"
#include "engine/engine.h"
#include "engine/log.h"
#include "gui/settings/settingspage.h"

namespace argali::gui {
namespace {

constexpr int64_t shortest = 4096; // positions, as OpenOptions::context says

/// Translations of the sentences.
struct CostWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ServingCost)
};

} // namespace

ServingCost::Room ServingCost::room() const
{
    return free >= whole ? Room::Enough : free >= least ? Room::ForLess : Room::TooLittle;
}

std::optional<ServingCost> servingCost(const LoadedModel& model)
{
    try {
        const std::filesystem::path folder =
            model.isPocket() ? pocketFolder() / "model"
                             : std::filesystem::path(model.folder.toStdString());
        const bool isAsked = !model.askedDevice.isEmpty() && model.missingDevice.isEmpty();
        ServingCost cost;
        cost.whole = estimateMemory(folder, model.dtype, model.context).total;
        cost.least =
            estimateMemory(folder, model.dtype, std::min<int64_t>(shortest, model.context)).total;
        for (const Device& device :
             chooseDevices(isAsked ? model.askedDevice.toStdString() : std::string("auto")))
            cost.free += device.freeMemory;
        return cost;
    } catch (const std::exception& e) { // engine exceptions end here
        log(LogLevel::Warning, std::string("what a server needs is not known: ") + e.what());
        return std::nullopt;
    }
}

QString servingCostSentence(const ServingCost& cost)
{
    const QString free = sizeText(cost.free);
    switch (cost.room()) {
    case ServingCost::Room::Enough:
        return CostWords::tr("The server opens the model a second time, beside the one in this "
                             "window: about %1 more of memory. %2 are free.")
            .arg(sizeText(cost.whole), free);
    case ServingCost::Room::ForLess:
        return CostWords::tr("The server opens the model a second time. For its whole context "
                             "it would take %1, and %2 are free: it takes a shorter one, with "
                             "room for less in a conversation.")
            .arg(sizeText(cost.whole), free);
    case ServingCost::Room::TooLittle:
        break;
    }
    return CostWords::tr("The server opens the model a second time, which takes at least %1, "
                         "and %2 are free. It will hardly start: close other programs, or open "
                         "a smaller model.")
        .arg(sizeText(cost.least), free);
}

} // namespace argali::gui
