#pragma once

#include "engine/engine.h"

namespace argali {

/// What a merge is about.
struct MergeRequest {
    std::filesystem::path model; ///< folder of a checkpoint
    AdapterSource adapter;
    std::filesystem::path target; ///< a folder that does not exist yet
    ProgressSink progress;        ///< bytes that are written, and then those that are checked
};

/// Writes the checkpoint with the adapter in its weights: the same tensors in the same types and
/// parts, as safetensors, and copies of the other files. Sums are f32 and rounded once. The target
/// is there when all of it is on the disk and was read again from there, or not at all; until then
/// it is a hidden folder beside it. Returns false once stopped.
/// Throws: as openModel() for model and adapter; Error::Code::BadRequest for a target that is there
///         or cannot be written, or a disk without room, or one that holds other bytes than were
///         written; BadModel for a sum that is too large for its type; Unsupported for weights
///         outside of the model's folder
bool mergeAdapter(const MergeRequest& request, std::stop_token stop);

} // namespace argali
