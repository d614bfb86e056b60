#pragma once

#include "engine/remote/failure.h"
#include "engine/server/apifailure.h"

namespace argali::server {

/// What a client may know of a failure behind this server: sentences of our own, since those of an
/// upstream may name its address.
ApiFailure upstreamFailure(const remote::Failure& failure);
/// The same as an answer, with Retry-After where waiting helps.
HttpAnswer upstreamFailureAnswer(const remote::Failure& failure);
/// Nobody is left to ask.
HttpAnswer noUpstreamAnswer();

} // namespace argali::server
