#include "engine/remote/serverstatus.h"

#include <algorithm>

namespace argali::remote {
namespace {

using Kind = ServerStatus::Kind;

Kind kindOf(FailureKind kind)
{
    switch (kind) {
    case FailureKind::Refused:
        return Kind::Refused;
    case FailureKind::NameNotFound:
        return Kind::NameNotFound;
    case FailureKind::TimedOut:
        return Kind::TimedOut;
    case FailureKind::Tls:
        return Kind::Tls;
    case FailureKind::WrongKey:
        return Kind::WrongKey;
    case FailureKind::Starting:
        return Kind::Starting;
    case FailureKind::NotOpenAiStyle:
        return Kind::NotOpenAiStyle;
    default:
        return Kind::Other;
    }
}

} // namespace

ServerStatus statusOf(const Failure& failure)
{
    ServerStatus status;
    status.kind = kindOf(failure.kind);
    status.progress = failure.progress;
    status.detail = failure.detail.empty() && failure.status != 0
                        ? "HTTP " + std::to_string(failure.status)
                        : failure.detail;
    return status;
}

ServerStatus statusOf(const ServerFacts& facts)
{
    if (facts.failure)
        return statusOf(*facts.failure);
    ServerStatus status;
    const RemoteModel* const model = preferredModel(facts.models);
    // A model of which nobody knows may see; only a clear no is one.
    const bool mayOneSee = model && model->seesPictures != Known::No;
    status.kind = mayOneSee ? Kind::Connected : Kind::NoSeeingModel;
    if (!model)
        return status;
    status.model = model->shown;
    if (model->state == RemoteModel::State::Loading) {
        status.kind = Kind::Starting;
        status.progress = model->progress;
    }
    return status;
}

} // namespace argali::remote
