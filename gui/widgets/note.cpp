#include "gui/widgets/note.h"

#include <QLabel>

#include "gui/theme.h"

namespace argali::gui {

QLabel* makeNote(QWidget* parent)
{
    auto* note = new QLabel(parent);
    note->setTextFormat(Qt::PlainText);
    note->setWordWrap(true);
    note->setFont(scaledFont(parent->font(), 0.85));
    return note;
}

} // namespace argali::gui
