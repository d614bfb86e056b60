// The pickle of a torch file without the archive around it, with storages of a few sizes.
#include <array>

#include "engine/checkpoint/torchpickle.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(pickle)
{
    static std::array<std::byte, 4096> storage{};
    const auto find = [](std::string_view key) {
        if (key.size() > 8)
            throw Error(Error::Code::BadModel, "no such storage");
        return std::span(storage).first(key.size() * 512);
    };
    for (const ForeignObjects foreign : {ForeignObjects::Refuse, ForeignObjects::Skip}) {
        fuzz::tryTo([&] {
            TorchRules rules("data.pkl", find, false, foreign);
            const Pickle pickle = readPickle(bytes, "data.pkl", rules);
            fuzz::require(pickle.root < pickle.values.size(), "a root that is not there");
            for (const PickleValue& value : pickle.values) {
                for (const PickleValue::Id id : value.items)
                    fuzz::require(id < pickle.values.size(), "an item that is not there");
                const TorchTensor* tensor = rules.tensorOf(value);
                if (!tensor || tensor->shape.count() == 0)
                    continue;
                int64_t last = 0;
                for (int i = 0; i < tensor->shape.rank(); ++i)
                    last += (tensor->shape.dim(i) - 1) * tensor->strides[size_t(i)];
                const auto* end = tensor->first + (last + 1) * sizeOf(tensor->type);
                fuzz::require(tensor->first >= storage.data() &&
                                  end <= storage.data() + storage.size(),
                              "a tensor beyond its storage");
            }
        });
    }
}
