#pragma once

#include <functional>
#include <initializer_list>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "engine/engine.h"
#include "engine/families/loadedweights.h"

namespace argali {

/// A tensor that a model uses. A matrix whose values are changed when it is loaded does not stay in
/// its file.
struct NamedShape {
    std::string name;
    Shape shape;
    bool changed = false;
};

/// Hands the tensors of a checkpoint to a backend, in order, and reports how many bytes are done.
/// After a stop every call returns something empty. Thread: engine
class WeightLoader final {
public:
    /// loaded: what was made is listed there, when it is given.
    WeightLoader(Backend& op, const WeightSource& weights, DType compute, int64_t totalBytes,
                 ProgressSink progress, std::stop_token stop, LoadedWeights* loaded = nullptr);

    /// Where tensors go from here on.
    void setBackend(Backend& op) { m_op = &op; }
    /// Whether what comes from here on is of the language model alone.
    void setOfLanguage(bool ofLanguage) { m_ofLanguage = ofLanguage; }

    bool stopped() const { return m_stop.stop_requested(); }
    /// Throws: as WeightSource::require() and the backend's functions
    Linear linear(const std::vector<LinearPart>& parts);
    /// The same for a product that is part of an operation which does more with its outputs than
    /// add to them or apply a function to each.
    Linear wholeLinear(const std::vector<LinearPart>& parts);
    Tensor floats(const std::string& name, const Shape& shape);
    /// The same for values that are made into something else before they are used.
    Tensor derivedFloats(const std::string& name, const Shape& shape);
    Tensor table(const std::string& name, const Shape& shape);
    /// The values as f32 in host memory, for what a backend gets in another form.
    Tensor hostFloats(const std::string& name, const Shape& shape);

private:
    Tensor read(const std::string& name, const Shape& shape);
    Tensor onHost(const Tensor& stored);
    /// Whether the backend will have a copy of a part's matrix and not the values as they are
    /// stored.
    bool isCopied(const LinearPart& part) const;
    /// Adds a part's matrices and biases.
    void add(LinearSource& source, const LinearPart& part);
    Linear makeLinear(const std::vector<LinearPart>& parts, LoadedWeight::Kind kind);
    Tensor made(Tensor tensor, LoadedWeight::Kind kind, const std::string& name,
                const Shape& shape);

    Backend* m_op;
    const WeightSource& m_weights;
    DType m_compute;
    int64_t m_total;
    int64_t m_done = 0;
    ProgressSink m_progress;
    std::stop_token m_stop;
    LoadedWeights* m_loaded;
    bool m_ofLanguage = false;
};

/// Bytes that a stored tensor takes once it is loaded for this compute type: matrices of another
/// 16-bit or 32-bit type are converted, except that f32 arithmetic reads 16-bit weights as they
/// are.
int64_t bytesWhenLoaded(const TensorKind& stored, DType compute, bool changed = false);

/// The first of these prefixes under which the weights have a tensor with the suffix.
/// Throws: Error::Code::BadModel when there is none, naming what was looked for
std::string publishedPrefix(const WeightSource& weights,
                            std::initializer_list<const char*> prefixes, const char* suffix);

/// Counts the used tensors into info.parameters, checks their names and shapes, and lists those in
/// the files that are neither used nor expected to be there. Throws: Error::Code::BadModel naming
/// tensor, expected and found
void describeTensors(ModelInfo& info, const WeightSource& weights,
                     const std::vector<NamedShape>& used,
                     const std::function<bool(const std::string&)>& isExpected);
/// The files of the folder that a model is read from, weights included; those of other folders by
/// their way from it.
void describeFiles(ModelInfo& info, const std::filesystem::path& folder,
                   const WeightSource& weights);
/// The tokenizer's own configuration; empty when not there.
Config readTokenizerConfig(const std::filesystem::path& folder);
/// Says in the log which tensors of the files are not used, if any.
void logUnknownTensors(const ModelInfo& info);

} // namespace argali
