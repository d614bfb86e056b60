#include "gui/history/undoline.h"

#include <utility>

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>

#include "gui/shortcuts.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {

UndoLine::UndoLine(QWidget* parent)
    : QWidget(parent),
      m_words(new ElidedLabel({}, this)),
      m_button(new Button(Button::Kind::Outlined, {}, tr("Undo"), this)),
      m_close(new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, this))
{
    m_words->setTextFormat(Qt::PlainText);
    m_button->setKeyHint(Shortcuts::text(Shortcut::UndoDelete));
    m_button->setToolTip(Shortcuts::tip(tr("Take back what was deleted"), Shortcut::UndoDelete));
    m_close->setAccessibleName(tr("Close this line"));
    m_close->setToolTip(tr("Close this line"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 4, 8, 4);
    row->setSpacing(8);
    row->addWidget(m_words, 1);
    row->addWidget(m_button);
    row->addWidget(m_close);
    m_timer.setSingleShot(true);
    m_timer.setInterval(time);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        // Who is just reaching for it shall get it.
        if (underMouse() || m_button->hasFocus() || m_close->hasFocus())
            m_timer.start();
        else
            forget();
    });
    connect(m_button, &Button::clicked, this, &UndoLine::undo);
    connect(m_close, &Button::clicked, this, &UndoLine::forget);
    hide();
}

void UndoLine::offer(const QString& sentence, std::function<void()> undo,
                     std::function<void()> forget)
{
    this->forget();
    m_undo = std::move(undo);
    m_forget = std::move(forget);
    m_words->setText(sentence);
    setAccessibleName(sentence);
    show();
    m_timer.start();
    QAccessibleEvent event(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void UndoLine::undo()
{
    m_timer.stop();
    hide();
    m_forget = nullptr;
    if (const auto action = std::exchange(m_undo, nullptr))
        action();
}

void UndoLine::forget()
{
    m_timer.stop();
    hide();
    m_undo = nullptr;
    if (const auto action = std::exchange(m_forget, nullptr))
        action();
}

QString UndoLine::sentence() const
{
    return isOffering() ? m_words->text() : QString();
}

void UndoLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Base));
    painter.fillRect(QRect(0, 0, width(), 1), palette().color(QPalette::Mid));
}

void UndoLine::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        forget();
    else
        QWidget::keyPressEvent(event);
}

} // namespace argali::gui
