// The index of a sharded checkpoint, over two shards that are there.
#include "engine/checkpoint/checkpoint.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

namespace {

std::string shardWith(const std::string& tensor)
{
    std::string header = "{\"" + tensor + R"(":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    std::string file(8, '\0');
    file[0] = char(header.size());
    return file + header + std::string(8, '\1');
}

} // namespace

ARGALI_FUZZ(index)
{
    static const fuzz::FuzzFolder folder;
    folder.write("a.safetensors", shardWith("first"));
    folder.write("b.safetensors", shardWith("second"));
    folder.write("model.safetensors.index.json", bytes);
    fuzz::tryTo([&] {
        const auto weights = openCheckpoint(folder.path());
        for (const std::string& name : weights->names()) {
            const auto tensor = weights->find(name);
            fuzz::require(tensor && tensor->bytes() == 8, "a tensor that is not there");
        }
        for (const auto& file : weights->files())
            fuzz::require(file.parent_path() == folder.path(), "a file outside of the folder");
    });
}
