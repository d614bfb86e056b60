#pragma once

#include <map>
#include <memory>

#include "engine/adaptedbackend.h"
#include "engine/families/fittedadapter.h"
#include "engine/families/loadedweights.h"

namespace argali {

/// An adapter in the form in which the backends of a loaded model use it.
class AppliedAdapter final {
public:
    /// base: the weights that loaded was made of. What is replaced whole has memory of its own.
    /// Throws: Error::Code::BadModel when nothing of it is in use; Unsupported for what can only be
    ///         merged, naming the tensor; OutOfMemory
    AppliedAdapter(std::shared_ptr<const FittedAdapter> adapter, const LoadedWeights& loaded,
                   std::shared_ptr<const WeightSource> base, DType compute);

    /// Null where it changes nothing.
    const AdapterParts* partsOn(const Backend& op) const;
    /// Whether pictures become something else with it.
    bool changesVision() const { return m_changesVision; }
    /// Throws: Error::Code::BadModel naming the file that was cut
    void requireWhole() const { m_adapter->requireWhole(); }

private:
    class Maker;

    std::shared_ptr<const FittedAdapter> m_adapter;
    std::map<const Backend*, AdapterParts> m_parts;
    bool m_changesVision = false;
};

} // namespace argali
