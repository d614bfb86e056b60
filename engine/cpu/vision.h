#pragma once

#include "engine/backend.h"
#include "engine/cpu/context.h"
#include "engine/cpu/rope.h"

namespace argali::cpu {

/// Backend::patchify() for checked shapes.
void patchify(Context& context, Tensor& out, const Tensor& image, const PatchLayout& layout);

/// Backend::resizePositions() for checked shapes; the table has side * side rows.
void resizePositions(Context& context, Tensor& out, const Tensor& table, int64_t side,
                     const PatchGrid& grid);

/// Backend::addPositions() for checked shapes.
void addPositions(Context& context, Tensor& x, const Tensor& positions);

} // namespace argali::cpu
