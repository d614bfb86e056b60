// Cross entropy of all answers of a row in one pass.

#include "common.h"

using namespace fused;

// logits bf16 [N, V], labels [N] -> sum of -log p(label), its gradient (bf16), and whether each
// label is the likeliest token
std::tuple<double, Tensor, Tensor> crossEntropy(const Tensor& logits, const Tensor& labels)
{
    at::NoGradGuard guard;
    const int64_t n = labels.size(0), width = logits.size(1);
    TORCH_CHECK(n <= logits.size(0));
    Tensor grad = at::zeros_like(logits), right = at::empty({n}, labels.options().dtype(at::kBool));
    std::vector<float> row(width);
    double loss = 0;
    for (int64_t i = 0; i < n; ++i) {
        const Half* __restrict x = in(logits) + i * width;
        Half* __restrict to = out(grad) + i * width;
        const int64_t label = labels.const_data_ptr<int64_t>()[i];
        TORCH_CHECK(label >= 0 && label < width);
        float most = -std::numeric_limits<float>::max(), sum = 0;
        for (int64_t j = 0; j < width; ++j) {
            row[j] = float(x[j]);
            most = std::max(most, row[j]);
        }
        const float at = row[label];
        for (int64_t j = 0; j < width; ++j)
            row[j] = exponential(row[j] - most);
        for (int64_t j = 0; j < width; ++j)
            sum += row[j];
        const float by = 1.0f / sum;
        loss += std::log(sum) + most - at;
        right.mutable_data_ptr<bool>()[i] = at >= most;
        row[label] -= sum;
        for (int64_t j = 0; j < width; ++j)
            to[j] = Half(row[j] * by);
    }
    return {loss, grad, right};
}
