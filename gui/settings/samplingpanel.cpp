#include "gui/settings/samplingpanel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "gui/settings/presetrow.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/disclosure.h"

namespace argali::gui {

SamplingPanel::SamplingPanel(Settings& settings, ChatOptions& options, QWidget* parent)
    : QScrollArea(parent),
      m_options(options),
      m_presets(new PresetRow(PresetStore::of(settings), options)),
      m_form(new AnswerForm),
      m_makeDefaults(new Button(Button::Kind::Ghost, {}, tr("Make these the defaults")))
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    setBackgroundRole(QPalette::Base);
    viewport()->setBackgroundRole(QPalette::Base);
    auto* page = new QWidget(this);
    page->setBackgroundRole(QPalette::Base);
    page->setAutoFillBackground(true);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(16, 14, 16, 14);
    layout->setSpacing(13);
    auto* title = new QLabel(tr("Answer"), page);
    title->setFont(scaledFont(font(), 1, QFont::DemiBold));
    auto* head = new QHBoxLayout;
    head->addWidget(title, 1);
    head->addWidget(m_makeDefaults);
    layout->addLayout(head);
    layout->addWidget(m_presets);
    layout->addWidget(m_form);
    m_makeDefaults->setToolTip(
        tr("A new chat will begin with what is chosen here; other chats keep theirs"));
    m_makeDefaults->setAccessibleName(m_makeDefaults->text());
    layout->addStretch(1);
    setWidget(page);

    m_form->more()->setOpen(settings.value(settings::moreSampling));
    connect(m_form->more(), &Disclosure::toggled, this,
            [&settings](bool open) { settings.set(settings::moreSampling, open); });
    connect(m_form, &AnswerForm::edited, this,
            [this](const AnswerOptions& edited) { m_options.set(edited); });
    connect(m_presets, &PresetRow::aboutToAct, m_form, &AnswerForm::commitTyped);
    connect(m_makeDefaults, &Button::clicked, this, [this, &settings] {
        m_form->commitTyped();
        const AnswerOptions chosen = m_options.current();
        m_options.keep(); // the defaults come one by one
        chosen.storeAsDefaults(settings);
    });
    connect(&options, &ChatOptions::changed, this, &SamplingPanel::showOptions);
    connect(&options, &ChatOptions::aboutToSwitch, m_form, &AnswerForm::commitTyped);
    showOptions();
}

void SamplingPanel::setModel(const std::optional<LoadedModel>& model)
{
    m_form->setModel(model);
}

void SamplingPanel::showOptions()
{
    m_form->setDefaults(m_options.defaults(), tr("Back to %1, as in a new chat"));
    m_form->setOptions(m_options.current());
    m_makeDefaults->setEnabled(!m_options.current().isLike(m_options.defaults()));
}

} // namespace argali::gui
