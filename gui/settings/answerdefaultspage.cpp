#include "gui/settings/answerdefaultspage.h"

#include <QVBoxLayout>

#include "gui/settings/answerform.h"
#include "gui/widgets/disclosure.h"

namespace argali::gui {

AnswerDefaultsPage::AnswerDefaultsPage(Settings& settings, QWidget* parent)
    : SettingsPage(parent), m_settings(settings), m_form(new AnswerForm(this))
{
    addHint(tr("What a new chat begins with. Each chat then has its own, in the panel beside it; "
               "chats that are there already keep theirs."));
    column()->addWidget(m_form);
    finish();
    m_form->more()->setOpen(true);
    m_form->setDefaults(AnswerOptions::builtIn(), tr("Back to %1, as Argali comes"));
    m_form->setOptions(AnswerOptions::from(settings));
    connect(m_form, &AnswerForm::edited, this, [this](const AnswerOptions& edited) {
        m_storing = true; // one key after the other; what the form says is the newest
        edited.storeAsDefaults(m_settings);
        m_storing = false;
    });
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (!m_storing && key.startsWith("answer/"))
            m_form->setOptions(AnswerOptions::from(m_settings));
    });
}

} // namespace argali::gui
