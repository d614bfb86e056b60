#pragma once

#include <optional>

#include <QSize>
#include <QString>

#include "gui/chat/engineworker.h"

namespace argali::gui {

/// What a question costs, in words for the line under the composer.
struct CostText {
    QString line;
    QString details; ///< for its tooltip
};

/// media: files of the question, whose costs are the last of cost.parts.
/// seconds: to the first word, where they are known.
CostText costText(const RequestCost& cost, qsizetype media, const LoadedModel& model,
                  int longestAnswer, std::optional<double> seconds);

/// Tokens across and down of one frame.
QSize tokenGrid(const VisualCost& cost);

/// What the model gets of one file: "Original 4032 × 3024 · the model gets 1344 × 992 · 42 × 31
/// tokens".
QString visualText(const VisualCost& cost);

/// "0.4 GB", "12 MB"
QString memoryText(double bytes);

} // namespace argali::gui
