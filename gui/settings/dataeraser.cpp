#include "gui/settings/dataeraser.h"

#include "gui/chat/conversationbook.h"
#include "gui/chat/draftstore.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/turncontroller.h"
#include "gui/history/historystore.h"
#include "gui/logfile.h"
#include "gui/remote/profilestore.h"
#include "gui/remote/serverbook.h"
#include "gui/settings/presetstore.h"
#include "gui/settings/settings.h"

namespace argali::gui {

DataEraser::DataEraser(const Parts& parts, QObject* parent) : QObject(parent), m_parts(parts)
{
    connect(&parts.drafts, &DraftStore::erased, this, &DataEraser::takePart);
    connect(&parts.loader, &MediaLoader::pastedErased, this, &DataEraser::takePart);
    connect(&parts.history, &HistoryStore::erased, this, &DataEraser::takePart);
}

QString DataEraser::settingsFile() const
{
    return m_parts.settings.fileName();
}

void DataEraser::erase(What what)
{
    if (isBusy())
        return;
    m_what = what;
    m_left.clear();
    m_last.reset();
    m_waiting = 3;
    m_parts.turns.stop();
    m_parts.turns.forgetRemoved();
    m_parts.book.clear();
    m_parts.history.erase();
    m_parts.loader.erasePasted();
    m_parts.drafts.erase(); // the last: an emptied composer has told it of its draft
    emit begun();
}

void DataEraser::takePart(const QStringList& left)
{
    if (m_waiting == 0)
        return;
    m_left += left;
    if (--m_waiting > 0)
        return;
    if (m_what == What::Everything) {
        if (!m_parts.settings.clear())
            m_left.append(m_parts.settings.fileName());
        m_left += PresetStore::of(m_parts.settings).erase();
        m_left += ServerBook::of(m_parts.settings).store().erase(); // the book takes the keys
        m_left += clearLog();
    }
    m_last = Outcome{m_what, m_left};
    emit finished(*m_last);
}

} // namespace argali::gui
