#include "engine/adapterset.h"

#include <algorithm>
#include <set>

#include "engine/adapterfiles.h"
#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/families/adaptersum.h"
#include "engine/families/mergedweights.h"
#include "engine/log.h"

namespace argali {

namespace {

/// What there is, behind "there ".
std::string listed(const std::vector<std::string>& names)
{
    std::string list;
    for (const std::string& name : names)
        list += (list.empty() ? "is " : ", ") + inQuotes(name);
    return list.empty() ? "is none" : list;
}

} // namespace

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
        return m_merged;
    std::vector<std::string> names;
    for (const Entry& entry : m_entries)
        names.push_back(entry.name);
    return names;
}

bool AdapterSet::add(const AdapterSource& source, const std::stop_token& stop)
{
    const std::string name = nameOf(source);
    Adapter read = readAdapter(source, stop);
    if (stop.stop_requested())
        return false;
    auto fitted = std::make_shared<const FittedAdapter>(fitAdapter(std::move(read), *m_base));
    for (const AdaptedBackend* backend : m_backends)
        if (fitted->changesWeights() && !backend->hasSidePaths())
            throw Error(Error::Code::Unsupported,
                        backend->name() + " cannot apply the adapter " + inQuotes(name) +
                            " to a model that is loaded; open the model with this adapter alone, "
                            "or merge it into the model (argali-cli merge)");
    const std::vector<std::string> taken = names();
    if (std::ranges::find(taken, name) != taken.end())
        throw Error(Error::Code::BadRequest,
                    "two adapters are called " + inQuotes(name) + "; give one another name");
    KvPrefix prefix = fitted->prefix ? m_family.makePrefix(*fitted->prefix) : KvPrefix();
    auto applied = std::make_unique<AppliedAdapter>(fitted, *m_loaded, m_base, m_compute);
    m_entries.push_back(
        {name, std::move(fitted), std::move(applied), std::move(prefix), ++m_lastNumber});
    return true;
}

void AdapterSet::remove(const std::string& name)
{
    if (std::ranges::find(m_merged, name) != m_merged.end())
        throw Error(Error::Code::Unsupported, "the adapter " + inQuotes(name) +
                                                  " is in the weights; open the model without it");
    const size_t place = find({name}).front();
    use({});
    m_sum = {};
    m_entries.erase(m_entries.begin() + static_cast<std::ptrdiff_t>(place));
}

std::vector<size_t> AdapterSet::find(const std::vector<std::string>& names) const
{
    std::vector<size_t> members;
    for (const std::string& name : names) {
        const auto found = std::ranges::find(m_entries, name, &Entry::name);
        if (found == m_entries.end())
            throw Error(Error::Code::BadRequest, "no adapter is called " + inQuotes(name) +
                                                     "; there " + listed(this->names()));
        members.push_back(static_cast<size_t>(found - m_entries.begin()));
    }
    std::ranges::sort(members); // a sum does not depend on the order
    if (const auto twice = std::ranges::adjacent_find(members); twice != members.end())
        throw Error(Error::Code::BadRequest, "the adapter " + inQuotes(m_entries[*twice].name) +
                                                 " is asked for twice; name it once");
    return members;
}

void AdapterSet::requireMerged(const std::vector<std::string>& names) const
{
    const std::set<std::string> asked(names.begin(), names.end());
    const std::set<std::string> merged(m_merged.begin(), m_merged.end());
    if (asked == merged && names.size() == m_merged.size())
        return;
    const auto unknown =
        std::ranges::find_if(names, [&](const auto& name) { return !merged.contains(name); });
    throw Error(Error::Code::BadRequest,
                (unknown != names.end() ? "no adapter is called " + inQuotes(*unknown)
                 : m_merged.size() == 1 ? "this model cannot answer without its adapter"
                                        : "this model cannot answer without all of its adapters") +
                    "; there " + listed(m_merged));
}

