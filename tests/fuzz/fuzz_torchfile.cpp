// A torch file: the archive, its pickle, and what the tensors read.
#include "engine/checkpoint/torchfile.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(torchfile)
{
    static const fuzz::FuzzFolder folder;
    const auto path = folder.write("pytorch_model.bin", bytes);
    for (const ForeignObjects foreign : {ForeignObjects::Refuse, ForeignObjects::Skip}) {
        fuzz::tryTo([&] {
            const TorchFile file = openTorchFile(path, foreign);
            for (const auto& [name, stored] : file.tensors) {
                // Strides of 0 make any size of a few bytes.
                if (stored.shape.count() > 1 << 16)
                    continue;
                const Tensor tensor = file.tensor(stored);
                fuzz::require(tensor.shape() == stored.shape, "a tensor of another shape");
                int sum = 0;
                for (int64_t i = 0; i < tensor.bytes(); ++i)
                    sum += int(tensor.raw()[i]);
                fuzz::keep(sum);
            }
            file.requireChecksums({});
        });
    }
}
