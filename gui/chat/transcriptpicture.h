#pragma once

#include "gui/chat/transcriptview.h"

namespace argali::gui {

/// An attachment as the page shows it, its thumbnail as a data: address that is small enough.
TranscriptTurn::Picture pagePicture(const TranscriptView::Attachment& attachment);

} // namespace argali::gui
