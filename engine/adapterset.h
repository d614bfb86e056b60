#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/families/appliedadapter.h"
#include "engine/families/families.h"

namespace argali {

/// The adapters of a loaded model by their names, one of which, or none, is in use.
/// Thread: engine.
class AdapterSet final {
public:
    /// The model, the backends that it was loaded on, what it made of which weights, and in which
    /// type. Family and backends must outlive this object.
    AdapterSet(Family& family, std::vector<AdaptedBackend*> backends, std::shared_ptr<const LoadedWeights> loaded,
               std::shared_ptr<const WeightSource> base, DType compute);

    /// Of a model that has this adapter in its weights and cannot be without it.
    void setMerged(const std::string& name) { m_merged = name; }
    std::vector<std::string> names() const;
    /// Throws: Error::Code::BadRequest for a name that is taken; as openModel() for what is no
    ///         adapter or none to this model
    void add(const AdapterSource& source);

    /// What tells results with one adapter from those with another.
    struct InUse {
        uint64_t any = 0;    ///< of everything
        uint64_t vision = 0; ///< of what becomes of pictures
        uint64_t prefix = 0; ///< of what a cache begins with
    };
    /// From the next operation on; an empty name for none.
    /// Throws: Error::Code::BadRequest for an unknown name; BadModel when its file was cut
    InUse use(const std::string& name);

private:
    struct Entry {
        std::string name;
        std::unique_ptr<AppliedAdapter> adapter;
        KvPrefix prefix; ///< empty: none
    };

    Family& m_family;
    std::vector<AdaptedBackend*> m_backends;
    std::shared_ptr<const LoadedWeights> m_loaded;
    std::shared_ptr<const WeightSource> m_base;
    DType m_compute;
    std::vector<Entry> m_entries;
    std::string m_merged;
};

} // namespace argali
