#include "gui/chat/composeredit.h"

#include <algorithm>

#include <QAbstractTextDocumentLayout>
#include <QDragEnterEvent>
#include <QFontMetrics>
#include <QInputMethodEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QScrollBar>

#include "gui/shortcuts.h"

namespace argali::gui {

ComposerEdit::ComposerEdit(QWidget* parent) : QPlainTextEdit(parent)
{
    setFrameShape(QFrame::NoFrame);
    setTabChangesFocus(true);
    setLineWrapMode(QPlainTextEdit::WidgetWidth);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    document()->setDocumentMargin(2);
    connect(document()->documentLayout(), &QAbstractTextDocumentLayout::documentSizeChanged, this,
            &ComposerEdit::fitHeight);
}

/// Qt looks for the end of a word from each of its lines anew, so that one of a megabyte would take
/// a minute; text with such words is broken anywhere.
void ComposerEdit::chooseWrapping(const QString& added)
{
    constexpr int longestWord = 2000;
    int word = 0;
    for (const QChar c : added) {
        word = c.isSpace() ? 0 : word + 1;
        if (word > longestWord) {
            setWordWrapMode(QTextOption::WrapAnywhere);
            return;
        }
    }
}

void ComposerEdit::setPlainText(const QString& text)
{
    QPlainTextEdit::clear();
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    chooseWrapping(text);
    QPlainTextEdit::setPlainText(text);
}

void ComposerEdit::insertPlainText(const QString& text)
{
    chooseWrapping(text);
    QPlainTextEdit::insertPlainText(text);
}

int ComposerEdit::heightFor(int lines) const
{
    return lines * fontMetrics().lineSpacing() + qCeil(2 * document()->documentMargin()) + 4;
}

QSize ComposerEdit::sizeHint() const
{
    // A plain text layout counts its height in lines.
    const int lines = std::clamp(qRound(document()->size().height()), 1, mostLines);
    return {300, heightFor(lines)};
}

QSize ComposerEdit::minimumSizeHint() const
{
    return {80, heightFor(1)};
}

void ComposerEdit::fitHeight()
{
    const bool full = document()->size().height() > mostLines;
    setVerticalScrollBarPolicy(full ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
    updateGeometry();
    if (!full)
        verticalScrollBar()->setValue(0);
}

void ComposerEdit::keyPressEvent(QKeyEvent* event)
{
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (!enter) {
        QPlainTextEdit::keyPressEvent(event);
        return;
    }
    if (isComposing()) {
        event->ignore(); // it ends the composition
        return;
    }
    if (Shortcuts::matches(*event, Shortcut::NewLine, m_sendsWithEnter)) {
        insertPlainText(QStringLiteral("\n"));
        ensureCursorVisible();
        return;
    }
    if (Shortcuts::matches(*event, Shortcut::Send, m_sendsWithEnter) && !event->isAutoRepeat())
        emit sendRequested();
}

bool ComposerEdit::event(QEvent* event)
{
    // With nothing of its own to undo the window's undo is meant.
    if (event->type() == QEvent::ShortcutOverride && !document()->isUndoAvailable() &&
        Shortcuts::matches(*static_cast<QKeyEvent*>(event), Shortcut::UndoDelete)) {
        event->ignore();
        return true;
    }
    return QPlainTextEdit::event(event);
}

void ComposerEdit::inputMethodEvent(QInputMethodEvent* event)
{
    m_preedit = event->preeditString();
    QPlainTextEdit::inputMethodEvent(event);
}

void ComposerEdit::resizeEvent(QResizeEvent* event)
{
    QPlainTextEdit::resizeEvent(event);
    if (event->oldSize().width() != event->size().width())
        fitHeight();
}

void ComposerEdit::focusInEvent(QFocusEvent* event)
{
    QPlainTextEdit::focusInEvent(event);
    if (parentWidget())
        parentWidget()->update();
}

bool ComposerEdit::canInsertFromMimeData(const QMimeData* mime) const
{
    return mime->hasImage() || mime->hasUrls() || QPlainTextEdit::canInsertFromMimeData(mime);
}

void ComposerEdit::insertFromMimeData(const QMimeData* mime)
{
    if (mime->hasImage() || mime->hasUrls() || mime->hasText()) {
        bool accepted = false;
        emit mediaPasted(*mime, accepted);
        if (accepted)
            return;
    }
    if (mime->hasText())
        insertPlainText(mime->text()); // never with the formats of where it was copied
}

void ComposerEdit::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls() || event->mimeData()->hasImage())
        event->ignore(); // the whole window takes files
    else
        QPlainTextEdit::dragEnterEvent(event);
}

void ComposerEdit::dragMoveEvent(QDragMoveEvent* event)
{
    if (event->mimeData()->hasUrls() || event->mimeData()->hasImage())
        event->ignore();
    else
        QPlainTextEdit::dragMoveEvent(event);
}

} // namespace argali::gui
