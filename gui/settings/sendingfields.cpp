#include "gui/settings/sendingfields.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/toggleswitch.h"

namespace argali::gui {

SendingFields::SendingFields(QWidget* parent)
    : QWidget(parent),
      m_film(new SegmentedControl({tr("As key frames"), tr("As one file")}, this)),
      m_originals(new ToggleSwitch(tr("Send pictures as they are"), this)),
      m_note(new QLabel(this))
{
    m_film->segment(0)->setAccessibleName(tr("Films go as key frames"));
    m_film->segment(1)->setAccessibleName(tr("Films go as one file"));
    auto* caption = new QLabel(tr("Films go"), this);
    makeWrapping(caption);
    auto* row = new QHBoxLayout;
    row->addWidget(caption, 1);
    row->addWidget(m_film);
    m_note->setTextFormat(Qt::PlainText);
    makeWrapping(m_note);
    m_note->setFont(scaledFont(font(), 0.92));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(row);
    column->addWidget(m_originals);
    column->addWidget(m_note);
    connect(m_film, &SegmentedControl::currentChanged, this, &SendingFields::showState);
    connect(m_originals, &ToggleSwitch::toggled, this, &SendingFields::showState);
    showState();
}

void SendingFields::fill(const ConnectionProfile& profile)
{
    m_film->setCurrentIndex(int(profile.filmForm));
    m_originals->setChecked(profile.sendsOriginals);
    showState();
}

void SendingFields::writeTo(ConnectionProfile& profile) const
{
    const auto form = remote::RemoteOptions::FilmForm(m_film->currentIndex());
    if (form != profile.filmForm)
        profile.refused.erase(remote::RequestPart::FilmFile);
    profile.filmForm = form;
    profile.sendsOriginals = m_originals->isChecked();
}

void SendingFields::showState()
{
    QStringList notes;
    if (m_film->currentIndex() == int(remote::RemoteOptions::FilmForm::File))
        notes.append(tr("The server chooses the frames itself, from the whole film. Where it takes "
                        "no film as a file, the key frames go."));
    if (m_originals->isChecked())
        notes.append(tr("Pictures go in their full size, and photos (JPEG) with all that stands in "
                        "their files, such as the place where they were taken."));
    m_note->setText(notes.join(QLatin1Char('\n')));
    m_note->setVisible(!notes.isEmpty());
}

QString SendingFields::note() const
{
    return m_note->isHidden() ? QString() : m_note->text();
}

} // namespace argali::gui
