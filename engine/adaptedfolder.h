#pragma once

#include <vector>

#include "engine/families/families.h"

namespace argali {

/// A model's folder as its adapters need it.
struct AdaptedFolder {
    ModelFolder files;
    bool isWhole =
        false; ///< the adapter is in the weights already: it was the difference of two models
};

/// Opens the folder of a model that is asked for with these adapters. A folder that holds only the
/// language model, or one with another projector, gets configuration and projector of the first
/// adapter that brings them; differences (LLaVA's delta weights), alone, are added, and bring
/// configuration and tokenizer.
/// Throws: as openFolder(), and for what is no adapter
AdaptedFolder openAdaptedFolder(const std::filesystem::path& folder,
                                const std::vector<AdapterSource>& adapters);

/// As describeModel(), with these adapters.
ModelInfo describeAdapted(const std::filesystem::path& folder,
                          const std::vector<AdapterSource>& adapters);

} // namespace argali
