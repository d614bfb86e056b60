// A .safetensors file: its header, and that every tensor lies within the file.
#include "engine/checkpoint/safetensors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(safetensors)
{
    static const fuzz::FuzzFolder folder;
    const auto path = folder.write("model.safetensors", bytes);
    fuzz::tryTo([&] {
        const SafetensorsFile file = openSafetensors(path);
        int64_t total = 0;
        for (const auto& [name, tensor] : file.tensors) {
            int sum = 0;
            for (int64_t i = 0; i < tensor.bytes(); ++i)
                sum += int(tensor.raw()[i]);
            fuzz::keep(sum);
            total += tensor.bytes();
        }
        fuzz::require(total <= int64_t(bytes.size()), "tensors larger than their file");
    });
}
