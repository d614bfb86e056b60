#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/checkpoint/adapter.h"

namespace argali {

/// An adapter by the names of a model's tensors, all of which are there and have the right shapes.
struct FittedAdapter {
    std::filesystem::path path;
    std::map<std::string, LoraPair, std::less<>> pairs{};  ///< by the weight that they change
    std::map<std::string, Tensor, std::less<>> replaced{}; ///< by the tensor whose place they take
    std::shared_ptr<const WeightSource> prefix{}; ///< the tensors of a P-Tuning prefix; null: none
    std::vector<std::shared_ptr<const WeightSource>> weights{}; ///< that all this lies in

    bool changesWeights() const { return !pairs.empty() || !replaced.empty(); }
    /// Throws: Error::Code::BadModel naming the file that was cut
    void requireWhole() const;
};

/// The name under which these weights have a tensor that another layout of the same model may spell
/// in another way; nothing when there is none.
std::optional<std::string> nameIn(const WeightSource& weights, const std::string& path);

/// Finds the tensors that an adapter is about.
/// Throws: Error::Code::BadModel naming module or tensor, expected and found, when one is not there
///         or has another shape
FittedAdapter fitAdapter(Adapter adapter, const WeightSource& base);

} // namespace argali
