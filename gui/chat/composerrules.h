#pragma once

#include <optional>

#include <QList>

#include "gui/chat/attachmentrow.h"
#include "gui/chat/engineworker.h"

namespace argali::gui {

/// What the questions before hold, as far as the model will see them again.
struct EarlierMedia {
    int pictures = 0;
    int films = 0;
    bool operator==(const EarlierMedia&) const = default;
};

/// Writes into each file that has been read why it cannot be sent with those before it, in this
/// chat and to this model; nothing where it can. Without a model the strictest rules hold. Source:
/// what a family's specification says, in ModelInfo
void judge(QList<ComposerEntry>& entries, const std::optional<LoadedModel>& model,
           const EarlierMedia& earlier);

/// What a model that answers from now on cannot take of what is attached or was asked before, as a
/// sentence; empty where it takes all of it.
/// entries: as judge() left them
QString switchWarning(const QList<ComposerEntry>& entries, const LoadedModel& model,
                      const EarlierMedia& earlier);

} // namespace argali::gui
