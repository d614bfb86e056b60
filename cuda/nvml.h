#pragma once

#include <string>

namespace argali::cuda {

/// What the driver's management library says of a card; zeros where it says nothing.
struct CardState {
    std::string driver;        ///< "580.65.06"
    double clockMhz = 0;       ///< of the multiprocessors, now
    double memoryClockMhz = 0; ///< now
    double powerCapWatts = 0;
};

/// Opens libnvidia-ml.so.1 by name; a machine without it gets empty values.
/// pciBusId: "0000:65:00.0"
CardState cardState(const std::string& pciBusId);

} // namespace argali::cuda
