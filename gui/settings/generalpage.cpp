#include "gui/settings/generalpage.h"

#include <QAbstractButton>
#include <QComboBox>

#include "gui/language.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {

GeneralPage::GeneralPage(Settings& settings, QWidget* parent)
    : SettingsPage(parent),
      m_settings(settings),
      m_appearance(new SegmentedControl({tr("System"), tr("Light"), tr("Dark")}, this)),
      m_language(new QComboBox(this))
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
    finish();

    show(settings::theme.key);
    show(settings::language.key);
    connect(&settings, &Settings::changed, this, &GeneralPage::show);
    connect(m_appearance, &SegmentedControl::currentChanged, this,
            [this](int choice) { m_settings.set(settings::theme, choice); });
    connect(m_language, &QComboBox::activated, this, [this](int index) {
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
}

} // namespace argali::gui
