#pragma once

#include "engine/checkpoint/adapter.h"
#include "engine/engine.h"

namespace argali {

/// Reads an adapter in any of the forms in which they are published: a PEFT folder; the folder of a
/// LLaVA LoRA (with non_lora_trainables.bin); mm_projector.bin, or a folder with it; the folder of
/// a P-Tuning prefix; the trained part of an XTuner run (.pth), or the folders that XTuner converts
/// one to. Throws: Error::Code::Missing; BadModel (file, field or tensor, expected, found);
/// Unsupported;
///         BadRequest for an alpha that is missing or not wanted
/// stop: once stopped what comes is of no use.
Adapter readAdapter(const AdapterSource& source, const std::stop_token& stop = {});

} // namespace argali
