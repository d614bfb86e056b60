#pragma once

#include <QString>

#include "engine/remote/serverstatus.h"
#include "gui/remote/connectionprofile.h"

namespace argali::gui {

class ServerConnection;

/// How it stands with a server, and what to do, as one or two sentences.
QString statusSentence(const remote::ServerStatus& status, const ConnectionProfile& profile);
/// The same; it also says that a key is missing or a check runs.
QString statusSentence(const ServerConnection& connection);

} // namespace argali::gui
