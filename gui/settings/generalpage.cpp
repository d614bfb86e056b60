#include "gui/settings/generalpage.h"

#include <QAbstractButton>

#include "gui/language.h"
#include "gui/shortcuts.h"
#include "gui/widgets/combobox.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {

GeneralPage::GeneralPage(Settings& settings, QWidget* parent)
    : SettingsPage(parent),
      m_settings(settings),
      m_appearance(new SegmentedControl({tr("System"), tr("Light"), tr("Dark")}, this)),
      m_language(new ComboBox(this)),
      m_send(new SegmentedControl(
          {Shortcuts::text(Shortcut::Send, true), Shortcuts::text(Shortcut::Send, false)}, this))
{
    addHeading(tr("Appearance"));
    m_appearance->segment(0)->setToolTip(tr("As the desktop is"));
    for (int i = 0; i < 3; ++i)
        m_appearance->segment(i)->setAccessibleName(
            //: one of System, Light, Dark
            tr("Appearance: %1").arg(m_appearance->segment(i)->text()));
    addRow(tr("Colours"), m_appearance);
    addHint(tr("When the desktop asks for more contrast, Argali shows it in each of the three."));

    addHeading(tr("Language"));
    m_language->addItem(tr("System"), QString());
    for (const Language::Offer& offer : Language::offered())
        m_language->addItem(offer.name, offer.code);
    m_language->setAccessibleName(tr("Language"));
    addRow(tr("Language of the window"), m_language);
    addHint(tr("It changes at once. Answers come in the language of the question."));

    addHeading(tr("Keyboard"));
    for (int i = 0; i < 2; ++i)
        m_send->segment(i)->setAccessibleName(
            //: a key, such as Enter
            tr("Send a question with %1").arg(m_send->segment(i)->text()));
    addRow(tr("Send a question with"), m_send);
    //: both are keys
    addHint(tr("%1 begins a new line in either case; %2 lists all keys.")
                .arg(Shortcuts::text(Shortcut::NewLine), Shortcuts::text(Shortcut::ListShortcuts)));
    finish();

    show(settings::theme.key);
    show(settings::language.key);
    show(settings::sendWithEnter.key);
    connect(m_send, &SegmentedControl::currentChanged, this,
            [this](int choice) { m_settings.set(settings::sendWithEnter, choice == 0); });
    connect(&settings, &Settings::changed, this, &GeneralPage::show);
    connect(m_appearance, &SegmentedControl::currentChanged, this,
            [this](int choice) { m_settings.set(settings::theme, choice); });
    connect(m_language, &ComboBox::activated, this, [this](int index) {
        m_settings.set(settings::language, m_language->itemData(index).toString());
    });
}

void GeneralPage::show(const QByteArray& key)
{
    if (key == settings::theme.key)
        m_appearance->setCurrentIndex(m_settings.value(settings::theme));
    if (key == settings::language.key)
        m_language->setCurrentIndex(
            std::max(0, m_language->findData(m_settings.value(settings::language))));
    if (key == settings::sendWithEnter.key)
        m_send->setCurrentIndex(m_settings.value(settings::sendWithEnter) ? 0 : 1);
}

} // namespace argali::gui
