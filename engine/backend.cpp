#include "engine/backend.h"

#include "engine/error.h"

namespace argali {

void Backend::activate(Tensor&, Activation)
{
    throw Error(Error::Code::Unsupported, name() + ": has no operations for adapters");
}

void Backend::gateUp(Tensor&, const Tensor&)
{
    throw Error(Error::Code::Unsupported, name() + ": has no operations for adapters");
}

} // namespace argali
