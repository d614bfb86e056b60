#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/engine.h"

namespace argali {

/// One matrix of a linear layer by the names of its tensors. A weight of more than two dimensions (a
/// convolution whose kernel is its stride) is one row per output.
struct LinearPart {
    std::string weight;
    Shape shape;
    std::string bias{}; ///< empty: none
};

/// Hands the tensors of a checkpoint to a backend, in order, and reports how many bytes are done. After a
/// stop every call returns something empty.
/// Thread: engine
class WeightLoader final {
public:
    WeightLoader(Backend& op, const WeightSource& weights, DType compute, int64_t totalBytes,
                 ProgressSink progress, std::stop_token stop);

    /// Where tensors go from here on.
    void setBackend(Backend& op) { m_op = &op; }

    bool stopped() const { return m_stop.stop_requested(); }
    /// Throws: as WeightSource::require() and the backend's functions
    Linear linear(const std::vector<LinearPart>& parts);
    Tensor floats(const std::string& name, const Shape& shape);
    Tensor table(const std::string& name, const Shape& shape);

private:
    Tensor read(const std::string& name, const Shape& shape);

    Backend* m_op;
    const WeightSource& m_weights;
    DType m_compute;
    int64_t m_total;
    int64_t m_done = 0;
    ProgressSink m_progress;
    std::stop_token m_stop;
};

/// Bytes that a stored tensor takes once it is loaded for this compute type: matrices of another 16-bit or
/// 32-bit type are converted, except that f32 arithmetic reads 16-bit weights as they are.
int64_t bytesWhenLoaded(const TensorKind& stored, DType compute);

} // namespace argali
