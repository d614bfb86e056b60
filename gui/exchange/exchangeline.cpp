#include "gui/exchange/exchangeline.h"

#include "gui/widgets/button.h"
#include "gui/widgets/thinbar.h"

namespace argali::gui {

ExchangeLine::ExchangeLine(QWidget* parent)
    : NoticeLine(parent),
      m_bar(new ThinBar(this)),
      m_cancel(new Button(Button::Kind::Outlined, {}, tr("Cancel"), this)),
      m_show(new Button(Button::Kind::Outlined, QStringLiteral("folder"), tr("Show folder"), this))
{
    add(m_bar);
    add(m_cancel);
    add(m_show);
    connect(m_cancel, &Button::clicked, this, &ExchangeLine::cancelRequested);
    connect(m_show, &Button::clicked, this, [this] { emit folderRequested(m_folder); });
}

void ExchangeLine::begin(const QString& sentence)
{
    m_isBad = false;
    m_bar->setProgress(0, 0);
    m_bar->show();
    m_cancel->show();
    m_show->hide();
    closeButton()->hide();
    say(sentence);
}

void ExchangeLine::setProgress(qint64 done, qint64 total)
{
    m_bar->setProgress(done, total);
}

void ExchangeLine::end(const QString& sentence, bool bad, const QString& details,
                       const QString& folder)
{
    m_isBad = bad;
    m_folder = folder;
    m_bar->hide();
    m_cancel->hide();
    m_show->setVisible(!folder.isEmpty());
    closeButton()->show();
    say(sentence, bad, details);
}

void ExchangeLine::dismiss()
{
    if (m_cancel->isHidden()) // what is under way stays in sight
        hide();
}

} // namespace argali::gui
