#include "gui/widgets/noticeline.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>

#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {

NoticeLine::NoticeLine(QWidget* parent)
    : QWidget(parent),
      m_words(new ElidedLabel({}, this)),
      m_close(new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, this)),
      m_row(new QHBoxLayout(this))
{
    m_words->setTextFormat(Qt::PlainText);
    m_close->setAccessibleName(tr("Close this line"));
    m_close->setToolTip(tr("Close this line"));
    m_row->setContentsMargins(12, 4, 8, 4);
    m_row->setSpacing(8);
    m_row->addWidget(m_words, 1);
    m_row->addWidget(m_close);
    connect(m_close, &Button::clicked, this, [this] { dismiss(); });
    hide();
}

void NoticeLine::add(QWidget* widget)
{
    m_row->insertWidget(m_row->count() - 1, widget);
    setTabOrder(widget, m_close);
}

void NoticeLine::say(const QString& sentence, bool bad, const QString& details)
{
    m_words->setText(sentence);
    m_words->setToolTip(details.toHtmlEscaped());
    QPalette colours = palette();
    if (bad)
        colours.setColor(QPalette::WindowText, Theme::of(palette()).bad);
    m_words->setPalette(colours);
    setAccessibleName(sentence);
    show();
    QAccessibleEvent event(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

QString NoticeLine::sentence() const
{
    return isHidden() ? QString() : m_words->text();
}

void NoticeLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Base));
    painter.fillRect(QRect(0, 0, width(), 1), palette().color(QPalette::Mid));
}

bool NoticeLine::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept(); // before the window takes Esc for a stop
        return true;
    }
    return QWidget::event(event);
}

void NoticeLine::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        dismiss();
    else
        QWidget::keyPressEvent(event);
}

} // namespace argali::gui
