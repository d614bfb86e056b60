#pragma once

#include <string>
#include <vector>

#include "engine/devices.h"
#include "engine/families/families.h"

namespace argali {

/// The compute type where none is asked for: the stored one; f32 for models so small that exact
/// products cost nothing that anybody notices. Their weights stay as they are stored.
DType defaultType(const ModelInfo& info);

/// Positions that the devices have memory for together, at most what was asked for; 0 asks for as
/// many as there are. Throws: Error::Code::OutOfMemory with the numbers and what would fit
int64_t fittingContext(const Family& family, DType dtype, int64_t asked,
                       const std::vector<Device>& devices);

/// Devices that a model lies on, and the positions that fit there.
struct Placement {
    struct Part {
        std::string device; ///< an id of listDevices()
        int64_t layers = 0; ///< of the decoder; the first part has everything else
    };
    std::vector<Part> parts;
    int64_t context = 0;
};

/// Where a model goes. "auto" is the card with most free memory when the model fits there, else the
/// processor; the log says which and why. Any other device is taken or refused; asked is that of
/// fittingContext(). A card that would get no layer is left out, unless it is the first.
/// Throws: Error::Code::BadRequest, OutOfMemory, Device
Placement place(const Family& family, DType dtype, int64_t asked, const std::string& deviceId);

} // namespace argali
