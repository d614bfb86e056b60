#pragma once

#include "engine/devices.h"

namespace argali::cuda {

/// What the card can do now: streaming reads of a buffer of four times its cache and more, and a
/// product of large bf16 matrices with f32 sums, by the vendor's library where it is there; the
/// best of several. Throws: Error::Code::Device, Error::Code::OutOfMemory
MachineLimits measureLimits(int card);

} // namespace argali::cuda
