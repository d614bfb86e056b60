#pragma once

#include <QMetaType>
#include <QString>

namespace argali::gui {

/// Who answers: a model on this computer, or one of a server.
struct AnswerSource {
    QString server; ///< id of its connection profile; empty: this computer
    QString model;  ///< as the server names it; empty: the one that is open here

    bool isLocal() const { return server.isEmpty(); }
    bool operator==(const AnswerSource&) const = default;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::AnswerSource)
