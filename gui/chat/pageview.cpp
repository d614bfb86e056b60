#include "gui/chat/pageview.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QMenu>
#include <QWebEngineContextMenuRequest>

#include "gui/chat/markdown.h"
#include "gui/chat/transcriptview.h"

namespace argali::gui {

PageView::PageView(QWidget* parent) : QWebEngineView(parent)
{
    setAcceptDrops(false);
    setAccessibleName(TranscriptView::tr("Transcript"));
}

void PageView::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto* request = lastContextMenuRequest();
    const QString address = request ? safeLink(request->linkUrl().toString()) : QString();
    QAction* copy = menu->addAction(TranscriptView::tr("Copy"), this,
                                    [this] { page()->triggerAction(QWebEnginePage::Copy); });
    copy->setEnabled(hasSelection());
    if (!address.isEmpty()) {
        menu->addAction(TranscriptView::tr("Copy link address"), this,
                        [address] { QApplication::clipboard()->setText(address); });
    }
    menu->addAction(TranscriptView::tr("Select all"), this,
                    [this] { page()->triggerAction(QWebEnginePage::SelectAll); });
    menu->popup(event->globalPos());
}

} // namespace argali::gui
