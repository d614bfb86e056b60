#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include <QStringList>
#include <QTemporaryDir>
#include <nlohmann/json.hpp>

#include "engine/tensor.h"

namespace argali::test {

/// A copy of a small checkpoint in a temporary folder, to be changed before it is opened.
class ModelFolder final {
public:
    /// source: a folder below tests/data with config.json and weights.
    explicit ModelFolder(const std::string& source);

    std::filesystem::path path() const { return m_folder.path().toStdString(); }
    void changeJson(const std::string& file, const std::function<void(nlohmann::json&)>& change);
    /// Rewrites model.safetensors, whatever it was, with these tensors.
    void writeWeights(const std::map<std::string, Tensor>& tensors);
    /// All tensors of the copy, in memory.
    std::map<std::string, Tensor> weights() const;
    void remove(const std::string& file);
    void truncate(const std::string& file, int64_t bytes);

private:
    QTemporaryDir m_folder;
};

/// Empty when a folder is refused as a model, with BadModel or Unsupported and in words that name
/// it and have all of these in them; what was said instead when not.
QString refusalOtherwise(const ModelFolder& folder, const QStringList& words);

/// Bytes of a safetensors file.
std::string safetensorsBytes(const std::map<std::string, Tensor>& tensors);

} // namespace argali::test
