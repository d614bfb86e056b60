#include "gui/chat/findbar.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>

#include "gui/shortcuts.h"
#include "gui/widgets/button.h"

namespace argali::gui {

FindBar::FindBar(QWidget* parent)
    : QWidget(parent),
      m_edit(new QLineEdit(this)),
      m_result(new QLabel(this)),
      m_back(new Button(Button::Kind::Ghost, QStringLiteral("chevron-left"), {}, this)),
      m_next(new Button(Button::Kind::Ghost, QStringLiteral("chevron-right"), {}, this)),
      m_close(new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, this))
{
    m_edit->setProperty("field", true); // framed by the style sheet
    m_edit->setClearButtonEnabled(true);
    m_edit->setMaxLength(1000);
    m_edit->setMaximumWidth(360);
    m_result->setForegroundRole(QPalette::PlaceholderText);
    m_result->setTextFormat(Qt::PlainText);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 8, 16, 8);
    row->setSpacing(8);
    row->addStretch(1);
    row->addWidget(m_edit, 2);
    row->addWidget(m_result);
    row->addWidget(m_back);
    row->addWidget(m_next);
    row->addWidget(m_close);
    setFocusProxy(m_edit);
    m_edit->installEventFilter(this);
    connect(m_edit, &QLineEdit::textChanged, this, [this] {
        if (isVisible())
            search(false);
    });
    connect(m_back, &Button::clicked, this, [this] { search(true); });
    connect(m_next, &Button::clicked, this, [this] { search(false); });
    connect(m_close, &Button::clicked, this, &FindBar::close);
    showNames();
    hide();
}

void FindBar::showNames()
{
    m_edit->setPlaceholderText(tr("Find in this chat"));
    m_edit->setAccessibleName(tr("Find in this chat"));
    const auto name = [](Button* button, const QString& words, Shortcut id) {
        button->setToolTip(Shortcuts::tip(words, id));
        button->setAccessibleName(words);
    };
    name(m_back, tr("Earlier place"), Shortcut::FindEarlier);
    name(m_next, tr("Next place"), Shortcut::FindNext);
    name(m_close, tr("Close"), Shortcut::FindClose);
}

void FindBar::open()
{
    show();
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_edit->selectAll();
    if (!m_edit->text().isEmpty())
        search(false);
}

void FindBar::close()
{
    if (isHidden())
        return;
    hide();
    m_result->clear();
    emit searchRequested({}, false);
    emit closed();
}

void FindBar::search(bool backward)
{
    if (m_edit->text().isEmpty())
        m_result->clear();
    emit searchRequested(m_edit->text(), backward);
}

void FindBar::setResult(int active, int count)
{
    if (isHidden() || m_edit->text().isEmpty())
        return;
    m_result->setText(
        count == 0 ? tr("Not found")
                   : tr("%1 of %2").arg(locale().toString(active), locale().toString(count)));
}

QString FindBar::text() const
{
    return m_edit->text();
}

QString FindBar::resultText() const
{
    return m_result->text();
}

bool FindBar::eventFilter(QObject* watched, QEvent* event)
{
    const bool isOverride = event->type() == QEvent::ShortcutOverride;
    if (!isOverride && event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const auto& key = *static_cast<QKeyEvent*>(event);
    const bool next = Shortcuts::matches(key, Shortcut::FindNext);
    const bool earlier = Shortcuts::matches(key, Shortcut::FindEarlier);
    if (!next && !earlier && !Shortcuts::matches(key, Shortcut::FindClose))
        return QWidget::eventFilter(watched, event);
    if (isOverride) { // before the window takes Esc for a stop
        event->accept();
        return true;
    }
    if (next || earlier)
        search(earlier);
    else
        close();
    return true;
}

void FindBar::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::LanguageChange)
        showNames();
}

} // namespace argali::gui
