#include "engine/checkpoint/safetensorswriter.h"

#include <nlohmann/json.hpp>

#include "engine/checkpoint/newfiles.h"
#include "engine/error.h"

namespace argali {
namespace {

/// Length and JSON, padded so that the values begin at a multiple of eight bytes.
std::string headerOf(const std::vector<WrittenTensor>& tensors)
{
    nlohmann::ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
    int64_t offset = 0;
    for (const WrittenTensor& tensor : tensors) {
        nlohmann::json shape = nlohmann::json::array();
        for (int i = 0; i < tensor.kind.shape.rank(); ++i)
            shape.push_back(tensor.kind.shape.dim(i));
        const int64_t end = offset + tensor.kind.bytes();
        header[tensor.name] = {{"dtype", safetensorsName(tensor.kind.type)},
                               {"shape", shape},
                               {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    std::string length(8, '\0');
    for (size_t i = 0; i < 8; ++i)
        length[i] = static_cast<char>(text.size() >> (8 * i) & 0xFF);
    return length + text;
}

} // namespace

const char* safetensorsName(DType type)
{
    switch (type) {
    case DType::F32:
        return "F32";
    case DType::F16:
        return "F16";
    case DType::BF16:
        return "BF16";
    case DType::F64:
        return "F64";
    case DType::I64:
        return "I64";
    case DType::I32:
        return "I32";
    case DType::I16:
        return "I16";
    case DType::I8:
        return "I8";
    case DType::U8:
        return "U8";
    case DType::Bool:
        return "BOOL";
    }
    throw Error(Error::Code::Internal, "no such type");
}

void writeSafetensors(const std::filesystem::path& path, const std::vector<WrittenTensor>& tensors,
                      const std::function<Tensor(const std::string& name)>& values)
{
    NewFile file(path);
    file.write(headerOf(tensors));
    for (const WrittenTensor& tensor : tensors) {
        const Tensor value = values(tensor.name);
        if (value.type() != tensor.kind.type || value.shape() != tensor.kind.shape)
            throw Error(Error::Code::Internal, tensor.name + ": other values than announced");
        file.write(
            {reinterpret_cast<const char*>(value.raw()), static_cast<size_t>(value.bytes())});
    }
    file.finish();
}

int64_t safetensorsSize(const std::vector<WrittenTensor>& tensors)
{
    auto size = static_cast<int64_t>(headerOf(tensors).size());
    for (const WrittenTensor& tensor : tensors)
        size += tensor.kind.bytes();
    return size;
}

} // namespace argali
