#pragma once

#include <string>
#include <vector>

#include "engine/devices.h"

namespace argali::cuda {

/// The cards of this machine that the module can use, in the driver's order. problem says why one,
/// or all, cannot be used.
std::vector<Device> listCards(std::string& problem);

} // namespace argali::cuda
