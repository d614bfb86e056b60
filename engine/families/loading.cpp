#include "engine/families/loading.h"

namespace argali {

namespace {

/// Brings the pages of a mapped tensor into memory, so that slow disks are waited for here, where there is
/// progress and a stop, and not inside a matrix product.
void touch(const Tensor& tensor, const std::stop_token& stop)
{
    constexpr int64_t page = 4096;
    constexpr int64_t pagesBetweenLooks = 1024;
    const volatile std::byte* data = tensor.raw();
    for (int64_t at = 0, n = 0; at < tensor.bytes(); at += page, ++n) {
        static_cast<void>(data[at]);
        if (n % pagesBetweenLooks == 0 && stop.stop_requested())
            return;
    }
}

} // namespace

WeightLoader::WeightLoader(Backend& op, const WeightSource& weights, DType compute, int64_t totalBytes,
                           ProgressSink progress, std::stop_token stop)
    : m_op(&op), m_weights(weights), m_compute(compute), m_total(totalBytes), m_progress(std::move(progress)),
      m_stop(std::move(stop))
{
}

Tensor WeightLoader::read(const std::string& name, const Shape& shape)
{
    Tensor tensor = m_weights.require(name, shape);
    touch(tensor, m_stop);
    m_done += tensor.bytes();
    if (m_progress)
        m_progress({Progress::Phase::Loading, std::min(m_done, m_total), m_total});
    return tensor;
}

Linear WeightLoader::linear(const std::vector<LinearPart>& parts)
{
    LinearSource source;
    source.compute = m_compute;
    for (const LinearPart& part : parts) {
        if (stopped())
            return {};
        const Tensor matrix = read(part.weight, part.shape);
        const int64_t outputs = part.shape.dim(0);
        source.matrices.push_back(matrix.view({outputs, matrix.count() / outputs}));
        if (!part.bias.empty())
            source.biases.push_back(read(part.bias, {outputs}));
    }
    return m_op->makeLinear(source);
}

Tensor WeightLoader::floats(const std::string& name, const Shape& shape)
{
    return stopped() ? Tensor() : m_op->makeFloats(read(name, shape));
}

Tensor WeightLoader::table(const std::string& name, const Shape& shape)
{
    return stopped() ? Tensor() : m_op->makeTable(read(name, shape));
}

int64_t bytesWhenLoaded(const TensorKind& stored, DType compute)
{
    const bool matrix = stored.shape.rank() > 1;
    if (!matrix)
        return stored.shape.count() * sizeOf(DType::F32); // norms and biases are kept as f32
    return stored.type == compute || compute == DType::F32 ? stored.bytes()
                                                           : stored.shape.count() * sizeOf(compute);
}

} // namespace argali
