#pragma once

#include <string>

#include "engine/devices.h"
#include "engine/families/families.h"

namespace argali {

/// The compute type where none is asked for: the stored one; f32 for models so small that exact
/// products cost nothing that anybody notices. Their weights stay as they are stored.
DType defaultType(const ModelInfo& info);

/// Positions that the device has memory for, at most what was asked for; 0 asks for as many as
/// there are. Throws: Error::Code::OutOfMemory with the numbers and what would fit
int64_t fittingContext(const Family& family, DType dtype, int64_t asked, const Device& device);

/// A device and the positions that fit there.
struct Placement {
    std::string device; ///< an id of listDevices()
    int64_t context = 0;
};

/// Where a model goes. "auto" is the card with most free memory when the model fits there, else the
/// processor; the log says which and why. Any other device is taken or refused; asked is that of
/// fittingContext().
/// Throws: Error::Code::BadRequest, OutOfMemory, Device
Placement place(const Family& family, DType dtype, int64_t asked, const std::string& deviceId);

} // namespace argali
