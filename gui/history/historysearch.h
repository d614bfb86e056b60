#pragma once

#include <QStringList>

#include "gui/history/historyworker.h"

namespace argali::gui {

/// The words to search for: separated by spaces, all of them have to be there.
QStringList searchTerms(const QString& words);

/// A piece of a text around the first of the words, on one line, with the places of all of them.
SearchHit excerptOf(const QString& text, const QStringList& terms);

} // namespace argali::gui
