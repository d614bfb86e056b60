#include "engine/cli/adapteroptions.h"

#include <algorithm>

#include "engine/checkpoint/json.h"

namespace argali::cli {

namespace {

/// "text=8,vision=1"
void readAlphas(const std::string& list, AdapterSource& source)
{
    for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const std::string_view item = std::string_view(list).substr(begin, end - begin);
        const size_t equals = std::min(item.find('='), item.size());
        const std::string_view side = item.substr(0, equals);
        const auto value = parseNumber(item.substr(std::min(equals + 1, item.size())));
        std::optional<double>* const alpha = side == "text"     ? &source.textAlpha
                                             : side == "vision" ? &source.visionAlpha
                                                                : nullptr;
        constexpr double largest = 1e6;
        if (!alpha || *alpha || !value || *value <= 0 || *value > largest)
            throw UsageError("--adapter-alpha takes text=N,vision=N with numbers above 0, not " +
                             inQuotes(list));
        *alpha = value;
        begin = end + 1;
    }
}

} // namespace

std::vector<Option> adapterOptionList()
{
    return {{.name = "--adapter", .value = "DIR", .repeatable = true},
            {.name = "--adapter-alpha", .value = "text=N,vision=N", .repeatable = true}};
}

std::vector<AdapterSource> adapterOptions(const Arguments& arguments)
{
    std::vector<AdapterSource> sources;
    for (const std::string& path : arguments.texts("--adapter"))
        sources.emplace_back().path = path;
    auto next = sources.begin();
    for (const std::string& list : arguments.texts("--adapter-alpha")) {
        next = std::find_if(next, sources.end(), [](const AdapterSource& source) {
            return source.path.extension() == ".pth";
        });
        if (next == sources.end())
            throw UsageError("--adapter-alpha " + list +
                             " belongs to no --adapter that is a .pth file");
        readAlphas(list, *next++);
    }
    return sources;
}

void askForAll(const std::vector<std::string>& adapters, ChatRequest& request)
{
    request.adapter = adapters.empty() ? "" : adapters.front();
    request.moreAdapters.assign(adapters.begin() + (adapters.empty() ? 0 : 1), adapters.end());
}

} // namespace argali::cli
