#include "gui/chat/conversationlist.h"

#include <algorithm>

#include <QAction>
#include <QDateTime>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/history/chatrow.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {

constexpr auto searchDelay = std::chrono::milliseconds(120);

QString iconOf(std::optional<MediaFile::Kind> media)
{
    return !media                            ? QStringLiteral("text")
           : *media == MediaFile::Kind::Film ? QStringLiteral("film")
                                             : QStringLiteral("picture");
}

} // namespace

ConversationList::ConversationList(ConversationBook& book, QWidget* parent)
    : QWidget(parent),
      m_book(book),
      m_new(new Button(Button::Kind::Outlined, QStringLiteral("plus"), tr("New chat"), this)),
      m_more(new Button(Button::Kind::Ghost, QStringLiteral("more"), {}, this)),
      m_search(new QLineEdit(this)),
      m_list(new QListWidget(this)),
      m_rows(new ChatRowDelegate(m_list)),
      m_notice(new QLabel(this))
{
    setAcceptDrops(true); // exported chats
    makeHead();
    makeList();
    m_notice->setTextFormat(Qt::PlainText);
    m_notice->setWordWrap(true);
    m_notice->setFont(scaledFont(font(), 0.88));
    m_notice->setContentsMargins(6, 4, 6, 2);
    m_notice->hide();
    auto* column = static_cast<QVBoxLayout*>(layout());
    column->addWidget(m_list, 1);
    column->addWidget(m_notice);

    m_fillLater.setSingleShot(true);
    connect(&m_fillLater, &QTimer::timeout, this, &ConversationList::fill);
    const auto later = [this] { m_fillLater.start(0); };
    connect(&book, &ConversationBook::listChanged, this, later);
    connect(&book, &ConversationBook::switched, this, later);
    connect(&book, &ConversationBook::changed, this, later);
    fill();
}

QString ConversationList::newChatTitle()
{
    return tr("New chat");
}

void ConversationList::takeOver(const ConversationList& old)
{
    m_closedFolders = old.m_closedFolders;
    m_search->setText(old.m_search->text());
    fillNow();
}

void ConversationList::makeHead()
{
    auto* mark = new QLabel(this);
    mark->setPixmap(iconPixmap(QStringLiteral("argali"), 24, Qt::black, devicePixelRatioF()));
    auto* name = new QLabel(QStringLiteral("Argali"), this);
    name->setFont(scaledFont(font(), 1.12, QFont::DemiBold));
    auto* brand = new QHBoxLayout;
    brand->setContentsMargins(4, 0, 4, 2);
    brand->setSpacing(9);
    brand->addWidget(mark);
    brand->addWidget(name, 1);
    brand->addWidget(m_more);
    m_more->setAccessibleName(tr("More"));
    m_more->setToolTip(tr("Folders, export and import"));
    connect(m_more, &Button::clicked, this, [this] {
        auto* menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        fillListMenu(menu);
        menu->popup(m_more->mapToGlobal(m_more->rect().bottomLeft()));
    });

    setTabOrder(m_more, m_new); // as they stand
    m_new->setFillsRow(true);
    m_new->setKeyHint(Shortcuts::text(Shortcut::NewChat));
    m_new->setToolTip(Shortcuts::tip(tr("Start another chat"), Shortcut::NewChat));
    connect(m_new, &Button::clicked, this, &ConversationList::newRequested);

    m_search->setProperty("field", true); // framed by the style sheet
    m_search->setPlaceholderText(tr("Search chats"));
    m_search->setAccessibleName(tr("Search chats"));
    m_search->setToolTip(
        tr("Search in titles and texts (%1)").arg(Shortcuts::text(Shortcut::SearchChats)));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(icon(QStringLiteral("search"), QPalette::PlaceholderText),
                        QLineEdit::LeadingPosition);
    m_search->installEventFilter(this);
    m_searchLater.setSingleShot(true);
    m_searchLater.setInterval(searchDelay);
    connect(&m_searchLater, &QTimer::timeout, this,
            [this] { emit searchRequested(m_search->text()); });
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& words) {
        if (!words.trimmed().isEmpty()) {
            m_searchLater.start();
            return;
        }
        m_searchLater.stop();
        m_hits.reset();
        fill();
    });

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 12, 10, 10);
    column->setSpacing(8);
    column->addLayout(brand);
    column->addWidget(m_new);
    column->addWidget(m_search);
}

