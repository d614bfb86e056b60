#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/families/appliedadapter.h"
#include "engine/families/families.h"

namespace argali {

/// The adapters of a loaded model by their names, one of which, several added up, or none is in
/// use. Thread: engine.
class AdapterSet final {
public:
    /// The model, the backends that it was loaded on, what it made of which weights, and in which
    /// type. Family and backends must outlive this object.
    AdapterSet(Family& family, std::vector<AdaptedBackend*> backends,
               std::shared_ptr<const LoadedWeights> loaded,
               std::shared_ptr<const WeightSource> base, DType compute);

    /// Of a model that has these adapters in its weights and cannot be without them.
    void setMerged(std::vector<std::string> names) { m_merged = std::move(names); }
    std::vector<std::string> names() const;
    /// Throws: Error::Code::BadRequest for a name that is taken; as openModel() for what is no
    ///         adapter or none to this model
    /// Returns false once stopped, with nothing added.
    bool add(const AdapterSource& source, const std::stop_token& stop);
    /// Frees one; none is in use afterwards.
    /// Throws: Error::Code::BadRequest for an unknown name; Unsupported for one that is in the
    /// weights
    void remove(const std::string& name);

    /// What tells results with one adapter from those with another.
    struct InUse {
        uint64_t any = 0;    ///< of everything
        uint64_t vision = 0; ///< of what becomes of pictures
        uint64_t prefix = 0; ///< of what a cache begins with
    };
    /// From the next operation on; no names for none.
    /// Throws: Error::Code::BadRequest for an unknown name, and as sumOf(); BadModel when a file
    /// was cut
    InUse use(const std::vector<std::string>& names);

private:
    struct Entry {
        std::string name;
        std::shared_ptr<const FittedAdapter> fitted;
        std::unique_ptr<AppliedAdapter> adapter;
        KvPrefix prefix; ///< empty: none
        uint64_t number = 0;
    };
    /// Several added up; the last that were asked for are kept.
    struct Sum {
        std::vector<size_t> members; ///< of the entries, in order
        std::unique_ptr<AppliedAdapter> adapter;
        uint64_t number = 0;
    };

    /// Where the entries of these names are, in order. Throws: Error::Code::BadRequest
    std::vector<size_t> find(const std::vector<std::string>& names) const;
    void requireMerged(const std::vector<std::string>& names) const;
    const Sum& sumOf(const std::vector<size_t>& members);
    InUse useSum(const std::vector<size_t>& members);

    Family& m_family;
    std::vector<AdaptedBackend*> m_backends;
    std::shared_ptr<const LoadedWeights> m_loaded;
    std::shared_ptr<const WeightSource> m_base;
    DType m_compute;
    std::vector<Entry> m_entries;
    Sum m_sum;
    uint64_t m_lastNumber = 0; ///< of an entry or a sum
    std::vector<std::string> m_merged;
};

/// Whether a backend can apply these to a model that is loaded.
bool takes(const Backend& op, const std::vector<AdapterSource>& adapters);
/// The weights with the adapters of these options in them, for a backend that cannot: one, or all
/// that every request asks for. Throws: Error::Code::Unsupported for several of which requests
/// choose; as AdapterSet::add() and sumOf()
std::shared_ptr<const WeightSource> mergedFor(const Backend& op, const OpenOptions& options,
                                              std::shared_ptr<const WeightSource> base,
                                              const std::stop_token& stop);

} // namespace argali
