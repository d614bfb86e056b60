#include "engine/layers/ids.h"

#include <algorithm>

namespace argali {

Tensor uploadIds(Backend& op, std::span<const int32_t> ids)
{
    const Shape shape{static_cast<int64_t>(ids.size())};
    Tensor host = hostTensor(DType::I32, shape);
    std::copy(ids.begin(), ids.end(), host.as<int32_t>());
    Tensor result = op.allocate(DType::I32, shape);
    op.upload(result, host);
    return result;
}

} // namespace argali