void ConversationList::makeList()
{
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setItemDelegate(m_rows);
    m_list->setMouseTracking(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setAccessibleName(tr("Chats"));
    m_list->viewport()->setAutoFillBackground(false);
    QPalette clear;
    clear.setColor(QPalette::Base, Qt::transparent);
    m_list->setPalette(clear);
    m_list->installEventFilter(this);
    connect(m_list, &QListWidget::itemClicked, this, &ConversationList::activate);
    connect(m_list, &QListWidget::customContextMenuRequested, this, &ConversationList::showMenu);
    connect(m_rows, &ChatRowDelegate::renamed, this, &ConversationList::rename,
            Qt::QueuedConnection);
    connect(m_rows, &ChatRowDelegate::closeEditor, this, [this] { m_fillLater.start(0); });
}

void ConversationList::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), palette().color(QPalette::AlternateBase));
}

void ConversationList::setNotice(const QString& sentence, const QString& details)
{
    m_notice->setText(sentence);
    m_notice->setToolTip(plainToolTip(details));
    m_notice->setVisible(!sentence.isEmpty());
}

QString ConversationList::notice() const
{
    return m_notice->text();
}

void ConversationList::focusSearch()
{
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void ConversationList::showHits(const QList<SearchHit>& hits)
{
    if (m_search->text().trimmed().isEmpty())
        return;
    m_hits = hits;
    fill();
    m_list->scrollToTop();
}

void ConversationList::fillNow()
{
    m_fillLater.stop();
    fill();
}

void ConversationList::fill()
{
    if (m_list->findChild<QLineEdit*>()) // a title is being written; its end comes back to this
        return;
    const QSignalBlocker block(m_list);
    const QListWidgetItem* before = m_list->currentItem();
    const auto kind = before ? kindOf(before) : ChatRowKind::Chat;
    const quint64 id = before ? idOf(before) : 0;
    const quint64 turn = before ? before->data(TurnRole).toULongLong() : 0;
    const int scrolled = m_list->verticalScrollBar()->value();
    m_list->clear();
    if (m_hits)
        fillWithHits();
    else
        fillWithChats();
    QListWidgetItem* current = nullptr;
    for (int i = 0; i < m_list->count(); ++i) {
        QListWidgetItem* item = m_list->item(i);
        const bool same =
            kindOf(item) == kind && idOf(item) == id && item->data(TurnRole).toULongLong() == turn;
        if (same ||
            (!current && item->data(OpenRole).toBool() && kindOf(item) == ChatRowKind::Chat))
            current = item;
        if (same)
            break;
    }
    m_list->setCurrentItem(current);
    m_list->verticalScrollBar()->setValue(scrolled);
}

QListWidgetItem* ConversationList::addRow(ChatRowKind kind, const QString& text, quint64 id)
{
    auto* item = new QListWidgetItem(text, m_list);
    item->setData(KindRole, int(kind));
    item->setData(IdRole, id);
    if (kind == ChatRowKind::Heading)
        item->setFlags(Qt::ItemIsEnabled);
    else if (kind != ChatRowKind::Hit)
        item->setFlags(item->flags() | Qt::ItemIsEditable);
    return item;
}

void ConversationList::addChat(const Conversation& chat, int indent)
{
    const bool isOpen = &chat == &m_book.current();
    QListWidgetItem* item =
        addRow(ChatRowKind::Chat, chat.isEmpty() ? newChatTitle() : chat.title(), chat.id());
    item->setData(IconRole, chat.head().pinned ? QStringLiteral("pin") : iconOf(chat.firstMedia()));
    item->setData(OpenRole, isOpen);
    item->setData(IndentRole, indent);
    QStringList spoken{item->text()};
    if (isOpen)
        spoken << tr("open", "of a chat");
    if (chat.head().pinned)
        spoken << tr("pinned");
    item->setData(Qt::AccessibleTextRole, spoken.join(QStringLiteral(", ")));
}

void ConversationList::addGroup(const QString& heading,
                                const std::vector<const Conversation*>& chats)
{
    if (chats.empty())
        return;
    addRow(ChatRowKind::Heading, heading);
    for (const Conversation* chat : chats)
        addChat(*chat);
}

QString ConversationList::dateGroup(qint64 changed) const
{
    const QDate day = QDateTime::fromMSecsSinceEpoch(changed).date();
    const qint64 ago = day.daysTo(QDate::currentDate());
    if (ago <= 0)
        return tr("Today");
    if (ago == 1)
        return tr("Yesterday");
    if (ago <= 7)
        return tr("Last 7 days");
    if (ago <= 30)
        return tr("Last 30 days");
    //: month and year of a group of chats
    return QLocale().toString(day, tr("MMMM yyyy"));
}

void ConversationList::fillWithChats()
{
    std::vector<const Conversation*> all;
    for (int i = 0; i < m_book.count(); ++i)
        all.push_back(&m_book.at(i));
    std::stable_sort(all.begin(), all.end(), [](const Conversation* a, const Conversation* b) {
        return a->head().changed > b->head().changed;
    });
    const auto take = [&](auto wanted) {
        std::vector<const Conversation*> taken;
        std::copy_if(all.begin(), all.end(), std::back_inserter(taken), wanted);
        return taken;
    };
    addGroup(tr("Pinned"), take([](const Conversation* c) { return c->head().pinned; }));
    if (!m_book.folders().isEmpty())
        addRow(ChatRowKind::Heading, tr("Folders"));
    for (const ChatFolder& folder : m_book.folders()) {
        const auto inside = take([&](const Conversation* c) {
            return c->head().folder == folder.id && !c->head().pinned;
        });
        const bool isOpen = !m_closedFolders.contains(folder.id);
        QListWidgetItem* item = addRow(ChatRowKind::Folder, folder.name, folder.id);
        item->setData(IconRole,
                      isOpen ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right"));
        item->setData(OpenRole, isOpen);
        item->setData(Qt::AccessibleTextRole, isOpen ? tr("Folder %1, open").arg(folder.name)
                                                     : tr("Folder %1, closed").arg(folder.name));
        for (const Conversation* chat : inside) {
            if (isOpen)
                addChat(*chat, 1);
        }
    }
    QString heading;
    std::vector<const Conversation*> group;
    for (const Conversation* chat : all) {
        const bool filed =
            std::any_of(m_book.folders().begin(), m_book.folders().end(),
                        [&](const ChatFolder& f) { return f.id == chat->head().folder; });
        if (chat->head().pinned || filed)
            continue;
        const QString its = dateGroup(chat->head().changed);
        if (its != heading) {
            addGroup(heading, group);
            group.clear();
            heading = its;
        }
        group.push_back(chat);
    }
    addGroup(heading, group);
}

void ConversationList::fillWithHits()
{
    addRow(ChatRowKind::Heading, m_hits->isEmpty()
                                     ? tr("Nothing found")
                                     : tr("%Ln place(s) found", nullptr, int(m_hits->size())));
    for (const SearchHit& hit : *m_hits) {
        const Conversation* chat = m_book.byId(hit.conversation);
        if (!chat || m_book.indexOf(*chat) < 0)
            continue;
        QListWidgetItem* item = addRow(ChatRowKind::Hit, chat->title(), hit.conversation);
        item->setData(TurnRole, hit.turn);
        item->setData(IconRole, iconOf(chat->firstMedia()));
        item->setData(ExcerptRole, hit.excerpt);
        item->setData(MarksRole, QVariant::fromValue(hit.marks));
        item->setData(Qt::AccessibleTextRole,
                      hit.excerpt.isEmpty() ? chat->title()
                                            : chat->title() + QStringLiteral(": ") + hit.excerpt);
    }
}

} // namespace argali::gui