const AdapterSet::Sum& AdapterSet::sumOf(const std::vector<size_t>& members)
{
    if (m_sum.members == members)
        return m_sum;
    std::vector<std::shared_ptr<const FittedAdapter>> fitted;
    for (const size_t i : members)
        fitted.push_back(m_entries[i].fitted);
    const std::shared_ptr<const FittedAdapter> sum = argali::sumOf(fitted);
    for (AdaptedBackend* backend : m_backends)
        backend->use(nullptr); // the one before goes
    m_sum = {};
    m_sum = {members, std::make_unique<AppliedAdapter>(sum, *m_loaded, m_base, m_compute),
             ++m_lastNumber};
    return m_sum;
}

AdapterSet::InUse AdapterSet::useSum(const std::vector<size_t>& members)
{
    const bool isOne = members.size() == 1;
    const AppliedAdapter& adapter =
        isOne ? *m_entries[members.front()].adapter : *sumOf(members).adapter;
    const uint64_t number = isOne ? m_entries[members.front()].number : m_sum.number;
    adapter.requireWhole();
    for (AdaptedBackend* backend : m_backends)
        backend->use(adapter.partsOn(*backend));
    const auto withPrefix =
        std::ranges::find_if(members, [&](size_t i) { return !m_entries[i].prefix.empty(); });
    const bool hasPrefix = withPrefix != members.end();
    m_family.setPrefix(hasPrefix ? m_entries[*withPrefix].prefix : KvPrefix());
    return {number, adapter.changesVision() ? number : 0,
            hasPrefix ? m_entries[*withPrefix].number : 0};
}

AdapterSet::InUse AdapterSet::use(const std::vector<std::string>& names)
{
    if (!m_merged.empty()) {
        requireMerged(names);
        return {};
    }
    if (const std::vector<size_t> members = find(names); !members.empty())
        return useSum(members);
    for (AdaptedBackend* backend : m_backends)
        backend->use(nullptr);
    m_family.setPrefix(KvPrefix());
    return {};
}

bool takes(const Backend& op, const std::vector<AdapterSource>& adapters)
{
    return op.hasSidePaths() || std::ranges::none_of(adapters, [](const AdapterSource& source) {
               return readAdapter(source).changesWeights();
           });
}

std::shared_ptr<const WeightSource> mergedFor(const Backend& op, const OpenOptions& options,
                                              std::shared_ptr<const WeightSource> base,
                                              const std::stop_token& stop)
{
    const std::string only = "; leave the others out, or use --device cpu";
    if (options.adapters.size() > 1 && !options.addsAdapters)
        throw Error(Error::Code::Unsupported, op.name() + " takes one adapter at a time, not " +
                                                  std::to_string(options.adapters.size()) + only);
    std::vector<std::shared_ptr<const FittedAdapter>> fitted;
    for (const AdapterSource& source : options.adapters) {
        fitted.push_back(
            std::make_shared<const FittedAdapter>(fitAdapter(readAdapter(source), *base)));
        log(LogLevel::Info,
            op.name() + ": the adapter " + nameOf(source) + " is merged while it is loaded");
    }
    std::shared_ptr<const FittedAdapter> sum = sumOf(fitted);
    if (sum->prefix)
        throw Error(Error::Code::Unsupported,
                    op.name() + " takes no prefix together with other adapters" + only);
    return std::make_shared<MergedWeights>(std::move(base), std::move(sum),
                                           MergedWeights::Changes::All, stop);
}

std::string nameOf(const AdapterSource& source)
{
    if (!source.name.empty())
        return source.name;
    std::error_code
        error; // of a disk that is gone, or a path that no system takes: as it is written
    std::filesystem::path path = std::filesystem::weakly_canonical(source.path, error);
    if (error)
        path = source.path;
    return (std::filesystem::is_directory(path, error) ? path.filename() : path.stem()).string();
}

} // namespace argali
