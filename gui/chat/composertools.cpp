#include "gui/chat/composertools.h"

#include <QHBoxLayout>
#include <QSignalBlocker>

#include "gui/settings/settings.h"
#include "gui/shortcuts.h"
#include "gui/widgets/button.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {

ComposerTools::ComposerTools(Settings& settings, QWidget* parent)
    : QWidget(parent),
      m_settings(settings),
      m_kind(new SegmentedControl({tr("Picture"), tr("Film")}, this)),
      m_attach(new Button(Button::Kind::Ghost, QStringLiteral("attach"), {}, this)),
      m_thinking(new Button(Button::Kind::Chip, QStringLiteral("thinking"), {}, this)),
      m_times(new Button(Button::Kind::Chip, QStringLiteral("clock"), tr("Tell times"), this)),
      m_send(new Button(Button::Kind::Primary, QStringLiteral("send"), {}, this))
{
    m_kind->segment(0)->setToolTip(tr("Ask about pictures"));
    m_kind->segment(1)->setToolTip(tr("Ask about a film"));
    m_attach->setAccessibleName(tr("Attach"));
    m_thinking->setCheckable(true);
    m_times->setCheckable(true);
    m_times->setChecked(m_settings.value(settings::tellTimes));
    m_times->setToolTip(
        tr("Tells the model the times of the frames in one line before the question. "
           "Without it the model sees only the pictures."));
    m_times->hide();

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 0, 8, 8);
    row->setSpacing(8);
    row->addWidget(m_kind);
    row->addWidget(m_attach);
    row->addWidget(m_thinking);
    row->addWidget(m_times);
    row->addStretch(1);
    row->addWidget(m_send);
    setTabOrder(m_kind->segment(0), m_kind->segment(1));
    setTabOrder(m_kind->segment(1), m_attach);
    setTabOrder(m_attach, m_thinking);
    setTabOrder(m_thinking, m_times);
    setTabOrder(m_times, m_send);

    connect(m_kind, &SegmentedControl::currentChanged, this,
            [this](int index) { emit filmChosen(index == 1); });
    connect(m_attach, &Button::clicked, this, &ComposerTools::attachRequested);
    connect(m_thinking, &Button::toggled, this, &ComposerTools::thinkingChosen);
    connect(m_times, &Button::toggled, this,
            [this](bool on) { m_settings.set(settings::tellTimes, on); });
    connect(m_send, &Button::clicked, this,
            [this] { m_busy ? emit stopRequested() : emit sendRequested(); });
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::tellTimes.key)
            m_times->setChecked(m_settings.value(settings::tellTimes));
    });
    showKinds();
}

bool ComposerTools::isFilm() const
{
    return m_kind->currentIndex() == 1;
}

void ComposerTools::setFilm(bool film)
{
    const QSignalBlocker block(m_kind);
    m_kind->setCurrentIndex(film ? 1 : 0);
    m_kind->update();
}

void ComposerTools::setSettled(bool settled)
{
    m_isSettled = settled;
    showKinds();
}

void ComposerTools::setSight(bool pictures, bool films)
{
    m_seesPictures = pictures;
    m_seesFilms = films;
    showKinds();
}

void ComposerTools::showKinds()
{
    m_kind->segment(0)->setEnabled((!m_isSettled || !isFilm()) && m_seesPictures);
    m_kind->segment(1)->setEnabled((!m_isSettled || isFilm()) && m_seesFilms);
    const bool any = m_seesPictures || m_seesFilms;
    m_attach->setEnabled(any);
    m_attach->setToolTip(
        any ? tr("Attach pictures or a film (%1)").arg(Shortcuts::text(Shortcut::Attach))
            : tr("This model sees no pictures and no films."));
}

void ComposerTools::setTimesShown(bool shown)
{
    m_times->setVisible(shown);
}

void ComposerTools::showThinking(bool can, bool on, int budget)
{
    const QSignalBlocker block(m_thinking);
    m_thinking->setChecked(can && on);
    m_thinking->setEnabled(can);
    m_thinking->setText(can && on && budget > 0 ? tr("Thinking %1").arg(budget) : tr("Thinking"));
    m_thinking->setToolTip(!can ? tr("This model cannot think before it answers.")
                           : on ? tr("The model thinks before it answers; click to switch off")
                                : tr("Let the model think before it answers"));
    m_thinking->setAccessibleName(tr("Thinking"));
}

void ComposerTools::showSend(bool busy, bool ready)
{
    m_busy = busy;
    m_send->setIconName(busy ? QStringLiteral("stop") : QStringLiteral("send"));
    m_send->setAccessibleName(busy ? tr("Stop") : tr("Send"));
    const bool withEnter = m_settings.value(settings::sendWithEnter);
    m_send->setToolTip(busy ? tr("Stop (%1)").arg(Shortcuts::text(Shortcut::Stop))
                            : tr("Send (%1)").arg(Shortcuts::text(Shortcut::Send, withEnter)));
    m_send->setEnabled(busy || ready);
}

} // namespace argali::gui
