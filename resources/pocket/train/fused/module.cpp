// What Python sees of the fused layers.

#include "common.h"

using at::Tensor;

std::vector<Tensor> textForward(Tensor x, const Tensor& cosine, const Tensor& sine,
                                const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                double epsilon, int64_t rows, int64_t prefix,
                                std::vector<int64_t> lengths, std::vector<int64_t> owners);
std::vector<Tensor> textBackward(const Tensor& grad, const std::vector<Tensor>& kept,
                                 const Tensor& cosine, const Tensor& sine,
                                 const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                 double epsilon, int64_t rows, int64_t prefix,
                                 std::vector<int64_t> lengths, std::vector<int64_t> owners);
std::vector<Tensor> visionForward(Tensor x, const Tensor& cosine, const Tensor& sine,
                                  const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                  double epsilon);
std::vector<Tensor> visionBackward(const Tensor& grad, const std::vector<Tensor>& kept,
                                   const Tensor& cosine, const Tensor& sine,
                                   const std::vector<Tensor>& weights, std::vector<int64_t> shape,
                                   double epsilon);
std::tuple<double, Tensor, Tensor> crossEntropy(const Tensor& logits, const Tensor& labels);

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m)
{
    m.def("text_forward", &textForward);
    m.def("text_backward", &textBackward);
    m.def("vision_forward", &visionForward);
    m.def("vision_backward", &visionBackward);
    m.def("cross_entropy", &crossEntropy);
}
