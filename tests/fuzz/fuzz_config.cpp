// A config.json of any family: what it says of a model, or why it is none.
#include "engine/engine.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(config)
{
    static const fuzz::FuzzFolder folder;
    folder.write("config.json", bytes);
    folder.write("generation_config.json", bytes);
    fuzz::tryTo([&] {
        const ModelInfo info = describeModel(folder.path());
        fuzz::require(!info.family.empty() && info.layers >= 1, "a model without layers");
    });
    fuzz::tryTo([&] {
        const MemoryEstimate memory = estimateMemory(folder.path(), DType::BF16, 1024);
        fuzz::require(memory.total >= 0, "memory below nothing");
    });
    fuzz::tryTo([&] { defaultSampling(folder.path()); });
}
