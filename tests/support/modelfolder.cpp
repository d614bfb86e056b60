#include "tests/support/modelfolder.h"

#include <cstring>
#include <fstream>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/safetensorswriter.h"
#include "engine/engine.h"
#include "engine/error.h"

namespace argali::test {

ModelFolder::ModelFolder(const std::string& source)
{
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(ARGALI_TEST_DATA) / source))
        if (entry.is_regular_file())
            std::filesystem::copy_file(entry.path(), path() / entry.path().filename());
}

void ModelFolder::changeJson(const std::string& file,
                             const std::function<void(nlohmann::json&)>& change)
{
    nlohmann::json value;
    std::ifstream(path() / file) >> value;
    change(value);
    std::ofstream(path() / file) << value;
}

std::map<std::string, Tensor> ModelFolder::weights() const
{
    const std::unique_ptr<WeightSource> source = openCheckpoint(path());
    std::map<std::string, Tensor> tensors;
    for (const std::string& name : source->names()) {
        const Tensor mapped = *source->find(name);
        const Tensor copy = hostTensor(mapped.type(), mapped.shape());
        std::memcpy(copy.raw(), mapped.raw(), static_cast<size_t>(mapped.bytes()));
        tensors.emplace(name, copy);
    }
    return tensors;
}

void ModelFolder::writeWeights(const std::map<std::string, Tensor>& tensors)
{
    for (const auto& entry : std::filesystem::directory_iterator(path()))
        if (entry.path().filename().string().find(".safetensors") != std::string::npos)
            std::filesystem::remove(entry.path());
    const std::string bytes = safetensorsBytes(tensors);
    std::ofstream(path() / "model.safetensors", std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void ModelFolder::remove(const std::string& file)
{
    std::filesystem::remove(path() / file);
}

void ModelFolder::truncate(const std::string& file, int64_t bytes)
{
    std::filesystem::resize_file(path() / file, static_cast<uintmax_t>(bytes));
}

QString refusalOtherwise(const ModelFolder& folder, const QStringList& words)
{
    try {
        describeModel(folder.path());
        return "nothing was refused";
    } catch (const Error& error) {
        const QString what = error.what();
        const bool isCode =
            error.code() == Error::Code::BadModel || error.code() == Error::Code::Unsupported;
        bool says = what.contains(QString::fromStdString(folder.path().string()));
        for (const QString& word : words)
            says = says && what.contains(word);
        return isCode && says ? QString() : QString("%1: %2").arg(int(error.code())).arg(what);
    }
}

std::string safetensorsBytes(const std::map<std::string, Tensor>& tensors)
{
    nlohmann::json header = nlohmann::json::object();
    std::string data;
    for (const auto& [name, tensor] : tensors) {
        nlohmann::json shape = nlohmann::json::array();
        for (int i = 0; i < tensor.shape().rank(); ++i)
            shape.push_back(tensor.dim(i));
        const size_t begin = data.size();
        data.append(reinterpret_cast<const char*>(tensor.raw()),
                    static_cast<size_t>(tensor.bytes()));
        header[name] = {{"dtype", safetensorsName(tensor.type())},
                        {"shape", shape},
                        {"data_offsets", {begin, data.size()}}};
    }
    const std::string text = header.dump();
    const auto length = static_cast<uint64_t>(text.size());
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data;
}

} // namespace argali::test
