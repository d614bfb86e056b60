#pragma once

#include <QString>

#include "engine/remote/remotemodel.h"
#include "engine/remote/requestbody.h"
#include "gui/remote/serveraccess.h"

namespace argali::gui {

/// Where a question goes, and what is known of that place.
struct RemoteTarget {
    QString profile; ///< id of the connection profile
    QString server;  ///< its name, for people
    ServerAccess access;
    remote::Dialect dialect = remote::Dialect::Plain;
    remote::RemoteModel model;
    remote::RequestParts refused; ///< parts of a request that it is known to refuse
    double weight = 1;            ///< share of the questions in a weighted group
    bool sendsOriginals = false;  ///< pictures go as they are, not made smaller
    remote::RemoteOptions::FilmForm filmForm = remote::RemoteOptions::FilmForm::Frames;
};

/// "vLLM · rack"
QString deviceOf(const RemoteTarget& target);

} // namespace argali::gui
