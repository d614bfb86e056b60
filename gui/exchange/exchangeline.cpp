#include "gui/exchange/exchangeline.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>

#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/thinbar.h"

namespace argali::gui {

ExchangeLine::ExchangeLine(QWidget* parent)
    : QWidget(parent),
      m_words(new ElidedLabel({}, this)),
      m_bar(new ThinBar(this)),
      m_cancel(new Button(Button::Kind::Outlined, {}, tr("Cancel"), this)),
      m_show(new Button(Button::Kind::Outlined, QStringLiteral("folder"), tr("Show folder"), this)),
      m_close(new Button(Button::Kind::Ghost, QStringLiteral("close"), {}, this))
{
    m_words->setTextFormat(Qt::PlainText);
    m_close->setAccessibleName(tr("Close this line"));
    m_close->setToolTip(tr("Close this line"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 4, 8, 4);
    row->setSpacing(8);
    row->addWidget(m_words, 1);
    row->addWidget(m_bar);
    row->addWidget(m_cancel);
    row->addWidget(m_show);
    row->addWidget(m_close);
    connect(m_cancel, &Button::clicked, this, &ExchangeLine::cancelRequested);
    connect(m_show, &Button::clicked, this, [this] { emit folderRequested(m_folder); });
    connect(m_close, &Button::clicked, this, &ExchangeLine::dismiss);
    hide();
}

void ExchangeLine::say(const QString& sentence, bool bad, const QString& details)
{
    m_bad = bad;
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

void ExchangeLine::begin(const QString& sentence)
{
    m_bar->setProgress(0, 0);
    m_bar->show();
    m_cancel->show();
    m_show->hide();
    m_close->hide();
    say(sentence, false, {});
}

void ExchangeLine::setProgress(qint64 done, qint64 total)
{
    m_bar->setProgress(done, total);
}

void ExchangeLine::end(const QString& sentence, bool bad, const QString& details,
                       const QString& folder)
{
    m_folder = folder;
    m_bar->hide();
    m_cancel->hide();
    m_show->setVisible(!folder.isEmpty());
    m_close->show();
    say(sentence, bad, details);
}

void ExchangeLine::dismiss()
{
    if (m_cancel->isHidden()) // what is under way stays in sight
        hide();
}

QString ExchangeLine::sentence() const
{
    return isHidden() ? QString() : m_words->text();
}

void ExchangeLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Base));
    painter.fillRect(QRect(0, 0, width(), 1), palette().color(QPalette::Mid));
}

void ExchangeLine::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        dismiss();
    else
        QWidget::keyPressEvent(event);
}

} // namespace argali::gui
