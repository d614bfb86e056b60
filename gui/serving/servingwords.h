#pragma once

#include <QString>

#include "gui/serving/serverprocess.h"

namespace argali::gui {

/// How it stands with the server, and what to do where something is wrong, as one or two sentences.
QString servingSentence(const ServerProcess& server);
/// The same in few words, for a line at the bottom; empty while there is nothing to say.
QString shortServingSentence(const ServerProcess& server);

/// "curl/7.88.1, on this computer"
QString askerOf(const ServedRequest& request);
/// "Answering · 120 + 48 tokens · 12 s"
QString progressOf(const ServedRequest& request);

/// Where clients find the server, "http://192.168.1.5:8000"; empty while it is not known.
QString servingUrl(const ServerProcess& server);
/// A question to it from a terminal. The key is not in it, but the variable that holds it.
QString servingExample(const ServerProcess& server);

/// One that nobody guesses.
QString newServingKey();
/// What is wrong with a key that was typed; empty: nothing.
QString servingKeyTrouble(const QString& key);

} // namespace argali::gui
