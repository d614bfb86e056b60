#include "gui/shortcutlist.h"

#include <QHeaderView>
#include <QLineEdit>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/icon.h"

namespace argali::gui {

ShortcutList::ShortcutList(const QWidget& window, bool sendWithEnter, QWidget* parent)
    : QDialog(parent), m_search(new QLineEdit(this)), m_list(new QTreeWidget(this))
{
    setWindowTitle(tr("Keys"));
    m_search->setProperty("field", true); // framed by the style sheet
    m_search->setPlaceholderText(tr("Find a key or what it does"));
    m_search->setAccessibleName(tr("Find a key or what it does"));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(icon(QStringLiteral("search"), QPalette::PlaceholderText),
                        QLineEdit::LeadingPosition);
    m_list->setAccessibleName(tr("Keys"));
    m_list->setColumnCount(2);
    m_list->setHeaderLabels({tr("What it does"), tr("Key")});
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setRootIsDecorated(false);
    m_list->setItemsExpandable(false);
    m_list->setUniformRowHeights(true);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setTabKeyNavigation(false);
    fill(window, sendWithEnter);
    m_list->expandAll();
    m_list->header()->setSectionsMovable(false);
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    column->addWidget(m_search);
    column->addWidget(m_list, 1);
    resize(QSize(520, 620).boundedTo(parent ? parent->size() : QSize(520, 620)));
    connect(m_search, &QLineEdit::textChanged, this, &ShortcutList::showMatching);
    m_search->setFocus();
}

void ShortcutList::fill(const QWidget& window, bool sendWithEnter)
{
    const QFont heading = scaledFont(font(), 1, QFont::DemiBold);
    for (const Shortcuts::Group& group : Shortcuts::table(sendWithEnter)) {
        auto* top = new QTreeWidgetItem(m_list, {group.heading});
        top->setFlags(Qt::ItemIsEnabled);
        top->setFont(0, heading);
        top->setFirstColumnSpanned(true);
        for (const Shortcuts::Row& row : group.rows) {
            if (!Shortcuts::works(window, row))
                continue;
            const QString keys = Shortcuts::allText(row);
            auto* item = new QTreeWidgetItem(top, {row.words, keys});
            item->setData(0, IdRole, int(row.id));
            item->setData(0, Qt::AccessibleTextRole, row.words + QStringLiteral(": ") + keys);
        }
        top->setHidden(top->childCount() == 0);
    }
}

void ShortcutList::showMatching(const QString& words)
{
    const QString wanted = words.trimmed();
    for (int i = 0; i < m_list->topLevelItemCount(); ++i) {
        QTreeWidgetItem* group = m_list->topLevelItem(i);
        const bool all = group->text(0).contains(wanted, Qt::CaseInsensitive);
        bool any = false;
        for (int k = 0; k < group->childCount(); ++k) {
            QTreeWidgetItem* row = group->child(k);
            const bool shown = all || row->text(0).contains(wanted, Qt::CaseInsensitive) ||
                               row->text(1).contains(wanted, Qt::CaseInsensitive);
            row->setHidden(!shown);
            any = any || shown;
        }
        group->setHidden(!any);
    }
}

} // namespace argali::gui
