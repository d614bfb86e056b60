#include "engine/adapterset.h"

#include <algorithm>

#include "engine/adapterfiles.h"
#include "engine/checkpoint/json.h"
#include "engine/error.h"

namespace argali {

AdapterSet::AdapterSet(Family& family, std::vector<AdaptedBackend*> backends,
                       std::shared_ptr<const LoadedWeights> loaded,
                       std::shared_ptr<const WeightSource> base, DType compute)
    : m_family(family),
      m_backends(std::move(backends)),
      m_loaded(std::move(loaded)),
      m_base(std::move(base)),
      m_compute(compute)
{
}

std::vector<std::string> AdapterSet::names() const
{
    if (!m_merged.empty())
        return {m_merged};
    std::vector<std::string> names;
    for (const Entry& entry : m_entries)
        names.push_back(entry.name);
    return names;
}

void AdapterSet::add(const AdapterSource& source)
{
    const std::string name = nameOf(source);
    auto fitted = std::make_shared<const FittedAdapter>(fitAdapter(readAdapter(source), *m_base));
    for (const AdaptedBackend* backend : m_backends)
        if (fitted->changesWeights() && !backend->hasSidePaths())
            throw Error(Error::Code::Unsupported,
                        backend->name() + " cannot apply the adapter " + inQuotes(name) +
                            " to a model that is loaded; open the model with this adapter alone, "
                            "or merge it into the model (argali-cli merge)");
    const std::vector<std::string> taken = names();
    if (std::ranges::find(taken, name) != taken.end())
        throw Error(Error::Code::BadRequest, "two adapters are called " + inQuotes(name) +
                                                 "; give one another name");
    KvPrefix prefix = fitted->prefix ? m_family.makePrefix(*fitted->prefix) : KvPrefix();
    m_entries.push_back(
        {name, std::make_unique<AppliedAdapter>(std::move(fitted), *m_loaded, m_base, m_compute),
         std::move(prefix)});
}

AdapterSet::InUse AdapterSet::use(const std::string& name)
{
    const auto found = std::ranges::find(m_entries, name, &Entry::name);
    if (m_merged.empty() ? !name.empty() && found == m_entries.end() : name != m_merged) {
        std::string known;
        for (const std::string& other : names())
            known += (known.empty() ? "" : ", ") + inQuotes(other);
        throw Error(Error::Code::BadRequest,
                    (name.empty() ? "this model cannot answer without its adapter"
                                  : "no adapter is called " + inQuotes(name)) +
                        "; there " + (known.empty() ? "is none" : "is " + known));
    }
    const bool isUsed = found != m_entries.end();
    if (isUsed)
        found->adapter->requireWhole();
    for (AdaptedBackend* backend : m_backends)
        backend->use(isUsed ? found->adapter->partsOn(*backend) : nullptr);
    m_family.setPrefix(isUsed ? found->prefix : KvPrefix());
    if (!isUsed)
        return {};
    const auto number = static_cast<uint64_t>(found - m_entries.begin()) + 1;
    return {number, found->adapter->changesVision() ? number : 0,
            found->prefix.empty() ? 0 : number};
}

std::string nameOf(const AdapterSource& source)
{
    if (!source.name.empty())
        return source.name;
    const std::filesystem::path path = std::filesystem::weakly_canonical(source.path);
    std::error_code error;
    return (std::filesystem::is_directory(path, error) ? path.filename() : path.stem()).string();
}

} // namespace argali
