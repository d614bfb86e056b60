#include "engine/remote/httpreply.h"

#include "engine/remote/jsonfields.h"

namespace argali::remote {

std::optional<std::string_view> HttpReply::header(std::string_view lowerCaseName) const
{
    for (const auto& [name, value] : headers)
        if (lowerCase(name) == lowerCaseName)
            return value;
    return std::nullopt;
}

} // namespace argali::remote
