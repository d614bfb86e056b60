#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/server/httpserver.h"
#include "engine/server/modelset.h"
#include "engine/server/upstreamset.h"

namespace argali::server {

HttpAnswer jsonAnswer(const nlohmann::json& value, int status = 200);

/// How it stands with the models: 503 while none can answer. upstreams may be null.
HttpAnswer healthAnswer(const ModelSet& models, const UpstreamSet* upstreams);
/// One list of all models, those of this server first. created: seconds since 1970
HttpAnswer modelsAnswer(const ModelSet& models, const UpstreamSet* upstreams, int64_t created);

} // namespace argali::server
