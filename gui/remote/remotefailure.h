#pragma once

#include "engine/remote/failure.h"
#include "gui/failure.h"
#include "gui/remote/remoteanswer.h"

namespace argali::gui {

/// Why a server gave no answer, in a sentence that says what to do.
/// server: name of its profile; model: as it is shown
Failure remoteFailure(const remote::Failure& failure, const QString& server, const QString& model);

/// What is said under an answer.
QString sentenceOf(RemoteAnswer::Remark remark, const QString& server);

} // namespace argali::gui
