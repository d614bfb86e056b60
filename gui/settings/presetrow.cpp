#include "gui/settings/presetrow.h"

#include <utility>

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QVBoxLayout>

#include "gui/displayname.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/icon.h"
#include "gui/widgets/note.h"

namespace argali::gui {
namespace {

constexpr int widestEntry = 34; // of the menu, in average characters

} // namespace

PresetRow::PresetRow(PresetStore& store, ChatOptions& options, QWidget* parent)
    : QWidget(parent),
      m_store(store),
      m_options(options),
      m_button(new Button(Button::Kind::Outlined, {}, {}, this)),
      m_menu(new QMenu(this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    auto* caption = new QLabel(tr("Preset"), this);
    m_button->setShowsMenu(true);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(caption);
    row->addStretch(1);
    row->addWidget(m_button);
    layout->addLayout(row);
    makeEditor();
    layout->addWidget(m_editor);
    makeNotes();
    layout->addWidget(m_noteLine);
    layout->addWidget(m_trouble);

    m_menu->setToolTipsVisible(true);
    connect(m_button, &Button::clicked, this, &PresetRow::showMenu);
    connect(m_menu, &QMenu::aboutToShow, this, &PresetRow::fillMenu);
    connect(&options, &ChatOptions::changed, this, &PresetRow::showState);
    connect(&store, &PresetStore::changed, this, &PresetRow::showState);
    connect(&store, &PresetStore::erased, this, [this] {
        endAsking();
        dropNote();
    });
    showState();
}

void PresetRow::makeEditor()
{
    m_editor = new QWidget(this);
    m_name = new QLineEdit(m_editor);
    m_name->setProperty("field", true); // framed by the style sheet
    m_name->setMaxLength(ConversationBook::longestName);
    m_name->setAccessibleName(tr("Name of the preset"));
    m_name->setPlaceholderText(tr("Name"));
    m_name->installEventFilter(this);
    m_accept = new Button(Button::Kind::Outlined, {}, tr("Save"), m_editor);
    m_cancel = new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, m_editor);
    m_cancel->setAccessibleName(tr("Cancel"));
    m_cancel->setToolTip(tr("Cancel"));
    auto* row = new QHBoxLayout(m_editor);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(m_name, 1);
    row->addWidget(m_accept);
    row->addWidget(m_cancel);
    m_editor->hide();
    connect(m_name, &QLineEdit::returnPressed, this, &PresetRow::takeName);
    connect(m_name, &QLineEdit::textEdited, this, [this] {
        if (!m_overwrite.isEmpty())
            ask(m_renamed); // it is another name now
        dropNote();
    });
    connect(m_accept, &Button::clicked, this, &PresetRow::takeName);
    connect(m_cancel, &Button::clicked, this, &PresetRow::endAsking);
}

void PresetRow::makeNotes()
{
    m_noteLine = new QWidget(this);
    m_note = makeNote(m_noteLine);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_undo = new Button(Button::Kind::Outlined, {}, tr("Undo"), m_noteLine);
    m_undo->setAccessibleName(m_undo->text());
    auto* row = new QHBoxLayout(m_noteLine);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(m_note, 1);
    row->addWidget(m_undo);
    m_noteLine->hide();
    connect(m_undo, &Button::clicked, this, &PresetRow::takeBack);
    m_trouble = makeNote(this);
    m_trouble->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_trouble->hide();
}

void PresetRow::showMenu()
{
    emit aboutToAct();
    m_menu->popup(m_button->mapToGlobal(
        QPoint(isRightToLeft() ? 0 : m_button->width() - m_menu->sizeHint().width(),
               m_button->height() + 4)));
}

void PresetRow::fillMenu()
{
    m_menu->clear();
    const int current = matching();
    const auto add = [this](const QString& text, bool checked, const QString& name) {
        QAction* action = m_menu->addAction(text);
        action->setCheckable(true);
        action->setChecked(checked);
        connect(action, &QAction::triggered, this, [this, name] { choose(name); });
        return action;
    };
    add(tr("Defaults"), current == -1, {})
        ->setToolTip(tr("As a new chat begins; they are in the settings"));
    const QList<Preset>& presets = m_store.presets();
    const int room = widestEntry * m_menu->fontMetrics().averageCharWidth();
    for (int i = 0; i < int(presets.size()); ++i) {
        const QString name = displayName(presets.at(i).name);
        QString shown = m_menu->fontMetrics().elidedText(name, Qt::ElideMiddle, room);
        add(shown.replace(QLatin1Char('&'), QLatin1String("&&")), current == i, presets.at(i).name)
            ->setToolTip(plainToolTip(name));
    }
    m_menu->addSeparator();
    QAction* save = m_menu->addAction(icon(QStringLiteral("plus")), tr("Save as a preset…"));
    connect(save, &QAction::triggered, this, [this] { ask({}); });
    if (current < 0)
        return;
    const Preset preset = presets.at(current);
    QAction* rename = m_menu->addAction(tr("Rename…"));
    connect(rename, &QAction::triggered, this, [this, preset] { ask(preset.name); });
    QAction* remove = m_menu->addAction(icon(QStringLiteral("trash")), tr("Delete"));
    connect(remove, &QAction::triggered, this, [this, preset] { removePreset(preset); });
}

/// Of what the chat answers by: the number of a preset, -1 for the defaults, -2 for neither.
int PresetRow::matching() const
{
    const AnswerOptions current = m_options.current().held();
    if (m_chosen.chat == m_options.chat() && !m_chosen.name.isEmpty()) {
        const int index = m_store.indexOf(m_chosen.name);
        if (index >= 0 && m_store.presets().at(index).options.isLike(current))
            return index;
    }
    if (current.isLike(m_options.defaults()))
        return -1;
    const int index = m_store.indexOfLike(current);
    return index >= 0 ? index : -2;
}

void PresetRow::choose(const QString& name)
{
    emit aboutToAct();
    const int index = name.isEmpty() ? -1 : m_store.indexOf(name);
    if (!name.isEmpty() && index < 0)
        return;
    const quint64 chat = m_options.chat();
    const AnswerOptions before = m_options.current();
    const bool wasNamed = matching() != -2;
    dropNote();
    m_chosen = {chat, name};
    if (index < 0)
        m_options.useDefaults();
    else
        m_options.apply(m_store.presets().at(index).options);
    showState();
    if (wasNamed)
        return;
    // It may have been a system prompt that was written here and nowhere else.
    offer([] { return tr("This replaced what you had chosen for this chat."); },
          [chat, before](PresetRow& row) {
              row.m_options.set(chat, before);
              return QString();
          });
    m_noteChat = chat;
    m_noteOptions = m_options.current();
}

void PresetRow::ask(const QString& renamed)
{
    if (m_editor->isHidden() || m_renamed != renamed) {
        dropNote();
        m_name->setText(renamed);
        m_name->selectAll();
    }
    m_renamed = renamed;
    m_overwrite.clear();
    m_accept->setText(renamed.isEmpty() ? tr("Save") : tr("Rename"));
    m_accept->setAccessibleName(m_accept->text());
    m_editor->show();
    m_name->setFocus();
}

void PresetRow::endAsking()
{
    if (m_editor->isHidden())
        return;
    if (m_editor->isAncestorOf(focusWidget()))
        m_button->setFocus();
    m_editor->hide();
    m_overwrite.clear();
    dropNote();
}

void PresetRow::takeName()
{
    const QString name = cleanName(m_name->text());
    // The button could not tell them from its own words.
    if (name.compare(tr("Defaults"), Qt::CaseInsensitive) == 0 ||
        name.compare(tr("Changed"), Qt::CaseInsensitive) == 0)
        return say([] { return tr("This name means something else here. Choose another name."); });
    const int there = name.isEmpty() ? -1 : m_store.indexOf(name);
    if (m_renamed.isEmpty() && there >= 0 && m_overwrite != name)
        return askToOverwrite(name);
    emit aboutToAct();
    const bool shown = m_renamed.isEmpty() || matching() == m_store.indexOf(m_renamed);
    const QString refusal = m_renamed.isEmpty() ? m_store.put(name, m_options.current())
                                                : m_store.rename(m_renamed, name);
    if (!refusal.isEmpty())
        return say([refusal] { return refusal; });
    if (shown)
        m_chosen = {m_options.chat(), name};
    endAsking();
    showState();
}

/// name: of a preset that is there, perhaps in capitals
void PresetRow::askToOverwrite(const QString& name)
{
    m_overwrite = name;
    m_accept->setText(tr("Overwrite"));
    m_accept->setAccessibleName(m_accept->text());
    const QString there = displayName(m_store.presets().at(m_store.indexOf(name)).name);
    say([there] { return tr("There is a preset “%1” already. Overwrite it?").arg(there); });
}

void PresetRow::takeOver(const PresetRow& old)
{
    m_chosen = old.m_chosen;
    if (old.m_editor->isHidden() && old.m_words) {
        offer(old.m_words, old.m_back);
        m_noteChat = old.m_noteChat;
        m_noteOptions = old.m_noteOptions;
    }
    showState();
    if (old.m_editor->isHidden())
        return;
    QWidget* const focused = window()->focusWidget();
    ask(old.m_renamed);
    m_name->setText(old.m_name->text());
    m_name->setCursorPosition(old.m_name->cursorPosition());
    if (!old.m_overwrite.isEmpty() && m_store.indexOf(old.m_overwrite) >= 0)
        askToOverwrite(old.m_overwrite);
    if (old.window()->focusWidget() != old.m_name && focused)
        focused->setFocus();
}

void PresetRow::removePreset(const Preset& preset)
{
    const int index = m_store.indexOf(preset.name);
    endAsking();
    const QString refusal = m_store.remove(preset.name);
    if (!refusal.isEmpty())
        return say([refusal] { return refusal; });
    offer(
        [name = displayName(preset.name)] { return tr("The preset “%1” was deleted.").arg(name); },
        [index, preset](PresetRow& row) { return row.m_store.insert(index, preset); });
}

void PresetRow::say(const Words& words)
{
    offer(words, nullptr);
}

void PresetRow::offer(const Words& words, const Undo& undo)
{
    const QString sentence = words();
    m_noteChat = 0;
    m_words = words;
    m_back = undo;
    m_note->setText(sentence);
    m_undo->setVisible(bool(undo));
    m_undo->setToolTip(sentence);
    m_noteLine->setAccessibleName(sentence);
    m_noteLine->show();
    QAccessibleEvent event(m_noteLine, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void PresetRow::takeBack()
{
    const Undo undo = std::exchange(m_back, nullptr);
    const bool hadFocus = m_undo->hasFocus();
    dropNote();
    if (hadFocus)
        m_button->setFocus();
    const QString refusal = undo ? undo(*this) : QString();
    if (!refusal.isEmpty())
        say([refusal] { return refusal; });
}

void PresetRow::dropNote()
{
    m_words = nullptr;
    m_back = nullptr;
    m_noteChat = 0;
    m_note->clear();
    m_noteLine->hide();
}

QString PresetRow::note() const
{
    return m_noteLine->isHidden() ? QString() : m_note->text();
}

QString PresetRow::trouble() const
{
    return m_trouble->isHidden() ? QString() : m_trouble->text();
}

void PresetRow::showState()
{
    const int current = matching();
    const QString name = current >= 0    ? displayName(m_store.presets().at(current).name)
                         : current == -1 ? tr("Defaults")
                                         : tr("Changed");
    m_button->setText(name);
    m_button->setShortcut({}); // an "&" in a name is an "&"
    m_button->setAccessibleName(tr("Preset: %1").arg(name));
    m_button->setToolTip(current >= 0    ? plainToolTip(name)
                         : current == -1 ? tr("This chat answers as a new one does")
                                         : tr("What this chat answers by is no preset yet"));
    m_button->updateGeometry();
    if (m_noteChat == m_options.chat() && !m_options.current().isLike(m_noteOptions))
        dropNote(); // undoing would take away what was chosen since
    m_noteLine->setVisible(!m_note->text().isEmpty() &&
                           (m_noteChat == 0 || m_noteChat == m_options.chat()));
    QPalette colours;
    colours.setColor(QPalette::WindowText, Theme::of(palette()).bad);
    m_trouble->setPalette(colours);
    m_trouble->setText(m_store.trouble());
    m_trouble->setVisible(!m_store.trouble().isEmpty());
}

bool PresetRow::eventFilter(QObject* watched, QEvent* event)
{
    const bool pressed = event->type() == QEvent::KeyPress;
    if (pressed || event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape && key->modifiers() == Qt::NoModifier) {
            event->accept(); // the window has an Escape of its own
            if (pressed)
                endAsking();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace argali::gui
